"""How the machine is doing, in figures: read from the database and the disk at the moment of asking, the same for Prometheus, alarms and the operator's page.

Figures have the names that Prometheus knows. Ages are in seconds; what never happened is infinitely long ago; what is not set up has no figure at all.
"""

import contextlib
import math
import platform
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import django
from cryptography import x509
from django.conf import settings
from django.db import connection

from portal.backup import nightly
from portal.foundation import clock, heartbeats
from portal.foundation.models import Job
from portal.watching import storage

# Days whose growth tells when the disk will be full.
LOOKED_BACK: Final = 14
NEVER: Final = math.inf

# One question for all that PostgreSQL knows; the numbers of other roles' connections are no secret, what they run is.
_ASKED: Final = """
    SELECT
        (SELECT count(*) FROM foundation_job WHERE state = 'queued' AND run_after <= %(now)s),
        (SELECT count(*) FROM foundation_job WHERE state = 'running'),
        (SELECT count(*) FROM foundation_job WHERE state = 'failed' AND finished_at > %(now)s - interval '7 days'),
        (SELECT min(run_after) FROM foundation_job WHERE state = 'queued' AND run_after <= %(now)s),
        (SELECT max(finished_at) FROM foundation_job WHERE state = 'done' AND kind = 'housekeeping'),
        coalesce((SELECT max(sealed_at) FROM foundation_dayseal), (SELECT at FROM foundation_auditentry ORDER BY id LIMIT 1)),
        (SELECT count(*) FROM activities_rollupdelta),
        (SELECT count(*) FROM foundation_auditentry WHERE action = 'account.sign_in_failed' AND at > %(now)s - interval '1 hour'),
        (SELECT sum(size) FROM (SELECT DISTINCT sha256, size FROM foundation_attachment WHERE thrown_away_at IS NULL) AS held),
        pg_database_size(current_database()),
        (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),
        current_setting('max_connections')::integer,
        current_setting('server_version'),
        pg_postmaster_start_time()
"""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that visitors are shown; `ends` is None when its file cannot be read."""

    name: str
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand at a moment.

    Attributes:
        figures: by the names that Prometheus knows.
        certificates: those that the settings name.
    """

    at: datetime
    figures: dict[str, float]
    versions: dict[str, str]
    certificates: Sequence[Certificate]
    database_since: datetime
    backup: nightly.Standing
    beats: dict[str, datetime] = field(default_factory=dict)
    housekeeping: datetime | None = None
    oldest_job: datetime | None = None


def read() -> Standing:
    """Return how things stand now: five queries and a look at the disk."""
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(_ASKED, {"now": now})
        row: Any = cursor.fetchone()
    waiting, running, failed, oldest, housekeeping, sealed, deltas, refused, attachments, database, connections, most, version, since = row
    room, beats, backup, ends = storage.room(), heartbeats.all_of_them(), nightly.standing(), certificates()
    figures: dict[str, float] = {
        "portal_jobs_waiting": waiting,
        "portal_jobs_running": running,
        "portal_jobs_failed": failed,
        "portal_oldest_job_age_seconds": _age(oldest, now) if oldest else 0.0,
        "portal_worker_age_seconds": 0.0 if running and heartbeats.worker_is_seen() else _age(beats.get(heartbeats.WORKER), now),
        "portal_housekeeping_age_seconds": _age(housekeeping, now),
        # Before anything was written there is nothing to seal.
        "portal_seal_age_seconds": _age(sealed, now) if sealed else 0.0,
        "portal_rollup_deltas": deltas,
        "portal_compaction_age_seconds": _age(beats.get(heartbeats.FOLD), now),
        "portal_failed_sign_ins": refused,
        "portal_disk_free_bytes": room.free,
        "portal_disk_total_bytes": room.total,
        "portal_disk_floor_bytes": storage.floor(),
        "portal_database_bytes": database,
        "portal_attachments_bytes": attachments or 0,
        "portal_database_connections": connections,
        "portal_database_connections_most": most,
    }
    if backup.configured:
        figures |= {"portal_backup_age_seconds": _age(backup.last.made_at if backup.last else None, now), "portal_backup_failed": float(bool(backup.failed))}
    if ends:
        figures["portal_certificate_days"] = min((each.ends - now) / timedelta(days=1) if each.ends else -1.0 for each in ends)
    if (left := days_left(room.free)) is not None:
        figures["portal_disk_days_left"] = left
    return Standing(now, figures, {**_versions(), "postgresql": version.split()[0]}, ends, since, backup, beats, housekeeping, oldest)


def sizes() -> dict[str, int]:
    """Return what is noted every night, so that growth is known: bytes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (database,) = cursor.fetchone()
    return {"bytes_of_database": database, "bytes_of_attachments": storage.size_of(Path(settings.MEDIA_ROOT))}


def days_left(free: int) -> float | None:
    """Return for how many days the disk has room, growing as it did lately; None before two nights have been noted, and while it does not grow."""
    since = clock.now() - timedelta(days=LOOKED_BACK)
    noted = Job.objects.filter(kind="housekeeping", state=Job.State.DONE, finished_at__gte=since).order_by("finished_at").values_list("finished_at", "result")
    known = [(at, result["bytes_of_database"] + result.get("bytes_of_attachments", 0)) for at, result in noted if at and "bytes_of_database" in result]
    if len(known) < 2:
        return None
    (first, small), (last, large) = known[0], known[-1]
    days = (last - first) / timedelta(days=1)
    return free / ((large - small) / days) if large > small and days > 0.5 else None


def certificates() -> list[Certificate]:
    """Return the certificates of CERTIFICATES and when each ends; files hold the certificate first, and then who vouches for it."""
    found = []
    for path in settings.CERTIFICATES:
        ends = None
        with contextlib.suppress(OSError, ValueError):
            ends = x509.load_pem_x509_certificates(Path(path).read_bytes())[0].not_valid_after_utc
        found.append(Certificate(Path(path).name, ends))
    return found


def _age(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else NEVER


@cache
def _versions() -> dict[str, str]:
    # The portal is run from its folder, and never installed.
    own = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    return {"portal": own, "python": platform.python_version(), "django": django.get_version()}
