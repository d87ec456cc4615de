// How many reports are ticked, on the button that accepts them.
const button = document.querySelector("[data-accept-ticked]");

if (button) {
  const ticks = [...document.querySelectorAll(`input[form="${button.form.id}"]`)];
  const count = () => {
    const ticked = ticks.filter((tick) => tick.checked).length;
    button.querySelector("[data-ticked]").textContent = button.dataset.acceptTicked.replace("{n}", ticked);
    button.disabled = ticked === 0;
  };
  for (const tick of ticks) tick.addEventListener("change", count);
  count();
}
