"""Contact points: which leader answers for which site, from when on, and their visits with what they found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone
from django.utils.translation import gettext as _

from activities.models import ContactPoint, ContactTerm, ContactVisit
from activities.services.inspections import PointFacts, open_points
from branches import access
from branches.access import Act
from branches.models import Branch, Region, WorkUnit
from branches.services import refusals_beside
from members.models import Person, Secondment
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.submissions import stored_once

if TYPE_CHECKING:
    from portal.accounts.models import User

# The field of a form beside which a refusal of the database stands.
_FIELDS: Final = {
    "contact_point_once_at_a_place": "region",
    "contact_point_one_leader_at_a_time": "from_day",
    "contact_point_ends_after_it_began": "last_day",
    "contact_visit_was_before_it_was_recorded": "visited_at",
}
# Branches of these levels are where a site lies in.
_AROUND: Final = ("community", "compound", "site")


@dataclass(frozen=True)
class LeaderFacts:
    """Who answers for a site, from a day on; the same name of the same unit is the same person."""

    name: str
    from_day: date
    unit: WorkUnit | None = None
    office: str = ""
    duty_phone: str = ""


@dataclass(frozen=True)
class VisitFacts:
    """A visit of the leader, or of somebody in their place, and what was found."""

    visited_at: datetime
    found: str
    stand_in: str = ""


def add_point(*, actor: "User", region: Region, spot: str, leader: LeaderFacts, uid: UUID) -> tuple[ContactPoint, bool]:
    """Make a site a contact point and say who answers for it; return it, and whether this call stored it.

    Raises:
        Forbidden: the region is not the actor's to give out.
        Conflict: `uid` came before with other content.
        ValidationError: by field; the site is a contact point already.
    """
    if not access.can_over(actor, Act.KEEP_CONTACT_POINTS, region):
        raise Forbidden

    def store() -> ContactPoint:
        point = ContactPoint.objects.create(region=region, spot=spot, made_on=leader.from_day)
        _begin(point, leader)
        audit.record(actor, "contact_point.added", point, region=str(region.public_id))
        return point

    content = {"region": str(region.public_id), "spot": spot, "leader": {name: str(value) for name, value in vars(leader).items()}}
    with refusals_beside(_FIELDS):
        # One after another in a region: a form that is sent twice finds what it stored, and not a site that is taken.
        Region.objects.select_for_update(no_key=True).get(pk=region.pk)
        return stored_once(account=actor, uid=uid, content=content, rows=ContactPoint.objects.all(), store=store)


def set_leader(*, actor: "User", point: ContactPoint, seen: ContactTerm | None, leader: LeaderFacts) -> ContactPoint:
    """Say who answers for a site from a day on; whoever did until then does no more. `seen` is who did on the page.

    Raises:
        Forbidden: the site is not the actor's to give out.
        Conflict: somebody else named another leader meanwhile, or nobody is to answer for it any more.
        ValidationError: the present leader's time begins later.
    """
    with refusals_beside(_FIELDS):
        held = _locked(actor, point)
        latest = held.terms.order_by("-during").first()
        if held.closed_on is not None or latest != seen:
            raise Conflict("stale", _("Somebody else changed this contact point meanwhile: look who answers for it now. What you typed is still here."))
        if latest is not None:
            _end(latest, leader.from_day)
        _begin(held, leader)
        audit.record(actor, "contact_point.leader_set", held, from_day=leader.from_day.isoformat())
        return held


def close(*, actor: "User", point: ContactPoint, last_day: date) -> ContactPoint:
    """Let nobody answer for a site after a day. Sent twice, it is done once.

    Raises:
        Forbidden: the site is not the actor's to give out.
        ValidationError: it is a contact point, or its leader answers, from a later day on.
    """
    with refusals_beside(_FIELDS):
        held = _locked(actor, point)
        if held.closed_on is None:
            for term in held.terms.filter(during__contains=last_day + timedelta(days=1)):
                _end(term, last_day + timedelta(days=1), field="last_day")
            held.closed_on = last_day
            held.save(update_fields=["closed_on"])
            audit.record(actor, "contact_point.closed", held, last_day=last_day.isoformat())
        return held


def record_visit(
    *, actor: "User", point: ContactPoint, facts: VisitFacts, uid: UUID, branch: Branch | None = None, points: Sequence[PointFacts] = ()
) -> tuple[ContactVisit, bool]:
    """Record a visit of the leader who answered for a site that day, with what a branch there is to mend; return it, and whether this call stored it.

    Raises:
        Forbidden: `actor` is neither that leader nor keeps contact points there.
        Conflict: `uid` came before with other content.
        ValidationError: by field; nobody answered for the site then, or the branch is not there.
    """
    if not may_record_visits(actor, point):
        raise Forbidden
    day = timezone.localdate(facts.visited_at)
    term = point.terms.filter(during__contains=day).select_related("leader").first()
    if term is None:
        raise ValidationError({"visited_at": _("Nobody answered for this site on that day.")})
    if points and (branch is None or not branches_at(point).filter(pk=branch.pk).exists()):
        raise ValidationError({"branch": _("Choose which branch there is to mend it.")})

    def store() -> ContactVisit:
        now = clock.now()
        visit = ContactVisit.objects.create(point=point, leader=term.leader, visited_on=day, recorded_by=actor, recorded_at=now, **vars(facts))
        if branch is not None:
            open_points(visit, branch, actor, points, day, now)
        audit.record(actor, "contact_visit.recorded", visit, contact_point=str(point.public_id), points=len(points))
        return visit

    content: dict[str, Any] = {"point": str(point.public_id), "branch": str(branch.public_id) if branch else ""}
    content |= {"facts": {name: str(value) for name, value in vars(facts).items()}, "points": [f"{each.what} {each.due_on}" for each in points]}
    with refusals_beside(_FIELDS):
        return stored_once(account=actor, uid=uid, content=content, rows=ContactVisit.objects.all(), store=store)


def may_record_visits(actor: object, point: ContactPoint) -> bool:
    """Say whether `actor` may record visits: as the leader who answers for the site today, or who keeps contact points there, from a telephone call."""
    return ContactPoint.objects.led_by(actor).filter(pk=point.pk).exists() or access.can_over(actor, Act.KEEP_CONTACT_POINTS, point.region)


def branches_at(point: ContactPoint) -> Any:
    """Return the branches at work at a site: hosted there or below, and those of the community that it lies in."""
    today = clock.today()
    around = Region.objects.above(point.region, today).filter(level__in=_AROUND).values("pk").order_by()
    here = Branch.objects.within(point.region, today) | Branch.objects.filter(region__in=around)
    return Branch.objects.filter(pk__in=here.values("pk"), state=Branch.State.ACTIVE)


# --- Inside -------------------------------------------------------------------------------------------------------------


def _locked(actor: "User", point: ContactPoint) -> ContactPoint:
    found = locks.row(ContactPoint, point.pk, "region")
    if not access.can_over(actor, Act.KEEP_CONTACT_POINTS, found.region):
        raise Forbidden
    return found


def _end(term: ContactTerm, day: date, field: str = "from_day") -> None:
    """End a term before a day; one that begins on that very day was a mistake, and gives way to its correction."""
    if term.during.lower == day and field == "from_day":
        term.delete()
        return
    if term.during.lower is not None and term.during.lower >= day:
        raise ValidationError({field: _("The present leader answers for it from a later day on.")})
    term.during = DateRange(term.during.lower, day, "[)")
    term.save(update_fields=["during"])


def _begin(point: ContactPoint, facts: LeaderFacts) -> None:
    during = DateRange(facts.from_day, None, "[)")
    leader = _known(facts) or Person.objects.create(name=facts.name, kind=Person.Kind.MEMBER)
    if facts.unit is not None and not leader.secondments.filter(during__overlap=during).exists():
        Secondment.objects.create(person=leader, home_unit=facts.unit, region=point.region, during=during)
    ContactTerm.objects.create(point=point, leader=leader, office=facts.office, duty_phone=facts.duty_phone, during=during)


def _known(facts: LeaderFacts) -> Person | None:
    """Return who has this name in this unit; without a unit, who has it and answered for a site before."""
    named = Person.objects.filter(name=facts.name)
    known = named.filter(secondments__home_unit=facts.unit) if facts.unit else named.filter(contact_terms__isnull=False, secondments=None)
    return known.order_by("pk").first()
