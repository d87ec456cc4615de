"""The portal behind its own web server on the loopback, with the addresses of a baseline beside the portal's."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from django.db import connection

from portal.runtime.claim import listen
from portal.runtime.processes import before_exec

ROOT: Final = Path(__file__).resolve().parent.parent
_CHUNK: Final = 1 << 18


@dataclass(frozen=True)
class Site:
    """A running server: its port, the process that answers, and the token that is sent to it."""

    port: int
    worker: int
    token: str

    @property
    def host(self) -> str:
        """Return what it is called."""
        return f"127.0.0.1:{self.port}"

    def read(self, path: str) -> Iterator[bytes]:
        """Yield what an address answers, as it comes.

        Raises:
            RuntimeError: it does not answer 200.
        """
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=600)) as line:
            line.request("GET", path, headers={"Authorization": f"Token {self.token}"})
            answer = line.getresponse()
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {answer.read(1000)!r}")
            while chunk := answer.read(_CHUNK):
                yield chunk


@contextmanager
def served(urls: str, token: str) -> Iterator[Site]:
    """Start gunicorn as the portal does, with one process, on the database at hand and the site map `urls`; end it afterwards."""
    with closing(listen(0, after_crash=False)) as listener:
        words = ["--config", "python:portal.runtime.web", "--workers", "1", "--bind", f"fd://{listener.fileno()}", "benchmarks.served:application()"]
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore::RuntimeWarning", "-m", "gunicorn", *words],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": _database(), "BENCHMARK_URLS": urls, "API_RATE": "1000000000", "API_PULL_RATE": "1000000000", "DEMO": "0"},
            pass_fds=[listener.fileno()],
            preexec_fn=before_exec(signal.SIGTERM),
        )
        try:
            port = listener.getsockname()[1]
            with closing(socket.create_connection(("127.0.0.1", port), timeout=60)):
                pass
            list(Site(port, 0, token).read("/healthz"))
            yield Site(port, _child_of(process.pid), token)
        finally:
            process.terminate()
            process.wait()


def application() -> Any:
    """Return the portal with the site map that was asked for; gunicorn calls it."""
    from django.conf import settings

    from portal.wsgi import application as portal

    settings.ROOT_URLCONF = os.environ["BENCHMARK_URLS"]
    return portal


def _child_of(process: int) -> int:
    return int(Path(f"/proc/{process}/task/{process}/children").read_text().split()[0])


def _database() -> str:
    """Return the address of the database at hand, for another process."""
    named = connection.settings_dict
    secret = f":{quote(named['PASSWORD'], safe='')}" if named["PASSWORD"] else ""
    return f"postgres://{named['USER']}{secret}@{quote(named['HOST'], safe='')}:{named['PORT']}/{named['NAME']}"
