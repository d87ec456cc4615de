"""The auditor reads the log, and the log says so."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from branches.models import Branch
from portal.accounts.models import User
from portal.foundation import audit
from portal.foundation.models import AuditEntry
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
    today = timezone.localdate()
    for query in ({"person": "organ"}, {"action": "report"}, {"kind": "branch"}, {"first": today.isoformat(), "last": today.isoformat()}):
        assert '<code class="unit">report.filed' in page(auditor, **query)
    yesterday = (today - timedelta(days=1)).isoformat()
    for query in ({"person": "somebody else"}, {"action": "grant"}, {"kind": "region"}, {"last": yesterday}):
        assert '<code class="unit">report.filed' not in page(auditor, **query)


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
        seen += [str(row.details["number"]) for row, *_ in response.context["rows"]]
        if response.context["older"] is None:
            break
        query["before"] = str(response.context["older"])
    assert seen == [str(number) for number in reversed(range(120))]


@pytest.mark.parametrize(
    "query",
    [{"first": "2020-02-30"}, {"last": "9999-12-31"}, {"kind": "nonsense"}, {"before": "x"}, {"before": "9" * 40}, {"action": "x" * 999}],
)
def test_a_filter_that_makes_no_sense_shows_no_rows(auditor: User, organiser: User, query: dict[str, str]) -> None:
    audit.record(organiser, "report.filed")
    assert '<code class="unit">report.filed' not in page(auditor, **query)


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
    assert len(asked) == 5
