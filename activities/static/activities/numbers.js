// Numbers as people type them, read like activities/figures.py reads them: full width, separators, 万.
import { decimalText } from "./receipt.js";

const NARROW = { "，": ",", "．": ".", "－": "-", "−": "-", "＋": "+" };
const NUMBER = /^([0-9, ]*)(?:\.([0-9]+))?(\s*[万萬])?$/;
const GROUPED = /^(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]{0,2}(?: [0-9]{3})+)$/;

/** Return the number as the receipt writes it, "" when nothing is typed, null when it is no number. */
export function readNumber(typed) {
  const text = typed
    .replace(/[０-９]/g, (digit) => String.fromCharCode(digit.charCodeAt(0) - 0xfee0))
    .replace(/[，．－−＋]/g, (sign) => NARROW[sign])
    .replace(/[\u3000\u00a0\u2009\u202f]/g, " ")
    .trim();
  if (!text) return "";
  const match = NUMBER.exec(text);
  if (!match) return null;
  const fraction = (match[2] ?? "").replace(/0+$/, "");
  const whole = match[2] === undefined ? match[1].trimEnd() : match[1];
  if (!whole && !match[2]) return null;
  if (whole && !/^[0-9]+$/.test(whole) && !GROUPED.test(whole)) return null;
  const digits = whole.replace(/[, ]/g, "");
  if (!match[3]) return decimalText(`${digits || "0"}.${fraction || "0"}`);
  return decimalText(`${digits}${fraction.padEnd(4, "0").slice(0, 4)}.${fraction.slice(4) || "0"}`);
}

/** Say whether a field holds a figure that the server takes: below 10^15, with at most `decimals` digits behind the point. */
export function isFigure(typed, decimals) {
  const number = readNumber(typed);
  if (!number) return false;
  const [whole, fraction = ""] = number.split(".");
  return whole.length <= 15 && fraction.length <= decimals;
}
