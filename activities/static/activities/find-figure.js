// A search over 'more figures': shows the rows whose name holds what is typed.
const box = document.querySelector("[data-find-figure]");

if (box) {
  box.hidden = false;
  const field = box.querySelector("input");
  const none = box.querySelector("[data-none-found]");
  const sections = [...box.parentElement.querySelectorAll("[data-figures]")];
  field.addEventListener("input", (event) => {
    event.stopPropagation(); // not a figure: nothing to save
    const wanted = field.value.trim().toLowerCase();
    for (const section of sections) {
      const rows = [...section.querySelectorAll(".numrow")];
      for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
      section.hidden = rows.every((row) => row.hidden);
    }
    none.textContent = sections.every((section) => section.hidden) ? none.dataset.noneFound : "";
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}
