"""When what has to happen again and again last did."""

from datetime import datetime, timedelta
from typing import Final

from portal.foundation import clock
from portal.foundation.jobs import LOST_AFTER
from portal.foundation.models import Heartbeat, Job

WORKER: Final = "worker"
FOLD: Final = "fold"
# The worker shows itself this often while it is idle; while it does a job, that job shows it.
EVERY: Final = timedelta(seconds=10)
SEEN_WITHIN: Final = timedelta(minutes=1)


def beat(name: str) -> None:
    """Note that `name` happened now."""
    Heartbeat.objects.update_or_create(name=name, defaults={"at": clock.now()})


def last(name: str) -> datetime | None:
    """Return when `name` last happened, None when it never did."""
    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()


def all_of_them() -> dict[str, datetime]:
    """Return when each name last happened."""
    return dict(Heartbeat.objects.values_list("name", "at"))


def worker_is_seen() -> bool:
    """Tell whether a worker showed itself lately, or is at a job."""
    now = clock.now()
    if Heartbeat.objects.filter(name=WORKER, at__gte=now - SEEN_WITHIN).exists():
        return True
    return Job.objects.filter(state=Job.State.RUNNING, claimed_at__gte=now - LOST_AFTER).exists()
