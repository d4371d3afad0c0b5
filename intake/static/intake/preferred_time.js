// Update the notes beside the parts of the day for the chosen time zone. Without JavaScript, they stay as rendered.
"use strict";
for (const parts of document.querySelectorAll("[data-closed]")) {
  const closed = JSON.parse(parts.dataset.closed);
  const zone = parts.closest("form").querySelector("[name=time_zone]");
  const show = () => {
    for (const note of parts.querySelectorAll(".closed-note")) {
      note.hidden = !(closed[zone.value] ?? []).includes(note.dataset.part);
      note.querySelector(".closed-zone").textContent = zone.selectedOptions[0].text;
    }
  };
  zone.addEventListener("change", show);
  show(); // the browser may have restored another choice
}
