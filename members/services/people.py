"""Writes on people: their time in a branch, offices, and the end of a branch. Each checks that the actor may, and is audited."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from psycopg2.extras import DateRange

from branches import access
from branches.access import Act
from branches.models import Branch, WorkUnit
from branches.services import refusals_beside
from members.models import DutyPost, Membership, OfficerTerm, Person, Secondment
from members.services import on_site, pioneers, roster, squads
from portal.foundation import audit, clock
from portal.foundation.errors import Forbidden

# The field of a form beside which a refusal of the database stands.
_FIELDS = {
    "one_membership_at_a_time": "from_day",
    "membership_for_a_time": "until_day",
    "membership_inside_the_branch_life": "from_day",
    "sent_by_one_unit_at_a_time": "home_unit",
    "secondment_for_a_time": "until_day",
    "officer_term_for_a_time": "until_day",
    "officer_term_inside_the_membership": "from_day",
    "one_secretary_at_a_time": "office",
    "branch_ends_after_it_starts": "last_day",
    "range": "last_day",
    "branch_merged_into_another": "merged_into",
}


@dataclass(frozen=True)
class PersonFacts:
    """Who somebody is, as an organiser writes it down."""

    name: str
    kind: str = Person.Kind.MEMBER
    phone: str = ""
    duty_phone: str = ""


def add_member(
    *, actor: Model | AnonymousUser, branch: Branch, facts: PersonFacts, home_unit: WorkUnit | None, from_day: date, until_day: date | None = None
) -> Membership:
    """Add somebody to a branch from a day until a day, both included; somebody with the same name and private phone is the same person.

    Raises:
        Forbidden: the branch's people are not the actor's to keep.
        ValidationError: by field, when the person is in another branch then, or the branch is not alive then.
    """
    _require(actor, branch)
    during = _span(from_day, until_day)
    with refusals_beside(_FIELDS):
        person = _known(facts) or Person.objects.create(name=facts.name, kind=facts.kind, phone=facts.phone, duty_phone=facts.duty_phone)
        if home_unit is not None and not person.secondments.filter(home_unit=home_unit, during__overlap=during).exists():
            Secondment.objects.create(person=person, home_unit=home_unit, region=branch.region, during=during)
        membership = Membership.objects.create(person=person, branch=branch, during=during)
        audit.record(actor, "membership.added", membership, branch=str(branch.public_id), person=str(person.public_id))
    return membership


def edit_person(*, actor: Model | AnonymousUser, person: Person, facts: dict[str, Any]) -> Person:
    """Correct what is written down of a person who is in a branch today; `facts` are fields of the model.

    Raises:
        Forbidden: none of the branches in which the person is today is the actor's to keep the people of.
    """
    if not people_kept(actor).filter(pk=person.pk).exists():
        raise Forbidden
    with refusals_beside(_FIELDS):
        changed = sorted(name for name, value in facts.items() if getattr(person, name) != value)
        for name, value in facts.items():
            setattr(person, name, value)
        person.save(update_fields=list(facts))
        audit.record(actor, "person.changed", person, fields=changed)
    return person


def people_kept(actor: object) -> QuerySet[Person]:
    """Return the people in branches of today whose people `actor` keeps."""
    kept = Branch.objects.visible_to(actor, Act.KEEP_PEOPLE)
    held = Membership.objects.filter(branch__in=kept, during__contains=clock.today())
    return Person.objects.filter(pk__in=held.values("person"))


def end_membership(*, actor: Model | AnonymousUser, membership: Membership, last_day: date) -> Membership:
    """End somebody's time in a branch after `last_day`; offices, squads, pioneer posts, shifts to come and time on site end with it.

    Raises:
        Forbidden: the branch's people are not the actor's to keep.
        ValidationError: the membership, or an office in it, begins after that day.
    """
    _require(actor, membership.branch)
    with refusals_beside(_FIELDS):
        _shorten(membership.terms.all(), last_day)
        on_site.release(branch=membership.branch, membership=membership, last_day=last_day)
        squads.leave(branch=membership.branch, person=membership.person, last_day=last_day)
        pioneers.leave(branch=membership.branch, person=membership.person, last_day=last_day)
        _shorten(Membership.objects.filter(pk=membership.pk), last_day)
        roster.release(branch=membership.branch, person=membership.person, last_day=last_day)
        audit.record(actor, "membership.ended", membership, last_day=last_day.isoformat())
    membership.refresh_from_db()
    return membership


def set_officer(*, actor: Model | AnonymousUser, membership: Membership, office: str, from_day: date, until_day: date | None = None) -> OfficerTerm:
    """Give a member an office from a day until a day, both included; without an end it lasts as long as the membership.

    Raises:
        Forbidden: the branch's people are not the actor's to keep.
        ValidationError: by field, when the branch has a secretary then, or the person is not a member then.
    """
    _require(actor, membership.branch)
    until = until_day + timedelta(days=1) if until_day else membership.during.upper
    with refusals_beside(_FIELDS):
        term = OfficerTerm.objects.create(membership=membership, office=office, during=_ordered(from_day, until))
        audit.record(actor, "office.given", term, office=office, membership=str(membership.public_id))
    return term


def end_branch(*, actor: Model | AnonymousUser, branch: Branch, last_day: date, merged_into: Branch | None = None) -> Branch:
    """End a branch after `last_day`: dissolved, or merged into another. Memberships, offices, squads, posts and stays on site end with it.

    Raises:
        Forbidden: the branch, or the one it goes into, is not the actor's to administer.
        ValidationError: somebody's time in it begins after that day, or it would end before it starts.
    """
    for one in filter(None, (branch, merged_into)):
        if not access.can(actor, Act.ADMINISTER, one):
            raise Forbidden
    with refusals_beside(_FIELDS):
        _shorten(OfficerTerm.objects.filter(branch=branch), last_day)
        on_site.release(branch=branch, membership=None, last_day=last_day)
        squads.leave(branch=branch, person=None, last_day=last_day)
        pioneers.leave(branch=branch, person=None, last_day=last_day)
        _shorten(Membership.objects.filter(branch=branch), last_day)
        roster.release(branch=branch, person=None, last_day=last_day)
        _shorten(DutyPost.objects.filter(branch=branch), last_day)
        branch.state = Branch.State.MERGED if merged_into else Branch.State.DISSOLVED
        branch.ended_on, branch.merged_into = last_day, merged_into
        branch.save(update_fields=["state", "ended_on", "merged_into"])
        audit.record(actor, f"branch.{branch.state}", branch, last_day=last_day.isoformat())
    return branch


def _require(actor: Model | AnonymousUser, branch: Branch) -> None:
    if not access.can(actor, Act.KEEP_PEOPLE, branch):
        raise Forbidden


def _known(facts: PersonFacts) -> Person | None:
    """Return the person of this name and private phone: whoever comes back, or comes from another branch, is not a second person."""
    return Person.objects.filter(name=facts.name, phone=facts.phone).first() if facts.phone else None


def _span(from_day: date, until_day: date | None) -> DateRange:
    return _ordered(from_day, until_day + timedelta(days=1) if until_day else None)


def _ordered(lower: date, upper: date | None) -> DateRange:
    """Return the range; PostgreSQL would refuse one whose end is before its start as malformed, without naming a rule."""
    if upper is not None and upper <= lower:
        raise ValidationError({"until_day": _("The end is before the start.")})
    return DateRange(lower, upper)


def _shorten(spans: QuerySet[Any], last_day: date) -> None:
    """End the spans that reach past `last_day` on it."""
    for span in spans.select_for_update():
        if span.during.upper is not None and span.during.upper <= last_day + timedelta(days=1):
            continue
        if span.during.lower is not None and span.during.lower > last_day:
            raise ValidationError({"last_day": _("Something here begins after that day. End or change it first.")})
        span.during = DateRange(span.during.lower, last_day + timedelta(days=1))
        span.save(update_fields=["during"])
