"""What inspections say of a branch's day, and that the list behind the figure shows exactly what was counted."""

from datetime import date, timedelta

import pytest
from django.test import Client

from activities.registers import figures_of
from activities.services.inspections import withdraw
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.inspected import inspected
from tests.factories import current, file
from tests.personas import MARCH_5, MARCH_6, MARCH_7, Clock

pytestmark = pytest.mark.usefixtures("clock")
RECEIVED = "inspections_received"


def said(branch: Branch, day: date) -> int | None:
    found = figures_of(branch, day, {RECEIVED}).get(RECEIVED)
    return None if found is None else int(found.value)


def test_a_day_counts_the_inspections_that_stand(branch: Branch, other_branch: Branch, official: User) -> None:
    inspected(branch, official)
    inspected(branch, official, "补登记")
    withdraw(actor=official, inspection=inspected(branch, official), why="记错了支部")
    inspected(other_branch, official)

    assert said(branch, MARCH_6) == 2
    assert said(branch, MARCH_7) == 0


def test_before_its_first_inspection_a_branch_keeps_no_register(branch: Branch, other_branch: Branch, official: User) -> None:
    inspected(branch, official)

    assert said(branch, MARCH_5) is None
    assert said(other_branch, MARCH_6) is None


def test_a_withdrawal_changes_the_day_and_its_revision(branch: Branch, official: User, clock: Clock) -> None:
    inspection = inspected(branch, official)
    before = figures_of(branch, MARCH_6)[RECEIVED]
    clock.move_to(clock.now() + timedelta(days=1))
    withdraw(actor=official, inspection=inspection, why="记错了")

    after = figures_of(branch, MARCH_6)[RECEIVED]
    assert (int(before.value), int(after.value)) == (1, 0)
    assert after.revision > before.revision


def test_the_figure_opens_the_inspections_that_it_counts_and_no_others(branch: Branch, official: User, client: Client) -> None:
    counted = {inspected(branch, official).pk, inspected(branch, official).pk}
    withdraw(actor=official, inspection=inspected(branch, official), why="记错了")
    inspected(branch, official, business_date=MARCH_5)
    client.force_login(official)

    shown = client.get(figures_of(branch, MARCH_6)[RECEIVED].href).context["page"].items

    assert {inspection.pk for inspection in shown} == counted


def test_a_day_is_filed_with_what_the_register_says(branch: Branch, organiser: User, official: User) -> None:
    inspected(branch, official)

    file(branch, MARCH_6, by=organiser, inspections_received=1)

    version = current(branch, MARCH_6)
    assert version is not None
    assert version.entries.get().measures.get().source == "derived"
