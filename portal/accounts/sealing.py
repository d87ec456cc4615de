"""What has to be read again but may not lie open in the database: sealed with a key that is not in it."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.utils.encoding import force_bytes


class CannotOpenError(Exception):
    """It was sealed with another SECRET_KEY."""


def seal(text: str, purpose: str) -> str:
    """Encrypt and authenticate `text`; what is sealed for one purpose cannot be opened for another."""
    return _box(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, purpose: str) -> str:
    """Return what was sealed.

    Raises:
        CannotOpenError: it was altered, or SECRET_KEY is another one now and not among SECRET_KEY_FALLBACKS.
    """
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise CannotOpenError from error


def _box(purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(_key(secret, purpose)) for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str | bytes, purpose: str) -> bytes:
    return urlsafe_b64encode(HKDF(SHA256(), length=32, salt=None, info=purpose.encode()).derive(force_bytes(secret)))
