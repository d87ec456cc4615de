"""Notes are nowhere for whoever may not read them."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.urls import reverse

from activities.services import Figure, Work, file_daily_report
from branches.models import Branch
from portal.accounts.models import User
from tests.factories import file
from tests.personas import MARCH_6
from tests.security.attacker import SECRET, browser, machine

pytestmark = pytest.mark.usefixtures("clock")


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
        reverse("portal:records_export", args=["csv"]) + f"?branch={branch.public_id}",
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
