/**
 * The receipt number (回执号) of a filing: the same computation as activities/receipts.py, which explains it.
 * Both are held to fixtures/receipt_vectors.json by tests/activities/test_receipts.py.
 *
 * crypto.subtle exists only in a secure context: over https, or on localhost. The portal requires https elsewhere, so there is no second
 * implementation of SHA-256 here; without it receiptNumber() rejects with a sentence, and the number comes from the server alone.
 */

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SYMBOLS = 12;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Compare by code point. The operator < goes by UTF-16 unit and puts U+1F600 before U+E000. */
function byCodePoint(a, b) {
  const left = Array.from(a);
  const right = Array.from(b);
  for (let i = 0; i < left.length && i < right.length; i += 1) {
    const step = left[i].codePointAt(0) - right[i].codePointAt(0);
    if (step) return step;
  }
  return left.length - right.length;
}

/** A Date or a Map would otherwise pass for an object without keys. */
function isPlain(value) {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function string(text) {
  const normal = text.normalize("NFC");
  if (LONE_SURROGATE.test(normal)) throw new RangeError("A filing holds half a character (a lone surrogate).");
  return JSON.stringify(normal);
}

function object(value) {
  const members = new Map();
  for (const [key, member] of Object.entries(value)) {
    const normal = key.normalize("NFC");
    if (members.has(normal)) throw new RangeError(`Two keys are equal: ${normal}.`);
    members.set(normal, member);
  }
  const keys = [...members.keys()].sort(byCodePoint);
  return `{${keys.map((key) => `${string(key)}:${json(members.get(key))}`).join(",")}}`;
}

function json(value) {
  if (value === null) return "null";
  if (typeof value === "boolean") return value ? "true" : "false";
  if (typeof value === "string") return string(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new RangeError("A number in a filing is a whole one within 2^53 - 1; write others with decimalText().");
    return String(value);
  }
  if (Array.isArray(value)) return `[${Array.from(value, json).join(",")}]`;
  if (typeof value === "object" && isPlain(value)) return object(value);
  throw new TypeError(`A filing cannot hold ${Object.prototype.toString.call(value)}.`);
}

/** Return the one JSON text of a filing. Figures are strings, as decimalText() writes them; dates are ISO strings. */
export function canonical(filing) {
  return json(filing);
}

/** Write a decimal number given as digits without leading and trailing zeros: "0200.50" is "200.5". */
export function decimalText(digits) {
  const match = /^(-?)0*([0-9]+)(?:\.([0-9]*))?$/.exec(digits);
  if (!match) throw new RangeError("A figure is digits with at most one point.");
  const fraction = (match[3] ?? "").replace(/0+$/, "");
  const plain = fraction ? `${match[2]}.${fraction}` : match[2];
  return plain === "0" ? "0" : match[1] + plain;
}

/** The sum of a^i times values[i], i counted from the right, in GF(32); zero for a sound number. */
function remainder(values) {
  return values.reduce((total, value) => {
    const doubled = total << 1;
    return (doubled & 0b100000 ? doubled ^ 0b100101 : doubled) ^ value;
  }, 0);
}

function grouped(symbols) {
  return symbols.match(/.{4}/g).join("-");
}

/** Return the receipt number of a filing under the client's UUID. */
export async function receiptNumber(filing, uid) {
  if (!globalThis.crypto?.subtle) throw new Error("The receipt number needs a secure connection (https).");
  const id = String(uid).toLowerCase();
  if (!UUID.test(id)) throw new TypeError("The identifier of a filing is a UUID.");
  const text = new TextEncoder().encode(canonical({ filing, uid: id }));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", text));
  let number = 0n;
  for (const byte of digest.subarray(0, 7)) number = (number << 8n) | BigInt(byte);
  number >>= 1n; // 55 of the 56 bits
  const values = [];
  for (let shift = 50n; shift >= 0n; shift -= 5n) values.push(Number((number >> shift) & 31n));
  values.push(remainder([...values, 0]));
  return grouped(values.map((value) => ALPHABET[value]).join(""));
}

/** Return the number as receiptNumber() writes it, or null: understands lower case, full width, spaces, O for 0, I and L for 1. */
export function readReceipt(text) {
  const symbols = text
    .normalize("NFKC")
    .replace(/[\s\-‐‑–—−]/g, "")
    .toUpperCase()
    .replace(/O/g, "0")
    .replace(/[IL]/g, "1");
  const values = Array.from(symbols, (symbol) => ALPHABET.indexOf(symbol));
  if (values.length !== SYMBOLS || values.includes(-1) || remainder(values) !== 0) return null;
  return grouped(symbols);
}

/** Say whether `text` can be a receipt number: its check symbol fits. */
export function checkReceipt(text) {
  return readReceipt(text) !== null;
}
