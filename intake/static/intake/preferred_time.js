// The notes beside the parts of the day follow the time zone that is chosen. Without this, they stay as they came.
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
  show(); // a browser may have kept another choice
}
