"""The database made ready to serve: reachable, migrated, with reference data and, when empty, the demo."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.db import Error, OperationalError, connection, connections

from portal.foundation import logs, ownership
from portal.foundation.acting import acting
from portal.runtime import sentences

OLDEST_VERSION = 15


def check_named() -> None:
    """Check that the server of DATABASE_URL lets us in and is new enough.

    Raises:
        CannotStartError: it does not.
    """
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise _refusal(str(error)) from error
    version = connection.cursor().connection.server_version // 10000
    if version < OLDEST_VERSION:
        raise sentences.too_old(version)


def prepare(log: Path) -> None:
    """Migrate, load reference data, and the demo into a database without accounts; details of a failure go to `log`.

    Raises:
        CannotStartError: the database refused.
    """
    try:
        with acting("start"):
            call_command("migrate", interactive=False, verbosity=0)
            _call("finish_restore")
            _call("load_reference")
            if settings.DEMO and not get_user_model()._default_manager.exists():
                _call("load_demo")
    except Error as error:
        log.write_text(logs.written(error), encoding="utf-8")
        raise sentences.not_prepared(str(error).strip().splitlines()[0], log) from error
    finally:
        connections.close_all()


def runs_as_owner() -> bool:
    """Tell whether the portal works as the owner of its tables."""
    try:
        return ownership.may_change_tables()
    finally:
        connections.close_all()


def _call(command: str) -> None:
    if command in get_commands():
        call_command(command, verbosity=0)


def _refusal(message: str) -> sentences.CannotStartError:
    """Choose the sentence for libpq's message, which has no code when there is no connection yet."""
    named: dict[str, Any] = settings.DATABASES["default"]
    if "database" in message and "does not exist" in message:
        return sentences.no_such_database(str(named["NAME"]))
    if "authentication failed" in message or "no password supplied" in message or ("role" in message and "does not exist" in message):
        return sentences.wrong_password()
    return sentences.unreachable(message.strip().splitlines()[0].rpartition("failed: ")[2].rstrip("."))
