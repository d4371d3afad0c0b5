// Tells the server that a person uses the page, asks a minute before the session ends, and covers the page at its end.
// The page shows again only when the server says that the same person is signed in.
"use strict";
{
  const WARN_BEFORE_END = 60_000;
  const REPORT_EVERY = 60_000;
  const ASK_EVERY = 5_000; // while the dialog or the cover is shown
  const words = document.currentScript.dataset;
  const warning = document.querySelector("#session-warning");
  const cover = document.querySelector("#session-cover");
  document.body.append(warning, cover); // in Wagtail they stand first, where the skip link belongs
  let passed = 0; // milliseconds
  let dateThen = Date.now();
  let tickThen = performance.now();

  // How long this page has been open. Timers stop while a device sleeps, and so may performance.now(). The clock of the
  // device goes on, but someone may set it back. So of each step, whichever says that more time passed counts.
  const now = () => {
    const [date, tick] = [Date.now(), performance.now()];
    passed += Math.max(0, date - dateThen, tick - tickThen);
    [dateThen, tickThen] = [date, tick];
    return passed;
  };

  let { token } = words;
  let endsAt = Number(words.seconds) * 1000;
  let canStay = "canStay" in words;
  let isSomeoneElse = false;
  let isDismissed = false; // the warning of an end that comes in any case
  let reportedAt = 0; // loading the page was use
  let askedAt = -Infinity;
  let answeredAt = -Infinity;
  let isOver = false;
  let isCovered = false;
  let title = "";

  const left = () => endsAt - now();

  const choose = (dialog, name, isShown) => {
    for (const part of dialog.querySelectorAll(`[data-${name}]`)) part.hidden = !isShown;
  };

  const open = (dialog, isOpen) => {
    if (isOpen && !dialog.open) dialog.showModal(); // everything behind it is inert, and the focus comes back later
    else if (!isOpen && dialog.open) dialog.close();
  };

  const show = () => {
    isOver ||= left() <= 0;
    // Another tab may have been used: warn only after asking.
    const isNear = !isOver && left() <= WARN_BEFORE_END && now() - answeredAt <= 2 * ASK_EVERY && !isDismissed;
    const seconds = Math.max(0, Math.ceil(left() / 1000));
    warning.querySelector("[data-left]").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    choose(warning, "can-stay", canStay);
    choose(warning, "ends-anyway", !canStay);
    choose(cover, "nobody", !isSomeoneElse);
    choose(cover, "someone-else", isSomeoneElse);
    if (isOver !== isCovered) {
      isCovered = isOver;
      if (isOver) ({ title } = document); // it may name a request
      document.title = isOver ? words.title : title;
      document.documentElement.classList.toggle("session-is-over", isOver);
    }
    open(warning, isNear);
    open(cover, isOver);
  };

  // Signing in has made another CSRF token. Without it, what is on the page could not be sent.
  const renew = () => {
    for (const box of document.querySelectorAll("[name=csrfmiddlewaretoken]")) box.value = token;
    if (window.wagtailConfig) window.wagtailConfig.CSRF_TOKEN = token;
  };

  const hear = (answer, at) => {
    const isOurs = answer.user === words.user;
    isSomeoneElse = answer.user !== "" && !isOurs;
    endsAt = isOurs ? at + answer.seconds * 1000 : -Infinity;
    isOver = left() <= 0;
    canStay = answer.can_stay;
    if (isOurs) ({ token } = answer);
    if (isOurs && isCovered) renew();
    if (left() > WARN_BEFORE_END) isDismissed = false;
  };

  const send = async (address, options) => {
    const at = now(); // the device may sleep before it hears the answer
    askedAt = at;
    const response = await fetch(address, { cache: "no-store", ...options }).catch(() => null);
    if (response?.ok) hear(await response.json(), at);
    answeredAt = now();
    show();
    return response?.ok;
  };

  const ask = () => send(words.ask);
  const report = () => send(words.stay, { method: "POST", body: new URLSearchParams({ csrfmiddlewaretoken: token }) });

  const stay = async () => {
    reportedAt = now();
    if (!(await report()) && (await ask()) && !isOver) await report(); // the token was of an earlier sign-in
  };

  // Keys and clicks of a person only: no script's, and no key that something lies on.
  const act = (event) => {
    if (!event.isTrusted || event.repeat || isCovered) return;
    if (warning.open) {
      if (event.type !== "keydown" && event.type !== "click") return; // else the click would go through the dialog
      event.preventDefault(); // the box behind the dialog must not get the key
      if (canStay) stay();
      else { isDismissed = true; show(); }
    } else if (now() - reportedAt >= REPORT_EVERY) stay();
  };

  const look = () => {
    if (left() <= WARN_BEFORE_END && now() - askedAt >= ASK_EVERY && !(document.hidden && isOver)) ask();
    show();
  };

  // Someone may have signed out or in meanwhile, or the device slept.
  const comeBack = () => {
    show();
    if (!document.hidden) ask();
  };

  for (const kind of ["keydown", "pointerdown", "click", "wheel"]) addEventListener(kind, act, { capture: true });
  for (const dialog of [warning, cover]) {
    dialog.addEventListener("cancel", (event) => event.preventDefault()); // Escape is a key like any other
    dialog.addEventListener("close", show);
  }
  addEventListener("focus", comeBack);
  addEventListener("pageshow", ({ persisted }) => { if (persisted) comeBack(); });
  document.addEventListener("visibilitychange", comeBack);
  setInterval(look, 1000);
}
