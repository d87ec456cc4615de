"""Who reports when, and what becomes of each report.

Reports and their fates take random numbers of their own, so that a run with fewer entries has the same reports.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from benchmarks.province import Branch, Province

SATURDAY, SUNDAY = 5, 6
# Fewer pieces of work on a weekend; Monday is the first.
RHYTHM = (1.1, 1.05, 1.0, 1.05, 1.1, 0.8, 0.7)
HOUR = 3600
# The last days, of which nothing is reviewed yet.
UNSETTLED = 4
REASONS = ("二号门漏计", "晚班数据补录", "与社区核对后改正", "单位换算有误，已改正", "重复登记，已剔除")
REVIEW_NOTES = ("体温检测人次少于人员进出，请核对", "请补报装卸物资", "消杀户次与昨日完全相同，请确认")
WITHDRAWN = "报错了日期"


class Filing(NamedTuple):
    """A version in the making; moments are seconds after the midnight that begins the report's day."""

    number: int
    state: str
    nature: str
    reason: str
    filed: int
    until: int | None = None
    reviewed: int | None = None
    review_note: str = ""
    on_behalf: bool = False


class Report(NamedTuple):
    """What was filed for a slot: a day, or the days from `first` on, with a `relation`."""

    branch: int
    day: int
    filings: tuple[Filing, ...]
    weight: float
    first: int | None = None
    relation: str = ""


def reports(province: Province) -> Iterator[Report]:
    """Yield all reports in the order of their days; the last one is a period report with one version, which takes what rounding left over."""
    options = province.options
    first_weekday = options.first_day.weekday()
    for day in range(options.days):
        chance = options.chance("reports", day)
        weekday = (first_weekday + day) % 7
        for number, branch in enumerate(province.branches):
            if branch.kind == "command_post" or not branch.at_work(day):
                continue
            weight = branch.size * RHYTHM[weekday] * (0.6 + 0.8 * chance.random())
            if chance.random() >= branch.lapses:
                yield Report(number, day, tuple(_filings(branch, chance, settled=day < options.days - UNSETTLED)), weight)
        if weekday == SUNDAY:
            yield from _weekly(province, chance, day)
    yield _period(_steadfast(province), options.days - 1, 0, "adds_to_daily", options.chance("last"))


def _filings(branch: Branch, chance: Random, *, settled: bool) -> Iterator[Filing]:
    """Invent when a report was filed, and what became of it."""
    luck, late, accepted = chance.random(), chance.random() < 0.06, chance.random() < 0.93
    on_behalf = chance.random() < 0.015
    if not settled:
        # Before the day is over, so that nothing is filed or reviewed after the end of the data.
        yield Filing(1, "filed", "first", "", filed=75_000 + int(9_000 * chance.random()), on_behalf=on_behalf)
        return
    filed = branch.due + int(HOUR * (chance.uniform(0.2, 20) if late else -chance.uniform(0.1, 5)))
    if luck < 0.92:
        yield _standing(1, "first", "", filed, accepted)._replace(on_behalf=on_behalf)
        return
    again = filed + int(HOUR * chance.uniform(1, 14))
    if luck < 0.965:
        yield Filing(1, "superseded", "first", "", filed, until=again, on_behalf=on_behalf)
    elif luck < 0.995:
        back = filed + HOUR * 5 // 6
        yield Filing(1, "returned", "first", "", filed, until=back, reviewed=back, review_note=chance.choice(REVIEW_NOTES), on_behalf=on_behalf)
    else:
        yield Filing(1, "withdrawn", "first", "", filed, until=filed + HOUR, review_note=WITHDRAWN, on_behalf=on_behalf)
    # Some that came back are never filed again: the day is missing.
    if luck < 0.985:
        correction = again > branch.due
        yield _standing(2, "correction" if correction else "supplement", chance.choice(REASONS) if correction else "", again, accepted)


def _standing(number: int, nature: str, reason: str, filed: int, accepted: bool) -> Filing:
    """Return a version that is in force, accepted the next morning or waiting for its reviewer."""
    return Filing(number, "accepted" if accepted else "filed", nature, reason, filed, reviewed=filed + 9 * HOUR if accepted else None)


def _weekly(province: Province, chance: Random, day: int) -> Iterator[Report]:
    """Let one branch in ten report its publicity of the week beside the days, and one in forty a total that includes them."""
    for number, branch in enumerate(province.branches):
        if number % 10 == 3 and branch.kind == "branch" and branch.at_work(day) and branch.at_work(day - 6):
            relation = "includes_daily" if number % 40 == 3 else "adds_to_daily"
            yield _period(number, day, max(0, day - 6), relation, chance)


def _period(branch: int, day: int, first: int, relation: str, chance: Random) -> Report:
    filed = 60_000 + int(chance.random() * 20_000)
    return Report(branch, day, (Filing(1, "accepted", "first", "", filed, reviewed=filed + HOUR),), 1.0, first, relation)


def _steadfast(province: Province) -> int:
    """Return a branch that is at work through all the days, or the first one."""
    days = province.options.days
    return next((number for number, branch in enumerate(province.branches) if branch.at_work(0) and branch.at_work(days - 1)), 0)
