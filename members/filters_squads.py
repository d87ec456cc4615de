"""What pages and API filter squads and pioneer posts by."""

from datetime import date
from typing import Any

import django_filters
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from branches.filters import regions_seen, units_seen
from branches.forms import DayInput
from branches.models import Branch, Region, WorkUnit
from members.filters import branches_seen
from members.models import PioneerPost, Squad
from members.querysets import PioneerPostQuerySet
from portal.foundation import clock


class _OfBranches(django_filters.FilterSet):  # type: ignore[misc]
    """Rows of branches by region, work unit, branch and day."""

    region = django_filters.ModelChoiceFilter(
        label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region", empty_label=_("All regions")
    )
    work_unit = django_filters.ModelChoiceFilter(
        label=_("Served by"), queryset=units_seen, to_field_name="public_id", method="of_unit", empty_label=_("All work units")
    )
    branch = django_filters.ModelChoiceFilter(label=_("Branch"), queryset=branches_seen, to_field_name="public_id", empty_label=_("All branches"))
    day = django_filters.DateFilter(label=_("On the day"), field_name="during", lookup_expr="contains", widget=DayInput)

    def in_region(self, queryset: Any, name: str, value: Region) -> "QuerySet[Any, Any]":
        """Keep rows of branches hosted at or below a region today."""
        found: QuerySet[Any, Any] = queryset.filter(branch__in=Branch.objects.within(value, clock.today()))
        return found

    def of_unit(self, queryset: Any, name: str, value: WorkUnit) -> "QuerySet[Any, Any]":
        """Keep rows of branches to which a work unit or a unit below it sends people."""
        found: QuerySet[Any, Any] = queryset.filter(branch__in=Branch.objects.served_by(value))
        return found


class SquadFilter(_OfBranches):
    """Squads by region, work unit, branch, day and kind."""

    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Squad.Kind.choices, empty_label=_("All kinds"))

    class Meta:
        model = Squad
        fields: list[str] = []


class PioneerPostFilter(_OfBranches):
    """Pioneer posts by region, work unit, branch, day, and whether they are held on it."""

    state = django_filters.ChoiceFilter(
        label=_("Claimed"), choices=[("held", _("all places held")), ("free", _("a place is free"))], method="by_state", empty_label=_("All posts")
    )

    class Meta:
        model = PioneerPost
        fields: list[str] = []

    def by_state(self, queryset: PioneerPostQuerySet, name: str, value: str) -> PioneerPostQuerySet:
        """Keep posts whose places are all held on the day, or of which one is free."""
        day: date = self.form.cleaned_data.get("day") or clock.today()
        counted = queryset.with_holders(day)
        found: PioneerPostQuerySet = counted.filter(held__gte=F("places")) if value == "held" else counted.filter(held__lt=F("places"))
        return found
