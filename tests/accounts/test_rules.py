"""What PostgreSQL keeps of grants, broken on purpose."""

from datetime import date

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from branches.access import SEPARATE_ROLES, Role
from portal.accounts.models import Grant, GrantReview, Reset, ReviewedGrant
from tests.factories import FOR_LONG, give, make_branch, make_region, make_unit, make_user, since
from tests.rules import Add, Break, Case, Cases, alter, assert_says, refused, refused_at_once, refused_to_both

CASES = Cases("accounts")
MARCH_1, MARCH_9, MARCH_10, MAY_1 = date(2020, 3, 1), date(2020, 3, 9), date(2020, 3, 10), date(2020, 5, 1)


@CASES.breaks("grant_has_one_scope")
def a_grant_over_nothing() -> Break:
    return Break(Add(Grant(user=make_user(), role="official", during=FOR_LONG)))


@CASES.breaks("grant_has_one_scope")
def a_grant_over_a_region_and_a_unit() -> Break:
    return Break(Add(Grant(user=make_user(), role="official", region=make_region("示例市", "prefecture"), work_unit=make_unit("示例局"), during=FOR_LONG)))


@CASES.breaks("grant_has_one_scope")
def a_grant_over_a_region_widened_to_everything() -> Break:
    return Break(alter(give(make_user(), Role.OFFICIAL, make_region("示例市", "prefecture")), everything=True))


@CASES.breaks("grant_for_a_time")
def a_grant_for_no_time() -> Break:
    return Break(Add(Grant(user=make_user(), role="auditor", everything=True, during=DateRange(MARCH_1, MARCH_1))))


@CASES.breaks("grant_has_an_end")
def a_grant_for_ever() -> Break:
    return Break(Add(Grant(user=make_user(), role="auditor", everything=True, during=DateRange(MARCH_1, None))))


@CASES.breaks("a_reset_is_confirmed_by_a_third_person")
def a_reset_confirmed_by_whoever_asked() -> Break:
    keeper = make_user()
    return Break(Add(Reset(account=make_user(), what="password", reason="x", asked_by=keeper, confirmed_by=keeper)))


@CASES.breaks("a_reset_is_confirmed_by_a_third_person")
def a_reset_of_one_s_own() -> Break:
    keeper = make_user()
    return Break(Add(Reset(account=keeper, what="password", reason="x", asked_by=keeper)))


@CASES.breaks("one_open_reset_of_an_account", collides=True)
def a_reset_asked_for_twice() -> Break:
    officer, keeper = make_user(), make_user()
    return Break(
        Add(Reset(account=officer, what="password", reason="x", asked_by=keeper)),
        after=Add(Reset(account=officer, what="password", reason="y", asked_by=keeper)),
    )


@CASES.breaks("one_review_a_quarter_of_an_officer", collides=True)
def a_review_closed_twice() -> Break:
    officer, counted = make_user(), {"kept": 0, "ended": 0, "in_use": 0, "whole": True}
    return Break(Add(GrantReview(quarter=MARCH_1, by=officer, **counted)), after=Add(GrantReview(quarter=MARCH_1, by=officer, **counted)))


@CASES.breaks("one_decision_a_quarter_of_a_grant", collides=True)
def a_grant_decided_on_twice() -> Break:
    officer, grant = make_user(), give(make_user(), Role.OFFICIAL, None)
    return Break(
        Add(ReviewedGrant(quarter=MARCH_1, grant=grant, kept=True, by=officer)), after=Add(ReviewedGrant(quarter=MARCH_1, grant=grant, kept=False, by=officer))
    )


@CASES.breaks("separate_roles_for_separate_people", collides=True)
def one_person_made_security_officer_and_auditor() -> Break:
    user = make_user()
    return Break(
        Add(Grant(user=user, role="auditor", everything=True, during=since(MARCH_10, MAY_1))),
        after=Add(Grant(user=user, role="security", everything=True, during=since(MARCH_1, MARCH_10))),
    )


@CASES.breaks("separate_roles_for_separate_people")
def a_reviewer_who_is_auditor_made_system_keeper() -> Break:
    user = make_user("", (Role.AUDITOR, None))
    return Break(alter(give(user, Role.REVIEWER, None), role="system"))


def test_every_rule_is_broken_here() -> None:
    assert not CASES.without_a_case()
    assert not CASES.unknown()


@pytest.mark.django_db
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


@pytest.mark.django_db
def test_a_grant_may_be_over_each_kind_of_scope() -> None:
    user, place = make_user(), make_region("示例社区", "community")
    for scope in (None, place, make_unit("示例局"), make_branch(place)):
        give(user, Role.OFFICIAL, scope)


@pytest.mark.django_db
@pytest.mark.parametrize("role", sorted(SEPARATE_ROLES))
def test_a_separate_role_may_be_held_twice_and_beside_a_role_that_is_not_separate(role: Role) -> None:
    user = make_user()
    for held in (role, role, Role.REVIEWER, Role.OFFICIAL):
        give(user, held, None)


@pytest.mark.django_db
def test_one_separate_role_may_follow_another_on_the_next_day() -> None:
    user = make_user()
    give(user, Role.AUDITOR, None, during=since(MARCH_1, MARCH_9))
    give(user, Role.SECURITY, None, during=since(MARCH_10, MAY_1))
