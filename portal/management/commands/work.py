"""`manage.py work`: do the jobs of the queue, and fold what waits into the kept totals, until told to stop."""

import signal
from datetime import timedelta
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connection, transaction

from activities.rollups import upkeep
from portal.foundation import clock, jobs, locks
from portal.foundation.models import Job
from portal.housekeeping import KIND as HOUSEKEEPING

PAUSE = 2.0  # seconds between two looks at an empty queue


class Command(BaseCommand):
    """The worker."""

    help = "Do the jobs of the queue, fold changes into the kept totals, and keep house once a day, until interrupted."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--once`."""
        parser.add_argument("--once", action="store_true", help="Do what is due now and return.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until SIGTERM or SIGINT; the job at hand is finished first. A database that is away is waited for."""
        stop = Event()
        if not options["once"]:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            try:
                plan_housekeeping()
                upkeep.fold()
                done = jobs.run_next()
            except DatabaseError:
                if options["once"]:
                    raise
                connection.close()
                done = None
            if done is None:
                if options["once"]:
                    return
                close_old_connections()
                stop.wait(PAUSE)


@transaction.atomic
def plan_housekeeping() -> None:
    """Ask for the next house-keeping, at three in the morning, unless it is asked for already."""
    # Two workers at once would each plan one.
    locks.hold("plan_housekeeping")
    if Job.objects.filter(kind=HOUSEKEEPING, state__in=[Job.State.QUEUED, Job.State.RUNNING]).exists():
        return
    first = not Job.objects.filter(kind=HOUSEKEEPING).exists()
    tomorrow = (clock.now() + timedelta(days=1)).replace(hour=3, minute=0, second=0, microsecond=0)
    jobs.ask_for(HOUSEKEEPING, run_after=clock.now() if first else tomorrow)
