"""A portal as its operator sees it: real processes on a folder and a port of their own."""

import contextlib
import json
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from portal.runtime.postgres import Server, wait_for

ROOT = Path(__file__).resolve().parents[2]
# Seconds; generous, because the machine may be busy with other tests.
READY = 300
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Portal:
    """One start of the portal, and what came of it."""

    def __init__(self, data_dir: Path, port: int, *, ordinary_user: bool = False, command: Sequence[str] = (), **env: str) -> None:
        self.data_dir = data_dir
        self.port = port
        # Appended to, so that our reading does not move the place where the process writes.
        self._output = tempfile.TemporaryFile("a+", encoding="utf-8")  # noqa: SIM115 -- closed in `close`
        words = list(command) or [sys.executable, "-m", "portal.runtime", "--port", str(port), "--data-dir", str(data_dir)]
        self.process = subprocess.Popen(
            as_ordinary_user(words) if ordinary_user else words,
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "DATA_DIR")} | {"DEMO": "0", **env},
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # Tests that run in the background of a shell inherit a Ctrl-C that is ignored, and make would keep it so.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def health(self) -> tuple[int, dict[str, str]]:
        """Return status and content of /healthz; status 0 when nobody answers."""
        try:
            with DIRECT.open(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}

    def printed(self) -> str:
        """Return what the process has printed so far."""
        self._output.seek(0)
        return self._output.read()

    def ready(self) -> "Portal":
        """Wait until the process says where it is and /healthz answers 200."""
        assert wait_for(lambda: self._is_up() or self.process.poll() is not None, READY), "not ready in time"
        assert self.process.poll() is None, (self.printed(), self.process.communicate()[1])
        return self

    def _is_up(self) -> bool:
        return f"http://127.0.0.1:{self.port}/" in self.printed() and self.health()[0] == 200

    def refusal(self) -> str:
        """Wait for the end, and return the one English sentence that it must have said, with the same in Chinese after it."""
        _out, err = self.process.communicate(timeout=READY)
        assert self.process.returncode == 1, err
        english, chinese = err.splitlines()
        assert english.endswith(".")
        assert chinese.endswith("。")
        return english

    def family(self) -> set[int]:
        """Return the portal's process and all that descend from it."""
        parents = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
        family = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in family} - family:
            family |= more
        return family

    def stop(self, number: signal.Signals = signal.SIGINT) -> str:
        """Send the process `number`, wait for its end, and return what it had printed."""
        self.process.send_signal(number)
        self.process.communicate(timeout=READY)
        return self.printed()

    def close(self) -> None:
        """Close what is open between us and the process, which has ended."""
        self._output.close()
        assert self.process.stderr is not None
        self.process.stderr.close()

    def server_pid(self) -> int:
        """Return the process number of the database server."""
        return int((self.data_dir / "postgres-18" / "postmaster.pid").read_text().split()[0])

    def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Run `statement` in the embedded database, as its superuser."""
        connection = Server(self.data_dir).connect()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


def stage(portal: Portal, count: int, **env: str) -> list[dict[str, str]]:
    """Set up `count` branches, each with the account gate-0, gate-1, ... and a token for it, and gate-auditor; return identifiers and tokens."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.runtime.stage", str(count)],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(portal.data_dir), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "portal.settings", **env},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    places: list[dict[str, str]] = json.loads(done.stdout)
    return places


def unpacked(program: str) -> tuple[str | None, str]:
    """Return where a server is, installed or unpacked by tools/unpack.sh, and the folders of its libraries; None where it is not."""
    folder = ROOT / ".venv" / program
    libraries = ":".join(str(found) for found in sorted((folder / "usr" / "lib").glob("*-linux-*")))
    return shutil.which(program) or shutil.which(str(folder / "usr" / "sbin" / program)), libraries


def free_port() -> int:
    """Return a port that nobody listens on, outside the range from which the kernel gives ports to clients."""
    while True:
        number = random.randrange(20_000, 30_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", number))
            return number


def open_folder(folder: Path) -> Path:
    """Let other users pass through `folder` and those of pytest above it."""
    for part in (folder, *folder.parents):
        if part == folder or part.name.startswith(("pytest-", "popen-", "test_")):
            part.chmod(part.stat().st_mode | 0o011)
    return folder


def as_ordinary_user(command: Sequence[str]) -> list[str]:
    """Return `command` for a user who is not root; that is us, unless we are root."""
    return [*_drop(), *command]


@cache
def _drop() -> tuple[str, ...]:
    if os.geteuid() != 0:
        return ()
    user = pwd.getpwnam("nobody")
    plain = ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    # setpriv itself keeps root's eyes until it has started the program, so the program has to start another.
    probe = "import subprocess, sys; subprocess.check_call([sys.executable, '-c', 'import django, portal.runtime'])"
    can_read = subprocess.run([*plain, sys.executable, "-c", probe], cwd=ROOT, capture_output=True, check=False).returncode == 0
    # Python or the checkout may lie in root's closed home; the user is no less ordinary for being let in to read.
    return plain if can_read else (*plain, "--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")


def give_to_ordinary_user(folder: Path) -> None:
    """Let `folder` belong to the user of `as_ordinary_user`."""
    if os.geteuid() == 0:
        user = pwd.getpwnam("nobody")
        shutil.chown(folder, user.pw_uid, user.pw_gid)


def copy_of(prepared: Path, data_dir: Path) -> Server:
    """Return a server, not yet started, on a copy of `prepared`."""
    subprocess.run(["cp", "-a", prepared, data_dir], check=True)
    return Server(data_dir, durable=False)


def run_sql(server: Server, statement: str, *, database: str = "postgres") -> list[tuple[Any, ...]]:
    """Run one statement outside a transaction."""
    connection = server.connect(database)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
