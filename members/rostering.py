"""Who may take a shift, and who should: the rules of a roster, and a fair way to fill one. Nothing here asks the database.

A person rests eight hours between shifts and serves on six days in a row at most. Of those who may take a shift it goes to whoever has the fewest hours
in the span; of equals to whoever had fewer nights (by day: more), then to whoever had fewer hours before it, then to whoever has rested longest.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

REST: Final = timedelta(hours=8)
MOST_DAYS_IN_A_ROW: Final = 6
# How far before a span hours are looked at, so that the next span evens out the last one.
LOOK_BACK: Final = timedelta(days=28)
_DAY: Final = timedelta(days=1)
_LONG_AGO: Final = timedelta(days=3650)


class Obstacle(StrEnum):
    """Why somebody should not take a shift; the first ones cannot, the last two had better not."""

    OFF = "off"
    ELSEWHERE = "elsewhere"
    BUSY = "busy"
    REST = "rest"
    DAYS = "days"


# What an organiser may set aside by hand.
ADVICE: Final = frozenset({Obstacle.REST, Obstacle.DAYS})


@dataclass(frozen=True, slots=True)
class Turn:
    """A shift as the rules see it: when it starts and ends, and the business date it belongs to."""

    key: int
    start: datetime
    end: datetime
    day: date

    @property
    def hours(self) -> float:
        """How long it lasts."""
        return (self.end - self.start) / timedelta(hours=1)

    @property
    def is_night(self) -> bool:
        """Whether it covers three in the morning."""
        three = self.start.replace(hour=3, minute=0, second=0, microsecond=0)
        return self.start <= (three if self.start <= three else three + _DAY) < self.end


@dataclass(slots=True)
class Worker:
    """Somebody who takes shifts: the days on which they may, those on which they are off, and what they serve already."""

    key: int
    within: Sequence[Any]
    off: Sequence[Any] = ()
    turns: list[Turn] = field(default_factory=list)

    def obstacle(self, turn: Turn) -> Obstacle | None:
        """Return why this person should not take a shift; None when nothing speaks against it."""
        if not any(_holds(span, turn.day) for span in self.within):
            return Obstacle.ELSEWHERE
        # A shift over midnight reaches into the next day: whoever is off then cannot end it.
        if any(_holds(span, day) for span in self.off for day in {turn.day, turn.start.date(), (turn.end - timedelta(microseconds=1)).date()}):
            return Obstacle.OFF
        near = [each for each in self.turns if each.start - REST < turn.end and turn.start < each.end + REST]
        if any(each.start < turn.end and turn.start < each.end for each in near):
            return Obstacle.BUSY
        if near:
            return Obstacle.REST
        return Obstacle.DAYS if self._days_in_a_row(turn.day) > MOST_DAYS_IN_A_ROW else None

    def nights(self, since: datetime, until: datetime) -> int:
        """Return how many of the shifts that start in a span cost the night."""
        return sum(each.is_night for each in self.turns if since <= each.start < until)

    def _days_in_a_row(self, day: date) -> int:
        served = {each.day for each in self.turns} | {day}
        first = last = day
        while first - _DAY in served:
            first -= _DAY
        while last + _DAY in served:
            last += _DAY
        return (last - first).days + 1

    def hours(self, since: datetime, until: datetime) -> float:
        """Return the hours of the shifts that start in a span."""
        return sum(each.hours for each in self.turns if since <= each.start < until)


@dataclass(frozen=True, slots=True)
class Gap:
    """A shift that stays short of people, and how many of those asked each obstacle keeps away."""

    turn: Turn
    missing: int
    why: Counter[Obstacle]


def fill(turns: Iterable[tuple[Turn, int]], workers: Sequence[Worker]) -> Iterator[tuple[Turn, Worker]]:
    """Yield who takes which shift; `turns` come with the number of people that each still lacks. The workers' own shifts grow by it."""
    wanted = sorted(turns, key=lambda each: (each[0].start, each[0].end, each[0].key))
    if not wanted:
        return
    since, until = wanted[0][0].start, wanted[-1][0].end
    carried = {worker.key: worker.hours(since - LOOK_BACK, since) for worker in workers}
    held = {worker.key: worker.hours(since, until) for worker in workers}
    nights = {worker.key: worker.nights(since - LOOK_BACK, until) for worker in workers}
    for turn, lacking in wanted:
        free = [worker for worker in workers if worker.obstacle(turn) is None]
        sign = 1 if turn.is_night else -1
        free.sort(key=lambda worker: (held[worker.key], sign * nights[worker.key], carried[worker.key], _last_end(worker, turn), worker.key))
        for worker in free[:lacking]:
            worker.turns.append(turn)
            held[worker.key] += turn.hours
            nights[worker.key] += turn.is_night
            yield turn, worker


def explain(turn: Turn, missing: int, workers: Iterable[Worker]) -> Gap:
    """Return how many people each obstacle keeps from a shift."""
    found = Counter(obstacle for worker in workers if (obstacle := worker.obstacle(turn)) is not None)
    return Gap(turn, missing, found)


def _last_end(worker: Worker, turn: Turn) -> datetime:
    """Return when the person's last shift before this one ended: the longest rest comes first."""
    return max((each.end for each in worker.turns if each.end <= turn.start), default=turn.start - _LONG_AGO)


def _holds(span: Any, day: date) -> bool:
    return (span.lower is None or span.lower <= day) and (span.upper is None or day < span.upper)
