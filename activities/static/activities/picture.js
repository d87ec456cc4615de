// <form data-picture data-words-offline="...">: a picture that was chosen is not lost to a page that says "no network"; it stays chosen.
import { announce } from "../portal/js/announce.js";

async function reached() {
  try {
    const answer = await fetch("/healthz", { method: "HEAD", cache: "no-store" });
    return answer.ok;
  } catch {
    return false;
  }
}

for (const form of document.querySelectorAll("[data-picture]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    if (await reached()) {
      // Sends it without asking again.
      form.submit();
      return;
    }
    button.disabled = false;
    announce(form.dataset.wordsOffline);
  });
}
