// A browser may keep a page whole and bring it back with everything that was typed into it. What was sent, withdrawn or
// left since must not come back: the page is loaded again. Until that is known, nothing of it is shown.
"use strict";
const show = (isShown) => {
  document.documentElement.style.visibility = isShown ? "" : "hidden"; // not display: none, which scrolls to the top
};

// A form that was not sent yet keeps its words. Without a network too: they may be those of a lost connection.
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
