"""Pages of a list: a slice, whether there is more, and how many there are; exact up to a bound, then said to be more.

A list that may be long is read by keyset: a page begins behind a row, so that no depth costs more than the first page, and rows filed meanwhile shift
nothing. A short one whose order is computed is read by number.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Generic, Self, TypeVar
from uuid import UUID

from django.db.models import BooleanField, DateField, F, Func, IntegerField, Model, QuerySet, Subquery, Value
from django.db.models.lookups import GreaterThan, LessThan

from portal.foundation import clock

M = TypeVar("M", bound=Model)

PAGE_SIZE = 50
# Counting further costs more than the answer is worth to a reader.
COUNTED_UP_TO = 1000
# A page far down is a search that should be narrowed, and an offset that the database must walk.
LAST_PAGE = 1000


class Row(Func):
    """(a, b) as PostgreSQL compares rows: one step into an index, where the same written with OR reads everything before."""

    template = "(%(expressions)s)"
    output_field = BooleanField()


class CappedCount(Subquery):
    """How many rows there are, counted by the database beside something else; counting stops after 1,000."""

    # Of what cannot be, there is nothing.
    empty_result_set_value = 0
    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: "QuerySet[Any, Any]") -> None:
        super().__init__(rows.order_by().values("pk")[: COUNTED_UP_TO + 1])


def count_text(total: int) -> str:
    """Say how many there are: exact up to 1,000, `1,000+` above."""
    return f"{min(total, COUNTED_UP_TO):,}" + ("+" if total > COUNTED_UP_TO else "")


@dataclass(frozen=True)
class Counted:
    """How many rows a list has; `total` is a lower bound when it is not `exact`."""

    total: int
    exact: bool = True

    @classmethod
    def capped(cls, rows: "QuerySet[Any, Any]") -> Self:
        """Count rows one by one, up to 1,000."""
        found = rows.order_by()[: COUNTED_UP_TO + 1].count()
        return cls(min(found, COUNTED_UP_TO), found <= COUNTED_UP_TO)

    @property
    def pages(self) -> int:
        """How many pages they fill, where it is known how many there are."""
        return -(-self.total // PAGE_SIZE) if self.exact else 0


# --- By keyset ----------------------------------------------------------------------------------------------------------

Place = tuple[Any, ...]
# The parameters of an address that choose a page.
TURNS: Final = ("after", "before", "at", "page")
# In place of a mark: behind the last row.
END: Final = "end"
_DAY_MARK: Final = re.compile(r"(\d{4}-\d\d-\d\d)\.(\d{1,18})", re.ASCII)


@dataclass(frozen=True)
class Turn:
    """Which page of a list an address asks for: behind a mark, before one, from a day on, or by number.

    `at_typed` is what stands in the address in place of a day, `refused` whether it is none.
    """

    after: str = ""
    before: str = ""
    at: date | None = None
    number: int | None = None
    at_typed: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Read an address; anything but a number is no number."""
        typed, number = query.get("at", "").strip()[:20], query.get("page", "").strip()
        # Nothing in a database has a number of more than nine digits of pages.
        wanted = max(int(number), 1) if number.isascii() and number.isdecimal() and len(number) < len("1000000000") else None
        return cls(query.get("after", ""), query.get("before", ""), clock.read_day(typed), wanted, typed)

    @property
    def refused(self) -> bool:
        """Whether a day was asked for that is none."""
        return bool(self.at_typed) and self.at is None

    def is_readable(self, order: "Keyset[Any]") -> bool:
        """Whether its marks name places."""
        return all(not mark or mark == END or order.place_of(mark) is not None for mark in (self.after, self.before))


@dataclass(frozen=True)
class KeysetPage(Generic[M]):
    """A page of a list that is read by keyset.

    Attributes:
        previous, next: the marks of its first and last row, empty where nothing lies beyond.
        number: which page it is, where that is known.
    """

    items: list[M]
    is_first: bool
    previous: str
    next: str
    number: int | None = None


@dataclass(frozen=True)
class DayCounts:
    """How many rows of a list stand on each day, the newest day first."""

    days: Sequence[tuple[date, int]]

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(count for _day, count in self.days)

    def find(self, number: int) -> tuple[date, int, int]:
        """Return the day on which row `number`, counted from 0, stands, how many rows of that day stand before it, and how many that day has.

        Raises:
            IndexError: there are not so many.
        """
        for day, count in self.days:
            if number < count:
                return day, number, count
            number -= count
        raise IndexError(number)

    def reach(self, day: date | None, rows: int, *, forwards: bool) -> date | None:
        """Return the day by which `rows` rows stand behind `day`, or before it, that day itself not counted; None when there are not so many."""
        for other, count in self.days if forwards else reversed(self.days):
            if day is None or (other < day if forwards else other > day):
                rows -= count
                if rows <= 0:
                    return other
        return None


class Keyset(ABC, Generic[M]):
    """The order of a list: columns that together are unique and never NULL, all ascending or all descending."""

    columns: Sequence[str]
    newest_first = False

    @abstractmethod
    def mark(self, row: M) -> str:
        """Return how an address names a row."""

    @abstractmethod
    def place_of(self, mark: str) -> Place | None:
        """Return where the row that a mark names stands; None when it names nothing."""

    def page(self, turn: Turn, *sources: "QuerySet[M, Any]") -> KeysetPage[M]:
        """Return the page behind a mark, before one, or the last one; the first when the mark names nothing.

        The list is what the sources make together. Each is read in this order, so that each walks its own index.
        """
        place = self.place_of(turn.before) if turn.before else None
        if place is not None or turn.before == END:
            found = self._taken(sources, place, forwards=False)
            return self._turned(found[:PAGE_SIZE][::-1], before=len(found) > PAGE_SIZE, behind=place is not None)
        return self._from(sources, self.place_of(turn.after) if turn.after else None)

    def _from(self, sources: "Sequence[QuerySet[M, Any]]", place: Place | None, *, before: bool = True, number: int | None = None) -> KeysetPage[M]:
        found = self._taken(sources, place)
        return self._turned(found[:PAGE_SIZE], before=before and place is not None, behind=len(found) > PAGE_SIZE, number=number)

    def _turned(self, items: list[M], *, before: bool, behind: bool, number: int | None = None) -> KeysetPage[M]:
        number = number if before else 1
        return KeysetPage(items, not before, self.mark(items[0]) if items and before else "", self.mark(items[-1]) if items and behind else "", number)

    def _taken(self, sources: "Sequence[QuerySet[M, Any]]", place: Place | None, *, forwards: bool = True) -> list[M]:
        """Return the rows that follow a place, or stand before it: one more than a page, the nearest first."""
        found = [row for rows in sources for row in self._ordered(self._beyond(rows, place, forwards), forwards)[: PAGE_SIZE + 1]]
        return sorted(found, key=self._place, reverse=self.newest_first is forwards)[: PAGE_SIZE + 1] if len(sources) > 1 else found

    def _beyond(self, rows: "QuerySet[M, Any]", place: Place | None, forwards: bool) -> "QuerySet[M, Any]":
        if place is None:
            return rows
        lookup = LessThan if self.newest_first is forwards else GreaterThan
        values = [Value(value, DateField()) if isinstance(value, date) and not isinstance(value, datetime) else Value(value) for value in place]
        return rows.filter(lookup(Row(*map(F, self.columns)), Row(*values)))

    def _ordered(self, rows: "QuerySet[M, Any]", forwards: bool = True) -> "QuerySet[M, Any]":
        return rows.order_by(*(f"-{column}" if self.newest_first is forwards else column for column in self.columns))

    def _place(self, row: M) -> Place:
        return tuple(getattr(row, column) for column in self.columns)


class ByDay(Keyset[M]):
    """The newest day first, and on a day the highest key. Marks are written `2020-03-06.17`."""

    newest_first = True

    def __init__(
        self,
        day: str = "day",
        key: str = "pk",
        *,
        whole: "QuerySet[M, Any] | None" = None,
        counts: DayCounts | None = None,
        beside: "Sequence[QuerySet[M, Any]]" = (),
    ) -> None:
        """Read rows by the columns `day` and `key`.

        Where finding a row is dear, only keys are found, and the rows of the page are then taken from `whole`. `counts` says how many rows of the sources
        stand on each day, and so which days a page needs; rows of the list that it does not count are `beside`.
        """
        self.columns = (day, key)
        self._whole, self._counts, self._beside = whole, counts, beside

    def mark(self, row: M) -> str:
        """Return the day and the key."""
        day, key = self._place(row)
        return f"{day}.{key}"

    def place_of(self, mark: str) -> Place | None:
        """Read the day and the key."""
        written = _DAY_MARK.fullmatch(mark)
        day = clock.read_day(written[1]) if written else None
        return (day, int(written[2])) if written and day else None

    def page(self, turn: Turn, *sources: "QuerySet[M, Any]") -> KeysetPage[M]:
        """Return the page as a mark says, or the one that begins at a day; by number where it is known how many rows stand on each day."""
        if turn.after or turn.before:
            return super().page(turn, *sources)
        if turn.at:
            before = _before(turn.at)
            return self._from(sources, before, before=bool(self._taken(sources, before, forwards=False)))
        if self._counts is None or self._beside or not self._counts.total or turn.number in (None, 1):
            return self._from(sources, None)
        number = min(turn.number or 1, Counted(self._counts.total).pages)
        return self._from(sources, self._skipped(sources, *self._counts.find((number - 1) * PAGE_SIZE)), before=number > 1, number=number)

    def _beyond(self, rows: "QuerySet[M, Any]", place: Place | None, forwards: bool) -> "QuerySet[M, Any]":
        found = super()._beyond(rows, place, forwards)
        # Said of the day alone too: a walk begins at the nearest bound of a single column, and reports of periods are sought by their day.
        return found if place is None else found.filter(**{f"{self.columns[0]}__{'lte' if forwards else 'gte'}": place[0]})

    def _taken(self, sources: "Sequence[QuerySet[M, Any]]", place: Place | None, *, forwards: bool = True) -> list[M]:
        """Read only the days that hold a page; all that follow when meanwhile they hold less, for counts and rows are read one after the other."""
        day = place[0] if place else None
        reached = self._counts.reach(day, PAGE_SIZE + 1, forwards=forwards) if self._counts else None
        if reached is not None:
            lookup = f"{self.columns[0]}__{'gte' if forwards else 'lte'}"
            found = self._read([*(rows.filter(**{lookup: reached}) for rows in sources), *self._beside], place, forwards)
            if len(found) > PAGE_SIZE:
                return found
        return self._read([*sources, *self._beside], place, forwards)

    def _read(self, sources: "Sequence[QuerySet[M, Any]]", place: Place | None, forwards: bool) -> list[M]:
        if self._whole is None:
            return super()._taken(sources, place, forwards=forwards)
        places = self._places([self._beyond(rows, place, forwards) for rows in sources], slice(0, PAGE_SIZE + 1), forwards)
        rows = self._whole.filter(**{f"{self.columns[1]}__in": [key for _day, key in places]})
        return sorted(rows, key=self._place, reverse=forwards)

    def _skipped(self, sources: "Sequence[QuerySet[M, Any]]", day: date, rows: int, count: int) -> Place:
        """Return the place of the last of the first `rows` rows of a day that has `count`; before the day when there are none."""
        if not rows:
            return _before(day)
        # From the nearer end, and of each source no further than that.
        forwards = rows <= count // 2
        skipped = rows - 1 if forwards else count - rows
        last = self._places([source.filter(**{self.columns[0]: day}) for source in sources], slice(skipped, skipped + 1), forwards)
        return last[0] if last else _before(day)

    def _places(self, sources: "Sequence[QuerySet[M, Any]]", wanted: slice, forwards: bool) -> list[Place]:
        """Return the places of some rows of all sources together."""
        parts = [self._ordered(rows, forwards).values_list(*self.columns) for rows in sources]
        if len(parts) < 2:
            return list(parts[0][wanted]) if parts else []
        together: QuerySet[M, Any] = parts[0][: wanted.stop].union(*(part[: wanted.stop] for part in parts[1:]), all=True)
        return list(self._ordered(together, forwards)[wanted])


class ByColumns(Keyset[M]):
    """By columns of the rows themselves, which addresses do not tell: marks are public identifiers, looked up among what the reader may see."""

    def __init__(self, *columns: str, among: "QuerySet[M, Any]") -> None:
        self.columns = columns
        self._among = among

    def mark(self, row: Any) -> str:
        """Return the public identifier."""
        return str(row.public_id)

    def place_of(self, mark: str) -> Place | None:
        """Look the row up."""
        try:
            return self._among.order_by().filter(public_id=UUID(mark)).values_list(*self.columns).first()
        except ValueError:
            return None


class ByNumber(Keyset[M]):
    """The highest primary key first, which rows get in the order of their coming."""

    newest_first = True
    columns = ("pk",)

    def mark(self, row: M) -> str:
        """Return the key."""
        return str(row.pk)

    def place_of(self, mark: str) -> Place | None:
        """Read the key."""
        return (int(mark),) if mark.isascii() and mark.isdecimal() and len(mark) < len(str(2**63 - 1)) else None


class ByMoment(Keyset[M]):
    """The latest moment first, of rows of several kinds together. Marks are written `2020-03-06T21:00:00.000001+00:00,17`."""

    newest_first = True
    columns = ("at", "pk")

    def mark(self, row: M) -> str:
        """Return moment and key."""
        at, key = self._place(row)
        return f"{at.isoformat()},{key}"

    def place_of(self, mark: str) -> Place | None:
        """Read moment and key."""
        at, _comma, key = mark.partition(",")
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            return None
        return (moment, int(key)) if moment.tzinfo is not None and key.isascii() and key.isdecimal() and len(key) < 19 else None


def _before(day: date) -> Place:
    """Return the place before all rows of a day: keys begin at 1."""
    return day + timedelta(days=1), 0


# --- By number ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Page(Generic[M]):
    """A page of a list."""

    items: list[M]
    number: int
    total: int
    has_next: bool

    @property
    def total_text(self) -> str:
        """How many rows there are: exact up to 1,000, `1000+` above."""
        return str(self.total) if self.total <= COUNTED_UP_TO else f"{COUNTED_UP_TO}+"

    @property
    def shown(self) -> str:
        """The rows on this page, as 51–100."""
        first = (self.number - 1) * PAGE_SIZE + 1
        return f"{first}–{first + len(self.items) - 1}" if self.items else ""

    @property
    def previous(self) -> int | None:
        """The number of the page before, if any."""
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        """The number of the page after, if any."""
        return self.number + 1 if self.has_next else None


def page_of(rows: "QuerySet[M, Any]", number: str | None) -> Page[M]:
    """Return page `number` of `rows`, in their order; anything but a number from 1 to 1,000 is the first page."""
    wanted = int(number) if number and number.isascii() and number.isdecimal() and len(number) <= len(str(LAST_PAGE)) else 1
    wanted = min(max(wanted, 1), LAST_PAGE)
    start = (wanted - 1) * PAGE_SIZE
    found = list(rows[start : start + PAGE_SIZE + 1])
    total = rows.order_by()[: COUNTED_UP_TO + 1].count()
    return Page(found[:PAGE_SIZE], wanted, total, len(found) > PAGE_SIZE)
