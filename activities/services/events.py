"""What changes only together with an event that says what was done: needs, points to mend.

The database keeps it so (`portal/foundation/event_log.py`); here is what their services share. `seen` is the revision that a page was opened on.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from branches.models import Branch
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict

if TYPE_CHECKING:
    from activities.models import InspectionPoint, Need, Suggestion
    from portal.accounts.models import User

    Told = Need | InspectionPoint
    Course = Told | Suggestion


def refuse_stale(thing: "Course", seen: int, *states: str, stale: str | Promise) -> None:
    """Refuse what is asked for on a page that shows an older revision, or in another state than `states`.

    Raises:
        Conflict: `stale` with that sentence, or `state`.
    """
    if thing.revision != seen:
        raise Conflict("stale", stale, current=thing)
    if thing.state not in states:
        raise Conflict("state", _("This cannot be done as it stands now."), current=thing)


def is_repeated(thing: "Course", actor: "User", seen: int, kind: str, note: str) -> bool:
    """Say whether the one thing that happened since `seen` is what `actor` asks for again, as by a double tap."""
    last: Any = thing.events.filter(number=thing.revision).first() if thing.revision == seen + 1 else None
    return last is not None and last.kind == kind and last.actor_id == actor.pk and last.note == note.strip()


def tell(thing: "Told", actor: "User | None", kind: str, moment: datetime, *, branch: Branch | None = None, note: str = "", **told: Any) -> None:
    """Add the event of the present revision; it is of the day that the branch had at `moment`."""
    holder = branch or thing.branch
    day, events = holder.business_date_at(moment), cast("Any", thing.events)
    events.create(number=thing.revision, kind=kind, branch=holder, business_date=day, at=moment, actor=actor, note=note.strip(), **told)


def change(thing: "Told", actor: "User | None", kind: str, at: datetime | None, *, noun: str, **told: Any) -> None:
    """Save a locked row with the event that says what was done, and write it into the audit log as `<noun>.<kind>`."""
    thing.revision += 1
    thing.save()
    tell(thing, actor, kind, at or clock.now(), **told)
    audit.record(actor, f"{noun}.{kind}", thing)
