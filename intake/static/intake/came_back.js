// The back/forward cache restores a page with everything that was typed into it. If the form was sent, withdrawn, or
// left since, it must not come back: reload the page. Until that is known, hide it.
"use strict";
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
  if (persisted) show(false);
});
addEventListener("pageshow", async ({ persisted }) => {
  if (!persisted) return;
  if (await isFromBefore()) {
    location.replace(location.pathname + location.search); // reload() would send a form again
  } else {
    show(true);
  }
});
