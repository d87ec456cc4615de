"""Pages of a list: a slice, whether there is more, and how many there are; exact up to a bound, then said to be more."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import BooleanField, Func, IntegerField, Model, QuerySet, Subquery

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

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()

    def __init__(self, rows: "QuerySet[Any, Any]") -> None:
        super().__init__(rows.order_by().values("pk")[: COUNTED_UP_TO + 1])


def count_text(total: int) -> str:
    """Say how many there are: exact up to 1,000, `1,000+` above."""
    return f"{min(total, COUNTED_UP_TO):,}" + ("+" if total > COUNTED_UP_TO else "")


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
