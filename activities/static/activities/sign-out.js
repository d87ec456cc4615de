// Whoever signs out on purpose leaves nothing on a shared phone that the server has already. What it has not stays, under their own name.
import { forget, read } from "./copy-store.js";

document.addEventListener("submit", (event) => {
  if (!event.target.hasAttribute("data-sign-out")) return;
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("typed:") && read(key)?.saved) forget(key);
  }
});
