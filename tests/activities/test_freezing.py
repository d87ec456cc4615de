"""A frozen figure stays as it was quoted, and what became of it is listed by row."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from activities import freezing
from activities.models import FrozenFigure, Metric
from activities.rollups import Scope, Span, frozen
from activities.services import Figure, file_period_report, return_to_branch, withdraw, works_of
from branches.access import Role
from branches.models import Branch
from branches.services import reparent_region
from portal.accounts.models import User
from portal.foundation import epochs
from portal.foundation.errors import Forbidden
from portal.foundation.models import AuditEntry
from tests.factories import file, make_user
from tests.personas import MARCH_5, MARCH_6, MINUTE, City, Clock

DAYS = Span(MARCH_5, MARCH_6)


def freeze(actor: User, thing: Any, code: str = "vehicles", span: Span = DAYS, purpose: str = "市里日报") -> FrozenFigure:
    """Freeze a figure of a region, a unit or a branch."""
    return freezing.freeze(actor=actor, scope=Scope.of(thing), span=span, metric=Metric.objects.get(code=code), purpose=purpose)


def rows(figure: FrozenFigure) -> list[tuple[Any, ...]]:
    """What differs: the day, the value, whether it counts now."""
    return [(measure.day, measure.value, measure.counts_now) for measure in frozen.differences(figure)]


@pytest.fixture
def filed(branch: Branch, organiser: User, clock: Clock) -> Any:
    """Figures of two days, and a minute gone by."""
    file(branch, MARCH_5, by=organiser, vehicles=200, home_isolated=4, people_on_duty=3)
    last = file(branch, MARCH_6, by=organiser, vehicles=300, qualifiers={"vehicles": "over"}).version
    clock.move_to(clock.moment + MINUTE)
    return last


def test_a_figure_is_frozen_with_who_when_what_for_and_how_complete_it_was(filed: Any, city: City, other_branch: Branch, official: User, clock: Clock) -> None:
    figure = freeze(official, city.north)

    assert figure.region == city.north
    assert (figure.value, figure.qualifier, figure.count, figure.inexact) == (Decimal(500), "over", 2, 1)
    assert (figure.frozen_by, figure.frozen_at, figure.purpose, figure.due, figure.reported) == (official, clock.moment, "市里日报", 2, 1)
    entry = AuditEntry.objects.get(action="figure.frozen")
    assert (entry.actor, entry.object_id, entry.details["metric"]) == (official, figure.public_id, "vehicles")
    assert rows(figure) == []
    assert frozen.since(figure).unexplained is None


def test_what_is_corrected_returned_and_filed_afterwards_is_listed_by_row(
    filed: Any, city: City, branch: Branch, organiser: User, reviewer: User, official: User, clock: Clock
) -> None:
    figure = freeze(official, city.north)
    clock.move_to(clock.moment + MINUTE)
    file(branch, MARCH_5, by=organiser, vehicles=210, reason="点错了")
    return_to_branch(actor=reviewer, version=filed, note="请核对")

    assert rows(figure) == [(MARCH_6, 300, False), (MARCH_5, 210, True), (MARCH_5, 200, False)]
    found = frozen.since(figure)
    assert found.now is not None
    assert found.now.value == 210
    assert found.unexplained is None
    figure.refresh_from_db()
    assert figure.value == 500


def test_what_was_filed_and_withdrawn_since_is_no_difference(filed: Any, city: City, other_branch: Branch, other_organiser: User, official: User) -> None:
    figure = freeze(official, city.north)
    version = file(other_branch, MARCH_6, by=other_organiser, vehicles=9).version
    withdraw(actor=other_organiser, version=version, reason="误报")
    assert rows(figure) == []


def test_a_later_value_takes_the_place_of_one_that_held(filed: Any, branch: Branch, organiser: User, official: User, clock: Clock) -> None:
    figure = freeze(official, branch, "home_isolated")
    clock.move_to(clock.moment + MINUTE)
    file(branch, MARCH_6, by=organiser, vehicles=300, home_isolated=7)
    assert rows(figure) == [(MARCH_6, 7, True), (MARCH_5, 4, False)]
    assert frozen.since(figure).unexplained is None


def test_figures_that_are_not_added_are_frozen_by_how_many_there_are(filed: Any, branch: Branch, organiser: User, official: User, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, people_on_duty=5)
    clock.move_to(clock.moment + MINUTE)
    figure = freeze(official, branch, "people_on_duty")
    assert (figure.value, figure.count) == (None, 2)
    clock.move_to(clock.moment + MINUTE)
    file(branch, MARCH_6, by=organiser, people_on_duty=6)
    assert rows(figure) == [(MARCH_6, 6, True), (MARCH_6, 5, False)]
    assert frozen.since(figure).unexplained is None


def test_a_figure_of_which_nothing_is_reported_is_frozen_as_nothing(branch: Branch, organiser: User, official: User, clock: Clock) -> None:
    figure = freeze(official, branch)
    assert (figure.value, figure.count, frozen.frozen_total(figure)) == (None, 0, None)
    clock.move_to(clock.moment + MINUTE)
    file(branch, MARCH_6, by=organiser, vehicles=5)
    assert rows(figure) == [(MARCH_6, 5, True)]
    assert frozen.since(figure).unexplained is None


def test_a_period_inside_the_days_is_a_row_too(filed: Any, branch: Branch, organiser: User, official: User, clock: Clock) -> None:
    figure = freeze(official, branch)
    clock.move_to(clock.moment + MINUTE)
    works = works_of([Figure("vehicles", Decimal(9))])
    file_period_report(actor=organiser, branch=branch, first_day=MARCH_5, last_day=MARCH_6, works=works, uid=uuid4())
    assert rows(figure) == [(MARCH_6, 9, True)]


def test_a_region_that_was_put_elsewhere_since_leaves_a_difference_that_no_row_explains(filed: Any, city: City, official: User) -> None:
    figure = freeze(official, city.street)
    keeper = make_user("keeper", (Role.ADMINISTRATOR, None))
    reparent_region(actor=keeper, region=city.community, parent=city.other_street, from_day=MARCH_5)
    assert rows(figure) == []
    assert frozen.since(figure).unexplained == -2


# --- Who may ----------------------------------------------------------------------------------------------------------------


def test_only_reviewers_officials_and_liaisons_of_the_scope_freeze(
    filed: Any, city: City, branch: Branch, other_branch: Branch, organiser: User, reviewer: User, liaison: User, client_machine: User
) -> None:
    for actor, thing in ((reviewer, city.street), (reviewer, branch), (liaison, city.company), (liaison, branch)):
        freeze(actor, thing)
    strangers = ((organiser, branch), (client_machine, city.north))
    for actor, thing in (*strangers, (reviewer, city.north), (reviewer, other_branch), (liaison, city.bureau), (liaison, city.street)):
        with pytest.raises(Forbidden):
            freeze(actor, thing)
    assert FrozenFigure.objects.count() == 4


def test_a_frozen_figure_is_seen_by_whoever_sees_the_figure(filed: Any, city: City, branch: Branch, organiser: User, official: User, liaison: User) -> None:
    of_district, of_branch = freeze(official, city.north), freeze(official, branch)
    of_unit = freeze(liaison, city.company, "people_on_duty")
    city_wide = make_user("wide", (Role.OFFICIAL, None))

    assert set(FrozenFigure.objects.visible_to(official)) == {of_district, of_branch}
    assert set(FrozenFigure.objects.visible_to(organiser)) == {of_branch}
    assert set(FrozenFigure.objects.visible_to(liaison)) == {of_unit, of_branch}
    assert set(FrozenFigure.objects.visible_to(city_wide)) == {of_district, of_branch, of_unit}
    assert not FrozenFigure.objects.visible_to(make_user("nobody")).exists()


@pytest.mark.parametrize("purpose", ["", "  ", "长" * 201])
def test_it_is_said_in_a_few_words_what_for(filed: Any, branch: Branch, official: User, purpose: str) -> None:
    with pytest.raises(ValidationError):
        freeze(official, branch, purpose=purpose)


# --- Kept -------------------------------------------------------------------------------------------------------------------


def emptied() -> None:
    """Empty the table, as of a figure that waits for nothing any more."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE activities_frozenfigure")


def test_nobody_changes_or_removes_a_frozen_figure(filed: Any, branch: Branch, official: User) -> None:
    figure = freeze(official, branch)
    tries: list[Callable[[], Any]] = [
        lambda: FrozenFigure.objects.filter(pk=figure.pk).update(value=1),
        lambda: FrozenFigure.objects.filter(pk=figure.pk).delete(),
        emptied,
    ]
    for attempt in tries:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()
    assert FrozenFigure.objects.get().value == 500


@pytest.mark.django_db(transaction=True)
def test_a_report_that_comes_later_with_an_earlier_time_is_a_difference(branch: Branch, organiser: User, official: User, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    clock.move_to(clock.moment + MINUTE)
    figure = freeze(official, branch)

    file(branch, MARCH_5, by=organiser, vehicles=7, known_from=clock.moment - timedelta(hours=1))

    assert rows(figure) == [(MARCH_5, 7, True)]
    assert frozen.since(figure).unexplained is None


def test_a_figure_frozen_before_a_restore_still_tells_what_was_seen_and_one_frozen_after_it_sees_all(filed: Any, city: City, official: User) -> None:
    before = freeze(official, city.north)
    # Another server, which has counted far more or far fewer transactions than this one: either way the numbers go on.
    with connection.cursor() as cursor:
        cursor.execute(epochs.define(epoch="other", counted_elsewhere=10**9))
    after = freeze(official, city.north)
    assert after.written_in > 10**9 > before.written_in
    assert frozen.since(before).unexplained is None
    assert frozen.since(after).unexplained is None
    assert rows(before) == rows(after) == []
