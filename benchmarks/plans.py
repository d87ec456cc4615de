"""What a piece of work asks of the database: how many statements, and how many rows these touch."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

_TIMES: Final = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck", "Rows Removed by Join Filter")


@dataclass(frozen=True)
class Cost:
    """Statements, and rows that scans of tables read, those that a filter threw away included."""

    queries: int
    rows: int


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements of the block with their parameters."""
    found: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def cost_of(work: Callable[[], Any]) -> Cost:
    """Return what `work` costs; its reading statements are run once more, explained."""
    with statements() as found:
        work()
    reading = [(sql, params) for sql, params in found if sql.lstrip(" (").upper().startswith(("SELECT", "WITH"))]
    return Cost(len(found), round(sum(rows_touched(sql, params) for sql, params in reading)))


def rows_touched(sql: str, params: Any) -> float:
    """Run a statement and return how many rows its scans read."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        text = cursor.fetchone()[0]
    plan = json.loads(text) if isinstance(text, str) else text
    return sum(_touched(node) for node in _nodes(plan[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _touched(node: dict[str, Any]) -> float:
    if "Relation Name" not in node or "Actual Rows" not in node:
        return 0
    return float(sum(node.get(name, 0) for name in _TIMES) * node["Actual Loops"])
