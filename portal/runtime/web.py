"""Settings of gunicorn, read by it as `python:portal.runtime.web`; the socket to serve is handed over by the supervisor."""

import logging.config
import os
import signal
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from portal.foundation import logs
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
# Of the head of a request: as long as nginx passes it on (docs/deploy/nginx.conf).
limit_request_line = 8190
limit_request_fields = 60
limit_request_field_size = 8190
# Nobody's headers are believed here: Django reads the one of the proxy, where HTTPS=1 says that there is one.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
header_map = "refuse"


class Log(Logger):  # type: ignore[misc]
    """Lines like all others. Requests are written by the portal itself, which knows the page and not only the address."""

    def setup(self, cfg: Any) -> None:
        """Configure logging as Django will; what gunicorn would write by itself holds addresses with their queries."""
        self.cfg = cfg
        logging.config.dictConfig(logs.settings())

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        """Write nothing."""


logger_class = Log


def post_fork(server: Any, worker: Any) -> None:
    """Let a worker end when gunicorn itself is killed, or it would keep the port."""
    die_with_parent(signal.SIGTERM)
