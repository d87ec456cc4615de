"""What is done with inspections and the points that they found: recorded, mended, checked, sent back, withdrawn."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from activities.models import Inspection, InspectionPoint
from activities.services.inspections import (
    InspectionFacts,
    PointFacts,
    assign,
    let_pass,
    mend,
    record_inspection,
    send_back,
    withdraw,
)
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from tests.activities.inspected import WORDS, a_point, inspected
from tests.factories import make_person
from tests.personas import MARCH_5, MARCH_6, MARCH_7, Clock

pytestmark = pytest.mark.usefixtures("clock")
DAY = timedelta(days=1)


def kinds(point: InspectionPoint) -> list[str]:
    return list(point.events.order_by("number").values_list("kind", flat=True))


def test_an_official_records_an_inspection_with_its_points(branch: Branch, official: User) -> None:
    secretary = branch.memberships.get().person
    facts = InspectionFacts(MARCH_5, "区督查一组", "夜间值守", "登记有缺项")
    points = [PointFacts("补登记", MARCH_7, secretary), PointFacts("换警示牌", MARCH_6)]

    inspection, created = record_inspection(actor=official, branch=branch, facts=facts, points=points, uid=uuid4())

    assert created
    assert (inspection.business_date, inspection.recorded_on) == (MARCH_5, MARCH_6)
    first, second = inspection.points.order_by("pk")
    assert (first.owner, first.due_on, first.state, first.found_on) == (secretary, MARCH_7, "open", MARCH_5)
    assert second.owner is None
    assert [(event.kind, event.due_on, event.person) for event in first.events.all()] == [("opened", MARCH_7, secretary)]
    assert AuditEntry.objects.get(action="inspection.recorded").details["points"] == 2


def test_what_was_sent_twice_is_stored_once(branch: Branch, official: User) -> None:
    facts, uid, points = InspectionFacts(MARCH_6, **WORDS), uuid4(), [PointFacts("补登记", MARCH_7)]
    first, created = record_inspection(actor=official, branch=branch, facts=facts, points=points, uid=uid)
    again, created_again = record_inspection(actor=official, branch=branch, facts=facts, points=points, uid=uid)

    assert (first, created, created_again) == (again, True, False)
    assert InspectionPoint.objects.count() == 1
    with pytest.raises(Conflict, match="reused_uid"):
        record_inspection(actor=official, branch=branch, facts=facts, points=[], uid=uid)


def test_who_does_not_inspect_there_records_nothing(branch: Branch, other_branch: Branch, other_organiser: User, shift_leader: User, liaison: User) -> None:
    for actor in (other_organiser, shift_leader, liaison):
        with pytest.raises(Forbidden):
            inspected(branch, actor)
    assert not Inspection.objects.exists()


@pytest.mark.parametrize(("day", "field"), [(MARCH_7, "business_date"), (date(2020, 1, 31), "business_date")])
def test_a_day_that_is_to_come_or_before_the_branch_is_refused_beside_its_field(branch: Branch, official: User, day: date, field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        inspected(branch, official, business_date=day)
    assert list(refusal.value.message_dict) == [field]


def test_nobody_from_elsewhere_is_made_to_mend_it(branch: Branch, official: User, organiser: User) -> None:
    stranger = make_person("外人")
    with pytest.raises(ValidationError):
        record_inspection(actor=official, branch=branch, facts=InspectionFacts(MARCH_6, **WORDS), points=[PointFacts("补", MARCH_7, stranger)], uid=uuid4())
    with pytest.raises(ValidationError):
        assign(actor=organiser, point=a_point(branch, official), seen=1, person=stranger)


def test_the_branch_mends_and_whoever_inspects_looks_again(branch: Branch, official: User, organiser: User, clock: Clock) -> None:
    point = a_point(branch, official)
    point = assign(actor=organiser, point=point, seen=1, person=branch.memberships.get().person)
    point = mend(actor=organiser, point=point, seen=2, note="已补")
    clock.move_to(clock.now() + DAY)
    point = send_back(actor=official, point=point, seen=3, note="体温仍缺", due_on=MARCH_7 + DAY)
    assert (point.state, point.due_on, point.mended_at) == ("open", MARCH_7 + DAY, None)
    point = mend(actor=organiser, point=point, seen=4, note="体温已补")
    point = let_pass(actor=official, point=point, seen=5)

    point.refresh_from_db()
    assert point.state == "checked"
    assert point.mended_at is not None
    assert point.checked_at is not None
    assert kinds(point) == ["opened", "assigned", "mended", "sent_back", "mended", "passed"]


def test_whoever_mends_never_says_that_it_passed(branch: Branch, official: User, organiser: User, reviewer: User) -> None:
    point = mend(actor=organiser, point=a_point(branch, official), seen=1, note="已补")
    with pytest.raises(Forbidden):
        let_pass(actor=organiser, point=point, seen=2)
    with pytest.raises(Forbidden):
        mend(actor=official, point=point, seen=2, note="已补")
    assert let_pass(actor=reviewer, point=point, seen=2).state == "checked"


def test_what_is_not_mended_is_not_checked(branch: Branch, official: User) -> None:
    with pytest.raises(Conflict, match="state"):
        let_pass(actor=official, point=a_point(branch, official), seen=1)


def test_words_are_asked_for(branch: Branch, official: User, organiser: User) -> None:
    point = a_point(branch, official)
    with pytest.raises(ValidationError):
        mend(actor=organiser, point=point, seen=1, note=" ")
    mend(actor=organiser, point=point, seen=1, note="已补")
    with pytest.raises(ValidationError):
        send_back(actor=official, point=point, seen=2, note="", due_on=MARCH_7)
    with pytest.raises(ValidationError, match="due_on"):
        send_back(actor=official, point=point, seen=2, note="仍缺", due_on=MARCH_5)


def test_whoever_was_overtaken_is_told(branch: Branch, official: User, organiser: User) -> None:
    point = a_point(branch, official)
    assign(actor=organiser, point=point, seen=1, person=None)

    with pytest.raises(Conflict, match="stale"):
        mend(actor=organiser, point=point, seen=1, note="已补")
    assert kinds(point) == ["opened", "assigned"]


def test_a_point_is_overdue_the_day_after_it_was_due(branch: Branch, official: User, organiser: User, clock: Clock) -> None:
    point = a_point(branch, official, due_in=1)
    clock.move_to(clock.now() + DAY)
    assert not point.is_overdue
    clock.move_to(clock.now() + DAY)
    assert point.is_overdue
    assert list(InspectionPoint.objects.overdue(clock.today())) == [point]

    point = mend(actor=organiser, point=point, seen=1, note="已补")
    assert not point.is_overdue
    assert not InspectionPoint.objects.overdue(clock.today()).exists()


def test_an_inspection_recorded_by_mistake_is_withdrawn_with_what_is_not_checked(branch: Branch, official: User, organiser: User) -> None:
    inspection = inspected(branch, official, "一", "二", "三")
    first, second, third = inspection.points.order_by("pk")
    let_pass(actor=official, point=mend(actor=organiser, point=first, seen=1, note="已补"), seen=2)
    mend(actor=organiser, point=second, seen=1, note="已补")

    withdraw(actor=official, inspection=inspection, why="记错了支部")
    withdraw(actor=official, inspection=inspection, why="记错了支部")

    assert list(inspection.points.order_by("pk").values_list("state", flat=True)) == ["checked", "dropped", "dropped"]
    assert kinds(third) == ["opened", "dropped"]
    with pytest.raises(Conflict):
        withdraw(actor=official, inspection=inspection, why="又一个理由")


def test_a_branch_withdraws_what_it_wrote_down_itself_and_nothing_else(branch: Branch, organiser: User, official: User) -> None:
    own, theirs = inspected(branch, organiser), inspected(branch, official)

    assert withdraw(actor=organiser, inspection=own, why="记重了").is_withdrawn
    with pytest.raises(Forbidden):
        withdraw(actor=organiser, inspection=theirs, why="不服")
