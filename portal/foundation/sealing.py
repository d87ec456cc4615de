"""The audit log and the history of rows, sealed day by day: a digest over each row, each day's over the day before.

A day is sealed when no transaction is open any more that may still write to it. Whoever may rewrite the tables may rewrite the seals after them:
so the digest leaves the database, into the worker's log and onto the auditor's page, and `manage.py audit verify --expect` compares it.
"""

import hashlib
import json
import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from portal.foundation import change_log, clock, jobs, locks
from portal.foundation.jobs import Progress
from portal.foundation.models import DaySeal, Job, SealedBlock

log = logging.getLogger(__name__)

KIND: Final = "seal"
HOUR: Final = 1
BLOCK: Final = 1000
# A row is stamped before the database numbers its transaction: by less than this.
STAMPED_BEFORE: Final = timedelta(minutes=5)
# How often, and after how many seconds again, it is asked whether what ran when we began has ended.
_TRIES: Final = 20
_PAUSE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Log:
    """One of the two logs; `row` is the SQL of a row as it is sealed, the same text whenever and from wherever it is read."""

    name: str
    table: str
    row: str


LOGS: Final = (
    Log(
        "entries",
        "foundation_auditentry",
        "jsonb_build_array(id, extract(epoch FROM at), actor_id, action, model, object_id, details, host(address))::text",
    ),
    Log(
        "changes",
        "foundation_rowchange",
        'jsonb_build_array(id, extract(epoch FROM at), transaction, "table", operation, key, object_id, rows, '
        "before, after, digest, actor_id, request_id, means)::text",
    ),
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A row as it is sealed."""

    id: int
    text: str

    @property
    def mark(self) -> bytes:
        """Its digest, 32 bytes."""
        return hashlib.sha256(self.text.encode()).digest()


@jobs.reads_only
def seal_nightly(_job: Job, _progress: Progress) -> dict[str, Any]:
    """Seal every day that has ended; a job of the worker. It commits day by day."""
    return {"days": [str(seal.day) for seal in seal_due()]}


def seal_due() -> list[DaySeal]:
    """Seal the days that have ended and are not sealed yet, the oldest first, and return their seals; none while somebody may still write to them."""
    ended = timezone.localdate(clock.now() - STAMPED_BEFORE)
    first = _first_unsealed()
    if first is None or first >= ended or not _all_have_ended():
        return []
    sealed = []
    while first < ended:
        with transaction.atomic():
            locks.hold("seal the audit log")
            if not DaySeal.objects.filter(day__gte=first).exists():
                sealed.append(_seal(first))
        first += timedelta(days=1)
    for seal in sealed:
        log.info("sealed a day of the audit log", extra={"day": str(seal.day), "digest": seal.digest})
    return sealed


def rows_of(kept: Log, day: date) -> Iterator[Sealed]:
    """Yield the rows of a day in the order of their keys, read a block at a time."""
    begins, ends = bounds(day)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(id), max(id) FROM {kept.table} WHERE at >= %s AND at < %s", [begins, ends])  # noqa: S608 - constants
        first, last = cursor.fetchone()
        while first is not None and first <= last:
            cursor.execute(
                f"SELECT id, {kept.row} FROM {kept.table} WHERE id BETWEEN %s AND %s AND at >= %s AND at < %s ORDER BY id LIMIT %s",  # noqa: S608 - constants
                [first, last, begins, ends, BLOCK],
            )
            found = cursor.fetchall()
            yield from (Sealed(*row) for row in found)
            first = found[-1][0] + 1 if len(found) == BLOCK else last + 1


def bounds(day: date) -> tuple[datetime, datetime]:
    """Return when a day begins and when the next one does."""
    midnight = datetime.min.time()
    return timezone.make_aware(datetime.combine(day, midnight)), timezone.make_aware(datetime.combine(day + timedelta(days=1), midnight))


def digest_of(day: date, previous: str, counts: dict[str, int], blocks: Sequence[str]) -> str:
    """Return the digest of a day, in hexadecimal."""
    held = {"day": day.isoformat(), "previous": previous, "counts": counts, "blocks": list(blocks)}
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()


def digest_of_block(kept: str, ids: Sequence[int], marks: bytes) -> str:
    """Return the digest of a block, in hexadecimal."""
    return hashlib.sha256(json.dumps([kept, list(ids)]).encode() + marks).hexdigest()


def _seal(day: date) -> DaySeal:
    previous = DaySeal.objects.order_by("-day").values_list("digest", flat=True).first() or ""
    blocks: list[SealedBlock] = []
    counts = {}
    for kept in LOGS:
        counts[kept.name] = 0
        held: list[Sealed] = []
        for row in rows_of(kept, day):
            held.append(row)
            counts[kept.name] += 1
            if len(held) == BLOCK:
                blocks.append(_block(kept, len(blocks), held))
                held = []
        if held:
            blocks.append(_block(kept, len(blocks), held))
    digest = digest_of(day, previous, counts, [digest_of_block(block.log, block.ids, bytes(block.marks)) for block in blocks])
    seal = DaySeal.objects.create(day=day, previous=previous, digest=digest, sealed_at=clock.now(), **counts)
    for block in blocks:
        block.seal = seal
    SealedBlock.objects.bulk_create(blocks, batch_size=100)
    return seal


def _block(kept: Log, number: int, rows: Sequence[Sealed]) -> SealedBlock:
    return SealedBlock(log=kept.name, number=number, ids=[row.id for row in rows], marks=b"".join(row.mark for row in rows))


def _first_unsealed() -> date | None:
    """Return the day after the last that is sealed, before any the first that has rows; None where nothing was written."""
    last = DaySeal.objects.order_by("-day").values_list("day", flat=True).first()
    if last is not None:
        following: date = last + timedelta(days=1)
        return following
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT least({', '.join(f'(SELECT min(at) FROM {kept.table})' for kept in LOGS)})")  # noqa: S608 - constants
        earliest = cursor.fetchone()[0]
    return timezone.localdate(earliest) if earliest else None


def _all_have_ended() -> bool:
    """Tell whether every transaction that had begun to write when we came has ended; wait some seconds for those that have not."""
    with connection.cursor() as cursor:
        # A number of our own: those of a snapshot end below the newest that runs.
        cursor.execute("SELECT foundation_transaction()")
        begun = cursor.fetchone()[0]
    for attempt in range(_TRIES):
        if attempt:
            time.sleep(_PAUSE)
        if change_log.settled_before() >= begun:
            return True
    return False
