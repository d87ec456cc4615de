"""Each rule of the ledger of needs, broken on purpose: cases of `tests/test_every_rule.py`."""

from datetime import date
from typing import Any

from activities.models import Need, NeedEvent
from tests.activities.broken_rules import CASES, Copied
from tests.activities.rows import HOUR, NINE, a_branch, stored
from tests.factories import make_branch, make_region, make_unit, make_user
from tests.personas import MARCH_6
from tests.rules import Add, Break, Remove, alter, both


def need(**values: Any) -> Need:
    """A need that was just recorded, not stored."""
    branch = values.pop("branch", None) or a_branch()
    given = {"branch": branch, "origin": branch, "recorded_at": NINE, "recorded_on": MARCH_6, "recorded_by": make_user(), "channel": "phone"}
    return Need(**given | {"category": "food", "urgency": "soon", "due_at": NINE + 24 * HOUR} | values)


def event(of: Need, number: int = 1, kind: str = "recorded", **values: Any) -> NeedEvent:
    """Something that happened to a stored need, not stored."""
    return NeedEvent(need=of, number=number, kind=kind, branch=of.branch, business_date=MARCH_6, at=NINE, **values)


def kept(**values: Any) -> Need:
    """A need with its first event, stored."""
    found = stored(need(**values))
    stored(event(found))
    return found


@CASES.breaks("need_closing_needs_a_result")
def a_need_resolved_without_a_result() -> Break:
    return Break(Add(need(state="resolved", resolved_at=NINE, resolved_on=MARCH_6)))


@CASES.breaks("need_closing_needs_a_result")
def an_open_need_with_a_result() -> Break:
    return Break(Add(need(result="已送达")))


@CASES.breaks("need_handed_on_to_one")
def a_need_handed_on_to_nobody() -> Break:
    return Break(Add(need(state="handed_on")))


@CASES.breaks("need_handed_on_to_one")
def a_need_handed_on_to_two() -> Break:
    branch = a_branch()
    return Break(Add(need(branch=branch, state="handed_on", with_unit=make_unit("示例局"), with_region=branch.region)))


@CASES.breaks("need_handed_on_to_one")
def an_open_need_that_is_with_a_unit() -> Break:
    return Break(Add(need(with_unit=make_unit("示例局"))))


@CASES.breaks("need_times_follow_each_other")
def a_need_due_before_it_was_recorded() -> Break:
    return Break(Add(need(due_at=NINE - HOUR)))


@CASES.breaks("need_times_follow_each_other")
def a_need_resolved_before_it_was_recorded() -> Break:
    return Break(Add(need(state="resolved", result="已送达", resolved_at=NINE - HOUR, resolved_on=MARCH_6)))


@CASES.breaks("need_of_one_resident_or_more")
def a_need_of_nobody() -> Break:
    return Break(Add(need(residents=0)))


@CASES.breaks("need_of_another_kind_is_told")
def a_need_that_says_nothing() -> Break:
    return Break(Add(need(category="other")))


@CASES.breaks("need_words_are_folded")
def a_need_whose_words_nobody_would_find() -> Break:
    return Break(Copied(need(words="降压药")))


@CASES.breaks("need_keeps_its_beginning")
def a_need_recorded_at_another_time() -> Break:
    return Break(alter(kept(), recorded_at=NINE - HOUR, revision=2))


@CASES.breaks("need_keeps_its_beginning")
def a_need_recorded_by_another_branch() -> Break:
    return Break(alter(kept(), origin=a_branch(), revision=2))


@CASES.breaks("need_changes_with_an_event")
def a_need_changed_in_silence() -> Break:
    return Break(alter(kept(), urgency="urgent"))


@CASES.breaks("need_changes_with_an_event")
def a_need_emptied_while_its_branch_is_at_work() -> Break:
    return Break(alter(kept(words="降压药"), words="—"))


@CASES.breaks("need_changes_with_an_event")
def a_need_that_says_something_else_when_the_branch_is_long_over() -> Break:
    branch = make_branch(make_region("示例社区", "community"), established_on=None, ended_on=date(2020, 1, 1))
    return Break(alter(kept(branch=branch, words="降压药"), words="别的药"))


@CASES.breaks("need_changes_with_an_event")
def a_need_changed_with_an_event_that_is_not_there() -> Break:
    return Break(alter(kept(), urgency="urgent", revision=2))


@CASES.breaks("need_is_kept")
def a_need_removed() -> Break:
    return Break(Remove(kept()))


@CASES.breaks("need_event_once", collides=True)
def a_second_event_of_a_number() -> Break:
    held = kept()
    return Break(Add(event(held, 2, "assigned")), after=Add(event(held, 2, "resolved")))


@CASES.breaks("need_event_hands_on_to_one")
def a_handing_on_to_nobody() -> Break:
    return Break(Add(event(kept(), 2, "handed_on")))


@CASES.breaks("need_event_hands_on_to_one")
def an_assignment_to_a_branch() -> Break:
    return Break(Add(event(kept(), 2, "assigned", to_branch=a_branch())))


@CASES.breaks("need_event_answers_a_call")
def a_call_back_without_an_answer() -> Break:
    return Break(Add(event(kept(), 2, "called_back")))


@CASES.breaks("need_event_is_only_added")
def an_event_with_another_note() -> Break:
    return Break(alter(kept().events.get(), note="改过"))


@CASES.breaks("need_event_is_only_added")
def an_event_emptied_while_the_branch_is_at_work() -> Break:
    held = kept()
    return Break(alter(stored(event(held, 2, "taken_back", note="无药")), note="—"))


@CASES.breaks("need_event_is_only_added")
def an_event_removed() -> Break:
    return Break(Remove(kept().events.get()))


@CASES.breaks("need_changes_with_an_event", collides=True)
def two_changes_with_one_number() -> Break:
    held = kept()
    first = both(alter(held, urgency="urgent", revision=2), Add(event(held, 2, "changed")))
    return Break(alter(held, urgency="normal", revision=2), after=first)
