// The page of one request: keyboard shortcuts, and protection against double clicks.
"use strict";
{
  const page = document.querySelector(".request-page");
  const list = document.querySelector("#shortcuts");
  const box = document.querySelector("#keys-on");
  const KEPT = "request-keys-off";
  const off = () => { try { return localStorage.getItem(KEPT) === "yes"; } catch { return false; } };

  list.hidden = false;
  box.checked = !off();
  box.addEventListener("change", () => {
    try { localStorage.setItem(KEPT, box.checked ? "no" : "yes"); } catch { /* no storage: only for this page */ }
  });

  const isTyping = ({ target }) => target.matches("input:not([type=checkbox]), textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (!box.checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat || isTyping(event)) return;
    const target = {
      n: document.querySelector("#id_note"),
      "?": box,
    }[event.key] ?? document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.rel === "next" || target.rel === "prev") target.click();
    else {
      if (target.matches("summary")) target.parentElement.open = true;
      target.focus(); // a shortcut only moves the focus; Enter presses the button
    }
  });

  // The browser asks before it leaves the page with typed words that no button has saved. Boxes for words start empty,
  // so whatever they hold is unsaved. Links that dial, text or email open another program: the page stays.
  let sendingUntil = -Infinity;
  const isUnsaved = (box) => (box.matches("textarea") ? box.value.trim() !== "" : box.value !== box.defaultValue);
  const isCovered = () => document.documentElement.classList.contains("session-is-over");
  page.addEventListener("submit", () => { sendingUntil = Infinity; });
  document.addEventListener("click", ({ target }) => {
    const opens = target.closest("a[href^='tel:'], a[href^='sms:'], a[href^='mailto:']");
    sendingUntil = opens ? performance.now() + 1000 : -Infinity;
  }, { capture: true });
  addEventListener("beforeunload", (event) => {
    if (performance.now() < sendingUntil || isCovered()) return;
    if ([...page.querySelectorAll("textarea, input[type=text]")].some(isUnsaved)) event.preventDefault();
  });

  // A second click right after the first would only be refused. Later ones go through: the first may have failed.
  let sentAt = -Infinity;
  page.addEventListener("submit", (event) => {
    if (event.timeStamp - sentAt < 2000) event.preventDefault();
    else sentAt = event.timeStamp;
  });
}
