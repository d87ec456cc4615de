"""Branches that go into others: people and open things go over, what was done stays where it was done."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from activities import rollups
from activities.models import Metric
from activities.rollups import Scope, Span
from activities.services import needs
from branches.access import Role
from branches.models import Branch
from members.models import Membership
from portal.accounts.models import User
from portal.ending import services
from portal.foundation.errors import Forbidden
from tests.activities.needs import recorded
from tests.ending.ended import begun, confirmed, prepared
from tests.ending.test_closing import together
from tests.factories import file, give, make_branch, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, MARCH_7, City, Clock

pytestmark = pytest.mark.django_db
ONE_DAY = timedelta(days=1)


@pytest.fixture
def into(city: City, branch: Branch) -> Branch:
    """A branch of the same street that others go into."""
    return make_branch(city.community, "望江社区第二临时党支部")


def everything_told(city: City, branches: list[Branch], first: date, last: date) -> dict[str, Any]:
    """What every reader of totals says of some days, for the region, its branches and the units."""
    told: dict[str, Any] = {}
    span = Span(first, last)
    metrics = list(Metric.objects.all())
    things: list[Any] = [city.province, city.street, city.community, city.company, *branches]
    for thing in things:
        scope = Scope.of(thing)
        told[f"totals {thing}"] = {code: (total.value, total.qualifier, total.count) for code, total in rollups.totals(scope, span).items()}
        told[f"by day {thing}"] = {
            code: {day: (total.value, total.count) for day, total in days.items()} for code, days in rollups.by_day(scope, span, metrics).items()
        }
        told[f"records {thing}"] = sorted(rollups.records(scope, span).values_list("pk", "branch"))
        for day in span.days():
            counted = rollups.completeness(scope, day)
            told[f"completeness {thing} {day}"] = (counted.due, counted.reported, counted.late, counted.corrected)
            told[f"missing {thing} {day}"] = sorted(rollups.missing(scope, day).values_list("pk", flat=True))
    for unit in (city.company, city.group):
        done = rollups.attributed(unit, span)
        told[f"attributed {unit}"] = (done.person_shifts, done.people, done.hours, done.entries)
    return told


def test_history_is_the_same_before_and_after(administrator: User, organiser: User, city: City, branch: Branch, into: Branch, clock: Clock) -> None:
    second = make_user("second", (Role.ORGANISER, into))
    for day in (MARCH_5 - ONE_DAY, MARCH_5, MARCH_6):
        file(branch, day, by=organiser, vehicles=40, home_isolated=4)
        file(into, day, by=second, vehicles=7, home_isolated=2)
    first = MARCH_5 - 3 * ONE_DAY
    before = everything_told(city, [branch, into], first, MARCH_6)
    assert before[f"totals {branch}"]["vehicles"][0] == 120
    end = prepared(branch, administrator, merged_into=into)
    services.confirm(actor=administrator, end=end)
    after = everything_told(city, [Branch.objects.get(pk=branch.pk), into], first, MARCH_6)
    assert {name: value for name, value in after.items() if value != before[name]} == {}


def test_whoever_stays_is_in_the_other_branch_from_the_day_after(administrator: User, city: City, branch: Branch, into: Branch, clock: Clock) -> None:
    leaves = make_person("要走", city.company, branch)
    Membership.objects.filter(person=leaves).update(during=(date(2020, 2, 1), MARCH_7))
    until = make_person("再留一周", city.company, branch)
    Membership.objects.filter(person=until).update(during=(date(2020, 2, 1), date(2020, 3, 14)))
    member = make_user("member-of-it", (Role.MEMBER, branch), person=until)
    confirmed(branch, administrator, merged_into=into)
    branch.refresh_from_db()
    assert (branch.state, branch.merged_into) == ("merged", into)
    assert not into.memberships.filter(person=leaves).exists()
    assert (into.memberships.get(person=until).during.lower, into.memberships.get(person=until).during.upper) == (MARCH_7, date(2020, 3, 14))
    secretary = into.memberships.exclude(person=until).get()
    assert (secretary.during.lower, secretary.during.upper) == (MARCH_7, None)
    # An office is not handed over with the people: the other branch has its own.
    assert not into.terms.exists()
    member.refresh_from_db()
    assert member.is_active
    assert [grant.branch for grant in member.grants.filter(revoked_at=None)] == [into]


def test_what_is_open_goes_over_with_whoever_answers_it_already(
    administrator: User, organiser: User, city: City, branch: Branch, into: Branch, clock: Clock
) -> None:
    own, resolved = recorded(branch, organiser, household="1栋"), recorded(branch, organiser, household="3栋", result="送到")
    given = needs.hand_on(actor=organiser, need=recorded(branch, organiser, household="2栋"), seen=1, to=city.street)
    confirmed(branch, administrator, merged_into=into)
    for need in (own, given, resolved):
        need.refresh_from_db()
    assert (own.branch, own.origin, own.state) == (into, branch, "open")
    assert (given.branch, given.state, given.with_region) == (into, "handed_on", city.street)
    assert resolved.branch == branch


def test_three_become_one_one_after_another(administrator: User, city: City, branch: Branch, into: Branch, clock: Clock) -> None:
    third = make_branch(city.community, "望江社区第三临时党支部")
    make_person("三支部的人", city.company, third)
    confirmed(branch, administrator, MARCH_5, merged_into=third)
    confirmed(third, administrator, MARCH_6, merged_into=into)
    assert into.memberships.count() == 2
    assert {each.during.lower for each in into.memberships.all()} == {MARCH_7}
    branch.refresh_from_db()
    assert branch.merged_into == third


def test_a_branch_goes_into_another_on_the_day_of_a_report(administrator: User, organiser: User, branch: Branch, into: Branch, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=40)
    with pytest.raises(ValidationError) as refused:
        begun(branch, administrator, MARCH_5, merged_into=into)
    assert list(refused.value.message_dict) == ["last_day"]
    assert confirmed(branch, administrator, MARCH_6, merged_into=into).branch.ended_on == MARCH_6


@pytest.mark.parametrize(
    ("facts", "last_day"),
    [
        ({"state": "dissolved", "ended_on": MARCH_5}, MARCH_6),
        ({"kind": "command_post"}, MARCH_6),
        ({"established_on": date(2020, 3, 20)}, MARCH_6),
        ({"state": "forming"}, MARCH_6),
    ],
)
def test_a_branch_does_not_go_into_one_that_cannot_take_it(
    administrator: User, city: City, branch: Branch, clock: Clock, facts: dict[str, Any], last_day: date
) -> None:
    other = make_branch(city.community, "别的支部", **facts)
    with pytest.raises(ValidationError) as refused:
        begun(branch, administrator, last_day, merged_into=other)
    assert list(refused.value.message_dict) == ["merged_into"]
    with pytest.raises(ValidationError):
        begun(branch, administrator, last_day, merged_into=branch)


def test_both_branches_are_the_administrators_to_end(administrator: User, city: City, branch: Branch, other_branch: Branch, clock: Clock) -> None:
    end = prepared(branch, administrator, merged_into=other_branch)
    with pytest.raises(Forbidden):
        services.confirm(actor=administrator, end=end)
    give(administrator, Role.ADMINISTRATOR, city.other_street)
    assert services.confirm(actor=User.objects.get(pk=administrator.pk), end=end).state == "confirmed"


def test_a_merged_branch_is_not_opened_again(administrator: User, branch: Branch, into: Branch, clock: Clock) -> None:
    end = confirmed(branch, administrator, merged_into=into)
    with pytest.raises(ValidationError):
        services.reopen(actor=administrator, end=end, reason="还要用")


@pytest.mark.django_db(transaction=True)
def test_a_branch_does_not_go_into_one_that_ends_at_the_same_moment(administrator: User, branch: Branch, into: Branch, clock: Clock) -> None:
    merging, ending = prepared(branch, administrator, merged_into=into), prepared(into, administrator)
    done = together(
        lambda: services.confirm(actor=User.objects.get(pk=administrator.pk), end=merging),
        lambda: services.confirm(actor=User.objects.get(pk=administrator.pk), end=ending),
    )
    assert [type(each).__name__ for each in done] == ["ValidationError", "BranchEnd"]
    assert Branch.objects.get(closed_at__isnull=False) == into
    assert not Membership.objects.filter(branch=into, during__contains=MARCH_7).exists()


@pytest.mark.django_db(transaction=True)
def test_two_branches_go_into_one_at_once(administrator: User, city: City, branch: Branch, into: Branch, clock: Clock) -> None:
    second = make_branch(city.community, "望江社区第三临时党支部")
    make_person("三支部的人", city.company, second)
    ends = [prepared(each, administrator, merged_into=into) for each in (branch, second)]
    done = together(*[lambda end=end: services.confirm(actor=User.objects.get(pk=administrator.pk), end=end) for end in ends])
    assert [each.state for each in done] == ["confirmed", "confirmed"]
    assert into.memberships.count() == 2
