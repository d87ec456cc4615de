"""A person's service record: what it tells, of which days, and to whom."""

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg2.extras import DateRange

from activities.services import Figure, Participation, Work, file_daily_report
from branches.access import Role
from branches.models import Branch
from members.models import Membership, OfficerTerm, OnSiteStay, Person, PioneerClaim, PioneerPost, Secondment, Shift, Squad, SquadMember
from members.services import check_in, roster
from members.services.roster import PostFacts
from members.services.service_note import write_note
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.factories import make_branch, make_person, make_user, since
from tests.personas import MARCH_5, MARCH_6, City

pytestmark = pytest.mark.usefixtures("clock")
DAY = timedelta(days=1)
FEBRUARY = date(2020, 2, 1)


@pytest.fixture
def person(city: City, other_branch: Branch, branch: Branch) -> Person:
    """Somebody of 示例一公司: in February in one branch, since March in another, where they lead a team."""
    found = make_person("示例同志", city.company)
    Membership.objects.create(person=found, branch=other_branch, during=since(FEBRUARY, date(2020, 2, 29)))
    held = Membership.objects.create(person=found, branch=branch, during=DateRange(date(2020, 3, 1), None))
    OfficerTerm.objects.create(membership=held, office="team_leader", during=DateRange(date(2020, 3, 2), None))
    post = PioneerPost.objects.create(branch=branch, name="夜间守门岗", duty="夜间守东门", during=branch.life)
    PioneerClaim.objects.create(post=post, person=found, during=since(MARCH_5, MARCH_5))
    OnSiteStay.objects.create(membership=held, during=since(date(2020, 3, 3), MARCH_5))
    squad = Squad.objects.create(branch=branch, name="卡口值守组", during=branch.life)
    SquadMember.objects.create(squad=squad, person=found, during=DateRange(date(2020, 3, 2), None))
    return found


def served(branch: Branch, by: User, person: Person, day: date, name: str = "东门") -> Shift:
    """A shift of eight hours at a gate that the person came to on time."""
    facts = PostFacts("checkpoint", 1, ((time(8), time(16)),))
    [post] = roster.add_posts(actor=by, branch=branch, names=[name], facts=facts, first_day=day)
    shift = Shift.objects.create(post=post, during=post.times.get().on(day), business_date=day, people=1)
    assignment = roster.put_on(actor=by, shift=shift, person=person, despite=True)
    check_in.record_shift(actor=by, shift=shift, wanted={assignment: "present"}, seen={})
    return shift


def record(person: Person) -> str:
    return reverse("members:service_record", args=[person.public_id])


def opened(user: User, address: str, **query: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(address, query)


def own_account(person: Person, branch: Branch) -> User:
    return make_user("own", (Role.MEMBER, branch), person=person)


# --- What it tells --------------------------------------------------------------------------------------------------------


def test_the_record_tells_branches_offices_squads_shifts_hours_and_work(person: Person, branch: Branch, organiser: User) -> None:
    served(branch, organiser, person, MARCH_5)
    work = Work("delivery", (Figure("parcels_delivered", Decimal(30)),), participants=(Participation(person, Decimal(3)),))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_5, works=(work,), uid=uuid4())

    told = opened(own_account(person, branch), record(person)).context["record"]

    assert [held.branch.name for held in told.memberships] == ["临湖社区临时党支部", "望江社区临时党支部"]
    assert [term.get_office_display() for term in told.memberships[1].terms.all()] == ["组长"]
    assert [held.squad.name for held in told.squads] == ["卡口值守组"]
    assert [claim.post.name for claim in told.claims] == ["夜间守门岗"]
    assert (len(told.stays), told.days_on_site) == (1, 3)
    assert [(line.duty, line.branch, line.served.shifts, line.served.hours) for line in told.duties] == [("checkpoint", branch.name, 1, Decimal("8.0"))]
    assert [(done.kind, done.times, done.hours) for done in told.works] == [("delivery", 1, Decimal(3))]
    assert told.days == 29 + 6


def test_the_days_asked_for_narrow_all_of_it(person: Person, branch: Branch, organiser: User) -> None:
    served(branch, organiser, person, MARCH_5)
    reader = own_account(person, branch)

    told = opened(reader, record(person), **{"from": "2020-02-10", "to": "2020-02-19"}).context["record"]

    assert [held.branch.name for held in told.memberships] == ["临湖社区临时党支部"]
    assert (told.days, told.duties, told.squads) == (10, [], [])
    assert opened(reader, record(person), **{"from": "2020-03-05", "to": "2020-03-05"}).context["record"].served.shifts == 1


def test_days_that_are_none_are_said_and_all_is_shown(person: Person, branch: Branch) -> None:
    reader = own_account(person, branch)

    for query in ({"from": "2020-13-01"}, {"from": "2020-03-05", "to": "2020-03-01"}):
        answered = opened(reader, record(person), **query)
        assert answered.context["record"].asked.refused
        assert len(answered.context["record"].memberships) == 2


def test_each_figure_opens_the_records_behind_it(person: Person, branch: Branch, organiser: User) -> None:
    served(branch, organiser, person, MARCH_5)
    work = Work("delivery", (Figure("parcels_delivered", Decimal(30)),), participants=(Participation(person, Decimal(3)),))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_5, works=(work,), uid=uuid4())
    shifts, works = (reverse(f"members:service_record_{name}", args=[person.public_id]) for name in ("shifts", "work"))

    assert opened(organiser, shifts, duty="checkpoint", branch=str(branch.public_id)).context["page"].total == 1
    assert opened(organiser, shifts, duty="patrol").context["page"].total == 0
    assert opened(organiser, works, kind="delivery").context["page"].total == 1
    assert opened(organiser, works, kind="patrol").context["page"].total == 0


def test_whoever_was_absent_served_nothing(person: Person, branch: Branch, organiser: User) -> None:
    shift = served(branch, organiser, person, MARCH_5)
    assignment = shift.assignments.get()
    check_in.record_shift(actor=organiser, shift=shift, wanted={assignment: "absent"}, seen={assignment: "present"})

    assert opened(organiser, record(person)).context["record"].duties == []


# --- To whom --------------------------------------------------------------------------------------------------------------


def test_the_person_the_branch_and_the_unit_read_it_and_nobody_else(
    person: Person,
    branch: Branch,
    organiser: User,
    other_organiser: User,
    liaison: User,
    reviewer: User,
    official: User,
    shift_leader: User,
    administrator: User,
    client_machine: User,
    member: User,
) -> None:
    for user in (own_account(person, branch), organiser, other_organiser, liaison):
        assert opened(user, record(person)).status_code == 200, user
    for user in (reviewer, official, shift_leader, administrator, client_machine):
        assert opened(user, record(person)).status_code == 403, user
    assert opened(member, record(person)).status_code == 404


def test_a_branch_reads_what_was_done_there_and_the_unit_all_of_it(
    person: Person, branch: Branch, organiser: User, other_organiser: User, liaison: User
) -> None:
    served(branch, organiser, person, MARCH_5)

    told = opened(other_organiser, record(person)).context["record"]
    assert [held.branch.name for held in told.memberships] == ["临湖社区临时党支部"]
    assert (told.duties, told.squads, told.is_whole) == ([], [], False)
    told = opened(liaison, record(person)).context["record"]
    assert len(told.memberships) == 2
    assert told.served.shifts == 1


def test_the_unit_reads_it_after_the_secondment_has_ended_and_until_another_unit_sends_the_person(person: Person, city: City, liaison: User) -> None:
    Secondment.objects.filter(person=person).update(during=since(FEBRUARY, MARCH_5))
    assert opened(liaison, record(person)).status_code == 200

    Secondment.objects.create(person=person, home_unit=city.bureau, during=DateRange(MARCH_6, None))
    assert opened(liaison, record(person)).status_code == 404


def test_each_reading_by_others_is_in_the_audit_log_and_ones_own_is_not(person: Person, branch: Branch, organiser: User) -> None:
    opened(own_account(person, branch), record(person))
    assert not AuditEntry.objects.filter(action="service_record.seen").exists()

    opened(organiser, record(person))
    assert AuditEntry.objects.get(action="service_record.seen").object_id == person.public_id


def test_the_file_holds_the_lines_of_the_record_and_no_words_of_merit(person: Person, branch: Branch, organiser: User) -> None:
    served(branch, organiser, person, MARCH_5)
    write_note(actor=organiser, person=person, branch=branch, day=MARCH_5, words="冒雨连守两班", uid=uuid4())

    answered = opened(organiser, reverse("members:service_record_export", args=[person.public_id, "csv"]))
    text = b"".join(answered.streaming_content).decode()

    assert "卡口值守组" in text
    assert f",{branch.name},卡口值守,1,8" in text
    assert "冒雨" not in text
    assert AuditEntry.objects.filter(action="service_record.exported").exists()


def test_the_page_of_a_person_leads_to_the_record_whoever_may_read_it(person: Person, organiser: User, reviewer: User) -> None:
    page = reverse("members:person_detail", args=[person.public_id])

    assert record(person) in opened(organiser, page).content.decode()
    assert record(person) not in opened(reviewer, page).content.decode()


def test_a_long_service_costs_no_more_queries_than_a_short_one(person: Person, branch: Branch, city: City, organiser: User) -> None:
    def queries() -> int:
        client = Client()
        client.force_login(organiser)
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(record(person)).status_code == 200
        return len(found)

    few = queries()
    for number in range(3):
        served(branch, organiser, person, MARCH_5 - number * DAY, f"{number}号门")
        write_note(actor=organiser, person=person, branch=branch, day=MARCH_5 - number * DAY, words="好", uid=uuid4())
    assert queries() == few
    assert few <= 15


# --- Others' people --------------------------------------------------------------------------------------------------------


def test_a_liaison_reads_nothing_of_people_of_other_units(other_branch: Branch, liaison: User) -> None:
    make_branch(other_branch.region)
    stranger = Person.objects.get(name="另一书记")

    assert opened(liaison, record(stranger)).status_code == 404
