"""A day filed again: a second tap, a supplement, a correction."""

from decimal import Decimal
from uuid import uuid4

import pytest

from activities.models import Measure, ReportVersion
from activities.services import Figure, Participation, Work, file_daily_report
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.report_pages import client_of, form_of, form_url, send
from tests.factories import current, file, make_person
from tests.personas import MARCH_5, MARCH_6, MINUTE, City, Clock

pytestmark = pytest.mark.usefixtures("clock")


def test_a_correction_is_looked_through_with_what_changes_first(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=770, turned_back=2, errands=4)
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    preview = send(client, url, page, action="preview", v_errands="", v_turned_back="２", v_vehicles="777")
    assert [(row.label, row.before, row.text) for row in preview.context["changed"]] == [
        ("vehicles registered", "770 vehicle-times", "777 vehicle-times"),
        ("errands run", "4 person-times", "left blank"),
    ]
    assert [row.label for row in preview.context["rows"]] == ["turned back"]
    assert b"No figure changes" in send(client, url, page, action="preview").content


def test_a_second_tap_on_file_stores_once_and_shows_the_same_receipt(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    preview = send(client, url, client.get(url), action="preview", v_vehicles="200")
    first, second = (send(client, url, preview, action="file") for _ in range(2))
    assert first.url == second.url
    assert ReportVersion.objects.count() == 1


def test_a_second_tap_after_the_due_time_is_no_correction(branch: Branch, organiser: User, clock: Clock) -> None:
    client, url = client_of(organiser), form_url(branch, MARCH_5)
    preview = send(client, url, client.get(url), action="preview", v_vehicles="200")
    first, second = (send(client, url, preview, action="file") for _ in range(2))
    assert first.url == second.url


def test_a_form_sent_again_with_a_change_becomes_a_new_version_after_a_look(branch: Branch, organiser: User) -> None:
    client, url = client_of(organiser), form_url(branch)
    preview = send(client, url, client.get(url), action="preview", v_vehicles="200")
    send(client, url, preview, action="file")
    again = send(client, url, preview, action="file", v_vehicles="210")
    assert again.status_code == 409
    assert "You have filed this form already" in again.content.decode()
    send(client, url, again, action="file")
    assert [version.number for version in ReportVersion.objects.order_by("number")] == [1, 2]


def test_a_supplement_before_the_due_time_starts_from_what_was_filed(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200, turned_back=23, note="一切正常")
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    assert (form_of(page)["v_vehicles"], form_of(page)["note"]) == ("200", "一切正常")
    assert b'name="reason"' not in page.content
    send(client, url, page, action="file", v_vehicles="210")
    version = current(branch, MARCH_6)
    assert version is not None
    assert (version.nature, version.note) == ("supplement", "一切正常")
    assert Measure.objects.get(entry__version=version, metric__code="turned_back").value == 23


def test_after_the_due_time_a_correction_asks_for_its_reason(branch: Branch, organiser: User, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    clock.move_to(branch.due_at(MARCH_6) + MINUTE)
    client, url = client_of(organiser), form_url(branch)
    page = client.get(url)
    assert b'name="reason"' in page.content
    refused = send(client, url, page, action="preview", v_vehicles="210")
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["reason"])
    preview = send(client, url, refused, action="preview", reason="二号门漏计")
    send(client, url, preview, action="file")
    version = current(branch, MARCH_6)
    assert version is not None
    assert (version.nature, version.reason) == ("correction", "二号门漏计")


def test_what_a_form_cannot_show_stays_in_the_next_version(branch: Branch, city: City, organiser: User) -> None:
    person = make_person("示例党员甲", city.company, branch)
    rounds = [Work("patrol", (Figure("patrol_rounds", Decimal(2)),), place=city.street, participants=(Participation(person, Decimal(3)),)) for _ in range(2)]
    gate = Work("checkpoint", (Figure("vehicles", Decimal(8000), qualifier="about", qualifier_text="约8000多台"),))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=[*rounds, gate], uid=uuid4())
    client, url = client_of(organiser), form_url(branch)

    send(client, url, client.get(url), action="file", v_turned_back="5")

    version = current(branch, MARCH_6)
    assert version is not None
    patrols = version.entries.filter(kind="patrol")
    assert [(entry.place, entry.participants.get().person, entry.measures.get().value) for entry in patrols] == [(city.street, person, Decimal(2))] * 2
    [checkpoint] = version.entries.filter(kind="checkpoint")
    assert sorted(checkpoint.measures.values_list("metric__code", "qualifier_text")) == [("turned_back", ""), ("vehicles", "约8000多台")]
