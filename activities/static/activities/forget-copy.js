// The report has arrived: the phone's own copy of it is no longer needed.
import { forget } from "./copy-store.js";

for (const element of document.querySelectorAll("[data-forget-copy]")) forget(element.dataset.forgetCopy);
