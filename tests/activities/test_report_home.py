"""The organiser's home: what has to be filed, what waits, what came back."""

from datetime import timedelta

import pytest
from django.urls import reverse

from activities.services import return_to_branch, save_draft
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.report_pages import client_of, form_url
from tests.factories import current, file, make_branch, make_user
from tests.personas import MARCH_5, MARCH_6, MINUTE, City, Clock

pytestmark = pytest.mark.usefixtures("clock")


def test_a_draft_is_called_one_on_the_home_page_and_on_the_form(branch: Branch, organiser: User, clock: Clock) -> None:
    save_draft(user=organiser, branch=branch, day=MARCH_6, data={"v_vehicles": "77"}, base=0)
    client = client_of(organiser)
    for moment in (clock.moment, branch.due_at(MARCH_6) + MINUTE):
        clock.move_to(moment)
        assert client.get(form_url(branch)).context["state"] == "draft"
        assert [row.state for row in client.get(reverse("activities:today")).context["rows"]] == ["draft"]


def test_a_day_past_its_due_time_is_missing_on_the_home_page_and_on_the_form(branch: Branch, organiser: User, clock: Clock) -> None:
    client = client_of(organiser)
    states = []
    for moment in (clock.moment, branch.due_at(MARCH_6) + MINUTE):
        clock.move_to(moment)
        states.append((client.get(form_url(branch)).context["state"], client.get(reverse("activities:today")).context["rows"][0].state))
    assert states == [("due", "due"), ("missing", "missing")]


def test_a_branch_that_owes_nothing_has_nothing_to_be_filed(city: City) -> None:
    quiet = make_branch(city.community, "安静临时党支部", reports_daily=False)
    client = client_of(make_user("clerk", (Role.ORGANISER, quiet)))
    for page in (client.get(form_url(quiet)), client.get(reverse("activities:today"))):
        assert 'class="pill' not in page.content.decode()


def test_the_home_page_counts_what_waits(branch: Branch, organiser: User, reviewer: User) -> None:
    return_to_branch(actor=reviewer, version=file(branch, MARCH_5, by=organiser, vehicles=200).version, note="请核对")
    page = client_of(organiser).get(reverse("activities:today"))
    assert page.context["waiting"] == "1 report is still to be filed, 1 report was returned, 6 past days are missing"


def test_returned_reports_stand_first_on_the_organisers_home(branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    quiet = make_branch(city.community, "安静临时党支部")
    for day in (MARCH_5, MARCH_6):
        file(branch, day, by=organiser, vehicles=200)
    version = current(branch, MARCH_5)
    assert version is not None
    return_to_branch(actor=reviewer, version=version, note="请核对出入人次")
    clerk = make_user("clerk", (Role.ORGANISER, branch), (Role.ORGANISER, quiet))

    page = client_of(clerk).get(reverse("activities:today"))
    assert [row.branch for row in page.context["rows"]] == [branch, quiet]
    html = page.content.decode()
    assert "请核对出入人次" in html
    assert html.count("btn primary") == 1
    assert html.index("请核对出入人次") < html.index(quiet.name)


def test_home_names_missing_days_drafts_and_reports_to_confirm(branch: Branch, organiser: User, reviewer: User) -> None:
    file(branch, MARCH_5, by=reviewer, on_behalf=True, vehicles=200)
    save_draft(user=organiser, branch=branch, day=MARCH_6, data={"v_vehicles": "1"}, base=0)
    [row] = client_of(organiser).get(reverse("activities:today")).context["rows"]
    assert row.missing == [MARCH_6 - timedelta(days=back) for back in range(2, 8)]
    assert (row.state, len(row.to_confirm)) == ("draft", 1)


def test_who_files_for_no_branch_is_told_so(official: User) -> None:
    assert b"You file for no branch" in client_of(official).get(reverse("activities:today")).content
