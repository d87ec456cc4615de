"""What pages and API filter reports by."""

from typing import Final

import django_filters
from django import forms
from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from activities import rollups
from activities.models import DailyReport, ReportVersion
from activities.querysets import DailyReportQuerySet
from branches.filters import regions_seen
from branches.models import Region
from members.filters import branches_seen

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def with_state(reports: DailyReportQuerySet) -> DailyReportQuerySet:
    """Annotate each report with the `state` of its latest version."""
    latest = ReportVersion.objects.filter(daily_report=OuterRef("pk")).order_by("-number")
    found: DailyReportQuerySet = reports.annotate(state=Subquery(latest.values("state")[:1]))
    return found


# As a dashboard counts them: of branches that owed a report for the day, with a version that counts.
ONLY: Final = (("expected", _("expected that day")), ("late", _("filed late")), ("corrected", _("corrected")))


class ReportFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Daily reports by span of days, branch, region, state of the latest version, and what a dashboard counts apart."""

    since = django_filters.DateFilter(label=_("From (date)"), field_name="business_date", lookup_expr="gte", widget=_DAY)
    until = django_filters.DateFilter(label=_("To (date)"), field_name="business_date", lookup_expr="lte", widget=_DAY)
    branch = django_filters.ModelChoiceFilter(
        label=_("Branch"), queryset=branches_seen, to_field_name="public_id", field_name="branch", empty_label=_("All branches")
    )
    region = django_filters.ModelChoiceFilter(
        label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region", empty_label=_("All regions")
    )
    only = django_filters.ChoiceFilter(label=_("Show only"), choices=ONLY, method="in_only", empty_label=_("All reports"))
    state = django_filters.ChoiceFilter(label=_("State"), choices=ReportVersion.State.choices, method="in_state", empty_label=_("All states"))

    class Meta:
        model = DailyReport
        fields: list[str] = []

    def in_region(self, queryset: DailyReportQuerySet, name: str, value: Region) -> DailyReportQuerySet:
        """Keep reports of branches hosted at or below a region on the day of the report."""
        return queryset.hosted_in(value)

    def in_only(self, queryset: DailyReportQuerySet, name: str, value: str) -> DailyReportQuerySet:
        """Keep the reports that a dashboard counts as in, as late, or as corrected."""
        return rollups.reports_counted(queryset, value)

    def in_state(self, queryset: DailyReportQuerySet, name: str, value: str) -> DailyReportQuerySet:
        """Keep reports whose latest version is in a state."""
        return with_state(queryset).filter(state=value)
