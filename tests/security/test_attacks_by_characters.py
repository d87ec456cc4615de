"""Characters, encodings and filters that nobody sane would send to a page: nothing breaks."""

import json
import re
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.urls import reverse

from activities.models import ReportVersion
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.factories import file, make_user
from tests.personas import MARCH_6, City
from tests.security.attacker import NUL, browser, filing, machine

pytestmark = pytest.mark.usefixtures("clock")


SENTENCE = "There is an invisible character (NUL) in this text that cannot be stored."


def test_a_search_for_accounts_with_a_nul_is_refused_and_comes_back_to_be_sent_again(system_keeper: User) -> None:
    answer = browser(system_keeper).get(reverse("accounts:user_list"), {"q": NUL, "after": "kept"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert SENTENCE in page
    assert re.search(r'<textarea id="text_1" name="q"[^>]*>ab</textarea>', page)
    assert '<input type="hidden" name="after" value="kept">' in page


@pytest.mark.parametrize("written", ["%00", "%0%000", "%0%0%0000", "a%0%000b"])
def test_no_way_of_writing_a_nul_in_an_address_gets_past(system_keeper: User, official: User, city: City, written: str) -> None:
    for answer in (
        browser(system_keeper).get(f"{reverse('accounts:user_list')}?q={written}"),
        browser(official).get(f"{reverse('portal:records')}?region={city.north.public_id}&metric={written}"),
        browser(official).get(f"{reverse('portal:records')}?{written}=x"),
    ):
        assert answer.status_code == 422


@pytest.mark.parametrize(("language", "sentence"), [("en", SENTENCE), ("zh-hans", "这段文字里有一个看不见、无法保存的字符（NUL）。")])
def test_a_nul_is_refused_in_one_sentence_by_forms_views_and_the_api(branch: Branch, organiser: User, reviewer: User, language: str, sentence: str) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=1).version
    said: dict[str, Any] = {"HTTP_ACCEPT_LANGUAGE": language}
    organiser.language = reviewer.language = language
    organiser.save()
    reviewer.save()
    form = browser(organiser).post(reverse("accounts:profile"), {"name": NUL, "language": language}, **said)
    view = browser(reviewer).post(reverse("activities:review_act"), {"act": "return", "version": str(version.public_id), "note": NUL}, **said)
    body = machine(organiser)("post", "reports/", json.dumps(filing(branch, note=NUL)), **said)
    query = machine(organiser)("get", "branches/", {"name": NUL}, **said)
    for answer in (form, view, body, query):
        assert (answer.status_code, sentence in answer.content.decode()) == (422, True), answer.content.decode()[-1500:]
    assert query.json()["errors"][0]["parameter"] == "name"


@pytest.mark.parametrize("field", ["username", "password"])
def test_signing_in_with_a_nul_is_refused(organiser: User, field: str) -> None:
    typed = {"username": "organiser", "password": "x"} | {field: NUL}
    assert browser().post(reverse("accounts:sign_in"), typed).status_code == 422


def test_signing_in_with_a_very_long_account_is_refused(db: None) -> None:
    assert browser().post(reverse("accounts:sign_in"), {"username": "a" * 100_000, "password": "x" * 100_000}).status_code == 422


def test_activation_with_a_nul_or_a_very_long_code_is_refused(db: None) -> None:
    for code in (NUL, "A" * 100_000):
        assert browser().post(reverse("accounts:activate"), {"code": code, "password": "x" * 12, "repeated": "x" * 12}).status_code == 422


def test_a_session_cookie_with_a_nul_is_no_session(organiser: User) -> None:
    client = browser()
    client.cookies["sessionid"] = "aaaaaaaa\0aaaa"
    assert client.get("/").status_code == 302


def test_records_of_a_figure_with_a_nul_are_refused(branch: Branch, organiser: User) -> None:
    for query in ({"metric": NUL}, {"kind": NUL}, {"after": NUL}, {"from": NUL}):
        answer = browser(organiser).get(reverse("portal:records"), {"branch": str(branch.public_id), **query})
        assert answer.status_code == 422, query


@pytest.mark.parametrize("after", ["2020-03-06.-99999999999999999999999", "0001-01-01.1", "9999-12-31.99999999999999999999999", "x.y", ".", "2020-03-06.１"])
def test_a_place_in_the_records_that_nobody_gave_out_is_harmless(branch: Branch, organiser: User, after: str) -> None:
    assert browser(organiser).get(reverse("portal:records"), {"branch": str(branch.public_id), "after": after}).status_code in {200, 404}


def test_taking_back_a_token_named_with_a_nul_is_refused(system_keeper: User, client_machine: User) -> None:
    answer = browser(system_keeper).post(reverse("accounts:token_revoke", args=[client_machine.public_id]), {"token": NUL})
    assert answer.status_code == 422


def test_a_return_and_a_withdrawal_with_a_nul_are_refused_and_come_back_with_their_words(branch: Branch, organiser: User, reviewer: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=1).version
    other = file(branch, MARCH_6 - timedelta(days=1), by=organiser, vehicles=1).version
    words = "车辆数核对 <b>\0请看"
    for user, address, typed, name in (
        (reviewer, reverse("activities:review_act"), {"act": "return", "version": str(version.public_id), "note": words}, "note"),
        (organiser, reverse("activities:report_withdraw", args=[other.public_id]), {"reason": words}, "reason"),
    ):
        answer = browser(user).post(address, typed)
        page = answer.content.decode()
        assert answer.status_code == 422
        assert f'name="{name}"' in page
        assert "车辆数核对 &lt;b&gt;请看</textarea>" in page
        assert f'method="post" action="{address}"' in page
        again = browser(user).post(address, typed | {name: words.replace("\0", "")})
        assert again.status_code == 302
    assert {row.review_note for row in ReportVersion.objects.all()} == {"车辆数核对 <b>请看"}


@pytest.mark.parametrize("name", ["v_vehicles", "note", "reason", "v_\0", "q_vehicles"])
@pytest.mark.parametrize("action", ["draft", "preview", "file", "zero", "edit"])
def test_a_form_of_a_day_survives_a_nul(branch: Branch, organiser: User, name: str, action: str) -> None:
    client = browser(organiser)
    address = reverse("activities:report_edit", args=[branch.public_id, MARCH_6])
    assert client.post(address, {"v_vehicles": "1", "action": action, name: NUL}).status_code in {200, 302, 422}
    assert client.get(address).status_code == 200


def test_a_draft_with_a_nul_is_refused_and_stays_with_the_browser(branch: Branch, organiser: User) -> None:
    client = browser(organiser)
    assert client.post(reverse("activities:draft_save", args=[branch.public_id, MARCH_6]), {"v_vehicles": NUL, "v_\0": "1"}).status_code == 422
    assert client.get(reverse("activities:report_edit", args=[branch.public_id, MARCH_6])).status_code == 200


def test_a_form_of_a_span_survives_a_nul(branch: Branch, organiser: User) -> None:
    address = reverse("activities:period_edit", args=[branch.public_id])
    typed = {"first_day": "2020-03-01", "last_day": "2020-03-05", "relation": "adds_to_daily", "v_vehicles": "1"}
    for name in [*typed, "note"]:
        assert browser(organiser).post(address, typed | {name: NUL}).status_code in {302, 422}, name


@pytest.mark.parametrize("charset", ["hex", "rot13", "utf-7", "utf-16", "idna", "unicode_escape", "raw_unicode_escape", "no-such"])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=xx", "text/plain"])
def test_no_announced_encoding_breaks_a_page(branch: Branch, organiser: User, charset: str, kind: str) -> None:
    client = browser(organiser)
    body = (
        b'--xx\r\nContent-Disposition: form-data; name="note"\r\n\r\n+2AA- \\ud800\r\n--xx--\r\n'
        if "xx" in kind
        else b"note=%2B2AA-+%5Cud800&v_vehicles=1&action=draft"
    )
    address = reverse("activities:report_edit", args=[branch.public_id, MARCH_6])
    assert client.generic("POST", address, body, content_type=f"{kind}; charset={charset}").status_code < 500
    assert client.generic("GET", "/search/?q=%2B2AA-%5Cud800", content_type=f"{kind}; charset={charset}").status_code < 500
    assert machine(organiser)("get", "branches/?name=%2B2AA-%5Cud800", content_type=f"{kind}; charset={charset}").status_code < 500


ODD: list[Any] = [
    NUL,
    b"\xff\xfe",
    "9" * 5000,
    "-1",
    "0001-01-01",
    "9999-12-31",
    "10000-01-01",
    "2020-W10-5",
    "x" * 20_000,
    "urn:uuid:00000000-0000-0000-0000-000000000000",
]
PAGES = {
    "branches:branch_list": ["name", "region", "work_unit", "kind", "after", "before"],
    "members:person_list": ["name", "branch", "work_unit", "after", "before"],
    "activities:report_list": ["branch", "region", "state", "from", "to", "day", "after", "before", "at", "receipt"],
    "activities:review_list": ["day", "page"],
    "portal:search": ["q"],
    "portal:audit_list": ["person", "action", "kind", "first", "last", "after", "before"],
    "portal:audit_export": ["person", "first", "last"],
    "portal:audit_changes": ["person", "table", "operation", "request", "first", "last", "after", "before"],
    "portal:audit_changes_export": ["person", "table", "request", "first", "last"],
    "accounts:user_list": ["q", "after", "before"],
}


@pytest.mark.parametrize("page", PAGES)
def test_lists_survive_any_filter(branch: Branch, page: str) -> None:
    everyone = make_user("all", (Role.ORGANISER, branch), (Role.REVIEWER, branch.region), (Role.AUDITOR, None), (Role.ADMINISTRATOR, branch.region))
    client = browser(everyone)
    for name in PAGES[page]:
        for text in ODD:
            assert client.get(reverse(page), {name: text}).status_code < 500, (name, text[:20])


ADDRESSES = [
    "/branches/%00/",
    "/branches/%ff%fe/",
    "/branches/..%2f..%2fetc/passwd",
    "/branches/?name=%ff%fe&name=%00&region=%c0%ae",
    "/dashboard/records/export.%00",
    "/dashboard/records/export.csv%0d%0aSet-Cookie:a=b",
    "/inspections/points/export.x\u202elsx",
    "/api/v1/branches/%00/",
    "/api/v1/branches/?name=%ff%fe",
    "/api/v1/problems/%00/",
    "/api/v1/%2e%2e/%2e%2e/",
    "/s/%ff%fe/",
    "/static/..%2f..%2fportal/settings.py",
    "/static/%00",
    f"/search/?{'q=' * 2000}",
    f"/branches/?{'name=x&' * 1500}",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_of_odd_characters_is_answered_and_never_an_error(organiser: User, address: str) -> None:
    answer = browser(organiser).get(address)
    assert answer.status_code < 500, answer.status_code
    assert "Set-Cookie" not in str(answer.headers.get("Location", ""))
    assert b"SECRET_KEY" not in (b"".join(answer) if answer.streaming else answer.content)


def test_a_form_of_thousands_of_fields_or_files_is_refused_in_words(branch: Branch, organiser: User) -> None:
    address = reverse("activities:report_edit", args=[branch.public_id, MARCH_6])
    many = browser(organiser).post(address, {f"v_{number}": "1" for number in range(5000)})
    files = browser(organiser).post(address, {f"file{number}": BytesIO(b"x") for number in range(50)})
    for answer in (many, files):
        assert answer.status_code == 400
        assert "damaged or incomplete" in answer.content.decode()


@pytest.mark.parametrize(("body", "announced"), [(b"", "99999999"), (b"", "9" * 400), (b"a" * 5_242_881, "5242881")], ids=["huge", "no number", "read past"])
def test_a_body_that_announces_more_than_a_page_takes_is_refused(organiser: User, body: bytes, announced: str) -> None:
    form = "application/x-www-form-urlencoded"
    answer = browser(organiser).generic("POST", reverse("accounts:profile"), body, content_type=form, CONTENT_LENGTH=announced)
    assert answer.status_code == 413
    assert "too large" in answer.content.decode()


def test_a_body_that_announces_more_than_the_api_takes_is_refused_as_a_problem(organiser: User) -> None:
    api = browser(organiser).generic("POST", "/api/v1/reports/", b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH="99999999")
    assert (api.status_code, api["Content-Type"]) == (413, "application/problem+json")
