// Keeps an open list up to date: polls every 20 seconds while the page is visible, says what changed, and loads the new
// list on request.
"use strict";
{
  const EVERY = 20_000;
  const news = document.querySelector(".news");
  const list = () => document.getElementById("desk");
  let etag = "";
  let timer = 0;

  const say = (sentence, words, address, onClick) => {
    if (news.dataset.said === sentence) return; // do not repeat it to screen readers
    news.dataset.said = sentence;
    news.replaceChildren(sentence);
    if (!sentence) return;
    const link = document.createElement("a");
    link.href = address;
    link.textContent = words;
    if (onClick) link.addEventListener("click", onClick);
    news.append(" ", link);
  };

  const showFigures = ({ counts, attention }) => {
    for (const place of document.querySelectorAll("[data-count]")) place.textContent = counts[place.dataset.count];
    const title = document.title.replace(/^\([^)]*\) /, "");
    document.title = attention ? `(${attention}) ${title}` : title;
  };

  const showList = async (event) => {
    event.preventDefault();
    const response = await fetch(location.href).catch(() => null);
    if (!response?.ok || response.redirected) return location.reload();
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const selected = new Set([...list().querySelectorAll(".select :checked")].map((box) => box.value));
    list().replaceWith(page.getElementById("desk"));
    for (const box of list().querySelectorAll(".select input")) box.checked = selected.has(box.value);
    document.title = page.title;
    etag = "";
    say("");
    list().tabIndex = -1;
    list().focus({ preventScroll: true });
    addChooseAll();
  };

  const ask = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    timer = setTimeout(ask, EVERY);
    const headers = etag ? { "If-None-Match": etag } : {};
    const address = list().dataset.updates;
    const response = await fetch(address, { headers }).catch(() => null);
    if (!response || response.status === 304 || address !== list().dataset.updates) return;
    if (response.redirected || response.status === 403) {
      clearTimeout(timer);
      return say(news.dataset.signedOut, news.dataset.signIn, location.href);
    }
    if (!response.ok) return;
    etag = response.headers.get("ETag") ?? "";
    const answer = await response.json();
    showFigures(answer);
    say(answer.news, news.dataset.show, location.href, showList);
  };

  // A checkbox that selects all. Made by script, because it does nothing without it.
  const addChooseAll = () => {
    const head = document.querySelector("#result_list thead .select");
    if (!head) return;
    const boxes = [...document.querySelectorAll("#result_list tbody .select input")];
    const all = document.createElement("input");
    all.type = "checkbox";
    all.addEventListener("change", () => boxes.forEach((box) => { box.checked = all.checked; }));
    const label = document.createElement("label");
    const words = document.createElement("span");
    words.textContent = head.dataset.all;
    label.append(all, words);
    head.replaceChildren(label);
  };

  addChooseAll();
  timer = setTimeout(ask, EVERY);
  document.addEventListener("visibilitychange", ask);
}
