// What was refused is red until it is put right: frame, sentence and line of the summary go as soon as the field reads as it should.
import { isFigure } from "./numbers.js";

function reads(field) {
  const text = field.value.trim();
  return "decimals" in field.dataset ? text === "" || isFigure(text, Number(field.dataset.decimals)) : text !== "";
}

function acquit(field) {
  const box = field.closest(".numrow, .field");
  box.classList.remove("invalid");
  for (const list of box.querySelectorAll(".errorlist")) list.remove();
  field.removeAttribute("aria-invalid");
  const described = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => document.getElementById(id));
  if (described.length) field.setAttribute("aria-describedby", described.join(" "));
  else field.removeAttribute("aria-describedby");
  const summary = document.querySelector(".error-summary");
  summary?.querySelector(`a[href="#${field.id}"]`)?.closest("li").remove();
  if (summary && !summary.querySelector("li")) summary.remove();
}

for (const field of document.querySelectorAll('form.form [aria-invalid="true"]')) {
  const refused = field.value;
  // Refused for what another field says, it can be right only once it changed.
  field.form.addEventListener("input", () => {
    if (field.hasAttribute("aria-invalid") && field.value !== refused && reads(field)) acquit(field);
  });
}
