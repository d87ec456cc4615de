"""The reviewer's list: what waits, whom to call, accepting, returning, filing on behalf."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import ReportVersion
from activities.services import accept, return_to_branch
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.factories import current, file, make_branch, make_user
from tests.personas import MARCH_5, MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")

LIST = "activities:review_list"


def client_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def act(client: Client, **posted: Any) -> Any:
    return client.post(reverse("activities:review_act"), {"day": MARCH_6.isoformat(), **posted})


@pytest.fixture
def neighbours(city: City, branch: Branch) -> list[Branch]:
    """Three more branches in the reviewer's street."""
    return [make_branch(city.community, f"{name}临时党支部") for name in ("一号", "二号", "三号")]


def test_what_waits_stands_first_then_what_is_missing(branch: Branch, neighbours: list[Branch], city: City, organiser: User, reviewer: User) -> None:
    clerk = make_user("clerk", (Role.ORGANISER, city.street))
    returned, accepted, _missing = neighbours
    return_to_branch(actor=reviewer, version=file(returned, MARCH_6, by=clerk, vehicles=1).version, note="请核对")
    accept(actor=reviewer, version=file(accepted, MARCH_6, by=clerk, vehicles=1).version)
    file(branch, MARCH_6, by=organiser, vehicles=1)

    page = client_of(reviewer).get(reverse(LIST))
    assert [state for state, _title, _rows in page.context["groups"]] == ["filed", "missing", "returned", "accepted"]
    assert page.context["counts"] == {"filed": 1, "missing": 1, "returned": 1, "accepted": 1}


def test_what_may_still_come_in_time_is_not_said_to_be_missing(branch: Branch, reviewer: User, clock: Clock) -> None:
    def pill() -> str:
        (row,) = next(rows for state, _title, rows in client_of(reviewer).get(reverse(LIST)).context["groups"] if state == "missing")
        return str(row.pill)

    # It is nine in the evening, and a report is due at half past eleven.
    assert pill() == "due"
    clock.move_to(clock.now() + timedelta(minutes=165))
    assert pill() == "missing"


def test_a_missing_branch_is_named_with_its_masked_duty_phone(branch: Branch, reviewer: User) -> None:
    html = client_of(reviewer).get(reverse(LIST)).content.decode()
    assert branch.name in html
    assert "199****5678" in html
    assert "19900005678" not in html


def test_figures_stand_with_their_change_and_what_is_odd(branch: Branch, organiser: User, reviewer: User) -> None:
    for back in range(1, 4):
        file(branch, MARCH_6 - timedelta(days=back), by=organiser, vehicles=180, turned_back=5)
    file(branch, MARCH_6, by=organiser, vehicles=900, turned_back=4, qualifiers={"turned_back": "about"})

    [(_state, _title, [row])] = client_of(reviewer).get(reverse(LIST)).context["groups"]
    assert [(figure.text, figure.change) for figure in row.figures] == [("900 vehicle-times", "+720"), ("about 4 person-times", "about −1")]
    assert "More than three times" in row.figures[0].hint


def test_a_report_with_a_hint_is_not_ticked_beforehand(branch: Branch, neighbours: list[Branch], city: City, reviewer: User) -> None:
    clerk = make_user("clerk", (Role.ORGANISER, city.street))
    odd = neighbours[0]
    file(odd, MARCH_5, by=clerk, vehicles=1)
    versions = {each: file(each, MARCH_6, by=clerk, vehicles=900).version for each in (branch, odd)}
    html = client_of(reviewer).get(reverse(LIST)).content.decode()
    ticks = {each: f'value="{version.public_id}" form="accept-many" checked' in html for each, version in versions.items()}
    assert ticks == {branch: True, odd: False}


def test_one_report_and_several_are_accepted(branch: Branch, neighbours: list[Branch], city: City, reviewer: User) -> None:
    clerk = make_user("clerk", (Role.ORGANISER, city.street))
    versions = [file(each, MARCH_6, by=clerk, vehicles=1).version for each in (branch, *neighbours)]
    client = client_of(reviewer)

    act(client, act="accept", version=str(versions[0].public_id))
    assert ReportVersion.objects.filter(state="accepted").count() == 1
    act(client, act="accept", version=[str(version.public_id) for version in versions])
    assert ReportVersion.objects.filter(state="accepted").count() == 4
    assert ReportVersion.objects.filter(reviewed_by=reviewer).count() == 4


def test_a_return_needs_a_note_and_keeps_what_was_typed(branch: Branch, organiser: User, reviewer: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=1).version
    client = client_of(reviewer)
    refused = act(client, act="return", version=str(version.public_id), note="  ")
    assert refused.status_code == 422
    assert b"Say what to look at before you return a report." in refused.content
    assert current(branch, MARCH_6) == version

    assert act(client, act="return", version=str(version.public_id), note="请核对出入人次").status_code == 302
    version.refresh_from_db()
    assert (version.state, version.review_note) == ("returned", "请核对出入人次")


def test_a_report_that_changed_meanwhile_is_not_accepted_unseen(branch: Branch, organiser: User, reviewer: User) -> None:
    old = file(branch, MARCH_6, by=organiser, vehicles=1).version
    file(branch, MARCH_6, by=organiser, vehicles=2)
    client = client_of(reviewer)
    page = client.get(act(client, act="accept", version=str(old.public_id)).url)
    assert b"Somebody else has dealt with this version meanwhile." in page.content
    assert not ReportVersion.objects.filter(state="accepted").exists()


def test_only_reviewers_review_and_only_in_their_scope(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, official: User, reviewer: User
) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=1).version
    elsewhere = file(other_branch, MARCH_6, by=other_organiser, vehicles=1).version
    for stranger in (organiser, official):
        client = client_of(stranger)
        assert client.get(reverse(LIST)).status_code == 403
        assert act(client, act="accept", version=str(version.public_id)).status_code == 403
        assert act(client, act="return", version=str(version.public_id), note="x").status_code == 403
    act(client_of(reviewer), act="accept", version=str(elsewhere.public_id))
    assert act(client_of(reviewer), act="return", version=str(elsewhere.public_id), note="x").status_code == 404
    assert not ReportVersion.objects.exclude(state="filed").exists()
    assert other_branch.name not in client_of(reviewer).get(reverse(LIST)).content.decode()


def test_a_call_is_filed_on_behalf_and_the_organiser_confirms(branch: Branch, organiser: User, reviewer: User, official: User) -> None:
    client, url = client_of(reviewer), reverse("activities:on_behalf", args=[branch.public_id, MARCH_6])
    assert b"Filed on behalf" in client.get(url).content
    answer: Any = client.post(url, {"action": "file", "v_vehicles": "200", "base": "0"})
    version = ReportVersion.objects.get()
    assert answer.url == reverse("activities:report_receipt", args=[version.public_id])
    assert (version.on_behalf, version.filed_by, version.confirmed_at) == (True, reviewer, None)
    assert b"organiser must still confirm it" in client.get(answer.url).content
    assert b"please confirm the figures" in client_of(organiser).get(answer.url).content
    assert client_of(organiser).get(url).status_code == 403
    assert client_of(official).get(url).status_code == 403

    confirm = reverse("activities:report_confirm", args=[version.public_id])
    assert client.post(confirm).status_code == 403
    assert b"Yes, confirm" in client_of(organiser).get(reverse("activities:report_detail", args=[version.report.public_id])).content
    client_of(organiser).post(confirm)
    version.refresh_from_db()
    assert version.confirmed_by == organiser
    assert b"must still confirm it" not in client.get(answer.url).content


def test_a_note_that_a_reviewer_may_not_read_survives_a_filing_on_behalf(branch: Branch, organiser: User, reviewer: User) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=1, note="张某家需要送药")
    client, url = client_of(reviewer), reverse("activities:on_behalf", args=[branch.public_id, MARCH_6])
    assert "张某" not in client.get(url).content.decode()
    client.post(url, {"action": "file", "v_vehicles": "2", "note": "", "base": "1"})
    version = current(branch, MARCH_6)
    assert version is not None
    assert (version.number, version.note) == (2, "张某家需要送药")


def test_another_day_is_one_step_away_and_nonsense_is_today(branch: Branch, organiser: User, reviewer: User) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=1)
    client = client_of(reviewer)
    assert client.get(reverse(LIST), {"day": "2020-03-05"}).context["counts"]["filed"] == 1
    for nonsense in ("2020-02-30", "x", "2020-03-07", "0001-01-01"):
        assert client.get(reverse(LIST), {"day": nonsense}).context["day"] == MARCH_6


@pytest.mark.parametrize("branches", [2, 12])
def test_the_list_takes_the_same_queries_at_any_size(branch: Branch, city: City, reviewer: User, django_assert_num_queries: Any, branches: int) -> None:
    clerk = make_user("clerk", (Role.ORGANISER, city.street))
    for number in range(branches):
        each = make_branch(city.community, f"第{number}临时党支部")
        file(each, MARCH_5, by=clerk, vehicles=2)
        if number % 2:
            file(each, MARCH_6, by=clerk, vehicles=2)
    client = client_of(reviewer)
    with django_assert_num_queries(12):
        client.get(reverse(LIST))
