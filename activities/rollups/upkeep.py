"""Keeping the totals of regions: folding the changes that wait, checking against the records, and building anew.

A fold takes waiting changes out and adds them in, in one statement: a crash leaves both or neither. A check and a rebuild read the records, the
kept totals and the waiting changes in one snapshot, so that writers go on meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from django.db.utils import OperationalError

from activities.models import ROLLED_LEVELS, Rollup, RollupDelta
from branches.models import Level

COUNTERS: Final = ("value", "count", "n_nearly", "n_over", "n_about", "n_at_least", "owners", "owner_squares")
# As many as one fold takes: a few seconds of work, and no more memory for more of them.
BATCH: Final = 50_000
# As many, of some three hundred reports, may wait before a filing folds them itself: then the worker, who does so every two seconds, is not there. Readers
# add what waits; for these it takes them some ten milliseconds.
MANY: Final = 10_000
# Whoever waits longer for a rebuild leaves the changes where they are.
_PATIENCE: Final = "2s"
_SHOWN: Final = 20

_TABLE: Final = Rollup._meta.db_table
_WAITING: Final = RollupDelta._meta.db_table
_KEY: Final = "node_id, day, series, days"
_COLUMNS: Final = ", ".join(COUNTERS)
_SUMS: Final = ", ".join(f"sum({name}) AS {name}" for name in COUNTERS)
_LEVELS: Final = ", ".join(f"'{level}'" for level in ROLLED_LEVELS)
_ANY_LEFT: Final = f"HAVING ({', '.join(f'sum({name})' for name in COUNTERS)}) <> ({', '.join('0' for _ in COUNTERS)})"


def spread(waiting: str) -> str:
    """Return SQL for the changes of the table `waiting` at every region with totals that they concern, unsummed."""
    columns = f"waiting.day, waiting.series, waiting.days, {', '.join(f'waiting.{name}' for name in COUNTERS)}, waiting.known"
    return f"""
        SELECT path.ancestor_id AS node_id, {columns}
        FROM {waiting} AS waiting
        JOIN branches_regionpath path ON path.descendant_id = waiting.place_id AND path.during @> waiting.tree_day
        JOIN branches_region region ON region.id = path.ancestor_id AND region.level IN ({_LEVELS})
        WHERE NOT waiting.alone
        UNION ALL
        SELECT waiting.place_id, {columns} FROM {waiting} AS waiting WHERE waiting.alone
    """  # noqa: S608  # Names of this module.


_ADD: Final = f"""
    ON CONFLICT ({_KEY}) DO UPDATE SET {", ".join(f"{name} = kept.{name} + excluded.{name}" for name in COUNTERS)},
        known = greatest(kept.known, excluded.known)
"""
# By the last of the oldest, not by each: after a large import nobody has counted yet how many wait, and a join would be planned as of none.
_FOLD: Final = f"""
    WITH taken AS (
        DELETE FROM {_WAITING} WHERE id <= (SELECT max(id) FROM (SELECT id FROM {_WAITING} ORDER BY id LIMIT %s) AS oldest) RETURNING *
    ), added AS (
        INSERT INTO {_TABLE} AS kept ({_KEY}, {_COLUMNS}, known)
        SELECT {_KEY}, {_SUMS}, max(known) FROM ({spread("taken")}) AS change GROUP BY {_KEY} ORDER BY {_KEY}
        {_ADD}
    )
    SELECT count(*) FROM taken
"""  # noqa: S608
# Whether a township, or anything wider, ever lay below a township, as nothing forbids.
_NESTED: Final = f"""EXISTS (
    SELECT FROM branches_regionpath path JOIN branches_region upper ON upper.id = path.ancestor_id JOIN branches_region lower ON lower.id = path.descendant_id
    WHERE upper.level = '{Level.TOWNSHIP}' AND lower.level IN ({_LEVELS}) AND path.depth > 0)"""
# Every figure, counted anew from the records: by township first, for what lies above a place lies above its one township too, and these are far fewer.
_FRESH: Final = f"""
    CREATE TEMPORARY TABLE fresh_rollup ON COMMIT DROP AS
    WITH placed AS (
        SELECT coalesce(township.id, part.place_id) AS place_id, false AS alone, tree_day, day, series, days, {_SUMS}, max(known) AS known
        FROM activities_parts_at(NULL) AS part
        LEFT JOIN (branches_regionpath path JOIN branches_region township ON township.id = path.ancestor_id AND township.level = '{Level.TOWNSHIP}')
            ON path.descendant_id = part.place_id AND path.during @> part.tree_day AND NOT (SELECT {_NESTED})
        GROUP BY coalesce(township.id, part.place_id), tree_day, day, series, days
        UNION ALL
        SELECT step.node_id, true, step.day, step.day, -1, 1, sum(n), sum(n), 0, 0, 0, 0, 0, 0, NULL
        FROM (SELECT array_agg(place_id) AS places, array_agg(during) AS spells FROM activities_duespell) AS due
        CROSS JOIN activities_due_parts(due.places, due.spells) AS step GROUP BY step.node_id, step.day
    )
    SELECT {_KEY}, {_SUMS}, max(known) AS known FROM ({spread("placed")}) AS part GROUP BY {_KEY} {_ANY_LEFT}
"""  # noqa: S608
_LIVE: Final = f"""
    CREATE TEMPORARY TABLE live_rollup ON COMMIT DROP AS
    SELECT {_KEY}, {_SUMS}, max(known) AS known FROM (
        SELECT {_KEY}, {_COLUMNS}, known FROM {_TABLE}
        UNION ALL
        SELECT {_KEY}, {_COLUMNS}, known FROM ({spread(_WAITING)}) AS change
    ) AS part GROUP BY {_KEY} {_ANY_LEFT}
"""  # noqa: S608
_DIFFERENT: Final = f"({', '.join(f'fresh.{n}' for n in COUNTERS)}) IS DISTINCT FROM ({', '.join(f'live.{n}' for n in COUNTERS)})"
_COMPARE: Final = f"""
    SELECT {_KEY}, {", ".join(f"fresh.{n}" for n in COUNTERS)}, {", ".join(f"live.{n}" for n in COUNTERS)}, count(*) OVER ()
    FROM fresh_rollup fresh FULL JOIN live_rollup live USING ({_KEY}) WHERE {_DIFFERENT} ORDER BY {_KEY} LIMIT {_SHOWN}
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Difference:
    """A kept total that the records do not bear out: counters as the records have them, and as they were kept."""

    node: int
    day: Any
    series: int
    days: int
    counted: dict[str, Any]
    kept: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many kept totals there are, and how many of them differ; `differences` names the first."""

    rows: int
    differing: int
    differences: list[Difference]


def fold(limit: int = BATCH) -> int:
    """Fold up to `limit` waiting changes into the kept totals, the oldest first; return how many, 0 also while somebody else folds or rebuilds."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('activities_rollup_fold'))")
            if not cursor.fetchone()[0]:
                return 0
            cursor.execute(_FOLD, [limit])
            folded: int = cursor.fetchone()[0]
            return folded
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", "") != "55P03":  # lock_not_available
            raise
        return 0


def fold_when_many() -> None:
    """Fold when more changes wait than readers should add up."""
    with connection.cursor() as cursor:
        # Both ends of an index, instead of counting: what a rollback left out makes it fold a little earlier.
        cursor.execute(f"SELECT max(id) - min(id) FROM {_WAITING}")  # noqa: S608
        waiting = cursor.fetchone()[0] or 0
    if waiting >= MANY:
        fold()


def check() -> Comparison:
    """Count every kept total anew and compare."""
    return _in_one_snapshot(_compared, exclusive=False)


def rebuild() -> Comparison:
    """Put the kept totals right, and return what was wrong; writers go on, folding and changes of the tree wait."""
    return _in_one_snapshot(_mended, exclusive=True)


def _in_one_snapshot(work: Callable[[Any], Comparison], *, exclusive: bool) -> Comparison:
    # Inside somebody's transaction its own isolation has to do.
    outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        if exclusive:
            # Before the first snapshot: taking these locks needs none.
            cursor.execute(f"LOCK TABLE branches_regionpath IN SHARE MODE; LOCK TABLE {_TABLE} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute("DROP TABLE IF EXISTS pg_temp.fresh_rollup, pg_temp.live_rollup")
        cursor.execute(_FRESH)
        cursor.execute(_LIVE)
        cursor.execute("ANALYZE fresh_rollup; ANALYZE live_rollup")
        return work(cursor)


def _compared(cursor: Any) -> Comparison:
    cursor.execute("SELECT count(*) FROM fresh_rollup")
    rows = cursor.fetchone()[0]
    cursor.execute(_COMPARE)
    found = cursor.fetchall()
    differences = [Difference(row[0], row[1], row[2], row[3], _named(row[4:12]), _named(row[12:20])) for row in found]
    return Comparison(rows, found[0][20] if found else 0, differences)


def _mended(cursor: Any) -> Comparison:
    was = _compared(cursor)
    # What waits in this snapshot is in the records that were just counted; later changes stay.
    cursor.execute(f"DELETE FROM {_WAITING}")  # noqa: S608
    cursor.execute(f"DELETE FROM {_TABLE} kept WHERE NOT EXISTS (SELECT FROM fresh_rollup fresh WHERE ({_on('fresh')}) = ({_on('kept')}))")  # noqa: S608
    cursor.execute(f"""
        INSERT INTO {_TABLE} AS kept ({_KEY}, {_COLUMNS}, known) SELECT {_KEY}, {_COLUMNS}, known FROM fresh_rollup ORDER BY {_KEY}
        ON CONFLICT ({_KEY}) DO UPDATE SET {", ".join(f"{name} = excluded.{name}" for name in COUNTERS)}, known = excluded.known
        WHERE ({", ".join(f"kept.{name}" for name in COUNTERS)}) <> ({", ".join(f"excluded.{name}" for name in COUNTERS)})
    """)  # noqa: S608
    return was


def _on(table: str) -> str:
    return ", ".join(f"{table}.{name}" for name in ("node_id", "day", "series", "days"))


def _named(values: Any) -> dict[str, Any]:
    return dict(zip(COUNTERS, values, strict=True))
