"""Writes to users, grants, activation codes and tokens: each checks the policy, and leaves a row in the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _
from knox.models import AuthToken

from branches import access
from branches.access import Act, Role
from branches.models import Branch, Region, WorkUnit
from portal.accounts import alerts, resets
from portal.accounts.models import ActivationCode, Alert, Device, Grant, Reset, Session, User
from portal.foundation import audit, clock, codes, locks
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from portal.foundation.refusals import as_validation_error

CODE_HOLDS: Final = timedelta(days=14)
# What the hashes of activation codes are keyed by.
_CODES: Final = "portal.accounts.codes"
# Wrong codes from one address before it waits. Guessing is hopeless anyway (60 bits); this keeps the audit log readable.
WRONG_CODES: Final = 10
WRONG_CODES_WITHIN: Final = timedelta(minutes=15)
TOKEN_DAYS: Final = (30, 90, 365)
TOKENS_A_USER: Final = 10

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
    last: date | None = None  # None: as long as is usual for the role
    sensitive: bool = False

    @property
    def last_day(self) -> date:
        """The last day on which it holds."""
        return self.last or self.first + timedelta(days=access.GRANT_DAYS[Role(self.role)])

    def refusals(self, *, is_machine: bool) -> dict[str, str]:
        """Return by field all that speaks against the grant, whoever gives it."""
        found = {}
        if is_machine != (self.role == Role.CLIENT):
            found["role"] = _("Another system gets the role “another system”, and people any but that.")
        if self.scope is None and self.role in access.ROLES_OF_A_PLACE:
            found["scope"] = _("This role is held for one branch, region or work unit, never for everything.")
        if self.last is not None and self.last < self.first:
            found["last"] = _("The last day is before the first.")
        elif self.last is not None and self.last > max(self.first, clock.today()) + timedelta(days=access.LONGEST_GRANT):
            found["last"] = _("A grant holds for a year at most. It can be extended before it ends.")
        return found

    def require_sound(self, user: User) -> None:
        """Refuse what makes no sense for `user`.

        Raises:
            ValidationError: by field: the role does not fit the user or the scope, or the days are in the wrong order.
        """
        if refused := self.refusals(is_machine=user.is_machine):
            raise ValidationError(dict(refused))

    def grant_for(self, user: User, giver: User | None) -> Grant:
        """Return the grant, not yet stored."""
        until = self.last_day + timedelta(days=1)
        return Grant(
            user=user,
            role=self.role,
            everything=self.scope is None,
            region=self.scope if isinstance(self.scope, Region) else None,
            work_unit=self.scope if isinstance(self.scope, WorkUnit) else None,
            branch=self.scope if isinstance(self.scope, Branch) else None,
            during=DateRange(self.first, until),
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
def create_first_account(*, username: str, name: str, role: str) -> IssuedCode:
    """Create an account with one role over everything, for whoever has the machine's console: there is nobody yet who could give it.

    Raises:
        ValidationError: the account is taken or malformed, or the role is none over everything.
    """
    user = User(username=User.normalize_username(username), name=name)
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user.save()
    terms = Terms(role=role, scope=None, first=clock.today())
    terms.require_sound(user)
    grant = terms.grant_for(user, None)
    grant.save()
    audit.record(None, "user.created", user, console=True)
    audit.record(None, "grant.given", grant, user=str(user.public_id), role=role, **_scope_of(grant))
    return issue_activation_codes(made_by=None, users=[user])[0]


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
        ValidationError: by field: the role does not fit the user or the scope, or separate roles would meet in one person.
    """
    grant = terms.grant_for(user, actor)
    if not access.may_give(actor, grant, own=user.pk == actor.pk):
        raise Forbidden
    terms.require_sound(user)
    # One after the other: of two grants that exclude one another, each would wait until the other is given up. The branch first, as whoever ends it does.
    locks.rows(Branch, [grant.branch_id], no_key=True)
    locks.rows(User, [user.pk], no_key=True)
    try:
        with transaction.atomic():
            grant.save()
    except IntegrityError as error:
        raise ValidationError({"role": as_validation_error(error).message}) from error
    audit.record(actor, "grant.given", grant, address=address, user=str(user.public_id), role=grant.role, sensitive=grant.sensitive, **_scope_of(grant))
    return grant


@transaction.atomic
def extend_grant(*, actor: User, grant: Grant, address: str | None = None) -> Grant:
    """Let a grant hold on from today for as long as is usual for its role. Two at once extend it once.

    Raises:
        Forbidden: `actor` could not give it, or it is their own.
        Conflict: `state`, it was taken back or has ended; a new one can be given.
        ValidationError: separate roles would meet in one person.
    """
    locks.row(User, grant.user_id, no_key=True)
    held = Grant.objects.select_for_update().get(pk=grant.pk)
    if not access.may_give(actor, held, own=held.user_id == actor.pk):
        raise Forbidden
    if held.revoked_at is not None or held.last_day is None or held.last_day < clock.today():
        raise Conflict("state", _("This grant has ended. Give a new one."), held)
    last = max(held.last_day, held.extended_until)
    if last == held.last_day:
        return held
    held.during, held.warned_at = DateRange(held.during.lower, last + timedelta(days=1)), None
    try:
        with transaction.atomic():
            held.save(update_fields=["during", "warned_at"])
    except IntegrityError as error:
        raise ValidationError({"role": as_validation_error(error).message}) from error
    audit.record(actor, "grant.extended", held, address=address, user=str(held.user.public_id), role=held.role, last=str(last), **_scope_of(held))
    return held


@transaction.atomic
def revoke_grant(*, actor: User, grant: Grant, address: str | None = None) -> None:
    """Take a grant back; it stops at its holder's next request. Taken back already: nothing happens.

    Raises:
        Forbidden: `actor` could not have given it.
    """
    locks.row(User, grant.user_id, no_key=True)
    held = Grant.objects.select_for_update().get(pk=grant.pk)
    if not access.may_give(actor, held, own=held.user_id == actor.pk):
        raise Forbidden
    if held.revoked_at is not None:
        return
    held.revoked_at, held.revoked_by = clock.now(), actor
    held.save(update_fields=["revoked_at", "revoked_by"])
    # What the role opened is closed by the policy at the next request; whatever a page of it left open in a browser, with the session.
    if held.role in access.SECOND_FACTOR_ROLES:
        Session.objects.filter(account=held.user_id).delete()
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
    resets.use(actor=actor, user=user, what=Reset.What.PASSWORD)
    user.set_unusable_password()
    user.save(update_fields=["password"])
    forget_sign_ins(user)
    audit.record(actor, "account.reset", user, address=address)
    alerts.tell(user, Alert.Kind.PASSWORD_RESET, by=str(actor))
    return issue_activation_codes(made_by=actor, users=[user], address=address)[0]


@transaction.atomic
def issue_activation_codes(*, made_by: User | None, users: Sequence[User], address: str | None = None) -> list[IssuedCode]:
    """Issue a single-use code for each user, valid for 14 days; earlier codes of theirs stop working. The caller has checked the policy."""
    now = clock.now()
    ActivationCode.objects.filter(user__in=users, used_at=None, expires_at__gt=now).update(expires_at=now)
    issued = [IssuedCode(user, codes.new_code(), now + CODE_HOLDS) for user in users]
    ActivationCode.objects.bulk_create(
        ActivationCode(user=each.user, code_hash=codes.hash_of(each.code, _CODES), made_by=made_by, made_at=now, expires_at=each.expires_at) for each in issued
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
        found = held.filter(code_hash=codes.hash_of(code, _CODES), used_at=None, expires_at__gt=now, user__is_active=True).first()
        if found is not None:
            _choose_password(found.user, password)
            forget_sign_ins(found.user)
            found.used_at = now
            found.save(update_fields=["used_at"])
            audit.record(found.user, "account.activated", found.user, address=address)
            return found.user
        audit.record(None, "activation.refused", address=address)
    raise ValidationError({"code": _("This code is wrong, used up or expired. Check each character, or ask your administrator for a new one.")})


@transaction.atomic
def change_password(*, user: User, password: str, address: str | None = None, keep: Session | None = None) -> None:
    """Replace a user's own password; every session but the one to `keep` ends, and no device is spared the code any more."""
    _choose_password(user, password)
    forget_sign_ins(user, keep=keep)
    audit.record(user, "account.password_changed", user, address=address)


def note_use(user: User) -> None:
    """Note the day on which an account was used; one write a day."""
    today = clock.today()
    if user.last_used_on != today:
        User.objects.filter(pk=user.pk).update(last_used_on=today)


def forget_sign_ins(user: User, *, keep: Session | None = None) -> None:
    """End every session of `user` but one, and spare no device of theirs the code: whoever knew the old password may sit at one."""
    Session.objects.filter(account=user).exclude(pk=keep.pk if keep else "").delete()
    Device.objects.filter(account=user).update(trusted_until=None)


@transaction.atomic
def end_session(*, user: User, session: Session, address: str | None = None) -> None:
    """End one of a user's own sessions."""
    if Session.objects.filter(pk=session.pk, account=user).delete()[0]:
        audit.record(user, "session.ended", user, address=address, why="by its owner")


@transaction.atomic
def end_other_sessions(*, user: User, keep: Session, address: str | None = None) -> int:
    """End all of a user's own sessions but this one; return how many they were."""
    ended = Session.objects.filter(account=user).exclude(pk=keep.pk).delete()[0]
    if ended:
        audit.record(user, "session.ended", user, address=address, why="by its owner", count=ended)
    return ended


@transaction.atomic
def forget_device(*, user: User, device: Device, address: str | None = None) -> None:
    """Forget one of a user's own devices: its next sign-in is one from a new device, with a code."""
    if Device.objects.filter(pk=device.pk, account=user).delete()[0]:
        audit.record(user, "device.forgotten", user, address=address)


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
    # The system reads no notices: whoever gave it its rights does, and whoever issued it, lest somebody else did at their desk.
    givers = User.objects.filter(pk__in=user.grants.in_force(clock.today()).values("given_by"))
    for told in {actor, *givers}:
        alerts.tell(told, Alert.Kind.TOKEN_ISSUED, address=address, by=str(actor), system=str(user))
    return IssuedToken(user, secret, token.expiry)


@transaction.atomic
def revoke_token(*, actor: User, user: User, key: str, address: str | None = None) -> None:
    """Take back the token of `user` that begins with `key`; gone already: nothing happens."""
    _require_keeper(actor, user)
    if key and AuthToken.objects.filter(user=user, token_key=key).delete()[0]:
        audit.record(actor, "token.revoked", user, address=address, token=key[:8])


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
