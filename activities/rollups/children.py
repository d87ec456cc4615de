"""The table below a region: its child regions, or its branches."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import DateField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from activities.models import Metric
from activities.querysets import MeasureQuerySet
from activities.rollups.completeness import Completeness, completeness_by
from activities.rollups.rows import records
from activities.rollups.scope import Scope, Span
from activities.rollups.totals import Total, aggregates, as_total, catalogue
from branches.models import Branch, BranchPlace, Level, Region, RegionPath


@dataclass(frozen=True, slots=True)
class ChildRow:
    """A line of the table below a scope; `child` None holds what was done at the region itself, in none of its children."""

    child: Region | Branch | None
    completeness: Completeness
    totals: Mapping[str, Total]

    @property
    def due(self) -> int:
        """Branches that owe a report for the last day of the span."""
        return self.completeness.due

    @property
    def reported(self) -> int:
        """Branches that have filed it."""
        return self.completeness.reported


def by_child(scope: Scope, span: Span, metrics: Iterable[Metric]) -> list[ChildRow]:
    """Return a row for each region directly below a region, or, below a community and lower, for each of its branches; five queries at most.

    Completeness is that of the last day of the span. The rows add up to the totals of the region. A branch has itself as its only row;
    what lies below a work unit is told by `attributed_by_child`.
    """
    if scope.work_unit is not None:
        return []
    wanted = catalogue(metrics)
    by_region = scope.region if scope.region is not None and not lists_branches(scope) else None
    owner: Combinable = Subquery(_child_of(by_region, OuterRef("entry__place"), _OWN_DAY)) if by_region else F("branch")
    host: Combinable = Subquery(_child_of(by_region, _host_on(span.last), span.last)) if by_region else F("pk")
    expected = completeness_by(scope, span.last, host)
    found: dict[int | None, dict[str, Total]] = defaultdict(dict)
    for row in records(scope, span, metrics=wanted.values()).order_by().annotate(child=owner).values("child", "metric").annotate(**aggregates()):
        metric = wanted[row["metric"]]
        found[row["child"]][metric.code] = as_total(metric, row)
    children = _named(by_region, span, {*expected, *found})
    nothing = Completeness(span.last, 0, 0)
    return [ChildRow(child, expected.get(pk, nothing), found.get(pk, {})) for pk, child in children.items()]


def lists_branches(scope: Scope) -> bool:
    """Say whether what lies below the scope is shown by branch: a community and lower holds few of them."""
    return scope.region is not None and Level(scope.region.level).rank >= Level.COMMUNITY.rank


def directly_in(region: Region, measures: MeasureQuerySet) -> MeasureQuerySet:
    """Keep the records of a region that lie in none of the regions below it: those of the row without a child."""
    held: MeasureQuerySet = measures.filter(~Exists(_child_of(region, OuterRef("entry__place"), _OWN_DAY)))
    return held


# Of an outer measure: the day on which it stands.
_OWN_DAY: Final = Coalesce(OuterRef("business_date"), OuterRef("entry__version__period_report__last_day"), output_field=DateField())


def _host_on(day: Any) -> Subquery:
    """Return the host region of an outer branch on `day`, two queries out."""
    return Subquery(BranchPlace.objects.filter(branch=OuterRef(OuterRef("pk")), during__contains=day).values("region")[:1])


def _child_of(region: Region, place: Any, day: Any) -> QuerySet[RegionPath, Any]:
    """Return, for an outer row, the region directly below `region` in which `place` lies on `day`."""
    lies = RegionPath.objects.filter(descendant=place, during__contains=day)
    # One filter: the same row of the dated tree must name the parent and hold the day.
    return lies.filter(ancestor__parents__parent=region, ancestor__parents__during__contains=day).values("ancestor")[:1]


def _named(region: Region | None, span: Span, wanted: set[int | None]) -> dict[int | None, Region | Branch | None]:
    """Return the children by key, in the order of their names: those of today, and those that have figures though they lie elsewhere by now."""
    held = [pk for pk in wanted if pk is not None]
    named: dict[int | None, Region | Branch | None] = {}
    if region is None:
        named.update((branch.pk, branch) for branch in Branch.objects.filter(pk__in=held).by_name())
        return named
    current = Region.objects.children_of(region, span.last).values("pk")
    named.update((child.pk, child) for child in Region.objects.filter(Q(pk__in=current) | Q(pk__in=held)).order_by("name_key", "pk"))
    if None in wanted:
        named[None] = None
    return named
