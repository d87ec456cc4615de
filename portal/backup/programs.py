"""PostgreSQL's own programs for dumps: which one fits a server, and how it is told where the server is."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from django.db.backends.base.base import BaseDatabaseWrapper

from portal.backup import refusals
from portal.embedded import MAJOR
from portal.runtime.postgres import binaries
from portal.runtime.processes import before_exec

SYSTEM = Path("/usr/lib/postgresql")


def fitting(name: str, version: int) -> Path:
    """Return the program `name` for a server of major `version`: of the same, else of the next newer one, which handles older servers too.

    Raises:
        BackupError: all that are here are older.
    """
    found = {int(folder.parent.name): folder / name for folder in SYSTEM.glob("*/bin") if folder.parent.name.isdecimal()}
    shipped = binaries()
    if not shipped.is_relative_to(SYSTEM):
        found[MAJOR] = shipped / name
    usable = sorted(major for major, path in found.items() if major >= version and os.access(path, os.X_OK))
    if not usable:
        raise refusals.no_program(name, version)
    return found[usable[0]]


def start(program: Path, connection: BaseDatabaseWrapper, *options: str, errors: IO[bytes], **pipes: Any) -> "subprocess.Popen[bytes]":
    """Start a program on the database of an open connection; it ends with us."""
    where = connection.connection.get_dsn_parameters()
    # The password goes by the environment: whoever lists processes sees the arguments.
    password = str(connection.settings_dict.get("PASSWORD") or "")
    return run(
        [program, *options, "--no-password", f"--dbname={_dsn(where)}"], errors=errors, environment={"PGPASSWORD": password} if password else {}, **pipes
    )


def run(command: Sequence[str | Path], *, errors: IO[bytes], environment: dict[str, str] | None = None, **pipes: Any) -> "subprocess.Popen[bytes]":
    """Start a program with nothing of our environment, which names other servers and holds secrets; it ends with us."""
    kept = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(Path.home())}
    return subprocess.Popen(command, stderr=errors, env=kept | (environment or {}), preexec_fn=before_exec(signal.SIGTERM), **pipes)


def last_words(errors: IO[bytes]) -> str:
    """Return the last line that a program wrote to a file of its errors."""
    errors.seek(0)
    lines = errors.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
    telling = [line for line in lines if "error:" in line] or lines or ["no message"]
    return telling[-1].strip()


def _dsn(parameters: dict[str, str]) -> str:
    """Write connection parameters as libpq reads them."""
    return " ".join(f"{name}='{_escaped(value)}'" for name, value in parameters.items() if name not in {"password", "options"})


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
