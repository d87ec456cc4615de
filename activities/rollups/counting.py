"""How many records stand behind a figure, and on which days: read from the kept totals, exact, and as cheap as the figure itself."""

from collections.abc import Iterable, Mapping
from typing import Final

from activities.models import Metric, OverTime, Series
from activities.rollups.scope import Scope, Span
from activities.rollups.stored import Kept, is_kept
from activities.rollups.totals import totals
from branches.models import Region
from portal.foundation.paging import DayCounts

# As lists of reports are narrowed: see `reports_counted`.
_PARTS: Final[Mapping[str, Series]] = {"expected": Series.REPORTED, "late": Series.LATE, "corrected": Series.CORRECTED}


def count_of(scope: Scope, span: Span, metrics: Iterable[Metric]) -> int | None:
    """Return how many records `records` has of these metrics; None where no totals are kept."""
    return sum(total.count for total in totals(scope, span, metrics).values()) if is_kept(scope) else None


def days_of(scope: Scope, span: Span, metrics: Iterable[Metric]) -> DayCounts | None:
    """Return how many of these records stand on each day, that of a period on its last.

    None where no totals are kept, and of a metric whose latest value holds: of those it is kept on which days values change, not where they stand.
    """
    wanted = list(metrics)
    if scope.region is None or not is_kept(scope) or any(metric.over_time == OverTime.LATEST for metric in wanted):
        return None
    rows = Kept([scope.region.pk], [metric.pk for metric in wanted], span).by("day")
    return DayCounts(sorted(((row["day"], int(row["count"])) for row in rows), reverse=True))


def reports_count_of(region: Region, span: Span, part: str) -> int | None:
    """Return how many reports `reports_counted` keeps of branches hosted in a region, each on its own day; None where no totals are kept."""
    if not is_kept(Scope(region=region)):
        return None
    return sum(int(row["count"]) for row in Kept([region.pk], [_PARTS[part]], span).by("series"))
