"""The pages of contact points, as leaders, offices and branches use them."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import ContactPoint, ContactVisit, InspectionPoint
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.activities.contacted import contact, visited
from tests.factories import make_user
from tests.personas import MARCH_6, City

pytestmark = pytest.mark.usefixtures("clock")
LIST, NEW, OWN = (reverse(f"contacts:{name}") for name in ("contact_list", "contact_new", "own_list"))


@pytest.fixture
def page(client: Client, reviewer: User) -> Client:
    """The browser of the street's office."""
    client.force_login(reviewer)
    return client


def as_(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def of(name: str, point: ContactPoint) -> str:
    return reverse(f"contacts:{name}", args=[point.public_id])


def visit(**fields: Any) -> dict[str, Any]:
    return {"visited_day": "2020-03-06", "visited_time": "15:20", "found": "照明不足", "uid": str(uuid4())} | fields


def test_a_site_is_given_out_on_one_page(page: Client, city: City) -> None:
    typed = {"region": "望江社区", "name": "王局长", "office": "副局长", "unit": "示例局", "duty_phone": "19900009999", "from_day": "2020-03-06"}
    sent = {**typed, "uid": str(uuid4())}

    answer = page.post(NEW, sent, follow=True)

    text = answer.content.decode()
    for words in ("望江社区", "王局长", "副局长", "199****9999", "还没有人来过"):
        assert words in text
    assert page.post(NEW, sent).status_code == 302
    assert ContactPoint.objects.count() == 1
    answer = page.post(NEW, {**typed, "uid": str(uuid4())})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["region"])


def test_the_leader_finds_their_sites_and_records_a_visit(client: Client, city: City, reviewer: User, branch: Branch) -> None:
    point = contact(city.community, reviewer)
    browser = as_(client, make_user("leader", person=point.terms.get().leader))
    assert of("visit_record", point) in browser.get(OWN).content.decode()

    sent = visit(**{"branch": str(branch.public_id), "p1-what": "加装一盏灯", "p1-due_on": "2020-03-08"})
    text = browser.post(of("visit_record", point), sent, follow=True).content.decode()

    assert browser.post(of("visit_record", point), sent).status_code == 302
    assert ContactVisit.objects.count() == InspectionPoint.objects.count() == 1
    for words in ("照明不足", "加装一盏灯", "待整改"):
        assert words in text
    assert browser.get(LIST).context["page"].items == [point]


def test_what_a_visit_lacks_is_said_and_nothing_is_lost(page: Client, city: City, reviewer: User, branch: Branch) -> None:
    point = contact(city.community, reviewer)
    answer = page.post(of("visit_record", point), visit(**{"found": "", "p1-what": "加装一盏灯", "p1-due_on": ""}))
    assert answer.status_code == 422
    assert "found" in answer.context["form"].errors
    assert "加装一盏灯" in answer.content.decode()
    answer = page.post(of("visit_record", point), visit(visited_time="23:59"))
    assert answer.status_code == 422
    assert "走访之后才能登记" in answer.content.decode()


def test_the_list_begins_with_what_nobody_visited_for_long(page: Client, city: City, reviewer: User) -> None:
    recent, long_ago = contact(city.community, reviewer, spot="东门"), contact(city.community, reviewer, spot="西门")
    visited(recent, reviewer)
    visited(long_ago, reviewer, days_ago=8)

    answer = page.get(LIST)
    assert answer.context["page"].items == [long_ago, recent]
    text = answer.content.decode()
    assert "7 天未走访" in text
    assert page.get(LIST, {"state": "unvisited"}).context["page"].items == [long_ago]
    assert page.get(LIST, {"region": str(city.community.public_id), "state": "closed"}).context["page"].items == []


def test_words_are_for_the_branches_there_and_for_those_who_check(client: Client, city: City, reviewer: User, organiser: User, liaison: User) -> None:
    point = contact(city.community, reviewer)
    visited(point, reviewer, found="一位老人独居")

    assert "一位老人独居" not in as_(client, liaison).get(of("contact_detail", point)).content.decode()
    assert not AuditEntry.objects.filter(action="contact_visits.seen").exists()
    assert "一位老人独居" in as_(client, organiser).get(of("contact_detail", point)).content.decode()
    assert AuditEntry.objects.filter(action="contact_visits.seen", object_id=point.public_id).count() == 1


def test_a_call_is_logged_and_the_number_hidden_until_then(client: Client, city: City, reviewer: User, official: User, organiser: User) -> None:
    point = contact(city.community, reviewer)
    assert "199****9999" not in as_(client, organiser).get(of("contact_detail", point)).content.decode()
    assert client.post(of("contact_call", point)).status_code == 404

    assert "19900009999" not in as_(client, official).get(of("contact_detail", point)).content.decode()
    answer = client.post(of("contact_call", point))
    assert "19900009999" in answer.content.decode()
    assert answer["Refresh"] == "0; url=tel:19900009999"
    assert AuditEntry.objects.get(action="phone.called").details == {"contact_point": str(point.public_id)}


def test_the_leader_is_changed_and_a_stale_page_is_refused_with_what_was_typed(page: Client, city: City, reviewer: User) -> None:
    point = contact(city.community, reviewer)
    seen = str(point.terms.get().public_id)
    assert page.post(of("leader_set", point), {"name": "李主任", "from_day": "2020-03-06", "seen": seen}).status_code == 302

    answer = page.post(of("leader_set", point), {"name": "赵主任", "from_day": "2020-03-06", "seen": seen})
    assert answer.status_code == 409
    assert "赵主任" in answer.content.decode()
    assert point.terms.get(during__contains=MARCH_6).leader.name == "李主任"


def test_a_site_ends_and_stays_to_be_read(page: Client, city: City, reviewer: User) -> None:
    point = contact(city.community, reviewer)
    assert page.post(of("contact_close", point), {"last_day": "x"}).status_code == 422
    assert page.post(of("contact_close", point), {"last_day": "2020-01-01"}).status_code == 422
    assert page.post(of("contact_close", point), {"last_day": "2020-03-06"}).status_code == 302

    assert page.get(LIST).context["page"].items == []
    assert page.get(LIST, {"state": "closed"}).context["page"].items == [point]


def test_the_file_has_the_rows_of_the_list_and_no_words(page: Client, city: City, reviewer: User) -> None:
    visited(contact(city.community, reviewer), reviewer, found="一位老人独居")

    for format in ("csv", "xlsx"):
        answer = page.get(reverse("contacts:contact_export", args=[format]))
        content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
        if format == "csv":
            text = content.decode("utf-8-sig")
            assert len(text.splitlines()) == 2
            assert "示例局长" in text
            assert "老人" not in text
    assert page.get(reverse("contacts:contact_export", args=["pdf"])).status_code == 404
