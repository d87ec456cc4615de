"""A branch that was dissolved, opened again: within the time after which sensitive fields are erased, by an administrator, with a reason."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from psycopg2.extras import DateRange

from branches import access
from branches.access import Act
from branches.models import Branch
from portal.accounts.models import Grant, User
from portal.ending.models import BranchEnd
from portal.ending.services.confirming import SPANS, again_after_a_deadlock
from portal.ending.services.preparing import ONE_DAY
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.sensitive import AFTER_THE_BRANCH


@again_after_a_deadlock
@transaction.atomic
def reopen(*, actor: User, end: BranchEnd, reason: str) -> BranchEnd:
    """Let a dissolved branch go on: what its end cut short is given back, but for people who are in another branch by now.

    A merged branch is not opened again: its people have been at work elsewhere since.

    Raises:
        Forbidden: the branch is not the actor's to end.
        Conflict: it is not confirmed, or was opened again meanwhile.
        ValidationError: no reason; it was merged; the time is over.
    """
    branch = Branch.objects.select_for_update(of=("self",)).get(pk=end.branch_id)
    held = BranchEnd.objects.select_for_update(of=("self",)).get(pk=end.pk)
    if not access.can(actor, Act.END_BRANCHES, branch):
        raise Forbidden
    if held.state != BranchEnd.State.CONFIRMED:
        raise Conflict("state", _("This branch was opened again meanwhile."), current=held)
    refuse_reopening(held, reason)
    held.state, held.reopened_by, held.reopened_at, held.reason = BranchEnd.State.REOPENED, actor, clock.now(), reason.strip()
    held.save(update_fields=["state", "reopened_by", "reopened_at", "reason"])
    branch.closed_at = None
    branch.state = Branch.State.ACTIVE
    branch.save(update_fields=["closed_at", "state"])
    branch.ended_on = None
    branch.save(update_fields=["ended_on"])
    given, kept = _give_back(held)
    concerned = Q(pk__in=held.cut.get("accounts", ())) | Q(grants__in=held.cut.get("grants", ()))
    locks.rows(User, User.objects.filter(concerned).values("pk"), no_key=True)
    accounts = User.objects.filter(pk__in=held.cut.get("accounts", ()), is_active=False)
    for user in list(accounts):
        audit.record(actor, "user.opened", user)
    accounts.update(is_active=True)
    _restore_grants(actor, held, branch)
    audit.record(actor, "branch.reopened", branch, given_back=given, left_ended=kept)
    return held


def refuse_reopening(end: BranchEnd, reason: str) -> None:
    """Refuse what cannot be opened again, in words.

    Raises:
        ValidationError: see `reopen`.
    """
    if end.is_merger:
        raise ValidationError(
            _("A merged branch is not opened again: its people, and what was open, are with the other branch. Add a new one if it is needed.")
        )
    if clock.today() > end.last_day + AFTER_THE_BRANCH:
        raise ValidationError(_("The branch ended more than 180 days ago, and its sensitive fields are erased: it is not opened again."))
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the branch is opened again.")})


def _restore_grants(actor: User, end: BranchEnd, branch: Branch) -> None:
    """Give back what the end took from others: nobody gives themselves a grant, and sensitive fields are the security officer's to open."""
    cut = Grant.objects.filter(pk__in=end.cut.get("grants", ()), revoked_by=end.confirmed_by_id, sensitive=False).exclude(user=actor)
    for grant in cut.select_for_update(of=("self",)).select_related("user").order_by("pk"):
        grant.revoked_at = grant.revoked_by = None
        grant.save(update_fields=["revoked_at", "revoked_by"])
        audit.record(actor, "grant.given", grant, user=str(grant.user.public_id), role=grant.role, scope="branch", scope_id=str(branch.public_id))


def _give_back(end: BranchEnd) -> tuple[int, int]:
    """Let each span last as long as it would have; return how many do, and how many stay ended because something else stands in their time."""
    given = kept = 0
    for model in SPANS:
        for pk, until in end.cut.get(model._meta.label, ()):
            rows: Any = model._base_manager.filter(pk=pk, during__endswith=end.last_day + ONE_DAY)
            span = rows.select_for_update().first()
            if span is None:
                kept += 1
                continue
            span.during = DateRange(span.during.lower, date.fromisoformat(until) if until else None)
            try:
                with transaction.atomic():
                    span.save(update_fields=["during"])
                given += 1
            except IntegrityError:
                kept += 1
    return given, kept
