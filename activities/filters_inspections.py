"""What pages and API filter inspections, and the points to mend that they found, by."""

from typing import Any, Final

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models import Inspection, InspectionPoint
from activities.querysets import InspectionPointQuerySet, InspectionQuerySet
from branches.access import branches_served_by
from branches.filters import regions_seen, units_seen
from branches.models import Region, WorkUnit
from members.filters import branches_seen
from portal.foundation import clock

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
State = InspectionPoint.State
# In the order of the work: what is to be mended, of this what is overdue, what waits to be looked at again.
STATES: Final = (
    (State.OPEN.value, State.OPEN.label),
    ("overdue", pgettext_lazy("point", "Overdue")),
    (State.MENDED.value, State.MENDED.label),
    (State.CHECKED.value, State.CHECKED.label),
)
WITHDRAWN: Final = (("no", _("standing")), ("yes", pgettext_lazy("inspections", "withdrawn")))


def in_state(points: InspectionPointQuerySet, state: str) -> InspectionPointQuerySet:
    """Keep points in a state; overdue ones are still to be mended."""
    return points.overdue(clock.today()) if state == "overdue" else points.filter(state=state)


class _OfBranches(django_filters.FilterSet):  # type: ignore[misc]
    """Rows of branches by branch, region and work unit."""

    branch = django_filters.ModelChoiceFilter(label=_("Branch"), queryset=branches_seen, to_field_name="public_id", empty_label=_("All branches"))
    region = django_filters.ModelChoiceFilter(
        label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region", empty_label=_("All regions")
    )
    work_unit = django_filters.ModelChoiceFilter(
        label=_("Branch served by"), queryset=units_seen, to_field_name="public_id", method="of_unit", empty_label=_("All work units")
    )

    def in_region(self, queryset: Any, name: str, value: Region) -> "QuerySet[Any, Any]":
        """Keep rows of branches hosted today at or below a region."""
        found: QuerySet[Any, Any] = queryset.hosted_in(value)
        return found

    def of_unit(self, queryset: Any, name: str, value: WorkUnit) -> "QuerySet[Any, Any]":
        """Keep rows of branches to which a work unit sends people."""
        found: QuerySet[Any, Any] = queryset.filter(branch__in=branches_served_by([value.pk]))
        return found


class InspectionFilter(_OfBranches):
    """Inspections by days, branch, region, work unit, and whether they were withdrawn."""

    since = django_filters.DateFilter(label=_("From (date)"), field_name="business_date", lookup_expr="gte", widget=_DAY)
    until = django_filters.DateFilter(label=_("To (date)"), field_name="business_date", lookup_expr="lte", widget=_DAY)
    withdrawn = django_filters.ChoiceFilter(label=_("Withdrawn"), choices=WITHDRAWN, method="by_withdrawal", empty_label=_("All of them"))

    class Meta:
        model = Inspection
        fields: list[str] = []

    def by_withdrawal(self, queryset: InspectionQuerySet, name: str, value: str) -> InspectionQuerySet:
        """Keep those that stand, or those that were recorded by mistake."""
        return queryset.standing() if value == "no" else queryset.filter(withdrawn_at__isnull=False)


class InspectionPointFilter(_OfBranches):
    """Points to mend by state, the days on which they were found, branch, region and work unit."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=STATES, method="left_for_later", empty_label=_("All states"))
    since = django_filters.DateFilter(label=_("From (date)"), field_name="found_on", lookup_expr="gte", widget=_DAY)
    until = django_filters.DateFilter(label=_("To (date)"), field_name="found_on", lookup_expr="lte", widget=_DAY)

    class Meta:
        model = InspectionPoint
        fields: list[str] = []

    def filter_queryset(self, queryset: Any) -> InspectionPointQuerySet:
        """Apply each filter."""
        state = self.form.cleaned_data.get("state")
        found = self.of_every_state(queryset)
        return in_state(found, state) if state else found

    def of_every_state(self, queryset: Any) -> InspectionPointQuerySet:
        """Apply each filter but the state."""
        found: InspectionPointQuerySet = super().filter_queryset(queryset)
        return found

    def left_for_later(self, queryset: InspectionPointQuerySet, name: str, value: str) -> InspectionPointQuerySet:
        """Leave the state to `filter_queryset`: how many points are in each is counted beside."""
        return queryset
