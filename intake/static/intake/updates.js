// The page of one request: extends the claim while its owner works, asks before it ends, and says what a colleague or
// the person did since the page was shown. Only while the page is visible.
"use strict";
{
  const EVERY = 20_000;
  const ASK_BEFORE_END = 5 * 60_000;
  const bar = document.querySelector("#updates");
  const page = document.querySelector(".request-page");
  const status = bar.querySelector("[role=status]");
  const until = document.querySelector(".claimed-until");
  const headline = document.querySelector(".what-now");
  const shown = { title: document.title, headline: headline.textContent };
  const words = bar.dataset;
  const inSeconds = (seconds) => (seconds === null ? null : Date.now() + seconds * 1000);
  let endsAt = inSeconds(words.seconds === "" ? null : Number(words.seconds));
  let answer = { ended: false, may_take: false, headline: "", news: "" };
  let actedAt = Date.now(); // opening the page counts as an action
  let isSignedOut = false;

  const left = () => (endsAt === null ? Infinity : endsAt - Date.now());
  const isAsking = () => left() > 0 && left() <= ASK_BEFORE_END;

  const button = (label, value) => {
    const made = document.createElement("button");
    made.textContent = label;
    made.className = "quiet";
    if (value) Object.assign(made, { type: "submit", name: "action", value });
    else Object.assign(made, { type: "button", onclick: act });
    return made;
  };

  const show = () => {
    const isOver = left() <= 0; // by this device's clock, if the server could not be asked
    const sentences = [];
    const buttons = [];
    if (isSignedOut) sentences.push(words.signedOut);
    if (isAsking()) { sentences.push(words.asking); buttons.push(button(words.keep)); }
    if (isOver && !answer.ended) sentences.push(words.ended);
    if (answer.news) { sentences.push(answer.news); buttons.push(button(words.look, "look")); }
    if ((answer.ended && answer.may_take) || (isOver && !answer.ended)) buttons.push(button(words.again, "claim"));
    const said = sentences.join(" ");
    if (status.textContent !== said) { // do not repeat it to screen readers
      status.textContent = said;
      for (const old of bar.querySelectorAll("button")) old.remove();
      bar.append(...buttons);
      bar.classList.toggle("on", said !== "");
    }
    const instead = answer.headline || (isOver ? words.before : "");
    headline.textContent = instead || shown.headline;
    document.body.classList.toggle("not-now", instead !== "");
    document.title = isAsking() ? `${words.question} ${shown.title}` : shown.title;
  };

  const ask = async (more = {}) => {
    const untouched = Math.floor((Date.now() - actedAt) / 1000);
    const csrfmiddlewaretoken = page.elements.csrfmiddlewaretoken.value;
    const body = new URLSearchParams({ csrfmiddlewaretoken, shown: words.shown, untouched, ...more });
    const response = await fetch(words.address, { method: "POST", body, keepalive: true }).catch(() => null);
    isSignedOut = response?.status === 403;
    if (response?.ok && !response.redirected) { // if the server is down, the next poll catches up
      answer = await response.json();
      endsAt = inSeconds(answer.seconds);
      if (until && answer.until) until.textContent = answer.until;
    }
    show();
  };

  const look = () => { if (document.hidden) show(); else ask(); };

  function act() {
    const wasAsking = isAsking();
    actedAt = Date.now();
    if (wasAsking) ask();
  }

  for (const kind of ["keydown", "pointerdown", "submit"]) document.addEventListener(kind, act, { capture: true });
  // A phone call hides the page, so extend the claim for a whole call at once.
  document.addEventListener("click", ({ target }) => {
    if (!target.closest("a[href^='tel:'], a[href^='sms:'], a[href^='mailto:']")) return;
    act();
    ask({ calling: "yes" });
  });
  document.addEventListener("visibilitychange", look);
  setInterval(look, EVERY);
}
