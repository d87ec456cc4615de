"""What the API filters reports, entries and figures by."""

from datetime import date
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from activities.models import ActivityKind, Entry, EntryParticipant, Measure, Metric, PeriodReport, ReportVersion
from activities.querysets import DailyReportQuerySet, PeriodReportQuerySet
from branches.filters import regions_seen, units_seen
from branches.models import Region, RegionPath, WorkUnit, WorkUnitPath
from members.filters import branches_seen

_BOTH = [("true", _("yes")), ("false", _("no"))]


def _branch_filter() -> Any:
    return django_filters.ModelChoiceFilter(label=_("Of the branch"), queryset=branches_seen, field_name="branch", to_field_name="public_id")


def _region_filter() -> Any:
    label = _("In the region, by the tree in force on the day")
    return django_filters.ModelChoiceFilter(label=label, queryset=regions_seen, to_field_name="public_id", method="in_region")


class DaysFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Rows of a span of days, both ends included."""

    # `from` is a word of the language and cannot be assigned to by name.
    locals()["from"] = django_filters.DateFilter(label=_("From this day on"), method="from_day")
    to = django_filters.DateFilter(label=_("Up to this day, included"), method="to_day")


class DailyReportFilter(DaysFilter):
    """Daily reports by day, branch, region, and state of the last version."""

    branch = _branch_filter()
    region = _region_filter()
    state = django_filters.ChoiceFilter(label=_("State of the last version"), choices=ReportVersion.State.choices, method="in_state")

    def from_day(self, queryset: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """Keep the day and later ones."""
        return queryset.filter(business_date__gte=value)

    def to_day(self, queryset: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """Keep the day and earlier ones."""
        return queryset.filter(business_date__lte=value)

    def in_region(self, queryset: DailyReportQuerySet, name: str, value: Region) -> DailyReportQuerySet:
        """Keep reports of branches hosted at or below a region on the day of the report."""
        return queryset.hosted_in(value)

    def in_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep reports by the state of their last version."""
        return queryset.filter(last_version_is(value, "daily_report"))


class PeriodReportFilter(DaysFilter):
    """Period reports by span, branch, region, relation, and state of the last version."""

    branch = _branch_filter()
    region = _region_filter()
    relation = django_filters.ChoiceFilter(label=_("Beside the daily reports"), choices=PeriodReport.Relation.choices)
    state = django_filters.ChoiceFilter(label=_("State of the last version"), choices=ReportVersion.State.choices, method="in_state")

    def from_day(self, queryset: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """Keep reports that begin on the day or later."""
        return queryset.filter(first_day__gte=value)

    def to_day(self, queryset: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """Keep reports that end on the day or earlier."""
        return queryset.filter(last_day__lte=value)

    def in_region(self, queryset: PeriodReportQuerySet, name: str, value: Region) -> PeriodReportQuerySet:
        """Keep reports of branches hosted at or below a region on the last day of the report."""
        return queryset.hosted_in(value)

    def in_state(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Keep reports by the state of their last version."""
        return queryset.filter(last_version_is(value, "period_report"))


class VersionFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Versions by branch and state."""

    branch = _branch_filter()
    state = django_filters.ChoiceFilter(label=_("State"), choices=ReportVersion.State.choices)


class EntryFilter(DaysFilter):
    """Entries by day, branch, place, work unit and kind; those that count unless all are asked for."""

    entry = ""

    branch = _branch_filter()
    region = _region_filter()
    work_unit = django_filters.ModelChoiceFilter(
        label=_("In which people of this work unit took part"), queryset=units_seen, to_field_name="public_id", method="of_unit"
    )
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=ActivityKind.choices)
    counted = django_filters.ChoiceFilter(label=_("Only what counts; with “false”, all versions"), choices=_BOTH, method="all_rows")

    def filter_queryset(self, queryset: Any) -> Any:
        """Apply the filters; without `counted=false`, keep what counts."""
        found = super().filter_queryset(queryset)
        return found if self.form.cleaned_data.get("counted") == "false" else found.counted()

    def all_rows(self, queryset: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Do nothing: `filter_queryset` reads it, because its absence means something too."""
        return queryset

    def from_day(self, queryset: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """Keep the day and later ones; a period that begins on it or later."""
        return queryset.filter(Q(business_date__gte=value) | Q(**{f"{self.entry}version__period_report__first_day__gte": value}))

    def to_day(self, queryset: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """Keep the day and earlier ones; a period that ends on it or earlier."""
        return queryset.filter(Q(business_date__lte=value) | Q(**{f"{self.entry}version__period_report__last_day__lte": value}))

    def in_region(self, queryset: QuerySet[Any], name: str, value: Region) -> QuerySet[Any]:
        """Keep work done at or below a region, by the tree in force on its day."""
        return queryset.filter(pk__in=Entry.objects.filter(done_in(value)).values("pk"))

    def of_unit(self, queryset: QuerySet[Any], name: str, value: WorkUnit) -> QuerySet[Any]:
        """Keep work in which people of a unit, or of one below it, took part."""
        below = WorkUnitPath.objects.filter(ancestor=value).values("descendant")
        return queryset.filter(Exists(EntryParticipant.objects.filter(entry=OuterRef(self.entry.rstrip("_") or "pk"), home_unit__in=below)))


class MeasureFilter(EntryFilter):
    """Figures by the same, and by metric."""

    entry = "entry__"

    metric = extend_schema_field(OpenApiTypes.STR)(
        django_filters.ModelMultipleChoiceFilter(
            label=_("The figure's code; several may be given"), queryset=Metric.objects.all(), field_name="metric__code", to_field_name="code", distinct=False
        )
    )
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=ActivityKind.choices, field_name="metric__kind")

    def in_region(self, queryset: QuerySet[Any], name: str, value: Region) -> QuerySet[Any]:
        """Keep figures of work done at or below a region, by the tree in force on their day."""
        found: QuerySet[Any] = queryset.filter(pk__in=Measure.objects.within(value).values("pk"))
        return found


class StockReceiptFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Goods received, by branch."""

    branch = _branch_filter()


class StatementFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Statements by what they are about."""

    region = django_filters.ModelChoiceFilter(label=_("About the region"), queryset=regions_seen, to_field_name="public_id")
    work_unit = django_filters.ModelChoiceFilter(label=_("About the work unit"), queryset=units_seen, to_field_name="public_id")
    branch = django_filters.ModelChoiceFilter(label=_("About the branch"), queryset=branches_seen, to_field_name="public_id")


class FrozenFigureFilter(StatementFilter):
    """Frozen figures by what they are about, and by which figure it is."""

    metric = django_filters.ModelChoiceFilter(label=_("Of the figure"), queryset=Metric.objects.all(), to_field_name="code")


def done_in(region: Region) -> Q:
    """Return the condition that an entry's place lay at or below `region` on its day, or on the last day of its period."""
    below = RegionPath.objects.filter(ancestor=region, descendant=OuterRef("place"))
    daily = Exists(below.filter(during__contains=OuterRef("business_date")))
    period = Exists(below.filter(during__contains=OuterRef("version__period_report__last_day")))
    return Q(business_date__isnull=False) & Q(daily) | Q(business_date=None) & Q(period)


def last_version_is(state: str, slot: str) -> Q:
    """Return the condition that the last version of a report is in `state`."""
    return Q(versions__in=ReportVersion.objects.filter(state=state).exclude(Exists(_later(slot))))


def _later(slot: str) -> QuerySet[ReportVersion]:
    """Return, for an outer version, the later ones of its report."""
    return ReportVersion.objects.filter(**{slot: OuterRef(slot)}, number__gt=OuterRef("number"))
