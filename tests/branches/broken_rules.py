"""What PostgreSQL keeps of regions, work units and branches, broken on purpose: cases of `tests/test_every_rule.py`."""

from datetime import date, time
from itertools import count
from typing import Any

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone

from branches.models import Branch, BranchPlace, BranchSchedule, DeclaredCount, Region, RegionParent, Wave, WorkUnit, WorkUnitPath
from tests.factories import ALWAYS, make_branch, make_region, make_unit, since
from tests.rules import (
    Add,
    Break,
    Cases,
    Remove,
    alter,
    both,
)

CASES = Cases("branches")
NEVER = DateRange(date(2020, 3, 1), date(2020, 3, 1))
MARCH_1, MARCH_10 = date(2020, 3, 1), date(2020, 3, 10)
_serial = count(1)


def region(level: str = "community", **values: Any) -> Region:
    return make_region(f"示例区域{next(_serial)}", level, **values)


def new_branch(host: Region | None = None, **values: Any) -> Branch:
    return Branch(name=f"示例支部{next(_serial)}", region=host or region(), **values)


# --- Regions ------------------------------------------------------------------------------------------------------------


@CASES.breaks("region_once_per_source", collides=True)
def a_region_loaded_twice() -> Break:
    key = f"r{next(_serial)}"
    return Break(Add(Region(name="乙", level="county", source="年报", key=key)), after=Add(Region(name="甲", level="county", source="年报", key=key)))


@CASES.breaks("region_code_once", collides=True)
def two_regions_with_one_code() -> Break:
    code = f"{next(_serial):06}"
    return Break(Add(Region(name="乙", level="county", code=code)), after=Add(Region(name="甲", level="county", code=code)))


@CASES.breaks("region_code_has_6_9_or_12_digits")
def a_code_of_five_digits() -> Break:
    return Break(Add(Region(name="甲", level="county", code="42010")))


@CASES.breaks("region_code_has_6_9_or_12_digits")
def a_code_with_a_letter() -> Break:
    return Break(alter(region(), code="42010x"))


@CASES.breaks("region_opens_no_more_gates_than_it_has", collides=True)
def a_gate_opened_while_another_is_taken_down() -> Break:
    place = region(gates=4, gates_open=3)
    return Break(alter(place, gates_open=4), after=alter(place, gates=3))


@CASES.breaks("region_in_one_parent_at_a_time", collides=True)
def two_parents_in_the_same_march() -> Break:
    child = region()
    return Break(
        Add(RegionParent(region=child, parent=region("township"), during=since(MARCH_10))),
        after=Add(RegionParent(region=child, parent=region("township"), during=since(MARCH_1, MARCH_10))),
    )


@CASES.breaks("region_not_in_itself")
def a_region_in_itself() -> Break:
    place = region()
    return Break(Add(RegionParent(region=place, parent=place, during=ALWAYS)))


@CASES.breaks("region_parent_for_a_time")
def a_parent_for_no_time() -> Break:
    return Break(Add(RegionParent(region=region(), parent=region("township"), during=NEVER)))


@CASES.breaks("region_tree_has_no_circle", collides=True)
def two_movers_each_put_one_region_under_the_other() -> Break:
    one, other = region(), region()
    return Break(Add(RegionParent(region=one, parent=other, during=ALWAYS)), after=Add(RegionParent(region=other, parent=one, during=ALWAYS)))


@CASES.breaks("region_tree_has_no_circle", collides=True)
def a_circle_of_three_in_one_week_only() -> Break:
    one, two, three = region(), region(), region()
    RegionParent.objects.create(region=two, parent=one, during=since(MARCH_1))
    return Break(
        Add(RegionParent(region=one, parent=three, during=since(MARCH_10))),
        after=Add(RegionParent(region=three, parent=two, during=since(MARCH_1, MARCH_10))),
    )


# --- Work units ---------------------------------------------------------------------------------------------------------


@CASES.breaks("work_unit_once_per_source", collides=True)
def a_unit_loaded_twice() -> Break:
    key = f"u{next(_serial)}"
    return Break(Add(WorkUnit(name="乙", source="名册", key=key)), after=Add(WorkUnit(name="甲", source="名册", key=key)))


@CASES.breaks("work_unit_not_in_itself")
def a_unit_in_itself() -> Break:
    unit = make_unit("示例局")
    return Break(alter(unit, parent_id=unit.pk))


@CASES.breaks("work_unit_tree_has_no_circle", collides=True)
def two_units_each_put_under_the_other() -> Break:
    one, other = make_unit("一公司"), make_unit("二公司")
    return Break(alter(one, parent_id=other.pk), after=alter(other, parent_id=one.pk))


@CASES.breaks("work_unit_path_once", collides=True)
def a_path_between_units_written_twice() -> Break:
    one, other = make_unit("一公司"), make_unit("二公司")
    return Break(Add(WorkUnitPath(ancestor=one, descendant=other, depth=1)), after=Add(WorkUnitPath(ancestor=one, descendant=other, depth=2)))


# --- Branches -----------------------------------------------------------------------------------------------------------


@CASES.breaks("branch_once_per_source", collides=True)
def a_branch_loaded_twice() -> Break:
    host, key = region(), f"b{next(_serial)}"
    return Break(Add(new_branch(host, source="年报", key=key)), after=Add(new_branch(host, source="年报", key=key)))


@CASES.breaks("branch_ends_after_it_starts", collides=True)
def a_branch_ended_before_a_start_that_is_put_off_meanwhile() -> Break:
    branch = make_branch(region(), established_on=MARCH_1)
    return Break(alter(branch, ended_on=MARCH_1), after=alter(branch, established_on=MARCH_10))


@CASES.breaks("branch_ends_after_it_starts")
def a_branch_that_ends_before_it_starts_work() -> Break:
    return Break(Add(new_branch(established_on=MARCH_1, started_work_on=MARCH_10, ended_on=date(2020, 3, 9))))


@CASES.breaks("branch_ends_after_it_starts")
def a_branch_that_ends_before_it_is_established() -> Break:
    return Break(Add(new_branch(started_work_on=MARCH_1, established_on=MARCH_10, ended_on=date(2020, 3, 9))))


@CASES.breaks("branch_merged_into_another")
def a_merged_branch_that_names_no_other() -> Break:
    return Break(Add(new_branch(state="merged", ended_on=MARCH_10)))


@CASES.breaks("branch_merged_into_another")
def an_active_branch_that_went_into_another() -> Break:
    return Break(Add(new_branch(merged_into=make_branch(region()))))


@CASES.breaks("branch_merged_into_another")
def a_branch_merged_into_itself() -> Break:
    branch = make_branch(region(), ended_on=MARCH_10)
    return Break(alter(branch, merged_into_id=branch.pk, state="merged"))


@CASES.breaks("branch_over_has_an_end", collides=True)
def a_branch_dissolved_while_its_end_is_taken_away() -> Break:
    branch = make_branch(region(), ended_on=MARCH_10)
    return Break(alter(branch, state="dissolved"), after=alter(branch, ended_on=None))


@CASES.breaks("branch_closed_is_over")
def a_branch_closed_while_it_is_at_work() -> Break:
    return Break(alter(make_branch(region()), closed_at=timezone.now()))


def closed_branch() -> Branch:
    branch = make_branch(region(), state="dissolved", ended_on=MARCH_10)
    Branch.objects.filter(pk=branch.pk).update(closed_at=timezone.now())
    return branch


@CASES.breaks("branch_is_closed")
def a_closed_branch_with_another_name() -> Break:
    return Break(alter(closed_branch(), guided_by="别处"))


@CASES.breaks("branch_is_closed", collides=True)
def a_number_declared_while_the_branch_is_closed() -> Break:
    branch = make_branch(region(), state="dissolved", ended_on=MARCH_10)
    return Break(Add(DeclaredCount(branch=branch, what="squads", value=2)), after=alter(branch, closed_at=timezone.now()))


@CASES.breaks("branch_in_one_place_at_a_time", collides=True)
def two_hosts_at_the_same_time() -> Break:
    branch = make_branch(region())
    BranchPlace.objects.filter(branch=branch).update(during=DateRange(MARCH_10, None))
    earlier = DateRange(MARCH_1, MARCH_10)
    return Break(
        Add(BranchPlace(branch=branch, region=region(), during=DateRange(None, date(2020, 3, 2)))),
        after=Add(BranchPlace(branch=branch, region=region(), during=earlier)),
    )


@CASES.breaks("branch_place_for_a_time")
def a_host_for_no_time() -> Break:
    return Break(Add(BranchPlace(branch=make_branch(region()), region=region(), during=NEVER)))


@CASES.breaks("branch_hosted_at_its_latest_place")
def a_host_that_the_latest_place_does_not_name() -> Break:
    return Break(alter(make_branch(region()), region=region()))


@CASES.breaks("branch_hosted_at_its_latest_place")
def a_branch_whose_only_place_is_removed() -> Break:
    return Break(Remove(BranchPlace.objects.get(branch=make_branch(region()))))


@CASES.breaks("branch_hosted_at_its_latest_place", collides=True)
def an_earlier_place_corrected_while_the_move_away_is_undone() -> Break:
    home, away = region(), region()
    branch = make_branch(home)
    with transaction.atomic():
        BranchPlace.objects.filter(branch=branch).update(during=DateRange(None, MARCH_10))
        moved = BranchPlace.objects.create(branch=branch, region=away, during=DateRange(MARCH_10, None))
        Branch.objects.filter(pk=branch.pk).update(region=away)
    first = BranchPlace.objects.get(branch=branch, region=home)
    return Break(alter(first, region=region()), after=both(Remove(moved), alter(branch, region=home)))


@CASES.breaks("branch_one_schedule_at_a_time", collides=True)
def two_due_times_for_one_day() -> Break:
    branch = make_branch(region())
    return Break(
        Add(BranchSchedule(branch=branch, during=since(MARCH_10), due_time=time(22, 0))),
        after=Add(BranchSchedule(branch=branch, during=since(MARCH_1, MARCH_10), due_time=time(21, 0))),
    )


@CASES.breaks("branch_schedule_for_a_time")
def a_due_time_for_no_day() -> Break:
    return Break(Add(BranchSchedule(branch=make_branch(region()), during=NEVER, due_time=time(22, 0))))


@CASES.breaks("declared_count_once_a_day", collides=True)
def two_head_counts_of_one_day() -> Break:
    branch = make_branch(region())
    return Break(
        Add(DeclaredCount(branch=branch, what="members", value=31, as_of=MARCH_1)),
        after=Add(DeclaredCount(branch=branch, what="members", value=30, as_of=MARCH_1)),
    )


@CASES.breaks("declared_count_once_a_day", collides=True)
def two_head_counts_without_a_day() -> Break:
    branch = make_branch(region())
    return Break(Add(DeclaredCount(branch=branch, what="grids", value=6)), after=Add(DeclaredCount(branch=branch, what="grids", value=5)))


@CASES.breaks("wave_once", collides=True)
def a_wave_declared_twice() -> Break:
    branch = make_branch(region())
    return Break(Add(Wave(branch=branch, ordinal=1, head_count=31)), after=Add(Wave(branch=branch, ordinal=1, head_count=30)))
