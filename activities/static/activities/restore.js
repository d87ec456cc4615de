// Offers back what this phone holds and the server does not: typed offline, or when the sign-in was lost. After a lost sign-in it comes back by itself.
import { forget, read } from "./copy-store.js";
import { apply, collect, same } from "./fields.js";

const form = document.querySelector("form[data-report]");
const offer = document.querySelector("[data-restore]");
const copy = form && read(form.dataset.copyKey);

function putBack() {
  // The version that the figures stand on comes along, so that what somebody filed meanwhile is asked about, not overwritten;
  // and the identifier, so that a filing whose answer was lost on the way is stored once.
  form.elements.base.value = copy.base;
  form.elements.uid.value = copy.uid;
  apply(form, copy.fields);
}

if (copy && !copy.saved && !same(copy.fields, collect(form)) && !document.querySelector(".error-summary, .questions")) {
  offer.querySelector("[data-restore-words]").textContent = offer.dataset.words.replace("{time}", copy.at);
  offer.hidden = false;
  const actions = offer.querySelector(".restore-actions");
  offer.querySelector("[data-restore-yes]").addEventListener("click", () => {
    putBack();
    offer.hidden = true;
  });
  offer.querySelector("[data-restore-no]").addEventListener("click", () => {
    forget(form.dataset.copyKey);
    offer.hidden = true;
  });
  if (copy.lost) {
    putBack();
    actions.hidden = true;
    offer.querySelector("[data-restore-words]").textContent = offer.dataset.back.replace("{time}", copy.at);
  }
}
