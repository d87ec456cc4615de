"""A figure as a register proposes it, and how a register counts its records."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Subquery, Value
from django.db.models.functions import JSONObject


@dataclass(frozen=True)
class Derived:
    """What a register says of a figure.

    Attributes:
        value: in the metric's own unit, exact.
        revision: the number of the newest record or event that was counted; 0 where there is none.
        href: where exactly the records that were counted are listed.
    """

    value: Decimal
    revision: int
    href: str


def counted(rows: "QuerySet[Any, Any]", **aggregates: Any) -> Subquery:
    """Return a sub-query that counts `rows`: one JSON object of the aggregates, also where there are no rows."""
    # Grouped by what is the same in each row, which PostgreSQL is not told of: so there is one group, be it empty.
    return Subquery(rows.order_by().annotate(all_of_them=Value(1)).values("all_of_them").annotate(said=JSONObject(**aggregates)).values("said"))
