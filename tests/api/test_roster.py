"""The roster over the API: numbers of people, never who they are, where they live or what was handed over."""

from collections.abc import Callable
from datetime import time, timedelta

import pytest

from branches.models import Branch
from members.models import Shift
from members.services import check_in, roster
from members.services.hand_over import Left, hand_over, take_over
from members.services.roster import PostFacts
from portal.accounts.models import User
from portal.foundation.models import AuditEntry, Change
from tests.api.conftest import Caller
from tests.factories import make_person
from tests.personas import MARCH_5, MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")
Call = Callable[..., Caller]


def served(organiser: User, branch: Branch, city: City, day: int = 6, *, names: str = "甲乙丙") -> Shift:
    """A shift from 08:00 to 16:00 with one on time from the company, one on time whom nobody sent, and one absent."""
    facts = PostFacts("checkpoint", 3, ((time(8), time(16)),))
    [post] = roster.add_posts(actor=organiser, branch=branch, names=[f"{branch.pk}-{day}门"], facts=facts, first_day=MARCH_5)
    on = MARCH_6.replace(day=day)
    shift = Shift.objects.create(post=post, during=post.times.get().on(on), business_date=on, people=3)
    for name, unit, result in zip(names, (city.company, None, city.company), ("present", "present", "absent"), strict=True):
        assignment = roster.put_on(actor=organiser, shift=shift, person=make_person(f"值守{name}", unit, branch))
        check_in.record_shift(actor=organiser, shift=shift, wanted={assignment: result}, seen={})
    return shift


def test_hours_are_numbers_by_day_branch_and_unit(call: Call, organiser: User, branch: Branch, city: City, client_machine: User) -> None:
    served(organiser, branch, city)
    served(organiser, branch, city, 5, names="丁戊己")

    found = call(client_machine).rows("hours/", {"first_day": "2020-03-06", "last_day": "2020-03-06"})

    assert [(row["business_date"], row["branch"]["name"], row["work_unit"] and row["work_unit"]["name"]) for row in found] == [
        ("2020-03-06", branch.name, None),
        ("2020-03-06", branch.name, city.company.name),
    ]
    assert [(row["person_shifts"], row["people"], row["hours"]) for row in found] == [(1, 1, "8"), (1, 1, "8")]
    assert "值守" not in str(found)
    # Page by page nothing is lost, also within a day.
    assert len(call(client_machine).rows("hours/", {"page_size": "1"})) == 4
    assert len(call(client_machine).rows("hours/", {"region": str(city.street.public_id)})) == 4
    assert call(client_machine).rows("hours/", {"region": str(city.other_street.public_id)}) == []
    assert AuditEntry.objects.filter(action="api.pulled", details__resource="hours").exists()
    assert call(client_machine).get("hours/", {"person": "x"}).status_code == 422


def test_a_liaison_reads_the_hours_of_the_units_own_people(call: Call, organiser: User, branch: Branch, city: City, liaison: User, bureau_shift: None) -> None:
    found = call(liaison).rows("hours/")
    assert {row["work_unit"] and row["work_unit"]["name"] for row in found} == {city.company.name}


@pytest.fixture
def bureau_shift(organiser: User, branch: Branch, city: City) -> None:
    """People of the company and of nobody at one shift."""
    served(organiser, branch, city)


def test_each_reads_the_hours_of_their_scope(
    call: Call, organiser: User, other_organiser: User, branch: Branch, other_branch: Branch, city: City, community_secretary: User
) -> None:
    served(organiser, branch, city)
    assert call(other_organiser).rows("hours/") == []
    assert len(call(organiser).rows("hours/")) == 2
    assert call(community_secretary).get("hours/").status_code == 403


def test_shifts_say_how_many_came(call: Call, organiser: User, branch: Branch, city: City, client_machine: User) -> None:
    served(organiser, branch, city)
    [row] = call(client_machine).rows("shifts/")
    assert [row[name] for name in ("people", "on_duty", "came", "late", "absent")] == [3, 2, 2, 0, 1]


def test_hand_overs_say_when_and_not_what(
    call: Call, organiser: User, shift_leader: User, branch: Branch, city: City, client_machine: User, clock: Clock
) -> None:
    shift = served(organiser, branch, city)
    row = hand_over(actor=organiser, shift=shift, left=Left(notes="3栋送药"))
    [waiting] = call(client_machine).rows("hand-overs/", {"state": "to_sign"})
    assert (waiting["state"], waiting["incoming_at"], waiting["shift"]["public_id"]) == ("to_sign", None, str(shift.public_id))

    clock.move_to(clock.moment + timedelta(minutes=5))
    take_over(actor=shift_leader, row=row, seen=row.as_read)

    signed = call(client_machine).get(f"hand-overs/{row.public_id}/").json()
    assert (signed["state"], signed["business_date"]) == ("signed", "2020-03-06")
    assert "送药" not in str(signed)
    assert call(client_machine).rows("hand-overs/", {"state": "to_sign"}) == []
    assert call(client_machine).rows("hand-overs/", {"first_day": "2020-03-07"}) == []
    assert set(Change.objects.filter(model="handover", object_id=row.public_id).values_list("operation", flat=True)) == {"I", "U"}


def test_nobody_outside_reads_a_hand_over(call: Call, organiser: User, other_organiser: User, branch: Branch, city: City) -> None:
    row = hand_over(actor=organiser, shift=served(organiser, branch, city), left=Left())
    assert call(other_organiser).get(f"hand-overs/{row.public_id}/").status_code == 404
