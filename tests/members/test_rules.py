"""What the rules of people and their time in branches allow: what lies just inside."""

from datetime import date

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from branches.models import Branch
from members.models import Membership, OfficerTerm, Secondment
from tests.factories import make_branch, make_person, make_region, make_unit, since
from tests.members.broken_rules import MARCH, MARCH_1, MARCH_9, MARCH_10, MARCH_31, march_branch, membership, secretary


@pytest.mark.django_db
def test_a_member_may_change_branches_overnight() -> None:
    person = make_person()
    membership(during=since(MARCH_1, MARCH_9), person=person)
    membership(during=since(MARCH_10, MARCH_31), person=person)


@pytest.mark.django_db
def test_a_person_may_be_sent_by_another_unit_from_the_next_day() -> None:
    person, unit = make_person(), make_unit("示例局")
    Secondment.objects.create(person=person, home_unit=unit, during=since(MARCH_1, MARCH_9))
    Secondment.objects.create(person=person, home_unit=make_unit("示例公司"), during=since(MARCH_10))


@pytest.mark.django_db
def test_a_membership_and_an_office_may_last_as_long_as_the_branch() -> None:
    branch = march_branch()
    term = secretary(branch, MARCH)
    term.save()
    term.refresh_from_db()
    assert (term.branch, term.membership_during) == (branch, branch.life)


@pytest.mark.django_db
def test_a_secretary_is_followed_on_the_next_day() -> None:
    branch = march_branch()
    secretary(branch, since(MARCH_1, MARCH_9)).save()
    secretary(branch, since(MARCH_10, MARCH_31)).save()


@pytest.mark.django_db
def test_a_branch_may_have_several_deputies_and_each_branch_its_secretary() -> None:
    branch = march_branch()
    for office in ("deputy_secretary", "deputy_secretary", "committee_member"):
        OfficerTerm.objects.create(membership=membership(branch), office=office, during=MARCH)
    secretary(branch, MARCH).save()
    secretary(march_branch(), MARCH).save()


@pytest.mark.django_db
def test_a_branch_that_lives_longer_takes_its_members_and_officers_along() -> None:
    branch = march_branch()
    term = secretary(branch, MARCH)
    term.save()
    Branch.objects.filter(pk=branch.pk).update(ended_on=None)
    Membership.objects.filter(pk=term.membership_id).update(during=since(MARCH_1))
    term.refresh_from_db()
    assert term.membership.branch_life == DateRange(MARCH_1, None)
    assert term.membership_during == DateRange(MARCH_1, None)


@pytest.mark.django_db
def test_a_branch_may_end_on_the_last_day_of_its_members() -> None:
    branch = march_branch()
    held = membership(branch, since(MARCH_1, MARCH_10))
    Branch.objects.filter(pk=branch.pk).update(ended_on=MARCH_10)
    held.refresh_from_db()
    assert held.branch_life == held.during


@pytest.mark.django_db
def test_a_member_of_a_branch_of_unknown_dates_may_have_joined_any_day() -> None:
    branch = make_branch(make_region("示例社区", "community"), established_on=None)
    held = membership(branch, since(date(1950, 1, 1)))
    held.refresh_from_db()
    assert held.branch_life == branch.life
