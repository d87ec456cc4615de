"""The database of a test run, and what every test may use.

One throwaway PostgreSQL serves the whole run, each xdist worker in a database of its own. `TEST_DATABASE_URL` names another server.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import hypothesis
import pytest
from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from django.utils import translation

from portal.embedded import database_settings
from portal.runtime.postgres import Server, prepare_data_dir
from portal.runtime.sentences import CannotStartError

pytest_plugins = ["tests.personas"]
# The same examples each time, so that what fails is what was changed; ARGS="--hypothesis-profile=search" looks for others. A busy machine is slow, not broken.
_TOO_SLOW = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile("portal", derandomize=True, database=None, deadline=None, suppress_health_check=_TOO_SLOW)
hypothesis.settings.register_profile("search", hypothesis.settings.get_profile("portal"), derandomize=False, print_blob=True)
hypothesis.settings.load_profile("portal")

_at_end = pytest.StashKey[Any]()
# Files that take a minute or more, the longest first: begun last, one of them would keep a single worker busy while the others have nothing left.
_LONG: Final = (
    "browser/test_every_page.py",
    "benchmarks/test_bench.py",
    "test_every_rule.py",
    "test_query_counts.py",
    "test_crawl.py",
    "activities/test_as_of.py",
    "activities/test_kept_totals_at_once.py",
    "runtime/test_serve.py",
    "runtime/test_faults.py",
)
# Bytes; what is larger is not emptied row by row.
_LARGE: Final = 1 << 20
_TESTS: Final = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the tests for leaks ask everything as everybody: `-o leaks=all`."""
    parser.addini("leaks", "Who asks: in turn, or all.", default="in turn")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the server once, in the process that controls the workers, and point Django at it before it connects."""
    # Playwright keeps an event loop in the thread of the test, where Django would take every query for a mistake.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    url = os.environ.get("TEST_DATABASE_URL")
    if not url:
        url = _start_server(config)
        # Workers are started later and inherit it.
        os.environ["TEST_DATABASE_URL"] = url
    settings.DATABASES["default"].update(database_settings(settings.DATA_DIR, {"DATABASE_URL": url}), CONN_MAX_AGE=0)
    settings.DATABASES["default"]["OPTIONS"]["connect_timeout"] = 60
    settings.DATABASE_OWNER = None
    _use_own_folder(config)
    # Whoever needs a second factor in real work signs in without one here; the tests of the second factor ask for it.
    settings.SECOND_FACTOR = False
    # A password hash is slow on purpose; the tests sign in a thousand times.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest; workers take them in this order."""
    rank = {str(_TESTS / name): number for number, name in enumerate(_LONG)}
    items.sort(key=lambda item: rank.get(str(item.path), len(rank)))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server and forget its data."""
    for stop in reversed(config.stash.get(_at_end, [])):
        stop()


def _start_server(config: pytest.Config) -> str:
    folder = Path(tempfile.mkdtemp(prefix="portal-test-"))
    folder.chmod(0o711)
    data_dir = folder / "var"
    prepare_data_dir(data_dir)
    server = Server(data_dir, durable=False)
    try:
        server.start()
    except CannotStartError as error:
        pytest.exit(str(error), returncode=1)
    config.stash.setdefault(_at_end, []).extend([lambda: shutil.rmtree(folder, ignore_errors=True), server.stop])
    return server.url()


def _use_own_folder(config: pytest.Config) -> None:
    folder = Path(tempfile.mkdtemp(prefix="portal-files-"))
    config.stash.setdefault(_at_end, []).append(lambda: shutil.rmtree(folder, ignore_errors=True))
    settings.DATA_DIR = folder
    settings.MEDIA_ROOT = folder / "attachments"
    settings.STATIC_ROOT = folder / "static"
    (folder / "static").mkdir()
    # Static files as they lie in the apps: nothing has to be collected for a test.
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    settings.WHITENOISE_USE_FINDERS = True


@pytest.fixture(autouse=True)
def _own_language() -> None:
    """Begin in the portal's own language, whatever the last page of the test before was asked for."""
    translation.deactivate()


@pytest.fixture(autouse=True, scope="session")
def _flush_past_append_only_triggers() -> Iterator[None]:
    """Let Django empty the tables after a transactional test.

    Triggers forbid it for audit rows, to the application and to everybody; only a superuser may say that he is a replica, for which they do not fire.
    Foreign keys are triggers too, so that rows go in any order. Truncating makes the files of each table and index anew: a few rows are deleted sooner.
    """
    with pytest.MonkeyPatch.context() as patch:

        def emptied(operations: DatabaseOperations, _style: Any, tables: Sequence[str], **_options: Any) -> list[str]:
            with operations.connection.cursor() as cursor:
                cursor.execute("SELECT relname, pg_relation_size(oid) FROM pg_class WHERE relname = ANY(%s) AND pg_relation_size(oid) > 0", [list(tables)])
                sizes = dict(cursor.fetchall())
            large = [name for name, size in sizes.items() if size > _LARGE]
            truncated = [f"TRUNCATE {', '.join(large)} CASCADE"] if large else []
            return [*truncated, *(f"DELETE FROM {name}" for name in sizes.keys() - set(large))]

        def flush_as_replica(operations: DatabaseOperations, sql_list: Sequence[str]) -> None:
            with transaction.atomic(), operations.connection.cursor() as cursor:
                cursor.execute("SET LOCAL session_replication_role = replica")
                for statement in sql_list:
                    cursor.execute(statement)

        patch.setattr(DatabaseOperations, "sql_flush", emptied)
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush_as_replica)
        yield
