"""Keys of age (https://age-encryption.org/v1): the machine knows the public part alone, and its holder keeps the private one elsewhere."""

import contextlib
import os
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import pyrage
from django.conf import settings
from pyrage import x25519

from portal.backup import refusals, signing

# The library says nothing about its types: public and private keys of X25519.
Recipient: TypeAlias = Any
Identity: TypeAlias = Any

_PRIVATE: Final = "AGE-SECRET-KEY-1"
# Bytes. A file of keys is short; what is longer is something else.
_LONGEST: Final = 1 << 16


def kept_at() -> Path:
    """Return where the public key lies that this machine made."""
    return Path(settings.DATA_DIR) / "backup_recipient"


def is_configured() -> bool:
    """Tell whether there is a key to encrypt with."""
    return bool(_named())


def recipients() -> list[Recipient]:
    """Return the public keys to encrypt to; each of their holders can open a backup.

    Raises:
        BackupError: there are none, or one is none.
    """
    named = _named()
    if not named:
        raise refusals.no_key()
    return [_recipient(text) for text in named]


def generate() -> Identity:
    """Return a new private key."""
    return x25519.Identity.generate()


def make() -> Identity:
    """Make a key, keep its public part, and return the private one, which is kept nowhere.

    Raises:
        BackupError: there is a key already, or the data folder cannot be written.
    """
    if settings.BACKUP_RECIPIENT:
        raise refusals.key_is_there("BACKUP_RECIPIENT")
    identity = generate()
    try:
        kept_at().parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(kept_at(), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(f"{identity.to_public()}\n")
    except FileExistsError as error:
        raise refusals.key_is_there(str(kept_at())) from error
    except OSError as error:
        raise refusals.unwritable(kept_at().parent, error.strerror or str(error)) from error
    return identity


class KeyFile(NamedTuple):
    """What a holder of keys keeps elsewhere: private keys, and the public keys of the portals that sign."""

    identities: list[Identity]
    signers: list[str]


def read_identities(path: Path) -> list[Identity]:
    """Read private keys as `age-keygen` writes them: a line each, and lines of comment.

    Raises:
        BackupError: there is none, or the file cannot be read.
    """
    return read_file(path).identities


def read_file(path: Path) -> KeyFile:
    """Read private keys, and who signs where a comment says so.

    Raises:
        BackupError: there is none, or the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            lines = file.read(_LONGEST).decode("utf-8", "replace").splitlines()
    except OSError as error:
        raise refusals.unreadable(path, error.strerror or str(error)) from error
    found, signers = [], []
    for line in lines:
        if line.startswith(signing.SAID):
            signers.append(signing.read_public(line.removeprefix(signing.SAID)))
        if line.strip().upper().startswith(_PRIVATE):
            with contextlib.suppress(pyrage.IdentityError):
                found.append(x25519.Identity.from_str(line.strip()))
    if not found:
        raise refusals.no_identity(path)
    return KeyFile(found, signers)


def refuse_beside(folder: Path) -> None:
    """Refuse a folder for backups in which a private key lies.

    Raises:
        BackupError: one does.
    """
    for path in sorted(folder.iterdir()):
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_size <= _LONGEST and _PRIVATE.encode() in path.read_bytes().upper():
                raise refusals.key_beside(path)


def _named() -> list[str]:
    if settings.BACKUP_RECIPIENT:
        return list(settings.BACKUP_RECIPIENT)
    with contextlib.suppress(FileNotFoundError):
        return kept_at().read_text(encoding="ascii", errors="replace").split()
    return []


def _recipient(text: str) -> Recipient:
    try:
        return x25519.Recipient.from_str(text)
    except pyrage.RecipientError as error:
        raise refusals.no_recipient(text) from error
