"""The files of logs: packed and begun anew while they are written, and kept for half a year at most, in bounded room."""

import contextlib
import gzip
import os
import shutil
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

MIB: Final = 1024 * 1024
LIMIT: Final = 10 * MIB
# The Cybersecurity Law, article 21, asks for six months; the audit log, which is the record of who did what, has its own time.
KEPT_DAYS: Final = 184
# Packed, a day of a busy district is some MiB. Should logs run wild, the oldest go first.
KEPT_BYTES: Final = 1024 * MIB
# Seconds between two looks.
EVERY: Final = 30


class LogFiles:
    """The logs of a folder, `*.log`, with what was packed of them beside, `*.log.gz`."""

    def __init__(self, folder: Path, *, limit: int = LIMIT, kept_bytes: int = KEPT_BYTES, kept_days: int = KEPT_DAYS) -> None:
        self._folder, self._limit, self._kept_bytes, self._kept_days = folder, limit, kept_bytes, kept_days
        self._looked = 0.0

    def keep(self) -> None:
        """Look after the files, if it is time to; a disk that is full is tried again later."""
        if time.monotonic() - self._looked < EVERY and self._looked:
            return
        self._looked = time.monotonic()
        with contextlib.suppress(OSError):
            self.throw_away()
            for path in self._folder.glob("*.log"):
                if path.stat().st_size > self._limit:
                    pack(path)

    def throw_away(self) -> None:
        """Remove packed files that are too old, and the oldest of those that take too much room."""
        oldest = time.time() - self._kept_days * 24 * 3600
        room = self._kept_bytes
        for path in _newest_first(self._folder.glob("*.log.gz")):
            room -= path.stat().st_size
            if room < 0 or path.stat().st_mtime < oldest:
                path.unlink()


def pack(path: Path) -> Path:
    """Move what a log holds into a packed file beside it, and return that.

    Its writers have it open for appending, so it is emptied and not renamed: nobody has to be told. A line that is written between the last read and the
    emptying is lost; there is nothing in between but one call of the system.
    """
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    packed = path.with_name(f"{path.stem}-{moment}.log.gz")
    making = packed.with_suffix(".making")
    try:
        with path.open("r+b") as source:
            descriptor = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as target, gzip.GzipFile(filename="", fileobj=target, mode="wb", compresslevel=5) as zipped:
                shutil.copyfileobj(source, zipped, MIB)
            making.rename(packed)
            # What was written while it was packed.
            late = source.read()
            source.truncate(0)
        if late:
            with path.open("ab") as again:
                again.write(late)
    except OSError:
        making.unlink(missing_ok=True)
        raise
    return packed


def _newest_first(paths: Iterable[Path]) -> list[Path]:
    return sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)
