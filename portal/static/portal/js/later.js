// <section data-later="address" aria-busy="true">: a part that takes long to count comes after the rest of the page. Without script a link in it shows it.
import { closeNarrow } from "./narrow.js";

// Read as a page by the browser itself: no script turns text into markup here, as the Content-Security-Policy demands.
function page(address) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("GET", address);
    request.responseType = "document";
    request.onload = () => resolve(request);
    request.onerror = () => resolve(null);
    request.send();
  });
}

async function show(waiting) {
  const answer = await page(waiting.dataset.later);
  waiting.removeAttribute("aria-busy");
  const moved = answer && new URL(answer.responseURL).pathname !== new URL(waiting.dataset.later, location.href).pathname;
  if (answer?.status !== 200 || moved || !answer.response) {
    // Its link is left, and leads to a page that says what is wrong.
    waiting.querySelector(".skeleton").remove();
    return;
  }
  const arrived = [...answer.response.body.children];
  const held = waiting.contains(document.activeElement);
  waiting.replaceWith(...arrived);
  for (const part of arrived) closeNarrow(part);
  if (!arrived.length) return;
  if (held) {
    arrived[0].tabIndex = -1;
    arrived[0].focus();
  }
  const said = document.querySelector("[data-later-said]");
  said.textContent = [said.textContent, waiting.dataset.shown].filter(Boolean).join(" ");
}

for (const waiting of document.querySelectorAll("[data-later]")) show(waiting);
