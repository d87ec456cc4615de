"""What was filed, read: receipt, list, a report with its versions, an entry."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from activities.models import DailyReport, ReportVersion
from activities.services import Figure, Participation, Work, file_daily_report
from branches.models import Branch
from members.models import Person
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.activities.report_pages import client_of, send
from tests.factories import current, file, make_person
from tests.personas import MARCH_5, MARCH_6, MINUTE, City, Clock

pytestmark = pytest.mark.usefixtures("clock")


def test_the_receipt_shows_number_figures_and_chat_text(branch: Branch, organiser: User, official: User, other_organiser: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200, qualifiers={"vehicles": "nearly"}).version
    url = reverse("activities:report_receipt", args=[version.public_id])
    page = client_of(organiser, english=False).get(url)
    assert version.receipt in page.content.decode()
    assert "近200" in page.context["chat_text"]
    assert client_of(official).get(url).status_code == 200
    assert client_of(other_organiser).get(url).status_code == 404


def test_a_receipt_number_is_looked_up_as_read_aloud(branch: Branch, organiser: User, other_organiser: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version
    url = reverse("activities:report_list")
    spoken = version.receipt.lower().replace("-", " ")
    assert client_of(organiser).get(url, {"receipt": spoken}).context["receipt_version"] == version
    wrong = ("0" if version.receipt[0] != "0" else "1") + version.receipt[1:]
    assert client_of(organiser).get(url, {"receipt": wrong}).context["receipt_state"] == "misread"
    assert client_of(other_organiser).get(url, {"receipt": spoken}).context["receipt_state"] == "unknown"


def test_the_list_is_filtered_and_shows_nothing_outside_the_scope(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, city_official: User
) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    file(branch, MARCH_5, by=organiser, vehicles=200)
    version = file(other_branch, MARCH_6, by=other_organiser, vehicles=1).version
    url = reverse("activities:report_list")

    def listed(user: User, **query: str) -> list[tuple[Branch, date]]:
        return [(report.branch, report.business_date) for report, _version in client_of(user).get(url, query).context["rows"]]

    assert listed(organiser) == [(branch, MARCH_6), (branch, MARCH_5)]
    assert len(listed(city_official)) == 3
    assert listed(city_official, since="2020-03-05", until="2020-03-05") == [(branch, MARCH_5)]
    assert listed(city_official, branch=str(other_branch.public_id)) == [(other_branch, MARCH_6)]
    assert listed(city_official, region=str(branch.region.public_id)) == [(branch, MARCH_6), (branch, MARCH_5)]
    assert listed(city_official, since="2020-03-06", state="filed") == [(other_branch, MARCH_6), (branch, MARCH_6)]
    assert listed(organiser, branch=str(other_branch.public_id)) == []
    assert listed(city_official, since="2020-02-30") == []
    assert version.receipt


def test_a_report_shows_each_version_with_what_it_changed(branch: Branch, organiser: User, official: User, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200, note="王某家")
    clock.move_to(branch.due_at(MARCH_6) + MINUTE)
    file(branch, MARCH_6, by=organiser, vehicles=210, turned_back=3, reason="二号门漏计", note="王某家")
    url = reverse("activities:report_detail", args=[DailyReport.objects.get().public_id])

    page = client_of(organiser).get(url)
    newest = page.context["versions"][0]
    assert [(change.label, change.before, change.text) for change in newest.changes] == [
        ("vehicles registered", "200 vehicle-times", "210 vehicle-times"),
        ("turned back", "not reported", "3 person-times"),
    ]
    assert "王某家" in page.content.decode()
    # One line for the page, however many of its versions have a note.
    assert AuditEntry.objects.get(action="note.seen", actor=organiser).object_id == DailyReport.objects.get().public_id

    seen = client_of(official).get(url).content.decode()
    assert "二号门漏计" in seen
    assert "王某家" not in seen
    assert not AuditEntry.objects.filter(action="note.seen", actor=official).exists()


def test_a_report_outside_the_scope_is_not_there(branch: Branch, organiser: User, other_organiser: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version
    client = client_of(other_organiser)
    entry = version.entries.get()
    for name, thing in (("report_detail", version.report), ("report_receipt", version), ("entry_detail", entry)):
        assert client.get(reverse(f"activities:{name}", args=[thing.public_id])).status_code == 404


def test_an_entry_shows_a_liaison_only_their_own_people_and_no_note(branch: Branch, city: City, organiser: User, liaison: User) -> None:
    ours, others = make_person("集团甲", city.company, branch), make_person("外单位乙", city.bureau, branch)
    work = Work("patrol", (Figure("patrol_rounds", Decimal(2)),), note="张某家门口", participants=(Participation(ours, Decimal(2)), Participation(others)))
    version = file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=[work], uid=uuid4()).version
    url = reverse("activities:entry_detail", args=[version.entries.get().public_id])

    seen = client_of(liaison).get(url)
    assert [part.person for part in seen.context["participants"]] == [ours]
    assert "外单位乙" not in seen.content.decode()
    assert "张某" not in seen.content.decode()
    assert b"and 1 person outside what you may see" in seen.content

    whole = client_of(organiser).get(url)
    assert len(whole.context["participants"]) == Person.objects.filter(name__in=["集团甲", "外单位乙"]).count()
    assert "张某家门口" in whole.content.decode()
    assert AuditEntry.objects.filter(action="note.seen", actor=organiser).exists()


def test_the_way_back_to_the_records_stays_on_this_site(branch: Branch, organiser: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version
    url = reverse("activities:entry_detail", args=[version.entries.get().public_id])
    client = client_of(organiser)
    assert client.get(url, {"from": "/records/?metric=vehicles"}).context["back_href"] == "/records/?metric=vehicles"
    assert client.get(url, {"from": "https://elsewhere.example/"}).context["back_href"] == ""


def test_a_span_of_days_is_filed_read_back_and_returned(branch: Branch, organiser: User, official: User, reviewer: User) -> None:
    client, url = client_of(organiser), reverse("activities:period_edit", args=[branch.public_id])
    page = client.get(url)
    refused = send(client, url, page, relation="adds_to_daily", first_day="2020-03-05", last_day="2020-03-01", v_vehicles="9")
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["last_day"])
    assert send(client, url, page, relation="adds_to_daily", first_day="2020-02-30", last_day="2020-03-01", v_vehicles="9").status_code == 422
    answers = [send(client, url, page, relation="adds_to_daily", first_day="2020-03-01", last_day="2020-03-05", v_vehicles="9") for _ in range(2)]
    version = ReportVersion.objects.get()
    assert {answer.url for answer in answers} == {reverse("activities:report_receipt", args=[version.public_id])}
    assert client.get(answers[0].url).status_code == 200
    assert client.get(reverse("activities:period_detail", args=[version.report.public_id])).status_code == 200
    assert client_of(official).get(url).status_code == 403

    act = {"act": "return", "version": str(version.public_id), "next": reverse("activities:period_detail", args=[version.report.public_id])}
    refused = client_of(reviewer).post(reverse("activities:review_act"), act, follow=True)
    assert b"Say what to look at before you return a report." in refused.content
    client_of(reviewer).post(reverse("activities:review_act"), {**act, "note": "请核对"})
    version.refresh_from_db()
    assert version.state == "returned"


def test_an_organiser_withdraws_with_a_reason_and_an_official_does_not(branch: Branch, organiser: User, official: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=200).version
    url = reverse("activities:report_withdraw", args=[version.public_id])
    assert client_of(official).post(url, {"reason": "x"}).status_code == 403
    client_of(organiser).post(url, {"reason": " "})
    assert current(branch, MARCH_6) is not None
    client_of(organiser).post(url, {"reason": "填错日期"})
    assert current(branch, MARCH_6) is None


def test_a_correction_of_a_punctual_report_is_not_called_late_anywhere(branch: Branch, organiser: User, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    clock.move_to(branch.due_at(MARCH_6) + MINUTE)
    version = file(branch, MARCH_6, by=organiser, vehicles=210, reason="二号门漏计").version
    addresses = [
        reverse("activities:report_list"),
        reverse("activities:report_receipt", args=[version.public_id]),
        reverse("activities:report_detail", args=[version.report.public_id]),
        reverse("branches:branch_detail", args=[branch.public_id]),
    ]
    client = client_of(organiser)
    assert not [address for address in addresses if "<span>Late</span>" in client.get(address).content.decode()]

    late = file(branch, MARCH_5, by=organiser, vehicles=200).version
    addresses[1:3] = [reverse("activities:report_receipt", args=[late.public_id]), reverse("activities:report_detail", args=[late.report.public_id])]
    assert [address for address in addresses if "<span>Late</span>" in client.get(address).content.decode()] == addresses
