"""What branches do on a day: kinds of work, their figures, how exact these are, and who took part."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from benchmarks.filings import Report
from benchmarks.province import Province

# Shares: of figures that can be inexact, of figures far off, of entries with a note, of shifts whose people are named.
QUALIFIED, OUTLIER, NOTED, ATTENDED = 0.096, 0.0115, 0.35, 0.9
QUALIFIERS = ("over", "over", "nearly", "about", "over", "at_least", "nearly", "about")
PLACES = ("东门", "西门", "北门卡口", "三号楼", "七栋二单元", "物资点", "广场", "菜场", "药店", "小学门口", "地铁口", "湖边围挡")
DEEDS = (
    "上门送菜",
    "代购药品",
    "测温登记",
    "劝返外来车辆",
    "卸下大米和蔬菜",
    "消杀楼道",
    "修补围挡",
    "帮老人开通健康码",
    "分发团购",
    "调解争执",
    "排查返乡人员",
)
# In one note of some ten thousand: a search for a rare word has something to find.
RARE = ("救生圈", "呼吸机", "风筝", "藏獒", "桂花糕")


class Figure(NamedTuple):
    """A figure that a piece of work may have: how often, how large, and what follows from what.

    `of` is the part of the figure before it that this one is, from `low` to `high`.
    """

    metric: str
    share: float
    low: float
    high: float
    weekend: float = 1.0
    of: bool = False


# Kinds of work with their figures; about two figures an entry. All rules of the catalogue occur: sums, `latest`, `distinct`, decimals.
WORKS: tuple[tuple[str, tuple[Figure, ...]], ...] = (
    (
        "checkpoint",
        (
            Figure("person_entries", 1, 150, 900, 0.85),
            Figure("temperature_checks", 0.8, 0.95, 1.2, of=True),
            Figure("vehicles", 0.5, 60, 320, 0.7),
            Figure("turned_back", 0.3, 0, 30, 1.2),
        ),
    ),
    ("shift", (Figure("duty_person_times", 1, 2, 3), Figure("people_on_duty", 0.6, 2, 6))),
    ("patrol", (Figure("patrol_rounds", 1, 2, 12), Figure("stalls_moved_on", 0.6, 0, 25, 1.3), Figure("fence_defects_found", 0.2, 0, 4))),
    ("disinfection", (Figure("buildings_disinfected", 1, 4, 30, 0.6), Figure("household_visits_disinfected", 0.8, 100, 900, 0.6))),
    ("delivery", (Figure("parcels_delivered", 1, 20, 240, 1.3), Figure("group_orders_handed_out", 0.6, 10, 150, 1.4), Figure("group_buy_chats", 0.5, 1, 9))),
    ("errand", (Figure("errands", 1, 3, 60, 1.2), Figure("errand_households", 0.8, 0.5, 1, of=True))),
    ("unloading", (Figure("goods_unloaded", 1, 200, 4000, 0.8), Figure("parcels_carried", 0.6, 20, 400, 0.8))),
    (
        "screening",
        (
            Figure("households_screened", 1, 20, 300, 0.7),
            Figure("home_isolated", 0.7, 0, 12),
            Figure("returnees", 0.4, 0, 20),
            Figure("rounds_completed", 0.2, 1, 5),
        ),
    ),
    ("need", (Figure("needs_recorded", 1, 2, 40), Figure("needs_resolved", 0.9, 0.7, 1, of=True))),
    ("hotline", (Figure("calls_taken", 1, 2, 50), Figure("residents_served", 0.7, 1, 1.6, of=True))),
    ("visit", (Figure("households_visited", 1, 2, 30, 0.9), Figure("people_consoled", 0.6, 1, 2.5, of=True), Figure("consolation_money", 0.2, 200, 4000))),
    ("transport", (Figure("trips", 1, 1, 12), Figure("distance", 0.7, 5, 180), Figure("people_transferred", 0.4, 1, 20))),
    ("survey", (Figure("survey_valid", 1, 40, 300), Figure("survey_satisfied", 1, 0.9, 1, of=True))),
    ("publicity", (Figure("documents_compiled", 1, 1, 6), Figure("bulletins", 0.6, 1, 8), Figure("videos", 0.2, 1, 3))),
    ("donation", (Figure("party_money_donated", 1, 100, 9000), Figure("party_donors", 0.8, 1, 30))),
)
METRICS = tuple(figure.metric for _kind, figures in WORKS for figure in figures)
# Another way to enter a weight, with its unit and what a kilogram is in it.
WEIGHTS = (("kg", 1.0), ("jin", 2.0), ("t", 0.001))
# Figures of which each is the exact count of something, or bounded by another one: never qualified, and never far off.
PLAIN = {"survey_valid", "survey_satisfied", "duty_person_times"}


@dataclass(frozen=True)
class Metric:
    """What the catalogue says about a metric."""

    pk: int
    unit: int
    latest: bool
    decimals: int


@dataclass(frozen=True)
class Ground:
    """The rows that are there already: numbers of catalogue rows, and the highest key of each table, above which new rows begin."""

    metrics: Mapping[str, Metric]
    units: Mapping[str, int]
    highest: Mapping[str, int]


class Measured(NamedTuple):
    """A figure as it is stored, in text."""

    metric: int
    value: str
    qualifier: str
    entered: str
    unit: int


class Work(NamedTuple):
    """A piece of work as it is stored."""

    kind: str
    hours: tuple[int, int] | None
    note: str
    figures: Sequence[Measured]
    people: Sequence[int]


class Habits:
    """What each branch usually does, and where its `latest` figures stand."""

    def __init__(self, province: Province, ground: Ground) -> None:
        self.province, self.ground = province, ground
        chance = province.options.chance("habits")
        self.cycles = [chance.sample(range(len(WORKS)), 10) for _branch in province.branches]
        self.levels = [chance.random() for _branch in province.branches]
        self.standing: list[dict[int, int]] = [{} for _branch in province.branches]
        self.metrics = [[(figure, ground.metrics[figure.metric], figure.metric not in PLAIN) for figure in figures] for _kind, figures in WORKS]
        self.publicity = next(number for number, (kind, _figures) in enumerate(WORKS) if kind == "publicity")

    def works(self, report: Report, count: int, chance: Random, weekend: bool) -> list[Work]:
        """Invent `count` pieces of work of a report."""
        if report.relation:
            return [self._work(report, self.publicity, chance, weekend=False, times=7, again=True) for _number in range(count)]
        cycle = self.cycles[report.branch]
        begin, held = int(chance.random() * len(cycle)), len(cycle)
        return [self._work(report, cycle[(begin + number) % held], chance, weekend, 1, again=number >= held) for number in range(count)]

    def _work(self, report: Report, template: int, chance: Random, weekend: bool, times: int, again: bool) -> Work:
        """Invent one piece of work; `again` when the day has one of its kind already, so that what stands is not told twice."""
        kind = WORKS[template][0]
        random, branch = chance.random, self.province.branches[report.branch]
        people: Sequence[int] = ()
        if kind == "shift" and random() < ATTENDED:
            people = branch.people if random() < 0.6 else branch.people[:1]
        figures = self._figures(report.branch, template, random, weekend, times, len(people), again)
        hours = None
        if kind == "shift" or random() < 0.2:
            starts = 12 + int(random() * 20)
            hours = (starts, starts + 2 + int(random() * 14))
        return Work(kind, hours, _note(random) if random() < NOTED else "", figures, people)

    def _figures(self, branch: int, template: int, random: Callable[[], float], weekend: bool, times: int, people: int, again: bool) -> list[Measured]:
        figures, before, level = list[Measured](), 0.0, self.levels[branch]
        for figure, metric, loose in self.metrics[template]:
            if figure.share < 1 and random() >= figure.share:
                continue
            if metric.latest:
                if not again:
                    figures.append(self._standing(branch, figure, metric, random))
                continue
            if figure.of:
                size = before * (figure.low + (figure.high - figure.low) * random())
            else:
                size = (figure.low + (figure.high - figure.low) * level) * (0.75 + 0.5 * random()) * times
                if weekend:
                    size *= figure.weekend
            if people and figure.metric == "duty_person_times":
                size = people
            # What follows from the figure follows the true one: figures far off are slips of the hand.
            before = size
            if loose and random() < OUTLIER:
                size = size * (20 + 80 * random()) + 20
            qualifier = "exact"
            if loose and random() < QUALIFIED:
                qualifier = QUALIFIERS[int(random() * 8)]
                size = round(size, -1) if size >= 50 else size
            figures.append(self._measured(figure.metric, metric, size, qualifier, random))
        return figures

    def _standing(self, branch: int, figure: Figure, metric: Metric, random: Callable[[], float]) -> Measured:
        """Return where a `latest` figure stands: mostly where it stood, now and then a step away."""
        held = self.standing[branch]
        now = held.get(metric.pk)
        if now is None:
            now = round(figure.low + (figure.high - figure.low) * self.levels[branch])
        elif (luck := random()) < 0.3:
            now = max(0, now + (1 if luck < 0.16 else -1))
        held[metric.pk] = now
        return Measured(metric.pk, str(now), "exact", str(now), metric.unit)

    def _measured(self, code: str, metric: Metric, size: float, qualifier: str, random: Callable[[], float]) -> Measured:
        if metric.decimals == 0:
            text = str(int(size + 0.5))
            return Measured(metric.pk, text, qualifier, text, metric.unit)
        if code == "goods_unloaded":
            unit, each = WEIGHTS[int(random() * len(WEIGHTS))]
            kilograms = round(size)
            return Measured(metric.pk, str(kilograms), qualifier, f"{kilograms * each:.3f}", self.ground.units[unit])
        text = f"{size:.{metric.decimals}f}"
        return Measured(metric.pk, text, qualifier, text, metric.unit)


def _note(random: Callable[[], float]) -> str:
    rare = RARE[int(random() * len(RARE))] if random() < 0.0001 else ""
    place, deed, other = PLACES[int(random() * len(PLACES))], DEEDS[int(random() * len(DEEDS))], DEEDS[int(random() * len(DEEDS))]
    return f"{place}{deed}{int(random() * 90) + 2}户{rare}，随后{other}。"


def corrected(works: Sequence[Work], chance: Random) -> list[Work]:
    """Return the works of a second version: a figure of the first of them is larger, and a survey's satisfied stay among its valid."""
    if not works or not works[0].figures or works[0].figures[0].value != works[0].figures[0].entered:
        return list(works)
    first, more = works[0], 2 + int(chance.random() * 13)
    old = first.figures[0]
    whole, point, parts = old.value.partition(".")
    text = f"{int(whole) + more}{point}{parts}"
    return [first._replace(figures=[old._replace(value=text, entered=text), *first.figures[1:]]), *works[1:]]
