"""What the rules of grants allow: what lies just inside."""

import pytest

from branches.access import SEPARATE_ROLES, Role
from tests.accounts.broken_rules import MARCH_1, MARCH_9, MARCH_10, MAY_1
from tests.factories import give, make_branch, make_region, make_unit, make_user, since


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
