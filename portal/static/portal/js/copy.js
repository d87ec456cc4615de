// <button data-copy="#id" hidden>: copies that element's text. Shown only where script runs.
import { announce } from "./announce.js";

function select(element) {
  if (typeof element.select === "function") {
    element.select();
    return;
  }
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

async function copy(element) {
  const text = element.value ?? element.textContent;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // The clipboard is missing without HTTPS and in some chat apps' browsers: leave the text selected for the device's own command.
    select(element);
    return document.execCommand("copy");
  }
}

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const element = document.querySelector(button.dataset.copy);
    if (!element) return;
    announce((await copy(element)) ? button.dataset.copied : button.dataset.notCopied);
  });
}
