// <details open data-narrow-closed>: open where there is room, closed on a phone. Without script all stand open.
export function closeNarrow(root) {
  if (!matchMedia("(max-width: 640px)").matches) return;
  for (const details of root.querySelectorAll("details[data-narrow-closed]")) details.open = false;
}

closeNarrow(document);
