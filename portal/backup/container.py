"""How a backup is written and read: a tar inside of age, both as streams, so that neither its size nor that of a file in it takes memory.

`age --decrypt --identity KEY FILE | tar -x` opens it without the portal. In this order: `about.json` says what it is; `database/000001` and on are
pieces of PostgreSQL's custom format, to be joined by `cat`; `attachments/ab/abcdef…` are named after their SHA-256; `audit-archive/…` are months
of the audit log that no table holds any more; `secret_key`; `manifest.json` with what has to be there; and at the end `signature.json`, which says of
all of it who has written it.
"""

import json
import os
import re
import tarfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO, Any, Final, NamedTuple, Protocol

import pyrage

from portal.backup import refusals, signing
from portal.backup.keys import Identity, Recipient

PRODUCT: Final = "temporary-branch-portal"
# Since the second they are signed.
FORMAT: Final = 2
_KNOWN: Final = (1, FORMAT)
ABOUT, SECRET_KEY, MANIFEST, SIGNATURE = "about.json", "secret_key", "manifest.json", "signature.json"
_SIGNED: Final = (ABOUT, SECRET_KEY, MANIFEST)
# Bytes: the size of a piece of the dump is told before it, so a piece is held in memory.
PIECE: Final = 8 << 20
_CHUNK: Final = 1 << 18
_BLOCK: Final = tarfile.BLOCKSIZE
# Bytes; what these hold grows with the number of tables.
_LONGEST_NOTE: Final = 16 << 20
_PIECE_NAME: Final = re.compile(r"database/(\d{6})")
_ARCHIVE_NAME: Final = re.compile(r"audit-archive/(\w[\w.-]{0,99})", re.ASCII)
_ATTACHMENT_NAME: Final = re.compile(r"attachments/([0-9a-f]{2})/(\1[0-9a-f]{62})")


class Part(NamedTuple):
    """A file to be written."""

    name: str
    size: int
    content: Iterable[bytes]


class Receiver(Protocol):
    """What is done with the contents of a backup while it is read."""

    def begin(self, about: dict[str, Any]) -> None:
        """Take what the backup says of itself, before anything else of it; may refuse."""

    def database(self, content: bytes) -> None:
        """Take the next bytes of the dump."""

    def attachment(self, digest: str, content: Iterator[bytes]) -> None:
        """Take an attachment; all of `content` has to be read."""

    def archive(self, name: str, content: Iterator[bytes]) -> None:
        """Take an archive of the audit log; all of `content` has to be read."""


class Contents(NamedTuple):
    """What a backup said of itself, what it holds that is no database and no attachment, and the key that signed it, if any did."""

    about: dict[str, Any]
    manifest: dict[str, Any]
    secret_key: str
    signed_by: str


def note(name: str, content: dict[str, Any]) -> Part:
    """Return a file of JSON."""
    text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode()
    return Part(name, len(text), [text])


def pieces(dump: IO[bytes]) -> Iterator[Part]:
    """Cut a dump of unknown length into parts of known length."""
    number = 0
    while content := dump.read(PIECE):
        number += 1
        yield Part(f"database/{number:06}", len(content), [content])


def signed(parts: Iterable[Part]) -> Iterator[Part]:
    """Pass the files of a backup on, and put behind them who has written them: the manifest has a hash of everything else."""
    notes: dict[str, bytes] = {}
    for part in parts:
        if part.name in _SIGNED:
            notes[part.name] = b"".join(part.content)
        yield part
    yield note(SIGNATURE, signing.sign(_stated(notes)))


def _stated(notes: Mapping[str, bytes]) -> bytes:
    """Return what is signed; nothing else of ours begins so."""
    return b"\n".join([b"portal backup", *(sha256(notes.get(name, b"")).hexdigest().encode() for name in _SIGNED)])


def packed(parts: Iterable[Part], *, moment: int) -> Iterator[bytes]:
    """Yield a tar of `parts`, each with the time `moment` (Unix seconds).

    Raises:
        ValueError: a part is longer or shorter than it said.
    """
    for part in parts:
        header = tarfile.TarInfo(part.name)
        header.size, header.mode, header.mtime = part.size, 0o600, moment
        yield header.tobuf(format=tarfile.PAX_FORMAT)
        written = 0
        for chunk in part.content:
            written += len(chunk)
            yield chunk
        if written != part.size:
            raise ValueError(f"{part.name}: {written} bytes instead of {part.size}")
        yield bytes(-written % _BLOCK)
    yield bytes(2 * _BLOCK)


def encrypt(content: Iterator[bytes], target: IO[bytes], recipients: list[Recipient], wrote: Callable[[int], None]) -> str:
    """Write `content` encrypted to `target`, tell how many bytes it has come to after each chunk, and return the SHA-256 of what was written.

    Raises:
        Exception: whatever `content`, `target` or `wrote` raised.
    """
    source, sink = _Source(content), _Sink(target, wrote)
    try:
        pyrage.encrypt_io(source, sink, recipients)
    except Exception:
        # The library tells of our own exceptions in words alone.
        if failed := source.failed or sink.failed:
            raise failed from None
        raise
    return sink.digest.hexdigest()


def read(path: Path, identities: list[Identity], receiver: Receiver, came: Callable[[int], None] = lambda _bytes: None) -> Contents:
    """Read a backup to its end, check all of it, and hand its contents to `receiver` meanwhile.

    What was handed over is good only when this returns: the last bytes may be the ones that are missing.

    Raises:
        BackupError: it is none, opens with another key, was cut short or altered, or `receiver` refuses it.
    """
    with _opened(path, identities, came) as archive:
        return _Reading(path, archive, receiver).contents()


class _Reading:
    """The files of a backup, one after the other, and what was seen of them."""

    def __init__(self, path: Path, archive: tarfile.TarFile, receiver: Receiver) -> None:
        self._path, self._archive, self._receiver = path, archive, receiver
        self._notes: dict[str, bytes] = {}
        self._dumped = 0
        self._dump_digest = sha256()
        self._attached = 0
        self._names_digest = sha256()
        self._odd: dict[str, str] = {}
        self._archives: dict[str, str] = {}
        self._pieces = 0

    def contents(self) -> Contents:
        about: dict[str, Any] | None = None
        for member in self._archive:
            self._take(member)
            if about is None:
                about = self._json(ABOUT)
                if about.get("product") != PRODUCT:
                    raise refusals.no_backup(self._path)
                if about.get("format") not in _KNOWN:
                    raise refusals.newer(self._path, f"format {about.get('format')}")
                self._receiver.begin(about)
            if member.name == (SIGNATURE if about["format"] == FORMAT else MANIFEST):
                break
        if about is None:
            raise refusals.no_backup(self._path)
        manifest = self._json(MANIFEST)
        self._compare(manifest)
        signed_by = signing.signer(_stated(self._notes), self._json(SIGNATURE)) if SIGNATURE in self._notes else ""
        return Contents(about, manifest, self._notes.get(SECRET_KEY, b"").decode("ascii"), signed_by)

    def _take(self, member: tarfile.TarInfo) -> None:
        file = self._archive.extractfile(member) if member.isreg() else None
        if file is None:
            raise refusals.no_backup(self._path)
        if _PIECE_NAME.fullmatch(member.name) and int(member.name[-6:]) == self._pieces + 1:
            self._pieces += 1
            for chunk in _chunks(file, member.size):
                self._dumped += len(chunk)
                self._dump_digest.update(chunk)
                self._receiver.database(chunk)
        elif found := _ATTACHMENT_NAME.fullmatch(member.name):
            self._take_attachment(found[2], _chunks(file, member.size))
        elif found := _ARCHIVE_NAME.fullmatch(member.name):
            digest = sha256()
            self._receiver.archive(found[1], _hashed(_chunks(file, member.size), digest.update))
            self._archives[found[1]] = digest.hexdigest()
        elif member.name in (*_SIGNED, SIGNATURE) and member.name not in self._notes and member.size <= _LONGEST_NOTE:
            self._notes[member.name] = b"".join(_chunks(file, member.size))
        else:
            raise refusals.no_backup(self._path)

    def _take_attachment(self, named: str, content: Iterator[bytes]) -> None:
        digest = sha256()
        self._receiver.attachment(named, _hashed(content, digest.update))
        self._attached += 1
        self._names_digest.update(named.encode())
        if digest.hexdigest() != named:
            self._odd[named] = digest.hexdigest()

    def _json(self, name: str) -> dict[str, Any]:
        try:
            found = json.loads(self._notes[name])
        except (KeyError, ValueError) as error:
            raise refusals.no_backup(self._path) from error
        if not isinstance(found, dict):
            raise refusals.no_backup(self._path)
        return found

    def _compare(self, manifest: dict[str, Any]) -> None:
        """Compare what was read with what has to be there."""
        dump, attachments = manifest.get("database", {}), manifest.get("attachments", {})
        if (self._dumped, self._dump_digest.hexdigest()) != (dump.get("bytes"), dump.get("sha256")):
            raise refusals.damaged(self._path, "database")
        found = (self._attached, self._names_digest.hexdigest(), self._odd)
        if found != (attachments.get("number"), attachments.get("names_sha256"), attachments.get("damaged")):
            raise refusals.damaged(self._path, "attachments")
        if self._archives != manifest.get("archives"):
            raise refusals.damaged(self._path, "audit-archive")


@contextmanager
def _opened(path: Path, identities: list[Identity], came: Callable[[int], None]) -> Iterator[tarfile.TarFile]:
    """Open a backup as a tar that is read once from its beginning to its end.

    Raises:
        BackupError: it cannot be read, or is not what was written.
    """
    try:
        source = path.open("rb")
    except OSError as error:
        raise refusals.unreadable(path, error.strerror or str(error)) from error
    here, there = os.pipe()
    failures: list[Exception] = []

    def decrypt() -> None:
        with open(there, "wb", buffering=0) as target:
            try:
                pyrage.decrypt_io(_Told(source, came), target, identities)
            except Exception as error:
                failures.append(error)

    worker = threading.Thread(target=decrypt, daemon=True)
    with source:
        worker.start()
        try:
            with open(here, "rb") as plain:
                with tarfile.open(fileobj=plain, mode="r|") as archive:
                    yield archive
                # To the last byte: only the end says that nothing is missing.
                rest = sum(len(chunk.strip(b"\0")) for chunk in iter(lambda: plain.read(_CHUNK), b""))
        except Exception as error:
            worker.join()
            # Where the stream broke off, that is the reason for whatever else went wrong, unless it broke because nobody read on.
            if failures and not isinstance(failures[0], BrokenPipeError):
                raise _refusal(path, failures[0]) from failures[0]
            if isinstance(error, tarfile.TarError | EOFError | ValueError):
                raise refusals.no_backup(path) from error
            raise
        worker.join()
    if failures:
        raise _refusal(path, failures[0]) from failures[0]
    if rest:
        raise refusals.damaged(path, "end")


def _refusal(path: Path, error: Exception) -> refusals.BackupError:
    """Say what the library found; it tells by words alone."""
    if isinstance(error, OSError) and error.errno:
        return refusals.unreadable(path, error.strerror or str(error))
    if isinstance(error, OSError):
        return refusals.damaged(path, str(error))
    return refusals.other_key(path) if "No matching keys" in str(error) else refusals.no_backup(path)


def _chunks(file: IO[bytes], size: int) -> Iterator[bytes]:
    """Yield the content of a file in a tar, all of `size` bytes."""
    while size > 0:
        chunk = file.read(min(size, _CHUNK))
        if not chunk:
            raise EOFError
        size -= len(chunk)
        yield chunk


def _hashed(content: Iterator[bytes], update: Callable[[bytes], None]) -> Iterator[bytes]:
    """Pass chunks on, and tell each to a digest."""
    for chunk in content:
        update(chunk)
        yield chunk


class _Source:
    """What the library reads from: an iterator of bytes as a file."""

    def __init__(self, content: Iterator[bytes]) -> None:
        self._content, self._rest = content, memoryview(b"")
        self.failed: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes, and none at the end alone."""
        try:
            while not self._rest:
                self._rest = memoryview(next(self._content))
        except StopIteration:
            return b""
        except Exception as error:
            self.failed = error
            raise
        taken, self._rest = self._rest[:size], self._rest[size:]
        return bytes(taken)


class _Sink:
    """What the library writes to: a file, hashed on the way."""

    def __init__(self, target: IO[bytes], wrote: Callable[[int], None]) -> None:
        self._target, self._wrote, self._written = target, wrote, 0
        self.digest = sha256()
        self.failed: Exception | None = None

    def write(self, content: bytes) -> int:
        """Write all of `content`."""
        try:
            self._target.write(content)
            self._written += len(content)
            self._wrote(self._written)
        except Exception as error:
            self.failed = error
            raise
        self.digest.update(content)
        return len(content)

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        try:
            self._target.flush()
        except Exception as error:
            self.failed = error
            raise


class _Told:
    """A file that tells how many bytes were read from it."""

    def __init__(self, source: IO[bytes], came: Callable[[int], None]) -> None:
        self._source, self._came, self._read = source, came, 0

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes."""
        content = self._source.read(size)
        self._read += len(content)
        self._came(self._read)
        return content
