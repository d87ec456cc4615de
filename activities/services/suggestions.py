"""What is done with a suggestion: recorded, corrected, passed upward, answered, given back, laid aside.

Each function changes the suggestion and adds the event that says so, in one transaction and under a lock. `seen` is the revision that the page was
opened on: whoever acts on an older one is told what happened meanwhile, and nothing of theirs is stored.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.models import Suggestion, SuggestionEvent
from activities.services import events
from branches import access
from branches.access import Act
from branches.models import Branch, Level, Region, WorkUnit
from branches.services import refusals_beside
from portal.foundation import audit, clock
from portal.foundation.errors import Forbidden
from portal.foundation.submissions import stored_once

if TYPE_CHECKING:
    from portal.accounts.models import User

STALE: Final = gettext_lazy("Something happened to this suggestion meanwhile: look at its course below. What you typed is still here.")
Kind = SuggestionEvent.Kind
State = Suggestion.State
Target = Region | WorkUnit

# As many as are read by eye in a list to choose from.
_SENDERS: Final = 200
# The field of a form beside which a refusal of the database stands.
_FIELDS: Final = {"suggestion_says_something": "words", "suggestion_answered_in_words": "answer"}


@dataclass(frozen=True)
class SuggestionFacts:
    """What is suggested, as it is written down."""

    topic: str
    words: str
    voice: str = Suggestion.Voice.RESIDENTS


def record_suggestion(*, actor: "User", branch: Branch, facts: SuggestionFacts, uid: UUID) -> tuple[Suggestion, bool]:
    """Record a suggestion; return it, and whether this call stored it.

    Sending the same `uid` and content again returns the first one and stores nothing.

    Raises:
        Forbidden: `actor` may not record suggestions for `branch`.
        Conflict: `uid` came before with other content.
        ValidationError: by field; the branch has ended.
    """
    if not access.can(actor, Act.RECORD_SUGGESTIONS, branch):
        raise Forbidden
    moment = clock.now()
    day = branch.business_date_at(moment)
    if branch.ended_on is not None and day > branch.ended_on:
        raise ValidationError(_("The branch has ended: nobody there would pass this on."))

    def store() -> Suggestion:
        suggestion = Suggestion(branch=branch, recorded_by=actor, recorded_at=moment, recorded_on=day, **asdict(facts))
        suggestion.save(force_insert=True)
        SuggestionEvent.objects.create(suggestion=suggestion, number=1, kind=Kind.RECORDED, at=moment, actor=actor)
        audit.record(actor, "suggestion.recorded", suggestion, branch=str(branch.public_id))
        return suggestion

    with refusals_beside(_FIELDS):
        content = {"branch": str(branch.public_id), **asdict(facts)}
        return stored_once(account=actor, uid=uid, content=content, rows=Suggestion.objects.all(), store=store)


def scopes_above(suggestion: Suggestion) -> tuple[list[Region], list[WorkUnit]]:
    """Return where a suggestion may be passed to from where it is, the nearest first.

    From its branch: the community and all regions above it, the units that send people and those above them. From a region or a unit: what lies above that.
    """
    held = suggestion.is_with if suggestion.state == State.PASSED else None
    if isinstance(held, WorkUnit):
        return [], _units_above([held])
    start = held or suggestion.branch.region
    regions = list(Region.objects.above(start, clock.today()))[::-1]
    if held is not None:
        return regions, []
    senders = list(suggestion.branch.sending_units.order_by("name_key", "pk")[:_SENDERS])
    # A compound has nobody who answers for it.
    near = [region for region in (start, *regions) if Level(region.level).rank <= Level.COMMUNITY.rank]
    return near, [*senders, *(unit for unit in _units_above(senders) if unit not in senders)]


def pass_on(*, actor: "User", suggestion: Suggestion, seen: int, to: Target, note: str = "") -> Suggestion:
    """Pass a suggestion upward: its branch does, also one that was answered or laid aside; or whoever has it to answer, further up.

    Raises:
        Forbidden: the suggestion is neither the actor's to keep, nor with where the actor answers.
        Conflict: something happened to it meanwhile.
        ValidationError: `to` does not lie above where it is.
    """
    with transaction.atomic():
        locked = _locked(suggestion)
        if events.is_repeated(locked, actor, seen, Kind.PASSED, note) and locked.is_with == to:
            return locked
        _refuse(locked, actor, seen, *State)
        if not any(to in above for above in scopes_above(locked)):
            raise ValidationError({"to": _("Choose something that lies above where the suggestion is.")})
        by = locked.is_with if locked.state == State.PASSED else None
        _clear(locked)
        field = "region" if isinstance(to, Region) else "unit"
        setattr(locked, f"with_{field}", to)
        locked.state, locked.passed_at = State.PASSED, clock.now()
        return _changed(locked, actor, Kind.PASSED, note, by, **{f"to_{field}": to})


def answer(*, actor: "User", suggestion: Suggestion, seen: int, answer: str, for_all: bool = False) -> Suggestion:
    """Answer a suggestion where it was passed to; `for_all` lets all branches below read topic and answer.

    The same answer sent again by the same account, as by a double tap, changes nothing.

    Raises:
        Forbidden: it is not with where the actor answers.
        Conflict: something happened to it meanwhile.
        ValidationError: `answer` is empty.
    """
    if not answer.strip():
        raise ValidationError({"answer": _("Write the answer.")})
    with transaction.atomic():
        locked = _locked(suggestion)
        if events.is_repeated(locked, actor, seen, Kind.ANSWERED, answer):
            return locked
        _refuse(locked, actor, seen, State.PASSED)
        if not _answers(actor, locked):
            raise Forbidden
        locked.state, locked.answer, locked.answered_at, locked.for_all = State.ANSWERED, answer.strip(), clock.now(), for_all
        return _changed(locked, actor, Kind.ANSWERED, answer, locked.is_with)


def give_back(*, actor: "User", suggestion: Suggestion, seen: int, note: str) -> Suggestion:
    """Bring a suggestion back to its branch, with a reason: whoever has it to answer does, or the branch itself.

    Raises:
        Forbidden: the suggestion is neither the actor's to keep, nor with where the actor answers.
        Conflict: something happened to it meanwhile, or it is not waiting.
        ValidationError: `note` is empty.
    """
    if not note.strip():
        raise ValidationError({"note": _("Say why it comes back.")})
    with transaction.atomic():
        locked = _locked(suggestion)
        if events.is_repeated(locked, actor, seen, Kind.GIVEN_BACK, note):
            return locked
        _refuse(locked, actor, seen, State.PASSED)
        by = locked.is_with if _answers(actor, locked) else None
        _clear(locked)
        locked.state = State.OPEN
        return _changed(locked, actor, Kind.GIVEN_BACK, note, by)


def lay_aside(*, actor: "User", suggestion: Suggestion, seen: int, note: str) -> Suggestion:
    """Lay a suggestion aside at its branch, with a reason.

    Raises:
        Forbidden: the suggestion is not the actor's to keep.
        Conflict: something happened to it meanwhile, or it is not at its branch.
        ValidationError: `note` is empty.
    """
    if not note.strip():
        raise ValidationError({"note": _("Say why it is laid aside.")})
    with transaction.atomic():
        locked = _locked(suggestion)
        _refuse(locked, actor, seen, State.OPEN)
        locked.state = State.CLOSED
        return _changed(locked, actor, Kind.CLOSED, note)


def correct(*, actor: "User", suggestion: Suggestion, seen: int, facts: SuggestionFacts) -> Suggestion:
    """Correct what was written down, while the suggestion is at its branch.

    Raises:
        Forbidden: the suggestion is not the actor's to keep.
        Conflict: something happened to it meanwhile, or it is not at its branch.
        ValidationError: by field.
    """
    with refusals_beside(_FIELDS):
        locked = _locked(suggestion)
        _refuse(locked, actor, seen, State.OPEN)
        if facts == SuggestionFacts(locked.topic, locked.words, locked.voice):
            return locked
        locked.topic, locked.words, locked.voice = facts.topic, facts.words, facts.voice
        return _changed(locked, actor, Kind.CHANGED)


# --- Inside -------------------------------------------------------------------------------------------------------------


def _locked(suggestion: Suggestion) -> Suggestion:
    """Lock a suggestion and return it as it stands now. Alone: whatever it is joined with would be as it was before the lock was waited for."""
    found: Suggestion = Suggestion.objects.select_for_update().get(pk=suggestion.pk)
    return found


def _answers(actor: "User", suggestion: Suggestion) -> bool:
    return Suggestion.objects.answered_by(actor).filter(pk=suggestion.pk).exists()


def _refuse(suggestion: Suggestion, actor: "User", seen: int, *states: str) -> None:
    """Refuse whoever has no say in a locked suggestion, whoever was overtaken since `seen`, and what cannot be done with it in its state."""
    keeps = access.can(actor, Act.KEEP_SUGGESTIONS, suggestion.branch)
    if not keeps and not Suggestion.objects.told_to(actor).filter(pk=suggestion.pk).exists():
        raise Forbidden
    events.refuse_stale(suggestion, seen, *states, stale=STALE)
    if not keeps and not _answers(actor, suggestion):
        raise Forbidden


def _clear(suggestion: Suggestion) -> None:
    """Take a suggestion from where it is, with the answer it got there: that stays in its course."""
    suggestion.with_region = suggestion.with_unit = suggestion.passed_at = suggestion.answered_at = None
    suggestion.answer, suggestion.for_all = "", False


def _changed(suggestion: Suggestion, actor: "User", kind: str, note: str = "", by: Target | None = None, **told: Any) -> Suggestion:
    """Save a locked suggestion with the event that says what was done, by whoever had it."""
    suggestion.revision += 1
    suggestion.save()
    if by is not None:
        told["by_region" if isinstance(by, Region) else "by_unit"] = by
    SuggestionEvent.objects.create(suggestion=suggestion, number=suggestion.revision, kind=kind, at=clock.now(), actor=actor, note=note.strip(), **told)
    audit.record(actor, f"suggestion.{kind}", suggestion)
    return suggestion


def _units_above(units: Sequence[WorkUnit]) -> list[WorkUnit]:
    """Return the units above some, the nearest first; one query."""
    above = WorkUnit.objects.filter(paths_down__descendant__in=units, paths_down__depth__gt=0)
    return list(above.annotate(far=Min("paths_down__depth")).order_by("far", "name_key", "pk"))
