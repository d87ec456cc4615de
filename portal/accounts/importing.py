"""Storing an import of branches and clerks: all of a workbook or nothing, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from branches import access
from branches.access import Role
from branches.models import Branch, WorkUnit
from branches.querysets import BranchQuerySet
from members.models import Membership, OfficerTerm, Person
from portal.accounts import clerk_import
from portal.accounts.clerk_import import ClerkRow
from portal.accounts.models import Grant, User
from portal.accounts.services import IssuedCode, Terms, issue_activation_codes
from portal.foundation import attachments, audit, clock
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import Attachment, Submission
from portal.foundation.refusals import constraint_of
from portal.foundation.text import fold

# What attachments and branches of an import are marked with.
IMPORT: Final = "clerk_import"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Slip:
    """What is cut out for a user: the code of the account, and the branch when it came with one."""

    branch: Branch | None
    issued: IssuedCode


@transaction.atomic
def keep_workbook(*, actor: User, content: bytes, name: str) -> Attachment:
    """Keep an uploaded workbook whose rows are all good, to be confirmed.

    Raises:
        Forbidden: `actor` administers no region.
        ValidationError: it is empty or too large.
    """
    if not access.administers_regions(actor):
        raise Forbidden
    kept = attachments.store(content=content, name=name, content_type=XLSX, model=IMPORT, added_by=actor)
    audit.record(actor, "clerks.uploaded", kept)
    return kept


def import_clerks(*, actor: User, workbook: Attachment, address: str | None = None) -> list[Slip]:
    """Store all rows of a workbook: branches, people, accounts with an organiser's grant, and their activation codes.

    All or nothing; confirmed twice, stored once.

    Raises:
        Forbidden: `actor` administers no region.
        Conflict: `done`, this workbook is stored already; `bad`, a row that was good when it was shown is not any more.
    """
    if not access.administers_regions(actor):
        raise Forbidden
    if workbook.thrown_away_at is not None:
        raise Conflict("bad", _("This workbook is not kept any more. Upload it again."))
    with attachments.open_content(workbook) as file:
        content = file.read()
    try:
        with transaction.atomic():
            # Two confirmations at once: the second waits here for the first, and is refused when that commits.
            Submission.objects.create(account=actor, uid=workbook.public_id, fingerprint=workbook.sha256, object_id=workbook.public_id)
            reading = clerk_import.read(content, actor)
            if reading.bad:
                raise Conflict("bad", _("Meanwhile a row can no longer be stored. Upload the workbook again to see which."))
            branches = _store_branches(reading.rows, workbook)
            people = _store_people(reading.rows, branches)
            users = _store_clerks(actor, reading.rows, branches, people)
            issued = issue_activation_codes(made_by=actor, users=users, address=address)
            audit.record(actor, "clerks.imported", workbook, address=address, branches=len(branches), users=[str(user.public_id) for user in users])
    except IntegrityError as error:
        if constraint_of(error) == "submission_uid_once_per_account":
            raise Conflict("done", _("This workbook is stored already.")) from error
        raise Conflict("bad", _("Meanwhile a row can no longer be stored. Upload the workbook again to see which.")) from error
    return [Slip(branch, each) for branch, each in zip(branches, issued, strict=True)]


def throw_away_workbooks(before: datetime) -> int:
    """Throw away the workbooks that were uploaded `before`, with the names and telephone numbers in them; return how many."""
    found = Attachment.objects.filter(model=IMPORT, added_at__lt=before, thrown_away_at=None)
    for workbook in found:
        attachments.throw_away(workbook)
    return len(found)


def branches_of(workbook: Attachment) -> BranchQuerySet:
    """Return the branches that came with a workbook, in its order."""
    found: BranchQuerySet = Branch.objects.filter(source=IMPORT, key__startswith=f"{workbook.public_id}/").order_by("key")
    return found


@transaction.atomic
def reissue_codes(*, actor: User, workbook: Attachment, address: str | None = None) -> list[Slip]:
    """Issue new codes for those clerks of a workbook who never activated their account: the sheet was lost, or the codes ran out."""
    held = Grant.objects.in_force(clock.today()).filter(branch__in=branches_of(workbook), role=Role.ORGANISER, user__in=User.objects.kept_by(actor))
    branches = {grant.user: grant.branch for grant in held.select_related("user", "branch").order_by("branch__key", "pk")}
    waiting = [user for user in branches if user.is_active and not user.has_usable_password()]
    return [Slip(branches[each.user], each) for each in issue_activation_codes(made_by=actor, users=waiting, address=address)]


def _store_branches(rows: Sequence[ClerkRow], workbook: Attachment) -> list[Branch]:
    today = clock.today()
    branches = [
        Branch(
            name=row.branch,
            kind=row.kind,
            region=row.region,
            established_on=row.established,
            # Nobody could file here for the days before: they are not missing.
            reports_from=max(row.established or today, today),
            source=IMPORT,
            key=f"{workbook.public_id}/{row.row:05}",
        )
        for row in rows
    ]
    for branch in branches:
        branch.fold()
    Branch.objects.bulk_create(branches)
    units = {fold(unit.name): unit for unit in WorkUnit.objects.all()}
    for name in {name for row in rows for name in row.units}:
        if fold(name) not in units:
            units[fold(name)] = WorkUnit.objects.create(name=name)
    link = Branch.sending_units.through
    sent = {(branch.pk, units[fold(name)].pk) for row, branch in zip(rows, branches, strict=True) for name in row.units}
    link.objects.bulk_create(link(branch_id=branch, workunit_id=unit) for branch, unit in sorted(sent))
    return branches


def _store_people(rows: Sequence[ClerkRow], branches: Sequence[Branch]) -> list[Person]:
    """Store secretaries and clerks, with membership and office where the day is known; return the clerks.

    A clerk of the secretary's name and phone is the secretary. A clerk need not be a Party member, so is counted as staff.
    """
    secretaries = [Person(name=row.secretary, kind=Person.Kind.MEMBER, duty_phone=row.secretary_phone) if row.secretary else None for row in rows]
    clerks = [
        secretary
        if secretary is not None and row.clerk == row.secretary and row.clerk_phone in {"", row.secretary_phone}
        else Person(name=row.clerk, kind=Person.Kind.STAFF, duty_phone=row.clerk_phone)
        for row, secretary in zip(rows, secretaries, strict=True)
    ]
    teams = [[clerk] if secretary is None or secretary is clerk else [secretary, clerk] for secretary, clerk in zip(secretaries, clerks, strict=True)]
    people = [person for team in teams for person in team]
    for person in people:
        person.fold()
    Person.objects.bulk_create(people)
    memberships = Membership.objects.bulk_create(
        Membership(person=person, branch=branch, during=(row.established, None))
        for row, branch, team in zip(rows, branches, teams, strict=True)
        if row.established is not None
        for person in team
    )
    leading = {secretary.pk for secretary in secretaries if secretary is not None}
    OfficerTerm.objects.bulk_create(
        OfficerTerm(membership=each, office=OfficerTerm.Office.SECRETARY, during=each.during) for each in memberships if each.person_id in leading
    )
    return clerks


def _store_clerks(actor: User, rows: Sequence[ClerkRow], branches: Sequence[Branch], people: Sequence[Person]) -> list[User]:
    users = [User(username=row.account, name=row.clerk, person=person) for row, person in zip(rows, people, strict=True)]
    for user in users:
        user.set_unusable_password()
    User.objects.bulk_create(users)
    terms = [Terms(role=Role.ORGANISER, scope=branch, first=clock.today()) for branch in branches]
    grants = [each.grant_for(user, actor) for each, user in zip(terms, users, strict=True)]
    Grant.objects.bulk_create(grants)
    # The rows lie in the actor's regions, so that one question to the policy stands for all.
    if User.objects.filter(pk__in=[user.pk for user in users]).exclude(grants__in=Grant.objects.filter(access.grants_given_by(actor))).exists():
        raise Forbidden
    return users
