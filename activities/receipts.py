"""The receipt number (回执号) of a filing: computed alike here and in `static/activities/receipt.js`.

The number is SHA-256 over the canonical form of `{"filing": ..., "uid": ...}`, cut to its first 55 bits and written as eleven symbols of
Crockford's base 32 (no I, L, O or U) with a check symbol behind, as in `R7K2-9MXQ-4T3C`. A phone can compute it for what it holds; it proves
arrival only when it comes from the server (GLOSSARY.md).

The check symbol makes the sum of a^i times symbol i zero in GF(32) (x^5 + x^2 + 1, a = x, i counted from the right). The twelve weights are
neither zero nor equal, so every single wrong symbol and every swap of two different symbols, adjacent or not, is caught.

`fixtures/receipt_vectors.json` holds filings with their canonical form and number; the tests of both languages read it.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SYMBOLS = 12
HASH_BITS = 55
_ALIKE = str.maketrans("OIL", "011")
_FIELD_POLYNOMIAL = 0b100101
# The integers that JavaScript holds exactly.
_SAFE_INTEGER = 2**53 - 1
# Python compares strings by code point. Half a character (a lone surrogate) is no UTF-8.
_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def canonical(filing: Mapping[str, object]) -> bytes:
    """Return the one JSON text of a filing, as UTF-8.

    Objects have their keys in the order of code points and no white space; strings and keys are in Unicode's form NFC, nothing but control
    characters, quotes and backslashes is escaped; a Decimal becomes a string as `decimal_text` writes it. A date or a UUID is the caller's to
    write as a string. JavaScript has no Decimal: it passes such strings.

    Raises:
        TypeError: a value that is not str, Decimal, int, bool, None, list, tuple or mapping; so a float, whose digits depend on who prints it.
        ValueError: an integer beyond 2^53 - 1, a lone surrogate, a number that is not finite, keys that are equal in NFC.
    """
    return _JSON.encode(_plain(filing)).encode("utf-8")


def decimal_text(value: Decimal) -> str:
    """Write a number without exponent and trailing zeros: 200, 11.5, 0."""
    if not value.is_finite():
        raise ValueError("A figure is a finite number.")
    digits = f"{value:f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return "0" if digits == "-0" else digits


def receipt_number(filing: Mapping[str, object], uid: UUID) -> str:
    """Return the receipt number of a filing under the client's UUID."""
    return number_of(canonical({"filing": filing, "uid": str(uid)}))


def number_of(text: bytes) -> str:
    """Return the receipt number of a filing and its UUID whose canonical form is `text`."""
    digest = hashlib.sha256(text).digest()
    number = int.from_bytes(digest[:7], "big") >> (56 - HASH_BITS)
    values = [number >> shift & 31 for shift in range(HASH_BITS - 5, -1, -5)]
    symbols = "".join(ALPHABET[value] for value in [*values, _remainder([*values, 0])])
    return _grouped(symbols)


def read_receipt(text: str) -> str | None:
    """Return the number as `receipt_number` writes it, or None when `text` is not one: as typed or read aloud.

    Lower case, full width, spaces, missing hyphens, O for 0, and I or L for 1 are understood.
    """
    symbols = re.sub(r"[\s\-‐‑–—−]", "", unicodedata.normalize("NFKC", text)).upper().translate(_ALIKE)
    if len(symbols) != SYMBOLS or any(symbol not in ALPHABET for symbol in symbols):
        return None
    return _grouped(symbols) if _remainder([ALPHABET.index(symbol) for symbol in symbols]) == 0 else None


def check_receipt(text: str) -> bool:
    """Say whether `text` can be a receipt number: its check symbol fits."""
    return read_receipt(text) is not None


def _plain(value: object) -> object:
    """Return `value` as types that JSON has, strings in Unicode's form NFC."""
    if isinstance(value, str):
        # `str` first: a Django choice is a str with its own manners.
        return str(value) if value.isascii() else unicodedata.normalize("NFC", value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > _SAFE_INTEGER:
            raise ValueError("An integer in a filing stays within 2^53 - 1.")
        return int(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return _plain_keys(value)
    raise TypeError(f"A filing cannot hold {type(value).__name__}.")


def _plain_keys(mapping: Mapping[object, object]) -> dict[object, object]:
    if not all(isinstance(key, str) for key in mapping):
        raise TypeError("The keys of a filing are strings.")
    members = {_plain(key): _plain(value) for key, value in mapping.items()}
    if len(members) != len(mapping):
        raise ValueError("Two keys of a filing are equal in NFC.")
    return members


def _remainder(values: list[int]) -> int:
    """Return the sum of a^i times values[i], i counted from the right, in GF(32); zero for a sound number."""
    total = 0
    for value in values:
        total <<= 1
        if total & 0b100000:
            total ^= _FIELD_POLYNOMIAL
        total ^= value
    return total


def _grouped(symbols: str) -> str:
    return "-".join(symbols[start : start + 4] for start in range(0, SYMBOLS, 4))
