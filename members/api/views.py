"""Persons, posts, shifts, hand-overs and hours."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from branches.access import Act
from branches.api.base import ScopedViewSet, reads_as_a_machine
from branches.models import Branch
from members.api import examples
from members.api.serializers import DutyPostSerializer, HandOverSerializer, HoursSerializer, PersonSerializer, ShiftSerializer
from members.filters import CheckInFilter, DutyPostFilter, HandOverFilter, PersonFilter, ShiftFilter
from members.hours import check_ins_seen, hours_by_day
from members.models import CheckIn, DutyPost, HandOver, Membership, OfficerTerm, Person, Secondment, Shift
from portal.foundation.api.schema import describes_reading


@describes_reading(
    many=_("List persons"),
    one=_("Read a person"),
    about=_(
        "People in your scope: members of branches in your region, or a work unit's own people, never another unit's. "
        "Names and telephones are masked or left out unless your grant includes personal fields; whoever reads them in full is in the audit log."
    ),
    shown=examples.PERSON,
    tag="persons",
)
class PersonViewSet(ScopedViewSet):
    """Persons."""

    act = Act.SEE_PEOPLE
    queryset = Person.objects.all()
    serializer_class = PersonSerializer
    filterset_class = PersonFilter
    sight = "person.sensitive_seen"

    def seen(self) -> QuerySet[Any, Any]:
        """Return the persons in scope, each with what the reader may know."""
        user = self.request.user
        own = Q(person=getattr(user, "person_id", None))
        held = Membership.objects.filter(own | Q(branch__in=Branch.objects.visible_to(user))).select_related("branch").order_by("pk")
        sensitive = Exists(Person.objects.visible_to(user, Act.SEE_SENSITIVE).filter(pk=OuterRef("pk")))
        rows: QuerySet[Any, Any] = (
            super()
            .seen()
            .annotate(sensitive_seen=sensitive)
            .prefetch_related(
                Prefetch("memberships", held.prefetch_related(Prefetch("terms", OfficerTerm.objects.order_by("pk")))),
                Prefetch("secondments", Secondment.objects.select_related("home_unit", "region").order_by("pk")),
            )
        )
        return rows

    def sensitive_in(self, rows: Sequence[Any]) -> int:
        """Return of how many people besides the reader a telephone is shown in full."""
        own = getattr(self.request.user, "person_id", None)
        return sum(bool(row.sensitive_seen and row.pk != own and (row.phone or row.duty_phone)) for row in rows)

    def sight_details(self) -> dict[str, Any]:
        """Return which fields are shown in full."""
        return {"fields": ["phone", "duty_phone"]}

    def pull_details(self, rows: Sequence[Any]) -> dict[str, Any]:
        """Return in how many rows personal fields were shown in full and, where somebody was looked for by name, whom that found; not the name."""
        shown = {"shown": [str(row.public_id) for row in rows]} if self.request.query_params.get("name") else {}
        return {**super().pull_details(rows), **shown}

    def get_serializer_context(self) -> dict[str, Any]:
        """Return the context with whether a machine reads."""
        return {**super().get_serializer_context(), "machine": reads_as_a_machine(self.request and self.request.user)}


@describes_reading(
    many=_("List posts"),
    one=_("Read a post"),
    about=_("Gates, patrols, disinfection and delivery points that branches in your scope staff, with the times of their shifts."),
    shown=examples.DUTY_POST,
    tag="roster",
)
class DutyPostViewSet(ScopedViewSet):
    """Posts."""

    act = Act.SEE_ROSTER
    queryset = DutyPost.objects.select_related("branch").prefetch_related("times")
    serializer_class = DutyPostSerializer
    filterset_class = DutyPostFilter


@describes_reading(
    many=_("List shifts"),
    one=_("Read a shift"),
    about=_("Shifts of branches in your scope, with how many people they need and have, and how many came. Who serves when is whereabouts, and not told here."),
    shown=examples.SHIFT,
    tag="roster",
)
class ShiftViewSet(ScopedViewSet):
    """Shifts."""

    act = Act.SEE_ROSTER
    queryset = Shift.objects.select_related("post__branch")
    serializer_class = ShiftSerializer
    filterset_class = ShiftFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the shifts in scope, each with how many people are on it."""
        rows: Any = super().seen()
        counted: QuerySet[Any, Any] = rows.with_cover().with_check_ins()
        return counted


@describes_reading(
    many=_("List hand-overs"),
    one=_("Read a hand-over"),
    about=_("Which shifts of branches in your scope were handed over, and when both have signed. What was handed over is the branch's own."),
    shown=examples.HAND_OVER,
    tag="roster",
)
class HandOverViewSet(ScopedViewSet):
    """Hand-overs."""

    act = Act.SEE_ROSTER
    queryset = HandOver.objects.select_related("shift__post__branch")
    serializer_class = HandOverSerializer
    filterset_class = HandOverFilter


@describes_reading(
    many=_("List hours served"),
    one="",
    about=_(
        "Person-shifts, people and hours that were served in branches in your scope, by business date, branch and the work unit that had sent the people; "
        "a work unit's liaison reads those of its own people alone. Who served is not told here."
    ),
    shown=examples.HOURS,
    tag="roster",
)
class HoursViewSet(ScopedViewSet):
    """Hours served, in rows of numbers."""

    act = Act.SEE_ROSTER
    queryset = CheckIn.objects.all()
    serializer_class = HoursSerializer
    filterset_class = CheckInFilter
    keyset = ("day_key", "branch_key", "unit_order")
    resource = "hours"

    def seen(self) -> QuerySet[Any, Any]:
        """Return the check-ins of which the reader sees the sums."""
        return check_ins_seen(self.request.user)

    def filter_queryset(self, queryset: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """Return what was served at those of the check-ins that are asked for."""
        found: Any = super().filter_queryset(queryset)
        return hours_by_day(found)
