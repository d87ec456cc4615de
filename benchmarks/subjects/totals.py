"""Totals of regions and spans, as statements: without Django's part, which is the same on both sides."""

from typing import Any, Final

from django.db import connection

from activities import rollups
from activities.rollups import Scope, Span
from benchmarks import world
from benchmarks.baselines.raw_totals import raw_totals
from benchmarks.measuring import Work
from benchmarks.plans import asked_again
from branches.models import Level, Region

LEVELS: Final = (Level.PROVINCE, Level.COUNTY, Level.TOWNSHIP)
DAYS: Final = (7, 30, 90)


def works() -> list[Work]:
    """Return a row for each level and span; the target is the province's."""
    return [_work(level, days) for level in LEVELS for days in DAYS]


def _work(level: Level, days: int) -> Work:
    scope, span = Scope.of(busiest(level)), world.span(days)
    metrics = world.catalogue()

    def ours() -> dict[str, Any]:
        return _told(scope, span, metrics)

    def raw() -> dict[str, Any]:
        with raw_totals():
            return _told(scope, span, metrics)

    return Work(
        name=f"totals, {level}, {days} days, SQL",
        ours="kept totals",
        theirs="aggregate over the records",
        subject=asked_again(ours),
        baseline=asked_again(raw),
        found=ours,
        expected=raw,
        target=1_000 if level == Level.PROVINCE else None,
        grows=False,
    )


def _told(scope: Scope, span: Span, metrics: list[Any]) -> dict[str, Any]:
    found = rollups.totals(scope, span, metrics)
    return {code: (total.value, str(total.qualifier), total.count, total.inexact) for code, total in found.items()}


def busiest(level: Level) -> Region:
    """Return the region of a level with the most branches."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT region.id FROM branches_region region JOIN branches_regionpath path ON path.ancestor_id = region.id"
            " JOIN branches_branch branch ON branch.region_id = path.descendant_id WHERE region.level = %s GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1",
            [level],
        )
        return Region.objects.get(pk=cursor.fetchone()[0])
