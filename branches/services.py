"""Writes on regions, work units and branches. Each checks that the actor may, and is audited in the same transaction."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, time
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, OperationalError, connection, transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from psycopg2.extras import DateRange

from branches import access
from branches.access import Act
from branches.models import Branch, BranchPlace, BranchSchedule, Region, RegionParent, WorkUnit
from portal.foundation import audit, clock, locks, refusals
from portal.foundation.errors import Forbidden

_DATA_EXCEPTION = "22000"

# The field of a form beside which a refusal of the database stands.
_FIELDS = {
    "branch_ends_after_it_starts": "started_work_on",
    "range": "started_work_on",
    "region_code_once": "code",
    "region_code_has_6_9_or_12_digits": "code",
    "region_in_one_parent_at_a_time": "from_day",
    "region_not_in_itself": "parent",
    "region_tree_has_no_circle": "parent",
    "work_unit_not_in_itself": "parent",
    "work_unit_tree_has_no_circle": "parent",
    "membership_inside_the_branch_life": "started_work_on",
    "squad_inside_the_branch_life": "started_work_on",
    "pioneer_post_inside_the_branch_life": "started_work_on",
}


@contextmanager
def refusals_beside(fields: dict[str, str]) -> Iterator[None]:
    """Run a block in a transaction; turn what the database refuses into a validation error beside the field that `fields` names for it.

    A circle of waits is refused in words by the outermost transaction only: within another it is for that one to say what becomes of the whole.

    Raises:
        ValidationError: with the field as its key when the constraint has one, else without a field.
    """
    outermost = not connection.in_atomic_block
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        refusal = refusals.as_validation_error(error)
        field = fields.get(refusal.code or "")
        raise (ValidationError({field: refusal}) if field else refusal) from error
    except OperationalError as error:
        if not outermost or not refusals.is_deadlock(error):
            raise
        raise ValidationError(
            _("Somebody else stored something here in the same moment. Nothing of yours is stored: send it once more."), code="deadlock"
        ) from error
    except DataError as error:
        # A generated range is computed before any constraint is asked; PostgreSQL then names none.
        if getattr(error.__cause__, "pgcode", "") != _DATA_EXCEPTION:
            raise
        reversed_span = ValidationError(_("The end is before the start."), code="range")
        raise (ValidationError({fields["range"]: reversed_span}) if "range" in fields else reversed_span) from error


def add_branch(*, actor: Model | AnonymousUser, region: Region, facts: dict[str, Any], covers: Iterable[Region], sending_units: Iterable[WorkUnit]) -> Branch:
    """Add a branch hosted in a region that the actor administers; `facts` are fields of the model.

    Raises:
        Forbidden: the region is not the actor's to administer.
        ValidationError: the database refuses the dates.
    """
    _require_region(actor, region)
    with refusals_beside(_FIELDS):
        branch = Branch.objects.create(region=region, **facts)
        branch.covers.set(covers)
        branch.sending_units.set(sending_units)
        audit.record(actor, "branch.added", branch)
    return branch


def edit_branch(*, actor: Model | AnonymousUser, branch: Branch, facts: dict[str, Any], covers: Iterable[Region], sending_units: Iterable[WorkUnit]) -> Branch:
    """Change a branch's facts, what it covers and who sends people; its place changes by `move_branch` alone.

    Raises:
        Forbidden: the branch is not the actor's to administer.
        ValidationError: the database refuses the dates.
    """
    _require_branch(actor, branch)
    with refusals_beside(_FIELDS):
        changed = sorted(name for name, value in facts.items() if getattr(branch, name) != value)
        for name, value in facts.items():
            setattr(branch, name, value)
        branch.save(update_fields=list(facts))
        branch.covers.set(covers)
        branch.sending_units.set(sending_units)
        audit.record(actor, "branch.changed", branch, fields=changed)
    return branch


def set_schedule(*, actor: Model | AnonymousUser, branch: Branch, from_day: date, day_ends_at: time, due_time: time, due_next_day: bool) -> BranchSchedule:
    """Set when the branch's day ends and its report is due, from a day on.

    Raises:
        Forbidden: the branch is not the actor's to administer.
        ValidationError: the day has passed: whether a filed report was a supplement or a correction is not decided again.
    """
    _require_branch(actor, branch)
    if from_day < clock.today():
        raise ValidationError({"from_day": _("New times hold from today on, not for days that have passed.")})
    with refusals_beside({}):
        # Two who set the times of one branch follow each other, whichever spans each has to end; nobody who files for it waits.
        Branch.objects.select_for_update(no_key=True).get(pk=branch.pk)
        _make_room(BranchSchedule.objects.filter(branch=branch), from_day)
        schedule = BranchSchedule.objects.create(
            branch=branch, during=DateRange(from_day, None), day_ends_at=day_ends_at, due_time=due_time, due_next_day=due_next_day
        )
        audit.record(actor, "branch.schedule_set", branch, from_day=from_day.isoformat(), day_ends_at=f"{day_ends_at:%H:%M}", due=f"{due_time:%H:%M}")
    return schedule


def move_branch(*, actor: Model | AnonymousUser, branch: Branch, region: Region, from_day: date) -> BranchPlace:
    """Host the branch in another region from a day on. Entries keep the place that was stored with them.

    Raises:
        Forbidden: the branch or the region is not the actor's to administer.
        ValidationError: the day is still to come: the host region is the latest place, and would be wrong until then.
    """
    _require_branch(actor, branch)
    _require_region(actor, region)
    if from_day > clock.today():
        raise ValidationError({"from_day": _("Enter the move on the day it happens, not before.")})
    with refusals_beside({}):
        # Held first and whole, as whoever changes the branch's row has it: whoever files for the branch waits here, and not in between.
        was = locks.row(Branch, branch.pk, "region").region
        _make_room(BranchPlace.objects.filter(branch=branch), from_day)
        place = BranchPlace.objects.create(branch=branch, region=region, during=DateRange(from_day, None))
        branch.region = region
        branch.save(update_fields=["region"])
        audit.record(actor, "branch.moved", branch, from_day=from_day.isoformat(), was=str(was.public_id), now=str(region.public_id))
    return place


def add_region(*, actor: Model | AnonymousUser, parent: Region | None, facts: dict[str, Any]) -> Region:
    """Add a region below one that the actor administers; `facts` are fields of the model.

    Without a parent it is the root of a tree: the first region of an empty deployment.

    Raises:
        Forbidden: the parent is not the actor's to administer; a root is for who administers everything.
        ValidationError: another region has the code, or the code has a wrong length.
    """
    if parent is not None:
        _require_region(actor, parent)
    elif not administers_everything(actor):
        raise Forbidden
    with refusals_beside(_FIELDS):
        region = Region.objects.create(**facts)
        if parent is not None:
            RegionParent.objects.create(region=region, parent=parent, during=DateRange(None, None))
        audit.record(actor, "region.added", region, parent=str(parent.public_id) if parent else "")
    return region


def administers_everything(actor: object) -> bool:
    """Say whether `actor` administers the whole deployment."""
    return access.reach(actor, Act.ADMINISTER).everything


def reparent_region(*, actor: Model | AnonymousUser, region: Region, parent: Region, from_day: date) -> RegionParent:
    """Put a region below another from a day on; totals of earlier days follow the tree as it was.

    Raises:
        Forbidden: one of the two is not the actor's to administer.
        ValidationError: the region would lie below itself.
    """
    _require_region(actor, region)
    _require_region(actor, parent)
    with refusals_beside(_FIELDS):
        # Two who move the same region follow each other, whichever spans each has to end.
        Region.objects.select_for_update(no_key=True).get(pk=region.pk)
        _make_room(RegionParent.objects.filter(region=region), from_day)
        link = RegionParent.objects.create(region=region, parent=parent, during=DateRange(from_day, None))
        audit.record(actor, "region.moved", region, from_day=from_day.isoformat(), parent=str(parent.public_id))
    return link


def add_work_unit(*, actor: Model | AnonymousUser, name: str, parent: WorkUnit | None) -> WorkUnit:
    """Add a work unit. Units stand in no region: whoever administers any may add one.

    Raises:
        Forbidden: the actor administers nothing.
    """
    if not access.may(actor, Act.ADMINISTER):
        raise Forbidden
    with refusals_beside(_FIELDS):
        unit = WorkUnit.objects.create(name=name, parent=parent)
        audit.record(actor, "work_unit.added", unit)
    return unit


def regions_administered(actor: object) -> QuerySet[Region]:
    """Return the regions that `actor` administers; the host of a single branch in their care is not one of them."""
    held = access.reach(actor, Act.ADMINISTER)
    allowed = access.Reach(everything=held.everything, regions=held.regions)
    return Region.objects.filter(access.regions_within(allowed)) if allowed else Region.objects.none()


def _require_branch(actor: Model | AnonymousUser, branch: Branch) -> None:
    if not access.can(actor, Act.ADMINISTER, branch):
        raise Forbidden


def _require_region(actor: Model | AnonymousUser, region: Region) -> None:
    if not regions_administered(actor).filter(pk=region.pk).exists():
        raise Forbidden


def _make_room(spans: QuerySet[Any], from_day: date) -> None:
    """End the spans that reach past `from_day` on the day before, and take out those that begin on it or later."""
    spans.filter(during__startswith__gte=from_day).delete()
    for span in spans.select_for_update().filter(during__contains=from_day):
        span.during = DateRange(span.during.lower, from_day)
        span.save(update_fields=["during"])
