"""Writes on who came to a shift: by the code at the post, or by the shift leader for the whole shift."""

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from branches import access
from branches.access import Act
from members.models import Assignment, CheckIn, Shift
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry

# From when before its start a shift is checked in to, and after which delay somebody is late.
OPENS: Final = timedelta(hours=1)
GRACE: Final = timedelta(minutes=10)
# So many wrong codes in so long a time: ten thousand codes are not tried in a shift.
MOST_GUESSES: Final = 5
GUESSES_WITHIN: Final = timedelta(minutes=15)
_CODES: Final = 10_000

Actor = Model | AnonymousUser
Result = CheckIn.Result

STALE: Final = gettext_lazy("Somebody else checked people in meanwhile. What they wrote stands beside your choice; look at it and save again.")


def code_of(shift: Shift) -> str:
    """Return the four digits that the post of a shift shows; every shift has its own."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"check-in {shift.public_id}".encode(), "sha256")
    return f"{int.from_bytes(digest[:8], 'big') % _CODES:04d}"


def check_in_by_code(*, actor: Actor, shift: Shift, code: str, means: str = CheckIn.Means.CODE) -> CheckIn:
    """Check the actor in to a shift that they are on; who is checked in already stays as they are.

    Raises:
        Forbidden: the actor is not on the shift.
        ValidationError: beside `code`: it is wrong, too many were wrong, or it is too early or too late.
    """
    own = Assignment.objects.filter(shift=shift, person=getattr(actor, "person_id", None)).first()
    if own is None:
        raise Forbidden
    now = clock.now()
    if not _guessed(actor, shift, code, now):
        raise ValidationError({"code": _("That is not the code of this shift. It stands at the post.")})
    if not shift.during.lower - OPENS <= now < shift.during.upper:
        raise ValidationError({"code": _("Check in from an hour before the shift until its end.")})
    with transaction.atomic():
        _locked(shift)
        held: CheckIn | None = CheckIn.objects.filter(assignment=own).exclude(result=Result.ABSENT).first()
        if held is not None:
            return held
        return _store(actor, own, Result.LATE if now > shift.during.lower + GRACE else Result.PRESENT, means, now)


def record_shift(*, actor: Actor, shift: Shift, wanted: Mapping[Assignment, str], seen: Mapping[Assignment, str]) -> int:
    """Write down who came to a shift, all or nothing; return how many were changed.

    Args:
        wanted: the result by assignment; only those that are to be written.
        seen: what stood there when the leader looked; empty for nothing.

    Raises:
        Forbidden: the shift is not the actor's to lead.
        Conflict: `stale`, when somebody else wrote another result meanwhile.
        ValidationError: the shift has not begun.
    """
    if not access.can(actor, Act.LEAD_SHIFTS, shift.post.branch):
        raise Forbidden
    now = clock.now()
    if now < shift.during.lower - OPENS:
        raise ValidationError(_("Check in from an hour before the shift."))
    changed = 0
    with transaction.atomic():
        _locked(shift)
        held = {row.assignment_id: row.result for row in CheckIn.objects.filter(assignment__shift=shift)}
        for assignment, result in wanted.items():
            stands = held.get(assignment.pk, "")
            if stands == result:
                continue
            if stands != seen.get(assignment, ""):
                raise Conflict("stale", STALE)
            # Whoever is said to have been there was there from the beginning; whoever is late has come now.
            arrived = min(now, shift.during.lower) if result == Result.PRESENT else min(now, shift.during.upper)
            _store(actor, assignment, result, CheckIn.Means.LEADER, arrived)
            changed += 1
    return changed


def _store(actor: Actor, assignment: Assignment, result: str, means: str, arrived: datetime) -> CheckIn:
    values: dict[str, Any] = {"result": result, "means": means, "recorded_at": clock.now(), "recorded_by_id": actor.pk}
    values["arrived_at"] = None if result == Result.ABSENT else arrived
    row, _created = CheckIn.objects.update_or_create(assignment=assignment, defaults=values)
    audit.record(actor, "check_in.recorded", row, result=result, means=means)
    return row


def _guessed(actor: Actor, shift: Shift, code: str, now: datetime) -> bool:
    """Tell whether a code is the shift's, and count it where it is not; of many sent at once no more are looked at than of many one after another."""
    with transaction.atomic():
        locks.hold(f"check-in codes of {actor.pk}")
        _refuse_guessing(actor, now)
        right = hmac.compare_digest(code.strip().encode(), code_of(shift).encode())
        if not right:
            # Counted at once, whatever becomes of the request.
            audit.record(actor, "check_in.refused", shift)
    return right


def _refuse_guessing(actor: Actor, now: datetime) -> None:
    wrong = AuditEntry.objects.filter(actor_id=actor.pk, action="check_in.refused", at__gt=now - GUESSES_WITHIN).count()
    if wrong >= MOST_GUESSES:
        raise ValidationError({"code": _("Too many wrong codes. Wait a quarter of an hour, or ask the shift leader to check you in.")})


def _locked(shift: Shift) -> None:
    """Let check-ins to one shift come one after another."""
    Shift.objects.select_for_update(no_key=True).get(pk=shift.pk)
