"""The end of a branch, prepared: begun, put off, its open things handed on or explained, its letters numbered, its story saved."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from activities.models import DailyReport
from activities.services import needs
from branches import access
from branches.access import Act
from branches.models import Branch, Region, WorkUnit
from branches.services import refusals_beside
from portal.accounts.models import User
from portal.ending.checklist import Checklist
from portal.ending.models import ArchivePack, BranchEnd, LeftOpen, ServiceLetter
from portal.foundation import audit, clock, jobs, locks
from portal.foundation.errors import Conflict, Forbidden, TooMany
from portal.foundation.models import Job
from portal.foundation.sensitive import AFTER_THE_BRANCH

ONE_DAY: Final = timedelta(days=1)
# Further ahead nobody knows.
FURTHEST: Final = timedelta(days=90)
PACK: Final = "ending.pack"
# A list that is handed on at once.
MOST_NEEDS: Final = 200
_FIELDS: Final = {"one_end_of_a_branch": "last_day", "branch_end_not_into_itself": "merged_into"}


def begin(*, actor: User, branch: Branch, last_day: date, merged_into: Branch | None = None) -> BranchEnd:
    """Begin to prepare the end of a branch; begun already by somebody else, it goes on with other days.

    Raises:
        Forbidden: the end of the branch is not the actor's to prepare.
        ValidationError: by field, when the branch cannot end on that day, or not go into that branch.
    """
    with refusals_beside(_FIELDS):
        held = _locked_branch(actor, branch)
        refuse_impossible(held, last_day, merged_into)
        end = BranchEnd.objects.select_for_update(of=("self",)).filter(branch=held, state=BranchEnd.State.PREPARING).first()
        if end is None:
            before = BranchEnd.objects.filter(branch=held, state=BranchEnd.State.REOPENED).first()
            end = BranchEnd(branch=held, begun_by=actor, stock=before.stock if before else "", narrative=before.narrative if before else "")
        end.last_day, end.merged_into = last_day, merged_into
        end.save()
        into = {"merged_into": str(merged_into.public_id)} if merged_into else {}
        audit.record(actor, "branch_end.begun", held, last_day=last_day.isoformat(), **into)
    return end


@transaction.atomic
def stop(*, actor: User, end: BranchEnd) -> None:
    """Give the preparation up: the branch goes on as if nobody had begun.

    Raises:
        Forbidden: not the actor's to prepare.
        Conflict: it is confirmed.
    """
    held = locked(actor, end)
    held.state = BranchEnd.State.STOPPED
    held.save(update_fields=["state"])
    audit.record(actor, "branch_end.stopped", held.branch)


@transaction.atomic
def hand_on_needs(*, actor: User, end: BranchEnd, to: Branch | Region | WorkUnit) -> int:
    """Hand all needs on that the branch has still to see to, at most 200 at once; return how many.

    Another branch holds them from then on; a region or a unit answers them, and goes on doing so when the branch is over.

    Raises:
        Forbidden: not the actor's to prepare.
        Conflict: it is confirmed.
        ValidationError: the other branch is not at work.
    """
    held = locked(actor, end)
    if isinstance(to, Branch) and (to.pk == held.branch_id or to.state != Branch.State.ACTIVE or to.closed_at is not None):
        raise ValidationError({"to": _("Choose another branch that is at work.")})
    open_needs = list(Checklist(held).needs.order_by("pk")[:MOST_NEEDS])
    for need in open_needs:
        needs.give_over(actor=actor, need=need, to=to, note=_("The branch comes to its end."))
    audit.record(actor, "branch_end.needs_handed_on", held.branch, rows=len(open_needs), handed_to=str(to.public_id))
    return len(open_needs)


@transaction.atomic
def explain(*, actor: User, end: BranchEnd, what: str, reason: str, days: Iterable[date] = (), objects: Iterable[UUID] = ()) -> int:
    """Say why days without a report, or open points or suggestions, stay as they are; said again, the new reason counts. Return how many.

    Only what is open is explained: other days and objects are passed over.

    Raises:
        Forbidden: not the actor's to prepare.
        Conflict: it is confirmed.
        ValidationError: no reason.
    """
    held, reason = locked(actor, end), reason.strip()
    if not reason:
        raise ValidationError({"reason": _("Say why it stays as it is.")})
    checklist = Checklist(held)
    if what == LeftOpen.What.DAY:
        wanted = set(days)
        rows: list[dict[str, Any]] = [{"day": each.day} for each in checklist.open_days if each.day in wanted]
    else:
        known = checklist.points if what == LeftOpen.What.POINT else checklist.suggestions
        rows = [{"object_id": each} for each in known.filter(public_id__in=list(objects)).values_list("public_id", flat=True)]
    for row in rows:
        LeftOpen.objects.update_or_create(end=held, what=what, **row, defaults={"reason": reason, "said_by": actor, "said_at": clock.now()})
    audit.record(actor, "branch_end.explained", held.branch, what=what, rows=len(rows))
    return len(rows)


@transaction.atomic
def save_stock(*, actor: User, end: BranchEnd, text: str) -> None:
    """Say where goods and equipment went that were still there.

    Raises:
        Forbidden: not the actor's to prepare.
        Conflict: it is confirmed.
        ValidationError: nothing is said.
    """
    held = locked(actor, end)
    if not text.strip():
        raise ValidationError({"stock": _("Say what went to whom, or that nothing was left.")})
    held.stock = text.strip()
    held.save(update_fields=["stock"])
    audit.record(actor, "branch_end.stock_said", held.branch)


@transaction.atomic
def save_narrative(*, actor: User, end: BranchEnd, text: str) -> None:
    """Keep the branch's story as it is written by now.

    Raises:
        Forbidden: not the actor's to prepare.
        Conflict: it is confirmed.
    """
    held = locked(actor, end)
    held.narrative = text.strip()
    held.save(update_fields=["narrative"])
    audit.record(actor, "branch_end.narrative_saved", held.branch)


@transaction.atomic
def issue_letters(*, actor: User, end: BranchEnd, on: date) -> list[ServiceLetter]:
    """Number a letter for each unit that sent people, and date them all; a letter that has its number keeps it.

    Raises:
        Forbidden: not the actor's to prepare.
        Conflict: it is confirmed.
    """
    held = locked(actor, end)
    given = set(held.letters.values_list("work_unit", flat=True))
    number = held.letters.count()
    units = [unit for unit in Checklist(held).units if unit.pk not in given]
    ServiceLetter.objects.bulk_create(ServiceLetter(end=held, work_unit=unit, number=number + place) for place, unit in enumerate(units, 1))
    held.letters_on = on
    held.save(update_fields=["letters_on"])
    audit.record(actor, "branch_end.letters_issued", held.branch, rows=len(units))
    return list(held.letters.all())


@transaction.atomic
def ask_for_pack(*, actor: User, end: BranchEnd) -> ArchivePack:
    """Have a pack made, in the background; with sensitive fields when the actor may read those of the branch, and their time is not over.

    Raises:
        Forbidden: not the actor's to prepare, or to end.
        TooMany: one is being made.
    """
    if not access.can(actor, Act.PREPARE_END, end.branch):
        raise Forbidden
    locks.hold(f"{PACK} {end.pk}")
    if end.packs.filter(job__state__in=(Job.State.QUEUED, Job.State.RUNNING)).exists():
        raise TooMany(_("A pack is being made already. Wait until it is done."))
    sensitive = access.can(actor, Act.SEE_SENSITIVE, end.branch) and clock.today() <= end.last_day + AFTER_THE_BRANCH
    return queue_pack(end, actor, sensitive=sensitive)


def queue_pack(end: BranchEnd, actor: User, *, sensitive: bool) -> ArchivePack:
    """Put a pack into the queue, in the caller's transaction."""
    pack = ArchivePack.objects.create(end=end, sensitive=sensitive, asked_by=actor)
    pack.job = jobs.ask_for(PACK, {"pack": str(pack.public_id)}, asked_by=actor)
    pack.save(update_fields=["job"])
    audit.record(actor, "branch_end.pack_asked_for", end.branch, sensitive=sensitive)
    return pack


def refuse_impossible(branch: Branch, last_day: date, merged_into: Branch | None) -> None:
    """Refuse a day on which the branch cannot end, and a branch that it cannot go into, beside their fields.

    Raises:
        ValidationError: `last_day` or `merged_into`.
    """
    if branch.state not in (Branch.State.ACTIVE, Branch.State.FORMING):
        raise ValidationError({"last_day": _("This branch is over already.")})
    first = max((day for day in (branch.established_on, branch.started_work_on) if day), default=None)
    if first is not None and last_day < first:
        raise ValidationError({"last_day": _("The branch began on %(day)s: it cannot end before.") % {"day": _day(first)}})
    if last_day > clock.today() + FURTHEST:
        raise ValidationError({"last_day": _("Choose a day within the next 90 days.")})
    filed = DailyReport.objects.current().filter(branch=branch, business_date__gt=last_day).order_by("-business_date").values_list("business_date", flat=True)
    if later := filed.first():
        raise ValidationError({"last_day": _("A report for %(day)s counts: the branch was still at work on that day.") % {"day": _day(later)}})
    if merged_into is not None:
        _refuse_target(branch, last_day, merged_into)


def _refuse_target(branch: Branch, last_day: date, into: Branch) -> None:
    post = Branch.Kind.COMMAND_POST
    begins = max((day for day in (into.established_on, into.started_work_on) if day), default=None)
    sentence = ""
    if into.pk == branch.pk or into.state != Branch.State.ACTIVE or into.ended_on is not None:
        sentence = _("Choose another branch that is at work.")
    elif (into.kind == post) != (branch.kind == post):
        sentence = _("A command post is no branch: neither goes into the other.")
    elif begins is not None and begins > last_day + ONE_DAY:
        sentence = _("That branch begins on %(day)s: nobody could go over to it on the day after the end.") % {"day": _day(begins)}
    elif BranchEnd.objects.filter(branch=into, state=BranchEnd.State.PREPARING, last_day__lte=last_day).exists():
        sentence = _("That branch comes to its own end no later than this one.")
    if sentence:
        raise ValidationError({"merged_into": sentence})


def locked(actor: User, end: BranchEnd) -> BranchEnd:
    """Lock an end that is being prepared, and return it as it stands now.

    Raises:
        Forbidden: not the actor's to prepare.
        Conflict: it is confirmed, or was given up.
    """
    held = locks.row(BranchEnd, end.pk, "branch", "merged_into")
    if not access.can(actor, Act.PREPARE_END, held.branch):
        raise Forbidden
    if not held.is_preparing:
        raise Conflict("state", _("Somebody else confirmed this end, or gave it up, meanwhile."), current=held)
    return held


def _locked_branch(actor: User, branch: Branch) -> Branch:
    held: Branch = Branch.objects.select_for_update(no_key=True).get(pk=branch.pk)
    if not access.can(actor, Act.PREPARE_END, held):
        raise Forbidden
    return held


def _day(day: date) -> str:
    return date_format(day, "DATE_FORMAT")
