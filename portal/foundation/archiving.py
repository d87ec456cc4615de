"""Months of the audit log and of the history that are old enough: written to a file, which the log names with its SHA-256, and removed from the tables.

Only the owner of the tables can remove them: `manage.py audit archive`. Seals stay, so that a file is verified as the tables were.
"""

import gzip
import hashlib
import os
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from portal.foundation import audit, clock
from portal.foundation.models import AuditArchive, DaySeal
from portal.foundation.sealing import LOGS, Log, Sealed, bounds, rows_of

# What the portal itself reads of the log whenever it was: which reports had been accepted at a moment (`activities/querysets.py`).
STAYS: Final = ("report.accepted",)
_CHUNK: Final = 1 << 20


def folder() -> Path:
    """Return where archives are."""
    return Path(settings.DATA_DIR) / "audit-archive"


def due() -> list[date]:
    """Return the first days of the months that are sealed to their last day, older than the log is kept, and not archived yet; the oldest first."""
    this = clock.today().replace(day=1)
    kept_from = this
    for _month in range(settings.AUDIT_KEPT_MONTHS):
        kept_from = (kept_from - timedelta(days=1)).replace(day=1)
    done = set(AuditArchive.objects.values_list("month", flat=True))
    sealed = set(DaySeal.objects.filter(day__lt=kept_from).values_list("day", flat=True))
    months = sorted({day.replace(day=1) for day in sealed} - done)
    return [month for month in months if max(_days(month)) in sealed]


def archive(month: date) -> AuditArchive:
    """Write a month to its file, then remove it from the tables; called as their owner. Broken off, it is done again from the start.

    Each line of the file is the name of the log, a tab, and the row as it was sealed.
    """
    name = f"{month:%Y-%m}.jsonl.gz"
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder() / f"{name}.part"
    counts = {kept.name: 0 for kept in LOGS}
    with part.open("wb") as raw:
        # No name and no moment inside: the same rows make the same file.
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as file:
            for day in _days(month):
                for kept in LOGS:
                    for row in rows_of(kept, day):
                        file.write(f"{kept.name}\t{day}\t{row.text}\n".encode())
                        counts[kept.name] += 1
        raw.flush()
        os.fsync(raw.fileno())
    part.replace(folder() / name)
    with transaction.atomic():
        _remove(month)
        made = AuditArchive.objects.create(month=month, name=name, sha256=_sha256(folder() / name), made_at=clock.now(), **counts)
        audit.record(None, "audit.archived", month=f"{month:%Y-%m}", file=name, sha256=made.sha256, rows=sum(counts.values()))
    return made


def is_whole(held: AuditArchive) -> bool:
    """Tell whether the file of an archive is there, and as it was written."""
    path = folder() / held.name
    return path.is_file() and _sha256(path) == held.sha256


def rows_of_archive(held: AuditArchive, kept: Log, day: date) -> Iterator[Sealed]:
    """Yield the rows of a day from its month's file, in the order of their keys; none where there is no file that can be read."""
    prefix = f"{kept.name}\t{day}\t"
    try:
        with gzip.open(folder() / held.name, "rt", encoding="utf-8", newline="\n") as file:
            for line in file:
                if line.startswith(prefix):
                    text = line[len(prefix) : -1]
                    yield Sealed(int(text[1 : text.index(",")]), text)
    except (OSError, EOFError, ValueError):
        return


def _remove(month: date) -> None:
    begins, ends = bounds(month)[0], bounds(max(_days(month)))[1]
    with connection.cursor() as cursor:
        for kept, rule in zip(LOGS, ("audit_is_append_only", "history_is_append_only"), strict=True):
            cursor.execute(f"ALTER TABLE {kept.table} DISABLE TRIGGER {rule}")
            stays = "AND action <> ALL (%s)" if kept.name == "entries" else ""
            cursor.execute(f"DELETE FROM {kept.table} WHERE at >= %s AND at < %s {stays}", [begins, ends, *([list(STAYS)] if stays else [])])  # noqa: S608 - constants
            cursor.execute(f"ALTER TABLE {kept.table} ENABLE TRIGGER {rule}")


def _days(month: date) -> list[date]:
    days = [month]
    while (following := days[-1] + timedelta(days=1)).month == month.month:
        days.append(following)
    return days


def _sha256(path: Path) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest()
