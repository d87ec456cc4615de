"""`/metrics` on a port of its own, on 127.0.0.1: for Prometheus, by a token where one is set. The portal's own port never answers it."""

import logging
import math
import threading
from collections.abc import Callable, Iterable, Iterator
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, connection
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from portal.watching import counting, figures

log = logging.getLogger("portal.metrics")

HELP: Final = {
    "portal_jobs_waiting": "Jobs that are due and wait.",
    "portal_jobs_running": "Jobs under way.",
    "portal_jobs_failed": "Jobs that failed in the last seven days.",
    "portal_oldest_job_age_seconds": "How long the oldest job that is due has waited.",
    "portal_worker_age_seconds": "Since when no worker has shown itself; 0 while one does a job.",
    "portal_housekeeping_age_seconds": "Since the last housekeeping.",
    "portal_seal_age_seconds": "Since a day of the audit log was last sealed; before the first seal, since its first row.",
    "portal_rollup_deltas": "Changes that wait to be folded into the totals.",
    "portal_compaction_age_seconds": "Since changes were last folded into the totals; grows while nobody files.",
    "portal_failed_sign_ins": "Sign-ins that failed in the last hour.",
    "portal_disk_free_bytes": "Free on the disk of DATA_DIR.",
    "portal_disk_floor_bytes": "What has to stay free there: DISK_FLOOR.",
    "portal_disk_total_bytes": "Size of the disk of DATA_DIR.",
    "portal_disk_days_left": "Days until the disk is full, growing as it did in the last two weeks.",
    "portal_database_bytes": "Size of the database.",
    "portal_attachments_bytes": "Size of the attachments.",
    "portal_database_connections": "Connections to the database.",
    "portal_database_connections_most": "Connections that the server admits.",
    "portal_backup_age_seconds": "Since the last backup that was read back whole.",
    "portal_backup_failed": "Whether the last try to make a backup failed.",
    "portal_certificate_days": "Days until the first certificate ends; below 0 when it cannot be read.",
}
UP: Final = "portal_database_up"
BUILD: Final = "portal_build_info"


class Now(Collector):
    """The figures, read while Prometheus waits."""

    def __init__(self, read: Callable[[], figures.Standing] = figures.read) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        """Yield each figure; without a database only that there is none."""
        try:
            standing = self._read()
        except DatabaseError as error:
            log.warning("the database does not answer", exc_info=error)
            connection.close()
            yield GaugeMetricFamily(UP, "Whether the database answers.", value=0)
            return
        yield GaugeMetricFamily(UP, "Whether the database answers.", value=1)
        for name, value in standing.figures.items():
            # Infinity is a number to Prometheus: what never happened is older than any limit.
            yield GaugeMetricFamily(name, HELP[name], value=value if not math.isnan(value) else 0)
        build = GaugeMetricFamily(BUILD, "What is running.", labels=sorted(standing.versions))
        build.add_metric([standing.versions[name] for name in sorted(standing.versions)], 1)
        yield build

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: registering must not ask the database."""
        return iter(())


def registry() -> CollectorRegistry:
    """Return what is exposed, with the counts of requests heard from now on."""
    made = CollectorRegistry()
    made.register(Now())
    counts = counting.Counts(made)
    threading.Thread(target=counting.listen, args=(counts,), name="counting", daemon=True).start()
    return made


def server(port: int, exposed: CollectorRegistry) -> ThreadingHTTPServer:
    """Return the server of `/metrics`, bound to 127.0.0.1 and not yet serving."""

    class Handler(BaseHTTPRequestHandler):
        """Answers one address."""

        server_version = "portal"
        sys_version = ""
        timeout = 10

        def do_GET(self) -> None:
            """Answer Prometheus."""
            asked = self.headers.get("Authorization", "").encode()
            if self.path != "/metrics":
                self._say(404)
            elif settings.METRICS_TOKEN and not compare_digest(asked, f"Bearer {settings.METRICS_TOKEN}".encode()):
                self._say(401)
            else:
                try:
                    content = generate_latest(exposed)
                finally:
                    connection.close()
                self._say(200, content)

        def _say(self, status: int, content: bytes = b"") -> None:
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", "Bearer")
            self.send_header("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Write nothing: Prometheus comes every few seconds."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)
