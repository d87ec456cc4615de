// The dock's count of usual figures that are not filled in, and the mark on those that are.
import { isFigure } from "./numbers.js";

const form = document.querySelector("form[data-report]");

/** Return the inputs of usual figures that are blank; usual ones stand outside 'more figures'. */
export function blankUsual(within) {
  return [...within.querySelectorAll("[data-usual] .numrow .in > input")].filter((input) => input.value.trim() === "");
}

/** Return what a field is called, without yesterday's value and unit. */
export function labelOf(input) {
  return input.labels[0].firstChild.textContent.trim();
}

function count() {
  const words = form.querySelector("[data-left]");
  const left = blankUsual(form).length;
  words.textContent = left === 0 ? words.dataset.none : (left === 1 ? words.dataset.one : words.dataset.many).replace("{n}", left);
  form.querySelector("[data-fill-hint]").hidden = left === 0;
  const button = form.querySelector("[data-zero-rest]");
  if (button) button.hidden = left === 0;
  for (const input of form.querySelectorAll(".numrow .in > input")) {
    input.closest(".numrow").classList.toggle("done", isFigure(input.value, Number(input.dataset.decimals)));
  }
}

if (form) {
  form.addEventListener("input", count);
  count();
}
