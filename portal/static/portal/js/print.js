// <button data-print hidden>: prints the page. Shown only where script runs; every browser prints without it too.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
