// 'The rest are 0' in place: fills zero into the usual figures that are blank, names them, and takes it back again.
import { blankUsual, labelOf } from "./unfilled.js";

const button = document.querySelector("[data-zero-rest]");
const form = button?.form;

function changed() {
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

if (button) {
  const bar = form.querySelector("[data-zeroed]");
  const names = bar.querySelector("[data-zeroed-names]");
  let filled = [];

  button.addEventListener("click", (event) => {
    event.preventDefault();
    filled = blankUsual(form);
    for (const input of filled) input.value = "0";
    names.textContent = filled.map(labelOf).join(form.dataset.separator);
    form.elements.zeroed.value = filled.map((input) => input.name.slice(2)).join(",");
    bar.hidden = filled.length === 0;
    changed();
  });
  bar.querySelector("button").addEventListener("click", (event) => {
    if (!filled.length) return; // filled in by the server: it takes it back too
    event.preventDefault();
    for (const input of filled) if (input.value === "0") input.value = "";
    filled = [];
    bar.hidden = true;
    changed();
  });
}
