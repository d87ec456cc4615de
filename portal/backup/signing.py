"""Who has written a backup: each is signed (Ed25519) with a key of the portal that lies in its data folder and in no backup.

age tells who can read, not who has written: whoever has the public key and may write into the folder could put a made-up backup there.
"""

import contextlib
import os
import re
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from portal.backup import refusals

# A public key as people copy it: 32 bytes in hexadecimal.
_WRITTEN: Final = re.compile(r"[0-9a-f]{64}")
# Before the line that a file of keys has of who signs.
SAID: Final = "# signed by: "


def kept_at() -> Path:
    """Return where the private key lies: on this machine alone, so that whoever has only the backups cannot sign."""
    return Path(settings.DATA_DIR) / "backup_signing_key"


def own() -> str:
    """Return the public key of this portal, empty before its first backup.

    Raises:
        BackupError: the key is there and cannot be read.
    """
    with contextlib.suppress(FileNotFoundError):
        return _public(_read())
    return ""


def make() -> str:
    """Make the portal's key unless there is one, and return its public part.

    Raises:
        BackupError: the data folder cannot be written, or what lies there is no key.
    """
    path = kept_at()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Whole under its name or not there: a second process finds the first one's.
        part = path.with_name(f"{path.name}.{os.getpid()}")
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(part, path)
        part.unlink()
        return _public(_read())
    except OSError as error:
        raise refusals.unwritable(path.parent, error.strerror or str(error)) from error


def sign(content: bytes) -> dict[str, str]:
    """Return the signature of `content` and the public key it is checked with, in hexadecimal."""
    key = _read()
    return {"public_key": _public(key), "signature": key.sign(content).hex()}


def signer(content: bytes, signature: object) -> str:
    """Return the public key of whoever signed `content`; empty where the signature is none, or of something else."""
    if not isinstance(signature, dict) or not _WRITTEN.fullmatch(str(signature.get("public_key"))):
        return ""
    public = str(signature["public_key"])
    with contextlib.suppress(InvalidSignature, ValueError):
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(str(signature.get("signature"))), content)
        return public
    return ""


def read_public(text: str) -> str:
    """Read a public key as somebody typed or copied it.

    Raises:
        BackupError: it is none.
    """
    plain = "".join(text.split()).lower()
    if not _WRITTEN.fullmatch(plain):
        raise refusals.no_signer(text)
    return plain


def require(path: Path, found: str, trusted: list[str]) -> None:
    """Refuse a backup that nobody signed whom the operator trusts.

    Raises:
        BackupError: nobody is named, nobody has signed, or somebody else has.
    """
    if not trusted:
        raise refusals.nobody_trusted(path)
    if not found:
        raise refusals.unsigned(path)
    if found not in trusted:
        raise refusals.other_writer(path, found)


def _read() -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(kept_at().read_bytes())
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise refusals.unreadable(kept_at(), str(error)) from error


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes_raw().hex()
