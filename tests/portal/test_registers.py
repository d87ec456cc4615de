"""The first page of the registers: what waits, for whom, and the way there; and the menu that leads to each."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from activities.services.inspections import mend
from activities.services.needs import resolve
from branches.access import Role
from branches.models import Branch
from members.services.pioneers import PostFacts, claim_post, open_post
from members.services.squads import SquadFacts, found_squad
from portal.accounts.models import User
from tests.activities.inspected import a_point
from tests.activities.needs import recorded
from tests.activities.report_pages import client_of
from tests.activities.test_surveys import made, opened
from tests.factories import make_person, make_user
from tests.personas import MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")


def waiting(client: Client) -> dict[str, tuple[str, str]]:
    """What the page says of each thing that waits, and where it leads."""
    registers = client.get(reverse("portal:registers")).context["registers"]
    return {f"{register.label} {number.label}": (number.text, number.href) for register, numbers in registers for number in numbers}


def test_each_number_opens_as_many_rows(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, clock: Clock) -> None:
    recorded(branch, organiser, urgency="urgent")
    recorded(branch, organiser, urgency="soon")
    resolve(actor=organiser, need=recorded(branch, organiser), seen=1, result="已送达")
    recorded(other_branch, other_organiser)
    mend(actor=organiser, point=a_point(branch, organiser), seen=1, note="已补")
    a_point(branch, organiser)
    opened(branch, organiser)
    made(branch, organiser)
    person = make_person(branch=branch)
    found_squad(actor=organiser, branch=branch, facts=SquadFacts("一队"), first_day=MARCH_6, uid=uuid4(), leader=person)
    held, _free = (open_post(actor=organiser, branch=branch, facts=PostFacts(name, "守门"), first_day=MARCH_6) for name in ("东门岗", "西门岗"))
    claim_post(actor=organiser, post=held, person=person, first_day=MARCH_6)
    clock.move_to(clock.now() + timedelta(hours=3))

    client = client_of(organiser)
    found = waiting(client)

    assert {label: text for label, (text, _href) in found.items()} == {
        "Needs to be resolved": "2",
        "Needs overdue": "1",
        "Roster shifts short of people in the next 24 hours": "0",
        "Squads at work today": "1",
        "Pioneer posts with a place free": "1",
        "Inspections to be mended": "1",
        "Inspections overdue": "0",
        "Inspections to be checked": "1",
        "Contact points answered for": "0",
        "Contact points not visited for 7 days": "0",
        "Surveys open now": "1",
        "Suggestions to be answered": "0",
        "Suggestions of these for you to answer": "0",
    }
    for label in (
        "Needs overdue",
        "Squads at work today",
        "Pioneer posts with a place free",
        "Inspections to be mended",
        "Inspections to be checked",
        "Surveys open now",
    ):
        assert len(client.get(found[label][1]).context["page"].items) == 1


def test_whoever_may_not_see_the_roster_is_not_led_there(city: City, branch: Branch) -> None:
    secretary = client_of(make_user("secretary", (Role.COMMUNITY, city.community)))

    assert [label for label in waiting(secretary) if label.startswith("Roster")] == []
    page = secretary.get(reverse("portal:registers")).content.decode()
    assert reverse("roster:shift_list") not in page
    assert reverse("activities:need_list") in page


def test_whoever_keeps_accounts_has_no_registers(city: City) -> None:
    keeper = client_of(make_user("keeper", (Role.SYSTEM, None)))

    assert keeper.get(reverse("portal:registers")).status_code == 403
    assert reverse("portal:registers") not in keeper.get(reverse("accounts:profile")).content.decode()


def test_whoever_is_somebody_among_the_people_finds_their_shifts_in_the_menu(member: User, official: User) -> None:
    for user, led_there in ((member, True), (official, False)):
        page = client_of(user).get(reverse("accounts:profile")).content.decode()
        assert (reverse("roster:own_shifts") in page) == led_there
