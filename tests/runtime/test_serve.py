"""`make run`: what its operator can rely on. Every test starts real processes."""

import contextlib
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from pathlib import Path

import psycopg2
import pytest

from portal.runtime.postgres import Server, wait_for
from portal.runtime.processes import is_alive
from tests.runtime.conftest import Start
from tests.runtime.portals import DIRECT, READY, Portal, copy_of, give_to_ordinary_user, run_sql
from tests.runtime.victims import children, web_master


def refused(portal: Portal, path: str, **headers: str) -> urllib.error.HTTPError:
    """Ask for `path` with the cookie of a session, and return the refusal."""
    request = urllib.request.Request(f"http://127.0.0.1:{portal.port}{path}", headers={"Cookie": f"sessionid={'a' * 32}", **headers})
    with pytest.raises(urllib.error.HTTPError) as refusal:
        DIRECT.open(request, timeout=20)
    return refusal.value


def test_a_start_serves_and_says_where_and_with_which_sign_ins(start: Start, data_dir: Path) -> None:
    sign_in = {"role": "organiser", "label_zh": "组织员", "label_en": "organiser", "username": "gate-1", "password": "made-here"}
    (data_dir / "demo-sign-ins.json").write_text(json.dumps([sign_in]))
    portal = start().ready()

    assert portal.health() == (200, {"status": "ok"})
    printed = portal.stop()

    assert f"http://127.0.0.1:{portal.port}/" in printed
    assert "gate-1  made-here  organiser / 组织员" in printed


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_or_a_request_to_end_stops_everything_that_was_started(start: Start, number: signal.Signals) -> None:
    portal = start().ready()
    family = portal.family()
    assert len(family) > 8  # the web server with its workers, PostgreSQL with its own

    portal.stop(number)

    assert portal.process.returncode == 0
    assert not [pid for pid in family if is_alive(pid)]


def test_after_a_kill_of_the_portal_the_next_start_serves_what_was_stored(start: Start) -> None:
    first = start().ready()
    first.query("CREATE TABLE kept AS SELECT 7 AS value")
    family = first.family()

    first.stop(signal.SIGKILL)
    second = start().ready()

    assert second.query("SELECT value FROM kept") == [(7,)]
    assert not [pid for pid in family if is_alive(pid)]


def test_after_a_kill_of_everything_at_once_the_next_start_serves_what_was_stored(start: Start) -> None:
    first = start().ready()
    first.query("CREATE TABLE kept AS SELECT 7 AS value")

    for pid in first.family():
        # One may end because another did.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    first.process.communicate(timeout=30)
    second = start().ready()

    assert second.query("SELECT value FROM kept") == [(7,)]


def test_a_start_that_is_killed_while_the_demo_loads_leaves_nothing_of_it_and_the_next_one_loads_it_whole(start: Start) -> None:
    first = start(DEMO="1")
    assert wait_for(lambda: loads_the_demo(first), READY)
    first.stop(signal.SIGKILL)

    second = start(DEMO="1")
    assert wait_for(lambda: loads_the_demo(second), READY), "the second start did not find an empty database"
    second.ready()

    assert second.query("SELECT count(*) FROM foundation_auditentry WHERE action = 'demo.loaded'") == [(1,)]
    assert second.query("SELECT count(DISTINCT source) FROM branches_branch") == [(4,)]  # the invented city and three published cases
    assert "demo-organiser" in second.printed()


def loads_the_demo(portal: Portal) -> bool:
    """Tell whether the transaction that loads the demo is under way."""
    try:
        return portal.query("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") != [(0,)]
    except psycopg2.OperationalError:
        return False


def test_postgresql_killed_while_serving_is_started_again_with_what_was_stored(start: Start) -> None:
    portal = start().ready()
    portal.query("CREATE TABLE kept AS SELECT 7 AS value")

    # Held, so that it cannot mend the matter before we look.
    portal.process.send_signal(signal.SIGSTOP)
    os.kill(portal.server_pid(), signal.SIGKILL)
    said: list[dict[str, str]] = []

    def is_gone() -> bool:
        status, words = portal.health()
        said.append(words)
        return status == 503

    gone = wait_for(is_gone, 30)
    reason = said[-1].get("reason", "")
    page = refused(portal, "/account/activate/")
    api = refused(portal, "/api/v1/reports/", Authorization=f"Token {'0' * 64}")
    portal.process.send_signal(signal.SIGCONT)

    assert gone
    assert (page.code, page.headers["Retry-After"], api.code, api.headers["Content-Type"]) == (503, "5", 503, "application/problem+json")
    assert reason.startswith("The database does not answer")
    portal.ready()
    assert portal.query("SELECT value FROM kept") == [(7,)]


def test_a_web_server_killed_while_serving_is_started_again(start: Start) -> None:
    portal = start().ready()
    master = web_master(portal)
    serving = {master, *children(master)}

    for pid in serving:
        # The workers end by themselves when the one who started them did.
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    portal.ready()
    assert web_master(portal) not in serving


def test_a_server_left_running_by_a_kill_is_taken_over(start: Start, data_dir: Path) -> None:
    # Without the notice of our death, as where the kernel gives none.
    left_over = Server(data_dir)
    left_over.start()
    assert left_over.process is not None
    pid = left_over.process.pid

    portal = start().ready()

    assert portal.server_pid() != pid
    left_over.process.wait(30)


def test_a_lock_file_that_names_another_living_process_does_not_stop_the_start(start: Start, data_dir: Path) -> None:
    (data_dir / "postgres-18" / "postmaster.pid").write_text(f"{os.getpid()}\n{data_dir / 'postgres-18'}\n0\n5432\n\n\n")

    start().ready()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_make_that_is_stopped_or_killed_takes_everything_with_it(start: Start, data_dir: Path, port: int, number: signal.Signals) -> None:
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    portal = start(command=["make", "--silent", "run", f"PORT={port}", f"DATA_DIR={data_dir}", f"PYTHON={base}"]).ready()
    family = portal.family()

    portal.stop(number)

    assert wait_for(lambda: not any(is_alive(pid) for pid in family), 20)
    start().ready()


def test_a_portal_of_an_ordinary_user_serves(start: Start, folder: Path) -> None:
    home = folder / "home"
    home.mkdir()
    give_to_ordinary_user(home)

    portal = start(data_dir=home / "var", ordinary_user=True).ready()

    owner = home.stat().st_uid
    assert owner != 0
    assert (home / "var" / "postgres-18").stat().st_uid == owner
    assert Path(f"/proc/{portal.server_pid()}").stat().st_uid == owner


def test_the_data_folder_is_closed_to_others(start: Start, prepared: Path) -> None:
    start().ready()

    for name in ("secret_key", "log", "attachments", "postgres-18", "run"):
        assert (prepared / name).stat().st_mode & 0o077 == 0, name
    assert prepared.stat().st_mode & 0o066 == 0


def test_a_database_that_is_named_is_used_instead(start: Start, folder: Path, prepared: Path) -> None:
    named = copy_of(prepared, folder / "named")
    named.start()
    try:
        run_sql(named, "CREATE DATABASE elsewhere")
        portal = start(data_dir=folder / "own", DATABASE_URL=named.url(database="elsewhere")).ready()

        assert not (folder / "own" / "postgres-18").exists()
        assert run_sql(named, "SELECT count(*) > 0 FROM django_migrations", database="elsewhere") == [(True,)]

        run_sql(named, "DROP DATABASE elsewhere WITH (FORCE)")
        assert wait_for(lambda: portal.health()[0] == 503, 10)
        portal.stop()
    finally:
        named.stop()
