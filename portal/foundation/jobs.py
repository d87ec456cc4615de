"""The job queue: asked for in a transaction, done by `manage.py work`, once, also after a crash.

Apps name their handlers in `jobs` of their config: kind of job to dotted path of a function `(job, progress) -> result`. A handler runs in a
transaction of its own, so what it did and that it is done commit together; it may be tried again, never half. One that `reads_only` has nothing
to commit but its result, or works `in_steps`, runs outside of a transaction, and its progress is seen while it works.
"""

import logging
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.db import models, transaction
from django.db.models import F, Q
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from portal.foundation import audit, clock, locks, logs
from portal.foundation.acting import acting
from portal.foundation.errors import Conflict, ForOperatorsError
from portal.foundation.models import Job

log = logging.getLogger(__name__)

# A job whose worker has not come back for this long is taken up again.
LOST_AFTER = timedelta(minutes=15)
TRIES = 3
PAUSE_BETWEEN_TRIES = timedelta(minutes=1)

Progress = Callable[[int], None]
Handler = Callable[[Job, Progress], dict[str, Any]]

_OUTSIDE: set[Handler] = set()


def reads_only(handler: Handler) -> Handler:
    """Mark a handler that writes nothing but its result; where that is too much for the job's row, it replaces it whole in a transaction of its own."""
    _OUTSIDE.add(handler)
    return handler


def in_steps(handler: Handler) -> Handler:
    """Mark a handler that does its work in transactions of its own, each whole; tried again, it goes on where it was interrupted."""
    _OUTSIDE.add(handler)
    return handler


def unfinished_of(kind: str, account: int | None) -> int:
    """Return how many jobs of a kind that an account has asked for wait or run; nobody asks for one in its name before the caller's transaction ends."""
    locks.hold(f"{kind} of {account}")
    return Job.objects.filter(kind=kind, asked_by_id=account, state__in=(Job.State.QUEUED, Job.State.RUNNING)).count()


def ask_for(kind: str, payload: dict[str, Any] | None = None, *, asked_by: models.Model | None = None, run_after: datetime | None = None) -> Job:
    """Put a job into the queue, in the caller's transaction.

    Raises:
        LookupError: nobody handles jobs of this kind.
    """
    if kind not in handlers():
        raise LookupError(f"Nobody handles jobs of kind {kind!r}.")
    return Job.objects.create(kind=kind, payload=payload or {}, asked_by_id=getattr(asked_by, "pk", None), run_after=run_after or clock.now())


@transaction.atomic
def try_again(job: Job, *, by: models.Model) -> None:
    """Put a job that failed into the queue again, as if it were new.

    Raises:
        Conflict: `state`, it is not among the failed ones.
    """
    if Job.objects.select_for_update().get(pk=job.pk).state != Job.State.FAILED:
        raise Conflict("state", _("This job has not failed, or is in the queue again already."))
    Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, run_after=clock.now(), attempts=0, progress=0, error="", finished_at=None)
    audit.record(by, "job.retried", job, kind=job.kind)


def handlers() -> dict[str, str]:
    """Return the dotted path of each kind's handler."""
    return {kind: path for config in apps.get_app_configs() for kind, path in getattr(config, "jobs", {}).items()}


def run_next() -> Job | None:
    """Do the job that has waited longest, and return it; None when nothing is due."""
    job = _claim()
    if job is None:
        return None
    with acting(f"job:{job.kind}", who=job.asked_by_id, request_id=job.public_id):
        _do(job)
    return job


def _do(job: Job) -> None:
    handler: Handler = import_string(handlers()[job.kind])
    try:
        with nullcontext() if handler in _OUTSIDE else transaction.atomic():
            result = handler(job, lambda percent: _report(job, percent))
            _finish(job, Job.State.DONE, result=result, progress=100)
    except Exception as error:  # whatever a handler raises, the worker goes on with the next job
        log.exception("job %s failed", job.public_id)
        _fail(job, error)
    job.refresh_from_db()


@transaction.atomic
def _claim() -> Job | None:
    now = clock.now()
    due = Q(state=Job.State.QUEUED, run_after__lte=now) | Q(state=Job.State.RUNNING, claimed_at__lt=now - LOST_AFTER)
    waiting = Job.objects.select_for_update(skip_locked=True).filter(due).order_by("run_after", "pk")
    while (job := waiting.first()) is not None and job.attempts >= TRIES:
        # Lost as often as it may fail: perhaps it is what ends its workers.
        _finish(job, Job.State.FAILED, error="Lost: no worker came back.")
    if job is not None:
        Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, claimed_at=now, attempts=F("attempts") + 1)
        job.refresh_from_db()
    return job


def _report(job: Job, percent: int) -> None:
    # Seen by others when the handler's transaction commits, and at once of a handler that only reads.
    Job.objects.filter(pk=job.pk).update(progress=max(0, min(100, percent)), claimed_at=clock.now())


def _finish(job: Job, state: str, **values: Any) -> None:
    Job.objects.filter(pk=job.pk).update(state=state, finished_at=clock.now(), **values)


def _fail(job: Job, error: Exception) -> None:
    if job.attempts >= TRIES:
        _finish(job, Job.State.FAILED, error=_why(error))
    else:
        Job.objects.filter(pk=job.pk).update(state=Job.State.QUEUED, run_after=clock.now() + PAUSE_BETWEEN_TRIES, error=_why(error), progress=0)


def _why(error: Exception) -> str:
    """Return what to keep of an error: its words only where they were written to be read, for others may hold what somebody typed."""
    return f"{type(error).__name__}: {error}" if isinstance(error, ForOperatorsError) else logs.named(error)
