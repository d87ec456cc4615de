"""Writes to users, grants, activation codes and tokens: each checks the policy, and leaves a row in the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from knox.models import AuthToken

from branches import access
from branches.access import Act, Role
from branches.models import Branch, Region, WorkUnit
from branches.querysets import BranchQuerySet
from members.models import Membership, OfficerTerm, Person
from portal.accounts import clerk_import, codes
from portal.accounts.clerk_import import ClerkRow
from portal.accounts.models import ActivationCode, Grant, User
from portal.foundation import attachments, audit, clock
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import Attachment, AuditEntry, Submission
from portal.foundation.refusals import as_validation_error, constraint_of
from portal.foundation.text import fold

CODE_HOLDS: Final = timedelta(days=14)
# Wrong codes from one address before it waits. Guessing is hopeless anyway (60 bits); this keeps the audit log readable.
WRONG_CODES: Final = 10
WRONG_CODES_WITHIN: Final = timedelta(minutes=15)
TOKEN_DAYS: Final = (30, 90, 365)
TOKENS_A_USER: Final = 10
# What attachments and branches of an import are marked with.
IMPORT: Final = "clerk_import"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Scope = Region | WorkUnit | Branch


@dataclass(frozen=True)
class IssuedCode:
    """An activation code in the clear: shown and printed once, never stored."""

    user: User
    code: str
    expires_at: datetime


@dataclass(frozen=True)
class Terms:
    """What a grant is to say: a role over a scope (None: everything), from a day until a day, the last one included."""

    role: str
    scope: Scope | None
    first: date
    last: date | None = None
    sensitive: bool = False

    def grant_for(self, user: User, giver: User | None) -> Grant:
        """Return the grant, not yet stored."""
        until = self.last + timedelta(days=1) if self.last else None
        if until is not None and until <= self.first:
            raise ValidationError({"last": _("The last day is before the first.")})
        return Grant(
            user=user,
            role=self.role,
            everything=self.scope is None,
            region=self.scope if isinstance(self.scope, Region) else None,
            work_unit=self.scope if isinstance(self.scope, WorkUnit) else None,
            branch=self.scope if isinstance(self.scope, Branch) else None,
            during=(self.first, until),
            sensitive=self.sensitive,
            given_by=giver,
            given_at=clock.now(),
        )


@transaction.atomic
def create_user(
    *, actor: User, username: str, name: str = "", is_machine: bool = False, terms: Terms | None = None, address: str | None = None
) -> tuple[User, IssuedCode | None]:
    """Create a user without a password, and the activation code with which they choose one; a machine gets none.

    A keeper of accounts creates users without grants and machines; an administrator creates a user together with a first grant in the area.

    Raises:
        Forbidden: `actor` may not create users, or not give that grant.
        ValidationError: by field: the account is taken or malformed.
    """
    keeps_accounts = access.may(actor, Act.KEEP_ACCOUNTS)
    if not keeps_accounts and (not access.may(actor, Act.ADMINISTER) or terms is None or is_machine):
        raise Forbidden
    user = User(username=User.normalize_username(username), name=name, is_machine=is_machine)
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise ValidationError({"username": _("This account is taken.")}) from error
    audit.record(actor, "user.created", user, address=address, machine=is_machine)
    if terms is not None:
        give_grant(actor=actor, user=user, terms=terms, address=address)
    if is_machine:
        return user, None
    return user, issue_activation_codes(made_by=actor, users=[user], address=address)[0]


@transaction.atomic
def set_active(*, actor: User, user: User, active: bool, address: str | None = None) -> None:
    """Close an account, or open it again. A closed one is signed out and its tokens stop at their next request."""
    _require_keeper(actor, user)
    user.is_active = active
    user.save(update_fields=["is_active"])
    audit.record(actor, "user.opened" if active else "user.closed", user, address=address)


@transaction.atomic
def give_grant(*, actor: User, user: User, terms: Terms, address: str | None = None) -> Grant:
    """Give `user` a role over a scope.

    Raises:
        Forbidden: more than `actor` may give, or to themselves.
        ValidationError: the role does not fit the user, or separate roles would meet in one person.
    """
    grant = terms.grant_for(user, actor)
    if not access.may_give(actor, grant, own=user.pk == actor.pk):
        raise Forbidden
    if user.is_machine != (grant.role == Role.CLIENT):
        raise ValidationError({"role": _("Another system gets the role “another system”, and people any but that.")})
    try:
        with transaction.atomic():
            grant.save()
    except IntegrityError as error:
        raise ValidationError({"role": as_validation_error(error).message}) from error
    audit.record(actor, "grant.given", grant, address=address, user=str(user.public_id), role=grant.role, sensitive=grant.sensitive, **_scope_of(grant))
    return grant


@transaction.atomic
def revoke_grant(*, actor: User, grant: Grant, address: str | None = None) -> None:
    """Take a grant back; it stops at its holder's next request. Taken back already: nothing happens.

    Raises:
        Forbidden: `actor` could not have given it.
    """
    held = Grant.objects.select_for_update().get(pk=grant.pk)
    if not access.may_give(actor, held, own=held.user_id == actor.pk):
        raise Forbidden
    if held.revoked_at is not None:
        return
    held.revoked_at, held.revoked_by = clock.now(), actor
    held.save(update_fields=["revoked_at", "revoked_by"])
    audit.record(actor, "grant.revoked", held, address=address, user=str(held.user.public_id), role=held.role, **_scope_of(held))


@transaction.atomic
def reset_password(*, actor: User, user: User, address: str | None = None) -> IssuedCode:
    """Take a user's password away, which signs them out everywhere, and issue a new activation code.

    Raises:
        Forbidden: not the actor's to keep.
        ValidationError: a machine has no password.
    """
    _require_keeper(actor, user)
    if user.is_machine:
        raise ValidationError(_("Another system signs in with tokens, not with a password."))
    user.set_unusable_password()
    user.save(update_fields=["password"])
    audit.record(actor, "account.reset", user, address=address)
    return issue_activation_codes(made_by=actor, users=[user], address=address)[0]


@transaction.atomic
def issue_activation_codes(*, made_by: User | None, users: Sequence[User], address: str | None = None) -> list[IssuedCode]:
    """Issue a single-use code for each user, valid for 14 days; earlier codes of theirs stop working. The caller has checked the policy."""
    now = clock.now()
    ActivationCode.objects.filter(user__in=users, used_at=None, expires_at__gt=now).update(expires_at=now)
    issued = [IssuedCode(user, codes.new_code(), now + CODE_HOLDS) for user in users]
    ActivationCode.objects.bulk_create(
        ActivationCode(user=each.user, code_hash=codes.hash_of(each.code), made_by=made_by, made_at=now, expires_at=each.expires_at) for each in issued
    )
    for each in issued:
        audit.record(made_by, "activation.issued", each.user, address=address)
    return issued


def activation_waits_until(address: str | None) -> datetime | None:
    """Return until when an address must wait after too many wrong codes; None when it need not."""
    now = clock.now()
    wrong = AuditEntry.objects.filter(action="activation.refused", address=address, at__gt=now - WRONG_CODES_WITHIN)
    latest = list(wrong.order_by("-at").values_list("at", flat=True)[:WRONG_CODES])
    return latest[-1] + WRONG_CODES_WITHIN if len(latest) == WRONG_CODES else None


def activate(*, code: str, password: str, address: str | None = None) -> User:
    """Use an activation code: the password is set, the code is spent. Of two at once with one code, one gets it.

    Raises:
        Conflict: `wait`, after too many wrong codes from this address; `current` is until when.
        ValidationError: by field; a wrong code is counted, a weak password is not.
    """
    if (until := activation_waits_until(address)) is not None:
        raise Conflict("wait", _("Too many wrong codes came from your network."), until)
    with transaction.atomic():
        now = clock.now()
        held = ActivationCode.objects.select_for_update(of=("self",)).select_related("user")
        found = held.filter(code_hash=codes.hash_of(code), used_at=None, expires_at__gt=now, user__is_active=True).first()
        if found is not None:
            _choose_password(found.user, password)
            found.used_at = now
            found.save(update_fields=["used_at"])
            audit.record(found.user, "account.activated", found.user, address=address)
            return found.user
        audit.record(None, "activation.refused", address=address)
    raise ValidationError({"code": _("This code is wrong, used up or expired. Check each character, or ask your administrator for a new one.")})


@transaction.atomic
def change_password(*, user: User, password: str, address: str | None = None) -> None:
    """Replace a user's own password; other devices are signed out."""
    _choose_password(user, password)
    audit.record(user, "account.password_changed", user, address=address)


@transaction.atomic
def change_profile(*, user: User, name: str, language: str, address: str | None = None) -> None:
    """Change one's own name and language."""
    user.name, user.language = name, language
    user.save(update_fields=["name", "language"])
    audit.record(user, "account.changed", user, address=address)


@dataclass(frozen=True)
class IssuedToken:
    """A token in the clear: shown once, stored as a hash."""

    user: User
    secret: str
    expires_at: datetime


@transaction.atomic
def issue_token(*, actor: User, user: User, days: int, address: str | None = None) -> IssuedToken:
    """Issue an API token for another system.

    Raises:
        Forbidden: not the actor's to keep.
        ValidationError: people have no tokens; ten tokens are enough; the time is none of the offered.
    """
    _require_keeper(actor, user)
    if not user.is_machine:
        raise ValidationError(_("Tokens are for other systems; people sign in."))
    if days not in TOKEN_DAYS:
        raise ValidationError({"days": _("Choose how long the token holds.")})
    # Locked, so that two at once do not make eleven.
    User.objects.select_for_update().get(pk=user.pk)
    if AuthToken.objects.filter(user=user, expiry__gt=clock.now()).count() >= TOKENS_A_USER:
        raise ValidationError(_("This system has ten tokens already: take one back first."))
    token, secret = AuthToken.objects.create(user=user, expiry=timedelta(days=days))
    audit.record(actor, "token.issued", user, address=address, token=token.token_key[:8], days=days)
    return IssuedToken(user, secret, token.expiry)


@transaction.atomic
def revoke_token(*, actor: User, user: User, key: str, address: str | None = None) -> None:
    """Take back the token of `user` that begins with `key`; gone already: nothing happens."""
    _require_keeper(actor, user)
    if key and AuthToken.objects.filter(user=user, token_key=key).delete()[0]:
        audit.record(actor, "token.revoked", user, address=address, token=key[:8])


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
    _require_administrator_of_regions(actor)
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
    _require_administrator_of_regions(actor)
    with attachments.open_content(workbook) as file:
        content = file.read()
    try:
        with transaction.atomic():
            # Two confirmations at once: the second waits here for the first, and is refused when that commits.
            Submission.objects.create(account=actor, uid=workbook.public_id, fingerprint=workbook.sha256, object_id=workbook.public_id)
            reading = clerk_import.read(content, actor)
            if reading.bad:
                raise Conflict("bad", _("In the meantime a row has become bad. Upload the workbook again to see which."))
            branches = _store_branches(reading.rows, workbook)
            people = _store_people(reading.rows, branches)
            users = _store_clerks(actor, reading.rows, branches, people)
            issued = issue_activation_codes(made_by=actor, users=users, address=address)
            audit.record(actor, "clerks.imported", workbook, address=address, branches=len(branches), users=[str(user.public_id) for user in users])
    except IntegrityError as error:
        if constraint_of(error) == "submission_uid_once_per_account":
            raise Conflict("done", _("This workbook is stored already.")) from error
        raise Conflict("bad", _("In the meantime a row has become bad. Upload the workbook again to see which.")) from error
    return [Slip(branch, each) for branch, each in zip(branches, issued, strict=True)]


def branches_of(workbook: Attachment) -> BranchQuerySet:
    """Return the branches that came with a workbook, in its order."""
    found: BranchQuerySet = Branch.objects.filter(source=IMPORT, key__startswith=f"{workbook.public_id}/").order_by("key")
    return found


@transaction.atomic
def reissue_codes(*, actor: User, workbook: Attachment, address: str | None = None) -> list[Slip]:
    """Issue new codes for those clerks of a workbook who never activated their account: the sheet was lost, or the codes ran out."""
    slips = []
    for grant in Grant.objects.in_force(clock.today()).filter(branch__in=branches_of(workbook), role=Role.ORGANISER).select_related("user", "branch"):
        waiting = not grant.user.has_usable_password() and grant.user.is_active
        if waiting and User.objects.kept_by(actor).filter(pk=grant.user_id).exists():
            slips.append(Slip(grant.branch, issue_activation_codes(made_by=actor, users=[grant.user], address=address)[0]))
    return slips


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
    clerks: list[Person] = []
    secretaries: list[Person | None] = []
    for row in rows:
        secretary = Person(name=row.secretary, kind=Person.Kind.MEMBER, duty_phone=row.secretary_phone) if row.secretary else None
        same = secretary is not None and (row.clerk, row.clerk_phone or row.secretary_phone) == (row.secretary, row.secretary_phone)
        secretaries.append(secretary)
        clerks.append(secretary if same and secretary is not None else Person(name=row.clerk, kind=Person.Kind.STAFF, duty_phone=row.clerk_phone))
    people = list(dict.fromkeys(person for pair in zip(secretaries, clerks, strict=True) for person in pair if person is not None))
    for person in people:
        person.fold()
    Person.objects.bulk_create(people)
    memberships: list[Membership] = []
    for row, branch, secretary, clerk in zip(rows, branches, secretaries, clerks, strict=True):
        if row.established is not None:
            present = dict.fromkeys(person for person in (secretary, clerk) if person is not None)
            memberships += [Membership(person=person, branch=branch, during=(row.established, None)) for person in present]
    Membership.objects.bulk_create(memberships)
    leading = {id(secretary) for secretary in secretaries}
    OfficerTerm.objects.bulk_create(
        OfficerTerm(membership=each, office=OfficerTerm.Office.SECRETARY, during=each.during) for each in memberships if id(each.person) in leading
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


def _require_administrator_of_regions(actor: User) -> None:
    reach = access.reach(actor, Act.ADMINISTER)
    if not reach.everything and not reach.regions:
        raise Forbidden


def _require_keeper(actor: User, user: User) -> None:
    if not User.objects.kept_by(actor).filter(pk=user.pk).exists():
        raise Forbidden


def _choose_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error}) from error
    user.set_password(password)
    user.must_change_password = False
    user.save(update_fields=["password", "must_change_password"])


def _scope_of(grant: Grant) -> dict[str, str]:
    for kind in ("region", "work_unit", "branch"):
        scope = getattr(grant, kind)
        if scope is not None:
            return {"scope": kind, "scope_id": str(scope.public_id)}
    return {"scope": "everything"}
