"""What a running portal writes into its logs: read whole, after somebody tried to get their data into them."""

import contextlib
import gzip
import json
import os
import socket
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import psycopg2

from portal.runtime.log_files import LogFiles, pack
from portal.runtime.postgres import Server, wait_for
from tests.runtime.conftest import Start
from tests.runtime.portals import DIRECT, Portal, stage

NAME, PHONE, WORD = "詹某某", "13800138000", "Geheim-4711"
SECRETS = (NAME, PHONE, WORD, urllib.parse.quote(NAME), NAME.encode("utf-8").decode("latin-1"))


def ask(portal: Portal, path: str, body: bytes | None = None, **headers: str) -> int:
    """Send a request, and return the status."""
    request = urllib.request.Request(f"http://127.0.0.1:{portal.port}{urllib.parse.quote(path, safe='/?=&')}", body, headers)
    try:
        with DIRECT.open(request, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def raw(portal: Portal, text: str) -> None:
    """Send bytes that are no request, or half of one."""
    with socket.create_connection(("127.0.0.1", portal.port), timeout=5) as connection, contextlib.suppress(OSError):
        connection.sendall(text.encode())
        connection.shutdown(socket.SHUT_WR)
        connection.recv(1000)


def test_no_log_of_a_running_portal_holds_what_was_typed_asked_or_stored(start: Start) -> None:
    portal = start(SLOW_QUERY_MS="0").ready()
    place = stage(portal, 1)[0]
    token = {"Authorization": f"Token {place['token']}"}
    form = urllib.parse.urlencode({"username": NAME, "password": WORD}).encode()
    ask(portal, "/account/sign-in/", form)
    ask(portal, f"/{NAME}/{PHONE}/?q={WORD}", None, Referer=f"http://{PHONE}/", **{"User-Agent": WORD})
    ask(portal, f"/search/?q={PHONE}", None, Host=f"{PHONE}.example")
    ask(portal, f"/api/v1/people/?search={PHONE}", None, **token)
    ask(portal, "/api/v1/reports/", json.dumps({"uid": WORD, "reason": NAME, "figures": PHONE}).encode(), **token, **{"Content-Type": "application/json"})
    raw(portal, f"GET /{PHONE} {NAME}\r\n\r\n")
    raw(portal, f"POST /account/sign-in/?q={PHONE} HTTP/1.1\r\nHost: {WORD}\r\nContent-Length: {WORD}\r\n\r\n")
    raw(portal, f"POST /account/sign-in/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\nusername={PHONE}")
    database = Server(portal.data_dir).connect()
    database.autocommit = True
    with database.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE held (phone text UNIQUE)")
        refused = (
            ("INSERT INTO held VALUES (%s), (%s)", [PHONE, PHONE]),
            ("SELECT %s::integer, pg_sleep(0)", [WORD]),
            ("SELECT 1 FROM nothing_like_it -- %s", [NAME]),
        )
        for statement, values in refused:
            with contextlib.suppress(psycopg2.Error):
                cursor.execute(statement, values)
    database.close()
    assert ask(portal, "/livez") == 200
    wait_for(lambda: "worker" in (portal.data_dir / "log" / "worker.log").read_text(encoding="utf-8"), 20)
    portal.stop()

    logs = {path.name: path.read_bytes().decode("utf-8") for path in (portal.data_dir / "log").iterdir()}
    assert logs.keys() >= {"web.log", "worker.log", "postgres.log"}
    for name, text in logs.items():
        assert not [secret for secret in SECRETS if secret in text], name
    lines = [json.loads(line) for name in ("web.log", "worker.log") for line in logs[name].splitlines()]
    assert {"portal.request", "gunicorn.error", "portal.slow_statement"} <= {line["logger"] for line in lines}
    routes = {line["route"] for line in lines if line["logger"] == "portal.request"}
    assert {"accounts:sign_in", "nowhere", "activities-api:report-list"} <= routes


def test_a_log_is_packed_while_it_is_written_and_goes_on_empty(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    writer = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(writer, b"first\n" * 1000)

    LogFiles(tmp_path, limit=5000).keep()
    os.write(writer, b"second\n")
    os.close(writer)

    (packed,) = tmp_path.glob("web-*.log.gz")
    assert gzip.decompress(packed.read_bytes()) == b"first\n" * 1000
    assert path.read_bytes() == b"second\n"
    assert packed.stat().st_mode & 0o077 == 0


def test_packed_logs_go_when_they_are_old_and_the_oldest_when_they_take_too_much_room(tmp_path: Path) -> None:
    kept = []
    for age in range(6):
        path = tmp_path / f"web-{age}.log"
        path.write_bytes(os.urandom(1000))
        kept.append(pack(path))
        os.utime(kept[-1], (time.time() - age * 86400,) * 2)

    LogFiles(tmp_path, kept_bytes=2500, kept_days=30).throw_away()
    assert [path.exists() for path in kept] == [True, True, False, False, False, False]
    LogFiles(tmp_path, kept_days=1).throw_away()
    assert [path.exists() for path in kept] == [True, False, False, False, False, False]
