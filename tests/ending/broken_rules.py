"""What PostgreSQL keeps of the ends of branches, broken on purpose: cases of `tests/test_every_rule.py`."""

from typing import Any

from django.utils import timezone

from branches.models import Branch
from portal.ending.models import ArchivePack, BranchEnd, LeftOpen, ServiceLetter
from tests.factories import make_branch, make_region, make_unit
from tests.personas import MARCH_5, MARCH_6
from tests.rules import Add, Break, Cases, alter

CASES = Cases("ending")


def branch() -> Branch:
    return make_branch(make_region("示例社区", "community"))


def new_end(of: Branch | None = None, **values: Any) -> BranchEnd:
    return BranchEnd(branch=of or branch(), **{"last_day": MARCH_6, **values})


def end(**values: Any) -> BranchEnd:
    made = new_end(**values)
    made.save()
    return made


CONFIRMED: dict[str, Any] = {"state": "confirmed", "confirmed_at": timezone.now()}


@CASES.breaks("one_end_of_a_branch", collides=True)
def an_end_begun_twice() -> Break:
    of = branch()
    return Break(Add(new_end(of)), after=Add(new_end(of, last_day=MARCH_5)))


@CASES.breaks("branch_end_not_into_itself")
def a_branch_that_goes_into_itself() -> Break:
    of = branch()
    return Break(Add(new_end(of, merged_into=of)))


@CASES.breaks("branch_end_confirmed_at_some_time")
def an_end_confirmed_at_no_time() -> Break:
    return Break(alter(end(), state="confirmed"))


@CASES.breaks("branch_end_reopened_with_a_reason")
def a_branch_opened_without_a_word() -> Break:
    return Break(alter(end(**CONFIRMED), state="reopened", reopened_at=timezone.now()))


@CASES.breaks("confirmed_end_stays")
def a_story_told_otherwise_afterwards() -> Break:
    return Break(alter(end(**CONFIRMED), narrative="另一种说法"))


@CASES.breaks("branch_opens_with_a_reason")
def a_closed_branch_opened_past_the_services() -> Break:
    closed = make_branch(make_region("示例社区", "community"), state="dissolved", ended_on=MARCH_6)
    Branch.objects.filter(pk=closed.pk).update(closed_at=timezone.now())
    return Break(alter(closed, closed_at=None))


@CASES.breaks("left_open_once", collides=True)
def a_day_explained_twice() -> Break:
    of = end()
    return Break(Add(LeftOpen(end=of, what="day", day=MARCH_5, reason="停电")), after=Add(LeftOpen(end=of, what="day", day=MARCH_5, reason="断网")))


@CASES.breaks("left_open_names_one")
def a_reason_about_nothing() -> Break:
    return Break(Add(LeftOpen(end=end(), what="point", reason="停电")))


@CASES.breaks("left_open_with_a_reason")
def a_day_left_without_a_reason() -> Break:
    return Break(Add(LeftOpen(end=end(), what="day", day=MARCH_5, reason="")))


@CASES.breaks("one_letter_a_unit", collides=True)
def two_letters_to_a_unit() -> Break:
    of, unit = end(), make_unit("示例公司")
    return Break(Add(ServiceLetter(end=of, work_unit=unit, number=2)), after=Add(ServiceLetter(end=of, work_unit=unit, number=1)))


@CASES.breaks("letter_numbered_once", collides=True)
def two_letters_of_one_number() -> Break:
    of = end()
    return Break(
        Add(ServiceLetter(end=of, work_unit=make_unit("示例公司"), number=1)), after=Add(ServiceLetter(end=of, work_unit=make_unit("示例局"), number=1))
    )


@CASES.breaks("pack_made_with_a_file")
def a_pack_made_without_a_file() -> Break:
    return Break(Add(ArchivePack(end=end(), made_at=timezone.now())))
