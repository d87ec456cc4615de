// Keeps what is typed: at once on the phone, a moment later on the server, and says which. Notices when the sign-in is lost.
import { announce } from "../portal/js/announce.js";
import { write } from "./copy-store.js";
import { holdCode } from "./content.js";
import { clock, collect } from "./fields.js";

const PAUSE = 1200;
const form = document.querySelector("form[data-report]");

if (form) {
  const state = form.querySelector("[data-draft-state]");
  const signedOut = document.querySelector("[data-signed-out]");
  const key = form.dataset.copyKey;
  let timer = 0;
  let latest = 0;
  let told = 0;
  let typed = 0;
  let lost = false;

  const keep = (saved) =>
    write(key, { fields: collect(form), base: form.elements.base.value, uid: form.elements.uid.value, at: clock(), saved, lost });

  // A code is of what was typed when it was said: with the next letter it is said no more.
  const say = (words, code = "") => {
    told += 1;
    state.textContent = code ? `${words} · ${form.dataset.wordsCode.replace("{code}", code)}` : words;
    state.dataset.code = code;
  };

  const sayHeld = async () => {
    const words = form.dataset.wordsOffline.replace("{time}", clock());
    say(words);
    const turn = told;
    const code = await holdCode(collect(form), form.elements.uid.value);
    if (turn === told) say(words, code);
  };

  const save = async () => {
    const turn = (latest += 1);
    const sent = typed;
    keep(false);
    try {
      const answer = await fetch(form.dataset.saveUrl, { method: "POST", body: new FormData(form), redirect: "manual", credentials: "same-origin" });
      if (turn !== latest) return;
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) {
        lost = true;
        keep(false);
        signedOut.hidden = false;
        await sayHeld();
      } else if (answer.ok) {
        const { saved_at: time } = await answer.json();
        lost = false;
        signedOut.hidden = true;
        // Whatever was typed meanwhile is on its way, and not there yet.
        if (turn !== latest || sent !== typed) return;
        keep(true);
        say(form.dataset.wordsSaved.replace("{time}", time));
      } else {
        await sayHeld();
      }
    } catch {
      if (turn === latest) await sayHeld();
    }
  };

  form.addEventListener("input", () => {
    keep(false);
    typed += 1;
    told += 1;
    if (state.dataset.code) say(form.dataset.wordsOffline.replace("{time}", clock()));
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  });
  addEventListener("online", save);
  addEventListener("offline", sayHeld);
  // A phone in a pocket, a closed tab: what is typed is on the phone already; the server gets what it still can.
  addEventListener("pagehide", () => clearTimeout(timer));
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    latest += 1;
    keep(false);
    if (navigator.onLine) return;
    event.preventDefault();
    announce(form.dataset.wordsHeld);
    sayHeld();
  });
}
