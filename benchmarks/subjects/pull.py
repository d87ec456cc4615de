"""Entries over HTTP: a page of a thousand and all of them as lines, beside the nested serializer, and beside COPY of the same text."""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import accumulate
from typing import Any, Final

from django.db import connection
from django.test import RequestFactory
from knox.models import AuthToken

from activities.api import rows
from activities.models import Entry
from benchmarks import world
from benchmarks.measuring import RUNS, Measured, Work, Wrong, measure
from benchmarks.memory import growth_of
from benchmarks.served import Site, served
from branches.access import Role

MOST_GROWTH: Final = 50 * 1024 * 1024
# The nested serializer takes ten seconds for so many, and minutes for all.
SOME: Final = 20_000
_PAGE: Final = "entries/?page_size=1000"
_ALL: Final = "entries/all/"
_URLS: Final = "benchmarks.baselines.drf_page"


def measured(entries: int, *, runs: int = RUNS, some: int = SOME) -> list[Measured]:
    """Measure over a server of its own, and what a pull takes of its memory.

    Raises:
        Wrong: an answer differs, or the server grew too much.
    """
    user = world.account(Role.OFFICIAL)
    with served(_URLS, AuthToken.objects.create(user=user)[1]) as site:
        page, part, whole = works(site, user, some)
        found = [measure(page, entries, runs=runs), measure(part, entries, runs=runs)]
        growth = growth_of(whole.subject, site.worker)
        if growth > MOST_GROWTH:
            raise Wrong(f"{whole.name}: the server grew by {growth / 2**20:.0f} MB")
        return [*found, measure(whole, entries, runs=runs, notes=(f"the server grows by {growth / 2**20:.0f} MB",))]


def works(site: Site, user: Any, some: int = SOME) -> list[Work]:
    """Return the rows: a page, the entries of so many of the last days as hold `some`, and all entries."""
    total = Entry.objects.counted().count()
    days, held = _holding(some)
    return [
        Work(
            name="API page of a thousand entries with their figures over HTTP",
            ours="written by PostgreSQL",
            theirs="nested ModelSerializer",
            subject=lambda: _drained(site, _PAGE),
            baseline=lambda: _drained(site, f"plain/{_PAGE}"),
            found=lambda: json.loads(b"".join(_read(site, _PAGE)))["results"],
            expected=lambda: json.loads(b"".join(_read(site, f"plain/{_PAGE}")))["results"],
            target=10,
        ),
        Work(
            name=f"API full pull as NDJSON, {total:,} entries, over HTTP: time per 1,000",
            ours="COPY, handed on",
            theirs=f"nested ModelSerializer, a line each, {held:,} of them",
            subject=lambda: _drained(site, _ALL),
            baseline=lambda: _drained(site, f"plain/{_ALL}{days}"),
            found=lambda: _by_id(_lines(_read(site, f"{_ALL}{days}"))),
            expected=lambda: _by_id(_lines(_read(site, f"plain/{_ALL}{days}"))),
            target=25,
            amount=total / 1_000,
            baseline_amount=held / 1_000,
        ),
        Work(
            name=f"API full pull as NDJSON, {total:,} entries, beside bare COPY",
            ours="COPY, handed on",
            theirs="COPY of the same text, to nowhere",
            subject=lambda: _drained(site, _ALL),
            baseline=lambda: _copy(site, user, _Nowhere()),
            found=lambda: _digest(_lines(_read(site, _ALL))),
            expected=lambda: _digest(_copy(site, user, _Kept()).lines),
            # Ours may take 1 / 0.7 of the time.
            target=0.7,
        ),
    ]


class _Nowhere:
    """A file that forgets."""

    def write(self, text: bytes) -> None:
        """Take a row."""


class _Kept(_Nowhere):
    """A file that remembers."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, text: bytes) -> None:
        """Take a row."""
        self.lines.append(text)


def _copy(site: Site, user: Any, into: Any) -> Any:
    """Copy all entries as the API writes them, with nothing between the driver and `into`."""
    request = RequestFactory().get("/", headers={"Host": site.host})
    request.user = user
    statement, params = rows.entries(request).counted().order_by().values_list("written").query.sql_with_params()
    with connection.cursor() as cursor:
        copy = f"COPY ({statement}) TO STDOUT (FORMAT csv, DELIMITER E'\\x01', QUOTE E'\\x02')"
        cursor.cursor.copy_expert(cursor.mogrify(copy, params), into)
    return into


def _holding(some: int) -> tuple[str, int]:
    """Return the query for as few of the last days as hold so many entries, and how many these are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT entry.business_date, count(*) FROM activities_entry entry JOIN activities_reportversion version ON version.id = entry.version_id"
            " WHERE entry.business_date IS NOT NULL AND version.state IN ('filed', 'accepted') GROUP BY 1 ORDER BY 1 DESC"
        )
        days = cursor.fetchall()
    held = list(accumulate(count for _day, count in days))
    enough = next((number for number, count in enumerate(held) if count >= some), len(days) - 1)
    return f"?from={days[enough][0]}&to={days[0][0]}", held[enough]


def _read(site: Site, path: str) -> Iterator[bytes]:
    return site.read(f"/api/v1/{path}")


def _drained(site: Site, path: str) -> None:
    for _chunk in _read(site, path):
        pass


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield whole lines, without the one at the end that tells how many there are."""
    begun = b""
    for chunk in chunks:
        *whole, begun = (begun + chunk).split(b"\n")
        yield from (line for line in whole if not line.startswith(b'{"rows"'))


def _by_id(lines: Iterable[bytes]) -> dict[str, Any]:
    return {row["public_id"]: row for row in map(json.loads, lines)}


def _digest(lines: Iterable[bytes]) -> dict[str, int]:
    """Return what identifies lines in whatever order."""
    count = total = 0
    for line in lines:
        count, total = count + 1, (total + int.from_bytes(sha256(line.rstrip(b"\n")).digest())) % 2**256
    return {"lines": count, "sum of their digests": total}
