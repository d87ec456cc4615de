"""How cost grows from one size to a larger one, over the same branches, days and series."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.measuring import Measured
from benchmarks.plans import Cost

# Cost that follows the entries grows tenfold where they do; what follows days, series and children hardly moves.
_ORDER = 0.5
# What a node keeps over 90 days, a page and its surroundings: kept totals fill up as entries come, until each day has each series.
_FEW = 10_000
# Tenfold the entries may make a page of kept totals so much slower, by the target table.
_SLOWER = 1.2


@dataclass(frozen=True)
class Grown:
    """A row of the table at two sizes."""

    name: str
    entries: Sequence[int]
    costs: Sequence[Cost]
    time: float

    @property
    def wrong(self) -> str:
        """What grew in the wrong order; empty when nothing did."""
        small, large = self.costs
        if small.queries != large.queries:
            return f"{self.name}: {small.queries} statements at {self.entries[0]:,} entries, {large.queries} at {self.entries[1]:,}"
        allowed = (self.entries[1] / self.entries[0]) ** _ORDER
        if large.rows > _FEW and large.rows > allowed * small.rows:
            return f"{self.name}: touches {small.rows:,} rows at {self.entries[0]:,} entries, {large.rows:,} at {self.entries[1]:,}"
        return ""

    @property
    def verdict(self) -> str:
        """The same for the table; of the dashboard also whether its time keeps the target."""
        if self.wrong:
            return "**wrong order**"
        if not self.name.startswith("dashboard"):
            return "bounded"
        return f"bounded; time <= {_SLOWER}x " + ("reached" if self.time <= _SLOWER else "**missed**")


def grown(rows: Sequence[Measured]) -> list[Grown]:
    """Return each row whose cost must not follow the entries, from each size to the next."""
    by_row: dict[str, list[Measured]] = {}
    for row in sorted(rows, key=lambda row: row.entries):
        by_row.setdefault(row.row, []).append(row)
    return [found for measured in by_row.values() for pair in pairwise(measured) if (found := _of(*pair)) is not None]


def _of(small: Measured, large: Measured) -> Grown | None:
    if small.cost is None or large.cost is None:
        return None
    time = large.subject.median / small.subject.median if small.subject and large.subject else 1
    return Grown(large.name, (small.entries, large.entries), (small.cost, large.cost), time)
