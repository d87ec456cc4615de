"""All entries at once: as lines, whole or seen to be broken off, in scope, in the audit log, and followed by the changes without a gap."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from itertools import product
from socket import create_connection, socket
from threading import Event
from threading import enumerate as enumerate_threads
from time import sleep
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from knox.models import AuthToken
from pytest_django.live_server_helper import LiveServer
from rest_framework.throttling import SimpleRateThrottle

from activities.models import ReportVersion
from activities.services import Figure, Work, file_daily_report
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from portal.runtime.postgres import wait_for
from tests.api.conftest import Caller
from tests.api.test_reading import grow_reports
from tests.factories import file, make_branch, make_user
from tests.personas import MARCH_5, MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")
Call = Callable[..., Caller]
ALL = "entries/all/"
LINES = "application/x-ndjson"
WRITERS: Final = 8
DAYS: Final = 5


def lines_of(answer: Any) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.content.decode()
    return [json.loads(line) for line in answer.getvalue().splitlines()]


@pytest.fixture
def filed(clock: Clock, branch: Branch, other_branch: Branch, organiser: User, other_organiser: User) -> None:
    """Two days of one branch, one of them corrected, and one of another."""
    file(branch, MARCH_5, by=organiser, vehicles=1, patrol_rounds=2)
    file(branch, MARCH_6, by=organiser, vehicles=3)
    file(branch, MARCH_6, by=organiser, vehicles=4)
    file(other_branch, MARCH_6, by=other_organiser, vehicles=5)


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize(
    "query",
    [{}, {"counted": "false"}, {"from": "2020-03-06"}, {"to": "2020-03-05", "kind": "patrol"}, {"kind": "visit"}],
    ids=["what counts", "all versions", "since a day", "a kind until a day", "nothing"],
)
def test_it_is_the_list_without_its_pages_with_the_count_at_the_end(call: Call, official: User, query: dict[str, str]) -> None:
    caller = call(official)
    listed = caller.rows("entries/", query)
    *rows, last = lines_of(caller.get(ALL, query))
    assert sorted(rows, key=str) == sorted(listed, key=str)
    assert last.keys() == {"rows", "changes"}
    assert last["rows"] == len(listed)


@pytest.mark.usefixtures("filed")
def test_each_pulls_their_scope_and_whoever_has_no_role_for_figures_nothing(
    call: Call, organiser: User, client_machine: User, administrator: User, city: City, branch: Branch
) -> None:
    assert {row["branch"]["public_id"] for row in lines_of(call(organiser).get(ALL))[:-1]} == {str(branch.public_id)}
    assert len(lines_of(call(client_machine).get(ALL))) == 4 + 1
    elsewhere = make_user("", (Role.CLIENT, city.south))
    assert [line["rows"] for line in lines_of(call(elsewhere).get(ALL))] == [0]
    assert call(administrator).get(ALL).status_code == 403
    assert call(None).get(ALL).status_code == 401


@pytest.mark.parametrize("query", [{"regoin": "x"}, {"from": "2020-02-30"}, {"cursor": "biwx"}, {"page_size": "10"}])
def test_what_it_does_not_know_is_refused_before_anything_is_sent(call: Call, official: User, query: dict[str, str]) -> None:
    answer = call(official).get(ALL, query)
    assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert [error["parameter"] for error in answer.json()["errors"]] == list(query)


def test_it_comes_as_lines_to_whoever_accepts_them_or_json_and_is_kept_by_nobody(call: Call, official: User) -> None:
    caller = call(official)
    for accepted in (LINES, "application/json", "*/*"):
        caller.headers["Accept"] = accepted
        answer = caller.get(ALL)
        assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (200, LINES, "no-store, private")
    caller.headers["Accept"] = "text/csv"
    assert caller.get(ALL).status_code == 406


def test_asking_for_the_headers_alone_reads_nothing(call: Call, official: User) -> None:
    caller = call(official)
    with CaptureQueriesContext(connection) as seen:
        answer: Any = caller.client.head(f"/api/v1/{ALL}", headers=caller.headers)
        assert (answer.status_code, answer.getvalue()) == (200, b"")
    assert not any("COPY" in query["sql"] for query in seen)


@pytest.mark.usefixtures("filed")
def test_a_pull_is_in_the_audit_log_before_its_first_byte_whoever_makes_it(call: Call, client_machine: User, official: User) -> None:
    answer = call(client_machine).get(ALL, {"kind": "patrol"})
    entry = AuditEntry.objects.get(action="api.pulled")
    assert (entry.actor, entry.details) == (client_machine, {"resource": "entry", "parameters": {"kind": "patrol"}, "whole": True})
    assert len(lines_of(answer)) == 2
    official_at_the_pages = Caller(None)
    official_at_the_pages.client.force_login(official)
    lines_of(official_at_the_pages.get(ALL))
    assert AuditEntry.objects.filter(action="api.pulled", actor=official).count() == 1


def test_pulls_have_a_limit_of_their_own(call: Call, official: User, client_machine: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SimpleRateThrottle.THROTTLE_RATES, "pull", "2/min")
    caller = call(official)
    for _ in range(2):
        lines_of(caller.get(ALL))
    refused = caller.get(ALL)
    assert (refused.status_code, refused.json()["type"]) == (429, "/api/v1/problems/throttled/")
    assert 0 < int(refused["Retry-After"]) <= 61
    assert AuditEntry.objects.filter(action="api.pulled").count() == 2
    # The limit is of pulls, and of each account.
    assert caller.get("entries/").status_code == 200
    assert caller.get(f"entries/{uuid4()}/").status_code == 404
    lines_of(call(client_machine).get(ALL))


def test_it_asks_the_database_as_often_for_a_thousand_entries_as_for_ten(call: Call, branch: Branch, organiser: User) -> None:
    caller = call(organiser)

    def asked(least: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert len(lines_of(caller.get(ALL))) > least
        return len(seen)

    grow_reports("entries/", 10, branch, organiser)
    few = asked(10)
    grow_reports("entries/", 1000, branch, organiser)
    assert asked(1000) == few <= 15


# --- Followed by the changes -----------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_what_an_open_transaction_writes_is_not_pulled_and_comes_with_the_changes(call: Call, branch: Branch, organiser: User) -> None:
    caller, written, pulled = call(organiser), Event(), Event()

    def write() -> str:
        with closing(connection), transaction.atomic():
            version = file(branch, MARCH_6, by=organiser, vehicles=1).version
            written.set()
            assert pulled.wait(60)
            return str(version.public_id)

    with ThreadPoolExecutor(1) as other:
        writing = other.submit(write)
        assert written.wait(60)
        try:
            (last,) = lines_of(caller.get(ALL))
        finally:
            pulled.set()
        version = writing.result()
    assert version in {change["public_id"] for change in caller.rows(last["changes"])}


@pytest.mark.django_db(transaction=True)
def test_pulls_while_others_write_miss_no_version_once_the_changes_are_followed(call: Call, city: City, catalogue: None, official: User) -> None:
    branches = [make_branch(city.community) for _ in range(WRITERS)]
    organisers = [make_user("", (Role.ORGANISER, branch)) for branch in branches]
    caller, copies = call(official), []

    def write(number: int) -> None:
        with closing(connection):
            for day, value in product(range(DAYS), (1, 2)):
                with transaction.atomic():
                    file(branches[number], MARCH_6 - timedelta(days=day), by=organisers[number], vehicles=value, reason="数字更正")
                    # Short transactions overtake the long.
                    sleep(0.02 * ((number + day) % 4))

    with ThreadPoolExecutor(WRITERS) as pool:
        writing = [pool.submit(write, number) for number in range(WRITERS)]
        while not all(writer.done() for writer in writing):
            # The limit of pulls is another test's matter.
            cache.clear()
            *rows, last = lines_of(caller.get(ALL, {"counted": "false"}))
            assert last["rows"] == len(rows)
            copies.append(({row["version"]["public_id"]: row["counted"] for row in rows}, last["changes"]))
        for writer in writing:
            writer.result()

    current = {str(version.public_id): version.is_current for version in ReportVersion.objects.all()}
    assert len(current) == WRITERS * DAYS * 2
    assert any(copy and copy != current for copy, _changes in copies)
    for copy, changes in copies:
        named = {change["public_id"] for change in caller.rows(changes) if change["resource"] == "report-versions"}
        assert copy | {version: current[version] for version in named} == current


# --- Over a real server ----------------------------------------------------------------------------------------------------


@pytest.fixture
def large(branch: Branch, organiser: User) -> None:
    """More than sockets and pipes hold."""
    for day in range(10):
        work = Work("patrol", (Figure("patrol_rounds", Decimal(1)),), note="东门王某家" * 100_000)
        file_daily_report(actor=organiser, branch=branch, day=MARCH_6 - timedelta(days=day), works=(work,), uid=uuid4())


@pytest.fixture
def line(live_server: LiveServer, large: None, organiser: User) -> Iterator[socket]:
    """A connection on which a pull has been asked for, and its first bytes have been read."""
    address = urlsplit(live_server.url)
    with closing(create_connection((address.hostname or "", address.port or 0), timeout=60)) as line:
        token = AuthToken.objects.create(user=organiser)[1]
        line.sendall(f"GET /api/v1/{ALL} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Token {token}\r\n\r\n".encode())
        assert line.recv(12).endswith(b" 200")
        assert wait_for(lambda: len(copying()) == 1, 60)
        yield line


def copying() -> list[int]:
    """The server processes of the database that send rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND query LIKE 'COPY%'")
        return [pid for (pid,) in cursor.fetchall()]


def threads() -> int:
    return sum(type(thread).__name__ == "_Copying" for thread in enumerate_threads())


@pytest.mark.django_db(transaction=True)
def test_a_client_that_goes_away_leaves_neither_a_statement_nor_a_thread(line: socket) -> None:
    assert threads() == 1
    line.close()
    assert wait_for(lambda: not copying() and not threads(), 60)


@pytest.mark.django_db(transaction=True)
def test_a_pull_that_the_database_breaks_off_has_no_last_line(line: socket) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", copying())
    received = b"".join(iter(lambda: line.recv(1 << 20), b""))
    assert received.count(b'"kind":"patrol"') >= 1
    assert b'"changes"' not in received
    assert wait_for(lambda: not threads(), 60)


@pytest.mark.django_db(transaction=True)
def test_a_pull_that_is_read_to_its_end_has_one(line: socket) -> None:
    received = b"".join(iter(lambda: line.recv(1 << 20), b""))
    assert json.loads(received.splitlines()[-1])["rows"] == 10
