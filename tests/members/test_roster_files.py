"""Hours, check-ins and hand-overs as files: as the page shows them, with names only for whoever may know who served."""

import csv
from datetime import time, timedelta
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from branches.models import Branch
from members.models import Person, Shift
from members.services import check_in, roster
from members.services.hand_over import Left, hand_over, take_over
from members.services.roster import PostFacts
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.factories import make_person
from tests.personas import MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")
ON_THE_DAY = {"first_day": "2020-03-06", "last_day": "2020-03-06"}


@pytest.fixture
def shift(organiser: User, branch: Branch, city: City, clock: Clock) -> Shift:
    """A shift from 16:00 to 24:00 to which one came, one came late and one did not come; over by now."""
    facts = PostFacts("checkpoint", 3, ((time(16), time(0)),))
    [post] = roster.add_posts(actor=organiser, branch=branch, names=["东门"], facts=facts, first_day=MARCH_6)
    shift = Shift.objects.create(post=post, during=post.times.get().on(MARCH_6), business_date=MARCH_6, people=3)
    for name, result in (("值守甲", "present"), ("值守乙", "late"), ("守", "absent")):
        person = make_person(name, city.company, branch)
        assignment = roster.put_on(actor=organiser, shift=shift, person=person)
        check_in.record_shift(actor=organiser, shift=shift, wanted={assignment: result}, seen={})
    clock.move_to(clock.moment + timedelta(hours=4))
    return shift


def file(user: User, name: str, ending: str = "csv", **query: str) -> Any:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user)
    return client.get(reverse(f"roster:{name}_export", args=[ending]), query)


def rows(response: Any) -> list[list[str]]:
    assert response.status_code == 200
    return list(csv.reader(StringIO(response.getvalue().decode("utf-8-sig"))))


def test_hours_come_by_person_branch_and_unit_as_on_the_page(shift: Shift, organiser: User, branch: Branch, city: City) -> None:
    [header, *people] = rows(file(organiser, "hours", **ON_THE_DAY))
    assert len(header) == 5
    # In the order of names (zhi shou jia, zhi shou yi), never by hours.
    assert [row[2:] for row in people] == [["值守甲", "1", "8"], ["值守乙", "1", "3"]]
    [_header, of_branch] = rows(file(organiser, "hours", group="branch", **ON_THE_DAY))
    assert of_branch[2:5] == [branch.name, "2", "2"]
    [_header, of_unit] = rows(file(organiser, "hours", group="unit", **ON_THE_DAY))
    assert of_unit[2:5] == [city.company.name, "2", "2"]
    book = load_workbook(BytesIO(file(organiser, "hours", "xlsx", **ON_THE_DAY).getvalue()))
    assert [row[2] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)] == ["值守甲", "值守乙"]
    assert AuditEntry.objects.filter(action="hours.exported", actor=organiser).count() == 4


def test_names_are_for_who_leads_the_shifts_or_sent_the_people(
    shift: Shift, organiser: User, shift_leader: User, official: User, liaison: User, client_machine: User
) -> None:
    for user, names in (
        (organiser, ["值守甲", "值守乙"]),
        (shift_leader, ["值守甲", "值守乙"]),
        (liaison, ["值守甲", "值守乙"]),
        (official, ["值**", "值**"]),
        (client_machine, ["值**", "值**"]),
    ):
        assert [row[2] for row in rows(file(user, "hours", **ON_THE_DAY))[1:]] == names
        told = {row[5] for row in rows(file(user, "check_in", **ON_THE_DAY))[1:]}
        assert told == {*names, "守" if names[0] == "值守甲" else "*"}
    client = Client()
    client.force_login(official)
    page = client.get(reverse("roster:hours"), ON_THE_DAY).content.decode()
    assert "值**" in page
    assert "值守甲" not in page


def test_check_ins_say_what_became_of_each_and_not_when_somebody_came(shift: Shift, organiser: User, other_organiser: User, city: City) -> None:
    found = rows(file(organiser, "check_in", **ON_THE_DAY))
    assert {(row[5], row[7], row[8]) for row in found[1:]} == {
        ("值守甲", city.company.name, "准时"),
        ("值守乙", city.company.name, "迟到"),
        ("守", city.company.name, "缺勤"),
    }
    assert "21:00" not in str(found)
    assert len(rows(file(other_organiser, "check_in", **ON_THE_DAY))) == 1
    assert len(rows(file(organiser, "check_in", first_day="2020-03-07", last_day="2020-03-08"))) == 1
    assert file(organiser, "check_in", first_day="2020-03-08", last_day="2020-03-01").status_code == 404
    assert file(organiser, "check_in", "pdf").status_code == 404


def test_shifts_say_how_many_came_and_hand_overs_when_both_signed_but_no_words(
    shift: Shift, organiser: User, shift_leader: User, official: User, clock: Clock
) -> None:
    row = hand_over(actor=organiser, shift=shift, left=Left(notes="3栋送药"))
    [_header, waiting] = rows(file(official, "hand_over", **ON_THE_DAY))
    take_over(actor=shift_leader, row=row, seen=row.as_read)
    [_header, signed] = rows(file(official, "hand_over", **ON_THE_DAY))
    assert waiting[5] != signed[5]
    assert (waiting[7], bool(signed[7])) == ("", True)
    assert len(rows(file(official, "hand_over", state="to_sign"))) == 1
    assert "送药" not in str(signed)

    [header, line] = rows(file(official, "shift", **ON_THE_DAY))
    of = dict(zip(header, line, strict=True))
    assert [of[name] for name in header[8:11]] == ["2", "1", "1"]
    assert line[11]
    assert line[12]


def test_a_person_of_two_branches_is_named_only_where_the_reader_leads(shift: Shift, other_organiser: User) -> None:
    assert Person.objects.told_to(other_organiser).filter(name__startswith="值守").count() == 0
