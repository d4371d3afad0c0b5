// For the form, its confirmation, the private page, and the form of staff. Each part works only where its elements are.
"use strict";

// The back/forward cache restores a page with everything that was typed into it. If the form was sent, withdrawn, or
// left since, it must not come back: reload the page. Until that is known, hide it.
const isPrivate = document.querySelector("a.leave") !== null; // staff have no such link
const show = (isShown) => {
  document.documentElement.style.visibility = isShown ? "" : "hidden"; // not display: none, which scrolls to the top
};

// A form not sent yet keeps its text, also without a network: sending it may just have failed.
const isFromBefore = async () => {
  const form = document.querySelector("form[data-visit]");
  if (!form) return true;
  try {
    const answer = await fetch(form.dataset.visitAddress, { cache: "no-store" });
    return answer.ok && (await answer.text()) !== form.dataset.visit;
  } catch {
    return false;
  }
};

addEventListener("pagehide", ({ persisted }) => {
  if (persisted && isPrivate) show(false);
});
addEventListener("pageshow", async ({ persisted }) => {
  if (!persisted || !isPrivate) return;
  if (await isFromBefore()) {
    location.replace(location.pathname + location.search); // reload() would send a form again
  } else {
    show(true);
  }
});

// When someone comes back to the form, the browser restores what they chose, but not that "More choices" was open. Open
// it, so that nothing is sent unseen.
const isChanged = (field) => {
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
  return field.value !== field.defaultValue;
};
addEventListener("pageshow", () => {
  for (const more of document.querySelectorAll("details.more")) {
    more.open ||= [...more.querySelectorAll("input, select, textarea")].some(isChanged);
  }
});

// Update the notes beside the parts of the day for the chosen time zone. Without JavaScript, they stay as rendered.
for (const parts of document.querySelectorAll("[data-closed]")) {
  const closed = JSON.parse(parts.dataset.closed);
  const zone = parts.closest("form").querySelector("[name=time_zone]");
  const show = () => {
    for (const note of parts.querySelectorAll(".closed-note")) {
      note.hidden = !(closed[zone.value] ?? []).includes(note.dataset.part);
      note.querySelector(".closed-zone").textContent = zone.selectedOptions[0].text;
    }
  };
  zone.addEventListener("change", show);
  show(); // the browser may have restored another choice
}

// Show the button that prints this page. Without script, the browser's own menu does.
for (const way of document.querySelectorAll(".print")) {
  way.hidden = false;
  way.querySelector("button").addEventListener("click", () => print());
}
