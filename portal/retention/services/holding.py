"""Holds: placed and lifted by whoever has no interest in the matter."""

from datetime import date
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from branches import access
from branches.access import Act
from branches.models import Branch
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Forbidden
from portal.retention.models import Hold

if TYPE_CHECKING:
    from portal.accounts.models import User


@transaction.atomic
def place_hold(*, actor: "User", branch: Branch, reason: str, until: date | None = None) -> Hold:
    """Keep what is due of a branch from being erased, until a day or until the hold is lifted.

    A step of erasure that runs is waited for: what the hold finds is kept from then on.

    Raises:
        Forbidden: `actor` places no holds over this branch.
        ValidationError: by field: no reason, or a day that is over.
    """
    _require(actor, branch)
    said = reason.strip()
    if not said:
        raise ValidationError({"reason": _("Say why nothing may be erased.")})
    if until is not None and until < clock.today():
        raise ValidationError({"until": _("This day is over.")})
    locks.hold(locks.ERASING)
    hold = Hold.objects.create(branch=branch, reason=said, until=until, placed_by=actor, placed_at=clock.now())
    audit.record(actor, "hold.placed", hold, branch=str(branch.public_id), until=until.isoformat() if until else "")
    return hold


@transaction.atomic
def lift_hold(*, actor: "User", hold: Hold) -> Hold:
    """Let what is due be erased again; lifted already: nothing happens.

    Raises:
        Forbidden: `actor` places no holds over this branch.
    """
    held = locks.row(Hold, hold.pk, "branch")
    _require(actor, held.branch)
    if held.lifted_at is None:
        held.lifted_at, held.lifted_by = clock.now(), actor
        held.save(update_fields=["lifted_at", "lifted_by"])
        audit.record(actor, "hold.lifted", held, branch=str(held.branch.public_id))
    return held


def _require(actor: "User", branch: Branch) -> None:
    if not access.can(actor, Act.HOLD_RECORDS, branch):
        raise Forbidden
