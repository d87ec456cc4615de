"""Locks by name, held until the end of a transaction: they leave with it however it ends, and a pooled connection keeps none."""

from typing import Final

from django.db import connection

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
