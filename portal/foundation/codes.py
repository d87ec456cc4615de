"""Codes to be typed from paper: 60 random bits in Crockford's base 32, in three groups. Pure functions, no database."""

import secrets
import unicodedata
from typing import Final

from django.utils.crypto import salted_hmac

# Without I, L, O and U: none can be taken for another or spell a word (Crockford, Base 32).
ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH: Final = 12
GROUP: Final = 4
_AS_READ: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})


def new_code() -> str:
    """Return a new code as it is printed: `7Q2M-0XKD-9FRT`."""
    return grouped("".join(secrets.choice(ALPHABET) for _position in range(LENGTH)))


def grouped(plain: str) -> str:
    """Return a code's characters in groups of four."""
    return "-".join(plain[start : start + GROUP] for start in range(0, len(plain), GROUP))


def normalised(typed: str) -> str:
    """Return what was meant: any width and case, O for 0, I and L for 1, whatever stands between the groups left out."""
    upper = unicodedata.normalize("NFKC", typed).upper().translate(_AS_READ)
    return "".join(character for character in upper if character.isalnum())


def hash_of(typed: str, purpose: str) -> str:
    """Return the keyed SHA-256 under which a code is stored: without the secret key a stolen table cannot be searched for it.

    A code for one purpose is none for another.
    """
    return salted_hmac(purpose, normalised(typed), algorithm="sha256").hexdigest()
