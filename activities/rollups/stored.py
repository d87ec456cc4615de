"""Reading the totals kept for regions, with the changes that wait to be folded; one statement, so one snapshot.

Rows are mappings with the counters named as `totals.as_total` reads them. A group that no figure stands behind any more is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Literal

from django.db import connection

from activities.models import ROLLED_LEVELS, Rollup, RollupDelta, Series
from activities.rollups.scope import DAWN, Scope, Span
from branches.models import Region, RegionParent, RegionPath

Row = Mapping[str, Any]
Group = Literal["node", "series", "day", "days"]

_NAMED: Final = {
    "value": "total",
    "count": "count",
    "n_nearly": "n_nearly",
    "n_over": "n_over",
    "n_about": "n_about",
    "n_at_least": "n_at_least",
    "owners": "owners",
    "owner_squares": "owner_squares",
}
_COLUMNS: Final = {"node": "live.node_id", "series": "live.series", "day": "live.day", "days": "live.days"}
_TABLE, _WAITING = Rollup._meta.db_table, RollupDelta._meta.db_table
_PATH, _PARENT = RegionPath._meta.db_table, RegionParent._meta.db_table
_ASKED: Final = "series = ANY (%(series)s) AND day <= %(last)s AND (day >= %(first)s OR series = ANY (%(steps)s))"
_SUMMED: Final = "day, series, days, " + ", ".join(_NAMED) + ", known"
_LIVE: Final = f"""(
    SELECT node_id, {_SUMMED} FROM {_TABLE} WHERE node_id = ANY (%(nodes)s) AND {_ASKED}
    UNION ALL
    SELECT path.ancestor_id, {_SUMMED} FROM {_WAITING} JOIN {_PATH} path ON path.descendant_id = place_id AND path.during @> tree_day
    WHERE NOT alone AND path.ancestor_id = ANY (%(nodes)s) AND {_ASKED}
    UNION ALL
    SELECT place_id, {_SUMMED} FROM {_WAITING} WHERE alone AND place_id = ANY (%(nodes)s) AND {_ASKED}
) AS live"""  # noqa: S608  # Names of this module.


@dataclass(frozen=True, slots=True)
class Kept:
    """What to read of the kept totals.

    Attributes:
        nodes: keys of regions for which totals are kept. series: keys of metrics, or of `Series`.
        span: the days; a period counts when it lies wholly inside.
        steps: those of the series that are kept as steps, all of which count up to the end of the span.
        single_days: leave out what belongs to a longer period.
        parted: nodes that are counted only on days on which they lay directly in `below`.
    """

    nodes: Sequence[int]
    series: Sequence[int]
    span: Span
    steps: Sequence[int] = ()
    single_days: bool = False
    parted: Sequence[int] = ()
    below: Region | None = None

    def by(self, *groups: Group) -> list[Row]:
        """Return the counters for each combination of `groups`."""
        if not self.nodes or not self.series:
            return []
        named = [f"{_COLUMNS[group]} AS {group}" for group in groups]
        sums = [f"sum({column}) AS {name}" for column, name in _NAMED.items()]
        sql = ["SELECT " + ", ".join([*named, *sums, "max(live.known) AS known"]), "FROM", _LIVE]
        if self.parted:
            lies = f"SELECT FROM {_PARENT} lies WHERE lies.region_id = live.node_id AND lies.parent_id = %(below)s AND lies.during @> live.day"
            sql.append(f"JOIN LATERAL (SELECT) AS counts ON live.node_id <> ALL (%(parted)s) OR EXISTS ({lies})")
        sql.append("WHERE live.days = 1" if self.single_days else "WHERE (live.day - live.days + 1 >= %(first)s OR live.series = ANY (%(steps)s))")
        if groups:
            sql.append("GROUP BY " + ", ".join(_COLUMNS[group] for group in groups))
        # A step may change how exact a value is, and nothing else.
        sql.append(f"HAVING ({', '.join(f'sum(live.{name})' for name in _NAMED)}) <> (0, 0, 0, 0, 0, 0, 0, 0)" if self.steps else "HAVING sum(live.count) <> 0")
        asked: dict[str, Any] = {
            "nodes": list(self.nodes),
            "series": list(self.series),
            "steps": list(self.steps),
            "first": self.span.first,
            "last": self.span.last,
            "parted": list(self.parted),
            "below": self.below and self.below.pk,
        }
        with connection.cursor() as cursor:
            cursor.execute(" ".join(sql), asked)
            names = [column.name for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def remainder(whole: Row, parts: Iterable[Row]) -> dict[str, Any]:
    """Return the counters of what is in the whole and in none of its parts; known as late as the whole."""
    held = list(parts)
    return {**whole, **{name: whole[name] - sum(part[name] for part in held) for name in _NAMED.values()}}


def is_kept(scope: Scope) -> bool:
    """Say whether totals of this scope are kept: it is a region above the level of a community."""
    return scope.region is not None and scope.region.level in ROLLED_LEVELS


def steps_of(region: Region, series: Sequence[int], until: date) -> list[Row]:
    """Return the steps of series that are kept as steps, by series and day."""
    return Kept([region.pk], series, Span(DAWN, until), steps=series).by("series", "day")


def held_on(days: Iterable[date], steps: Iterable[Row]) -> dict[date, Row]:
    """Return the counters of one series on each of `days`, added up from its steps; days without a value are absent."""
    found: dict[date, Row] = {}
    held: dict[str, Any] = {}
    following = iter(sorted(steps, key=lambda each: each["day"]))
    step = next(following, None)
    for day in sorted(days):
        while step is not None and step["day"] <= day:
            held = _added(held, step)
            step = next(following, None)
        if held.get("count"):
            found[day] = held
    return found


def _added(held: Mapping[str, Any], step: Row) -> dict[str, Any]:
    added = {name: held.get(name, 0) + step[name] for name in _NAMED.values()}
    return {**added, "known": max(filter(None, (held.get("known"), step["known"])), default=None)}


REPORTS: Final = (Series.DUE, Series.REPORTED, Series.LATE, Series.CORRECTED, Series.WAITING)


def reports(nodes: Sequence[int], day: date) -> dict[int, dict[str, Any]]:
    """Return for each node what is due and what is in for `day`, named as `Completeness` names it; a node without either is absent."""
    found: dict[int, dict[str, Any]] = {}
    for row in Kept(nodes, REPORTS, Span.day(day), steps=[Series.DUE]).by("node", "series"):
        counted = found.setdefault(row["node"], {"due": 0, "reported": 0})
        counted[Series(row["series"]).name.lower()] = int(row["count"])
        counted["known_at"] = max(filter(None, (counted.get("known_at"), row["known"])), default=None)
    return found
