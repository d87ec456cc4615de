// The figure of the day before stands in the unit that is chosen beside it.
const form = document.querySelector("form.form");

form?.addEventListener("input", () => {
  for (const unit of form.querySelectorAll(".numrow .in select")) {
    for (const figure of unit.closest(".numrow").querySelectorAll("[data-in-unit]")) figure.hidden = figure.dataset.inUnit !== unit.value;
  }
});
