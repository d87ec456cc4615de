"""A PostgreSQL of its own for a run, and in it the data of each size.

What is filled and kept is a database of its own and never written again: a run works on a copy of it, so that every run begins with the same rows.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest.mock import patch

from psycopg2 import sql

from portal.runtime import tuning
from portal.runtime.postgres import Server, prepare_data_dir

ROOT: Final = Path(__file__).resolve().parent.parent
DAYS: Final = 90
_WORKED_ON: Final = "working"


@dataclass(frozen=True)
class Size:
    """How many entries, of how many branches; sizes that are compared have the same branches, days and series."""

    entries: int
    branches: int

    @property
    def name(self) -> str:
        """The name of the database that keeps it."""
        return f"filled_{self.entries}_{self.branches}_{DAYS}"


@contextmanager
def server(folder: Path, *, durable: bool = True) -> Iterator[Server]:
    """Start the server of `folder` with production's settings, fsync included where anything is timed; stop it at the end."""
    prepare_data_dir(folder)
    running = Server(folder, durable=durable)
    with patch.object(tuning, "server_settings", _with_room):
        running.start()
    try:
        yield running
    finally:
        running.stop()


def _with_room(machine: tuning.Machine) -> dict[str, str]:
    """Return production's settings, with a connection for each of a crowd: there, fewer threads of the web server hold them."""
    return _settings_of(machine) | {"max_connections": "100"}


_settings_of: Final = tuning.server_settings


@contextmanager
def filled(size: Size, running: Server, *, kept: bool, seed: int = 1) -> Iterator[dict[str, str]]:
    """Fill a database of `size` unless there is one, and yield the environment in which processes work on it; on a copy where it is kept."""
    if size.name not in _databases(running):
        _fill(size, running, seed)
    if not kept:
        yield environment(running, size.name)
        _statement(running, "DROP DATABASE {} WITH (FORCE)", size.name)
        return
    _statement(running, "DROP DATABASE IF EXISTS {} WITH (FORCE)", _WORKED_ON)
    # Whole files are copied, and not every page through the log.
    _statement(running, "CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", _WORKED_ON, size.name)
    env = environment(running, _WORKED_ON)
    # What is kept may have been filled before the latest migrations.
    _call([str(ROOT / "manage.py"), "migrate", "--verbosity", "0"], env)
    try:
        yield env
    finally:
        _statement(running, "DROP DATABASE IF EXISTS {} WITH (FORCE)", _WORKED_ON)


def environment(running: Server, database: str) -> dict[str, str]:
    """Return the environment in which a process finds a database of the server."""
    # A benchmark asks more often than a client may.
    settings = {"DATABASE_URL": running.url(database=database), "DATA_DIR": str(running.data_dir), "DEMO": "0", "API_RATE": "1000000000"}
    # Accounts are made for one measure, and nobody has a telephone for them.
    return os.environ | settings | {"DJANGO_SETTINGS_MODULE": "portal.settings", "PYTHONHASHSEED": "0", "SECOND_FACTOR": "0"}


def _fill(size: Size, running: Server, seed: int) -> None:
    """Migrate and generate beside, and give the database its name last: what was broken off is not taken for filled."""
    making = "filling"
    _statement(running, "DROP DATABASE IF EXISTS {} WITH (FORCE)", making)
    _statement(running, "CREATE DATABASE {}", making)
    env = environment(running, making)
    _call([str(ROOT / "manage.py"), "migrate", "--verbosity", "0"], env)
    options = {"--entries": size.entries, "--branches": size.branches, "--days": DAYS, "--seed": seed}
    _call([str(ROOT / "benchmarks" / "generate.py"), *(str(word) for option in options.items() for word in option)], env)
    _statement(running, "ALTER DATABASE {} RENAME TO {}", making, size.name)


def _call(command: list[str], env: dict[str, str]) -> None:
    subprocess.run([sys.executable, *command], env=env, cwd=ROOT, check=True, stdout=sys.stderr)


def _databases(running: Server) -> set[str]:
    with closing(running.connect("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def _statement(running: Server, text: str, *names: str) -> None:
    with closing(running.connect("postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql.SQL(text).format(*map(sql.Identifier, names)))


def settings_of(running: Server) -> str:
    """Return the server's version and the settings that matter for what is measured, as JSON."""
    names = ("server_version", "fsync", "synchronous_commit", "shared_buffers", "work_mem", "max_parallel_workers_per_gather", "jit")
    with closing(running.connect("postgres")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT name, current_setting(name) FROM unnest(%s) AS name", [list(names)])
        return json.dumps(dict(cursor.fetchall()))
