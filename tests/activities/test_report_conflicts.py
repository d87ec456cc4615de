"""A day that somebody else files too, another tab of one's own, and a sign-in that was lost."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import Measure, ReportDraft, ReportVersion
from activities.services import save_draft
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.report_pages import REPORT, client_of, form_of, form_url, send
from tests.factories import PASSWORD, current, file, make_user
from tests.personas import MARCH_6, MARCH_7

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize("action", ["preview", "file"])
def test_figures_that_only_one_side_changed_are_merged_without_a_question(branch: Branch, organiser: User, action: str) -> None:
    colleague = make_user("colleague", (Role.ORGANISER, branch), name="示例同事")
    file(branch, MARCH_6, by=organiser, vehicles=200, turned_back=23)
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    file(branch, MARCH_6, by=colleague, vehicles=200, turned_back=25)

    merged = send(client, url, page, action=action, v_vehicles="210")
    assert merged.status_code == 409
    assert "示例同事 filed this report at 21:00" in merged.content.decode()
    assert "Taken over from what was filed meanwhile: turned back." in merged.content.decode()
    assert (form_of(merged)["v_vehicles"], form_of(merged)["v_turned_back"]) == ("210", "25")
    assert merged.context["questions"] == []
    assert send(client, url, merged, action="file").status_code == 302


@pytest.mark.parametrize(("pick", "value"), [("mine", 210), ("theirs", 220)])
def test_a_figure_that_both_changed_is_asked_about(branch: Branch, organiser: User, pick: str, value: int) -> None:
    colleague = make_user("colleague", (Role.ORGANISER, branch))
    file(branch, MARCH_6, by=organiser, vehicles=200)
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    file(branch, MARCH_6, by=colleague, vehicles=220)

    asked = send(client, url, page, action="file", v_vehicles="210")
    [question] = asked.context["questions"]
    assert (asked.status_code, question.mine, question.theirs) == (409, "210 vehicle-times", "220 vehicle-times")
    unanswered = send(client, url, asked, action="file", ask="vehicles")
    assert unanswered.status_code == 422
    assert [question.name for question in unanswered.context["questions"]] == ["vehicles"]

    assert send(client, url, unanswered, action="file", ask="vehicles", pick_vehicles=pick).status_code == 302
    assert Measure.objects.get(entry__version=current(branch, MARCH_6)).value == value


def test_a_second_tab_is_merged_like_somebody_else(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    first_tab, second_tab = client.get(url), client.get(url)
    send(client, url, first_tab, action="file", v_vehicles="200")
    merged = send(client, url, second_tab, action="file", v_turned_back="23")
    assert merged.status_code == 409
    assert (form_of(merged)["v_vehicles"], form_of(merged)["v_turned_back"]) == ("200", "23")


def test_a_draft_that_somebody_overtook_is_merged_when_it_is_opened(branch: Branch, organiser: User) -> None:
    colleague = make_user("colleague", (Role.ORGANISER, branch))
    save_draft(user=organiser, branch=branch, day=MARCH_6, data={"v_turned_back": "23"}, base=0)
    file(branch, MARCH_6, by=colleague, vehicles=220)
    page = client_of(organiser).get(form_url(branch))
    assert (form_of(page)["v_vehicles"], form_of(page)["v_turned_back"], form_of(page)["base"]) == ("220", "23", "1")


def test_a_lost_sign_in_leads_back_to_the_form_with_everything_typed(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    client.logout()

    wall = send(client, url, page, action="file", v_vehicles="2OO", note="夜班")
    assert wall.status_code == 302
    assert wall.url.startswith(reverse("accounts:sign_in"))
    signed_in: Any = client.post(wall.url, {"username": organiser.username, "password": PASSWORD})
    assert signed_in.url == url
    back = client.get(url)
    assert (form_of(back)["v_vehicles"], form_of(back)["note"]) == ("2OO", "夜班")
    assert b"Everything you typed is here" in back.content
    assert not ReportVersion.objects.exists()
    send(client, url, back, action="file", v_vehicles="200")
    assert form_of(client.get(url))["v_vehicles"] == "200"


def test_what_was_typed_when_the_sign_in_was_lost_is_shown_to_nobody_else_who_signs_in_next(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    client.logout()
    send(client, url, page, action="file", v_vehicles="2OO", note="夜班")

    colleague = make_user("colleague", (Role.ORGANISER, branch))
    client.force_login(colleague)
    theirs = client.get(url)
    assert (form_of(theirs)["v_vehicles"], form_of(theirs)["note"]) == ("", "")
    assert "夜班" not in theirs.content.decode()


def test_whoever_is_not_signed_in_sees_nothing_of_the_form(branch: Branch, db: None) -> None:
    for name in (REPORT, "activities:on_behalf"):
        assert Client().get(form_url(branch, name=name)).status_code == 302
    assert Client().get(reverse("activities:period_edit", args=[branch.public_id])).status_code == 302
    assert Client().post(form_url(branch, name="activities:draft_save"), {"v_vehicles": "1"}).status_code == 302


def test_a_form_with_an_old_token_goes_on_with_what_was_typed(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser, csrf=True), form_url(branch)
    page = client.get(url)
    refused = client.post(url, {**form_of(page), "csrfmiddlewaretoken": "x" * 64, "action": "file", "v_vehicles": "2OO", "note": "<b>夜班</b>"})
    assert refused.status_code == 403
    assert b"nothing is lost" in refused.content

    html = refused.content.decode()
    kept = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))
    assert kept["v_vehicles"] == "2OO"
    assert "<b>夜班" not in html
    back = client.post(url, kept)
    assert back.status_code == 200
    assert form_of(back)["v_vehicles"] == "2OO"
    assert not ReportVersion.objects.exists()


def test_a_draft_sent_by_script_answers_with_the_time(branch: Branch, organiser: User, official: User, other_branch: Branch) -> None:
    client = client_of(organiser)
    url = form_url(branch, name="activities:draft_save")
    assert client.post(url, {"v_vehicles": "12", "base": "0", "csrfmiddlewaretoken": "x"}).json() == {"saved_at": "21:00"}
    assert ReportDraft.objects.get().data == {"v_vehicles": "12"}
    assert client.get(url).status_code == 405
    assert client_of(official).post(url, {"v_vehicles": "12"}).status_code == 403
    assert client.post(form_url(other_branch, name="activities:draft_save"), {}).status_code == 404
    assert client.post(form_url(branch, MARCH_7, "activities:draft_save"), {}).status_code == 422
