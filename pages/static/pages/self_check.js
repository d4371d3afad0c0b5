// Turns the list of a self-check into check boxes and counts the checked ones. Nothing is stored or sent.
"use strict";
for (const section of document.querySelectorAll(".self-check")) {
  const list = section.querySelector("ul");
  const count = document.createElement("p");
  count.className = "self-check-count";
  count.setAttribute("role", "status");
  const boxes = [...list.children].map((item) => {
    const label = document.createElement("label");
    const box = document.createElement("input");
    box.type = "checkbox";
    box.autocomplete = "off";
    label.append(box, ...item.childNodes);
    item.append(label);
    return box;
  });
  const show = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    count.textContent = ticked ? `${section.dataset.count} ${ticked} / ${boxes.length}.` : section.dataset.countNone;
  };
  list.addEventListener("change", show);
  list.after(count);
  section.classList.add("is-ticking");
  show();
}
