"""What the rules of regions, work units and branches allow: what lies just inside."""

from datetime import date, time

import pytest
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from branches.models import Branch, BranchPlace, BranchSchedule, Region, RegionParent, RegionPath
from tests.branches.broken_rules import MARCH_1, MARCH_10, region
from tests.factories import ALWAYS, make_branch, since
from tests.rules import (
    check_deferred_rules,
    outcome_of_second,
)


@pytest.mark.django_db
def test_all_gates_may_be_open_and_numbers_may_be_unknown() -> None:
    region(gates=4, gates_open=4)
    region(gates=0, gates_open=0)
    region(gates_open=3)


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["", "420106", "420106012", "420106012003"])
def test_a_code_has_6_9_or_12_digits_or_is_unknown(code: str) -> None:
    region(code=code)


@pytest.mark.django_db
def test_many_regions_have_no_code_and_no_key() -> None:
    assert region().code == region().code == ""


@pytest.mark.django_db
def test_a_region_moves_on_the_day_after_its_last_in_another() -> None:
    child = region()
    RegionParent.objects.create(region=child, parent=region("township"), during=since(MARCH_1, date(2020, 3, 9)))
    RegionParent.objects.create(region=child, parent=region("township"), during=since(MARCH_10))


@pytest.mark.django_db
def test_two_regions_may_lie_in_each_other_at_different_times() -> None:
    one, other = region(), region()
    RegionParent.objects.create(region=one, parent=other, during=since(MARCH_1, date(2020, 3, 9)))
    RegionParent.objects.create(region=other, parent=one, during=since(MARCH_10))
    check_deferred_rules()


@pytest.mark.django_db
def test_a_branch_may_live_for_a_single_day() -> None:
    branch = make_branch(region(), established_on=MARCH_1, started_work_on=MARCH_1, ended_on=MARCH_1, state="dissolved")
    assert branch.life == DateRange(MARCH_1, date(2020, 3, 2))


@pytest.mark.django_db
def test_a_branch_may_work_before_it_is_established() -> None:
    branch = make_branch(region(), established_on=MARCH_10, started_work_on=MARCH_1)
    assert branch.life == DateRange(MARCH_1, None)


@pytest.mark.django_db
def test_a_branch_of_unknown_dates_lives_always() -> None:
    life = make_branch(region(), established_on=None).life
    assert (life.lower, life.upper, life.isempty) == (None, None, False)
    assert make_branch(region(), established_on=None, ended_on=MARCH_1).life == DateRange(None, date(2020, 3, 2), "()")


@pytest.mark.django_db
def test_a_merged_branch_may_be_archived_and_keeps_where_it_went() -> None:
    branch = make_branch(region(), ended_on=MARCH_10, state="merged", merged_into=make_branch(region()))
    Branch.objects.filter(pk=branch.pk).update(state="archived")


@pytest.mark.django_db
def test_a_branch_moves_with_its_latest_place() -> None:
    home, away = region(), region()
    branch = make_branch(home)
    BranchPlace.objects.filter(branch=branch).update(during=DateRange(None, MARCH_10))
    BranchPlace.objects.create(branch=branch, region=away, during=DateRange(MARCH_10, None))
    Branch.objects.filter(pk=branch.pk).update(region=away)
    check_deferred_rules()


@pytest.mark.django_db
def test_due_times_may_follow_each_other() -> None:
    branch = make_branch(region())
    BranchSchedule.objects.create(branch=branch, during=since(MARCH_1, date(2020, 3, 9)), due_time=time(21, 0))
    BranchSchedule.objects.create(branch=branch, during=since(MARCH_10), due_time=time(22, 0))
    assert branch.schedule_on(date(2020, 3, 9)).due_time == time(21, 0)
    assert branch.schedule_on(MARCH_10).due_time == time(22, 0)


@pytest.mark.django_db(transaction=True)
def test_a_region_added_while_another_moves_keeps_its_place_in_the_tree() -> None:
    child, parent = region(), region("township")
    added: list[Region] = []
    refusal = outcome_of_second(
        lambda: added.append(region()),
        lambda: RegionParent.objects.create(region=child, parent=parent, during=ALWAYS),
    )
    assert refusal is None
    assert RegionPath.objects.filter(ancestor=added[0], descendant=added[0], depth=0).exists()
    assert RegionPath.objects.filter(ancestor=parent, descendant=child, depth=1).exists()


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_fails_leaves_the_tree_as_it_was() -> None:
    one, other = region(), region()
    RegionParent.objects.create(region=one, parent=other, during=ALWAYS)
    with transaction.atomic():
        RegionParent.objects.filter(region=one).delete()
        assert not RegionPath.objects.filter(ancestor=other, descendant=one).exists()
        transaction.set_rollback(True)
    assert RegionPath.objects.filter(ancestor=other, descendant=one).exists()
