"""What becomes of a filed version: accepted, returned, withdrawn, confirmed."""

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities.models import ReportVersion
from activities.services.permission import require
from branches.access import Act
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Conflict

if TYPE_CHECKING:
    from portal.accounts.models import User

State = ReportVersion.State


@transaction.atomic
def accept(*, actor: "User", version: ReportVersion) -> ReportVersion:
    """Accept a filed version.

    Raises:
        Forbidden: `actor` does not review the branch.
        Conflict: the version is no longer the filed one.
    """
    require(actor, Act.REVIEW, version.branch)
    held = _held(version, State.FILED)
    held.state, held.reviewed_by, held.reviewed_at = State.ACCEPTED, actor, clock.now()
    held.save(update_fields=["state", "reviewed_by", "reviewed_at"])
    audit.record(actor, "report.accepted", held)
    return held


@transaction.atomic
def return_to_branch(*, actor: "User", version: ReportVersion, note: str) -> ReportVersion:
    """Return a version to its branch: it counts as missing until a new one is filed.

    Raises:
        Forbidden: `actor` does not review the branch.
        Conflict: the version is no longer current.
        ValidationError: `note` is empty.
    """
    require(actor, Act.REVIEW, version.branch)
    if not note.strip():
        raise ValidationError({"note": _("Say what to look at before you return a report.")})
    held = _held(version, State.FILED, State.ACCEPTED)
    held.state, held.reviewed_by, held.review_note = State.RETURNED, actor, note.strip()
    held.reviewed_at = held.known_until = held.not_before(clock.now())
    held.save(update_fields=["state", "reviewed_by", "reviewed_at", "review_note", "known_until"])
    audit.record(actor, "report.returned", held)
    return held


@transaction.atomic
def withdraw(*, actor: "User", version: ReportVersion, reason: str) -> ReportVersion:
    """Withdraw a version that should not have been filed; the day counts as missing again.

    Raises:
        Forbidden: `actor` does not file for the branch.
        Conflict: the version is no longer current.
        ValidationError: `reason` is empty.
    """
    require(actor, Act.FILE, version.branch)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the report is withdrawn.")})
    held = _held(version, State.FILED, State.ACCEPTED)
    held.state, held.review_note, held.known_until = State.WITHDRAWN, reason.strip(), held.not_before(clock.now())
    held.save(update_fields=["state", "review_note", "known_until"])
    audit.record(actor, "report.withdrawn", held)
    return held


@transaction.atomic
def confirm(*, actor: "User", version: ReportVersion) -> ReportVersion:
    """Confirm, as the branch's organiser, what a reviewer filed on its behalf.

    Raises:
        Forbidden: `actor` does not file for the branch.
        Conflict: it is not waiting to be confirmed.
    """
    require(actor, Act.FILE, version.branch)
    held = _held(version, State.FILED, State.ACCEPTED)
    if not held.on_behalf or held.confirmed_at is not None:
        raise Conflict("state", _("This report does not wait to be confirmed."), current=held)
    held.confirmed_by, held.confirmed_at = actor, clock.now()
    held.save(update_fields=["confirmed_by", "confirmed_at"])
    audit.record(actor, "report.confirmed", held)
    return held


def _held(version: ReportVersion, *states: str) -> ReportVersion:
    """Lock and return the version as it stands now; refuse when it is in none of `states`."""
    held = locks.row(ReportVersion, version.pk, "branch")
    if held.state not in states:
        raise Conflict("state", _("Somebody else has dealt with this version meanwhile."), current=held)
    return held
