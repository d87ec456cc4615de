"""Notes found as Django finds a text within another: with LIKE, which no index of words or pairs helps."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from django.db import connection
from django.db.models import Q

from activities import querysets
from portal.foundation.text import fold


@contextmanager
def like() -> Iterator[None]:
    """Look for each word with `contains`, by whatever other index helps: the one by day makes common words easy to page through."""
    with patch.object(querysets, "holding", _containing):
        yield


@contextmanager
def like_scan() -> Iterator[None]:
    """Look for each word with `contains`, reading every note, as without the indexes that came with the search."""
    _use_indexes("off")
    try:
        with like():
            yield
    finally:
        _use_indexes("on")


def _use_indexes(how: str) -> None:
    with connection.cursor() as cursor:
        for kind in ("indexscan", "indexonlyscan", "bitmapscan"):
            cursor.execute(f"SET enable_{kind} = {how}")


def _containing(field: str, words: str) -> Q:
    found = Q()
    for word in fold(words).split():
        found &= Q(**{f"{field}__contains": word})
    return found
