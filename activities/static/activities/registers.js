// A register's figure in place: typed over, and taken again, without asking the server.
const form = document.querySelector("form[data-report]");

function hand(source, held) {
  const row = source.closest(".numrow");
  const input = row.querySelector(".in > input");
  const name = `d_${source.dataset.register}`;
  input.readOnly = held;
  row.classList.toggle("locked", held);
  row.querySelector(".quals").hidden = held;
  for (const button of source.querySelectorAll("button")) button.hidden = button.value.startsWith("type:") === held;
  source.querySelector(`input[name="${name}"]`)?.remove();
  if (held) {
    const mark = Object.assign(document.createElement("input"), { type: "hidden", name, value: "1" });
    source.append(mark);
    input.value = source.dataset.value;
    const unit = row.querySelector(".in select");
    if (unit) unit.value = "";
    row.querySelector('.quals input[value="exact"]').checked = true;
  } else {
    input.focus();
    input.select();
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

form?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-register] button");
  if (!button) return;
  event.preventDefault();
  hand(button.closest("[data-register]"), button.value.startsWith("take:"));
});
