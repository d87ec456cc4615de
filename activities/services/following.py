"""A resident follows a need by a code: state and dates, nothing else. Wrong guesses are counted, and logged.

Guesses at codes are counted by address, and many are let through: carriers give thousands of telephones one address, and a code of 60 random bits is not
guessed. The digits of a telephone would be: so those are counted by need, from wherever they come.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from activities.models import Need, NeedCode, NeedEvent
from activities.services.needs import confirmed_by_the_resident
from branches import access
from branches.access import Act
from portal.foundation import audit, clock, codes, locks
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry

if TYPE_CHECKING:
    from portal.accounts.models import User

# So many wrong guesses within that time: at codes, of one address; at the digits, 13 bits, of one need.
WRONG_CODES: Final = 60
WRONG_DIGITS: Final = 5
WITHIN: Final = timedelta(minutes=15)
DIGITS: Final = 4
_REFUSED: Final = "need.code_refused"
_PURPOSE: Final = "activities.needs.codes"


@transaction.atomic
def issue_code(*, actor: "User", need: Need, address: str | None = None) -> str:
    """Return a new code for a need, which is shown once; one that was given before stops working.

    Raises:
        Forbidden: the need is not the actor's to keep, nor did the actor record it.
    """
    if need.recorded_by_id != actor.pk and not access.can(actor, Act.KEEP_NEEDS, need.branch):
        raise Forbidden
    code = codes.new_code()
    made = {"code_hash": codes.hash_of(code, _PURPOSE), "made_by": actor, "made_at": clock.now()}
    NeedCode.objects.update_or_create(need=need, defaults=made)
    audit.record(actor, "need.code_issued", need, address=address)
    return code


def follow(*, code: str, address: str | None) -> Need:
    """Return the need of a code.

    Raises:
        Conflict: `wait`, after too many wrong guesses from this address; `current` is until when.
        ValidationError: by field; the code is wrong, or has died. The guess is counted.
    """
    if (until := _waits_until(WRONG_CODES, address=address, object_id=None)) is not None:
        raise Conflict("wait", _("Your network has sent too many wrong codes."), until)
    alive = Q(resolved_at=None) | Q(resolved_at__gt=clock.now() - NeedCode.LIVES_ON)
    need: Need | None = Need.objects.filter(alive, code__code_hash=codes.hash_of(code, _PURPOSE)).first()
    if need is None:
        audit.record(None, _REFUSED, address=address)
        raise ValidationError({"code": _("This code is wrong, or the need was resolved more than 30 days ago. Compare it with your slip.")})
    return need


def confirm_solved(*, code: str, digits: str, address: str | None) -> Need:
    """Write down that the resident says it is solved; said twice, it stands there once.

    Raises:
        Conflict: `wait`, as for `follow`, and after too many wrong digits for this need; `state`, the need is not resolved.
        ValidationError: by field; the digits are not the last ones of the telephone that was left. The guess is counted.
    """
    need = follow(code=code, address=address)
    if not _told_digits(need, digits, address):
        raise ValidationError({"digits": _("These are not the last four digits of the telephone that was left.")})
    return confirmed_by_the_resident(need)


def _told_digits(need: Need, digits: str, address: str | None) -> bool:
    """Tell whether these are a telephone's last digits, and count the guess where they are not; guesses sent at once come one after another."""
    typed = "".join(character for character in digits if character.isdigit())
    with transaction.atomic():
        locks.hold(f"digits of the need {need.pk}")
        if (until := _waits_until(WRONG_DIGITS, object_id=need.public_id)) is not None:
            raise Conflict("wait", _("Too many wrong digits were given for this need."), until)
        right = len(need.phone) >= DIGITS and len(typed) == DIGITS and need.phone.endswith(typed)
        if not right:
            audit.record(None, _REFUSED, need, address=address)
    return right


def _waits_until(most: int, **of: Any) -> datetime | None:
    wrong = AuditEntry.objects.filter(action=_REFUSED, at__gt=clock.now() - WITHIN, **of)
    latest = list(wrong.order_by("-at").values_list("at", flat=True)[:most])
    return latest[-1] + WITHIN if len(latest) == most else None


def answered_solved(need: Need) -> bool:
    """Say whether somebody has answered since the need was resolved that it is solved."""
    last = need.events.order_by("-number").first()
    return last is not None and last.answer == NeedEvent.Answer.SOLVED
