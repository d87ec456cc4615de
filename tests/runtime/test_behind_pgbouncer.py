"""The portal before a PgBouncer in transaction mode, with DATABASE_POOLED=1: every transaction may run on another connection to the server."""

import json
import os
import re
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import psycopg2
import pytest

from portal.embedded import PORT
from portal.runtime.postgres import Server, prepare_data_dir, wait_for
from tests.factories import PASSWORD
from tests.runtime.portals import DIRECT, Portal, free_port, open_folder, run_sql, stage, unpacked

PROGRAM, LIBRARIES = unpacked("pgbouncer")

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="needs PgBouncer: tools/unpack.sh unpacks it where there is apt, else install the package pgbouncer")

POOL_SIZE, BRANCHES, ROUNDS = 2, 10, 3
ROLE = DATABASE = "office"
DAYS = [f"2020-03-0{number}" for number in range(1, ROUNDS + 1)]


@dataclass
class Site:
    """A portal, the pooler behind it, and the server behind that."""

    portal: Portal
    server: Server
    places: list[dict[str, str]]

    def on_the_server(self, statement: str) -> list[tuple[Any, ...]]:
        """Run a statement without the pooler."""
        return run_sql(self.server, statement, database=DATABASE)


@dataclass
class Visitor:
    """Somebody signed in, with cookies as a browser keeps them."""

    port: int
    username: str
    cookies: CookieJar = field(default_factory=CookieJar)

    def __post_init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies))
        token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', self.get("/account/sign-in/"))
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1].decode(), "username": self.username, "password": PASSWORD}
        self._opener.open(f"http://127.0.0.1:{self.port}/account/sign-in/", urlencode(form).encode(), timeout=60).close()

    def get(self, path: str) -> bytes:
        """Return a page; whatever is not 200 raises."""
        with self._opener.open(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            content: bytes = answer.read()
            return content


def api(site: Site, place: dict[str, str], path: str, body: dict[str, Any] | None = None) -> Any:
    """Ask the API with the place's token, and return what it says; whatever is not 2xx raises."""
    headers = {"Authorization": f"Token {place['token']}", "Content-Type": "application/json"}
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(f"http://127.0.0.1:{site.portal.port}/api/v1/{path}", data, headers)
    with DIRECT.open(request, timeout=60) as answer:
        return json.load(answer)


def pulled(site: Site, place: dict[str, str]) -> list[dict[str, Any]]:
    """Pull all entries of a place as lines, the last one included."""
    request = urllib.request.Request(f"http://127.0.0.1:{site.portal.port}/api/v1/entries/all/", headers={"Authorization": f"Token {place['token']}"})
    with DIRECT.open(request, timeout=60) as answer:
        return [json.loads(line) for line in answer]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with an empty database of an ordinary role."""
    data_dir = open_folder(tmp_path_factory.mktemp("server")) / "var"
    prepare_data_dir(data_dir)
    started = Server(data_dir, durable=False)
    started.start()
    run_sql(started, f"CREATE ROLE {ROLE} LOGIN")
    run_sql(started, f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
    yield started
    started.stop()


@pytest.fixture(scope="module")
def pooler(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a PgBouncer in transaction mode before `server`, as docs/operations.md sets it up."""
    port, config = free_port(), open_folder(tmp_path_factory.mktemp("pooler")) / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n{DATABASE} = host={server.socket} port={PORT} dbname={DATABASE} user={ROLE}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = transaction\ndefault_pool_size = {POOL_SIZE}\n"
    )
    config.chmod(0o644)
    # It refuses root, as the server does, and only the server's user reaches the server's socket.
    process = subprocess.Popen(
        [*server.identity.prefix, str(PROGRAM), str(config)],
        env=os.environ | {"LD_LIBRARY_PATH": LIBRARIES},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        **server.identity.popen_options(signal.SIGTERM),
    )
    try:
        assert wait_for(lambda: process.poll() is not None or answers(port), 20), "PgBouncer does not answer"
        assert process.poll() is None, process.communicate()[1]
        yield f"postgres://{ROLE}@127.0.0.1:{port}/{DATABASE}"
    finally:
        process.terminate()
        process.communicate(timeout=20)


def answers(port: int) -> bool:
    """Tell whether the pooler lets us through to the server."""
    try:
        psycopg2.connect(host="127.0.0.1", port=port, user=ROLE, dbname=DATABASE, connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True


@pytest.fixture(scope="module")
def site(server: Server, pooler: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A portal that knows only the pooler, and has migrated through it."""
    data_dir = open_folder(tmp_path_factory.mktemp("portal")) / "var"
    portal = Portal(data_dir, free_port(), DATABASE_URL=pooler, DATABASE_POOLED="1")
    try:
        portal.ready()
        yield Site(portal, server, stage(portal, BRANCHES, DATABASE_URL=pooler, DATABASE_POOLED="1"))
    finally:
        if portal.process.poll() is None:
            portal.stop()
        portal.close()


def file_and_read(site: Site, number: int) -> list[str]:
    """File the days of one branch and read them back in every way; return what is wrong."""
    place, visitor, wrong = site.places[number], Visitor(site.portal.port, f"gate-{number}"), []
    for position, day in enumerate(DAYS, 1):
        value = str(1000 * (number + 1) + position)
        body = {"uid": str(uuid4()), "branch": place["branch"], "business_date": day, "figures": [{"metric": "vehicles", "value": value}]}
        receipt = api(site, place, "reports/", body)["receipt"]
        if api(site, place, "reports/", body)["receipt"] != receipt:
            wrong.append(f"{day} was stored twice")
        span = f"from={day}&to={day}"
        table = visitor.get(f"/dashboard/branch/{place['branch']}/export.csv?{span}&table=records").decode()
        if not re.search(rf",{value}\b", table):
            wrong.append(f"the export of {day} lacks {value}: {table}")
        if visitor.get(f"/records/export.csv?branch={place['branch']}&{span}").decode() != table:
            wrong.append(f"the rows of {day} are others than those of the dashboard's file")
        if f"{int(value):,}" not in visitor.get(f"/dashboard/branches/{place['branch']}/?{span}").decode():
            wrong.append(f"the dashboard of {day} lacks {value}")
    return wrong


def changed(site: Site, place: dict[str, str]) -> list[str]:
    """Follow the feed of changes to its end, and return which reports were added."""
    path, found = "changes/?resource=reports", []
    while path:
        page = api(site, place, path)
        found += [change["public_id"] for change in page["results"] if change["operation"] == "added"]
        path = (page["next"] or "").partition("/api/v1/")[2]
    return found


def test_ten_branches_file_and_read_at_once_over_two_connections_to_the_server(site: Site) -> None:
    most, done = 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.is_set():
            most = max(most, site.on_the_server(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{ROLE}' AND backend_type = 'client backend'")[0][0])
            done.wait(0.05)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    with ThreadPoolExecutor(BRANCHES) as people:
        try:
            wrong = list(people.map(lambda number: file_and_read(site, number), range(BRANCHES)))
            # Whatever began before and is not done holds the feed back.
            told = [wait_for(lambda place=place: len(set(changed(site, place))) >= ROUNDS, 60) for place in site.places]  # type: ignore[misc]
            feeds = list(people.map(lambda place: changed(site, place), site.places))
        finally:
            done.set()
            watcher.join(30)

    assert wrong == [[]] * BRANCHES
    assert all(told)
    assert [len(set(feed)) for feed in feeds] == [ROUNDS] * BRANCHES
    assert most == POOL_SIZE
    assert site.on_the_server("SELECT count(*) FROM activities_reportversion WHERE state = 'filed'") == [(BRANCHES * ROUNDS,)]


def test_the_audit_log_is_exported_whole_by_several_at_once(site: Site) -> None:
    auditor = Visitor(site.portal.port, "gate-auditor")
    filed = site.on_the_server("SELECT count(*) FROM foundation_auditentry")[0][0]

    with ThreadPoolExecutor(BRANCHES) as people:
        exports = list(people.map(lambda _number: auditor.get("/audit/export.csv"), range(BRANCHES)))

    # Under the header; the exports themselves are in the log too.
    assert all(export.decode().count("\n") - 1 > filed for export in exports)


def test_all_entries_are_pulled_by_several_at_once_and_their_changes_begin_there(site: Site) -> None:
    with ThreadPoolExecutor(BRANCHES) as people:
        pulls = list(people.map(lambda place: pulled(site, place), site.places))

    for place, (*entries, last) in zip(site.places, pulls, strict=True):
        assert last["rows"] == len(entries) >= ROUNDS
        assert {entry["branch"]["public_id"] for entry in entries} == {place["branch"]}
        assert api(site, place, last["changes"].partition("/api/v1/")[2])["results"] == []


def test_the_worker_does_its_jobs(site: Site) -> None:
    # House-keeping of the first day is due at once.
    done = "SELECT count(*) FROM foundation_job WHERE kind = 'housekeeping' AND state = 'done'"

    assert wait_for(lambda: site.on_the_server(done) != [(0,)], 60)
