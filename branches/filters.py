"""What pages and API filter branches, regions and work units by."""

import django_filters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, Level, Region, WorkUnit
from branches.querysets import BranchQuerySet, RegionQuerySet, WorkUnitQuerySet
from portal.foundation import clock


def regions_seen(request: HttpRequest | None) -> QuerySet[Region]:
    """Return the regions that whoever asks may filter by; none outside a request, as when the schema is drawn."""
    return Region.objects.visible_to(request.user) if request is not None else Region.objects.none()


def units_seen(request: HttpRequest | None) -> QuerySet[WorkUnit]:
    """Return the work units that whoever asks may filter by."""
    return WorkUnit.objects.visible_to(request.user) if request is not None else WorkUnit.objects.none()


class BranchFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Branches by name, place, work unit, kind and state."""

    name = django_filters.CharFilter(label=_("Name or initials"), method="by_words", max_length=100)
    region = django_filters.ModelChoiceFilter(
        label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region", empty_label=_("All regions")
    )
    work_unit = django_filters.ModelChoiceFilter(
        label=_("Served by"), queryset=units_seen, to_field_name="public_id", method="of_unit", empty_label=_("All work units")
    )
    kind = django_filters.ChoiceFilter(label=_("Kind"), choices=Branch.Kind.choices, empty_label=_("All kinds"))
    state = django_filters.ChoiceFilter(label=_("State"), choices=Branch.State.choices, empty_label=_("All states"))

    class Meta:
        model = Branch
        fields: list[str] = []

    def by_words(self, queryset: BranchQuerySet, name: str, value: str) -> BranchQuerySet:
        """Keep branches found by every word, in simplified or traditional characters or by initials."""
        return queryset.found_by(value)

    def in_region(self, queryset: BranchQuerySet, name: str, value: Region) -> BranchQuerySet:
        """Keep branches hosted today at or below a region."""
        return queryset.within(value, clock.today())

    def of_unit(self, queryset: BranchQuerySet, name: str, value: WorkUnit) -> BranchQuerySet:
        """Keep branches to which a work unit sends people."""
        return queryset.served_by(value)


class RegionFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Regions by name, level and the region that they lie in."""

    name = django_filters.CharFilter(label=_("Name or initials"), method="by_words", max_length=100)
    level = django_filters.ChoiceFilter(label=_("Level"), choices=Level.choices)
    within = django_filters.ModelChoiceFilter(label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region")

    class Meta:
        model = Region
        fields: list[str] = []

    def by_words(self, queryset: RegionQuerySet, name: str, value: str) -> RegionQuerySet:
        """Keep regions found by every word."""
        return queryset.found_by(value)

    def in_region(self, queryset: RegionQuerySet, name: str, value: Region) -> RegionQuerySet:
        """Keep a region and all that lies below it today."""
        return queryset.below(value, clock.today())


class WorkUnitFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Work units by name and the unit that they belong to."""

    name = django_filters.CharFilter(label=_("Name or initials"), method="by_words", max_length=100)
    within = django_filters.ModelChoiceFilter(label=_("Belongs to"), queryset=units_seen, to_field_name="public_id", method="in_unit")

    class Meta:
        model = WorkUnit
        fields: list[str] = []

    def by_words(self, queryset: WorkUnitQuerySet, name: str, value: str) -> WorkUnitQuerySet:
        """Keep work units found by every word."""
        return queryset.found_by(value)

    def in_unit(self, queryset: WorkUnitQuerySet, name: str, value: WorkUnit) -> WorkUnitQuerySet:
        """Keep a work unit and all below it."""
        return queryset.below(value)
