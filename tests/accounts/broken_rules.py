"""What PostgreSQL keeps of grants, broken on purpose: cases of `tests/test_every_rule.py`."""

from datetime import date

from django.db.backends.postgresql.psycopg_any import DateRange

from branches.access import Role
from portal.accounts.models import Grant, GrantReview, Reset, ReviewedGrant
from tests.factories import FOR_LONG, give, make_region, make_unit, make_user, since
from tests.rules import Add, Break, Cases, alter

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
