// Turns the list of a self-check into check boxes, counts the checked ones and marks the band of the count. Nothing is
// stored or sent, and nothing stays checked once the reader leaves the page.
"use strict";
for (const section of document.querySelectorAll(".self-check")) {
  const { begin, count, band, yours, print } = section.dataset;
  const list = section.querySelector("ul:not(.bands)");
  const bands = [...section.querySelectorAll("[data-least]")].reverse();

  const boxes = [...list.children].map((item) => {
    const [label, box, words] = ["label", "input", "span"].map((name) => document.createElement(name));
    box.type = "checkbox";
    box.autocomplete = "off"; // or Firefox keeps it checked over a reload
    words.append(...item.childNodes);
    label.append(box, words);
    item.append(label);
    return box;
  });
  const status = document.createElement("p");
  status.className = "self-check-count";
  status.setAttribute("role", "status");
  const label = document.createElement("strong");
  label.className = "band-label";
  label.textContent = yours;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button-quiet";
  button.textContent = print;

  const show = () => {
    const checked = boxes.filter((box) => box.checked).length;
    const mine = checked ? bands.find(({ dataset }) => dataset.least <= checked) : null;
    for (const one of bands) one.toggleAttribute("aria-current", false);
    label.remove();
    mine?.setAttribute("aria-current", "true");
    mine?.prepend(label);
    const name = mine?.querySelector("b")?.textContent;
    const sentences = [checked ? count.replace("{count}", checked).replace("{all}", boxes.length) : begin];
    if (name) sentences.push(band.replace("{band}", name));
    status.textContent = sentences.join(" ");
  };
  list.addEventListener("change", show);
  // Only the self-check is printed, with the phone numbers of the frame.
  button.addEventListener("click", () => {
    section.classList.add("is-printed");
    window.print();
  });
  addEventListener("afterprint", () => section.classList.remove("is-printed"));
  // The browser may keep the whole page for Back, and someone else may press it.
  addEventListener("pagehide", () => {
    for (const box of boxes) box.checked = false;
    show();
  });

  list.after(status);
  section.append(button);
  section.classList.add("is-ticking");
  show();
}
