"""A metric's line on a page or in a chat: of the day or the span, running, and as it was the day before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from activities.figures import Qualifier
from activities.models import Metric, OverTime
from activities.rollups.ledger import Ledger
from activities.rollups.scope import DAWN, Span
from activities.rollups.totals import Total, change


@dataclass(frozen=True, slots=True)
class Line:
    """当日 or the span, 累计, 较昨日 or the span before.

    Attributes:
        running: everything up to the end of the span; None for a `latest` metric, whose value is a state and has no running total.
        before: of the day before, when the span is one day; of as many days directly before, where that was asked for.
        compared: whether the two say something about the day: a branch that gave no value has not stayed the same.
    """

    metric: Metric
    now: Total | None
    running: Total | None
    before: Total | None
    compared: bool = True

    @property
    def change(self) -> tuple[Decimal, Qualifier] | None:
        """By how much the figure moved since the day or the span before, when both have one."""
        return change(self.now, self.before) if self.compared else None

    @property
    def weight(self) -> int:
        """How many figures stand behind it, for the order of importance."""
        total = self.running or self.now
        return total.count if total else 0


def lines(span: Span, metrics: Iterable[Metric], ledger: Ledger, *, compare: bool = False) -> list[Line]:
    """Return a line for each metric that was ever reported up to the end of `span`, in the order of the catalogue.

    A single day is compared with the day before; several days with as many before them, if `compare` asks for it.
    """
    held = sorted(metrics, key=lambda metric: metric.position)
    latest = [metric for metric in held if metric.over_time == OverTime.LATEST]
    earlier = span.before()
    held_on = ledger.in_force({metric: [earlier.last, span.last] for metric in latest})
    now = ledger.totals(span) | _on(span.last, held_on)
    running = ledger.totals(Span(DAWN, span.last))
    before = ledger.totals(earlier) | _on(earlier.last, held_on) if compare or span.length == 1 else {}
    found = (Line(metric, now.get(metric.code), running.get(metric.code), before.get(metric.code)) for metric in held)
    return [line for line in found if line.now or line.running]


def _on(day: date, values: Mapping[str, Mapping[date, Total]]) -> dict[str, Total]:
    return {code: days[day] for code, days in values.items() if day in days}
