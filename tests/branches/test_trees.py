"""The trees of regions and work units, by date: what the database keeps agrees with a plain walk."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from branches.models import Branch, BranchPlace, Region, RegionParent, RegionPath, WorkUnit, WorkUnitPath
from tests.factories import make_branch, make_region, make_unit, since
from tests.personas import MARCH_5, MARCH_6, City

FIRST = date(2020, 3, 1)
DAYS = 12
NODES = 6

# Who lies in whom, from which day of the span, and for how long.
moves = st.lists(st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1), st.integers(0, DAYS - 1), st.integers(1, DAYS)), max_size=10)
hold = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def walk(parents: dict[int, dict[int, int]], node: int, on: int) -> list[int] | None:
    """Return the ancestors of `node` on a day, nearest first; None when they run in a circle."""
    above: list[int] = []
    while (parent := parents.get(node, {}).get(on)) is not None:
        if parent in above or len(above) > NODES:
            return None
        above.append(parent)
        node = parent
    return above


def in_a_circle(parents: dict[int, dict[int, int]]) -> bool:
    for node in range(NODES):
        for on in range(2 * DAYS):
            above = walk(parents, node, on)
            if above is None or node in above:
                return True
    return False


@pytest.mark.django_db
@hold
@given(moves)
def test_dated_moves_give_the_ancestors_of_a_plain_walk_on_every_day(tried: list[tuple[int, int, int, int]]) -> None:
    with transaction.atomic():
        regions = [make_region(f"示例{number}", "community") for number in range(NODES)]
        parents: dict[int, dict[int, int]] = {}
        for child, parent, start, length in tried:
            span = range(start, start + length)
            wanted = {**parents, child: {**parents.get(child, {}), **dict.fromkeys(span, parent)}}
            allowed = child != parent and not set(span) & parents.get(child, {}).keys() and not in_a_circle(wanted)
            assert moved(regions[child], regions[parent], DateRange(day(start), day(start + length))) is allowed
            if allowed:
                parents = wanted
        numbers = {region.pk: number for number, region in enumerate(regions)}
        paths = RegionPath.objects.filter(descendant__in=regions, depth__gt=0).order_by("depth")
        for on in range(-1, 2 * DAYS):
            held = [(numbers[path.descendant_id], numbers[path.ancestor_id]) for path in paths if covers(path.during, day(on))]
            for number in range(NODES):
                assert [ancestor for descendant, ancestor in held if descendant == number] == walk(parents, number, on)
        transaction.set_rollback(True)


def covers(during: DateRange, on: date) -> bool:
    return (during.lower is None or during.lower <= on) and (during.upper is None or on < during.upper)


def moved(child: Region, parent: Region, during: DateRange) -> bool:
    """Try a move; say whether it was allowed."""
    try:
        with transaction.atomic():
            RegionParent.objects.create(region=child, parent=parent, during=during)
    except IntegrityError:
        return False
    return True


@pytest.mark.django_db
@hold
@given(st.lists(st.tuples(st.integers(0, NODES - 1), st.none() | st.integers(0, NODES - 1)), max_size=12))
def test_units_that_move_have_the_ancestors_of_a_plain_walk(tried: list[tuple[int, int | None]]) -> None:
    with transaction.atomic():
        units = [make_unit(f"示例{number}") for number in range(NODES)]
        parents: dict[int, dict[int, int]] = {}
        for child, parent in tried:
            wanted = {**parents, child: {} if parent is None else {0: parent}}
            allowed = not in_a_circle(wanted)
            assert belongs(units[child], None if parent is None else units[parent]) is allowed
            if allowed:
                parents = wanted
        numbers = {unit.pk: number for number, unit in enumerate(units)}
        for number, unit in enumerate(units):
            above = [numbers[each.pk] for each in reversed(WorkUnit.objects.above(unit))]
            assert above == walk(parents, number, 0)
            below = {numbers[each.pk] for each in WorkUnit.objects.below(unit)}
            assert below == {other for other in range(NODES) if other == number or number in (walk(parents, other, 0) or [])}
        transaction.set_rollback(True)


def belongs(unit: WorkUnit, parent: WorkUnit | None) -> bool:
    """Try to put a unit under another; say whether it was allowed."""
    try:
        with transaction.atomic():
            WorkUnit.objects.filter(pk=unit.pk).update(parent=parent)
    except IntegrityError:
        return False
    return True


def test_a_street_that_changes_districts_is_in_each_on_its_own_days(city: City) -> None:
    link = RegionParent.objects.get(region=city.street)
    link.during = DateRange(None, MARCH_6)
    link.save()
    RegionParent.objects.create(region=city.street, parent=city.south, during=since(MARCH_6))

    above = [city.province, city.city, city.north, city.street]
    assert list(Region.objects.above(city.community, MARCH_5)) == above
    assert list(Region.objects.above(city.community, MARCH_6)) == [*above[:2], city.south, city.street]
    assert city.community in Region.objects.below(city.north, MARCH_5)
    assert city.community not in Region.objects.below(city.north, MARCH_6)
    assert list(Region.objects.children_of(city.south, MARCH_6)) == [city.street]
    assert not Region.objects.children_of(city.south, MARCH_5).exists()


def test_a_branch_is_counted_where_its_host_lay_on_the_day(city: City) -> None:
    branch = make_branch(city.community)
    with transaction.atomic():
        BranchPlace.objects.filter(branch=branch).update(during=DateRange(None, MARCH_6))
        BranchPlace.objects.create(branch=branch, region=city.other_community, during=since(MARCH_6))
        Branch.objects.filter(pk=branch.pk).update(region=city.other_community)

    for on, street in ((MARCH_5, city.street), (MARCH_6, city.other_street)):
        assert [each for each in (city.street, city.other_street) if branch in Branch.objects.within(each, on)] == [street]
        assert branch in Branch.objects.within(city.north, on)

    RegionParent.objects.filter(region=city.other_street).update(parent=city.south)
    assert branch in Branch.objects.within(city.north, MARCH_5)
    assert branch not in Branch.objects.within(city.north, MARCH_6)
    assert branch in Branch.objects.within(city.south, MARCH_6)


@pytest.mark.django_db
def test_every_region_and_unit_is_below_itself_from_the_start() -> None:
    regions = Region.objects.bulk_create([Region(name=f"示例{number}", level="community") for number in range(3)])
    unit = make_unit("示例局")
    assert RegionPath.objects.filter(ancestor__in=regions, depth=0).count() == 3
    assert WorkUnitPath.objects.get(descendant=unit).ancestor == unit
    assert make_branch(regions[0]) in Branch.objects.within(regions[0], MARCH_5)


@pytest.mark.django_db
def test_a_link_taken_away_takes_its_paths_along() -> None:
    parent, child = make_region("示例街道", "township"), make_region("示例社区", "community")
    link = RegionParent.objects.create(region=child, parent=parent, during=since(MARCH_5))
    assert Region.objects.above(child, MARCH_6).get() == parent
    link.delete()
    assert not Region.objects.above(child, MARCH_6).exists()
    assert Region.objects.below(child, MARCH_6).get() == child
