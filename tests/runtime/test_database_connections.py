"""What a running portal asks of its database: the settings that the server runs with, and how many connections it holds."""

import subprocess
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from portal.runtime import tuning
from tests.runtime.portals import DIRECT, Portal, free_port, open_folder, stage

# More than the web server has threads on any machine.
CLIENTS, REQUESTS = 64, 320
OURS = "FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"


@pytest.fixture(scope="module")
def portal(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A portal with its own server, as `make run` starts them."""
    folder = open_folder(tmp_path_factory.mktemp("connections"))
    subprocess.run(["cp", "-a", prepared, folder / "var"], check=True)
    running = Portal(folder / "var", free_port()).ready()
    yield running
    running.stop()
    running.close()


@pytest.fixture(scope="module")
def token(portal: Portal) -> str:
    """A token for the API."""
    return stage(portal, 1)[0]["token"]


def ask(portal: Portal, token: str) -> int:
    """Ask for a list that is read from the database, and return the status."""
    request = urllib.request.Request(f"http://127.0.0.1:{portal.port}/api/v1/reports/", headers={"Authorization": f"Token {token}"})
    with DIRECT.open(request, timeout=60) as answer:
        answer.read()
        return int(answer.status)


def ask_all_at_once(portal: Portal, token: str) -> list[int]:
    """Send `REQUESTS` requests from `CLIENTS` clients, and return the statuses."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(lambda _number: ask(portal, token), range(REQUESTS)))


def test_the_server_runs_with_the_settings_for_this_machine_and_keeps_what_was_committed(portal: Portal) -> None:
    wanted = tuning.server_settings(tuning.this_machine()) | tuning.durability(durable=True)

    for name, value in wanted.items():
        # The server shows a size in the largest unit that divides it.
        same = f"SELECT pg_size_bytes(current_setting('{name}')) = pg_size_bytes('{value}')" if value.endswith("MB") else f"SELECT current_setting('{name}')"
        assert portal.query(same) in ([(True,)], [(value,)]), name
    assert [portal.query(f"SHOW {name}") for name in ("fsync", "full_page_writes", "synchronous_commit", "jit")] == [[("on",)]] * 3 + [[("off",)]]


def test_the_portal_serves_as_the_application_and_not_as_the_owner_of_the_tables(portal: Portal, token: str) -> None:
    ask(portal, token)
    assert portal.query(f"SELECT DISTINCT usename {OURS}") == [("portal_app",)]


def test_any_number_of_clients_is_served_over_a_bounded_number_of_connections(portal: Portal, token: str) -> None:
    machine, peak, done = tuning.this_machine(), 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.is_set():
            # Of the application: the connection that asked just before is the owner's, and may still be on its way out.
            peak = max(peak, portal.query(f"SELECT count(*) {OURS} AND usename = 'portal_app'")[0][0])
            done.wait(0.05)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        answers = ask_all_at_once(portal, token)
    finally:
        done.set()
        watcher.join(30)

    assert answers == [200] * REQUESTS
    # The clients were served side by side, each web thread over its own connection, and there is one of the worker.
    assert tuning.web_workers(machine) < peak <= tuning.web_connections(machine) + 1
    assert peak <= int(portal.query("SHOW max_connections")[0][0]) - tuning.RESERVE


def test_connections_that_the_server_has_ended_are_noticed_before_they_are_used(portal: Portal, token: str) -> None:
    ask_all_at_once(portal, token)
    ended = portal.query(f"SELECT pg_terminate_backend(pid) {OURS}")

    assert len(ended) > 1
    assert ask_all_at_once(portal, token) == [200] * REQUESTS
