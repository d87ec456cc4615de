"""Totals as they were read before any were kept: Django's aggregates over the records, on the same indexes."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from activities.rollups import children, stored


@contextmanager
def raw_totals() -> Iterator[None]:
    """Let no level have kept totals: every reader then adds up the records, as it does below a township."""
    with patch.object(stored, "ROLLED_LEVELS", ()), patch.object(children, "ROLLED_LEVELS", ()):
        yield
