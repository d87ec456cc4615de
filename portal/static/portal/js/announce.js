// Say something aloud and show it for a moment: the one live region of the page.
const SHOWN_FOR = 4000;

export function announce(text) {
  const region = document.querySelector("[data-toasts]");
  if (!region) return;
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = text;
  region.replaceChildren(toast);
  setTimeout(() => toast.remove(), SHOWN_FOR);
}
