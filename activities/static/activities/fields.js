// The fields of a report's form as one object, by the names that the server knows them by (activities/form_state.py).
const OURS = /^(v_|q_|u_)|^(note|reason)$/;

/** Return what stands in the form. */
export function collect(form) {
  const fields = {};
  for (const [name, text] of new FormData(form)) {
    if (OURS.test(name)) fields[name] = text;
  }
  return fields;
}

/** Put `fields` into the form and tell the other behaviours. */
export function apply(form, fields) {
  for (const element of form.elements) {
    if (!OURS.test(element.name) || !(element.name in fields)) continue;
    if (element.type === "radio") element.checked = element.value === fields[element.name];
    else element.value = fields[element.name];
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

/** What the fields say: a qualifier or a unit beside an empty value says nothing. */
function said(fields) {
  const values = Object.entries(fields).filter(([name, text]) => text !== "" && (!/^[qu]_/.test(name) || fields[`v_${name.slice(2)}`]));
  return JSON.stringify(values.filter(([name, text]) => !(name.startsWith("q_") && text === "exact")).sort());
}

/** Say whether two sets of fields say the same. */
export function same(one, other) {
  return said(one) === said(other);
}

/** The time of day as 21:42. */
export function clock(date = new Date()) {
  return `${String(date.getHours()).padStart(2, "0")}:${String(date.getMinutes()).padStart(2, "0")}`;
}
