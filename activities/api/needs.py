"""Needs and what happened to them, for other systems: states, times and places, never words, households, names or telephones."""

from datetime import date
from typing import Any, Final

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from activities.filters_needs import NeedFilter
from activities.models import Need, NeedEvent
from branches.access import Act
from branches.api.base import ScopedViewSet
from branches.api.examples import BRANCH_REFERENCE, COMMUNITY, ROOT
from branches.api.serializers import BRANCHES, REGIONS, WORK_UNITS
from members.filters import branches_seen
from portal.foundation.api.fields import IdField, ReferenceField, UrlField
from portal.foundation.api.schema import describes_reading

NEEDS: Final = "activities-api:need-list"
NEED_EVENTS: Final = "activities-api:need-event-list"
_NEED_ID: Final = "01890a5d-ac96-774b-bcce-b302099a8110"
_EVENT_ID: Final = "01890a5d-ac96-774b-bcce-b302099a8111"


class NeedApiFilter(NeedFilter):
    """Needs as on the page, but not by their words, which are not told here; days are called as everywhere in the API."""

    q = None
    since = None
    until = None
    # `from` is a word of the language and cannot be assigned to by name.
    locals()["from"] = django_filters.DateFilter(label=_("From this day on"), method="left_for_later")
    to = django_filters.DateFilter(label=_("Up to this day, included"), method="left_for_later")


class NeedEventFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Events by business date, branch, kind and need."""

    locals()["from"] = django_filters.DateFilter(label=_("From this day on"), method="from_day")
    to = django_filters.DateFilter(label=_("Up to this day, included"), method="to_day")
    branch = django_filters.ModelChoiceFilter(label=_("Of the branch"), queryset=branches_seen, to_field_name="public_id")
    kind = django_filters.ChoiceFilter(label=_("What happened"), choices=NeedEvent.Kind.choices)
    need = django_filters.UUIDFilter(label=_("Of this need"), field_name="need__public_id")

    def from_day(self, queryset: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """Keep the day and later ones."""
        return queryset.filter(business_date__gte=value)

    def to_day(self, queryset: QuerySet[Any], name: str, value: date) -> QuerySet[Any]:
        """Keep the day and earlier ones."""
        return queryset.filter(business_date__lte=value)


class NeedSerializer(serializers.ModelSerializer[Need]):
    """A need as it stands."""

    url = UrlField(NEEDS)
    branch = ReferenceField(BRANCHES, help_text=_("The branch that answers for it now."))
    origin = ReferenceField(BRANCHES, help_text=_("The branch that recorded it."))
    with_unit = ReferenceField(WORK_UNITS, allow_null=True, help_text=_("The work unit that it was handed on to and is with."))
    with_region = ReferenceField(REGIONS, allow_null=True, help_text=_("The region that it was handed on to and is with."))
    overdue = serializers.BooleanField(source="is_overdue", help_text=_("Whether it should have been resolved by now."))

    class Meta:
        model = Need
        fields = [
            *("public_id", "url", "branch", "origin", "recorded_at", "recorded_on", "channel", "category", "urgency", "residents", "due_at", "overdue"),
            *("state", "with_unit", "with_region", "resolved_at", "resolved_on"),
        ]


class NeedEventSerializer(serializers.ModelSerializer[NeedEvent]):
    """Something that happened to a need."""

    url = UrlField(NEED_EVENTS)
    need = IdField(NEEDS, help_text=_("The need."))
    branch = ReferenceField(BRANCHES, help_text=_("The branch that held the need then."))
    to_branch = ReferenceField(BRANCHES, allow_null=True, help_text=_("The branch that it was handed on to."))
    to_unit = ReferenceField(WORK_UNITS, allow_null=True, help_text=_("The work unit that it was handed on to."))
    to_region = ReferenceField(REGIONS, allow_null=True, help_text=_("The region that it was handed on to."))

    class Meta:
        model = NeedEvent
        fields = ["public_id", "url", "need", "number", "kind", "branch", "business_date", "at", "to_branch", "to_unit", "to_region", "answer"]


EXAMPLE: Final[dict[str, Any]] = {
    "public_id": _NEED_ID,
    "url": f"{ROOT}needs/{_NEED_ID}/",
    "branch": BRANCH_REFERENCE,
    "origin": BRANCH_REFERENCE,
    "recorded_at": "2020-03-06T19:20:00+08:00",
    "recorded_on": "2020-03-06",
    "channel": "phone",
    "category": "medicine",
    "urgency": "urgent",
    "residents": 1,
    "due_at": "2020-03-06T21:20:00+08:00",
    "overdue": False,
    "state": "handed_on",
    "with_unit": None,
    "with_region": COMMUNITY,
    "resolved_at": None,
    "resolved_on": None,
}
EVENT_EXAMPLE: Final[dict[str, Any]] = {
    "public_id": _EVENT_ID,
    "url": f"{ROOT}need-events/{_EVENT_ID}/",
    "need": {"public_id": _NEED_ID, "url": f"{ROOT}needs/{_NEED_ID}/"},
    "number": 2,
    "kind": "handed_on",
    "branch": BRANCH_REFERENCE,
    "business_date": "2020-03-06",
    "at": "2020-03-06T19:40:00+08:00",
    "to_branch": None,
    "to_unit": None,
    "to_region": COMMUNITY,
    "answer": "",
}


@describes_reading(
    many=_("List needs of residents"),
    one=_("Read a need"),
    about=_("What residents asked for: category, urgency, when it is due, where it is. Words, households, names and telephones are never among it."),
    shown=EXAMPLE,
    tag="registers",
)
class NeedViewSet(ScopedViewSet):
    """Needs."""

    act = Act.SEE_REPORTS
    queryset = Need.objects.all()
    serializer_class = NeedSerializer
    filterset_class = NeedApiFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the needs in scope."""
        rows: QuerySet[Any, Any] = Need.objects.visible_to(self.request.user)
        return rows.select_related("branch", "origin", "with_unit", "with_region")


@describes_reading(
    many=_("List what happened to needs"),
    one=_("Read an event of a need"),
    about=_("Every step of every need, in the order in which it was written. Events are only ever added."),
    shown=EVENT_EXAMPLE,
    tag="registers",
)
class NeedEventViewSet(ScopedViewSet):
    """Events of needs."""

    act = Act.SEE_REPORTS
    queryset = NeedEvent.objects.all()
    serializer_class = NeedEventSerializer
    filterset_class = NeedEventFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return what happened to the needs in scope."""
        rows: QuerySet[Any, Any] = NeedEvent.objects.visible_to(self.request.user)
        return rows.select_related("need", "branch", "to_branch", "to_unit", "to_region")
