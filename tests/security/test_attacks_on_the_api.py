"""What a program that means harm would send: no body, no query, no day of the calendar and no header breaks the API."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from activities.models import Entry, ReportVersion
from branches.models import Branch
from portal.accounts.models import User
from tests.personas import MARCH_6
from tests.security.attacker import NUL, browser, filing, machine

pytestmark = pytest.mark.usefixtures("clock")


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
        assert call("get", f"{path}/", query).status_code in {200, 404, 410, 422}, query


def test_totals_survive_any_query(branch: Branch, organiser: User) -> None:
    call = machine(organiser)
    sound = {"branch": str(branch.public_id), "from": "2020-03-01", "to": "2020-03-06"}
    for query in [*QUERIES, {"from": "1900-01-01"}, {"to": "2999-12-31"}, {"from": "1900-01-01", "to": "2999-12-31"}, {"from": NUL}, {"branch": NUL}]:
        for path in ("totals/", "totals/records/"):
            assert call("get", path, sound | query).status_code in {200, 404, 410, 422}, query


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
