"""A table of regions or branches, such as stands below a region: each with its reports, some of its figures and the course of one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from activities.models import Metric
from activities.rollups import ChildRow, Completeness, Rate, Span, Total
from branches.models import Branch, Region
from portal.charts import MeterPart
from portal.pages.completeness import meter_of
from portal.pages.scopes import dashboard_url, records_url

# The orders beside that of the names. What people did, and what was given, is never ranked.
BY_RATE: Final = "rate"
BY_OVERDUE: Final = "overdue"
ORDERS: Final = (BY_RATE, BY_OVERDUE)
# So many days a course has, however many the page shows.
COURSE: Final = 7
# So many metrics have room beside each other.
COLUMNS: Final = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure that opens its records."""

    metric: Metric
    total: Total | None
    href: str


@dataclass(frozen=True, slots=True)
class ChildLine:
    """A region or branch in the table below the scope; of a branch with what became of its report, as pills name it.

    Attributes:
        course: the first figure of the page on each of the last days, None where there is none.
        rate: the reports due in the days of the page; `rate_href` opens those that came.
        overdue: needs of residents that should have been resolved by now; `overdue_href` opens them.
    """

    name: str
    href: str
    completeness: Completeness
    parts: Sequence[MeterPart]
    cells: Sequence[Cell]
    states: Sequence[str] = ()
    course: Sequence[Decimal | None] = ()
    course_href: str = ""
    rate: Rate = field(default_factory=Rate)
    rate_href: str = ""
    overdue: int = 0
    overdue_href: str = ""

    @property
    def has_course(self) -> bool:
        """Whether there is a day to draw."""
        return any(value is not None for value in self.course)


def child_line(child: Region | Branch, row: ChildRow, columns: Sequence[Metric], span: Span, states: Sequence[str]) -> ChildLine:
    """Return the line of a region or branch, which opens its own dashboard."""
    cells = cells_of(child, row.totals, columns, span)
    return ChildLine(child.name, dashboard_url(child, span), row.completeness, meter_of(row.completeness), cells, states)


def cells_of(thing: Region | Branch, totals: Mapping[str, Total], columns: Sequence[Metric], span: Span, **more: str) -> list[Cell]:
    """Return the figures of a line, each with the address of its records; `more` stands in it too."""
    return [Cell(metric, totals.get(metric.code), records_url(thing, span, metric, **more)) for metric in columns]


def ordered(lines: Iterable[ChildLine], order: str) -> list[ChildLine]:
    """Return the lines as they come, by name; or by the rate of their reports, or by their overdue needs, the worst first. No other order is known."""
    held = list(lines)
    if order == BY_OVERDUE:
        return sorted(held, key=lambda line: -line.overdue)
    if order != BY_RATE:
        return held
    # Where nothing was due there is no rate to be worse or better.
    return sorted(held, key=lambda line: (line.rate.share is None, line.rate.share or 0))


def course_days(span: Span) -> Span:
    """Return the days of a course: the last of the span, or before it where it is shorter."""
    return Span(span.last - timedelta(days=COURSE - 1), span.last)


def course_of(days: Mapping[date, Total], span: Span) -> list[Decimal | None]:
    """Return the value of each day of `span`."""
    return [days[day].value if day in days else None for day in span.days()]


def key_of(child: Region | Branch | None) -> int | None:
    """Return what the roll-ups call the line of a child; None is the line of the region itself."""
    return child.pk if child is not None else None
