"""A scope's figures by day, read once: from them every total of a page is added without asking the database again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db.models import DateField
from django.db.models.functions import Coalesce

from activities.models import Metric, OverTime
from activities.rollups.rows import added_up, placed
from activities.rollups.scope import DAWN, Scope, Span
from activities.rollups.totals import INEXACT, Total, aggregates, as_total

_FIRST = Coalesce("business_date", "entry__version__period_report__first_day", output_field=DateField())
_LAST = Coalesce("business_date", "entry__version__period_report__last_day", output_field=DateField())
_SUMMED = ("total", "count", *(f"n_{qualifier}" for qualifier in INEXACT))


class Ledger:
    """Figures of the metrics that add up, or are listed, by the days on which they stand; `latest` metrics are not in it.

    Its answers equal those of `totals` and `by_day`: both add the same rows, here by day first.
    """

    def __init__(self, scope: Scope, until: date, metrics: Iterable[Metric]) -> None:
        """Read everything up to `until`, in one query."""
        self._metrics = {metric.pk: metric for metric in metrics if metric.over_time != OverTime.LATEST}
        self._rows: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
        counted = placed(scope, added_up(Span(DAWN, until))).filter(metric__in=list(self._metrics))
        for row in counted.order_by().annotate(first=_FIRST, last=_LAST).values("metric", "first", "last").annotate(**aggregates()):
            self._rows[row["metric"]].append(row)

    @property
    def first_day(self) -> date | None:
        """The first day of which there is a figure."""
        return min((row["first"] for rows in self._rows.values() for row in rows), default=None)

    @property
    def last_day(self) -> date | None:
        """The last day of which there is a figure."""
        return max((row["last"] for rows in self._rows.values() for row in rows), default=None)

    def totals(self, span: Span) -> dict[str, Total]:
        """Return the figures of `span` by metric code, in the order of the catalogue."""
        found = ((metric, self.total(metric, span)) for metric in sorted(self._metrics.values(), key=lambda each: each.position))
        return {metric.code: total for metric, total in found if total is not None}

    def total(self, metric: Metric, span: Span) -> Total | None:
        """Return one metric's figure of `span`; None when nothing was reported."""
        rows = [row for row in self._rows.get(metric.pk, ()) if span.first <= row["first"] and row["last"] <= span.last]
        return as_total(metric, _merged(rows)) if rows else None

    def days(self, metric: Metric, span: Span) -> dict[date, Total]:
        """Return one metric's figure of each day of `span` that has one."""
        days: dict[date, list[Mapping[str, Any]]] = defaultdict(list)
        for row in self._rows.get(metric.pk, ()):
            if row["first"] == row["last"] and span.first <= row["first"] <= span.last:
                days[row["first"]].append(row)
        return {day: as_total(metric, _merged(rows)) for day, rows in sorted(days.items())}


def _merged(rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the aggregates of several groups of rows as those of their union."""
    merged: dict[str, Any] = {name: sum(row[name] for row in rows) for name in _SUMMED}
    merged["first_owner"] = min(row["first_owner"] for row in rows)
    merged["last_owner"] = max(row["last_owner"] for row in rows)
    merged["known"] = max(row["known"] for row in rows)
    return merged
