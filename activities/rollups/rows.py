"""The rows that count: every total is an aggregate over exactly these."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.db.models import BooleanField, Case, DateField, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import Coalesce

from activities.models import Entry, EntryParticipant, Measure, Metric, OverTime, PeriodReport, ReportVersion
from activities.querysets import Known, MeasureQuerySet, PeriodReportQuerySet
from activities.rollups.scope import Scope, Span
from branches.models import Region, RegionPath, WorkUnit, WorkUnitPath
from branches.querysets import places_below
from members.models import Person
from portal.foundation.among import among

# Command posts report for a work unit and are never mixed with branches.
COUNTED_KINDS: Final = ("branch", "work_team")
# Keys of branches, or a sub-query of them; None are all that there are.
Branches = list[int] | QuerySet[Any, Any] | None
# The day on which a figure stands: its business date, or the last day of its period.
DAY: Final = Coalesce("business_date", "entry__version__period_report__last_day", output_field=DateField())


def records(
    scope: Scope,
    span: Span,
    metric: Metric | None = None,
    kind: str | None = None,
    metrics: Iterable[Metric] | None = None,
    known_at: Known | None = None,
) -> MeasureQuerySet:
    """Return the measures behind the figures of `scope` in `span`: of one metric, of some, of one kind of work, or all.

    Annotated with `day`, the day on which each stands. With `known_at` they are those that stood behind the figures at that moment, as far as
    versions go: the tree of regions and the lives of branches are those on record today.
    """
    wanted = [metric] if metric is not None else list(metrics) if metrics is not None else None
    return _asked(_joined(_placed_halves(scope, span, wanted, known_at)), wanted, kind)


def records_apart(scope: Scope, span: Span, metric: Metric | None = None, kind: str | None = None) -> list[MeasureQuerySet]:
    """Return the same rows in parts, of which none has a row of another: to read all of them, so that none is found first and then looked up."""
    wanted = [metric] if metric is not None else None
    return [_asked(half, wanted, kind) for half in _placed_halves(scope, span, wanted)]


def _placed_halves(scope: Scope, span: Span, wanted: list[Metric] | None, known_at: Known | None = None) -> list[MeasureQuerySet]:
    return [placed(scope, half) for half in _halves(span, wanted, branches_of(scope), known_at)]


def _asked(found: MeasureQuerySet, metrics: list[Metric] | None, kind: str | None) -> MeasureQuerySet:
    if metrics is not None:
        found = found.filter(metric__in=[each.pk for each in metrics])
    if kind:
        found = found.filter(metric__kind=kind)
    dated: MeasureQuerySet = found.annotate(day=DAY)
    return dated


def records_of(branches: Iterable[int], span: Span, metrics: Iterable[Metric]) -> MeasureQuerySet:
    """Return the measures behind the figures of several branches, each as a scope of its own."""
    held, wanted = list(branches), list(metrics)
    found: MeasureQuerySet = _joined([half.filter(branch__in=held) for half in _halves(span, wanted, held)])
    return found.filter(metric__in=[each.pk for each in wanted])


def _halves(span: Span, metrics: list[Metric] | None, branches: Branches, at: Known | None = None) -> list[MeasureQuerySet]:
    """Return the rows that stand in the span and the rows in force at its end, as far as `metrics` ask for them."""
    halves = []
    if metrics is None or any(metric.over_time != OverTime.LATEST for metric in metrics):
        halves.append(added_up(span, at))
    if metrics is None or any(metric.over_time == OverTime.LATEST for metric in metrics):
        halves.append(in_force(span.last, branches, at))
    return halves


def _joined(halves: list[MeasureQuerySet]) -> MeasureQuerySet:
    # Each half is planned on its own; joined by OR they would read every measure there is.
    if len(halves) > 1:
        found: MeasureQuerySet = Measure.objects.filter(pk__in=halves[0].values("pk").union(halves[1].values("pk"), all=True))
        return found
    return halves[0] if halves else Measure.objects.none()


def cut_by(scope: Scope, span: Span) -> MeasureQuerySet:
    """Return figures of period reports that overlap `span` without lying inside it: named beside a total, never in it."""
    return beside(scope, span).filter(cut=True)


def compared(scope: Scope, span: Span) -> MeasureQuerySet:
    """Return figures of period reports inside `span` that include the daily reports: compared with a total, never in it."""
    return beside(scope, span).filter(cut=False)


def beside(scope: Scope, span: Span) -> MeasureQuerySet:
    """Return what stands beside the totals of `span` and is never in them; `cut` tells figures that the span cuts from those to compare."""
    # From the reports to their figures; that the version is one of a period is plain from the rest, but not to the planner.
    of_periods = {"entry__version__period_report__isnull": False, "entry__version__period_report__in": reports_beside(span).values("pk"), "business_date": None}
    found = Measure.objects.counted().filter(**of_periods).exclude(metric__over_time=OverTime.LATEST)
    adds = Q(entry__version__period_report__relation=PeriodReport.Relation.ADDS_TO_DAILY)
    named: MeasureQuerySet = placed(scope, found).annotate(day=DAY, cut=Case(When(adds, then=True), default=False, output_field=BooleanField()))
    return named


def reports_beside(span: Span) -> PeriodReportQuerySet:
    """Return the period reports whose figures stand beside the totals of `span`, anywhere."""
    relation = PeriodReport.Relation
    cut: PeriodReportQuerySet = PeriodReport.objects.filter(relation=relation.ADDS_TO_DAILY).cut_by(span.first, span.last).order_by()
    return cut | PeriodReport.objects.filter(relation=relation.INCLUDES_DAILY).wholly_inside(span.first, span.last).order_by()


def participations(work_unit: WorkUnit, span: Span) -> QuerySet[EntryParticipant]:
    """Return the person-shifts of people whom `work_unit`, or a unit below it, sent on that day."""
    below = WorkUnitPath.objects.filter(ancestor=work_unit).values("descendant")
    rows = EntryParticipant.objects.filter(home_unit__in=below, entry__version__state__in=ReportVersion.CURRENT, entry__branch__kind__in=COUNTED_KINDS)
    return rows.filter(inside(span, "entry__"))


def worked_by(person: Person, span: Span) -> QuerySet[EntryParticipant]:
    """Return the work of some days that a person took part in, wherever it was."""
    return EntryParticipant.objects.filter(inside(span, "entry__"), person=person, entry__version__state__in=ReportVersion.CURRENT)


def shifts_within(region: Region, span: Span) -> QuerySet[EntryParticipant]:
    """Return the person-shifts of work done at or below a region, by the tree in force on the day, whoever sent the people."""
    below = RegionPath.objects.filter(ancestor=region, descendant=OuterRef("entry__place"))
    day = Coalesce(OuterRef("entry__business_date"), OuterRef("entry__version__period_report__last_day"), output_field=DateField())
    rows = EntryParticipant.objects.filter(entry__version__state__in=ReportVersion.CURRENT, entry__branch__kind__in=COUNTED_KINDS)
    return rows.filter(inside(span, "entry__")).filter(Exists(below.filter(during__contains=day)))


def inside(span: Span, prefix: str) -> Q:
    """Return the filter for days of `span` and period reports inside it; `prefix` leads to the entry."""
    period = f"{prefix}version__period_report__"
    daily = Q(**{f"{prefix}business_date__range": (span.first, span.last)})
    return daily | Q(**{f"{period}first_day__gte": span.first, f"{period}last_day__lte": span.last, f"{period}relation": PeriodReport.Relation.ADDS_TO_DAILY})


def added_up(span: Span, at: Known | None = None) -> MeasureQuerySet:
    """Return the rows of metrics that add up over time, and of those that are listed, anywhere; as they were known `at` a moment."""
    # The measure carries its date too: with it the index on (metric, date) and not the entry narrows the search.
    period = Q(business_date=None) & inside(span, "entry__")
    counted: MeasureQuerySet = Measure.objects.counted(at).exclude(metric__over_time=OverTime.LATEST)
    return counted.filter(Q(business_date__range=(span.first, span.last)) | period)


def branches_of(scope: Scope) -> Branches:
    """Return the branches that ever did anything in the scope, where these are few."""
    if scope.branch is not None:
        return [scope.branch.pk]
    if scope.region is None or not scope.region.holds_little:
        return None
    return Entry.objects.filter(among("place", places_below(scope.region))).order_by().values("branch").distinct()


def carried(branches: Branches = None, at: Known | None = None) -> MeasureQuerySet:
    """Return every value that a `latest` metric ever took, wherever the branch was at the time, with its `day`; as they were known `at` a moment."""
    adds = Q(business_date__isnull=False) | Q(entry__version__period_report__relation=PeriodReport.Relation.ADDS_TO_DAILY)
    counted: MeasureQuerySet = Measure.objects.counted(at).filter(adds, metric__over_time=OverTime.LATEST).annotate(day=DAY)
    if branches is None:
        return counted
    found: MeasureQuerySet = counted.filter(among("branch", branches) if isinstance(branches, QuerySet) else Q(branch__in=branches))
    return found


def in_force(day: date, branches: Branches = None, at: Known | None = None) -> MeasureQuerySet:
    """Return the value of each branch and `latest` metric that holds on `day`, anywhere; as it was known `at` a moment.

    The last value first, the place afterwards: a branch that moved away leaves no old value behind.
    """
    past = carried(branches, at).filter(day__lte=day, branch__life__contains=day)
    last = past.order_by("branch_id", "metric_id", "-day", F("business_date").desc(nulls_last=True), "-pk").distinct("branch_id", "metric_id")
    found: MeasureQuerySet = Measure.objects.filter(pk__in=last.values("pk"))
    return found


def placed(scope: Scope, measures: MeasureQuerySet) -> MeasureQuerySet:
    """Keep what belongs to the scope: done by the branch, done in the region, or attributable to the unit's people alone."""
    if scope.branch is not None:
        return measures.filter(branch=scope.branch)
    apart = measures.filter(branch__kind__in=COUNTED_KINDS)
    if scope.region is not None:
        return apart.within(scope.region)
    below = WorkUnitPath.objects.filter(ancestor=scope.work_unit).values("descendant")
    ours = EntryParticipant.objects.filter(entry=OuterRef("entry"), home_unit__in=below)
    others = EntryParticipant.objects.filter(Q(home_unit=None) | ~Q(home_unit__in=below), entry=OuterRef("entry"))
    return apart.filter(Exists(ours), ~Exists(others), metric__attributable=True)
