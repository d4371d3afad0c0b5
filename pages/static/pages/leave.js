// "Leave this page quickly" replaces this page in the history, so that Back does not return to it. Forms are emptied.
"use strict";
for (const link of document.querySelectorAll("a.leave")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    for (const form of document.forms) form.reset();
    location.replace(link.href);
  });
}
