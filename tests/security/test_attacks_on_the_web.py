"""Ways out of the site, forged posts, and text that a browser or a spreadsheet would run."""

import csv
from io import BytesIO, StringIO
from urllib.parse import urljoin, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from activities.models import ReportVersion
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.factories import file, make_branch, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, City
from tests.security.attacker import browser, filing

pytestmark = pytest.mark.usefixtures("clock")


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
        # Names of pages, and of none.
        "id",
        "accounts:profile",
        "evil.example",
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
        if "\0" in goal and answer.status_code == 422:  # refused in words
            assert "Location" not in answer
            continue
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
    for sheet in load_workbook(BytesIO(client.get(address).getvalue())).worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    text = b"".join(client.get(address.replace("xlsx", "csv"), {"table": "records"})).decode()
    assert not [cell for row in csv.reader(StringIO(text)) for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
