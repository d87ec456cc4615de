"""Filing over the API: once, in the scope, with refusals that say what to change."""

from collections.abc import Callable
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection

from activities.models import Entry, EntryParticipant, Measure, ReportVersion
from branches.access import Role
from branches.models import Branch
from members.models import Person
from portal.accounts.models import User
from tests.api.conftest import Caller
from tests.factories import file, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")
Call = Callable[..., Caller]


def filing(branch: Branch, **changes: Any) -> dict[str, Any]:
    figures = [{"metric": "vehicles", "value": "200", "qualifier": "nearly"}, {"metric": "goods_unloaded", "value": 11.5, "unit": "t"}]
    return {"uid": str(uuid4()), "branch": str(branch.public_id), "business_date": "2020-03-06", "figures": figures, **changes}


def errors(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.content.decode()
    assert answer["Content-Type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def test_a_report_is_stored_once_and_answered_with_its_receipt(call: Call, branch: Branch, organiser: User) -> None:
    sent = filing(branch)
    first, second = call(organiser).post("reports/", sent), call(organiser).post("reports/", sent)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    version = ReportVersion.objects.get()
    assert first.json()["receipt"] == version.receipt
    assert first["Location"].endswith(f"/api/v1/report-versions/{version.public_id}/")
    assert version.means == "api"
    goods = Measure.objects.get(metric__code="goods_unloaded")
    assert (goods.value, goods.value_entered) == (Decimal(11500), Decimal("11.5"))


def test_one_identifier_for_two_contents_is_refused(call: Call, branch: Branch, organiser: User) -> None:
    sent = filing(branch)
    call(organiser).post("reports/", sent)
    answer = call(organiser).post("reports/", {**sent, "figures": [{"metric": "vehicles", "value": "1"}]})

    assert answer.status_code == 409
    assert answer.json()["type"] == "/api/v1/problems/reused-uid/"
    assert ReportVersion.objects.count() == 1


def test_a_stale_filing_is_answered_with_the_version_as_it_stands(call: Call, branch: Branch, organiser: User) -> None:
    filed = file(branch, MARCH_6, by=organiser, vehicles=180)
    answer = call(organiser).post("reports/", filing(branch, base=0))

    assert answer.status_code == 409
    assert answer.json()["type"] == "/api/v1/problems/stale/"
    assert answer.json()["current"]["public_id"] == str(filed.version.public_id)
    assert answer.json()["current"]["entries"][0]["measures"][0]["value"] == "180"
    assert call(organiser).post("reports/", filing(branch, base=1)).status_code == 201


def test_entries_carry_place_time_and_people(call: Call, branch: Branch, organiser: User, city: City) -> None:
    person = make_person("示例党员", city.company, branch)
    entry = {
        "kind": "checkpoint",
        "place": str(city.community.public_id),
        "starts_at": "2020-03-06T08:00:00+08:00",
        "ends_at": "2020-03-06T16:00:00+08:00",
        "figures": [{"metric": "vehicles", "value": "200"}],
        "participants": [{"person": str(person.public_id), "hours": "8"}],
    }
    sent = filing(branch, entries=[entry])
    del sent["figures"]
    answer = call(organiser).post("reports/", sent)

    assert answer.status_code == 201, answer.content.decode()
    assert Entry.objects.get().place == city.community
    assert EntryParticipant.objects.get().home_unit == city.company
    assert answer.json()["entries"][0]["participants"][0]["hours"] == "8"


def test_outside_the_scope_there_is_no_branch_and_inside_a_reader_may_not_file(
    call: Call, branch: Branch, other_branch: Branch, organiser: User, official: User
) -> None:
    assert call(organiser).post("reports/", filing(other_branch)).status_code == 404
    answer = call(official).post("reports/", filing(branch))
    assert answer.status_code == 403
    assert answer.json()["detail"] == "You may not file for this branch."
    assert not ReportVersion.objects.exists()


def test_a_reviewer_files_on_behalf_and_the_organiser_confirms(call: Call, branch: Branch, reviewer: User, organiser: User) -> None:
    assert call(reviewer).post("reports/", filing(branch)).status_code == 403
    filed = call(reviewer).post("reports/", filing(branch, on_behalf=True)).json()
    confirmed = call(organiser).post(f"report-versions/{filed['public_id']}/confirm/", {})
    assert confirmed.status_code == 200, confirmed.content.decode()
    assert confirmed.json()["confirmed_at"] is not None
    assert call(organiser).post(f"report-versions/{filed['public_id']}/confirm/", {}).status_code == 409


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"figures": [{"metric": "vehicles", "value": "2oo"}]}, ("#/figures/0/value", "not_a_number")),
        ({"figures": [{"metric": "turned_back", "value": "1"}, {"metric": "vehicles", "value": "-5"}]}, ("#/figures/1/value", "negative")),
        ({"figures": [{"metric": "vehicles", "value": 10**20}]}, ("#/figures/0/value", "too_large")),
        ({"figures": [{"metric": "vehicles", "value": True}]}, ("#/figures/0/value", "invalid")),
        ({"figures": [{"metric": "vehicles", "value": ""}]}, ("#/figures/0/value", "invalid")),
        ({"figures": [{"metric": "vehicles", "value": "1.5"}]}, ("#/figures/0", "decimals")),
        ({"figures": [{"metric": "vehicles", "value": "1", "unit": "kg"}]}, ("#/figures/0", "unit")),
        ({"figures": [{"metric": "flying_saucers", "value": "1"}]}, ("#/figures/0", "unknown_metric")),
        ({"figures": [{"metric": "vehicles", "value": "1", "qualifier": "roughly"}]}, ("#/figures/0/qualifier", "invalid_choice")),
        ({"figures": [{"metric": "vehicles", "valeu": "1", "value": "1"}]}, ("#/figures/0/valeu", "unknown")),
        ({"figures": []}, ("#/figures", "figures_or_entries")),
        ({"business_date": "2020-02-30"}, ("#/business_date", "invalid")),
        ({"business_date": "2020-03-09"}, ("#/business_date", "invalid")),
        ({"uid": "seven"}, ("#/uid", "invalid")),
        ({"note": "a\x00b"}, ("#/note", "null_characters_not_allowed")),
    ],
)
def test_what_cannot_be_accepted_is_pointed_at(call: Call, branch: Branch, organiser: User, changes: dict[str, Any], expected: tuple[str, str]) -> None:
    assert errors(call(organiser).post("reports/", filing(branch, **changes))) == [expected]
    assert not ReportVersion.objects.exists()


def test_full_width_digits_and_separators_are_read(call: Call, branch: Branch, organiser: User) -> None:
    answer = call(organiser).post("reports/", filing(branch, figures=[{"metric": "vehicles", "value": "１，２３４"}]))
    assert answer.json()["entries"][0]["measures"][0]["value"] == "1234"


def test_places_and_people_outside_the_scope_are_not_there(call: Call, branch: Branch, other_branch: Branch, organiser: User, city: City) -> None:
    stranger = Person.objects.get(name="另一书记")
    figures = [{"metric": "vehicles", "value": "1"}]
    entry = {"kind": "checkpoint", "figures": figures, "place": str(city.other_community.public_id), "participants": [{"person": str(stranger.public_id)}]}
    sent = filing(branch, entries=[{"kind": "checkpoint", "figures": figures}, entry])
    del sent["figures"]
    assert errors(call(organiser).post("reports/", sent)) == [("#/entries/1/place", "not_found"), ("#/entries/1/participants/0/person", "not_found")]


def test_a_correction_without_a_reason_points_at_the_reason(call: Call, branch: Branch, organiser: User, clock: Clock) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=180)
    file(branch, MARCH_5, by=organiser, vehicles=181, reason="门岗补登")
    assert errors(call(organiser).post("reports/", filing(branch, business_date="2020-03-05")))[0][0] == "#/reason"
    assert call(organiser).post("reports/", filing(branch, business_date="2020-03-05", reason="门岗补登")).status_code == 201


def test_a_period_report_is_filed_and_its_reversed_days_are_refused(call: Call, branch: Branch, organiser: User) -> None:
    sent = {**filing(branch), "first_day": "2020-02-10", "last_day": "2020-02-29"}
    del sent["business_date"]
    answer = call(organiser).post("period-reports/", sent)
    assert answer.status_code == 201, answer.content.decode()
    assert answer.json()["period"] == {"first_day": "2020-02-10", "last_day": "2020-02-29"}
    assert call(organiser).post("period-reports/", sent).status_code == 200
    assert errors(call(organiser).post("period-reports/", {**sent, "uid": str(uuid4()), "last_day": "2020-02-01"})) == [("#/last_day", "invalid")]


def test_a_version_is_accepted_returned_and_withdrawn_by_those_whose_it_is(call: Call, branch: Branch, organiser: User, reviewer: User) -> None:
    filed = call(organiser).post("reports/", filing(branch)).json()
    address = f"report-versions/{filed['public_id']}/"
    assert call(organiser).post(f"{address}accept/", {}).status_code == 403
    assert call(reviewer).post(f"{address}accept/", {}).json()["state"] == "accepted"
    conflict = call(reviewer).post(f"{address}accept/", {})
    assert (conflict.status_code, conflict.json()["type"], conflict.json()["current"]["state"]) == (409, "/api/v1/problems/state/", "accepted")
    assert errors(call(reviewer).post(f"{address}return/", {"note": " "})) == [("#/note", "invalid")]
    returned = call(reviewer).post(f"{address}return/", {"note": "车辆数与门岗登记不符"}).json()
    assert (returned["state"], returned["counted"]) == ("returned", False)
    again = call(organiser).post("reports/", filing(branch)).json()
    assert call(reviewer).post(f"report-versions/{again['public_id']}/withdraw/", {"reason": "报错了日期"}).status_code == 403
    assert call(organiser).post(f"report-versions/{again['public_id']}/withdraw/", {"reason": "报错了日期"}).json()["state"] == "withdrawn"


def test_a_reviewer_of_another_street_does_not_find_the_version(call: Call, branch: Branch, other_branch: Branch, organiser: User) -> None:
    filed = file(branch, MARCH_6, by=organiser, vehicles=180)
    stranger = make_user("", (Role.REVIEWER, other_branch.region))
    assert call(stranger).post(f"report-versions/{filed.version.public_id}/accept/", {}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_the_same_filing_sent_many_times_at_once_is_stored_once(call: Call, request: pytest.FixtureRequest) -> None:
    branch: Branch = request.getfixturevalue("branch")
    organiser: User = request.getfixturevalue("organiser")
    sent, together, caller = filing(branch), Barrier(8), call(organiser)
    answers: list[tuple[int, str]] = []

    def send() -> None:
        try:
            together.wait()
            answer = caller.post("reports/", sent)
            answers.append((answer.status_code, answer.json()["receipt"]))
        finally:
            connection.close()

    threads = [Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(status for status, _receipt in answers) == [200] * 7 + [201]
    assert len({receipt for _status, receipt in answers}) == 1
    assert ReportVersion.objects.count() == 1
