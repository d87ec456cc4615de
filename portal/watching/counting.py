"""Requests counted over all processes of the web server: each tells one listener, by a datagram that costs a few microseconds and waits for nobody.

A store of files shared by the processes (prometheus_client's own way) would be mapped into memory from a disk that may be full, where writing to it ends
the process; and would keep a file for every process that was ever started. Where nobody listens, nothing is counted.
"""

import contextlib
import json
import os
import socket
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from prometheus_client import CollectorRegistry, Counter, Histogram

# Seconds; up to what a person waits for, and to the limit of a request.
BUCKETS: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0)
_MOST: Final = 500


def address() -> str:
    """Return where the listener listens: a socket of the data folder, or of the system's own folder where that path is too long."""
    near = Path(settings.DATA_DIR) / "metrics.sock"
    if len(os.fsencode(near)) < 107:
        return str(near)
    # Of no folder: Linux keeps such names apart.
    return f"\0portal-metrics-{settings.METRICS_PORT}"


def count(route: str, method: str, status: int, seconds: float) -> None:
    """Tell the listener of a request; never waits and never fails."""
    if settings.METRICS_PORT:
        with contextlib.suppress(OSError):
            _socket(os.getpid()).sendto(json.dumps([route, method, status, round(seconds, 6)]).encode(), address())


@cache
def _socket(_process: int) -> socket.socket:
    """Return the socket of this process; a child does not write through its parent's."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made


class Counts:
    """What was heard, as Prometheus counts."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._requests = Counter("portal_requests", "Requests answered.", ["route", "method", "status"], registry=registry)
        self._seconds = Histogram("portal_request_seconds", "Seconds until the answer began.", ["route"], buckets=BUCKETS, registry=registry)
        self._known: set[tuple[str, str, str]] = set()

    def hear(self, datagram: bytes) -> None:
        """Count a request; nonsense is left out, and so is what would make more series than there are pages."""
        try:
            route, method, status, seconds = json.loads(datagram)
            labels = (str(route)[:80], str(method)[:10], str(int(status)))
            seconds = float(seconds)
        except (ValueError, TypeError):
            return
        if labels not in self._known:
            if len(self._known) >= _MOST * 4:
                return
            self._known.add(labels)
        self._requests.labels(*labels).inc()
        self._seconds.labels(labels[0]).observe(seconds)


def listen(counts: Counts) -> None:
    """Hear requests for ever."""
    where = address()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        if not where.startswith("\0"):
            Path(where).unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            listener.bind(where)
        finally:
            os.umask(before)
        while True:
            counts.hear(listener.recv(4096))
