"""An invented province: a ragged tree of regions, work units, branches that come and go, their people and accounts.

Pure and without a database. The same options give the same province, however many entries are asked for: figures that are measured at 1 M and
at 10 M entries then differ by nothing but the entries.
"""

from bisect import bisect
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate
from random import Random

# No region of China has a code that begins so (GB/T 2260).
CODE = "99"
FIRST, SECOND = "云松月石白稻长荷灯青梧望栖鹭银听晒半竹鹿麦谷驿柳藕芦渔潮金清", "桥坪湖磨杉桐江霞岛杏雨谷亩影鸣涛起浪亭岸塘花荡火山岭溪泉台"
SURNAMES, GIVEN = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高", "安宁晓文清立远明芳雪建国梅兰志勇佳雨思敏海峰春华"
ORDINALS = "一二三四五六七八九十"
# A branch in two and a half: communities have none, one or several branches.
COMMUNITIES_PER_BRANCH = 0.4
# How many lie in one above, on average, from communities in townships up to prefectures in the province.
FANOUT = (7.3, 11, 7)
# Shares that lie one level higher than their kind: the tree is ragged.
SKIPS = {"community": 0.04, "township": 0.02, "county": 0.05}
ENDINGS = {"prefecture": "市", "county": "区", "township": "街道", "community": "社区"}


@dataclass(frozen=True)
class Options:
    """What is asked for.

    Attributes:
        entries: entries of all versions, superseded ones included, exactly. until: the last business date.
    """

    entries: int
    seed: int
    branches: int
    days: int
    until: date

    @property
    def first_day(self) -> date:
        """The first business date."""
        return self.until - timedelta(days=self.days - 1)

    def chance(self, *about: object) -> Random:
        """Return the random numbers of one subject, untouched by how many another one took."""
        return Random(":".join(map(str, (self.seed, self.branches, self.days, *about))))  # noqa: S311 - invention, not secrets


@dataclass
class Region:
    """A region; numbers count from 0 in the order of the list. One that moved lies in `later` from day `moved` on."""

    level: str
    name: str
    code: str
    parent: int | None
    later: int | None = None
    moved: int = 0


@dataclass
class Unit:
    """A work unit, or a company of one."""

    name: str
    parent: int | None


@dataclass
class Branch:
    """A branch. Days count from the first business date, 0; `end` is the last day of work, and None while it goes on."""

    name: str
    kind: str
    region: int
    start: int
    end: int | None
    units: tuple[int, ...]
    size: float
    lapses: float
    # Seconds from the midnight that begins a day to the time when its report is due.
    due: int
    earlier: int | None = None
    moved: int = 0
    merged_into: int | None = None
    people: list[int] = field(default_factory=list)

    def at_work(self, day: int) -> bool:
        """Whether it works on `day`."""
        return self.start <= day and (self.end is None or day <= self.end)

    def place(self, day: int) -> int:
        """The region that hosts it on `day`."""
        return self.earlier if self.earlier is not None and day < self.moved else self.region


@dataclass
class Person:
    """A member of a branch; `unit` sent them."""

    name: str
    branch: int
    unit: int


DUE, DUE_EARLY, DUE_NEXT_MORNING = 84_600, 79_200, 86_400 + 32_400  # 23:30, 22:00, 09:00 of the next day


class Province:
    """Regions, work units, branches and people, each a list in which places refer to each other by number."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.regions = list[Region]()
        self.branches = list[Branch]()
        self.people = list[Person]()
        self._build_regions()
        self.units = self._units()
        self._build_branches()
        self._merge()
        self._build_people()

    def numbers(self, level: str) -> list[int]:
        """Return the numbers of the regions of a level."""
        return [number for number, region in enumerate(self.regions) if region.level == level]

    def _build_regions(self) -> None:
        chance = self.options.chance("regions")
        communities = max(1, round(self.options.branches * COMMUNITIES_PER_BRANCH))
        townships = max(1, round(communities / FANOUT[0]))
        counties = max(1, round(townships / FANOUT[1]))
        self.regions.append(Region("province", "示例省", f"{CODE}0000", None))
        above = [[0]]
        for level, count in (("prefecture", max(1, round(counties / FANOUT[2]))), ("county", counties), ("township", townships), ("community", communities)):
            first = len(self.regions)
            self._add_level(chance, level, count, above)
            above.append(list(range(first, len(self.regions))))
        self._move_some(chance, above)

    def _add_level(self, chance: Random, level: str, count: int, above: list[list[int]]) -> None:
        """Share `count` regions out among those one level above, now and then two."""
        parents, seen = above[-1], dict[int, int]()
        edges = list(accumulate(chance.uniform(0.3, 1.7) for _parent in parents))
        for number in range(count):
            parent = parents[min(bisect(edges, (number + 0.5) / count * edges[-1]), len(parents) - 1)]
            if len(above) > 1 and chance.random() < SKIPS[level]:
                parent = self.regions[parent].parent or 0
            seen[parent] = seen.get(parent, 0) + 1
            name = f"{chance.choice(FIRST)}{chance.choice(SECOND)}{chance.choice(SECOND) if level == 'community' else ''}{ENDINGS[level]}"
            self.regions.append(Region(level, name, self._code(level, parent, seen[parent]), parent))

    def _code(self, level: str, parent: int, ordinal: int) -> str:
        """Return a code as GB/T 2260 and the statistical office form it: two digits a level down to counties, then three."""
        above = self.regions[parent]
        if level == "prefecture":
            return f"{CODE}{ordinal:02d}00"
        if level == "county":
            return f"{above.code[:4]}{ordinal:02d}" if above.level == "prefecture" else f"{CODE}90{ordinal:02d}"
        if level == "township":
            return f"{above.code}{ordinal:03d}"
        return f"{above.code.ljust(9, '0')}{ordinal:03d}"

    def _move_some(self, chance: Random, above: list[list[int]]) -> None:
        """Put one community in two hundred below another township, from a day on."""
        for number in above[-1]:
            if len(above[-2]) > 1 and chance.random() < 0.005:
                region, later = self.regions[number], chance.choice(above[-2])
                if later != region.parent:
                    region.later, region.moved = later, chance.randrange(1, self.options.days + 1)

    def _units(self) -> list[Unit]:
        chance = self.options.chance("units")
        groups = max(2, min(40, self.options.branches // 500))
        units = [Unit(f"{chance.choice(FIRST)}{chance.choice(SECOND)}集团{number + 1}", None) for number in range(groups)]
        return units + [Unit(f"{units[number % groups].name}第{ORDINALS[number // groups]}公司", number % groups) for number in range(groups * 8)]

    def _build_branches(self) -> None:
        chance, days = self.options.chance("branches"), self.options.days
        communities, townships, counties = (self.numbers(level) for level in ("community", "township", "county"))
        named, companies = dict[int, int](), [number for number, unit in enumerate(self.units) if unit.parent is not None]
        for number in range(self.options.branches):
            luck = chance.random()
            kind = "command_post" if luck < 0.003 else "work_team" if luck < 0.023 else "branch"
            region = chance.choice({"branch": communities, "work_team": townships, "command_post": counties}[kind])
            named[region] = named.get(region, 0) + 1
            start = chance.randrange(1, max(2, days * 7 // 10)) if number % 5 == 4 else -chance.randrange(1, 30)
            # A week of work at least.
            ended = chance.random() < 0.12 and max(start, 0) + 7 < days
            end = chance.randrange(max(start, 0) + 7, days) if ended else None
            due = chance.choices((DUE, DUE_EARLY, DUE_NEXT_MORNING), (91, 6, 3))[0]
            units = tuple(sorted(chance.sample(companies, chance.choice((1, 1, 2)))))
            name = f"{self.regions[region].name}第{_ordinal(named[region])}{KINDS[kind]}"
            branch = Branch(name, kind, region, start, end, units, size=chance.uniform(0.5, 1.8), lapses=chance.choice((0.01, 0.02, 0.04, 0.1)), due=due)
            if kind == "branch" and end is None and chance.random() < 0.01:
                branch.earlier, branch.region, branch.moved = branch.region, chance.choice(communities), chance.randrange(max(1, start + 1), days)
            self.branches.append(branch)

    def _merge(self) -> None:
        """Let one ended branch in five have gone into one that goes on."""
        going_on = {branch.region: number for number, branch in enumerate(self.branches) if branch.end is None and branch.kind == "branch"}
        for number, branch in enumerate(self.branches):
            if branch.end is not None and number % 5 == 0 and branch.kind == "branch":
                branch.merged_into = going_on.get(branch.region)

    def _build_people(self) -> None:
        chance = self.options.chance("people")
        for number, branch in enumerate(self.branches):
            for _place in range(2 + (number % 2)):
                branch.people.append(len(self.people))
                name = chance.choice(SURNAMES) + "".join(chance.choices(GIVEN, k=chance.choice((1, 2, 2))))
                self.people.append(Person(name, number, chance.choice(branch.units)))


KINDS = {"branch": "临时党支部", "work_team": "工作队", "command_post": "防控指挥部"}


def _ordinal(number: int) -> str:
    return ORDINALS[number - 1] if number <= len(ORDINALS) else str(number)
