"""Which backups a folder holds, which of them are kept, and what a killed run left behind."""

import contextlib
import errno
import fcntl
import os
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils import timezone

_NAME: Final = re.compile(r"portal-(\d{8}T\d{6}Z)(?:-\d+)?\.age")
_STAMP: Final = "%Y%m%dT%H%M%SZ"
UNFINISHED: Final = ".part"
# The folder of links that a run holds attachments by, beside them.
HELD: Final = ".held-for-backup-"
# What file systems say that know no second name of a file, such as those of USB disks.
NO_LINKS: Final = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK)


@dataclass(frozen=True)
class Kept:
    """A finished backup: it got its name when it had been read back and found whole."""

    path: Path
    made_at: datetime
    size: int


def folder() -> Path:
    """Return the folder where backups are kept."""
    return Path(settings.BACKUP_DIR)


def name_of(moment: datetime) -> str:
    """Return the name of a backup of a moment; in UTC, which no change of the clocks makes ambiguous."""
    return f"portal-{moment.astimezone(UTC).strftime(_STAMP)}.age"


def listed(where: Path) -> list[Kept]:
    """Return the finished backups of a folder, the newest first."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for path in where.iterdir():
            if named := _NAME.fullmatch(path.name):
                made_at = datetime.strptime(named[1], _STAMP).replace(tzinfo=UTC)
                with contextlib.suppress(FileNotFoundError):
                    found.append(Kept(path, made_at, path.stat().st_size))
    return sorted(found, key=lambda backup: (backup.made_at, backup.path.name), reverse=True)


def give_name(part: Path, moment: datetime) -> Path:
    """Give a finished file the name of its moment, which nothing else has, and return it; it is there also after a power cut."""
    wanted = part.with_name(name_of(moment))
    names = (wanted, *(wanted.with_name(f"{wanted.stem}-{number}.age") for number in range(2, 1000)))
    for path in names:
        if _named(part, path):
            _sync(path.parent)
            return path
    raise FileExistsError(wanted)


def _named(part: Path, path: Path) -> bool:
    """Rename a file unless the name is taken; tell whether."""
    try:
        os.link(part, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        if path.exists():
            return False
        part.rename(path)
        return True
    part.unlink()
    return True


def surplus(backups: Iterable[Kept], keep: tuple[int, int, int]) -> list[Kept]:
    """Return what the rule does not keep: the newest backup of each of so many days, weeks (from Monday) and months that have one.

    The newest of all is kept whatever the rule says.
    """
    newest_first = sorted(backups, key=lambda backup: (backup.made_at, backup.path.name), reverse=True)
    kept = set(newest_first[:1])
    for number, span in zip(keep, _SPANS, strict=True):
        newest: dict[object, Kept] = {}
        for backup in newest_first:
            newest.setdefault(span(timezone.localtime(backup.made_at)), backup)
        kept.update(islice(newest.values(), number))
    return [backup for backup in newest_first if backup not in kept]


def prune(where: Path, just_made: Path) -> list[Kept]:
    """Delete what the rule does not keep, never the one just made, and return it."""
    gone = [backup for backup in surplus(listed(where), settings.BACKUP_KEEP) if backup.path != just_made]
    for backup in gone:
        backup.path.unlink(missing_ok=True)
    return gone


def clear_left_over(where: Path) -> None:
    """Delete unfinished files that no running backup holds."""
    for path in where.glob(f"*{UNFINISHED}"):
        with contextlib.suppress(OSError), path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


def clear_held(attachments: Path) -> None:
    """Delete the links of runs that were killed; the caller knows that none runs."""
    for path in attachments.glob(f"{HELD}*"):
        shutil.rmtree(path, ignore_errors=True)


def _sync(where: Path) -> None:
    descriptor = os.open(where, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_SPANS: Final[tuple[Callable[[datetime], object], ...]] = (
    lambda moment: moment.date(),
    lambda moment: moment.isocalendar()[:2],
    lambda moment: (moment.year, moment.month),
)
