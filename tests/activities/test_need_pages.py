"""The pages of the ledger of needs, as organisers, officials and the street use them."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import Need
from activities.services.needs import assign, correct, hand_on, resolve
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.activities.needs import recorded
from tests.factories import make_person
from tests.personas import MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")
LIST = reverse("activities:need_list")
RECORD = reverse("activities:need_record")


@pytest.fixture
def page(client: Client, organiser: User) -> Client:
    """The organiser's browser."""
    client.force_login(organiser)
    return client


def as_(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def typed(branch: Branch, **fields: Any) -> dict[str, Any]:
    return {"branch": str(branch.public_id), "uid": str(uuid4()), "channel": "wechat", "category": "food", "urgency": "soon"} | fields


def act(need: Need, **fields: Any) -> tuple[str, dict[str, Any]]:
    return reverse("activities:need_act", args=[need.public_id]), {"seen": str(need.revision), **fields}


def detail(need: Need) -> str:
    return reverse("activities:need_detail", args=[need.public_id])


# --- Recording ----------------------------------------------------------------------------------------------------------


def test_two_taps_record_a_need(page: Client, branch: Branch) -> None:
    answer = page.post(RECORD, typed(branch), follow=True)

    need = Need.objects.get()
    assert answer.redirect_chain == [(detail(need), 302)]
    assert (need.category, need.channel, need.residents, need.recorded_on) == ("food", "wechat", 1, MARCH_6)
    assert "已登记。" in answer.content.decode()


def test_a_second_tap_on_record_leads_to_the_same_need(page: Client, branch: Branch) -> None:
    fields = typed(branch)
    page.post(RECORD, fields)

    answer = page.post(RECORD, fields, follow=True)

    assert Need.objects.count() == 1
    assert "只记了一次" in answer.content.decode()


def test_recorded_one_after_another_the_form_comes_back_empty(page: Client, branch: Branch) -> None:
    answer = page.post(RECORD, typed(branch, next="1"))

    assert answer.status_code == 302
    assert answer["Location"] == f"{RECORD}?branch={branch.public_id}"


def test_of_a_need_like_one_that_waits_is_asked_first_with_all_that_was_typed(page: Client, branch: Branch, organiser: User) -> None:
    held = recorded(branch, organiser)
    fields = typed(branch, phone="199 0000-7788", words="再要一盒")

    answer = page.post(RECORD, fields)

    text = answer.content.decode()
    assert answer.status_code == 409
    assert detail(held) in text
    assert "再要一盒" in text
    assert Need.objects.count() == 1
    page.post(RECORD, fields | {"despite": "1"})
    assert Need.objects.filter(phone="19900007788").count() == 2


def test_whoever_may_not_read_the_other_need_is_told_of_it_without_its_household(client: Client, branch: Branch, organiser: User, shift_leader: User) -> None:
    recorded(branch, organiser)

    answer = as_(client, shift_leader).post(RECORD, typed(branch, household="3栋 2单元 501"))

    assert answer.status_code == 409
    assert "可能已经登记过" in answer.content.decode()
    assert "购药送药 ·" not in answer.content.decode()


def test_what_is_missing_is_said_beside_it(page: Client, branch: Branch) -> None:
    answer = page.post(RECORD, typed(branch, category="other", residents="0", household="5栋"))

    text = answer.content.decode()
    assert answer.status_code == 422
    assert 'value="5栋"' in text
    assert answer.context["form"].errors.keys() == {"residents"}
    answer = page.post(RECORD, typed(branch, category="other"))
    assert answer.context["form"].errors.keys() == {"words"}


# --- The list -----------------------------------------------------------------------------------------------------------


def test_what_is_overdue_stands_first_and_is_counted(page: Client, branch: Branch, organiser: User, clock: Clock) -> None:
    later = recorded(branch, organiser, urgency="normal", household="甲")
    sooner = recorded(branch, organiser, urgency="soon", household="乙")
    overdue = recorded(branch, organiser, urgency="urgent", household="丙", at=clock.now().replace(hour=9))

    answer = page.get(LIST)

    assert [need.pk for need in answer.context["page"].items] == [overdue.pk, sooner.pk, later.pk]
    assert {tab.state: tab.counted.total for tab in answer.context["tabs"] if tab.counted} == {"open": 3, "overdue": 1, "handed_on": 0}
    assert [need.pk for need in page.get(LIST, {"state": "overdue"}).context["page"].items] == [overdue.pk]


def test_the_days_of_a_figure_open_the_needs_that_it_counts(page: Client, branch: Branch, organiser: User, other_branch: Branch, clock: Clock) -> None:
    resolved, _waiting = recorded(branch, organiser, result="已告知"), recorded(branch, organiser)

    def found(**query: str) -> set[int]:
        asked = {"branch": str(branch.public_id), "since": "2020-03-06", "until": "2020-03-06", **query}
        return {need.pk for need in page.get(LIST, asked).context["page"].items}

    assert len(found(counted="recorded")) == 2
    assert found(counted="resolved") == {resolved.pk}
    assert found(counted="resolved", since="2020-03-07", until="2020-03-07") == set()


def test_an_official_reads_the_list_without_words_and_households(client: Client, branch: Branch, organiser: User, official: User) -> None:
    need = recorded(branch, organiser)

    text = as_(client, official).get(LIST).content.decode()

    assert detail(need) in text
    assert "降压药" not in text
    assert "3栋2单元501" not in text
    assert 'type="checkbox"' not in text


def test_a_list_is_resolved_at_once_and_keeps_its_filters(page: Client, branch: Branch, organiser: User) -> None:
    needs = [recorded(branch, organiser, household=f"{number}栋") for number in range(3)]
    correct(actor=organiser, need=needs[2], seen=1, facts={"words": "胰岛素"})
    ticked = [f"{need.public_id}.1" for need in needs]

    answer = page.post(f"{reverse('activities:need_done')}?state=open", {"need": ticked, "result": "统一配送"}, follow=True)

    assert answer.redirect_chain == [(f"{LIST}?state=open", 302)]
    text = answer.content.decode()
    assert "已办结 2 项。" in text
    assert "1 项未改动" in text
    assert Need.objects.filter(state="resolved", result="统一配送").count() == 2


def test_without_a_result_or_a_tick_the_list_says_so_and_keeps_the_ticks(page: Client, branch: Branch, organiser: User) -> None:
    need = recorded(branch, organiser)
    done = reverse("activities:need_done")

    answer = page.post(done, {"need": [f"{need.public_id}.1"], "result": ""})
    assert answer.status_code == 422
    assert "checked" in answer.content.decode()
    answer = page.post(done, {"result": "统一配送"})
    assert answer.status_code == 422
    assert "请勾选" in answer.content.decode()
    assert 'value="统一配送"' in answer.content.decode()


def test_the_file_of_the_list_has_its_rows_and_nothing_sensitive(page: Client, branch: Branch, organiser: User) -> None:
    recorded(branch, organiser)
    recorded(branch, organiser, result="已告知")

    answer = page.get(reverse("activities:need_export", args=["csv"]), {"state": "open"})

    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert len(text.splitlines()) == 2
    assert "购药送药" in text
    for word in ("降压药", "3栋", "19900007788", "示例居民"):
        assert word not in text
    assert AuditEntry.objects.filter(action="needs.exported").count() == 1
    assert page.get(reverse("activities:need_export", args=["xlsx"])).status_code == 200
    assert page.get(reverse("activities:need_export", args=["pdf"])).status_code == 404


# --- A need -------------------------------------------------------------------------------------------------------------


def test_the_page_shows_what_is_needed_and_logs_that_it_was_seen(page: Client, branch: Branch, organiser: User) -> None:
    need = recorded(branch, organiser)

    text = page.get(detail(need)).content.decode()

    assert "降压药两盒" in text
    assert "tel:19900007788" in text
    assert AuditEntry.objects.filter(action="need.seen", object_id=need.public_id).count() == 1


def test_an_official_sees_masks_and_no_names_of_other_units(client: Client, branch: Branch, organiser: User, official: User, liaison: User, city: City) -> None:
    need = recorded(branch, organiser)
    assign(actor=organiser, need=need, seen=1, person=make_person("外单位同志", city.bureau, branch))

    for reader, sees_name in ((official, True), (liaison, False)):
        text = as_(client, reader).get(detail(need)).content.decode()
        assert "降压药" not in text
        assert "199****7788" in text
        assert "示***" in text
        assert ("外单位同志" in text) is sees_name
    assert not AuditEntry.objects.filter(action="need.seen").exists()


def test_each_act_is_done_from_the_page(page: Client, branch: Branch, organiser: User, city: City) -> None:
    need, person = recorded(branch, organiser), make_person("示例志愿者", None, branch)

    def do(**fields: Any) -> None:
        need.refresh_from_db()
        assert page.post(*act(need, **fields)).status_code == 302

    do(act="assign", person=str(person.public_id))
    do(act="correct", category="medicine", urgency="urgent", channel="phone", words="胰岛素", household="3栋2单元501", residents="2")
    do(act="hand_on", to=f"region:{city.street.public_id}", note="请协调药店")
    do(act="take_back", note="支部已找到")
    do(act="resolve", result="已送达")
    do(act="call_back", answer="unsolved", note="少一支")
    do(act="resolve", result="已补送")
    do(act="reopen", note="居民来电")

    kinds = list(need.events.order_by("number").values_list("kind", flat=True))
    assert kinds == ["recorded", "assigned", "changed", "handed_on", "taken_back", "resolved", "called_back", "reopened", "resolved", "reopened"]
    text = page.get(detail(need)).content.decode()
    assert "请协调药店" in text
    assert "梧桐街道" in text


def test_what_was_typed_on_a_stale_page_is_still_there(page: Client, branch: Branch, organiser: User) -> None:
    need = recorded(branch, organiser)
    correct(actor=organiser, need=need, seen=1, facts={"words": "胰岛素"})

    answer = page.post(*act(need, act="resolve", result="我送了一盒"))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "其间这项需求有了新情况" in text
    assert "我送了一盒" in text
    assert 'name="seen" value="2"' in text

    need.refresh_from_db()
    resolve(actor=organiser, need=need, seen=2, result="别人送了")
    text = page.post(*act(need, act="resolve", result="我送了一盒")).content.decode()
    assert "您填的内容：" in text
    assert "我送了一盒" in text


def test_what_a_form_lacks_is_said_in_it(page: Client, branch: Branch, organiser: User) -> None:
    need = recorded(branch, organiser)

    for fields, name in (({"act": "resolve", "result": ""}, "result"), ({"act": "hand_on", "to": "region:x"}, "to")):
        answer = page.post(*act(need, **fields))
        assert answer.status_code == 422
        assert name in answer.context["refused"].form.errors
    assert page.post(*act(need, act="dance")).status_code == 404
    assert need.events.count() == 1


def test_the_street_is_told_what_is_handed_to_it_and_answers(client: Client, branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    need = recorded(branch, organiser)
    street = as_(client, reviewer)
    assert "降压药" not in street.get(detail(need)).content.decode()

    need = hand_on(actor=organiser, need=need, seen=1, to=city.street)

    text = street.get(detail(need)).content.decode()
    assert "降压药两盒" in text
    assert "退回支部" in text
    assert 'value="correct"' not in text
    assert street.post(*act(need, act="correct", category="food")).status_code == 403
    assert street.post(*act(need, act="resolve", result="已派车")).status_code == 302


def test_the_organisers_day_says_that_needs_wait(page: Client, branch: Branch, organiser: User, clock: Clock) -> None:
    recorded(branch, organiser)
    recorded(branch, organiser, urgency="urgent", at=clock.now().replace(hour=9), household="5栋")

    text = page.get(reverse("activities:today")).content.decode()

    assert "1 项居民需求已超时" in text
