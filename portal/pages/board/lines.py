"""What a dashboard prints, line by line: a figure beside the addresses that it opens."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from activities.rollups import Attributed, Comparison, Line


@dataclass(frozen=True, slots=True)
class Tile:
    """A principal figure with its course over the last days."""

    line: Line
    href: str
    course: Sequence[Decimal | None]

    @property
    def has_course(self) -> bool:
        """Whether there is a day to draw."""
        return any(value is not None for value in self.course)


@dataclass(frozen=True, slots=True)
class LineRow:
    """A metric in the table of all figures."""

    line: Line
    now_href: str
    running_href: str
    chart_href: str


@dataclass(frozen=True, slots=True)
class RegisterTile:
    """What a register says, with the address of its records.

    Attributes:
        note: what stands below the value, or nothing.
        rows: the same for a file, each number with what it is.
    """

    title: str
    value: str
    unit: str
    note: str
    href: str
    rows: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class UnitLine:
    """A work unit in the table below a unit."""

    name: str
    href: str
    done: Attributed
    records_href: str


@dataclass(frozen=True, slots=True)
class SentLine:
    """A work unit whose people worked in a region: counts, no persons; no address for whoever may not open the unit's page."""

    name: str
    above: str
    href: str
    done: Attributed
    records_href: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A statement beside the portal's own figure, which opens its records when one metric makes it."""

    comparison: Comparison
    href: str
