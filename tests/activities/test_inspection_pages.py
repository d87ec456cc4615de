"""The pages of inspections, as officials and organisers use them."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import Inspection, InspectionPoint
from activities.services.inspections import assign, mend
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.activities.inspected import WORDS, a_point, inspected, inspection_of
from tests.personas import City, Clock

pytestmark = pytest.mark.usefixtures("clock")
POINTS, RECORDS, NEW = (reverse(f"inspections:{name}") for name in ("point_list", "inspection_list", "inspection_new"))


@pytest.fixture
def page(client: Client, official: User) -> Client:
    """The official's browser."""
    client.force_login(official)
    return client


def as_(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def typed(**fields: Any) -> dict[str, Any]:
    return {"business_date": "2020-03-06", **WORDS, "uid": str(uuid4()), "room": "2"} | fields


def of(branch: Branch) -> str:
    return reverse("inspections:inspection_record", args=[branch.public_id])


def act(point: InspectionPoint, **fields: Any) -> tuple[str, dict[str, Any]]:
    return reverse("inspections:point_act", args=[point.public_id]), {"seen": str(point.revision), **fields}


def detail(point: InspectionPoint) -> str:
    return reverse("inspections:point_detail", args=[point.public_id])


# --- Recording ----------------------------------------------------------------------------------------------------------


def test_an_inspection_with_two_points_is_recorded_on_one_page(page: Client, branch: Branch) -> None:
    secretary = branch.memberships.get().person
    points = {"p1-what": "补登记", "p1-due_on": "2020-03-08", "p1-owner": str(secretary.public_id), "p2-what": "换警示牌", "p2-due_on": "2020-03-07"}

    answer = page.post(of(branch), typed(**points), follow=True)

    inspection = Inspection.objects.get()
    assert answer.redirect_chain == [(reverse("inspections:inspection_detail", args=[inspection.public_id]), 302)]
    assert list(inspection.points.order_by("pk").values_list("what", "owner")) == [("补登记", secretary.pk), ("换警示牌", None)]
    text = answer.content.decode()
    for words in ("已登记。", "补登记", "换警示牌", "示例书记", "区督查一组"):
        assert words in text


def test_a_second_tap_leads_to_the_same_inspection(page: Client, branch: Branch) -> None:
    sent = typed()
    first, second = page.post(of(branch), sent), page.post(of(branch), sent)

    assert first.headers["Location"] == second.headers["Location"]
    assert Inspection.objects.count() == 1


def test_whoever_inspects_stands_in_the_form_and_a_branch_writes_down_who_came(client: Client, branch: Branch, official: User, organiser: User) -> None:
    assert as_(client, official).get(of(branch)).context["form"].initial["inspector"] == str(official)
    assert as_(client, organiser).get(NEW, follow=True).context["form"].initial["inspector"] == ""


def test_room_for_more_points_keeps_what_was_typed_and_stores_nothing(page: Client, branch: Branch) -> None:
    answer = page.post(of(branch), typed(**{"inspector": "", "p2-what": "换警示牌", "p2-due_on": "2020-03-09", "more": "1"}))

    assert answer.status_code == 200
    text = answer.content.decode()
    assert "换警示牌" in text
    assert 'value="2020-03-09"' in text
    assert "夜间值守" in text
    assert len(answer.context["points"]) == 5
    assert not Inspection.objects.exists()
    assert page.post(of(branch), typed(**{"room": "5", "p5-what": "第五个", "p5-due_on": "2020-03-09"})).status_code == 302
    assert InspectionPoint.objects.get().what == "第五个"


def test_what_the_form_lacks_is_said_in_it_and_nothing_is_lost(page: Client, branch: Branch) -> None:
    answer = page.post(of(branch), typed(**{"result": "", "p1-what": "补登记", "p1-due_on": ""}))

    assert answer.status_code == 422
    assert "result" in answer.context["form"].errors
    assert "due_on" in answer.context["points"][0].errors
    assert "补登记" in answer.content.decode()
    answer = page.post(of(branch), typed(business_date="2020-03-07"))
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["business_date"])


def test_without_a_branch_one_is_chosen_by_its_name(page: Client, branch: Branch, other_branch: Branch) -> None:
    assert of(branch) in page.get(NEW).content.decode()
    text = page.get(NEW, {"q": "临湖"}).content.decode()
    assert of(other_branch) in text
    assert of(branch) not in text


def test_a_branch_outside_the_scope_is_not_there(client: Client, branch: Branch, organiser: User, other_branch: Branch, shift_leader: User) -> None:
    assert as_(client, organiser).get(of(other_branch)).status_code == 404
    assert as_(client, shift_leader).get(NEW).status_code == client.get(of(branch)).status_code == 403


# --- Lists --------------------------------------------------------------------------------------------------------------


def test_what_is_overdue_stands_first_for_branch_and_official(client: Client, branch: Branch, official: User, organiser: User, clock: Clock) -> None:
    later, soon = a_point(branch, official, due_in=9), a_point(branch, official, due_in=0)
    mend(actor=organiser, point=a_point(branch, official), seen=1, note="已补")
    clock.move_to(clock.now().replace(day=8))

    for reader in (official, organiser):
        answer = as_(client, reader).get(POINTS)
        assert answer.context["page"].items == [soon, later]
        assert [tab.counted.total for tab in answer.context["tabs"] if tab.counted] == [2, 1, 1]
        assert "已超期 2 天" in answer.content.decode()
    assert client.get(POINTS, {"state": "overdue"}).context["page"].items == [soon]
    assert len(client.get(POINTS, {"state": ""}).context["page"].items) == 3


def test_words_and_names_are_for_those_who_mend_and_check(client: Client, branch: Branch, official: User, liaison: User, community_secretary: User) -> None:
    point = a_point(branch, official)
    for reader in (liaison, community_secretary):
        for url in (POINTS, detail(point), reverse("inspections:inspection_detail", args=[inspection_of(point).public_id])):
            text = as_(client, reader).get(url).content.decode()
            assert "晚班登记缺项" not in text
            assert "登记有缺项" not in text
    assert not AuditEntry.objects.filter(action__in=["inspections.seen", "inspection_point.seen", "inspection.seen"]).exists()

    assert "晚班登记缺项" in as_(client, official).get(detail(point)).content.decode()
    assert AuditEntry.objects.filter(action="inspection_point.seen", object_id=point.public_id).count() == 1


def test_lists_are_narrowed_by_place_and_days(page: Client, branch: Branch, other_branch: Branch, official: User, city: City) -> None:
    here, there = a_point(branch, official), a_point(other_branch, official)

    for query, expected in (
        ({"branch": str(branch.public_id)}, [here]),
        ({"region": str(city.other_street.public_id)}, [there]),
        ({"since": "2020-03-07"}, []),
    ):
        assert page.get(POINTS, query | {"state": "open"}).context["page"].items == expected
        assert [found.pk for found in page.get(RECORDS, query).context["page"].items] == [point.inspection_id for point in expected]
    for url in (POINTS, RECORDS):
        assert page.get(url, {"since": "x"}).status_code == 400


def test_the_files_have_the_rows_of_the_lists_and_no_words(page: Client, branch: Branch, official: User) -> None:
    inspected(branch, official, "晚班登记缺项", "换警示牌")

    for name, rows in (("point_export", 2), ("inspection_export", 1)):
        answer = page.get(reverse(f"inspections:{name}", args=["csv"]))
        text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        assert len(text.splitlines()) == rows + 1
        assert "区督查一组" in text
        assert "登记" not in text.replace("已登记", "")
        assert page.get(reverse(f"inspections:{name}", args=["xlsx"])).status_code == 200
        assert page.get(reverse(f"inspections:{name}", args=["pdf"])).status_code == 404
    assert AuditEntry.objects.filter(action="inspections.exported").count() == 4


# --- A point ------------------------------------------------------------------------------------------------------------


def test_a_point_goes_from_the_branch_to_the_official_and_back(client: Client, branch: Branch, official: User, organiser: User) -> None:
    point = a_point(branch, official)

    def do(actor: User, **fields: Any) -> None:
        point.refresh_from_db()
        assert as_(client, actor).post(*act(point, **fields)).status_code == 302

    do(organiser, act="assign", person=str(branch.memberships.get().person.public_id))
    do(organiser, act="mend", note="已补")
    do(official, act="send_back", note="体温仍缺", due_on="2020-03-09")
    do(organiser, act="mend", note="体温已补")
    do(official, act="pass", note="现场已看")

    point.refresh_from_db()
    assert point.state == "checked"
    text = client.get(detail(point)).content.decode()
    for words in ("体温仍缺", "体温已补", "现场已看", "已销号"):
        assert words in text
    assert 'name="act"' not in text


def test_each_side_is_offered_what_is_its_own(client: Client, branch: Branch, official: User, organiser: User) -> None:
    point = a_point(branch, official)
    assert set(as_(client, organiser).get(detail(point)).context["forms"]) == {"mend", "assign"}
    assert not as_(client, official).get(detail(point)).context["forms"]
    assert client.post(*act(point, act="mend", note="已补")).status_code == 403
    mend(actor=organiser, point=point, seen=1, note="已补")
    assert set(client.get(detail(point)).context["forms"]) == {"pass", "send_back"}
    assert as_(client, organiser).post(*act(point, act="pass")).status_code == 403
    assert client.post(*act(point, act="dance")).status_code == 404


def test_what_was_typed_on_a_stale_page_is_still_there(client: Client, branch: Branch, official: User, organiser: User) -> None:
    point = a_point(branch, official)
    assign(actor=organiser, point=point, seen=1, person=None)

    answer = as_(client, organiser).post(*act(point, act="mend", note="我补了两页"))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "我补了两页" in text
    assert 'name="seen" value="2"' in text

    point.refresh_from_db()
    mend(actor=organiser, point=point, seen=2, note="别人补了")
    text = client.post(*act(point, act="mend", note="我补了两页")).content.decode()
    assert "您填的内容：" in text
    assert "我补了两页" in text


def test_what_a_form_lacks_is_said_in_it(client: Client, branch: Branch, official: User, organiser: User) -> None:
    point = a_point(branch, official)
    answer = as_(client, organiser).post(*act(point, act="mend", note=""))
    assert (answer.status_code, list(answer.context["refused"].form.errors)) == (422, ["note"])
    point = mend(actor=organiser, point=point, seen=1, note="已补")
    answer = as_(client, official).post(*act(point, act="send_back", note="仍缺", due_on="2020-03-01"))
    assert (answer.status_code, list(answer.context["refused"].form.errors)) == (422, ["due_on"])


# --- Withdrawing, and where it is heard of ------------------------------------------------------------------------------


def test_an_inspection_is_withdrawn_from_its_page(client: Client, branch: Branch, official: User, organiser: User) -> None:
    inspection = inspected(branch, official, "补登记")
    url = reverse("inspections:inspection_withdraw", args=[inspection.public_id])
    assert as_(client, organiser).post(url, {"why": "不服"}).status_code == 403

    assert as_(client, official).post(url, {"why": ""}).status_code == 422
    answer = client.post(url, {"why": "记错了支部"}, follow=True)
    assert "记错了支部" in answer.content.decode()
    assert client.post(url, {"why": "另一个理由"}).status_code == 409
    assert client.get(RECORDS, {"withdrawn": "no"}).context["page"].items == []


def test_the_organisers_day_and_the_branch_page_lead_to_what_is_to_be_mended(client: Client, branch: Branch, official: User, organiser: User) -> None:
    a_point(branch, official)

    text = as_(client, organiser).get(reverse("activities:today")).content.decode()
    assert "1 个督查问题待整改" in text
    assert f"{POINTS}?branch={branch.public_id}" in client.get(reverse("branches:branch_detail", args=[branch.public_id])).content.decode()
