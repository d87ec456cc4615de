"""Locks by name and locks of rows, held until the end of a transaction: they leave with it however it ends, and a pooled connection keeps none."""

from collections.abc import Iterable
from typing import Final, TypeVar

from django.db import connection
from django.db.models import Model

M = TypeVar("M", bound=Model)

# Held by whoever erases, and by whoever orders that nothing is erased: what a hold finds is kept from then on.
ERASING: Final = "portal.retention"

_KEY: Final = "hashtextextended(%s, 0)"


def hold(name: str) -> None:
    """Wait until nobody else holds `name`, and hold it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock({_KEY})", [name])


def take(name: str) -> bool:
    """Hold `name` until the transaction ends, unless somebody else holds it; say whether."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_try_advisory_xact_lock({_KEY})", [name])
        (taken,) = cursor.fetchone()
    return bool(taken)


def row(model: type[M], key: object, *related: str, no_key: bool = False) -> M:
    """Lock a row, and return it as it stands then, with what it names.

    Two statements: one alone would join a row that changed while we waited to what it named before, so that it would vanish or name nothing.
    With `no_key` rows that refer to it may still be stored.

    Raises:
        ObjectDoesNotExist: it was removed meanwhile.
    """
    found = model._default_manager
    found.select_for_update(no_key=no_key).only("pk").get(pk=key)
    return found.select_related(*related).get(pk=key)


def rows(model: type[Model], keys: Iterable[object], *, no_key: bool = False) -> None:
    """Lock several rows in the order of their keys, so that of two who lock some of the same one waits, and none for the other."""
    list(model._default_manager.select_for_update(no_key=no_key).filter(pk__in=keys).order_by("pk").values_list("pk"))
