"""The change feed while eight writers hold transactions open for long, and what a copy made by it has in the end."""

import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import uuid4

from django.db import connection, transaction
from django.urls import reverse

from activities import services
from activities.models import ReportVersion
from benchmarks import world
from benchmarks.measuring import Measured, Timing, require_same
from branches.access import Role
from portal.foundation.models import Change

WRITERS: Final = 8
EACH: Final = 20
# Seconds that a transaction stays open after it wrote: short ones overtake the long.
LONGEST: Final = 0.5
_PAGE: Final = 1_000


def measured(entries: int, *, each: int = EACH) -> list[Measured]:
    """Copy by feed while they write, and compare the copy with a pull of everything that changed.

    Raises:
        Wrong: the copy misses a version, or holds one as it was before.
    """
    copied, asked = copy_made(each)
    wanted = pulled(copied.since)
    # The feed begins with what other measurements filed before.
    since = {version: state for version, state in copied.states.items() if version in wanted}
    require_same("copy made by the feed", since, wanted)
    name = f"change feed under {WRITERS} writers with long transactions"
    notes = (f"{len(wanted):,} versions copied in {len(asked)} pages: 0 missed, 0 stale",)
    return [Measured(name, entries, "a page of the feed", "the copy equals a full pull", Timing(asked), None, None, None, None, notes)]


class Copy:
    """What another system has of the versions that changed: the state of each, by identifier."""

    def __init__(self) -> None:
        """Begin behind everything that was there before."""
        self.since = Change.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        self.states: dict[str, str] = {}
        self.client = world.client_of(world.account(Role.OFFICIAL))
        self.address = f"{reverse('api-changes')}?resource=report-versions&page_size={_PAGE}"

    def ask(self) -> list[float]:
        """Read what is new, and each version as it is now; return the seconds of each page."""
        seconds = []
        while True:
            begun = time.perf_counter()
            page = self.client.get(self.address).json()
            seconds.append(time.perf_counter() - begun)
            named = [change["public_id"] for change in page["results"]]
            read = ReportVersion.objects.filter(public_id__in=named).values_list("public_id", "state")
            self.states |= {str(version): state for version, state in read}
            self.address = _local(page["next"] or page["resume"])
            if page["next"] is None:
                return seconds


def copy_made(each: int) -> tuple[Copy, list[float]]:
    """Let them write, and copy meanwhile; return the copy and the seconds of each page."""
    copied = Copy()
    filings = list(world.filings(WRITERS * each))
    asked: list[float] = []
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(_write, filings[number::WRITERS], number) for number in range(WRITERS)]
        working = True
        while working:
            # Looked at before asking: the last time, nobody writes any more.
            working = not all(writer.done() for writer in writers)
            asked += copied.ask()
        for writer in writers:
            writer.result()
    return copied, asked


def pulled(since: int) -> dict[str, str]:
    """Return the same of everything that changed, read from the tables."""
    changed = Change.objects.filter(pk__gt=since, model="reportversion").values("object_id")
    return {str(version): state for version, state in ReportVersion.objects.filter(public_id__in=changed).values_list("public_id", "state")}


def _write(filings: Sequence[world.Filing], number: int) -> None:
    """File each report and correct it, in one transaction or in two; some roll back."""
    chance = random.Random(number)  # noqa: S311 - invention, not secrets
    try:
        for filing in filings:
            with transaction.atomic():
                filing.by_service()
                time.sleep(chance.random() ** 2 * LONGEST)
                transaction.set_rollback(chance.random() < 0.1)
            if chance.random() < 0.5:
                _correct(filing, chance)
    finally:
        connection.close()


def _correct(filing: world.Filing, chance: random.Random) -> None:
    with transaction.atomic():
        said: dict[str, Any] = {"actor": filing.actor, "branch": filing.branch, "day": filing.day, "works": world.works(chance)}
        services.file_daily_report(**said, uid=uuid4(), reason="数字更正")
        time.sleep(chance.random() ** 2 * LONGEST)


def _local(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"
