"""A condition by which few rows of a big table are sought, whatever the planner believes."""

from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, QuerySet


def among(column: str, rows: QuerySet[Any, Any]) -> Func:
    """Return the condition that `column` is one of `rows`, which have a single column.

    The same rows as `column IN (rows)`, but these are found first, as an array of which the planner expects ten, and then sought by the index of
    `column`. Of IN it thinks as of a join: where the days and trees between make it expect much, it reads the big table whole.
    """
    return Func(F(column), ArraySubquery(rows), template="%(expressions)s)", arg_joiner=" = ANY (", output_field=BooleanField())
