"""Persons whose branches have all ended, and accounts that nothing is left to do for: a pseudonym takes the place of the name.

The row stays, so that person-shifts, hours and people counted stay what they are; from the pseudonym nobody finds the person.
"""

from datetime import date, datetime, time
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Upper
from django.utils import timezone
from knox.models import AuthToken

from activities.models import ContactTerm, EntryParticipant, ReportVersion
from branches.models import Branch
from members.models import Membership, Person, Secondment
from portal.accounts.models import ActivationCode, Device, Grant, RecoveryCode, SecondFactor, Session, User
from portal.foundation import clock, locks
from portal.foundation.sensitive import AFTER_THE_BRANCH
from portal.retention.models import Certificate, DataRequest
from portal.retention.naming import GONE_ACCOUNT, account_pseudonym, pseudonym
from portal.retention.rules import branches_over
from portal.retention.services.certifying import certify

# UUIDv7: milliseconds since 1970 stand in the first 48 of 128 bits.
_MOMENT: Final = 80


def persons_due(before: date) -> QuerySet[Person]:
    """Return persons whose branches and sites all ended before a day, who hold no role elsewhere, and whom nobody has to find any more.

    Whoever is in none was written down before that day. Names that a published case prints are public and stay.
    """
    over = branches_over(before).values("pk")
    of_person = {"person": OuterRef("pk")}
    serves = Membership.objects.filter(**of_person).exclude(branch__in=over)
    worked = EntryParticipant.objects.filter(**of_person).exclude(entry__branch__in=over)
    answers = ContactTerm.objects.filter(leader=OuterRef("pk")).exclude(during__fully_lt=(before, None))
    acts = _live_grants(before).filter(user__person=OuterRef("pk"))
    printed = ReportVersion.objects.filter(means=ReportVersion.Means.CASE, branch__source=OuterRef("source"))
    asks = DataRequest.objects.waiting().filter(person=OuterRef("pk"))
    kept = Exists(asks) | Exists(serves) | Exists(worked) | Exists(answers) | Exists(acts)
    linked: Any = Exists(Membership.objects.filter(**of_person)) | Exists(EntryParticipant.objects.filter(**of_person))
    linked |= Exists(ContactTerm.objects.filter(leader=OuterRef("pk")))
    found = Person.objects.filter(linked | Q(public_id__lt=_first_of(before)), unnamed_at=None).filter(~kept)
    return found.filter(Q(source="") | ~Exists(printed)).order_by()


def accounts_due(before: date) -> QuerySet[User]:
    """Return accounts of people that lost their last role before a day and belong to nobody whose name is kept."""
    held = Exists(_live_grants(before).filter(user=OuterRef("pk")))
    named = Q(person=None) | Q(person__unnamed_at__isnull=False)
    found = User.objects.get_queryset().filter(named, is_machine=False, date_joined__lt=_midnight(before))
    return found.exclude(username__startswith=GONE_ACCOUNT).filter(~held).order_by()


def unname_step(run: UUID, most: int) -> Certificate | None:
    """Give a bounded number of persons of one branch their pseudonyms, in the caller's transaction; None when nobody is due."""
    before = timezone.localdate(clock.now()) - AFTER_THE_BRANCH
    last = Membership.objects.filter(person=OuterRef("pk")).order_by(Upper("during").desc(nulls_first=True), "-pk").values("branch")[:1]
    due = persons_due(before).annotate(last=Subquery(last))
    first = due.order_by("last", "pk").values_list("last", flat=True)[:1]
    if not first:
        return None
    of_branch = due.filter(last=first[0]) if first[0] is not None else due.filter(last=None)
    chosen = list(of_branch.order_by("pk").values_list("pk", flat=True)[:most])
    # Locked, and asked once more: nobody may join a branch meanwhile.
    locks.rows(Person, chosen)
    people = list(persons_due(before).filter(pk__in=chosen).order_by("pk"))
    branch = Branch.objects.filter(pk=first[0]).first() if first[0] is not None else None
    return _unname(people, run, before, branch) if people else None


def _unname(people: list[Person], run: UUID, before: date, branch: Branch | None) -> Certificate:
    posts = Secondment.objects.filter(person__in=people).exclude(job="")
    counts = {
        "members.Person.name": len(people),
        "members.Person.phone": sum(bool(person.phone) for person in people),
        "members.Person.duty_phone": sum(bool(person.duty_phone) for person in people),
    }
    rows = [("members.Person", person.public_id) for person in people]
    jobs = list(posts.values_list("public_id", flat=True))
    counts["members.Secondment.job"] = len(jobs)
    rows += [("members.Secondment", public_id) for public_id in jobs]
    posts.update(job="")
    for person in people:
        person.name, person.phone, person.duty_phone, person.unnamed_at = pseudonym(person.kind, person.public_id), "", "", clock.now()
        person.fold()
    Person.objects.bulk_update(people, ["name", "name_key", "search", "phone", "duty_phone", "unnamed_at"])
    return certify(rule=Certificate.Rule.PERSON, run=run, before=before, counts=counts, rows=rows, branch=branch)


def close_step(run: UUID, most: int) -> Certificate | None:
    """Close a bounded number of accounts for good, in the caller's transaction; None when none is due. What they did stays, of a pseudonym."""
    before = timezone.localdate(clock.now()) - AFTER_THE_BRANCH
    chosen = list(accounts_due(before).order_by("pk").values_list("pk", flat=True)[:most])
    # Locked, and asked once more: whoever is giving one of them a role has locked it too.
    locks.rows(User, chosen)
    users = list(accounts_due(before).filter(pk__in=chosen).select_related("person").order_by("pk"))
    if not users:
        return None
    counts = {
        "accounts.User.username": len(users),
        "accounts.User.name": sum(bool(user.name) for user in users),
        "accounts.User.email": sum(bool(user.email) for user in users),
        "accounts.User.last_login": sum(user.last_login is not None for user in users),
    }
    for user in users:
        user.username, user.email, user.last_login, user.is_active = account_pseudonym(user.public_id), "", None, False
        user.name = user.person.name if user.person else user.username
        user.password, user.has_second_factor = make_password(None), False
    User.objects.bulk_update(users, ["username", "name", "email", "last_login", "is_active", "password", "has_second_factor"])
    AuthToken.objects.filter(user__in=users).delete()
    ActivationCode.objects.filter(user__in=users).delete()
    for model in (SecondFactor, RecoveryCode, Device, Session):
        model._default_manager.filter(account__in=users).delete()
    return certify(rule=Certificate.Rule.ACCOUNT, run=run, before=before, counts=counts, rows=[("accounts.User", user.public_id) for user in users])


def _live_grants(before: date) -> "QuerySet[Grant]":
    """Return grants that held on some day since, other than over branches that are over."""
    revoked = Q(revoked_at__lt=_midnight(before))
    return Grant.objects.exclude(during__fully_lt=(before, None)).exclude(revoked).exclude(branch__in=branches_over(before).values("pk"))


def _first_of(day: date) -> UUID:
    """Return the least public identifier of a day."""
    return UUID(int=int(_midnight(day).timestamp() * 1000) << _MOMENT)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
