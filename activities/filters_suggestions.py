"""What pages and API filter suggestions by."""

from datetime import date
from typing import Any, Final

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from activities.models import Suggestion
from branches.filters import regions_seen, units_seen
from branches.models import Branch, Region, WorkUnit
from members.filters import branches_seen
from portal.foundation import clock

_DAY: Final = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class SuggestionFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Suggestions by state, topic, span of days on which they were recorded, branch, region and who has them or answered."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=Suggestion.State.choices, empty_label=_("All states"))
    topic = django_filters.ChoiceFilter(label=_("Topic"), choices=Suggestion.Topic.choices, empty_label=_("All topics"))
    since = django_filters.DateFilter(label=_("From (date)"), widget=_DAY, method="from_day")
    until = django_filters.DateFilter(label=_("To (date)"), widget=_DAY, method="to_day")
    branch = django_filters.ModelChoiceFilter(label=_("Branch"), queryset=branches_seen, to_field_name="public_id", empty_label=_("All branches"))
    region = django_filters.ModelChoiceFilter(
        label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region", empty_label=_("All regions")
    )
    work_unit = django_filters.ModelChoiceFilter(
        label=_("With the unit"), queryset=units_seen, to_field_name="public_id", method="with_unit_below", empty_label=_("All work units")
    )

    class Meta:
        model = Suggestion
        fields: list[str] = []

    def from_day(self, queryset: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """Keep the day and later ones."""
        return queryset.filter(recorded_on__gte=value)

    def to_day(self, queryset: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """Keep the day and earlier ones."""
        return queryset.filter(recorded_on__lte=value)

    def in_region(self, queryset: QuerySet[Any], name: str, value: Region) -> QuerySet[Any]:
        """Keep suggestions of branches hosted today at or below a region, and those that the region has or answered."""
        return queryset.filter(Q(branch__in=Branch.objects.within(value, clock.today())) | Q(with_region=value))

    def with_unit_below(self, queryset: QuerySet[Any], name: str, value: WorkUnit) -> QuerySet[Any]:
        """Keep suggestions that a work unit, or one below it, has or answered."""
        return queryset.filter(with_unit__in=WorkUnit.objects.below(value))
