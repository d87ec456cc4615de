"""Totals as they were read before any were kept: Django's aggregates over the records, on the same indexes."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from django.db.models import Q, QuerySet

from activities.querysets import MeasureQuerySet
from activities.rollups import children, stored
from branches.models import Region, RegionParent, RegionPath


@contextmanager
def raw_totals() -> Iterator[None]:
    """Let no level have kept totals: every reader then adds up the records, as it does below a township."""
    with ExitStack() as stack:
        for module in (stored, children):
            stack.enter_context(patch.object(module, "ROLLED_LEVELS", ()))
        # What narrows a query to the few records past the children with kept totals; here that would be all records, and a worse plan.
        stack.enter_context(patch.object(children.Below, "beside", property(lambda below: RegionPath.objects.order_by().values("descendant"))))
        stack.enter_context(patch.object(MeasureQuerySet, "done_at", lambda measures, places: measures))
        stack.enter_context(patch.object(children, "among", lambda column, rows: Q(**{f"{column}__in": rows})))
        stack.enter_context(patch.object(children, "_child_of", _child_of))
        yield


def _child_of(region: Region, place: Any, day: Any) -> QuerySet[RegionPath, Any]:
    """Return the region directly below `region` in which `place` lies on `day`, of those that lie there on any day.

    Asked so, an index leads to it. Asked by its parent, a million records take a millisecond each.
    """
    below = list(RegionParent.objects.filter(parent=region).values_list("region", flat=True))
    return RegionPath.objects.filter(descendant=place, during__contains=day, ancestor__in=below).values("ancestor")[:1]
