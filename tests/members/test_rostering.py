"""The rules of a roster and the fair way to fill one, without a database."""

from collections import Counter
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from psycopg2.extras import DateRange

from members.rostering import MOST_DAYS_IN_A_ROW, REST, Obstacle, Turn, Worker, explain, fill

CHINA = timezone(timedelta(hours=8))
FIRST = date(2020, 3, 2)
ALWAYS = (DateRange(None, None),)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def turn(start: datetime, hours: int = 8, key: int = 0) -> Turn:
    return Turn(key, start, start + hours * HOUR, start.date())


def at(day: int, hour: int) -> datetime:
    return datetime(2020, 3, 2, hour, tzinfo=CHINA) + day * DAY


def three_shifts(days: int, posts: int) -> list[tuple[Turn, int]]:
    starts = [(day, hour, post) for day in range(days) for hour in (0, 8, 16) for post in range(posts)]
    return [(turn(at(day, hour), key=number), 1) for number, (day, hour, _post) in enumerate(starts)]


def workers(number: int) -> list[Worker]:
    return [Worker(key, ALWAYS) for key in range(number)]


def test_sixty_people_staff_seven_checkpoints_in_three_shifts_for_a_fortnight_and_hours_even_out() -> None:
    people = workers(60)
    wanted = three_shifts(14, 7)

    given = list(fill(wanted, people))

    assert len(given) == len(wanted) == 294
    shifts = Counter(len(worker.turns) for worker in people)
    assert set(shifts) == {4, 5}, shifts


@pytest.mark.parametrize(("number", "posts"), [(3, 1), (4, 1), (9, 2), (25, 7), (60, 7)])
def test_nobody_rests_less_than_eight_hours_or_serves_more_than_six_days_in_a_row(number: int, posts: int) -> None:
    people = workers(number)

    list(fill(three_shifts(14, posts), people))

    for worker in people:
        ordered = sorted(worker.turns, key=lambda each: each.start)
        assert all(later.start - earlier.end >= REST for earlier, later in pairwise(ordered))
        days = {each.day for each in ordered}
        assert not any(all(day + back * DAY in days for back in range(MOST_DAYS_IN_A_ROW + 1)) for day in days)


def test_whoever_had_more_hours_before_the_span_comes_later() -> None:
    tired, rested = Worker(1, ALWAYS, turns=[turn(at(-3, 8))]), Worker(2, ALWAYS)

    assert [worker.key for _turn, worker in fill([(turn(at(0, 8)), 1)], [tired, rested])] == [2]


@pytest.mark.parametrize(
    ("worker", "obstacle"),
    [
        (Worker(1, ALWAYS), None),
        (Worker(1, (DateRange(date(2020, 3, 3), None),)), Obstacle.ELSEWHERE),
        (Worker(1, ALWAYS, off=(DateRange(FIRST, FIRST + DAY),)), Obstacle.OFF),
        (Worker(1, ALWAYS, turns=[turn(at(0, 15))]), Obstacle.BUSY),
        (Worker(1, ALWAYS, turns=[turn(at(0, 4), 5)]), Obstacle.REST),
        (Worker(1, ALWAYS, turns=[turn(at(0, 0), 8)]), None),
        (Worker(1, ALWAYS, turns=[turn(at(-back, 16)) for back in range(1, 7)]), Obstacle.DAYS),
        (Worker(1, ALWAYS, turns=[turn(at(-back, 16)) for back in range(1, 6)]), None),
    ],
)
def test_an_obstacle_is_named(worker: Worker, obstacle: Obstacle | None) -> None:
    assert worker.obstacle(turn(at(0, 16))) == obstacle


def test_whoever_is_off_on_the_next_day_takes_no_shift_over_midnight() -> None:
    off = Worker(1, ALWAYS, off=(DateRange(FIRST + DAY, FIRST + 2 * DAY),))

    assert off.obstacle(turn(at(0, 20), 12)) is Obstacle.OFF
    assert off.obstacle(turn(at(0, 16), 8)) is None


def test_an_empty_post_is_explained_by_what_keeps_each_person_away() -> None:
    asked = [
        Worker(1, ALWAYS, off=ALWAYS),
        Worker(2, ALWAYS, turns=[turn(at(0, 16))]),
        Worker(3, ALWAYS, turns=[turn(at(0, 16))]),
    ]
    gap = explain(turn(at(0, 16)), 1, asked)

    assert gap.why == {Obstacle.OFF: 1, Obstacle.BUSY: 2}
