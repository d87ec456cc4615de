"""A scope's figures by day, read once: from them every total of a page is added without asking the database again."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import DateField
from django.db.models.functions import Coalesce

from activities.models import Metric, OverTime
from activities.rollups.rows import added_up, placed
from activities.rollups.scope import DAWN, Scope, Span
from activities.rollups.stored import Kept, is_kept
from activities.rollups.totals import INEXACT, Total, aggregates, as_total, values_in_force, values_of
from branches.models import Region

_FIRST = Coalesce("business_date", "entry__version__period_report__first_day", output_field=DateField())
_LAST = Coalesce("business_date", "entry__version__period_report__last_day", output_field=DateField())
_SUMMED = ("total", "count", "owners", "owner_squares", *(f"n_{qualifier}" for qualifier in INEXACT))


class Ledger:
    """A scope's figures by the days on which they stand.

    Its answers equal those of `totals` and `by_day`: both add the same rows, here by day first.
    """

    def __init__(self, scope: Scope, until: date, metrics: Iterable[Metric]) -> None:
        """Read everything up to `until`, in one query."""
        held = list(metrics)
        self._scope = scope
        self._metrics = {metric.pk: metric for metric in held if metric.over_time != OverTime.LATEST}
        self._rows: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
        self._steps: list[Mapping[str, Any]] | None = None
        if scope.region is not None and is_kept(scope):
            self._read_kept(scope.region, until, [metric.pk for metric in held])
        else:
            for row in _added(scope, until, self._metrics):
                self._rows[row["metric"]].append(row)

    def _read_kept(self, region: Region, until: date, series: list[int]) -> None:
        steps = [each for each in series if each not in self._metrics]
        self._steps = []
        for row in Kept([region.pk], series, Span(DAWN, until), steps).by("series", "day", "days"):
            if row["series"] not in self._metrics:
                self._steps.append(row)
            elif row["count"]:
                self._rows[row["series"]].append({**row, "first": row["day"] - timedelta(days=row["days"] - 1), "last": row["day"]})

    def in_force(self, asked: Mapping[Metric, Iterable[date]]) -> dict[str, dict[date, Total]]:
        """Return for each `latest` metric, by code, its figure on the days asked for; one query more where no steps are kept."""
        return values_in_force(self._scope, asked) if self._steps is None else values_of(asked, self._steps)

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


def _added(scope: Scope, until: date, metrics: Iterable[int]) -> Iterable[Mapping[str, Any]]:
    """Return the aggregates by metric and the days on which figures stand, added up from the records."""
    counted = placed(scope, added_up(Span(DAWN, until))).filter(metric__in=list(metrics))
    rows: Iterable[Mapping[str, Any]] = counted.order_by().annotate(first=_FIRST, last=_LAST).values("metric", "first", "last").annotate(**aggregates())
    return rows


def _merged(rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the aggregates of several groups of rows as those of their union."""
    merged: dict[str, Any] = {name: sum(row[name] for row in rows) for name in _SUMMED}
    merged["known"] = max((row["known"] for row in rows if row["known"]), default=None)
    return merged
