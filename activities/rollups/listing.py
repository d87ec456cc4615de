"""The records behind a figure as lists: the rows of `records` in parts that each come in the order of an index, so that a page costs a page."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from django.db.models import DateField, Exists, F, OuterRef, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThan

from activities.models import Entry, EntryParticipant, Measure, Metric, OverTime, PeriodReport
from activities.querysets import MeasureQuerySet
from activities.rollups.rows import DAY, beside, placed, reports_beside
from activities.rollups.scope import DAWN, Scope, Span
from activities.rollups.stored import is_kept
from branches.models import RegionPath, WorkUnitPath
from portal.foundation.among import among
from portal.foundation.paging import Row

LAST: Final = "entry__version__period_report__last_day"
# More are a prefecture or a province, of whose rows nearly each one is wanted.
FEW_PLACES: Final = 1000
FEW_REPORTS: Final = 200


def listed(scope: Scope, span: Span, metrics: Iterable[Metric]) -> list[MeasureQuerySet]:
    """Return the rows of `records` of these metrics in parts, each annotated with `day`: figures of days and of periods, that add up and that hold."""
    wanted = list(metrics)
    latest = [metric.pk for metric in wanted if metric.over_time == OverTime.LATEST]
    adding = [metric.pk for metric in wanted if metric.over_time != OverTime.LATEST]
    ground = _Ground.of(scope)
    parts = [part.filter(metric__in=adding) for part in (ground.of_days(span), ground.of_periods(span))] if adding else []
    return parts + _in_force(ground, latest, Span(DAWN, span.last)) if latest else parts


def newest_beside(scope: Scope, span: Span, limit: int) -> list[Measure]:
    """Return the newest of the figures that stand beside the totals of `span`, with what a table names of them; those of a day in the catalogue's order."""
    fetched = beside(scope, span).select_related("branch", "metric", "unit_entered", "entry__version__period_report")
    rows = fetched.order_by("-day", "metric__position", "pk")
    if scope.work_unit is not None:
        took_part = EntryParticipant.objects.filter(home_unit__in=WorkUnitPath.objects.filter(ancestor=scope.work_unit).values("descendant"))
        rows = rows.filter(among("entry", took_part.filter(entry__business_date=None).order_by().values("entry")))
    ground = _Ground.of(scope)
    if not ground.has_many_places:
        if ground.places is not None:
            # Of all that was done there, what stands on no day is little, and found by the index of places.
            undated = Entry.objects.filter(place__in=ground.places, business_date=None).order_by().values("pk")
            rows = rows.filter(among("entry", undated))
        return list(rows[:limit])
    # Of so many places nearly each report counts: those of the last days are enough, unless they hold too few figures. Named one by one, so that the
    # planner knows how few they are.
    reports = list(reports_beside(span).order_by("-last_day").values_list("pk", "last_day")[: FEW_REPORTS + 1])
    if len(reports) > FEW_REPORTS:
        # The last of these days may go on behind.
        reports = [(pk, day) for pk, day in reports if day > reports[-1][1]]
        newest = list(rows.filter(entry__version__period_report__in=[pk for pk, _day in reports])[:limit]) if reports else []
        return newest if len(newest) == limit else list(rows[:limit])
    return list(rows.filter(entry__version__period_report__in=[pk for pk, _day in reports])[:limit])


def dated(measures: MeasureQuerySet) -> MeasureQuerySet:
    """Annotate measures with `day`, the day on which each stands."""
    found: MeasureQuerySet = measures.annotate(day=DAY)
    return found


def entries_listed(shifts: QuerySet[EntryParticipant]) -> QuerySet[Entry]:
    """Return the entries that these person-shifts belong to, with `day` alone: what they come to is added up for a page at a time, by `entries_of`."""
    day = Coalesce("business_date", "version__period_report__last_day", output_field=DateField())
    found: QuerySet[Entry] = Entry.objects.filter(pk__in=shifts.values("entry")).annotate(day=day)
    return found


@dataclass(frozen=True)
class _Ground:
    """A scope, with the keys of the places of a region that has few; the planner then knows how few rows they lead to."""

    scope: Scope
    places: tuple[int, ...] | None

    @classmethod
    def of(cls, scope: Scope) -> Self:
        below = RegionPath.objects.filter(ancestor=scope.region).order_by().values_list("descendant", flat=True).distinct()
        found = tuple(below[: FEW_PLACES + 1]) if scope.region is not None else ()
        return cls(scope, found if found and len(found) <= FEW_PLACES else None)

    @property
    def has_many_places(self) -> bool:
        return self.scope.region is not None and self.places is None

    def of_days(self, span: Span) -> MeasureQuerySet:
        """Return the figures of single days."""
        found = Measure.objects.counted().filter(business_date__range=(span.first, span.last))
        return self._placed(found.annotate(day=self._ordering("business_date")))

    def of_periods(self, span: Span) -> MeasureQuerySet:
        """Return the figures of periods inside the span that add to those of the days."""
        inside = PeriodReport.objects.filter(relation=PeriodReport.Relation.ADDS_TO_DAILY).wholly_inside(span.first, span.last)
        # That the version is one of a period is plain from the rest, but not to the planner, which would walk all that are of none.
        found = Measure.objects.counted().filter(business_date=None, entry__version__period_report__isnull=False, entry__version__period_report__in=inside)
        return self._placed(found.annotate(day=self._ordering(LAST)))

    def _placed(self, measures: MeasureQuerySet) -> MeasureQuerySet:
        found = placed(self.scope, measures)
        return found if self.places is None else found.filter(entry__place__in=self.places)

    def _ordering(self, day: str) -> Combinable:
        """Return the day on which rows stand: of a unit or a small region as an expression of which there is no index.

        They have so few records that all are sorted; a walk over everybody's from the newest day on would pass by most.
        """
        whole = self.scope.branch is not None or is_kept(self.scope)
        return F(day) if whole else Coalesce(F(day), F(day), output_field=DateField())


def _in_force(ground: _Ground, metrics: list[int], past: Span) -> list[MeasureQuerySet]:
    """Return the figures that hold at the end of `past`: of a branch that is alive then, and followed by none.

    Sought from the newest on, where nearly each one holds; to find the last one of every branch first would read all that there ever were.
    """
    held = [(ground.of_days(past), _following_a_day(past)), (ground.of_periods(past), _following_a_period(past))]
    alive = {"metric__in": metrics, "branch__life__contains": past.last}
    return [part.filter(*(~Exists(later) for later in following), **alive) for part, following in held]


def _following_a_day(past: Span) -> list[MeasureQuerySet]:
    """Return what follows an outer figure of a day: on one day that of a period is the weaker."""
    days, periods = _of_its_branch(past)
    return [days.filter(_newer("business_date")), periods.filter(**{f"{LAST}__gt": OuterRef("business_date")})]


def _following_a_period(past: Span) -> list[MeasureQuerySet]:
    """Return what follows an outer figure of a period."""
    days, periods = _of_its_branch(past)
    return [days.filter(business_date__gte=OuterRef(LAST)), periods.filter(_newer(LAST))]


def _newer(day: str) -> Combinable:
    lookup: Combinable = GreaterThan(Row(F(day), F("pk")), Row(OuterRef(day), OuterRef("pk")))
    return lookup


def _of_its_branch(past: Span) -> tuple[MeasureQuerySet, MeasureQuerySet]:
    """Return the figures of an outer one's branch and metric, of days and of periods, wherever the branch was."""
    same = Measure.objects.counted().filter(branch=OuterRef("branch"), metric=OuterRef("metric"))
    adds = {"entry__version__period_report__relation": PeriodReport.Relation.ADDS_TO_DAILY, f"{LAST}__lte": past.last}
    return same.filter(business_date__lte=past.last), same.filter(business_date=None, **adds)
