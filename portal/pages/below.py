"""The table below a region: its regions or branches, each with the course of a figure and with how many of its reports came."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from activities.models import Metric
from activities.rollups import Completeness, Rate, Span, Total
from branches.models import Branch, Region
from portal.charts import MeterPart

# The one order beside that of the names. What people did, and what was given, is never ranked.
BY_RATE: Final = "rate"
# So many days a course has, however many the page shows.
COURSE: Final = 7


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

    @property
    def has_course(self) -> bool:
        """Whether there is a day to draw."""
        return any(value is not None for value in self.course)


def ordered(lines: Iterable[ChildLine], order: str) -> list[ChildLine]:
    """Return the lines as they come, by name, or by the rate of their reports, the worst first; no other order is known."""
    held = list(lines)
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
