"""The auditor reads the log, and the log says so."""

import csv
import json
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from branches.models import Branch
from portal.accounts.models import User
from portal.foundation import audit
from portal.foundation.models import AuditEntry
from portal.pages.audit_words import ACTIONS, NOUNS
from tests.factories import make_user

LIST, EXPORT = "/audit/", "/audit/export.csv"


def page(user: User, address: str = LIST, **query: str) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(address, query)
    assert response.status_code == 200
    return response.getvalue().decode()


@pytest.mark.parametrize("address", [LIST, EXPORT])
@pytest.mark.parametrize("role", ["organiser", "official", "administrator", "security", "system_keeper"])
def test_nobody_but_the_auditor_reads_the_log(role: str, address: str, request: pytest.FixtureRequest) -> None:
    client = Client()
    client.force_login(request.getfixturevalue(role))
    assert client.get(address).status_code == 403


def test_the_log_is_read_by_person_action_kind_and_day(auditor: User, organiser: User, branch: Branch) -> None:
    audit.record(organiser, "report.filed", branch, number=7)
    today = timezone.localdate(AuditEntry.objects.get(action="report.filed").at)
    for query in ({"person": "organ"}, {"action": "report"}, {"kind": "branch"}, {"first": today.isoformat(), "last": today.isoformat()}):
        assert 'data-action="report.filed"' in page(auditor, **query)
    yesterday = (today - timedelta(days=1)).isoformat()
    for query in ({"person": "somebody else"}, {"action": "grant"}, {"kind": "region"}, {"last": yesterday}):
        assert 'data-action="report.filed"' not in page(auditor, **query)


def test_details_name_places_and_accounts_in_words_and_persons_not_at_all(auditor: User, organiser: User, branch: Branch) -> None:
    person = branch.terms.get().membership.person
    audit.record(
        auditor, "grant.given", organiser, user=str(organiser.public_id), role="organiser", scope="branch", scope_id=str(branch.public_id), sensitive=False
    )
    audit.record(organiser, "report.filed", branch=str(branch.public_id), day="2020-03-06", number=2, nature="correction")
    audit.record(organiser, "branch.changed", branch, fields=["guided_by"])
    audit.record(organiser, "membership.added", person=str(person.public_id))
    client = Client()
    client.force_login(auditor)
    lines = {line.row.action: line for line in client.get(LIST).context["rows"]}
    told = {action: {(detail.name, detail.words) for detail in line.details} for action, line in lines.items()}

    assert told["grant.given"] == {("用户", "organiser"), ("角色", "经办人"), ("范围", branch.name)}
    assert told["report.filed"] == {("支部", branch.name), ("日期", "2020年3月6日"), ("版本", "2"), ("类别", "更正")}
    assert (lines["branch.changed"].name, told["branch.changed"]) == (branch.name, {("字段", "指导单位")})
    assert person.name not in page(auditor)


def test_the_choice_of_actions_has_all_that_the_portal_writes() -> None:
    sources = [path.read_text() for root in ("portal", "branches", "members", "activities") for path in Path(settings.BASE_DIR, root).rglob("*.py")]
    written = {action for text in sources for action in re.findall(r'audit\.record\([^,]+, "([a-z_.]+)"', text)}

    assert len(written) > 30
    assert written <= set(ACTIONS)
    assert {action.partition(".")[0] for action in ACTIONS} == set(NOUNS)


def test_reading_and_exporting_are_in_the_log(auditor: User) -> None:
    page(auditor, action="report")
    page(auditor, EXPORT)
    read, exported = AuditEntry.objects.filter(action__startswith="audit.").order_by("pk")
    assert (read.action, read.actor, read.details) == ("audit.read", auditor, {"filters": {"action": "report"}})
    assert exported.action == "audit.exported"


def test_pages_go_back_in_time_without_gaps_or_repeats(auditor: User, organiser: User) -> None:
    for number in range(120):
        audit.record(organiser, "report.filed", number=number)
    seen: list[str] = []
    query: dict[str, str] = {"action": "report.filed"}
    while True:
        client = Client()
        client.force_login(auditor)
        response = client.get(LIST, query)
        seen += [str(line.row.details["number"]) for line in response.context["rows"]]
        if not response.context["page"].next:
            break
        query["after"] = response.context["page"].next
    assert seen == [str(number) for number in reversed(range(120))]


@pytest.mark.parametrize(
    "query",
    [{"first": "2020-02-30"}, {"last": "9999-12-31"}, {"kind": "nonsense"}, {"action": "x" * 999}],
)
def test_a_filter_that_makes_no_sense_shows_no_rows(auditor: User, organiser: User, query: dict[str, str]) -> None:
    audit.record(organiser, "report.filed")
    assert 'data-action="report.filed"' not in page(auditor, **query)


@pytest.mark.parametrize("mark", ["x", "9" * 40, "-1", "٣"])
def test_a_mark_that_names_no_row_leads_to_the_newest(auditor: User, organiser: User, mark: str) -> None:
    audit.record(organiser, "report.filed")
    for name in ("after", "before"):
        assert 'data-action="report.filed"' in page(auditor, **{name: mark})


def test_the_export_carries_no_formula(auditor: User) -> None:
    audit.record(make_user("=cmd", name="=1+1"), "report.filed")
    lines = page(auditor, EXPORT, action="report.filed").splitlines()
    assert lines[0] == "\ufeffat,username,name,action,kind,object,address,details"
    assert ",'=cmd,'=1+1,report.filed," in lines[1]


@pytest.mark.parametrize("rows", [10, 200])
def test_the_log_asks_as_many_questions_at_any_size(auditor: User, organiser: User, rows: int) -> None:
    for _ in range(rows):
        audit.record(organiser, "report.filed")
    client = Client()
    client.force_login(auditor)
    with CaptureQueriesContext(connection) as asked:
        client.get(LIST)
    assert len(asked) == 6


def test_the_export_has_every_row_as_the_log_has_it(auditor: User, organiser: User, branch: Branch) -> None:
    audit.record(organiser, "report.filed", branch, address="192.0.2.7", number=2, words='引号" and, comma')
    audit.record(None, "demo.loaded")
    (loaded, filed), rows = AuditEntry.objects.exclude(action__startswith="audit.").order_by("-pk")[:2], csv.DictReader(StringIO(page(auditor, EXPORT)))
    found = {row["action"]: row for row in rows}

    assert json.loads(found["report.filed"].pop("details")) == {"number": 2, "words": '引号" and, comma'}
    about = {"kind": "branch", "object": str(branch.public_id), "address": "192.0.2.7"}
    who = {"username": organiser.username, "name": str(organiser)}
    assert {name.lstrip("\ufeff"): value for name, value in found["report.filed"].items()} == {**_moment(filed), **who, "action": "report.filed", **about}
    nobody = dict.fromkeys(("username", "name", "kind", "object", "address"), "")
    told = {name.lstrip("\ufeff"): value for name, value in found["demo.loaded"].items()}
    assert told == {**_moment(loaded), **nobody, "action": "demo.loaded", "details": "{}"}


def _moment(row: AuditEntry) -> dict[str, str]:
    return {"at": timezone.localtime(row.at).isoformat(timespec="microseconds")}
