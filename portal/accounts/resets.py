"""Resets of an officer's account: whoever asks needs a second person who holds another of the three offices, lest one of them take on another's rights."""

from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from branches import access
from branches.access import Act
from portal.accounts import alerts
from portal.accounts.models import Alert, Grant, Reset, User
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.refusals import as_validation_error

# Asked for and confirmed, and then not done, it is over.
HOLDS: Final = timedelta(days=3)


def needs_second_person(user: User) -> bool:
    """Say whether the account holds one of the three offices, today or from a later day on."""
    return user.grants.live(clock.today()).filter(role__in=access.SEPARATE_ROLES).exists()


def open_resets() -> QuerySet[Reset]:
    """Return the resets of which something may still come."""
    return Reset.objects.filter(closed_at=None, asked_at__gt=clock.now() - HOLDS)


def to_confirm(actor: User) -> QuerySet[Reset]:
    """Return the resets that wait for `actor`, or another officer: never their own account's, never what they asked for."""
    if not access.may(actor, Act.CONFIRM_RESETS):
        return Reset.objects.none()
    waiting = open_resets().filter(confirmed_by=None).exclude(account=actor).exclude(asked_by=actor)
    return waiting.select_related("account", "asked_by").order_by("asked_at")


@transaction.atomic
def ask(*, actor: User, user: User, what: str, reason: str, address: str | None = None) -> Reset:
    """Ask for the reset of an officer's password or second factor; those who can confirm it are told.

    Raises:
        Forbidden: not the actor's to keep.
        ValidationError: no reason is given, or it is asked for already.
    """
    if not User.objects.kept_by(actor).filter(pk=user.pk).exists() or what not in Reset.What.values:
        raise Forbidden
    if not reason.strip():
        raise ValidationError({"reason": _("Say why, and how you made sure who is asking.")})
    now = clock.now()
    Reset.objects.filter(account=user, what=what, closed_at=None, asked_at__lte=now - HOLDS).update(closed_at=now)
    asked = Reset(account=user, what=what, reason=reason.strip()[:200], asked_by=actor, asked_at=now)
    try:
        with transaction.atomic():
            asked.save()
    except IntegrityError as error:
        raise ValidationError({"reason": as_validation_error(error).message}) from error
    audit.record(actor, "reset.asked", asked, address=address, user=str(user.public_id), what=what)
    for each in _confirmers().exclude(pk__in=[actor.pk, user.pk]):
        alerts.tell(each, Alert.Kind.RESET_ASKED, by=str(actor), user=str(user))
    return asked


@transaction.atomic
def answer(*, actor: User, reset: Reset, agrees: bool, address: str | None = None) -> None:
    """Confirm a reset as second person, or refuse it.

    Raises:
        Forbidden: one's own account, one's own request, or no office to confirm with.
        Conflict: `state`, somebody answered it before, or it is over.
    """
    held = locks.row(Reset, reset.pk, "account", "asked_by")
    if not access.may(actor, Act.CONFIRM_RESETS) or actor.pk in {held.account_id, held.asked_by_id}:
        raise Forbidden
    if not to_confirm(actor).filter(pk=held.pk).exists():
        raise Conflict("state", _("Somebody has answered this already, or it is over."))
    now = clock.now()
    if agrees:
        held.confirmed_by, held.confirmed_at = actor, now
    else:
        held.closed_at = now
    held.save(update_fields=["confirmed_by", "confirmed_at", "closed_at"])
    audit.record(actor, "reset.confirmed" if agrees else "reset.refused", held, address=address, user=str(held.account.public_id), what=held.what)
    if agrees:
        alerts.tell(held.asked_by, Alert.Kind.RESET_CONFIRMED, by=str(actor), user=str(held.account))


def use(*, actor: User, user: User, what: str) -> None:
    """Use up the confirmation of a reset, in the caller's transaction; of other people's accounts none is needed.

    Raises:
        Forbidden: nobody confirmed it to `actor`.
    """
    if not needs_second_person(user):
        return
    confirmed = open_resets().filter(account=user, what=what, asked_by=actor, confirmed_by__isnull=False)
    if not confirmed.update(closed_at=clock.now()):
        raise Forbidden(_("This account holds one of the three offices: a second person has to confirm the reset first."))


def _confirmers() -> QuerySet[User]:
    grants = Grant.objects.in_force(clock.today()).filter(role__in=access.ROLES_FOR[Act.CONFIRM_RESETS])
    return User.objects.get_queryset().filter(is_active=True, pk__in=grants.values("user"))
