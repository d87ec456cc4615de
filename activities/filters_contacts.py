"""What pages and API filter contact points, and visits to them, by."""

from datetime import timedelta
from typing import Any, Final

import django_filters
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from activities.models import ContactPoint, ContactVisit
from activities.querysets import ContactPointQuerySet, ContactVisitQuerySet
from branches.filters import regions_seen
from branches.models import Region
from portal.foundation import clock

# A site that nobody came to for so long stands out.
LONG: Final = timedelta(days=7)
STATES: Final = (("unvisited", _("not visited for 7 days")), ("open", _("answered for now")), ("closed", _("no longer")))


def points_seen(request: HttpRequest | None) -> ContactPointQuerySet:
    """Return the contact points that whoever asks may filter by."""
    return ContactPoint.objects.visible_to(request.user) if request is not None else ContactPoint.objects.none()


class ContactPointFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Contact points by state and region; rows are annotated by `with_visits`."""

    state = django_filters.ChoiceFilter(label=_("State"), choices=STATES, method="in_state", empty_label=_("All states"))
    region = django_filters.ModelChoiceFilter(
        label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region", empty_label=_("All regions")
    )

    class Meta:
        model = ContactPoint
        fields: list[str] = []

    def in_state(self, queryset: ContactPointQuerySet, name: str, value: str) -> ContactPointQuerySet:
        """Keep those that somebody answers for, those of them to which nobody came, or those that are no more."""
        if value == "unvisited":
            return queryset.unvisited(clock.today() - LONG)
        return queryset.filter(closed_on__isnull=value == "open")

    def in_region(self, queryset: Any, name: str, value: Region) -> Any:
        """Keep rows at or below a region today."""
        return queryset.hosted_in(value)


class ContactVisitFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Visits by days, contact point and region; days are called as everywhere in the API."""

    # `from` is a word of the language and cannot be assigned to by name.
    locals()["from"] = django_filters.DateFilter(label=_("From this day on"), field_name="visited_on", lookup_expr="gte")
    to = django_filters.DateFilter(label=_("Up to this day, included"), field_name="visited_on", lookup_expr="lte")
    contact_point = django_filters.ModelChoiceFilter(label=_("Of the contact point"), queryset=points_seen, to_field_name="public_id", field_name="point")
    region = django_filters.ModelChoiceFilter(label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region")

    class Meta:
        model = ContactVisit
        fields: list[str] = []

    def in_region(self, queryset: ContactVisitQuerySet, name: str, value: Region) -> ContactVisitQuerySet:
        """Keep visits to sites at or below a region today."""
        return queryset.filter(point__in=ContactPoint.objects.hosted_in(value))
