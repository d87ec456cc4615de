"""Whether the audit log, the history of rows and what they were sealed with still agree: `manage.py audit verify`."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import Any, Final

from django.apps import apps
from django.db import connection
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from portal.foundation import archiving, clock, row_history
from portal.foundation.models import AuditArchive, DaySeal, RowChange, SealedBlock
from portal.foundation.sealing import LOGS, Log, Sealed, bounds, digest_of, digest_of_block, rows_of

_MARK: Final = 32
# In English and Chinese, as the console says everything.
SAYS: Final = {
    "changed": ("was changed after its day was sealed", "在当日封存后被改动"),
    "missing": ("is missing: it was there when its day was sealed", "缺失：当日封存时存在"),
    "added": ("was added after its day was sealed", "在当日封存后被插入"),
    "seal": ("the seal of this day is not what it was", "当日的封存记录被改动"),
    "early": ("was sealed before the day was over", "当日尚未结束即已封存"),
    "gap": ("days before this one have no seal", "此前有日期未封存"),
    "unsealed": ("is dated before the first day that was sealed", "日期早于首个封存日"),
    "chain": ("the seal does not hold that of the day before", "封存记录与前一日不相连"),
    "rows": ("the rows that this line stands for are not what was written", "该行所代表的数据与当时写入的不一致"),
    "archive": ("the archive of this month is missing or is not what was written", "该月归档文件缺失或被改动"),
    "expected": ("the digest is not the one that was noted elsewhere", "摘要与另行记录的不一致"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not as it was: in which log, on which day, which row (0 for the day itself); `what` is a key of `SAYS`."""

    day: date
    log: str
    id: int
    what: str


def faults(*, expected: dict[date, str] | None = None) -> Iterator[Fault]:
    """Yield what is not as it was sealed, day by day, then lines whose rows are not as they were written. Reads everything once, a block at a time."""
    previous = ""
    archives = {held.month: held for held in AuditArchive.objects.all()}
    for held in archives.values():
        if not archiving.is_whole(held):
            yield Fault(held.month, "archive", 0, "archive")
    seals, following = {}, None
    for seal in DaySeal.objects.order_by("day").iterator(chunk_size=100):
        seals[seal.day] = seal.digest
        # A seal of a day to come would keep every day before it from being sealed.
        if seal.day >= min(clock.today(), timezone.localdate(seal.sealed_at)):
            yield Fault(seal.day, "seal", 0, "early")
        if following is None:
            yield from _before(seal.day)
        elif seal.day != following:
            yield Fault(seal.day, "seal", 0, "gap")
        following = seal.day + timedelta(days=1)
        if seal.previous != previous:
            yield Fault(seal.day, "seal", 0, "chain")
        previous = seal.digest
        yield from _of_day(seal, archives.get(seal.day.replace(day=1)))
    for day, digest in (expected or {}).items():
        if seals.get(day) != digest:
            yield Fault(day, "seal", 0, "expected")
    yield from _of_rows()


def _of_day(seal: DaySeal, archive: AuditArchive | None) -> Iterator[Fault]:
    digests, counts = [], {}
    for kept in LOGS:
        counts[kept.name] = 0
        held = seal.blocks.filter(log=kept.name).order_by("number")
        for block in held.iterator(chunk_size=1):
            digests.append(digest_of_block(block.log, block.ids, bytes(block.marks)))
            counts[kept.name] += len(block.ids)
        there: Iterable[Sealed] = rows_of(kept, seal.day)
        if archive is not None:
            # What was left in the tables is in the archive too.
            yield from _compared(seal.day, kept, _marks(held), there, allowed_to_miss=True)
            there = archiving.rows_of_archive(archive, kept, seal.day)
        yield from _compared(seal.day, kept, _marks(held), there)
    if digest_of(seal.day, seal.previous, counts, digests) != seal.digest or counts != {"entries": seal.entries, "changes": seal.changes}:
        yield Fault(seal.day, "seal", 0, "seal")


def _before(first: date) -> Iterator[Fault]:
    """Find rows of days that no seal covers, because sealing began after them."""
    begins, _ends = bounds(first)
    for kept in LOGS:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id, at FROM {kept.table} WHERE at < %s ORDER BY id LIMIT 1000", [begins])  # noqa: S608 - constants
            for number, at in cursor.fetchall():
                yield Fault(timezone.localdate(at), kept.name, number, "unsealed")


def _marks(blocks: QuerySet[SealedBlock]) -> Iterator[tuple[int, bytes]]:
    for block in blocks.iterator(chunk_size=1):
        for at, key in enumerate(block.ids):
            yield key, bytes(block.marks)[at * _MARK : (at + 1) * _MARK]


def _compared(day: date, kept: Log, wanted: Iterable[tuple[int, bytes]], there: Iterable[Sealed], *, allowed_to_miss: bool = False) -> Iterator[Fault]:
    """Walk through both in the order of their keys."""
    rows = iter(there)
    row = next(rows, None)
    for key, mark in wanted:
        while row is not None and row.id < key:
            yield Fault(day, kept.name, row.id, "added")
            row = next(rows, None)
        if row is None or row.id != key:
            if not allowed_to_miss:
                yield Fault(day, kept.name, key, "missing")
            continue
        if row.mark != mark:
            yield Fault(day, kept.name, key, "changed")
        row = next(rows, None)
    for late in chain([row] if row else [], rows):
        yield Fault(day, kept.name, late.id, "added")


def _of_rows() -> Iterator[Fault]:
    """Compare the rows of lines that stand for many with their digests; what was changed or removed since, with a line of its own, is undone first."""
    for label in sorted(row_history.IN_BULK):
        table = apps.get_model(label)._meta.db_table
        since: dict[int, list[tuple[int, str]]] = defaultdict(list)
        later = RowChange.objects.filter(table=table, operation__in=("U", "D")).order_by("id")
        # As text: a number keeps the digits that it was written with.
        for key, number, before in later.values_list("key", "pk", Cast("before", TextField())).iterator(chunk_size=1000):
            since[int(key)].append((number, before))
        for line in RowChange.objects.filter(table=table, operation="I").exclude(digest="").order_by("id").iterator(chunk_size=100):
            if _digest_now(table, line, since) != line.digest:
                yield Fault(timezone.localdate(line.at), "changes", line.pk, "rows")


def _digest_now(table: str, line: RowChange, since: dict[int, list[tuple[int, str]]]) -> str:
    after: dict[str, Any] = line.after or {}
    with connection.cursor() as cursor:
        undone = "[]"
        if since:
            cursor.execute("SELECT key FROM unnest(%s::bigint[]) AS key WHERE key <@ %s::int8multirange", [list(since), line.key])
            held = [(key, [before for number, before in reversed(since[key]) if number > line.pk]) for (key,) in cursor.fetchall()]
            # Put together as text, which the steps are.
            rows = [f'{{"id": {key}, "steps": [{", ".join(steps)}]}}' for key, steps in held if steps]
            undone = f"[{', '.join(rows)}]"
        # The oldest step is laid on last: it says what a column held when the row was added.
        cursor.execute(
            f"""SELECT encode(sha256(string_agg(sha256(convert_to(kept::text, 'UTF8')), '' ORDER BY id)), 'hex') FROM (
                SELECT coalesce(held.id, undone.id) AS id,
                    (SELECT jsonb_object_agg(key, value) FROM (
                        SELECT DISTINCT ON (key) key, value FROM (
                            SELECT 0 AS step, now_held.* FROM jsonb_each(to_jsonb(held)) AS now_held
                            UNION ALL
                            SELECT place, told.* FROM jsonb_array_elements(undone.steps) WITH ORDINALITY AS one (step, place), jsonb_each(one.step) AS told
                        ) AS said ORDER BY key, step DESC) AS latest
                    WHERE key = ANY (%(columns)s)) AS kept
                FROM (SELECT rows.* FROM unnest(%(keys)s::int8multirange) AS span JOIN {table} rows ON rows.id >= lower(span) AND rows.id < upper(span)) AS held
                FULL JOIN jsonb_to_recordset(%(undone)s::jsonb) AS undone (id bigint, steps jsonb) ON undone.id = held.id
            ) AS rows""",  # noqa: S608 - the table of a model
            {"columns": after.get("columns", []), "keys": line.key, "undone": undone},
        )
        return str(cursor.fetchone()[0] or hashlib.sha256(b"").hexdigest())
