// "Leave quickly" hides this page at once and replaces it in the history, so that Back does not return to it. So does
// pressing Shift three times in a row. Without script the link works by itself.
"use strict";
const link = document.querySelector("a.leave");
const leave = () => {
  document.documentElement.style.visibility = "hidden";
  for (const form of document.forms) form.reset();
  location.replace(link.href);
};
link.addEventListener("click", (event) => {
  event.preventDefault();
  leave();
});

const TIMES = 3;
const WITHIN = 2000; // milliseconds
let presses = [];
addEventListener("keydown", ({ key, repeat, timeStamp }) => {
  if (repeat) return;
  presses = key === "Shift" ? [...presses.filter((press) => press > timeStamp - WITHIN), timeStamp] : [];
  if (presses.length === TIMES) leave();
});
