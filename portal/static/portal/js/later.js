// <section data-later="address" aria-busy="true">: a part that takes long to count comes after the rest of the page. Without script a link in it shows it.
import { closeNarrow } from "./narrow.js";

async function show(waiting) {
  const answer = await fetch(waiting.dataset.later, { credentials: "same-origin" }).catch(() => null);
  waiting.removeAttribute("aria-busy");
  if (!answer?.ok || answer.redirected) {
    // Its link is left, and leads to a page that says what is wrong.
    waiting.querySelector(".skeleton").remove();
    return;
  }
  const arrived = [...new DOMParser().parseFromString(await answer.text(), "text/html").body.children];
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
