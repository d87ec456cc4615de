"""The second factor: set up, asked for, made anew, taken away. Codes are TOTP as every app makes them: SHA-1, six digits, 30 seconds."""

import secrets
import unicodedata
from base64 import b32decode, b32encode
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote, urlencode

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django_otp.oath import TOTP

from branches import access
from portal.accounts import alerts, resets
from portal.accounts.models import Alert, Device, RecoveryCode, Reset, SecondFactor, Session, User
from portal.accounts.sealing import CannotOpenError, seal, unseal
from portal.foundation import audit, clock, codes
from portal.foundation.errors import Conflict, Forbidden

RECOVERY_CODES: Final = 10
DIGITS: Final = 6
# Steps of 30 seconds that a telephone's clock may be off, each way, beyond the drift that is known of it.
TOLERANCE: Final = 1
# Wrong codes in a row that cost nothing; after each further one the account waits, a minute at first, then twice as long, an hour at most: whoever has the
# password tries some thirty codes a day, of a million.
FREE_TRIES: Final = 5
LONGEST_WAIT: Final = timedelta(hours=1)
_SEALED, _RECOVERY = "portal.accounts.second_factor", "portal.accounts.recovery"
_SECRET_BYTES: Final = 20


def is_required(user: User) -> bool:
    """Say whether a role that `user` holds today asks for a second factor."""
    return settings.SECOND_FACTOR and any(grant.role in access.SECOND_FACTOR_ROLES for grant in user.current_grants)


def new_secret() -> str:
    """Return a new secret, as apps read it (base 32)."""
    return b32encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def address_of(secret: str, user: User, issuer: str) -> str:
    """Return the address that an app reads from the QR code."""
    label = quote(f"{issuer}:{user.username}")
    return f"otpauth://totp/{label}?{urlencode({'secret': secret, 'issuer': issuer, 'algorithm': 'SHA1', 'digits': DIGITS, 'period': 30}, quote_via=quote)}"


@transaction.atomic
def enrol(*, user: User, secret: str, typed: str, address: str | None = None) -> list[str]:
    """Take a telephone as second factor, once it shows a right code; return the recovery codes, in the clear for this once.

    Raises:
        ValidationError: the code is wrong.
        Conflict: `state`, there is a second factor already; it has to be taken away first.
    """
    # Locked, so that two pages at once do not both show recovery codes.
    User.objects.select_for_update().get(pk=user.pk)
    if SecondFactor.objects.filter(account=user).exists():
        raise Conflict("state", _("This account has a second factor already."))
    factor = SecondFactor(account=user, secret=seal(secret, _SEALED), enrolled_at=clock.now())
    if not _fits(factor, _digits(typed)):
        raise ValidationError({"code": _("This code is wrong. Take the six digits that the app shows now, and check that the telephone's clock is right.")})
    factor.save()
    _set_flag(user, present=True)
    audit.record(user, "second_factor.enrolled", user, address=address)
    return _new_codes(user)


def check(*, user: User, typed: str, address: str | None = None) -> None:
    """Take a code of the app, or a recovery code; each works once.

    Raises:
        ValidationError: the code is wrong, or was used already.
        Conflict: `wait`, after too many wrong codes; `current` is until when.
    """
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().get(account=user)
        if (until := _waits_until(factor)) is not None:
            raise Conflict("wait", _("Too many wrong codes were typed."), until)
        if (kind := _accepted(factor, typed)) is not None:
            factor.failures = 0
            factor.save()
            audit.record(user, f"second_factor.{kind}", user, address=address)
            return
        factor.failures, factor.failed_at = min(factor.failures + 1, 1000), clock.now()
        factor.save(update_fields=["failures", "failed_at"])
        audit.record(user, "second_factor.refused", user, address=address)
        if factor.failures == FREE_TRIES:
            alerts.tell(user, Alert.Kind.CODES_REFUSED, address=address)
    raise ValidationError({"code": _("This code is wrong, or was used already. Take the six digits that the app shows now, or a recovery code.")})


@transaction.atomic
def renew_recovery_codes(*, user: User, address: str | None = None) -> list[str]:
    """Make ten new recovery codes and return them; the old ones stop working.

    Raises:
        Forbidden: there is no second factor that they could stand in for.
    """
    if not SecondFactor.objects.select_for_update().filter(account=user).exists():
        raise Forbidden
    audit.record(user, "second_factor.codes_renewed", user, address=address)
    return _new_codes(user)


@transaction.atomic
def remove(*, user: User, address: str | None = None) -> None:
    """Take one's own second factor away.

    Raises:
        Forbidden: a role of theirs asks for one.
    """
    if is_required(user):
        raise Forbidden(_("Your role asks for a second factor. A new telephone: let the keeper of accounts reset it."))
    _take_away(user)
    audit.record(user, "second_factor.removed", user, address=address)


@transaction.atomic
def reset(*, actor: User, user: User, address: str | None = None) -> None:
    """Take away the second factor of somebody who lost telephone and codes: they are signed out, and set up a new one when they sign in.

    Raises:
        Forbidden: not the actor's to keep, their own, or an officer's that a second person has to confirm.
        ValidationError: there is none.
    """
    if not User.objects.kept_by(actor).filter(pk=user.pk).exists():
        raise Forbidden
    if not User.objects.get(pk=user.pk).has_second_factor:
        raise ValidationError(_("This user has no second factor."))
    resets.use(actor=actor, user=user, what=Reset.What.FACTOR)
    _take_away(user)
    Session.objects.filter(account=user).delete()
    audit.record(actor, "second_factor.reset", user, address=address)
    alerts.tell(user, Alert.Kind.FACTOR_RESET, by=str(actor))


def _take_away(user: User) -> None:
    SecondFactor.objects.filter(account=user).delete()
    RecoveryCode.objects.filter(account=user).delete()
    Device.objects.filter(account=user).update(trusted_until=None)
    _set_flag(user, present=False)


def _set_flag(user: User, *, present: bool) -> None:
    user.has_second_factor = present
    user.save(update_fields=["has_second_factor"])


def _new_codes(user: User) -> list[str]:
    made, now = [codes.new_code() for _number in range(RECOVERY_CODES)], clock.now()
    RecoveryCode.objects.filter(account=user).delete()
    RecoveryCode.objects.bulk_create(RecoveryCode(account=user, code_hash=codes.hash_of(code, _RECOVERY), made_at=now) for code in made)
    return made


def _accepted(factor: SecondFactor, typed: str) -> str | None:
    """Return how a code was taken, `passed` or `recovered`; None when it is wrong."""
    if digits := _digits(typed):
        return "passed" if _fits(factor, digits) else None
    used = RecoveryCode.objects.filter(account=factor.account, code_hash=codes.hash_of(typed, _RECOVERY), used_at=None).update(used_at=clock.now())
    if not used:
        return None
    left = RecoveryCode.objects.filter(account=factor.account, used_at=None).count()
    alerts.tell(factor.account, Alert.Kind.RECOVERY_USED, left=left)
    return "recovered"


def _fits(factor: SecondFactor, digits: str) -> bool:
    """Say whether six digits are a code of now that was not used; note it as used, and how far the telephone's clock is off."""
    if not digits:
        return False
    try:
        key = b32decode(unseal(factor.secret, _SEALED))
    except CannotOpenError:
        return False
    totp = TOTP(key, digits=DIGITS, drift=factor.drift)
    totp.time = clock.now().timestamp()
    if not totp.verify(int(digits), tolerance=TOLERANCE, min_t=factor.last_step + 1):
        return False
    factor.last_step, factor.drift = totp.t(), totp.drift
    return True


def _digits(typed: str) -> str:
    """Return the six digits that were meant, whatever stands between them; empty when they are not six digits."""
    plain = "".join(unicodedata.normalize("NFKC", typed).split())
    return plain if len(plain) == DIGITS and plain.isascii() and plain.isdecimal() else ""


def _waits_until(factor: SecondFactor) -> datetime | None:
    if factor.failures < FREE_TRIES or factor.failed_at is None:
        return None
    doubled = min(factor.failures - FREE_TRIES, 10)
    until = factor.failed_at + min(timedelta(minutes=2**doubled), LONGEST_WAIT)
    return until if until > clock.now() else None
