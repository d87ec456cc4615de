"""Requests about one's own data: asked, written down for others, answered; and what goes at once."""

from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from branches import access
from branches.access import Act
from branches.models import Branch, Region
from branches.services import refusals_beside
from members.models import OfficerTerm, Person
from portal.accounts.models import User
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Conflict, Forbidden
from portal.retention.models import Certificate, DataRequest, Hold
from portal.retention.models.request import due_after
from portal.retention.services.certifying import certify

Kind = DataRequest.Kind
State = DataRequest.State


def ask(*, actor: User, kind: str, words: str) -> DataRequest:
    """Ask for one's own data to be corrected or erased.

    Who asks to be erased loses their contact data at once, unless they hold an office for which they have to be reached. For the rest somebody of
    their branch answers.

    Raises:
        ValidationError: by field: what is to be corrected is not said; or the same is asked already.
    """
    said = words.strip()
    if kind == Kind.CORRECT and not said:
        raise ValidationError({"words": _("Say what is wrong, and how it should be.")})
    branch, region = _answered_by(actor)
    with refusals_beside({}):
        # In the order in which others lock: whoever erases or holds, the branch, the account. Tapped twice, asked once.
        if kind == Kind.ERASE:
            locks.hold(locks.ERASING)
        locks.rows(Branch, [branch.pk] if branch else [], no_key=True)
        locks.rows(User, [actor.pk], no_key=True)
        if DataRequest.objects.waiting().filter(account=actor, kind=kind, words=said).exists():
            raise ValidationError(_("You have asked this already; it waits for an answer."))
        request = _store(kind, actor, said, branch=branch, region=region, account=actor, person=actor.person)
        if kind == Kind.ERASE:
            erase_contact(actor, request)
    return request


@transaction.atomic
def write_down(*, actor: User, branch: Branch, kind: str, subject: str, contact: str = "", words: str = "") -> DataRequest:
    """Write down what somebody without an account asks of a branch: a resident, a volunteer, whoever is named in words.

    Raises:
        Forbidden: `actor` answers no requests of this branch.
        ValidationError: by field: it is not said who asks, or what.
    """
    if not access.can(actor, Act.ANSWER_REQUESTS, branch):
        raise Forbidden
    if not subject.strip():
        raise ValidationError({"subject": _("Say who asks.")})
    if not words.strip():
        raise ValidationError({"words": _("Say what they ask.")})
    return _store(kind, actor, words.strip(), branch=branch, subject=subject.strip(), contact=contact.strip())


@transaction.atomic
def answer(*, actor: User, request: DataRequest, done: bool, words: str) -> DataRequest:
    """Say that what was asked is done, or why it is refused.

    Raises:
        Forbidden: the request is not the actor's to answer.
        ValidationError: by field: nothing is said.
        Conflict: `answered`; somebody has answered it meanwhile.
    """
    if not words.strip():
        raise ValidationError({"words": _("Say what was done, or why not.")})
    held = DataRequest.objects.select_for_update(of=("self",)).filter(pk=request.pk, pk__in=DataRequest.objects.visible_to(actor).values("pk")).first()
    if held is None:
        raise Forbidden
    if held.state != State.OPEN:
        raise Conflict("answered", _("Somebody has answered this meanwhile."), held)
    held.state, held.answer = State.DONE if done else State.REFUSED, words.strip()
    held.answered_at, held.answered_by = clock.now(), actor
    held.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    audit.record(actor, "data_request.answered", held, done=done)
    return held


def erase_contact(actor: User, request: DataRequest) -> Certificate | None:
    """Erase what somebody may have erased at once, in the caller's transaction, which keeps holds away: private telephone, and what else reaches them.

    Nothing while a hold stands: whoever answers the request erases it then.
    """
    if is_held(actor):
        return None
    counts: dict[str, int] = {}
    rows = []
    person = Person.objects.select_for_update(of=("self",)).filter(pk=actor.person_id).first() if actor.person_id else None
    if person is not None:
        gone = [name for name in ("phone", *(() if holds_an_office(person) else ("duty_phone",))) if getattr(person, name)]
        for name in gone:
            setattr(person, name, "")
        if gone:
            person.save(update_fields=gone)
            counts |= {f"members.Person.{name}": 1 for name in gone}
            rows.append(("members.Person", person.public_id))
    if actor.email:
        User.objects.get_queryset().filter(pk=actor.pk).update(email="")
        counts["accounts.User.email"] = 1
        rows.append(("accounts.User", actor.public_id))
    if not rows:
        return None
    return certify(rule=Certificate.Rule.REQUEST, run=uuid4(), before=clock.today(), counts=counts, rows=rows, branch=request.branch, region=request.region)


def is_held(user: User) -> bool:
    """Say whether nothing of somebody may go, because a hold stands over a branch that they are or were in, or hold a role for."""
    of_them = Q(branch__memberships__person=user.person_id) if user.person_id else Q(pk__in=())
    roles = [grant.branch_id for grant in user.grants.all() if grant.branch_id is not None]
    return Hold.objects.in_force().filter(of_them | Q(branch__in=roles)).exists()


def holds_an_office(person: Person) -> bool:
    """Say whether somebody has to be reached today: as an officer of a branch, or as the leader who answers for a site."""
    today = clock.today()
    if OfficerTerm.objects.filter(membership__person=person, during__contains=today).exists():
        return True
    return person.contact_terms.filter(during__contains=today).exists()


def _answered_by(user: User) -> tuple[Branch | None, Region | None]:
    """Return the branch that answers for somebody, or the place; neither for whoever belongs to none."""
    person = user.person
    membership = person.memberships.select_related("branch").order_by("-during").first() if person else None
    if membership is not None:
        return membership.branch, None
    for grant in user.current_grants:
        if grant.branch is not None:
            return grant.branch, None
    return None, next((grant.region for grant in user.current_grants if grant.region is not None), None)


def _store(kind: str, actor: User, words: str, **about: object) -> DataRequest:
    now = clock.now()
    request = DataRequest(kind=kind, words=words, asked_at=now, due_on=due_after(clock.today()), recorded_by=actor, **about)
    request.full_clean(exclude=["account", "person", "branch", "region", "recorded_by"], validate_constraints=False)
    request.save(force_insert=True)
    audit.record(actor, "data_request.asked", request, kind=kind)
    return request
