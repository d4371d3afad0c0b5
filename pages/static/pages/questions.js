// Adds "Open all" above a list of questions. Without script each question opens by itself.
"use strict";
for (const holder of document.querySelectorAll("[data-open-all]")) {
  const questions = [...holder.querySelectorAll("details.question")];
  const button = document.createElement("button");
  button.type = "button";
  button.className = "open-all";
  const allOpen = () => questions.every((question) => question.open);
  const name = () => {
    button.textContent = allOpen() ? holder.dataset.closeAll : holder.dataset.openAll;
  };
  button.addEventListener("click", () => {
    const open = !allOpen();
    for (const question of questions) question.open = open;
    name();
  });
  holder.addEventListener("toggle", name, true);
  holder.querySelector(".open-all-place").append(button);
  name();
}
