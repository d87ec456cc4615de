"""Figures worth a second look are noted and never refused."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from activities.models import Metric
from activities.notices import Notice, notices_for
from activities.services import Figure, withdraw
from branches.models import Branch
from portal.accounts.models import User
from tests.factories import file
from tests.personas import MARCH_6, Clock

pytestmark = pytest.mark.usefixtures("clock")


def days_before(number: int) -> date:
    return MARCH_6 - timedelta(days=number)


def notes(branch: Branch, *, on: date = MARCH_6, unit: str = "", **figures: str | int) -> list[Notice]:
    given = [Figure(metric, Decimal(value), unit=unit) for metric, value in figures.items()]
    with override("en"):
        return notices_for(branch=branch, day=on, figures=given)


def test_a_first_report_gives_nothing_to_compare(branch: Branch) -> None:
    assert notes(branch, vehicles=200, grids=5) == []


def test_more_than_three_times_the_median_is_noted_and_exactly_three_times_is_not(branch: Branch, organiser: User) -> None:
    for number, vehicles in ((1, 100), (2, 10), (3, 900)):
        file(branch, days_before(number), by=organiser, vehicles=vehicles)
    assert notes(branch, vehicles=300) == []
    (note,) = notes(branch, vehicles=301)
    assert note.metric == "vehicles"
    assert "100" in note.message


def test_only_the_last_seven_days_are_usual(branch: Branch, organiser: User) -> None:
    file(branch, days_before(8), by=organiser, vehicles=1)
    assert notes(branch, vehicles=300) == []
    file(branch, days_before(7), by=organiser, vehicles=1)
    assert [note.metric for note in notes(branch, vehicles=300)] == ["vehicles"]


def test_after_days_of_zero_nothing_is_too_much(branch: Branch, organiser: User) -> None:
    for number in (1, 2, 3):
        file(branch, days_before(number), by=organiser, vehicles=0)
    assert notes(branch, vehicles=3) == []


def test_the_median_is_the_branch_s_own(branch: Branch, other_branch: Branch, other_organiser: User) -> None:
    file(other_branch, days_before(1), by=other_organiser, vehicles=1)
    assert notes(branch, vehicles=300) == []


def test_what_no_longer_counts_is_not_usual(branch: Branch, organiser: User) -> None:
    filed = file(branch, days_before(1), by=organiser, vehicles=1)
    withdraw(actor=organiser, version=filed.version, reason="填错")
    assert notes(branch, vehicles=300) == []


def test_a_value_that_carries_forward_is_noted_when_it_falls(branch: Branch, organiser: User, latest: str) -> None:
    def only(value: int) -> dict[str, Any]:
        return {latest: value}

    file(branch, days_before(3), by=organiser, **only(90))
    file(branch, days_before(2), by=organiser, **only(50))
    assert notes(branch, **only(50)) == []
    assert notes(branch, **only(5000)) == []
    (note,) = notes(branch, **only(49))
    assert (note.metric, "(50 " in note.message) == (latest, True)


@pytest.mark.parametrize(
    ("days", "said"), [((212, 213), "about 210"), ((9, 10), "about 9.5"), ((1, 2), "about 1.5"), ((99, 100), "about 100"), ((13, 14), "about 14")]
)
def test_what_is_usual_is_said_as_roughly_as_it_is_known(branch: Branch, organiser: User, days: tuple[int, int], said: str) -> None:
    for number, vehicles in enumerate(days, start=1):
        file(branch, days_before(number), by=organiser, vehicles=vehicles)
    (note,) = notes(branch, vehicles=5000)
    assert f"({said} vehicle-times)" in note.message


@pytest.fixture
def latest(catalogue: None) -> str:
    """A metric whose latest value holds."""
    return Metric.objects.filter(over_time="latest", decimals=0).values_list("code", flat=True)[0]


def test_a_weight_is_compared_in_its_own_unit(branch: Branch, organiser: User) -> None:
    file(branch, days_before(1), by=organiser, goods_unloaded=1000)
    assert notes(branch, goods_unloaded=3, unit="t") == []
    assert [note.metric for note in notes(branch, goods_unloaded="3.1", unit="t")] == ["goods_unloaded"]


def test_the_same_figures_three_days_running_are_noted(branch: Branch, organiser: User) -> None:
    for number in (1, 2):
        file(branch, days_before(number), by=organiser, vehicles=200, turned_back=3)
    assert [note.metric for note in notes(branch, vehicles=200, turned_back=3)] == [""]
    assert notes(branch, vehicles=200, turned_back=4) == []
    assert notes(branch, vehicles=200) == []


def test_the_same_figures_with_a_day_between_are_not_noted(branch: Branch, organiser: User) -> None:
    for number in (1, 3):
        file(branch, days_before(number), by=organiser, vehicles=200)
    assert notes(branch, vehicles=200) == []


def test_quiet_days_of_zero_are_not_noted(branch: Branch, organiser: User) -> None:
    for number in (1, 2):
        file(branch, days_before(number), by=organiser, vehicles=0)
    assert notes(branch, vehicles=0) == []


def test_an_unknown_metric_is_left_to_the_filing(branch: Branch) -> None:
    assert notes(branch, flying_carpets=3) == []


def test_notes_do_not_stop_a_filing(branch: Branch, organiser: User, clock: Clock) -> None:
    file(branch, days_before(1), by=organiser, vehicles=1)
    assert notes(branch, vehicles=300)
    assert file(branch, MARCH_6, by=organiser, vehicles=300).created


def test_notes_take_three_queries(branch: Branch, organiser: User, django_assert_num_queries: object) -> None:
    file(branch, days_before(1), by=organiser, vehicles=1)
    with django_assert_num_queries(3):  # type: ignore[operator]
        notes(branch, vehicles=300, turned_back=3, goods_unloaded=4)
