"""What PostgreSQL keeps of the ends of branches, broken on purpose."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from branches.models import Branch
from portal.ending.models import ArchivePack, BranchEnd, LeftOpen, ServiceLetter
from portal.foundation.models import new_public_id
from tests.factories import make_branch, make_region, make_unit
from tests.personas import MARCH_5, MARCH_6
from tests.rules import Add, Break, Case, Cases, alter, assert_says, refused, refused_at_once, refused_to_both

CASES = Cases("ending")
pytestmark = pytest.mark.django_db


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


def test_every_rule_is_broken_here() -> None:
    assert not CASES.without_a_case()
    assert not CASES.unknown()


@CASES.one_after_another()
def test_a_broken_rule_is_refused_by_name_and_in_words(case: Case, way: str) -> None:
    assert_says(refused(case, way), case.rule)


@pytest.mark.django_db(transaction=True)
@CASES.at_once()
def test_of_two_at_once_the_second_waits_and_is_refused(case: Case) -> None:
    assert_says(refused_at_once(case), case.rule)


@pytest.mark.django_db(transaction=True)
def test_what_one_row_breaks_is_refused_to_two_at_once() -> None:
    for case in CASES.alone():
        for refusal in refused_to_both(case):
            assert_says(refusal, case.rule)


def test_a_day_and_a_point_may_both_stay_open() -> None:
    of = end()
    LeftOpen.objects.create(end=of, what="day", day=MARCH_5, reason="停电")
    LeftOpen.objects.create(end=of, what="day", day=MARCH_5 + timedelta(days=1), reason="停电")
    LeftOpen.objects.create(end=of, what="point", object_id=new_public_id(), reason="移交社区")
