"""The rows behind a figure as a file, a million of them: csv beside bare COPY, a workbook beside openpyxl."""

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from hashlib import sha256
from io import TextIOWrapper
from itertools import accumulate, islice
from tempfile import TemporaryFile
from typing import IO, Any, Final

from django.db import connection
from python_calamine import CalamineWorkbook

from activities import rollups
from activities.figures import Qualifier
from activities.models import ActivityKind
from activities.rollups import Scope, Span
from benchmarks import world
from benchmarks.baselines.bare_export import bare_copy, by_openpyxl, rows_of
from benchmarks.measuring import RUNS, Measured, Work, Wrong, measure
from benchmarks.memory import growth_of
from branches.access import Role
from portal.pages.scopes import records_url
from portal.templatetags.ui import LOOKS

ROWS: Final = 1_000_000
MOST_GROWTH: Final = 64 * 1024 * 1024
# openpyxl takes minutes for a million rows.
RUNS_OF_WORKBOOKS: Final = 3
# Rows that are compared as one: enough to name a place, few enough to remember.
_COMPARED: Final = 1_000


def measured(entries: int, *, runs: int = RUNS, rows: int = ROWS) -> list[Measured]:
    """Measure both files, and what sending each takes of memory.

    Raises:
        Wrong: a file has another cell than the database, or took too much memory.
    """
    found = []
    for work in works(rows):
        # First of all, while nothing else has made the process large.
        growth = growth_of(work.subject)
        if growth > MOST_GROWTH:
            raise Wrong(f"{work.name}: the process grew by {growth / 2**20:.0f} MB")
        notes = (f"the process that sends it grows by {growth / 2**20:.0f} MB", "every cell compared")
        found.append(measure(work, entries, runs=runs if "csv" in work.name else min(runs, RUNS_OF_WORKBOOKS), notes=notes))
    return found


def works(rows: int = ROWS) -> list[Work]:
    """Return the rows: the records of the province on as many of the last days as hold `rows`, or on all of them."""
    scope, span = Scope.of(world.province()), _holding(rows)
    parts = rollups.records_apart(scope, span)
    address = records_url(scope.object, span).replace("/records/?", "/records/export.{}?")
    client = world.client_of(world.account(Role.OFFICIAL))
    count = sum(part.count() for part in parts)

    def sent(ending: str) -> Iterator[bytes]:
        """Yield a file as a browser gets it."""
        response: Any = client.get(address.format(ending))
        if response.status_code != 200:
            raise RuntimeError(f"{address}: {response.status_code}")
        yield from response

    def row(name: str, theirs: str, baseline: Callable[[Any, IO[bytes]], None], read: Callable[[IO[bytes]], Iterator[list[str]]], target: float) -> Work:
        ending = name.rpartition(" ")[2]
        return Work(
            name=f"{name}, {count:,} rows",
            ours="as a browser gets it: asked, logged, guarded, named",
            theirs=theirs,
            subject=lambda: _written(lambda file: file.writelines(sent(ending))),
            baseline=lambda: _written(lambda file: baseline(parts, file)),
            found=lambda: _written(lambda file: file.writelines(sent(ending)), lambda file: _digests(read(file))),
            expected=lambda: _digests(_named(rows_of(parts))),
            target=target,
        )

    return [
        row("records as csv", "COPY of the same rows and fields, as they are", bare_copy, _of_csv, 0.85),
        row("records as xlsx", "openpyxl write_only, the same rows and fields", by_openpyxl, _of_workbook, 5),
    ]


def _holding(rows: int) -> Span:
    """Return the fewest of the last days that hold so many figures; all days when they hold fewer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT business_date, count(*) FROM activities_measure WHERE business_date IS NOT NULL GROUP BY 1 ORDER BY 1 DESC")
        days: list[tuple[date, int]] = cursor.fetchall()
    held = accumulate(count for _day, count in days)
    enough = next((number for number, count in enumerate(held) if count >= rows), len(days) - 1)
    return Span(days[enough][0], days[0][0])


def _written(write: Callable[[IO[bytes]], Any], read: Callable[[IO[bytes]], Any] | None = None) -> Any:
    """Write a file, and read it."""
    with TemporaryFile() as file:
        write(file)
        file.seek(0)
        return read(file) if read else None


def _of_csv(file: IO[bytes]) -> Iterator[list[str]]:
    yield from islice(csv.reader(TextIOWrapper(file, "utf-8-sig", newline="")), 1, None)


def _of_workbook(file: IO[bytes]) -> Iterator[list[str]]:
    """Yield the rows of its first sheets, without the last one, which is about them."""
    book = CalamineWorkbook.from_filelike(file)
    for name in book.sheet_names[:-1]:
        for row in islice(book.get_sheet_by_name(name).iter_rows(), 1, None):
            yield [_text(cell) for cell in row]


def _named(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[str]]:
    """Yield rows of the database in the words of the file."""
    kinds = {kind.value: str(kind.label) for kind in ActivityKind}
    qualifiers = {qualifier.value: str(qualifier.label) for qualifier in Qualifier}
    for day, first, branch, kind, metric, unit, value, qualifier, entered, printed_unit, own_unit, printed, number, state in rows:
        words = (branch, kinds[kind], metric, unit, value, qualifiers[qualifier], entered, printed_unit or own_unit, printed, number, LOOKS[state].label)
        yield [_text(cell) for cell in (day, first, *words)]


def _text(cell: Any) -> str:
    if isinstance(cell, float | int | Decimal):
        return f"{Decimal(str(cell)).normalize():f}"
    return "" if cell is None else str(cell)


def _digests(rows: Iterator[list[str]]) -> list[str]:
    """Return what identifies each thousand rows: a million of them would not fit."""
    found = []
    while held := list(islice(rows, _COMPARED)):
        found.append(sha256("\n".join("\0".join(row) for row in held).encode()).hexdigest())
    return found
