"""The owner of the tables and the application, as an operator sets them apart on a server of DATABASE_URL."""

import contextlib
import subprocess
from pathlib import Path

from portal.runtime.postgres import Server
from tests.runtime.conftest import Start
from tests.runtime.portals import Portal, run_sql

OWNS = "The role of DATABASE_URL owns the tables"
SERVING = "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'office' AND pid <> pg_backend_pid() AND backend_type = 'client backend'"


def url(server: Server, role: str) -> str:
    return server.url(role=role, database="office")


def environments(portal: Portal) -> list[str]:
    """Return what each process that the portal started has in its environment."""
    found = []
    for pid in portal.family() - {portal.process.pid}:
        # A connection's process may have ended since.
        with contextlib.suppress(OSError):
            found.append(Path(f"/proc/{pid}/environ").read_text())
    return found


def test_the_owner_migrates_and_the_application_serves(start: Start, prepared: Path, folder: Path) -> None:
    server = Server(copied(prepared, folder / "server"))
    server.start()
    try:
        # As docs/operations.md has it.
        run_sql(server, "CREATE ROLE office LOGIN")
        run_sql(server, "CREATE ROLE office_app LOGIN")
        run_sql(server, "CREATE DATABASE office OWNER office")
        apart = start(data_dir=folder / "one", DATABASE_URL=url(server, "office_app"), DATABASE_OWNER_URL=url(server, "office")).ready()
        owners = run_sql(server, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'", database="office")
        serving = run_sql(
            server, "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'office' AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        told = environments(apart)
        printed = apart.stop()
        together = start(data_dir=folder / "two", DATABASE_URL=url(server, "office")).ready().stop()
    finally:
        server.stop()

    assert owners == [("office",)]
    assert serving == [("office_app",)]
    assert told
    assert not any("DATABASE_OWNER_URL" in text for text in told)
    assert OWNS not in printed
    assert OWNS in together


def copied(prepared: Path, to: Path) -> Path:
    subprocess.run(["cp", "-a", prepared, to], check=True)
    return to
