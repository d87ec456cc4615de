"""The invented city: regions, work units and branches."""

from collections.abc import Iterator, Sequence
from datetime import time, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange
from pypinyin import lazy_pinyin

from branches.models import Branch, BranchSchedule, DeclaredCount, Level, Region, RegionParent, WorkUnit
from portal.demo.invention import SOURCE, Invention, Post
from portal.foundation.models import SearchableModel

ALWAYS = DateRange(None, None, "()")
# The longest ending first, so that 街道 does not lose to 道.
ENDINGS = (
    ("社区", "Community"),
    ("街道", "Subdistrict"),
    ("小区", "Compound"),
    ("省", "Province"),
    ("市", "City"),
    ("区", "District"),
    ("镇", "Town"),
    ("村", "Village"),
)


def build_city(invention: Invention, branches: int) -> None:
    """Store regions, work units and `branches` branches beside a work team and a command post."""
    _build_regions(invention)
    _build_units(invention)
    _build_branches(invention, branches)


def _build_regions(invention: Invention) -> None:
    words, regions, parents = invention.words, invention.regions, list[tuple[str, str]]()

    def add(name: str, level: Level, parent: str | None, **facts: Any) -> str:
        marked = invention.marked(name)
        regions[marked] = Region(source=SOURCE, key=marked, name=marked, name_en=_in_english(marked, words["mark_en"]), level=level, **facts)
        if parent:
            parents.append((marked, parent))
        return marked

    code = words["code"]
    province = add(words["province"], Level.PROVINCE, None, code=f"{code}0000")
    city = add(words["city"], Level.PREFECTURE, province, code=f"{code}0100")
    compounds = iter(words["compounds"] * 10)
    for number, (district_name, streets) in enumerate(words["districts"].items(), start=1):
        district = add(district_name, Level.COUNTY, city, code=f"{code}01{number:02d}")
        for street_name, communities in streets.items():
            street = add(street_name, Level.TOWNSHIP, district)
            for community_name in communities:
                households = invention.chance.randrange(900, 3200)
                community = add(community_name, Level.COMMUNITY, street, households=households, residents=households * 27 // 10)
                gates = invention.chance.randrange(2, 7)
                name = f"{community_name.removesuffix('社区')}{next(compounds)}"
                add(name, Level.COMPOUND, community, households=households // 3, buildings=gates * 4, gates=gates, gates_open=gates - 1)
    _bulk(Region, regions.values())
    RegionParent.objects.bulk_create(RegionParent(region=regions[child], parent=regions[parent], during=ALWAYS) for child, parent in parents)


def _in_english(name: str, mark: str) -> str:
    """Return an English name: the mark, the name in pinyin, and what it is."""
    bare = name[2:]
    for ending, word in ENDINGS:
        if bare.endswith(ending):
            return " ".join(part for part in (mark, "".join(lazy_pinyin(bare.removesuffix(ending))).capitalize(), word) if part)
    return f"{mark} {''.join(lazy_pinyin(bare)).capitalize()}"


def _build_units(invention: Invention) -> None:
    groups = [WorkUnit(source=SOURCE, key=name, name=invention.marked(name)) for name in invention.words["units"]]
    _bulk(WorkUnit, groups)
    companies = [
        WorkUnit(source=SOURCE, key=name, name=invention.marked(name), parent=group) for group in groups for name in invention.words["units"][group.key]
    ]
    _bulk(WorkUnit, companies)
    invention.units = [*companies, *(group for group in groups if not invention.words["units"][group.key])]


def _build_branches(invention: Invention, count: int) -> None:
    communities = [region for region in invention.regions.values() if region.level == Level.COMMUNITY]
    begin = invention.today - timedelta(days=invention.days)
    rows = []
    for number in range(count):
        community, ordinal = communities[number % len(communities)], number // len(communities)
        # A few are founded while the others are at work.
        founded = begin + timedelta(days=18 if number % 11 == 9 else -invention.chance.randrange(2, 7))
        name = f"{community.name}第{'一二三四五六七八九十'[ordinal % 10]}临时党支部"
        rows.append(_branch(name, community, established_on=founded, started_work_on=founded, guided_by=f"{community.name}党委"))
    _dissolve_one(rows, invention)
    district = next(region for region in invention.regions.values() if region.level == Level.COUNTY)
    street = next(region for region in invention.regions.values() if region.level == Level.TOWNSHIP)
    rows.append(_branch(f"{street.name}物资保障工作队", street, kind=Branch.Kind.WORK_TEAM, started_work_on=begin))
    rows.append(_branch(f"{district.name}防控指挥部", district, kind=Branch.Kind.COMMAND_POST, started_work_on=begin))
    _bulk(Branch, rows)
    schedules = [BranchSchedule(branch=branch, during=ALWAYS, due_time=time(22, 0)) for branch in rows[3::9]]
    BranchSchedule.objects.bulk_create(schedules)
    by_branch = {schedule.branch_id: schedule for schedule in schedules}
    invention.posts = [Post(branch, by_branch.get(branch.pk) or BranchSchedule(branch=branch)) for branch in rows]
    _cover(invention, rows)


def _branch(name: str, region: Region, **facts: Any) -> Branch:
    return Branch(source=SOURCE, key=name, name=name, region=region, **facts)


def _dissolve_one(rows: Sequence[Branch], invention: Invention) -> None:
    """End the last branch three weeks ago: the page of a branch that is over has something to show."""
    if len(rows) > 10:
        rows[-1].state, rows[-1].ended_on = Branch.State.DISSOLVED, invention.today - timedelta(days=min(21, invention.days // 2))


def _cover(invention: Invention, rows: Sequence[Branch]) -> None:
    """Let each branch cover its community's compound, and declare its head count."""
    compounds = dict(RegionParent.objects.filter(region__source=SOURCE, region__level=Level.COMPOUND).values_list("parent", "region"))
    links = Branch.covers.through
    links._default_manager.bulk_create(links(branch_id=branch.pk, region_id=compounds[branch.region_id]) for branch in rows if branch.region_id in compounds)
    DeclaredCount.objects.bulk_create(
        DeclaredCount(branch=branch, what=DeclaredCount.What.MEMBERS, value=invention.chance.randrange(8, 16), as_of=invention.today) for branch in rows
    )


def _bulk(model: Any, rows: "Iterator[SearchableModel] | Any") -> None:
    """Store rows at once, with their search columns."""
    listed = list(rows)
    for row in listed:
        row.fold()
    model.objects.bulk_create(listed)
