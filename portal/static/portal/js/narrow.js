// <details open data-narrow-closed>: open where there is room, closed on a phone. Without script all stand open.
if (matchMedia("(max-width: 640px)").matches) {
  for (const details of document.querySelectorAll("details[data-narrow-closed]")) details.open = false;
}
