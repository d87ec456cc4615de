"""The change log as a feed: a copy elsewhere reads what changed since it last asked, and misses nothing."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import django_filters
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from activities.api import rows
from activities.api.contacts import CONTACT_POINTS, CONTACT_VISITS
from activities.api.examples import VERSION_ID
from activities.api.inspections import INSPECTIONS, POINTS
from activities.api.needs import NEED_EVENTS, NEEDS
from activities.api.serializers import PERIOD_REPORTS, REPORTS, STATEMENTS, STOCK_RECEIPTS, VERSIONS
from activities.api.suggestions import SUGGESTIONS
from activities.api.surveys import SURVEY_ANSWERS, SURVEYS
from activities.models import (
    ContactPoint,
    ContactVisit,
    DailyReport,
    Inspection,
    InspectionPoint,
    Need,
    NeedEvent,
    PeriodReport,
    ReportVersion,
    Suggestion,
    Survey,
    SurveyResponse,
)
from branches.api.examples import ROOT
from branches.api.serializers import BRANCHES, REGIONS, WORK_UNITS
from branches.models import Branch, Region, WorkUnit
from members.api.serializers import DUTY_POSTS, HAND_OVERS, PERSONS, SHIFTS
from members.api.squads import PIONEER_POSTS, SQUADS
from members.models import DutyPost, HandOver, Membership, OfficerTerm, Person, PioneerPost, Secondment, Shift, Squad
from portal.foundation.api.fields import link
from portal.foundation.api.pagination import KeysetPagination
from portal.foundation.api.schema import example
from portal.foundation.api.views import ReadViewSet
from portal.foundation.change_log import settled_before
from portal.foundation.models import Change

Seen = Callable[[Any], QuerySet[Any, Any]]


@dataclass(frozen=True)
class Source:
    """A kind of logged object: the resource that shows it, the rows that a reader sees, and the field with the identifier of what is shown."""

    resource: str
    list_name: str
    seen: Seen
    shown_by: str = "public_id"


def _of_people(model: type[Any], person: str) -> Seen:
    return lambda user: model.objects.filter(**{f"{person}__in": Person.objects.visible_to(user)})


# By model, as the triggers write it. What is shown inside a person changes the person.
SOURCES: Final[Mapping[str, Source]] = {
    "region": Source("regions", REGIONS, Region.objects.visible_to),
    "workunit": Source("work-units", WORK_UNITS, WorkUnit.objects.visible_to),
    "branch": Source("branches", BRANCHES, Branch.objects.visible_to),
    "person": Source("persons", PERSONS, Person.objects.visible_to),
    "membership": Source("persons", PERSONS, _of_people(Membership, "person"), "person__public_id"),
    "secondment": Source("persons", PERSONS, _of_people(Secondment, "person"), "person__public_id"),
    "officerterm": Source("persons", PERSONS, _of_people(OfficerTerm, "membership__person"), "membership__person__public_id"),
    "dutypost": Source("duty-posts", DUTY_POSTS, DutyPost.objects.visible_to),
    "shift": Source("shifts", SHIFTS, Shift.objects.visible_to),
    "handover": Source("hand-overs", HAND_OVERS, HandOver.objects.visible_to),
    "squad": Source("squads", SQUADS, Squad.objects.visible_to),
    "pioneerpost": Source("pioneer-posts", PIONEER_POSTS, PioneerPost.objects.visible_to),
    "dailyreport": Source("reports", REPORTS, DailyReport.objects.visible_to),
    "periodreport": Source("period-reports", PERIOD_REPORTS, PeriodReport.objects.visible_to),
    "reportversion": Source("report-versions", VERSIONS, ReportVersion.objects.visible_to),
    "stockreceipt": Source("stock-receipts", STOCK_RECEIPTS, rows.stock_receipts),
    "need": Source("needs", NEEDS, Need.objects.visible_to),
    "needevent": Source("need-events", NEED_EVENTS, NeedEvent.objects.visible_to),
    "suggestion": Source("suggestions", SUGGESTIONS, Suggestion.objects.followed_by),
    "inspection": Source("inspections", INSPECTIONS, Inspection.objects.visible_to),
    "inspectionpoint": Source("inspection-points", POINTS, InspectionPoint.objects.visible_to),
    "contactpoint": Source("contact-points", CONTACT_POINTS, ContactPoint.objects.visible_to),
    "contactvisit": Source("contact-visits", CONTACT_VISITS, ContactVisit.objects.visible_to),
    "survey": Source("surveys", SURVEYS, Survey.objects.visible_to),
    "surveyresponse": Source("survey-answers", SURVEY_ANSWERS, SurveyResponse.objects.visible_to),
    "statement": Source("statements", STATEMENTS, rows.statements),
}
RESOURCES: Final = sorted({source.resource for source in SOURCES.values()})

_OPERATIONS: Final = {Change.Operation.INSERT: "added", Change.Operation.UPDATE: "changed", Change.Operation.DELETE: "removed"}


class ChangePagination(KeysetPagination):
    """Pages with a place to go on from later."""

    def envelope(self, data: Any) -> dict[str, Any]:
        """Return the page with `resume`: behind its last row; the place asked for when there was none."""
        resume = self.link(self.place(self.rows[-1])) if self.rows else self.request.build_absolute_uri()
        return {**super().envelope(data), "resume": resume}

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page."""
        page = super().get_paginated_response_schema(schema)
        text = _("Keep this address and ask it next time: it goes on behind the last change of this page. Never null.")
        example_address = "https://portal.example/api/v1/changes/?cursor=biw5MDAsNDI"
        page["properties"]["resume"] = {"type": "string", "format": "uri", "description": str(text), "example": example_address}
        page["required"].append("resume")
        return page


class ChangeFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Changes by resource."""

    resource = django_filters.ChoiceFilter(label=_("Only of this resource"), choices=[(name, name) for name in RESOURCES], method="of_resource")

    def of_resource(self, queryset: QuerySet[Change], name: str, value: str) -> QuerySet[Change]:
        """Keep changes of what a resource shows."""
        return queryset.filter(model__in=[model for model, source in SOURCES.items() if source.resource == value])


class ChangeSerializer(serializers.ModelSerializer[Change]):
    """That an object was added, changed or removed; read it to see how it is now."""

    revision = serializers.CharField(help_text=_("The transaction that changed it; a number as a string, growing."))
    resource = serializers.SerializerMethodField(help_text=_("Which resource shows it."))
    operation = serializers.SerializerMethodField(help_text=_("What happened."))
    public_id = serializers.SerializerMethodField(help_text=_("The object's identifier."))
    url = serializers.SerializerMethodField(help_text=_("Where to read it as it is now."))

    class Meta:
        model = Change
        fields = ["revision", "at", "resource", "operation", "public_id", "url"]

    @extend_schema_field({"type": "string", "enum": RESOURCES})
    def get_resource(self, change: Change) -> str:
        """The resource."""
        return SOURCES[change.model].resource

    @extend_schema_field({"type": "string", "enum": sorted(_OPERATIONS.values())})
    def get_operation(self, change: Change) -> str:
        """What happened to what is shown: a person whose membership began has changed."""
        return _OPERATIONS[Change.Operation(change.operation)] if SOURCES[change.model].shown_by == "public_id" else "changed"

    @extend_schema_field(serializers.UUIDField)
    def get_public_id(self, change: Change) -> str:
        """The object shown."""
        return str(self._shown(change))

    @extend_schema_field(serializers.URLField)
    def get_url(self, change: Change) -> str:
        """Its address."""
        return link(self.context, SOURCES[change.model].list_name, self._shown(change))

    def _shown(self, change: Change) -> UUID:
        found: UUID = self.context["shown"].get((change.model, change.object_id), change.object_id)
        return found


EXAMPLE: Final = {
    "revision": "900",
    "at": "2020-03-06T21:00:00+08:00",
    "resource": "report-versions",
    "operation": "added",
    "public_id": VERSION_ID,
    "url": f"{ROOT}report-versions/{VERSION_ID}/",
}


class ChangeViewSet(ReadViewSet):
    """Changes of what the reader sees."""

    queryset = Change.objects.all()
    serializer_class = ChangeSerializer
    filterset_class = ChangeFilter
    pagination_class = ChangePagination
    keyset = ("revision", "id")

    def seen(self) -> QuerySet[Any, Any]:
        """Return changes of objects in scope, and of objects that are gone: of those nothing is left but that they must go elsewhere too.

        Only as far as the log is complete: a transaction that still runs may commit below what a reader has passed already.
        """
        rows_of = {model: source.seen(self.request.user) for model, source in SOURCES.items()}
        # Whoever has no role for a resource has no copy from which anything must go.
        told = [model for model, rows in rows_of.items() if SOURCES[model].shown_by == "public_id" and not rows.query.is_empty()]
        seen = Q(operation=Change.Operation.DELETE, model__in=told)
        for model, readable in rows_of.items():
            shown = readable.filter(public_id=OuterRef("object_id")).order_by().values("pk")[:1]
            # As a value it is looked up row after row; as IN or EXISTS every object that the reader sees would be read first.
            seen |= Q(model=model) & Q(IsNull(Subquery(shown), False))
        return Change.objects.filter(seen, revision__lt=settled_before())

    @extend_schema(
        summary=_("List changes"),
        description=_(
            "What was added, changed or removed among the things that you see, oldest first. Follow “next” until it is null, keep “resume”, and ask "
            "that address next time: nothing is missed, and something may come twice. When your grants change, start again without a cursor."
        ),
        examples=[example(EXAMPLE, response_only=True)],
        tags=["changes"],
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return a page of changes."""
        return super().list(request, *args, **kwargs)

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """Return the serializer, told which object shows each change."""
        serializer = super().get_serializer(*args, **kwargs)
        if args:
            serializer.context["shown"] = _shown(args[0])
        return serializer


def _shown(changes: Iterable[Change]) -> dict[tuple[str, UUID], UUID]:
    """Return which person shows a changed membership, secondment or term; one query each."""
    found: dict[tuple[str, UUID], UUID] = {}
    for model, rows_of in _PARTS.items():
        wanted = [change.object_id for change in changes if change.model == model]
        if wanted:
            pairs = rows_of.objects.filter(public_id__in=wanted).values_list("public_id", SOURCES[model].shown_by)
            found |= {(model, part): shown for part, shown in pairs}
    return found


_PARTS: Final[Mapping[str, Any]] = {"membership": Membership, "secondment": Secondment, "officerterm": OfficerTerm}
