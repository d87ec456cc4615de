"""What the ledger of needs says of a branch's day, and that its list shows exactly what was counted."""

from datetime import date, timedelta

import pytest
from django.test import Client

from activities.models import Need
from activities.registers import Derived, figures_of
from activities.registers.needs import METRICS
from activities.services.needs import hand_on, reopen, resolve
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.needs import recorded
from tests.factories import current, file
from tests.personas import MARCH_5, MARCH_6, MARCH_7, Clock

pytestmark = pytest.mark.usefixtures("clock")


def figures(branch: Branch, day: date) -> dict[str, Derived]:
    return figures_of(branch, day, METRICS)


def said(branch: Branch, day: date) -> dict[str, int]:
    return {code: int(derived.value) for code, derived in figures(branch, day).items()}


def test_a_day_counts_what_was_recorded_what_was_resolved_and_who_was_served(branch: Branch, organiser: User, clock: Clock) -> None:
    family = recorded(branch, organiser, residents=4)
    recorded(branch, organiser, result="已告知")
    clock.move_to(clock.now() + timedelta(days=1))
    resolve(actor=organiser, need=family, seen=1, result="已送达")

    assert said(branch, MARCH_6) == {"needs_recorded": 2, "needs_resolved": 1, "residents_served": 1}
    assert said(branch, MARCH_7) == {"needs_recorded": 0, "needs_resolved": 1, "residents_served": 4}


def test_before_its_first_need_a_branch_keeps_no_ledger(branch: Branch, other_branch: Branch, organiser: User) -> None:
    recorded(branch, organiser)

    assert figures(branch, MARCH_5) == {}
    assert figures(other_branch, MARCH_6) == {}
    assert set(figures_of(branch, MARCH_6)) >= {"needs_recorded", "needs_resolved", "residents_served"}


def test_a_need_that_is_opened_again_is_not_resolved_any_more(branch: Branch, organiser: User, clock: Clock) -> None:
    need = recorded(branch, organiser, result="已告知")
    before = figures(branch, MARCH_6)["needs_resolved"]
    clock.move_to(clock.now() + timedelta(days=1))
    reopen(actor=organiser, need=need, seen=2, note="没有解决")

    after = figures(branch, MARCH_6)["needs_resolved"]
    assert (int(before.value), int(after.value)) == (1, 0)
    assert after.revision > before.revision
    resolve(actor=organiser, need=need, seen=3, result="已补送")
    assert (said(branch, MARCH_6)["needs_resolved"], said(branch, MARCH_7)["needs_resolved"]) == (0, 1)


def test_what_was_handed_on_is_recorded_here_and_resolved_there(branch: Branch, organiser: User, other_branch: Branch, other_organiser: User) -> None:
    need = hand_on(actor=organiser, need=recorded(branch, organiser), seen=1, to=other_branch)
    resolve(actor=other_organiser, need=need, seen=2, result="已送达")

    assert said(branch, MARCH_6) == {"needs_recorded": 1, "needs_resolved": 0, "residents_served": 0}
    assert said(other_branch, MARCH_6) == {"needs_recorded": 0, "needs_resolved": 1, "residents_served": 1}


def test_a_figure_opens_the_needs_that_it_counts_and_no_others(
    branch: Branch, organiser: User, other_branch: Branch, other_organiser: User, client: Client, clock: Clock
) -> None:
    needs = [recorded(branch, organiser, household=f"{number}栋", result="已告知" if number % 2 else "") for number in range(5)]
    hand_on(actor=organiser, need=needs[0], seen=1, to=other_branch)
    received = hand_on(actor=other_organiser, need=recorded(other_branch, other_organiser), seen=1, to=branch)
    resolve(actor=organiser, need=received, seen=2, result="已送达")
    clock.move_to(clock.now() + timedelta(days=1))
    recorded(branch, organiser, result="次日")
    client.force_login(organiser)

    for derived in figures(branch, MARCH_6).values():
        shown: list[Need] = client.get(derived.href).context["page"].items
        assert len(shown) == derived.value > 0


def test_a_day_is_filed_with_what_the_ledger_says(branch: Branch, organiser: User) -> None:
    recorded(branch, organiser, result="已告知")

    file(branch, MARCH_6, by=organiser, needs_recorded=1, needs_resolved=5)

    version = current(branch, MARCH_6)
    assert version is not None
    sources = dict(version.entries.values_list("measures__metric__code", "measures__source"))
    assert sources == {"needs_recorded": "derived", "needs_resolved": "typed"}
