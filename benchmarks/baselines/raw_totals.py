"""Totals as they were read before any were kept: Django's aggregates over the records, on the same indexes."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from activities.rollups import children, stored
from branches.models import Region


@contextmanager
def raw_totals() -> Iterator[None]:
    """Let no level have kept totals: every reader then adds up the records, as it does below a township."""
    # Of places past the children with kept totals there are few, which the query says first; here that would be all, and a worse plan.
    everywhere = property(lambda below: Region.objects.all())
    with patch.object(stored, "ROLLED_LEVELS", ()), patch.object(children, "ROLLED_LEVELS", ()), patch.object(children._Below, "beside", everywhere):
        yield
