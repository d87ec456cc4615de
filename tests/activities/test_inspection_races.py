"""Several people and one point: each thread has a connection of its own."""

from uuid import uuid4

import pytest

from activities.models import Inspection, InspectionPoint
from activities.services.inspections import InspectionFacts, PointFacts, let_pass, mend, record_inspection, send_back, withdraw
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.accounts.threads import at_once
from tests.activities.inspected import WORDS, a_point, inspection_of
from tests.factories import make_user
from tests.personas import MARCH_6, MARCH_7

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("clock")]


@pytest.fixture
def colleague(branch: Branch) -> User:
    return make_user("colleague", (Role.ORGANISER, branch))


def test_a_double_tap_records_one_inspection(branch: Branch, official: User) -> None:
    uid, facts, points = uuid4(), InspectionFacts(MARCH_6, **WORDS), [PointFacts("补登记", MARCH_7)]
    call = lambda: record_inspection(actor=official, branch=branch, facts=facts, points=points, uid=uid)  # noqa: E731 - the same call, four times

    assert at_once(call, call, call, call) == ["done"] * 4
    assert Inspection.objects.count() == InspectionPoint.objects.count() == 1


def test_of_two_who_report_a_point_as_mended_one_does_and_the_other_is_told(branch: Branch, official: User, organiser: User, colleague: User) -> None:
    point = a_point(branch, official)

    ended = at_once(lambda: mend(actor=organiser, point=point, seen=1, note="我补的"), lambda: mend(actor=colleague, point=point, seen=1, note="我也补了"))

    assert sorted(ended) == ["Conflict", "done"]
    assert point.events.filter(kind="mended").count() == 1


def test_a_double_tap_on_mended_stores_one_event_and_refuses_neither(branch: Branch, official: User, organiser: User) -> None:
    point = a_point(branch, official)
    call = lambda: mend(actor=organiser, point=point, seen=1, note="已补")  # noqa: E731 - the same call, twice

    assert at_once(call, call) == ["done", "done"]
    assert point.events.count() == 2


def test_of_two_who_look_again_one_says_how_it_is(branch: Branch, official: User, reviewer: User, organiser: User) -> None:
    point = mend(actor=organiser, point=a_point(branch, official), seen=1, note="已补")

    ended = at_once(
        lambda: let_pass(actor=official, point=point, seen=2),
        lambda: send_back(actor=reviewer, point=point, seen=2, note="仍缺", due_on=MARCH_7),
    )

    assert sorted(ended) == ["Conflict", "done"]
    point.refresh_from_db()
    assert point.events.count() == point.revision == 3


def test_a_point_mended_while_its_inspection_is_withdrawn_ends_withdrawn(branch: Branch, official: User, organiser: User) -> None:
    point = a_point(branch, official)

    ended = at_once(
        lambda: mend(actor=organiser, point=point, seen=1, note="已补"), lambda: withdraw(actor=official, inspection=inspection_of(point), why="记错了")
    )

    assert ended.count("done") >= 1
    point.refresh_from_db()
    assert point.state == "dropped"
    assert point.events.count() == point.revision


def test_an_inspection_is_withdrawn_by_one_of_two(branch: Branch, official: User, reviewer: User) -> None:
    inspection = inspection_of(a_point(branch, official))

    ended = at_once(*(lambda actor=actor: withdraw(actor=actor, inspection=inspection, why="记错了") for actor in (official, reviewer)))

    assert sorted(ended) == ["Conflict", "done"]
    assert inspection.points.get().events.filter(kind="dropped").count() == 1
