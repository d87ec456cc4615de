"""Inspections and what they found to be mended, for other systems: days, states and deadlines, never what was found, nor who sees to it."""

from typing import Any, Final

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from activities.api.contacts import CONTACT_VISITS
from activities.filters_inspections import InspectionFilter, InspectionPointFilter
from activities.models import Inspection, InspectionPoint
from branches.access import Act
from branches.api.base import ScopedViewSet
from branches.api.examples import BRANCH_REFERENCE, ROOT
from branches.api.serializers import BRANCHES
from portal.foundation.api.fields import IdField, ReferenceField, UrlField
from portal.foundation.api.schema import describes_reading

INSPECTIONS: Final = "activities-api:inspection-list"
POINTS: Final = "activities-api:inspection-point-list"
_INSPECTION_ID: Final = "01890a5d-ac96-774b-bcce-b302099a8140"
_POINT_ID: Final = "01890a5d-ac96-774b-bcce-b302099a8141"


class InspectionApiFilter(InspectionFilter):
    """Inspections as on the page; days are called as everywhere in the API."""

    since = None
    until = None
    # `from` is a word of the language and cannot be assigned to by name.
    locals()["from"] = django_filters.DateFilter(label=_("From this day on"), field_name="business_date", lookup_expr="gte")
    to = django_filters.DateFilter(label=_("Up to this day, included"), field_name="business_date", lookup_expr="lte")


class InspectionPointApiFilter(InspectionPointFilter):
    """Points as on the page; days are called as everywhere in the API."""

    since = None
    until = None
    locals()["from"] = django_filters.DateFilter(label=_("From this day on"), field_name="found_on", lookup_expr="gte")
    to = django_filters.DateFilter(label=_("Up to this day, included"), field_name="found_on", lookup_expr="lte")
    inspection = django_filters.UUIDFilter(label=_("Of this inspection"), field_name="inspection__public_id")


class InspectionSerializer(serializers.ModelSerializer[Inspection]):
    """An inspection of a branch."""

    url = UrlField(INSPECTIONS)
    branch = ReferenceField(BRANCHES, help_text=_("The branch that was inspected."))

    class Meta:
        model = Inspection
        fields = ["public_id", "url", "branch", "business_date", "inspector", "recorded_at", "recorded_on", "withdrawn_at"]


class InspectionPointSerializer(serializers.ModelSerializer[InspectionPoint]):
    """Something to be mended, and how far it is."""

    url = UrlField(POINTS)
    inspection = IdField(INSPECTIONS, allow_null=True, help_text=_("The inspection that found it; null where a leader found it on a visit."))
    visit = IdField(CONTACT_VISITS, allow_null=True, help_text=_("The visit to a contact point on which it was found; null where an inspection found it."))
    branch = ReferenceField(BRANCHES, help_text=_("The branch that mends it."))
    overdue = serializers.BooleanField(source="is_overdue", help_text=_("Whether it should have been mended by now."))

    class Meta:
        model = InspectionPoint
        fields = [
            "public_id",
            "url",
            "inspection",
            "visit",
            "branch",
            "found_on",
            "due_on",
            "overdue",
            "state",
            "opened_at",
            "mended_at",
            "checked_at",
            "revision",
        ]


EXAMPLE: Final[dict[str, Any]] = {
    "public_id": _INSPECTION_ID,
    "url": f"{ROOT}inspections/{_INSPECTION_ID}/",
    "branch": BRANCH_REFERENCE,
    "business_date": "2020-03-06",
    "inspector": "区防控指挥部督查组",
    "recorded_at": "2020-03-06T16:30:00+08:00",
    "recorded_on": "2020-03-06",
    "withdrawn_at": None,
}
POINT_EXAMPLE: Final[dict[str, Any]] = {
    "public_id": _POINT_ID,
    "url": f"{ROOT}inspection-points/{_POINT_ID}/",
    "inspection": {"public_id": _INSPECTION_ID, "url": f"{ROOT}inspections/{_INSPECTION_ID}/"},
    "visit": None,
    "branch": BRANCH_REFERENCE,
    "found_on": "2020-03-06",
    "due_on": "2020-03-08",
    "overdue": False,
    "state": "mended",
    "opened_at": "2020-03-06T16:30:00+08:00",
    "mended_at": "2020-03-07T11:05:00+08:00",
    "checked_at": None,
    "revision": 2,
}


@describes_reading(
    many=_("List inspections"),
    one=_("Read an inspection"),
    about=_("Who inspected which branch on which day. What was looked at and found is never among it."),
    shown=EXAMPLE,
    tag="registers",
)
class InspectionViewSet(ScopedViewSet):
    """Inspections."""

    act = Act.SEE_REPORTS
    queryset = Inspection.objects.all()
    serializer_class = InspectionSerializer
    filterset_class = InspectionApiFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the inspections in scope."""
        rows: QuerySet[Any, Any] = Inspection.objects.visible_to(self.request.user)
        return rows.select_related("branch")


@describes_reading(
    many=_("List points to mend"),
    one=_("Read a point to mend"),
    about=_("What inspections found to be mended: by when, and how far it is. Words and names are never among it."),
    shown=POINT_EXAMPLE,
    tag="registers",
)
class InspectionPointViewSet(ScopedViewSet):
    """Points to mend."""

    act = Act.SEE_REPORTS
    queryset = InspectionPoint.objects.all()
    serializer_class = InspectionPointSerializer
    filterset_class = InspectionPointApiFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the points in scope."""
        rows: QuerySet[Any, Any] = InspectionPoint.objects.visible_to(self.request.user)
        return rows.select_related("branch", "inspection", "visit")
