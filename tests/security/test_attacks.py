"""What somebody who means harm would send: odd characters, crafted posts, other people's objects. Nothing may break, and nothing may leak."""

import csv
import zipfile
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken
from openpyxl import Workbook, load_workbook

from activities.models import Entry, ReportVersion
from activities.services import Figure, Work, file_daily_report
from branches.access import Role
from branches.models import Branch
from portal.accounts import clerk_import
from portal.accounts.models import Grant, User
from portal.foundation import clock
from portal.foundation.models import AuditEntry
from tests.factories import file, make_branch, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, City

pytestmark = pytest.mark.usefixtures("clock")

NUL = "a\0b"
SECRET = "居民张某的门牌"


def browser(user: User | None = None) -> Client:
    """A browser that answers 500 as a server would, signed in as `user`."""
    client = Client(raise_request_exception=False, headers={"accept-language": "en"})
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def machine(user: User) -> Callable[..., Any]:
    """A function that calls the API for `user`: method, path, options."""
    cache.clear()
    client = Client(raise_request_exception=False, headers={"authorization": f"Token {AuthToken.objects.create(user=user)[1]}", "accept-language": "en"})

    def call(method: str, path: str, data: Any = None, **options: Any) -> Any:
        if method == "post":
            options.setdefault("content_type", "application/json")
        return getattr(client, method)(f"/api/v1/{path}", data, **options)

    return call


def filing(branch: Branch, **more: Any) -> dict[str, Any]:
    """A sound filing, to be made unsound."""
    return {"uid": str(uuid4()), "branch": str(branch.public_id), "business_date": "2020-03-06", "figures": [{"metric": "vehicles", "value": "5"}], **more}


# --- Characters that a database cannot hold -------------------------------------------------------------------------------


def test_a_search_for_accounts_survives_a_nul(system_keeper: User) -> None:
    assert browser(system_keeper).get(reverse("accounts:user_list"), {"q": NUL}).status_code == 200


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


def test_records_of_a_figure_with_a_nul_are_not_there(branch: Branch, organiser: User) -> None:
    for query in ({"metric": NUL}, {"kind": NUL}, {"after": NUL}, {"from": NUL}):
        answer = browser(organiser).get(reverse("portal:records"), {"branch": str(branch.public_id), **query})
        assert answer.status_code in {400, 404}, query


@pytest.mark.parametrize("after", ["2020-03-06.-99999999999999999999999", "0001-01-01.1", "9999-12-31.99999999999999999999999", "x.y", ".", "2020-03-06.１"])
def test_a_place_in_the_records_that_nobody_gave_out_is_harmless(branch: Branch, organiser: User, after: str) -> None:
    assert browser(organiser).get(reverse("portal:records"), {"branch": str(branch.public_id), "after": after}).status_code in {200, 404}


def test_taking_back_a_token_named_with_a_nul_is_harmless(system_keeper: User, client_machine: User) -> None:
    answer = browser(system_keeper).post(reverse("accounts:token_revoke", args=[client_machine.public_id]), {"token": NUL})
    assert answer.status_code in {302, 404}


def test_a_return_and_a_withdrawal_take_a_nul_out_of_their_words(branch: Branch, organiser: User, reviewer: User) -> None:
    version = file(branch, MARCH_6, by=organiser, vehicles=1).version
    answer = browser(reviewer).post(reverse("activities:review_act"), {"act": "return", "version": str(version.public_id), "note": NUL})
    assert answer.status_code == 302
    again = file(branch, MARCH_6, by=organiser, vehicles=2).version
    assert browser(organiser).post(reverse("activities:report_withdraw", args=[again.public_id]), {"reason": NUL}).status_code == 302
    assert {row.review_note for row in ReportVersion.objects.all()} == {"ab"}


@pytest.mark.parametrize("name", ["v_vehicles", "note", "reason", "v_\0", "q_vehicles"])
@pytest.mark.parametrize("action", ["draft", "preview", "file", "zero", "edit"])
def test_a_form_of_a_day_survives_a_nul(branch: Branch, organiser: User, name: str, action: str) -> None:
    client = browser(organiser)
    address = reverse("activities:report_edit", args=[branch.public_id, MARCH_6])
    assert client.post(address, {"v_vehicles": "1", "action": action, name: NUL}).status_code in {200, 302, 422}
    assert client.get(address).status_code == 200


def test_a_draft_survives_a_nul(branch: Branch, organiser: User) -> None:
    client = browser(organiser)
    assert client.post(reverse("activities:draft_save", args=[branch.public_id, MARCH_6]), {"v_vehicles": NUL, "v_\0": "1"}).status_code == 200
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
    "branches:branch_list": ["name", "region", "work_unit", "kind", "page"],
    "members:person_list": ["name", "branch", "work_unit", "page"],
    "activities:report_list": ["branch", "region", "state", "from", "to", "day", "after", "before", "receipt"],
    "activities:review_list": ["day", "page"],
    "portal:search": ["q"],
    "portal:audit_list": ["person", "action", "kind", "first", "last", "before"],
    "portal:audit_export": ["person", "first", "last"],
    "accounts:user_list": ["q", "page"],
}


@pytest.mark.parametrize("page", PAGES)
def test_lists_survive_any_filter(branch: Branch, page: str) -> None:
    everyone = make_user("all", (Role.ORGANISER, branch), (Role.REVIEWER, branch.region), (Role.AUDITOR, None), (Role.ADMINISTRATOR, branch.region))
    client = browser(everyone)
    for name in PAGES[page]:
        for text in ODD:
            assert client.get(reverse(page), {name: text}).status_code < 500, (name, text[:20])


# --- The API --------------------------------------------------------------------------------------------------------------

BODIES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "nul in a note": lambda sound: sound | {"note": NUL},
    "surrogate in a note": lambda sound: sound | {"note": "\ud800"},
    "surrogate in a metric": lambda sound: sound | {"figures": [{"metric": "\ud800", "value": "1"}]},
    "nul in a metric": lambda sound: sound | {"figures": [{"metric": NUL, "value": "1"}]},
    "surrogate in a qualifier": lambda sound: sound | {"figures": [{"metric": "vehicles", "value": "1", "qualifier": "\ud800"}]},
    "surrogate in a unit": lambda sound: sound | {"figures": [{"metric": "vehicles", "value": "1", "unit": "\ud800"}]},
    "nul in a unit": lambda sound: sound | {"figures": [{"metric": "vehicles", "value": "1", "unit": "\0"}]},
    "surrogate in a value": lambda sound: sound | {"figures": [{"metric": "vehicles", "value": "\ud800"}]},
    "surrogate in a field's name": lambda sound: sound | {"\ud800": 1},
    "nul in a field's name": lambda sound: sound | {"\0": 1},
    "surrogate in a kind": lambda sound: {**sound, "figures": [], "entries": [{"kind": "\ud800", "figures": [{"metric": "vehicles", "value": "1"}]}]},
    "surrogate in a day": lambda sound: sound | {"business_date": "\ud800"},
    "surrogate in an identifier": lambda sound: sound | {"uid": "\ud800"},
    "huge identifier": lambda sound: sound | {"uid": 10**40},
    "negative identifier": lambda sound: sound | {"uid": -1},
    "number as a branch": lambda sound: sound | {"branch": 5},
    "list as a branch": lambda sound: sound | {"branch": [1]},
    "huge value": lambda sound: sound | {"figures": [{"metric": "vehicles", "value": "9" * 99}]},
    "exponent": lambda sound: sound | {"figures": [{"metric": "vehicles", "value": "1e999999"}]},
    "bool as base": lambda sound: sound | {"base": True},
    "huge base": lambda sound: sound | {"base": 10**400},
    "string as figures": lambda sound: sound | {"figures": "x"},
    "object as figures": lambda sound: sound | {"figures": {"0": {}}},
    "figures of null": lambda sound: sound | {"figures": [None]},
    "same figure twice": lambda sound: sound | {"figures": [{"metric": "vehicles", "value": "1"}] * 2},
    "long note": lambda sound: sound | {"note": "x" * 100_000},
    "first day": lambda sound: sound | {"business_date": "0001-01-01"},
    "last day": lambda sound: sound | {"business_date": "9999-12-31"},
    "moment as a day": lambda sound: sound | {"business_date": "2020-03-06T00:00:00Z"},
}


@pytest.mark.parametrize("name", BODIES)
def test_a_filing_that_makes_no_sense_is_refused_in_words(branch: Branch, organiser: User, name: str) -> None:
    answer = machine(organiser)("post", "reports/", BODIES[name](filing(branch)))
    assert 400 <= answer.status_code < 500, answer.content


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"NaN",
        b'{"figures":[{"metric":"vehicles","value":NaN}]}',
        b'{"base":' + b"9" * 10_000 + b"}",
        b'{"base":1e999999999}',
        b'{"figures":[{"metric":"vehicles","value":1e999999999}]}',
        b"\xff\xfe\x00",
        b"\xef\xbb\xbf{}",
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"1",
        b"true",
        b'{"uid":1,"uid":2}',
    ],
)
def test_a_body_that_is_no_filing_is_refused(branch: Branch, organiser: User, body: bytes) -> None:
    for path in ("reports/", "period-reports/"):
        assert 400 <= machine(organiser)("post", path, body).status_code < 500


MOMENTS = [
    "0001-01-01T00:00:00+08:05",
    "0001-01-01T00:00:00Z",
    "0001-01-01T08:05:43",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59+08:00",
    "9999-12-31T23:59:59-12:00",
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_work_at_the_edge_of_the_calendar_can_be_read_again_or_is_refused(branch: Branch, organiser: User, moment: str) -> None:
    call = machine(organiser)
    entry = {"kind": "checkpoint", "figures": [{"metric": "vehicles", "value": "1"}], "starts_at": moment, "ends_at": moment}
    sent = filing(branch, entries=[entry])
    del sent["figures"]
    assert call("post", "reports/", sent).status_code < 500
    assert call("get", "entries/").status_code == 200
    for one in Entry.objects.values_list("public_id", flat=True):
        assert browser(organiser).get(reverse("activities:entry_detail", args=[one])).status_code == 200
    assert browser(organiser).get(reverse("activities:report_edit", args=[branch.public_id, MARCH_6])).status_code == 200


@pytest.mark.parametrize("first", ["0001-01-01", "0001-01-02", "1899-12-31"])
def test_a_span_from_the_edge_of_the_calendar_can_be_read_again_or_is_refused(branch: Branch, organiser: User, official: User, first: str) -> None:
    call = machine(organiser)
    sent = filing(branch, first_day=first, last_day="2020-03-05")
    del sent["business_date"]
    assert call("post", "period-reports/", sent).status_code < 500
    sent = filing(branch, first_day=first, last_day=first)
    del sent["business_date"]
    assert call("post", "period-reports/", sent).status_code < 500
    for path in ("period-reports/", "measures/", "entries/", "changes/", f"totals/?branch={branch.public_id}&from=2020-03-01&to=2020-03-06"):
        assert call("get", path).status_code == 200
    for page in ("portal:dashboard", "activities:report_list", "activities:today", "portal:home"):
        assert browser(organiser).get(reverse(page), follow=True).status_code == 200, page
    for page in ("portal:dashboard", "activities:report_list"):
        assert browser(official).get(reverse(page), follow=True).status_code == 200, page
    address = reverse("portal:dashboard_export", args=["branch", branch.public_id, "xlsx"])
    assert browser(official).get(address).status_code == 200
    assert browser(official).get(reverse("portal:records"), {"branch": str(branch.public_id)}).status_code == 200
    assert browser(official).get(reverse("branches:branch_detail", args=[branch.public_id])).status_code == 200


def test_a_day_at_the_edge_of_the_calendar_can_be_read_again_or_is_refused(branch: Branch, organiser: User) -> None:
    call = machine(organiser)
    for day in ("0001-01-01", "0001-01-02", "1800-01-01"):
        assert call("post", "reports/", filing(branch, business_date=day)).status_code < 500
    for path in ("reports/?expand=entries", "measures/", "report-versions/", f"totals/?branch={branch.public_id}&from=2020-03-01&to=2020-03-06"):
        assert call("get", path).status_code == 200
    for page in ("portal:dashboard", "activities:report_list", "activities:today"):
        assert browser(organiser).get(reverse(page), follow=True).status_code == 200, page
    for version in ReportVersion.objects.all():
        assert browser(organiser).get(reverse("activities:report_receipt", args=[version.public_id])).status_code == 200
        assert browser(organiser).get(reverse("activities:report_detail", args=[version.report.public_id])).status_code == 200


LISTS = [
    "regions",
    "work-units",
    "branches",
    "persons",
    "reports",
    "period-reports",
    "report-versions",
    "entries",
    "measures",
    "stock-receipts",
    "statements",
    "metrics",
    "units",
    "changes",
]
QUERIES: list[dict[str, Any]] = [
    {"metric": NUL},
    {"metric": "\ud800".encode("utf-8", "surrogatepass")},
    {"cursor": NUL},
    {"cursor": "biw5OTk5OTk5OTk5OTk5OTk5OTk5"},
    {"cursor": "é"},
    {"cursor": "biwtMQ"},
    {"cursor": "biw5OTk5OTk5OTk5OTk5OTk5OTksOTk5OTk5OTk5OTk5OTk5OTk5"},
    {"page_size": "-1"},
    {"page_size": "9999999"},
    {"page_size": NUL},
    {"page_size": "１０"},
    {"name": NUL},
    {"name": "x" * 20_000},
    {"name": "%_\\'\""},
    {"region": NUL},
    {"branch": "x"},
    {"from": "0001-01-01", "to": "9999-12-31"},
    {"missing_on": "0001-01-01"},
    {"missing_on": "9999-12-31"},
    {"reported_on": "9999-12-31"},
    {"expand": NUL},
    {"format": NUL},
    {"format": "api"},
    {NUL: "1"},
    {"state": NUL},
    {"kind": NUL},
    {"resource": NUL},
    {"counted": NUL},
    {"ordering": "phone"},
    {"search": "1"},
    {"level": NUL},
    {"within": NUL},
]


@pytest.mark.parametrize("path", LISTS)
def test_lists_of_the_api_survive_any_query(branch: Branch, organiser: User, path: str) -> None:
    call = machine(organiser)
    for query in QUERIES:
        assert call("get", f"{path}/", query).status_code in {200, 404, 422}, query


def test_totals_survive_any_query(branch: Branch, organiser: User) -> None:
    call = machine(organiser)
    sound = {"branch": str(branch.public_id), "from": "2020-03-01", "to": "2020-03-06"}
    for query in [*QUERIES, {"from": "1900-01-01"}, {"to": "2999-12-31"}, {"from": "1900-01-01", "to": "2999-12-31"}, {"from": NUL}, {"branch": NUL}]:
        for path in ("totals/", "totals/records/"):
            assert call("get", path, sound | query).status_code in {200, 404, 422}, query


def test_no_method_and_no_header_breaks_the_api(branch: Branch, organiser: User) -> None:
    call = machine(organiser)
    for method in ("head", "options", "put", "patch", "delete", "trace"):
        for path in (
            *(f"{name}/" for name in LISTS),
            f"branches/{branch.public_id}/",
            "totals/",
            "schema/",
            "docs/",
            "token/" if method == "options" else "problems/x/",
        ):
            assert call(method, path).status_code < 500, (method, path)
    for headers in (
        {"accept": "text/html;q=x"},
        {"accept": "\xff"},
        {"accept-language": "zz-" * 5000},
        {"accept-language": "en;q=nan,*"},
        {"host": "evil.example"},
        {"x-http-method-override": "DELETE"},
        {"content-type": "application/xml"},
        {"x-forwarded-for": NUL},
        {"x-forwarded-host": "evil.example"},
    ):
        assert call("get", "branches/", headers=headers).status_code < 500, headers
    assert call("post", "reports/", "<a/>", content_type="application/xml").status_code == 415
    assert call("post", "reports/", b"x" * (5 * 1024 * 1024 + 2)).status_code == 413


# --- Notes ----------------------------------------------------------------------------------------------------------------


def on_behalf_of(branch: Branch) -> str:
    """The address at which a reviewer files for a branch."""
    return reverse("activities:on_behalf", args=[branch.public_id, MARCH_6])


def test_a_reviewer_who_files_on_behalf_is_not_asked_about_a_note(branch: Branch, organiser: User, reviewer: User) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=1)
    file(branch, MARCH_6, by=organiser, vehicles=2, note=SECRET)
    client = browser(reviewer)
    for posted in (
        {"note": "mine", "base": "1"},
        {"note": "", "base": "1"},
        {"note": "mine", "base": "0"},
        {"ask": "note", "pick_note": "theirs", "base": "2"},
    ):
        for action in ("preview", "file", "edit", "zero", "draft"):
            assert SECRET not in client.post(on_behalf_of(branch), {"v_vehicles": "3", "action": action, **posted}, follow=True).content.decode(), (
                posted,
                action,
            )
            assert SECRET not in client.get(on_behalf_of(branch)).content.decode(), (posted, action)


def test_a_reviewer_cannot_pick_a_note_that_was_taken_out_since(branch: Branch, organiser: User, reviewer: User) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=1, note=SECRET)
    file(branch, MARCH_6, by=organiser, vehicles=2)
    client = browser(reviewer)
    for action in ("preview", "edit", "draft", "zero"):
        posted = {"v_vehicles": "3", "action": action, "base": "1", "ask": "note", "pick_note": "theirs"}
        assert SECRET not in client.post(on_behalf_of(branch), posted, follow=True).content.decode(), action


def test_a_note_on_a_piece_of_work_is_not_in_what_a_reviewers_phone_gets(branch: Branch, organiser: User, reviewer: User) -> None:
    work = Work(kind="checkpoint", figures=(Figure("vehicles", Decimal(1)),), note=SECRET)
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=(work,), uid=uuid4())
    page = browser(reviewer).get(on_behalf_of(branch))
    assert SECRET not in page.content.decode("unicode_escape")
    assert page.context["plan"] is None
    assert browser(organiser).get(reverse("activities:report_edit", args=[branch.public_id, MARCH_6])).context["plan"]


def test_a_note_is_nowhere_for_who_may_not_read_it(
    branch: Branch, organiser: User, reviewer: User, official: User, liaison: User, community_secretary: User, shift_leader: User, client_machine: User
) -> None:
    work = Work(kind="checkpoint", figures=(Figure("vehicles", Decimal(1)),), note=SECRET)
    version = file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=(work,), uid=uuid4(), note=SECRET).version
    entry = version.entries.get()
    pages = [
        reverse("activities:report_receipt", args=[version.public_id]),
        reverse("activities:report_detail", args=[version.report.public_id]),
        reverse("activities:entry_detail", args=[entry.public_id]),
        reverse("portal:search") + "?q=张某",
        reverse("portal:dashboard_export", args=["branch", branch.public_id, "csv"]) + "?table=records",
        reverse("portal:records") + f"?branch={branch.public_id}",
        *(f"/api/v1/{path}/" for path in ("entries", "report-versions", "reports", "measures", "changes")),
        "/api/v1/reports/?expand=entries",
    ]
    for user in (reviewer, official, liaison, community_secretary, shift_leader):
        for address in pages:
            answer = browser(user).get(address)
            content = answer.getvalue() if answer.streaming else answer.content
            assert SECRET not in content.decode(), (user, address)
    for path in ("entries/", "report-versions/", "reports/?expand=entries"):
        assert SECRET not in machine(client_machine)("get", path).content.decode()


# --- Other people's objects -----------------------------------------------------------------------------------------------


def test_a_liaison_and_a_community_secretary_do_not_see_who_filed(
    branch: Branch, organiser: User, reviewer: User, liaison: User, community_secretary: User, official: User
) -> None:
    User.objects.filter(pk=organiser.pk).update(name="填报人甲")
    User.objects.filter(pk=reviewer.pk).update(name="审核人乙")
    version = file(branch, MARCH_6, by=User.objects.get(pk=organiser.pk), vehicles=1).version
    ReportVersion.objects.filter(pk=version.pk).update(
        reviewed_by=reviewer, reviewed_at=version.known_from, confirmed_by=organiser, confirmed_at=version.known_from
    )
    pages = [
        reverse("activities:report_list"),
        reverse("activities:report_receipt", args=[version.public_id]),
        reverse("activities:report_detail", args=[version.report.public_id]),
        reverse("activities:entry_detail", args=[version.entries.get().public_id]),
    ]
    for address in pages:
        assert "填报人甲" in browser(official).get(address).content.decode(), address
        for user in (liaison, community_secretary):
            answer = browser(user).get(address)
            assert answer.status_code == 200
            assert "填报人甲" not in answer.content.decode(), (user, address)
            assert "审核人乙" not in answer.content.decode(), (user, address)


def test_what_lies_outside_a_scope_is_not_there_under_any_address(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, reviewer: User, administrator: User, shift_leader: User, member: User
) -> None:
    version = file(other_branch, MARCH_6, by=other_organiser, vehicles=77).version
    person = other_branch.memberships.get().person
    report, entry = version.report, version.entries.get()
    got = [
        reverse("activities:report_receipt", args=[version.public_id]),
        reverse("activities:report_detail", args=[report.public_id]),
        reverse("activities:entry_detail", args=[entry.public_id]),
        reverse("activities:report_edit", args=[other_branch.public_id, MARCH_6]),
        reverse("activities:on_behalf", args=[other_branch.public_id, MARCH_6]),
        reverse("activities:period_edit", args=[other_branch.public_id]),
        reverse("branches:branch_detail", args=[other_branch.public_id]),
        reverse("members:person_detail", args=[person.public_id]),
        reverse("portal:branch_dashboard", args=[other_branch.public_id]),
        reverse("portal:region_dashboard", args=[other_branch.region.public_id]),
        reverse("portal:dashboard_export", args=["branch", other_branch.public_id, "xlsx"]),
        reverse("portal:records") + f"?branch={other_branch.public_id}",
        *(
            f"/api/v1/{path}/{one.public_id}/"
            for path, one in (
                ("branches", other_branch),
                ("reports", report),
                ("report-versions", version),
                ("entries", entry),
                ("persons", person),
                ("regions", other_branch.region),
            )
        ),
        f"/api/v1/totals/?branch={other_branch.public_id}&from=2020-03-01&to=2020-03-06",
        f"/api/v1/totals/records/?branch={other_branch.public_id}&from=2020-03-01&to=2020-03-06",
    ]
    for user in (organiser, reviewer, administrator, shift_leader, member):
        for address in got:
            assert browser(user).get(address).status_code in {403, 404}, (user, address)
    for user in (organiser, reviewer):
        mixed = browser(user).get(reverse("portal:records"), {"region": str(branch.region.public_id), "branch": str(other_branch.public_id)})
        assert mixed.status_code == 404
        assert browser(user).post(reverse("portal:duty_phone", args=[person.public_id])).status_code == 404
        assert browser(user).post(reverse("activities:report_withdraw", args=[version.public_id]), {"reason": "x"}).status_code == 404
        assert browser(user).post(reverse("activities:report_confirm", args=[version.public_id])).status_code == 404
        assert browser(user).post(reverse("activities:draft_save", args=[other_branch.public_id, MARCH_6]), {"v_vehicles": "1"}).status_code == 404
        assert other_branch.name not in browser(user).get(reverse("activities:report_list"), {"receipt": version.receipt}).content.decode()
        assert machine(user)("post", "reports/", filing(other_branch)).status_code == 404
        for path in ("measures", "entries", "reports", "report-versions"):
            assert machine(user)("get", f"{path}/", {"branch": str(other_branch.public_id)}).status_code in {200, 422}
            assert "77" not in [row.get("value") for row in machine(user)("get", f"{path}/").json()["results"]]
    browser(reviewer).post(reverse("activities:review_act"), {"act": "accept", "version": str(version.public_id)})
    assert ReportVersion.objects.get(pk=version.pk).state == "filed"


def test_the_same_identifier_of_two_accounts_is_two_filings(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User) -> None:
    sent = filing(branch)
    assert machine(organiser)("post", "reports/", sent).status_code == 201
    assert machine(other_organiser)("post", "reports/", {**sent, "branch": str(other_branch.public_id)}).status_code == 201
    assert machine(organiser)("post", "reports/", sent).status_code == 200


def test_a_telephone_shown_in_a_form_is_in_the_log(branch: Branch, administrator: User) -> None:
    person = branch.memberships.get().person
    page = browser(administrator).get(reverse("members:person_edit", args=[person.public_id])).content.decode()
    assert person.duty_phone in page
    assert person.phone not in page
    assert AuditEntry.objects.get(action="person.sensitive_seen").details == {"fields": ["duty_phone"]}


# --- Grants ---------------------------------------------------------------------------------------------------------------


def test_an_administrator_gives_no_more_than_organisers_of_their_area(
    branch: Branch, other_branch: Branch, administrator: User, organiser: User, city: City
) -> None:
    client = browser(administrator)
    address = reverse("accounts:grant_add", args=[organiser.public_id])
    sound = {"role": "organiser", "scope": branch.region.name, "first": "2020-03-06"}
    for bad in ({"role": "reviewer"}, {"role": "client"}, {"role": "security"}, {"scope": other_branch.name}, {"scope": city.city.name}, {"scope": ""}):
        assert client.post(address, sound | bad).status_code in {403, 422}, bad
    assert client.post(address, sound | {"sensitive": "on", "everything": "on", "user": str(administrator.pk), "given_by": "1"}).status_code == 302
    given = Grant.objects.filter(given_by=administrator).get()
    assert (given.user, given.sensitive, given.everything, given.role) == (organiser, False, False, "organiser")


def test_a_grant_until_the_end_of_the_calendar_is_refused_in_words(administrator: User, organiser: User, branch: Branch) -> None:
    address = reverse("accounts:grant_add", args=[organiser.public_id])
    for days in ({"last": "9999-12-31"}, {"first": "0001-01-01"}, {"first": NUL}, {"last": "2020-01-01"}):
        answer = browser(administrator).post(address, {"role": "organiser", "scope": branch.region.name, "first": "2020-03-06", **days})
        assert answer.status_code == 422, days


def test_nobody_resets_who_stands_above_them(administrator: User, reviewer: User, security: User, client_machine: User, organiser: User, auditor: User) -> None:
    for actor in (administrator, organiser, security, auditor):
        for target in (reviewer, security, client_machine, auditor):
            for page in ("user_reset", "user_set_active", "token_add", "token_revoke"):
                answer = browser(actor).post(reverse(f"accounts:{page}", args=[target.public_id]), {"active": "0", "days": "30", "token": "x"})
                assert answer.status_code in {403, 404}, (actor, target, page)


def test_a_closed_account_and_a_grant_taken_back_stop_at_once(branch: Branch, organiser: User, system_keeper: User) -> None:
    client, call = browser(organiser), machine(organiser)
    address = reverse("branches:branch_detail", args=[branch.public_id])
    assert client.get(address).status_code == 200
    Grant.objects.filter(user=organiser).update(revoked_at=clock.now())
    assert client.get(address).status_code == 404
    assert call("get", "branches/").status_code == 403
    assert browser(system_keeper).post(reverse("accounts:user_set_active", args=[organiser.public_id]), {"active": "0"}).status_code == 302
    assert client.get(address).status_code == 302
    assert call("get", "branches/").status_code == 401


# --- The web ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "goal",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "\0//evil.example",
        "///evil.example",
    ],
)
def test_no_way_back_leads_elsewhere(organiser: User, reviewer: User, branch: Branch, goal: str) -> None:
    client = browser(organiser)
    answers = [
        client.get(reverse("accounts:sign_in"), {"next": goal}),
        client.post(reverse("set_language"), {"language": "en", "next": goal}, headers={"referer": f"http://testserver{goal}"}),
        browser(reviewer).post(reverse("activities:review_act"), {"act": "accept", "next": goal}),
    ]
    for answer in answers:
        assert answer.status_code == 302
        there = urlsplit(urljoin("http://testserver/account/", answer["Location"].replace("\\", "/")))
        assert (there.scheme, there.netloc) == ("http", "testserver")


def test_a_stranger_host_is_refused(db: None) -> None:
    assert browser().get("/account/sign-in/", headers={"host": "evil.example"}).status_code == 400


def test_every_post_needs_the_pages_token(branch: Branch, organiser: User) -> None:
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(organiser, backend="django.contrib.auth.backends.ModelBackend")
    version = file(branch, MARCH_5, by=organiser, vehicles=1, reason="x").version
    addresses = [
        reverse("accounts:sign_out"),
        reverse("accounts:profile"),
        reverse("activities:draft_save", args=[branch.public_id, MARCH_6]),
        reverse("activities:report_edit", args=[branch.public_id, MARCH_6]),
        reverse("activities:report_withdraw", args=[version.public_id]),
        reverse("activities:review_act"),
        reverse("set_language"),
        reverse("members:member_add", args=[branch.public_id]),
    ]
    for address in addresses:
        assert client.post(address, {"reason": "x", "v_vehicles": "1", "action": "file"}).status_code == 403, address
    assert client.post("/api/v1/reports/", filing(branch), content_type="application/json").status_code == 403
    assert ReportVersion.objects.count() == 1


def test_names_and_notes_are_shown_as_text(city: City, catalogue: None) -> None:
    evil = "<img src=x onerror=alert(1)>\"'</script>"
    branch = make_branch(city.community, evil)
    person = make_person(evil, city.company, branch, "secretary")
    user = make_user("evil", (Role.ORGANISER, branch), (Role.REVIEWER, city.community))
    User.objects.filter(pk=user.pk).update(name=evil)
    version = file(branch, MARCH_6, by=User.objects.get(pk=user.pk), vehicles=1, note=evil).version
    client = browser(user)
    for address in (
        reverse("branches:branch_list"),
        reverse("members:person_list"),
        reverse("members:person_detail", args=[person.public_id]),
        reverse("activities:report_list"),
        reverse("branches:branch_detail", args=[branch.public_id]),
        reverse("activities:report_receipt", args=[version.public_id]),
        reverse("activities:report_detail", args=[version.report.public_id]),
        reverse("activities:review_list"),
        reverse("activities:today"),
        reverse("activities:report_edit", args=[branch.public_id, MARCH_6]),
        reverse("portal:region_dashboard", args=[city.community.public_id]),
        reverse("portal:branch_dashboard", args=[branch.public_id]),
        reverse("portal:search") + "?q=%3Cimg",
        reverse("portal:search") + "?q=onerror",
        reverse("portal:records") + f"?branch={branch.public_id}&from=%3Cimg%20src%3Dx",
        reverse("accounts:profile"),
    ):
        answer = client.get(address)
        assert answer.status_code < 500, address
        assert "<img src=x" not in answer.content.decode(), address
        assert "script-src" in answer["Content-Security-Policy"] or "default-src 'self'" in answer["Content-Security-Policy"]


def test_an_export_holds_no_formula(city: City, catalogue: None) -> None:
    for number, name in enumerate(["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", " =1", "＝1"]):
        branch = make_branch(city.community, name)
        file(branch, MARCH_6, by=make_user(f"u{number}", (Role.ORGANISER, branch)), vehicles=1)
    client = browser(make_user("reader", (Role.OFFICIAL, city.community)))
    address = reverse("portal:dashboard_export", args=["region", city.community.public_id, "xlsx"])
    for sheet in load_workbook(BytesIO(client.get(address).content)).worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    text = b"".join(client.get(address.replace("xlsx", "csv"), {"table": "records"})).decode()
    assert not [cell for row in csv.reader(StringIO(text)) for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


# --- Workbooks ------------------------------------------------------------------------------------------------------------


def workbook() -> bytes:
    """A workbook with headings and a row."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append([column.chinese for column in clerk_import.COLUMNS])
    sheet.append(["某某临时党支部", "望江社区", "", "", "", "", "", "示例", "", ""])
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def repacked(content: bytes, change: Callable[[str, bytes], bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The same workbook with its parts changed."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as old, zipfile.ZipFile(stream, "w", compression) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return stream.getvalue()


def encrypted(content: bytes) -> bytes:
    """The same workbook, said to be encrypted."""
    return content.replace(b"PK\x03\x04\x14\x00\x00\x00", b"PK\x03\x04\x14\x00\x01\x00").replace(
        b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00"
    )


SHEETS: dict[str, Callable[[str, bytes], bytes]] = {
    "a row far down": lambda name, part: part.replace(b'<row r="2"', b'<row r="2000000000"') if "sheet1" in name else part,
    "no number for a row": lambda name, part: part.replace(b'<row r="2"', b'<row r="x"') if "sheet1" in name else part,
    "a cell nowhere": lambda name, part: part.replace(b'r="A2"', b'r="ZZZZZZ99999999"') if "sheet1" in name else part,
    "a huge number": lambda name, part: part.replace(b'r="A2" t="s"', b'r="A2" t="n"').replace(b"<v>10</v>", b"<v>1e999999</v>") if "sheet1" in name else part,
    "entities": lambda name, part: b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>' if "sheet1" in name else part,
    "nothing": lambda name, part: b"",
    "no text": lambda name, part: b"\xff" * 100 if "sharedStrings" in name else part,
    "deep": lambda name, part: b"<a>" * 200_000 if "sheet1" in name else part,
    "deep styles": lambda name, part: b"<a>" * 20_000 + b"</a>" * 20_000 if "styles" in name else part,
}


@pytest.mark.parametrize("name", SHEETS)
def test_a_workbook_made_to_do_harm_is_refused(branch: Branch, administrator: User, name: str) -> None:
    file_ = BytesIO(repacked(workbook(), SHEETS[name]))
    file_.name = "x.xlsx"
    assert browser(administrator).post(reverse("accounts:import"), {"workbook": file_}).status_code in {302, 422}


def test_a_workbook_with_a_password_or_packed_strangely_is_refused(branch: Branch, administrator: User) -> None:
    for content in (encrypted(workbook()), repacked(workbook(), lambda name, part: part, zipfile.ZIP_LZMA), workbook()[:-40], b"PK\x03\x04" + b"\0" * 100):
        file_ = BytesIO(content)
        file_.name = "../../x\0.xlsx"
        assert browser(administrator).post(reverse("accounts:import"), {"workbook": file_}).status_code in {302, 422}
