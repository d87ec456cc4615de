"""Fifty organisers of one district who file in the same minute, each over a connection of their own."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from statistics import quantiles
from threading import Barrier
from typing import Any, Final

from django.db import connection

from activities.models import ReportVersion
from activities.rollups import upkeep
from benchmarks import world
from benchmarks.baselines.without_rollups import without_rollups
from benchmarks.measuring import RUNS, Measured, Timing, require_same
from benchmarks.subjects.totals import busiest
from branches.models import Level

ORGANISERS: Final = 50
# A county of the largest province has some 1,100 reports left to file.
EACH: Final = 1


def measured(entries: int, *, runs: int = RUNS, organisers: int = ORGANISERS, each: int = EACH) -> list[Measured]:
    """Let them file with and without the upkeep of totals, in turn, and check the totals afterwards.

    Raises:
        Wrong: a report is missing, or a total differs.
    """
    # One more for each: the first is not timed.
    count = organisers * (each + 1)
    line = world.filings((2 * runs + 1) * count, region=busiest(Level.COUNTY))
    kept: list[list[float]] = []
    bare: list[list[float]] = []
    pace: dict[bool, list[float]] = {True: [], False: []}
    uids: list[Any] = []
    for run in range(2 * runs):
        with_totals = run % 2 == 0
        filings = list(islice(line, count))
        uids += [filing.uid for filing in filings]
        if with_totals:
            seconds, latencies = _file_at_once(filings, organisers)
        else:
            with without_rollups():
                seconds, latencies = _file_at_once(filings, organisers)
        (kept if with_totals else bare).append(latencies)
        pace[with_totals].append(seconds / len(latencies))
    # What was filed without is in no total. Put right, and filed once more with it: that is what the check is about.
    upkeep.rebuild()
    last = list(islice(line, count))
    _file_at_once(last, organisers)
    require_filed([*uids, *(filing.uid for filing in last)])
    name = f"{organisers} organisers of one district at once"
    sides = ("with the upkeep of totals", "without")
    notes = ("0 totals differ afterwards",)
    through = Measured(f"{name}: time per report", entries, *sides, Timing(pace[True]), Timing(pace[False]), None, 1 / 0.7, None, notes)
    waited = Measured(f"{name}: p95", entries, *sides, Timing([*map(_p95, kept)]), Timing([*map(_p95, bare)]), None, 1.5, None, notes)
    return [through, waited]


def require_filed(uids: Sequence[Any]) -> None:
    """Refuse a report that is missing or there twice, and a total that the records do not bear out.

    Raises:
        Wrong: there is one.
    """
    stored = Counter(ReportVersion.objects.filter(uid__in=uids).values_list("uid", flat=True))
    require_same("reports of many at once", dict(stored), dict.fromkeys(uids, 1))
    found = upkeep.check()
    require_same("totals after many at once", {"differing": found.differing, "first": found.differences[:1]}, {"differing": 0, "first": []})


def _file_at_once(filings: Sequence[world.Filing], organisers: int) -> tuple[float, list[float]]:
    """Return the seconds until all is filed but for each organiser's first report, and those of each filing."""
    begin = Barrier(organisers + 1, timeout=120)

    def organiser(number: int) -> list[float]:
        try:
            first, *others = filings[number::organisers]
            # Neither connecting nor what a connection plans once is part of filing: a server keeps its connections.
            first.by_service()
            begin.wait()
            return [_seconds(filing) for filing in others]
        finally:
            connection.close()

    with ThreadPoolExecutor(organisers) as pool:
        waiting = [pool.submit(organiser, number) for number in range(organisers)]
        begin.wait()
        begun = time.perf_counter()
        latencies = [seconds for each in waiting for seconds in each.result()]
        return time.perf_counter() - begun, latencies


def _seconds(filing: world.Filing) -> float:
    begun = time.perf_counter()
    filing.by_service()
    return time.perf_counter() - begun


def _p95(latencies: list[float]) -> float:
    return quantiles(latencies, n=20)[-1]
