// What a receipt stands for, built from the form as services.filing_content() builds it on the server, so that a phone without network can
// say which code its figures will have. Held to the server's number by tests/browser/test_report_form.py.
import { canonical, receiptNumber } from "./receipt.js";
import { readNumber } from "./numbers.js";

const byCanonical = (a, b) => {
  const [left, right] = [Array.from(canonical(a)), Array.from(canonical(b))];
  for (let i = 0; i < left.length && i < right.length; i += 1) {
    const step = left[i].codePointAt(0) - right[i].codePointAt(0);
    if (step) return step;
  }
  return left.length - right.length;
};

function figureOf(plan, fields, metric) {
  const value = readNumber(fields[`v_${metric}`] ?? "");
  if (value === null) return null;
  if (value === "") return undefined;
  const qualifier = fields[`q_${metric}`] || "exact";
  const unit = fields[`u_${metric}`] ?? "";
  const before = plan.before[metric];
  const unchanged = before && before.value === value && before.unit === unit && before.qualifier === qualifier;
  return { metric, value, unit, qualifier, text: unchanged ? before.text : "" };
}

/** Return the content of the filing, or null while a field holds no number. */
export function contentOf(plan, fields) {
  const works = new Map();
  for (const [metric, { kind, home }] of Object.entries(plan.metrics)) {
    const figure = figureOf(plan, fields, metric);
    if (figure === null) return null;
    if (figure === undefined) continue;
    const key = home ?? kind;
    works.set(key, [...(works.get(key) ?? []), figure]);
  }
  const found = [];
  plan.kept.forEach((kept, index) => {
    const figures = [...kept.figures, ...(works.get(index) ?? [])];
    if (figures.length || kept.people.length || kept.note) found.push({ ...kept, figures });
    works.delete(index);
  });
  for (const [kind, figures] of works) found.push({ kind, figures, place: "", starts: "", ends: "", note: "", people: [] });
  for (const work of found) work.figures.sort(byCanonical);
  return { branch: plan.branch, from: plan.day, to: plan.day, note: (fields.note ?? "").trim(), works: found.sort(byCanonical) };
}

/** Return the code of what the form holds, or "" when there is none yet. */
export async function holdCode(fields, uid) {
  const plan = document.getElementById("report-plan");
  const content = plan && contentOf(JSON.parse(plan.textContent), fields);
  if (!content || !content.works.length) return "";
  try {
    return await receiptNumber(content, uid);
  } catch {
    return ""; // no secure connection: the number comes from the server alone
  }
}
