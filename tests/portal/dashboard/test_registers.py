"""Dashboards: what the registers say now, as tiles that open exactly the records that were counted."""

import csv
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from psycopg2.extras import DateTimeTZRange

from branches.models import Branch
from members.models import DutyPost, Shift
from members.services.squads import SquadFacts, found_squad
from portal.accounts.models import User
from portal.pages.scopes import answers_url, dashboard_url, overdue_url, short_url, squads_url, to_mend_url, unvisited_url, waiting_url
from tests.activities.contacted import contact, visited
from tests.activities.inspected import a_point
from tests.activities.needs import recorded
from tests.activities.rows import stored
from tests.activities.suggestions import suggested
from tests.activities.survey_rows import answer, opened, response
from tests.factories import ALWAYS, file
from tests.personas import MARCH_5, MARCH_6, City, Clock
from tests.portal.dashboard.reading import DAY, TWO_DAYS, page, queries, words
from tests.portal.dashboard.test_exports import export

pytestmark = pytest.mark.usefixtures("clock")
HOUR = timedelta(hours=1)


def empty_shift(branch: Branch, clock: Clock, *, begins: int) -> Shift:
    """A shift of four hours that lacks its only person and begins in some hours, or began before."""
    post = DutyPost.objects.create(branch=branch, name=f"{begins}时门", during=ALWAYS)
    start = clock.now() + begins * HOUR
    return Shift.objects.create(post=post, during=DateTimeTZRange(start, start + 4 * HOUR), business_date=MARCH_6, people=1)


def answered(branch: Branch, *satisfied: bool | None, **values: object) -> None:
    """Answers to an open survey of the branch; None for those to one that does not ask who is satisfied."""
    survey = opened(branch, **({} if None in satisfied else {"required": True, "satisfied_at": 1}))
    for each in satisfied:
        stored(answer(stored(response(survey, satisfied=each, **values)), choices=[2 if each is False else 1]))


def opens(html: str, address: str) -> bool:
    return f'href="{address}"' in html.replace("&amp;", "&")


def test_shifts_short_of_people_now_and_in_the_next_day_are_told_and_opened(
    branch: Branch, other_branch: Branch, official: User, city: City, clock: Clock
) -> None:
    assert "缺人" not in page(official, dashboard_url(city.street, DAY))
    counted = [empty_shift(branch, clock, begins=begins) for begins in (-1, 0, 5)]
    others = [empty_shift(branch, clock, begins=-4), empty_shift(branch, clock, begins=25), empty_shift(other_branch, clock, begins=0)]

    for thing in (city.street, branch):
        for span in (DAY, TWO_DAYS):
            html = page(official, dashboard_url(thing, span))
            assert "缺人 2 个班次，此刻 今后 24 小时另有 1 个" in words(html)
            assert opens(html, short_url(thing))
        listed = page(official, short_url(thing)).split("<tbody>")[1]
        assert all(str(shift.public_id) in listed for shift in counted)
        assert not any(str(shift.public_id) in listed for shift in others)
    assert "缺人 3 个班次，此刻" in words(page(official, dashboard_url(city.north, DAY)))


def test_where_people_lack_is_not_told_to_whoever_sees_no_roster(branch: Branch, community_secretary: User, city: City, clock: Clock) -> None:
    empty_shift(branch, clock, begins=0)
    for thing in (city.community, branch):
        assert "缺人" not in page(community_secretary, dashboard_url(thing, DAY))


def test_satisfaction_counts_the_valid_answers_of_the_days_shown_and_opens_them(branch: Branch, official: User, city: City) -> None:
    answered(branch, True, True, False)
    answered(branch, True, business_date=MARCH_5)
    answered(branch, True, state="invalid", reason="twice")
    answered(branch, None)

    for thing in (city.north, branch):
        for span, said, number in ((DAY, "67% 满意 有效 3 份，满意 2 份", 3), (TWO_DAYS, "75% 满意 有效 4 份，满意 3 份", 4)):
            html = page(official, dashboard_url(thing, span))
            assert f"居民满意度 {said}" in words(html)
            assert opens(html, answers_url(thing, span))
            assert f"共 {number} 条" in words(page(official, answers_url(thing, span)))


def test_suggestions_that_wait_are_told_and_opened_also_where_the_region_has_them_to_answer(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, official: User, city: City
) -> None:
    for to in (city.street, city.company, None):
        suggested(branch, organiser, to=to)
    suggested(other_branch, other_organiser, to=city.north)

    for thing, number in ((branch, 2), (city.street, 2), (city.north, 3)):
        html = page(official, dashboard_url(thing, DAY))
        assert f"社情民意 {number} 条待答复" in words(html)
        assert opens(html, waiting_url(thing))
        assert f"共 {number} 条" in words(page(official, waiting_url(thing)))


def test_points_that_should_have_been_mended_are_told_and_opened(branch: Branch, other_branch: Branch, official: User, city: City, clock: Clock) -> None:
    a_point(branch, official, due_in=2)
    a_point(other_branch, official, due_in=9)
    assert "项已超期" not in page(official, dashboard_url(city.north, DAY))
    clock.move_to(clock.now() + timedelta(days=4))

    for thing in (branch, city.north):
        html = page(official, dashboard_url(thing, DAY))
        assert "整改问题 1 项已超期" in words(html)
        assert opens(html, to_mend_url(thing))
        assert "共 1 条" in words(page(official, to_mend_url(thing)))


def test_sites_to_which_no_leader_came_for_a_week_are_told_of_regions_and_opened(branch: Branch, reviewer: User, official: User, city: City) -> None:
    contact(city.community, reviewer, spot="东门")
    visited(contact(city.community, reviewer, spot="西门", name="另一局长"), reviewer)

    html = page(official, dashboard_url(city.north, DAY))

    assert "包保联系点 1 处 7 天未走访" in words(html)
    assert opens(html, unvisited_url(city.north))
    assert "东门" in page(official, unvisited_url(city.north))
    assert "西门" not in page(official, unvisited_url(city.north)).split("<tbody>")[1]
    assert "包保联系点 1" not in words(page(official, dashboard_url(branch, DAY)))


def test_squads_at_work_are_told_and_opened(branch: Branch, organiser: User, official: User, city: City) -> None:
    for name, first_day in (("第一突击队", MARCH_5), ("第二突击队", MARCH_6 + timedelta(days=1))):
        found_squad(actor=organiser, branch=branch, facts=SquadFacts(name), first_day=first_day, uid=uuid4())

    for thing in (branch, city.north):
        html = page(official, dashboard_url(thing, DAY))
        assert "小分队 1 支今日在岗" in words(html)
        assert opens(html, squads_url(thing))
        assert "共 1 条" in words(page(official, squads_url(thing)))


def test_tiles_and_file_say_the_same(branch: Branch, organiser: User, official: User, city: City, clock: Clock) -> None:
    answered(branch, True, False)
    empty_shift(branch, clock, begins=0)
    recorded(branch, organiser, at=clock.now() - timedelta(days=3))
    html = page(official, dashboard_url(city.north, DAY))
    assert opens(html, overdue_url(city.north))

    rows = dict(csv.reader(StringIO(export(official, city.north, "csv", "summary").getvalue().decode("utf-8-sig"))))
    assert (rows["目前超时需求"], rows["此刻缺人班次"], rows["今后 24 小时缺人班次"]) == ("1", "1", "0")
    assert (rows["满意度调查有效"], rows["满意度调查满意"]) == ("2", "1")


def test_a_work_unit_keeps_no_register(branch: Branch, liaison: User, city: City, clock: Clock) -> None:
    empty_shift(branch, clock, begins=0)
    assert "缺人" not in page(liaison, dashboard_url(city.group, DAY))
    assert "缺人 1 个班次，此刻" in words(page(liaison, dashboard_url(branch, DAY)))


def test_registers_cost_one_query_however_much_they_hold(branch: Branch, organiser: User, official: User, city: City, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=1)
    addresses = [dashboard_url(thing, span) for thing in (city.north, city.community, branch) for span in (DAY, TWO_DAYS)]
    few = [queries(official, address) for address in addresses]
    answered(branch, *[True] * 12)
    for begins in range(12):
        empty_shift(branch, clock, begins=begins)
        recorded(branch, organiser, household=f"{begins}栋", at=clock.now() - timedelta(days=3))

    many = [queries(official, address) for address in addresses]
    assert many == few
    assert max(many) <= 15
