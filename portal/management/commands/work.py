"""`manage.py work`: do the jobs of the queue, and fold what waits into the kept totals, until told to stop."""

import logging
import signal
import time
from datetime import timedelta
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.utils import timezone

from activities.rollups import upkeep
from portal.backup import keys, nightly
from portal.foundation import clock, heartbeats, jobs, locks, logs, sealing
from portal.foundation.models import Job
from portal.housekeeping import KIND as HOUSEKEEPING
from portal.watching import alarms, figures, statements

log = logging.getLogger("portal.worker")

PAUSE = 2.0  # seconds between two looks at an empty queue
WATCHED_EVERY = 60.0  # seconds


class Command(BaseCommand):
    """The worker."""

    _watched = -WATCHED_EVERY

    help = "Do the jobs of the queue, fold changes into the kept totals, keep house and make a backup once a day, until interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--once`."""
        parser.add_argument("--once", action="store_true", help="Do what is due now and return.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until SIGTERM or SIGINT; the job at hand is finished first. A database that is away is waited for."""
        stop = Event()
        logs.catch_the_rest()
        if not options["once"]:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        with connection.execute_wrapper(statements.noticed):
            self._work(stop, once=options["once"])

    def _work(self, stop: Event, *, once: bool) -> None:
        while not stop.is_set():
            try:
                show_itself()
                plan_nightly()
                self._watch()
                if upkeep.fold():
                    heartbeats.beat(heartbeats.FOLD)
                done = jobs.run_next()
            except DatabaseError as error:
                if once:
                    raise
                log.warning("the database does not answer", exc_info=error)
                connection.close()
                done = None
            if done is not None:
                log.info("did a job", extra={"job": done.public_id, "kind": done.kind, "times": done.attempts})
            elif once:
                return
            else:
                close_old_connections()
                stop.wait(PAUSE)

    def _watch(self) -> None:
        """Note what rings, once a minute."""
        if time.monotonic() - self._watched >= WATCHED_EVERY:
            alarms.note(figures.read().figures)
            self._watched = time.monotonic()


def show_itself() -> None:
    """Note that a worker is there, now and then."""
    seen = heartbeats.last(heartbeats.WORKER)
    # Also when the clock went back.
    if seen is None or abs(clock.now() - seen) >= heartbeats.EVERY:
        heartbeats.beat(heartbeats.WORKER)


def plan_nightly() -> None:
    """Ask for the next house-keeping, and for the next backup where there is a key for it, unless they are asked for already."""
    _plan(HOUSEKEEPING, 3, at_once=True)
    _plan(sealing.KIND, sealing.HOUR, at_once=False)
    if keys.is_configured():
        _plan(nightly.KIND, nightly.HOUR, at_once=False)


@transaction.atomic
def _plan(kind: str, hour: int, *, at_once: bool) -> None:
    # Two workers at once would each plan one.
    locks.hold(f"plan {kind}")
    if Job.objects.filter(kind=kind, state__in=[Job.State.QUEUED, Job.State.RUNNING]).exists():
        return
    first = at_once and not Job.objects.filter(kind=kind).exists()
    now = timezone.localtime(clock.now())
    today = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    jobs.ask_for(kind, run_after=now if first else today if today > now else today + timedelta(days=1))
