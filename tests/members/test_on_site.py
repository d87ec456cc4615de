"""Who lives on site: entered and ended several at once, inside the time in the branch, seen like who serves when."""

from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from psycopg2.extras import DateRange

from branches.models import Branch
from members.models import Membership, OnSiteStay, Person
from members.services import end_branch, end_membership
from members.services.on_site import add_stays, end_stays
from portal.accounts.models import User
from portal.foundation.errors import Forbidden
from portal.foundation.models import AuditEntry
from tests.accounts.threads import at_once
from tests.factories import make_person
from tests.personas import MARCH_5, MARCH_6, MARCH_7, City, Clock

pytestmark = pytest.mark.usefixtures("clock")
DAY = timedelta(days=1)
PLACE = "居委会二楼"


@pytest.fixture
def hands(city: City, branch: Branch) -> list[Person]:
    return [make_person(f"住{name}", city.company, branch) for name in "甲乙丙"]


def spans(*people: Person) -> list[DateRange]:
    return [stay.during for stay in OnSiteStay.objects.filter(membership__person__in=people).order_by("pk")]


def opened(user: User, address: str) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def sent(user: User, address: str, **typed: Any) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(address, typed, follow=True)


def test_several_people_live_on_site_from_a_day_on_and_one_of_them_leaves(organiser: User, branch: Branch, hands: list[Person], clock: Clock) -> None:
    stays = add_stays(actor=organiser, branch=branch, people=hands, first_day=MARCH_5, place=PLACE)
    assert spans(*hands) == [DateRange(MARCH_5, None)] * 3

    assert end_stays(actor=organiser, branch=branch, stays=stays[:1], last_day=MARCH_6) == 1
    assert [OnSiteStay.objects.on(day).count() for day in (MARCH_5 - DAY, MARCH_5, MARCH_6, MARCH_7)] == [0, 3, 3, 2]
    # Once more changes nothing, and a later day makes no stay longer.
    assert end_stays(actor=organiser, branch=branch, stays=stays[:1], last_day=MARCH_7) == 0
    assert spans(hands[0]) == [DateRange(MARCH_5, MARCH_7)]
    add_stays(actor=organiser, branch=branch, people=hands[:1], first_day=MARCH_7, place="宾馆")
    assert AuditEntry.objects.filter(action="stay.added").count() == 4
    assert AuditEntry.objects.filter(action="stay.ended").count() == 1


def test_a_stay_that_had_not_begun_is_taken_back(organiser: User, branch: Branch, hands: list[Person]) -> None:
    stays = add_stays(actor=organiser, branch=branch, people=hands, first_day=MARCH_7)
    assert end_stays(actor=organiser, branch=branch, stays=stays, last_day=MARCH_6) == 3
    assert not OnSiteStay.objects.exists()


def test_who_lives_there_already_or_is_not_in_the_branch_is_named_and_nobody_is_written_down(organiser: User, branch: Branch, hands: list[Person]) -> None:
    add_stays(actor=organiser, branch=branch, people=hands[:1], first_day=MARCH_5)
    stranger = make_person("住丁")
    for people, name in ((hands, "住甲"), ([hands[1], stranger], "住丁")):
        with pytest.raises(ValidationError) as refused:
            add_stays(actor=organiser, branch=branch, people=people, first_day=MARCH_6)
        assert name in " ".join(refused.value.message_dict["people"])
    with pytest.raises(ValidationError):
        add_stays(actor=organiser, branch=branch, people=hands[1:], first_day=MARCH_6, last_day=MARCH_5)
    assert OnSiteStay.objects.count() == 1


def test_only_the_organiser_writes_it_down(shift_leader: User, other_organiser: User, official: User, branch: Branch, hands: list[Person]) -> None:
    for actor in (shift_leader, other_organiser, official):
        with pytest.raises(Forbidden):
            add_stays(actor=actor, branch=branch, people=hands, first_day=MARCH_6)


def test_a_stay_ends_with_the_time_in_the_branch_and_with_the_branch(organiser: User, administrator: User, branch: Branch, hands: list[Person]) -> None:
    add_stays(actor=organiser, branch=branch, people=hands[:2], first_day=MARCH_5)
    add_stays(actor=organiser, branch=branch, people=hands[2:], first_day=MARCH_7)

    end_membership(actor=organiser, membership=Membership.objects.get(person=hands[0]), last_day=MARCH_6)
    assert spans(hands[0]) == [DateRange(MARCH_5, MARCH_7)]
    end_branch(actor=administrator, branch=branch, last_day=MARCH_6)
    assert spans(*hands) == [DateRange(MARCH_5, MARCH_7)] * 2


def test_whoever_leaves_the_branch_sooner_lives_on_site_until_then(organiser: User, branch: Branch, hands: list[Person]) -> None:
    end_membership(actor=organiser, membership=Membership.objects.get(person=hands[0]), last_day=MARCH_7)
    add_stays(actor=organiser, branch=branch, people=hands[:2], first_day=MARCH_6)
    assert spans(*hands) == [DateRange(MARCH_6, MARCH_7 + DAY), DateRange(MARCH_6, None)]


@pytest.mark.django_db(transaction=True)
def test_two_who_write_the_same_people_down_at_once_do_it_once(organiser: User, branch: Branch, hands: list[Person]) -> None:
    def write() -> None:
        add_stays(actor=organiser, branch=branch, people=hands, first_day=MARCH_6)

    assert sorted(at_once(write, write)) == ["ValidationError", "done"]
    assert OnSiteStay.objects.count() == 3


def test_the_page_names_who_lives_where_for_who_leads_them_and_masks_for_others(
    organiser: User, shift_leader: User, official: User, branch: Branch, hands: list[Person]
) -> None:
    add_stays(actor=organiser, branch=branch, people=hands, first_day=MARCH_5, place=PLACE)
    address = reverse("roster:on_site", args=[branch.public_id])

    for user in (organiser, shift_leader):
        html = opened(user, address)
        assert PLACE in html
        assert all(person.name in html for person in hands)
        # By name (zhu bing, zhu jia, zhu yi), never by who lives there longest.
        assert html.index("住丙") < html.index("住甲") < html.index("住乙")
    seen = opened(official, address)
    assert PLACE not in seen
    assert not any(person.name in seen for person in hands)
    assert "3" in seen.split('class="big num"')[1][:20]
    assert "0" in opened(official, f"{address}?day=2020-03-04").split('class="big num"')[1][:20]


def test_the_organiser_writes_down_and_ends_on_the_pages(organiser: User, branch: Branch, hands: list[Person], clock: Clock) -> None:
    add, end, page = (reverse(f"roster:{name}", args=[branch.public_id]) for name in ("on_site_add", "on_site_end", "on_site"))
    typed = {"people": [str(person.public_id) for person in hands], "first_day": "2020-03-06", "place": PLACE}

    assert PLACE in sent(organiser, add, **typed).content.decode()
    again = sent(organiser, add, **typed)
    assert again.status_code == 422
    assert "住甲" in again.content.decode()
    assert sent(organiser, add, first_day="2020-03-06").status_code == 422
    # Whoever lives there is not offered again.
    assert "住甲" not in opened(organiser, add)

    stay = OnSiteStay.objects.get(membership__person=hands[0])
    assert sent(organiser, end, last_day="2020-03-06").status_code == 422
    assert sent(organiser, end, last_day="2020-03-06", stays=[str(stay.public_id)]).status_code == 200
    assert "住甲" not in opened(organiser, f"{page}?day=2020-03-07")
    assert "住乙" in opened(organiser, f"{page}?day=2020-03-07")


def test_officials_see_how_many_in_each_branch_and_take_it_as_a_file(
    organiser: User, other_organiser: User, official: User, branch: Branch, other_branch: Branch, city: City, hands: list[Person]
) -> None:
    add_stays(actor=organiser, branch=branch, people=hands, first_day=MARCH_5, place=PLACE)
    add_stays(actor=other_organiser, branch=other_branch, people=[other_branch.memberships.get().person], first_day=MARCH_6)
    address = reverse("roster:on_site_list")

    html = opened(official, address)
    assert branch.name in html
    assert other_branch.name in html
    assert "4" in html.split('class="big num"')[1][:20]
    narrowed = opened(official, f"{address}?region={city.street.public_id}&day=2020-03-05")
    assert other_branch.name not in narrowed.split("<tbody>")[1]

    client = Client()
    client.force_login(official)
    response = client.get(reverse("roster:on_site_export", args=["xlsx"]), {"day": "2020-03-06"})
    rows = list(load_workbook(BytesIO(response.getvalue())).worksheets[0].iter_rows(min_row=2, values_only=True))
    assert sorted(row[1:] for row in rows) == sorted([(branch.name, 3), (other_branch.name, 1)])
    assert AuditEntry.objects.filter(action="on_site.exported", actor=official).count() == 1


def test_a_liaison_sees_branches_where_the_unit_serves_and_a_community_none(
    organiser: User, liaison: User, community_secretary: User, branch: Branch, hands: list[Person]
) -> None:
    add_stays(actor=organiser, branch=branch, people=hands, first_day=MARCH_5, place=PLACE)
    assert branch.name in opened(liaison, reverse("roster:on_site_list"))
    client = Client()
    client.force_login(community_secretary)
    assert client.get(reverse("roster:on_site_list")).status_code == 403
    assert client.get(reverse("roster:on_site", args=[branch.public_id])).status_code == 404
