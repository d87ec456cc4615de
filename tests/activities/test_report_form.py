"""The form of a day: what it asks, and what stood there last."""

import re
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import DailyReport
from activities.services import return_to_branch
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.report_pages import client_of, form_url
from tests.factories import file
from tests.personas import MARCH_5, MARCH_6, MARCH_7

pytestmark = pytest.mark.usefixtures("clock")


def test_the_form_asks_first_for_what_the_branch_usually_reports(branch: Branch, organiser: User) -> None:
    for back in range(1, 4):
        file(branch, MARCH_6 - timedelta(days=back), by=organiser, stalls_moved_on=3, vehicles=186)

    page = client_of(organiser).get(form_url(branch))

    codes = [row.metric.code for section in page.context["form"].usual_sections() for row in section.rows]
    assert codes == ["vehicles", "stalls_moved_on"]
    rows = [row for section in page.context["form"].usual_sections() for row in section.rows]
    assert (rows[0].past.day, rows[0].past.text) == ("yesterday", "186")
    assert b"due 23:30, 2 h 30 min left" in page.content


def test_a_branch_without_history_is_asked_for_the_gate_first(branch: Branch, organiser: User) -> None:
    page = client_of(organiser).get(form_url(branch))
    assert "vehicles" in page.context["form"].sheet.usual


def test_yesterday_stands_beside_the_field_with_its_qualifier(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=200, qualifiers={"vehicles": "nearly"})
    page = client_of(organiser, english=False).get(form_url(branch))
    assert "昨日 近200" in page.content.decode()


def past_of(client: Client, branch: Branch, day: date = MARCH_6) -> dict[str, tuple[str, str]]:
    """What stands beside each field: when it was given, and the figure."""
    form = client.get(form_url(branch, day)).context["form"]
    rows = [row for section in [*form.usual_sections(), *form.other_sections()] for row in section.rows]
    return {row.metric.code: (row.past.day, row.past.text) for row in rows if row.past}


def test_yesterdays_weight_stands_in_the_unit_that_the_field_has(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_5, by=organiser, goods_unloaded=7620, units={"goods_unloaded": "jin"})
    client = client_of(organiser, english=False)
    assert past_of(client, branch) == {"goods_unloaded": ("昨日", "3,810公斤")}
    file(branch, MARCH_6, by=organiser, goods_unloaded=5740, units={"goods_unloaded": "jin"})
    assert past_of(client, branch) == {"goods_unloaded": ("昨日", "7,620斤")}
    html = client.get(form_url(branch)).content.decode()
    assert re.findall(r'<span data-in-unit="(\w*)"( hidden)?>([^<]+)', html) == [
        ("jin", "", "7,620斤"),
        ("t", " hidden", "3.81吨"),
        ("", " hidden", "3,810公斤"),
    ]


def test_a_figure_not_given_yesterday_stands_with_the_day_it_was_given(branch: Branch, organiser: User, reviewer: User) -> None:
    file(branch, MARCH_5 - timedelta(days=20), by=organiser, home_isolated=4, turned_back=1)
    file(branch, MARCH_5 - timedelta(days=2), by=organiser, vehicles=770)
    version = file(branch, MARCH_5, by=organiser, person_entries=9).version
    client = client_of(organiser)
    # A value that holds is as old as it is; other figures of weeks ago say nothing any more.
    expected = {"vehicles": ("3 Mar", "770"), "home_isolated": ("14 Feb", "4"), "person_entries": ("yesterday", "9")}
    assert past_of(client, branch) == expected
    assert client.get(form_url(branch)).context["missed_eve"] == ""

    return_to_branch(actor=reviewer, version=version, note="请核对")
    assert past_of(client, branch) == {code: past for code, past in expected.items() if code != "person_entries"}
    assert "The report of yesterday was returned" in client.get(form_url(branch)).content.decode()
    assert "No report counts for 4 March" in client.get(form_url(branch, MARCH_5)).content.decode()
    assert past_of(client, branch, MARCH_5 - timedelta(days=1))["vehicles"] == ("3 Mar", "770")


def test_a_branch_that_never_reported_is_not_told_that_yesterday_is_missing(branch: Branch, organiser: User) -> None:
    assert client_of(organiser).get(form_url(branch)).context["missed_eve"] == ""


def test_a_kind_named_like_its_only_figure_is_said_once(branch: Branch, organiser: User) -> None:
    version = file(branch, MARCH_5, by=organiser, duty_person_times=8, vehicles=3).version
    client = client_of(organiser, english=False)
    receipt = client.get(reverse("activities:report_receipt", args=[version.public_id])).content.decode()
    assert re.findall(r'<h3 class="kind">([^<]+)', receipt) == ["卡口出入"]
    form = client.get(form_url(branch)).context["form"]
    assert [(section.label, section.says_its_row) for section in form.usual_sections()] == [("卡口出入", False), ("值守", True)]


@pytest.mark.parametrize("day", ["2020-02-30", "2020-13-01", "0000-00-00", "2020-3-6", "0001-01-01", "9999-12-31"])
def test_an_impossible_day_is_a_page_that_is_not_there(branch: Branch, organiser: User, day: str) -> None:
    assert client_of(organiser).get(f"/reports/{branch.public_id}/{day}/").status_code == 404


def test_tomorrow_says_that_it_is_not_here_yet_and_leads_to_today(branch: Branch, organiser: User) -> None:
    page = client_of(organiser).get(form_url(branch, MARCH_7))
    assert page.status_code == 404
    assert b"This day is not here yet." in page.content
    assert form_url(branch).encode() in page.content


def test_a_branch_outside_the_scope_is_not_there_and_one_that_is_only_read_is_forbidden(
    branch: Branch, other_branch: Branch, organiser: User, official: User, member: User, liaison: User
) -> None:
    assert client_of(organiser).get(form_url(other_branch)).status_code == 404
    assert client_of(organiser).post(form_url(other_branch), {"action": "file", "v_vehicles": "1"}).status_code == 404
    for reader in (official, member, liaison):
        assert client_of(reader).get(form_url(branch)).status_code == 403
        assert client_of(reader).post(form_url(branch), {"action": "file", "v_vehicles": "1"}).status_code == 403
    assert not DailyReport.objects.exists()
