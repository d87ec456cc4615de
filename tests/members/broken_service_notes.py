"""Each rule of words of merit, broken on purpose: cases of `tests/test_every_rule.py`."""

from typing import Any

from members.models import ServiceNote
from tests.factories import make_branch, make_person, make_region, make_user
from tests.members.broken_roster import CASES
from tests.personas import MARCH_5, MARCH_6
from tests.rules import Add, Break, Remove, alter


def note(**values: Any) -> ServiceNote:
    """Words of merit, not stored."""
    given = {"happened_on": MARCH_5, "words": "冒雨连守两班"}
    if "person" not in values:
        branch = make_branch(make_region("示例社区", "community"))
        given |= {"branch": branch, "person": make_person("", None, branch)}
    return ServiceNote(**given | {"written_by": make_user(), "written_at": "2020-03-06T21:00:00+08:00"} | values)


def kept() -> ServiceNote:
    """Words of merit, stored."""
    found = note()
    found.save()
    return found


@CASES.breaks("service_note_says_something")
def words_of_merit_without_words() -> Break:
    return Break(Add(note(words="")))


@CASES.breaks("service_note_replaced_once", collides=True)
def words_replaced_twice() -> Break:
    held = kept()
    of = {"person": held.person, "branch": held.branch, "replaces": held}
    return Break(Add(note(**of, words="一")), after=Add(note(**of, words="二")))


@CASES.breaks("service_note_replaces_one_of_its_own")
def words_in_place_of_those_about_somebody_else() -> Break:
    return Break(Add(note(replaces=kept())))


@CASES.breaks("service_note_is_only_added")
def words_changed_where_they_stand() -> Break:
    return Break(alter(kept(), happened_on=MARCH_6))


@CASES.breaks("service_note_is_only_added")
def words_removed() -> Break:
    return Break(Remove(kept()))
