"""Settings of gunicorn, read by it as `python:portal.runtime.web`; the socket to serve is handed over by the supervisor."""

import os
import signal
from typing import Any

from portal.runtime import tuning
from portal.runtime.processes import die_with_parent

wsgi_app = "portal.wsgi:application"
# Imported once and shared, not once a worker: half the time to start and half the memory.
preload_app = True
worker_class = "gthread"
# Together they bound the connections to the database.
workers = tuning.web_workers(tuning.this_machine())
threads = tuning.THREADS
timeout = 60
graceful_timeout = 5
keepalive = 5
# The heartbeat file must not wait for a disk that is busy.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 -- gunicorn unlinks the file at once
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:
    """Let a worker end when gunicorn itself is killed, or it would keep the port."""
    die_with_parent(signal.SIGTERM)
