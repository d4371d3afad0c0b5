// The editor's box has no name of its own: give it the one of its label.
"use strict";
document.addEventListener("prose-editor:ready", ({ detail: { textarea } }) => {
  const label = document.querySelector(`label[for="${textarea.id}"]`);
  const box = textarea.closest(".prose-editor").querySelector("[contenteditable]");
  if (label && box) {
    box.setAttribute("aria-label", label.textContent.replace(/:\s*$/, ""));
  }
});
