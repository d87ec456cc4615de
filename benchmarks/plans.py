"""What a piece of work asks of the database: how many statements, how many rows these touch, and which tables they read whole."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from portal.foundation.acting import SETTING

# A scan that begins at the beginning of a table and soon has enough has not read it whole.
_FEW: Final = 10_000
_TIMES: Final = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter")


@dataclass(frozen=True)
class Cost:
    """Statements, and rows that scans of tables read, those that a filter threw away included."""

    queries: int
    rows: int


@dataclass(frozen=True)
class Explained:
    """How many rows the scans of a statement read, and which tables it read from one end to the other."""

    touched: float
    read_whole: frozenset[str]


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements of the block with their parameters."""
    found: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def asked_again(read: Callable[[], Any]) -> Callable[[], None]:
    """Return what runs the statements of `read` and takes their rows: what the database does, without what Django does."""
    with statements() as asked:
        read()

    def run() -> None:
        with connection.cursor() as cursor:
            for sql, params in asked:
                cursor.execute(sql, params)
                # A setting of the planner gives no rows.
                if cursor.description:
                    cursor.fetchall()

    return run


def reading(found: list[tuple[str, Any]]) -> list[Explained]:
    """Run those of the statements that read once more, explained."""
    # Who acts is told in front of what writes.
    told = f"SELECT set_config('{SETTING}'"
    return [explained(sql, params) for sql, params in found if sql.lstrip(" (").upper().startswith(("SELECT", "WITH")) and not sql.startswith(told)]


def cost_of(work: Callable[[], Any]) -> Cost:
    """Return what `work` costs."""
    with statements() as found:
        work()
    return Cost(len(found), round(sum(each.touched for each in reading(found))))


def explained(sql: str, params: Any) -> Explained:
    """Run a statement and return what it read."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        text = cursor.fetchone()[0]
    plan = json.loads(text) if isinstance(text, str) else text
    nodes = list(_nodes(plan[0]["Plan"]))
    whole = {node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan" and _touched(node) > _FEW}
    return Explained(sum(_touched(node) for node in nodes), frozenset(whole))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _touched(node: dict[str, Any]) -> float:
    if "Relation Name" not in node or "Actual Rows" not in node:
        return 0
    return float(sum(node.get(name, 0) for name in _TIMES) * node["Actual Loops"])
