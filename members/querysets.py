"""Queries over people in domain words."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any, Final, Self

from django.apps import apps
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from psycopg2.extras import DateTimeTZRange

from branches import access
from branches.access import Act
from branches.querysets import ScopedQuerySet
from portal.foundation.sensitive import GONE

# How far ahead a leader looks for posts that lack people.
SOON: Final = timedelta(hours=24)


class PersonQuerySet(ScopedQuerySet[Any]):
    """Persons."""

    scope_filter = staticmethod(access.people_within)
    scope_act = Act.SEE_PEOPLE

    def visible_to(self, actor: object, act: Act | None = None) -> Self:
        """Persons over whom `actor` may do `act`, and the actor's own person; each once. What is sensitive is seen where they were last."""
        within = access.people_held if act is Act.SEE_SENSITIVE else access.people_within
        return self._within(actor, access.reach(actor, act or self.scope_act), within)

    def recorded_for(self, actor: object) -> Self:
        """Persons of whose service record `actor` reads something: their own, and those of their branches and of their work units' people."""
        return self._within(actor, access.records_read(actor))

    def wholly_recorded_for(self, actor: object) -> Self:
        """Persons whose whole service record `actor` reads, over all branches: their own, and those of their work units' people."""
        return self._within(actor, access.records_read_whole(actor))

    def _within(self, actor: object, allowed: access.Reach, within: Callable[[access.Reach], Q] = access.people_within) -> Self:
        if allowed.everything:
            return self
        seen = Q(pk=getattr(actor, "person_id", None))
        if allowed:
            seen |= within(allowed)
        # Through a sub-query: a person has many memberships and would come back as often.
        return self.filter(pk__in=self.model._default_manager.filter(seen).values("pk"))

    def members_of(self, branch: Any, day: date) -> Self:
        """Members of `branch` on a day."""
        held = Q(memberships__branch=branch, memberships__during__contains=day)
        return self.filter(pk__in=self.model._default_manager.filter(held).values("pk"))

    def told_to(self, actor: object) -> Self:
        """Persons of whom `actor` may know when they served: those whose shifts they lead, a work unit's own people, and themselves."""
        told = Q(pk=getattr(actor, "person_id", None))
        if led := access.reach(actor, Act.LEAD_SHIFTS):
            told |= access.people_within(led)
        if sent := access.records_read_whole(actor):
            told |= access.people_within(sent)
        return self.filter(pk__in=self.model._default_manager.filter(told).values("pk"))

    def sent_by(self, work_unit: Any) -> Self:
        """Persons whom `work_unit` or a unit below it sent, at any time."""
        sent = Q(secondments__home_unit__in=access.units_below([work_unit.pk]))
        return self.filter(pk__in=self.model._default_manager.filter(sent).values("pk"))


class ServiceNoteQuerySet(QuerySet[Any, Any]):
    """Words of merit."""

    def standing(self) -> Self:
        """Words that nobody has replaced or taken back, and whose time is not over."""
        return self.filter(replaced_by=None).exclude(words__in=("", GONE))


class DatedQuerySet(QuerySet[Any, Any]):
    """Rows that hold from a day until a day."""

    def on(self, day: date) -> Self:
        """Rows that hold on `day`."""
        return self.filter(during__contains=day)


class DutyPostQuerySet(ScopedQuerySet[Any]):
    """Posts that branches staff in shifts."""

    scope_path = "branch__"
    scope_act = Act.SEE_ROSTER

    def on(self, day: date) -> Self:
        """Posts that are staffed on `day`."""
        return self.filter(during__contains=day)


class ShiftQuerySet(ScopedQuerySet[Any]):
    """Shifts."""

    scope_path = "post__branch__"
    scope_act = Act.SEE_ROSTER

    def between(self, start: datetime, end: datetime) -> Self:
        """Shifts of which any part lies between two moments."""
        return self.filter(during__overlap=DateTimeTZRange(start, end))

    def with_cover(self) -> Self:
        """Add `on_duty`, how many people are on each shift and not absent."""
        absent = apps.get_model("members", "CheckIn")._default_manager.filter(assignment=OuterRef("pk"), result="absent")
        on_it = apps.get_model("members", "Assignment")._default_manager.filter(~Exists(absent), shift=OuterRef("pk"))
        return self.annotate(on_duty=Coalesce(Subquery(on_it.order_by().values("shift").values(number=Count("pk"))), 0))

    def with_check_ins(self) -> Self:
        """Add `came`, how many came to each shift, on time or not; `late`, how many of them late; `absent`, how many did not come."""
        given = apps.get_model("members", "CheckIn")._default_manager.filter(assignment__shift=OuterRef("pk"))
        wanted = {"came": ~Q(result="absent"), "late": Q(result="late"), "absent": Q(result="absent")}
        counted = {name: given.filter(which).order_by().values("assignment__shift").values(number=Count("pk")) for name, which in wanted.items()}
        return self.annotate(**{name: Coalesce(Subquery(number), 0) for name, number in counted.items()})

    def with_hand_over(self) -> Self:
        """Add `outgoing_at` and `incoming_at`, when each shift was handed over and taken over."""
        handed = apps.get_model("members", "HandOver")._default_manager.filter(shift=OuterRef("pk"))
        return self.annotate(**{name: Subquery(handed.values(name)[:1]) for name in ("outgoing_at", "incoming_at")})

    def without_hand_over(self, now: datetime) -> Self:
        """Shifts that have ended and were never handed over, though they were staffed."""
        handed = apps.get_model("members", "HandOver")._default_manager.filter(shift=OuterRef("pk"))
        staffed = apps.get_model("members", "Assignment")._default_manager.filter(shift=OuterRef("pk"))
        return self.filter(~Exists(handed), Exists(staffed), during__endswith__lte=now)

    def uncovered(self) -> Self:
        """Shifts with fewer people on them than they need."""
        return self.with_cover().filter(on_duty__lt=F("people"))

    def short_soon(self, now: datetime) -> Self:
        """Shifts of now and of the next 24 hours that lack people."""
        return self.between(now, now + SOON).uncovered()


class CheckInQuerySet(ScopedQuerySet[Any]):
    """Who came to which shift."""

    scope_path = "assignment__shift__post__branch__"
    scope_act = Act.SEE_ROSTER

    def served(self) -> Self:
        """Check-ins of whoever came, late or not."""
        return self.exclude(result="absent")

    def on_days(self, first: date, last: date) -> Self:
        """Check-ins to shifts of some business dates."""
        return self.filter(assignment__shift__business_date__range=(first, last))


class HandOverQuerySet(ScopedQuerySet[Any]):
    """Hand-overs."""

    scope_path = "shift__post__branch__"
    scope_act = Act.SEE_ROSTER


class OnSiteStayQuerySet(ScopedQuerySet[Any]):
    """Days on which people live on site."""

    scope_path = "branch__"
    scope_act = Act.SEE_ROSTER

    def on(self, day: date) -> Self:
        """Stays of whoever lives on site on `day`."""
        return self.filter(during__contains=day)

    def reaching_past(self, day: date) -> Self:
        """Stays that go on after `day`, or begin then."""
        return self.filter(Q(during__upper_inf=True) | Q(during__endswith__gt=day + timedelta(days=1)))


class SquadQuerySet(ScopedQuerySet[Any]):
    """Squads."""

    scope_path = "branch__"

    def on(self, day: date) -> Self:
        """Squads that are at work on `day`."""
        return self.filter(during__contains=day)

    def with_strength(self, day: date) -> Self:
        """Add `people` and `covered`, how many people each has and how many grids it covers on a day."""
        return self.annotate(people=_number_on("SquadMember", "squad", day), covered=_number_on("SquadGrid", "squad", day))


class PioneerPostQuerySet(ScopedQuerySet[Any]):
    """Pioneer posts."""

    scope_path = "branch__"

    def on(self, day: date) -> Self:
        """Posts that are open on `day`."""
        return self.filter(during__contains=day)

    def with_holders(self, day: date) -> Self:
        """Add `held`, by how many members each is held on a day."""
        return self.annotate(held=_number_on("PioneerClaim", "post", day))


def _number_on(model: str, path: str, day: date) -> Coalesce:
    rows = apps.get_model("members", model)._default_manager.filter(**{path: OuterRef("pk")}, during__contains=day)
    return Coalesce(Subquery(rows.order_by().values(path).values(number=Count("pk"))), 0)
