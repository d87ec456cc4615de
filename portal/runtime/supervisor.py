"""Start everything, keep it up, take it down: the database server, the web server and the worker."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import django
from django.conf import settings
from django.core.management import get_commands
from django.db import InterfaceError, OperationalError

from portal import static_files
from portal.embedded import socket_dir
from portal.foundation import logs
from portal.runtime import database, sentences
from portal.runtime.claim import Claim, listen
from portal.runtime.log_files import LogFiles
from portal.runtime.postgres import Server, prepare_data_dir, wait_for
from portal.runtime.processes import before_exec, catches
from portal.runtime.sentences import CannotStartError

ROOT = Path(__file__).resolve().parents[2]
# Seconds, but for the failures.
TICK = 0.2
STEADY = 10
LONGEST_PAUSE = 30
WEB_READY = 60
PREPARED = 60
MOST_FAILURES = 3
GRACE = 7
# Not through the proxy that the environment may name.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Stopped(BaseException):
    """Somebody asked the portal to stop."""


class Child:
    """A process of ours that is started again when it ends, after pauses that grow while it keeps failing."""

    def __init__(self, name: str, command: Sequence[str], log: Path, *, pass_fds: Sequence[int] = ()) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._pass_fds = tuple(pass_fds)
        self._process: subprocess.Popen[bytes] | None = None
        self._started = 0.0
        self.failures = 0

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches it through us and in order."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=ROOT,
                # What only the start needs: whoever takes over a child finds no way to the owner of the tables.
                env={name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"},
                pass_fds=self._pass_fds,
                start_new_session=True,
                preexec_fn=before_exec(signal.SIGTERM),
            )
        self._started = time.monotonic()

    def is_running(self) -> bool:
        """Tell whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def keep_up(self) -> None:
        """Start the process again if it ended and its pause is over."""
        if self.is_running():
            if time.monotonic() - self._started > STEADY:
                self.failures = 0
            return
        if time.monotonic() - self._started > min(LONGEST_PAUSE, 2**self.failures - 1):
            self.failures += 1
            self.start()

    def ask_to_stop(self) -> None:
        """Send the process the request to end."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def stop(self) -> None:
        """Wait for the process to end, and end it by force after its time."""
        self.ask_to_stop()
        if self._process is None:
            return
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class Supervisor:
    """One running portal."""

    def __init__(self, data_dir: Path, port: int, *, parent: int | None) -> None:
        self._data_dir = data_dir
        self._parent = parent if parent is not None and catches(parent, signal.SIGINT) else None
        self._port = port
        self._children: list[Child] = []
        self._server: Server | None = None
        self._claim: Claim | None = None
        self._listener: socket.socket | None = None
        self._server_complaint = ""
        self._logs = LogFiles(data_dir / "log")

    def run(self) -> NoReturn:
        """Bring everything up, say where it is, and keep it up until `Stopped` is raised by a signal.

        Raises:
            CannotStartError: in one sentence, why not.
        """
        self._claim = Claim(self._data_dir)
        self._listener = listen(self._port, after_crash=self._claim.after_crash)
        django.setup()
        self._start_database()
        self._start_children(self._listener)
        self._announce()
        while True:
            time.sleep(TICK)
            # Interrupted alone, and not with its terminal, make tells nobody: it drops its handler and waits for us to end.
            if self._parent is not None and not catches(self._parent, signal.SIGINT):
                raise Stopped
            self._keep_database_up()
            for child in self._children:
                child.keep_up()
            self._logs.keep()

    def stop(self) -> None:
        """Stop everything that was started: first those who write, then the database."""
        # A second Ctrl-C must not leave half of it running.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if self._claim is not None:
            self._claim.stopping()
        if self._listener is not None:
            self._listener.close()
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.stop()
        if self._server is not None:
            self._server.stop()
        if self._claim is not None:
            self._claim.release()

    def _start_database(self) -> None:
        if settings.DATABASES["default"]["HOST"] == str(socket_dir(self._data_dir)):
            self._server = Server(self._data_dir)
            say("Starting the database", "正在启动数据库")
            self._server.start()
        else:
            database.check_named()
        say("Preparing the data (the first time takes a minute)", "正在准备数据（首次约需一分钟）")
        log = self._data_dir / "log" / "prepare.log"
        give_up = time.monotonic() + PREPARED
        while True:
            try:
                database.prepare(log)
                break
            except CannotStartError as refusal:
                if time.monotonic() > give_up or not isinstance(refusal.__cause__, OperationalError | InterfaceError):
                    raise
                # The server was killed in the middle of it. What was half done is rolled back when it is up again, so do it again.
                time.sleep(1)
                self._keep_database_up()
        if self._server is None and database.runs_as_owner():
            say(*sentences.RUNS_AS_OWNER)
        collect_static_files(log)

    def _keep_database_up(self) -> None:
        """Start the server again if it ended; meanwhile the pages answer 503. Say why once when it cannot be."""
        if self._server is None or self._server.is_running():
            return
        try:
            self._server.start()
            self._server_complaint = ""
        except CannotStartError as complaint:
            if str(complaint) != self._server_complaint:
                print(complaint, file=sys.stderr, flush=True)
            self._server_complaint = str(complaint)

    def _start_children(self, listener: socket.socket) -> None:
        gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:portal.runtime.web", "--bind", f"fd://{listener.fileno()}"]
        web = Child("web", gunicorn, self._log("web"), pass_fds=[listener.fileno()])
        self._children = [web]
        if "work" in get_commands():
            self._children.append(Child("worker", [sys.executable, "manage.py", "work"], self._log("worker")))
        if settings.METRICS_PORT:
            self._children.append(Child("watch", [sys.executable, "manage.py", "watch"], self._log("watch")))
        for child in self._children:
            child.start()
        # Whatever answers will do: killed just now, the web server is started again from here on.
        if not wait_for(lambda: self._answers() or self._keeps_failing(web), WEB_READY) or self._keeps_failing(web):
            raise sentences.keeps_failing(web.name, web.log)

    def _keeps_failing(self, child: Child) -> bool:
        """Tell whether `child` ended and being started again does not help either: once may be somebody's kill."""
        child.keep_up()
        return not child.is_running() and child.failures >= MOST_FAILURES

    def _log(self, name: str) -> Path:
        return self._data_dir / "log" / f"{name}.log"

    def _answers(self) -> bool:
        try:
            _DIRECT.open(f"http://127.0.0.1:{self._port}/healthz", timeout=2).close()
        except urllib.error.HTTPError:
            return True  # also a refusal comes from a server that is up
        except OSError:
            return False
        return True

    def _announce(self) -> None:
        say(f"The portal is at http://127.0.0.1:{self._port}/ and stops with Ctrl-C", f"系统地址：http://127.0.0.1:{self._port}/ ，按 Ctrl-C 停止")
        path = self._data_dir / "demo-sign-ins.json"
        if not path.exists():
            return
        sign_ins: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        wide = max(len(sign_in["username"]) for sign_in in sign_ins)
        # The Chinese name last: columns after it would not line up.
        rows = [f"  {row['username']:<{wide}}  {row['password']}  {row['label_en']} / {row['label_zh']}" for row in sign_ins]
        print("\n".join(["Sign-ins of the demo, made on this machine / 本机随机生成的演示账号：", *rows]), flush=True)


def collect_static_files(log: Path) -> None:
    """Bring the static files up to date; details of a failure go to `log`.

    Raises:
        CannotStartError: the folder cannot be written, or a file names one that is not there.
    """
    if settings.DEBUG:
        return
    try:
        static_files.collect()
    except OSError as error:
        raise sentences.unwritable(settings.STATIC_ROOT, error.strerror or str(error)) from error
    except ValueError as error:
        log.write_text(logs.written(error), encoding="utf-8")
        raise sentences.no_static_files(str(error).strip().splitlines()[0], log) from error


def say(english: str, chinese: str) -> None:
    """Tell the operator how far the start is."""
    print(f"{english} / {chinese}", flush=True)


def serve(data_dir: Path, port: int, *, parent: int | None = None) -> None:
    """Run the portal until it is asked to stop, or until `parent`, the make that started it, is.

    Raises:
        CannotStartError: in one sentence, why it cannot start.
        ImproperlyConfigured: a setting is wrong.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    prepare_data_dir(data_dir)
    supervisor = Supervisor(data_dir, port, parent=parent)
    try:
        supervisor.run()
    except Stopped:
        say("Stopping", "正在停止")
    finally:
        supervisor.stop()


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise Stopped
