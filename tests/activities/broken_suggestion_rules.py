"""Each rule of suggestions, broken on purpose: cases of `tests/test_every_rule.py`."""

from typing import Any

from activities.models import Suggestion, SuggestionEvent
from tests.activities.broken_rules import CASES
from tests.activities.rows import HOUR, NINE, a_branch, stored
from tests.factories import make_unit, make_user
from tests.personas import MARCH_6
from tests.rules import Add, Break, Remove, alter, both


def suggestion(**values: Any) -> Suggestion:
    """A suggestion that was just recorded, not stored."""
    branch = values.pop("branch", None) or a_branch()
    given = {"branch": branch, "recorded_at": NINE, "recorded_on": MARCH_6, "recorded_by": make_user(), "topic": "duty", "words": "夜班没有取暖设备"}
    return Suggestion(**given | values)


def passed(**values: Any) -> Suggestion:
    """A suggestion that waits at the region of its branch, not stored."""
    branch = a_branch()
    return suggestion(branch=branch, **{"state": "passed", "with_region": branch.region, "passed_at": NINE} | values)


def event(of: Suggestion, number: int = 1, kind: str = "recorded", **values: Any) -> SuggestionEvent:
    """Something that happened to a stored suggestion, not stored."""
    return SuggestionEvent(**{"suggestion": of, "number": number, "kind": kind, "at": NINE, "actor": of.recorded_by} | values)


def kept() -> Suggestion:
    """A suggestion with its first event, stored."""
    found = stored(suggestion())
    stored(event(found))
    return found


@CASES.breaks("suggestion_says_something")
def a_suggestion_without_words() -> Break:
    return Break(Add(suggestion(words="")))


@CASES.breaks("suggestion_is_with_one")
def a_suggestion_passed_to_nobody() -> Break:
    return Break(Add(suggestion(state="passed", passed_at=NINE)))


@CASES.breaks("suggestion_is_with_one")
def a_suggestion_passed_to_two() -> Break:
    return Break(Add(passed(with_unit=make_unit("示例局"))))


@CASES.breaks("suggestion_is_with_one")
def a_suggestion_at_its_branch_that_is_with_a_unit() -> Break:
    return Break(Add(suggestion(with_unit=make_unit("示例局"))))


@CASES.breaks("suggestion_answered_in_words")
def a_suggestion_answered_with_nothing() -> Break:
    return Break(Add(passed(state="answered", answered_at=NINE)))


@CASES.breaks("suggestion_answered_in_words")
def a_suggestion_that_waits_and_has_an_answer() -> Break:
    return Break(Add(passed(answer="已安排")))


@CASES.breaks("suggestion_answered_in_words")
def a_suggestion_that_waits_and_is_for_all() -> Break:
    return Break(Add(passed(for_all=True)))


@CASES.breaks("suggestion_times_follow_each_other")
def a_suggestion_passed_on_before_it_was_recorded() -> Break:
    return Break(Add(passed(passed_at=NINE - HOUR)))


@CASES.breaks("suggestion_times_follow_each_other")
def a_suggestion_answered_before_it_was_passed_on() -> Break:
    return Break(Add(passed(state="answered", answer="已安排", answered_at=NINE - HOUR)))


@CASES.breaks("suggestion_keeps_its_beginning")
def a_suggestion_recorded_at_another_time() -> Break:
    return Break(alter(kept(), recorded_at=NINE - HOUR, revision=2))


@CASES.breaks("suggestion_keeps_its_beginning")
def a_suggestion_of_another_branch() -> Break:
    return Break(alter(kept(), branch=a_branch(), revision=2))


@CASES.breaks("suggestion_changes_with_an_event")
def a_suggestion_changed_in_silence() -> Break:
    return Break(alter(kept(), topic="work"))


@CASES.breaks("suggestion_changes_with_an_event")
def a_suggestion_changed_with_an_event_that_is_not_there() -> Break:
    return Break(alter(kept(), topic="work", revision=2))


@CASES.breaks("suggestion_is_kept")
def a_suggestion_removed() -> Break:
    return Break(Remove(kept()))


@CASES.breaks("suggestion_event_once", collides=True)
def a_second_event_of_a_suggestion_with_one_number() -> Break:
    held = kept()
    return Break(Add(event(held, 2, "changed")), after=Add(event(held, 2, "closed", note="已解决")))


@CASES.breaks("suggestion_event_passes_to_one")
def a_passing_to_nobody() -> Break:
    return Break(Add(event(kept(), 2, "passed")))


@CASES.breaks("suggestion_event_passes_to_one")
def a_correction_that_goes_to_a_unit() -> Break:
    return Break(Add(event(kept(), 2, "changed", to_unit=make_unit("示例局"))))


@CASES.breaks("suggestion_event_says_why")
def a_suggestion_given_back_without_a_word() -> Break:
    return Break(Add(event(kept(), 2, "given_back")))


@CASES.breaks("suggestion_event_is_only_added")
def an_event_of_a_suggestion_with_another_note() -> Break:
    return Break(alter(kept().events.get(), note="改过"))


@CASES.breaks("suggestion_event_is_only_added")
def an_event_of_a_suggestion_removed() -> Break:
    return Break(Remove(kept().events.get()))


@CASES.breaks("suggestion_changes_with_an_event", collides=True)
def two_changes_of_a_suggestion_with_one_number() -> Break:
    held = kept()
    first = both(alter(held, topic="work", revision=2), Add(event(held, 2, "changed")))
    return Break(alter(held, topic="housing", revision=2), after=first)
