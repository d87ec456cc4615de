"""The backup that the worker makes every night, and how things stand: for the operator's page and for alarms."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from portal.backup import keeping, keys, making
from portal.backup.keeping import Kept
from portal.backup.refusals import BackupError
from portal.foundation import audit
from portal.foundation.jobs import Progress, reads_only
from portal.foundation.models import AuditEntry, Job

KIND: Final = "backup"
# O'clock, before the house-keeping: what that throws away is in one more backup.
HOUR: Final = 2


@dataclass(frozen=True)
class Standing:
    """How things stand with backups.

    Attributes:
        configured: whether there is a key, without which none is made.
        last: the newest that is kept in the settings' folder; each was read back whole before it got its name.
        kept, bytes: how many are there, and their size together.
        last_verified_at: when somebody last opened one with the private key, `manage.py backup --verify` or `restore`.
        next_at: when the worker makes the next; None when nobody planned one.
        failed: why the last try failed, in a word of `refusals`; empty when it did not.
    """

    configured: bool
    last: Kept | None
    kept: int
    bytes: int
    last_verified_at: datetime | None
    next_at: datetime | None
    failed: str


def standing() -> Standing:
    """Return how things stand; three queries and a look into the folder."""
    backups = keeping.listed(keeping.folder())
    verified = AuditEntry.objects.filter(action__in=("backup.verified", "backup.restored")).values_list("at", flat=True).order_by("-at").first()
    tried = AuditEntry.objects.filter(action__in=("backup.made", "backup.failed")).values_list("details", flat=True).order_by("-at", "-pk").first()
    waiting = Job.objects.filter(kind=KIND, state=Job.State.QUEUED).values_list("run_after", flat=True).first()
    return Standing(
        keys.is_configured(),
        backups[0] if backups else None,
        len(backups),
        sum(backup.size for backup in backups),
        verified,
        waiting,
        str((tried or {}).get("cause", "")),
    )


@reads_only
def back_up(_job: Job, progress: Progress) -> dict[str, Any]:
    """Make the night's backup; what goes wrong is in the audit log and in the job, and tried again."""
    try:
        made = making.make(progress=progress)
    except BackupError as error:
        audit.record(None, "backup.failed", cause=error.reason)
        raise
    return {"file": made.path.name, "bytes": made.size, "missing": len(made.missing), "damaged": len(made.damaged)}
