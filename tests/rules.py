"""Break the rules that PostgreSQL keeps: through the ORM, through raw SQL, and by two transactions at once.

An app's `broken_rules.py` has a table of cases, one or more a rule; `rules_of` says which rules there are, so
that a new one without a case fails a test.
"""

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Barrier, Event, Thread
from typing import Any, Protocol

import pytest
from django.apps import apps
from django.db import Error, IntegrityError, connection, models, transaction
from django.utils.translation import override

from portal.foundation import locks
from portal.foundation.refusals import as_validation_error, constraint_of

HAN = re.compile(r"[\u3400-\u9fff]")
PATIENCE = 60.0  # seconds


class Write(Protocol):
    """Something written, in either of two ways."""

    def through_orm(self) -> None:
        """Write with Django's models."""

    def through_sql(self) -> None:
        """Write with a statement of SQL, past every check in Python."""


WAYS: dict[str, Callable[[Write], None]] = {"orm": lambda write: write.through_orm(), "sql": lambda write: write.through_sql()}


@dataclass(frozen=True)
class Add:
    """Insert `row`."""

    row: models.Model

    def through_orm(self) -> None:
        """Save it."""
        self.row.save(force_insert=True)

    def through_sql(self) -> None:
        """Insert every column that the row has a value for."""
        given = {each.column: _adapted(each, getattr(self.row, each.attname)) for each in _columns(self.row) if not each.primary_key}
        columns = ", ".join(f'"{name}"' for name in given)
        _execute(f"INSERT INTO {self.row._meta.db_table} ({columns}) VALUES ({', '.join(['%s'] * len(given))})", given.values())


@dataclass(frozen=True)
class Alter:
    """Change columns of a stored row."""

    row: models.Model
    changes: dict[str, Any]

    def through_orm(self) -> None:
        """Load the row, change it and save those fields."""
        stored = type(self.row)._base_manager.get(pk=self.row.pk)
        for name, value in self.changes.items():
            setattr(stored, name, value)
        stored.save(update_fields=list(self.changes))

    def through_sql(self) -> None:
        """Update those columns."""
        columns = [each for each in _columns(self.row) if each.name in self.changes or each.attname in self.changes]
        values = [self.changes[each.name] if each.name in self.changes else self.changes[each.attname] for each in columns]
        settings = ", ".join(f'"{each.column}" = %s' for each in columns)
        adapted = [_adapted(each, value.pk if isinstance(value, models.Model) else value) for each, value in zip(columns, values, strict=True)]
        _execute(f"UPDATE {self.row._meta.db_table} SET {settings} WHERE id = %s", [*adapted, self.row.pk])


def alter(row: models.Model, **changes: Any) -> Alter:
    """Return the write that sets `changes` on `row`."""
    return Alter(row, changes)


@dataclass(frozen=True)
class Remove:
    """Delete a stored row."""

    row: models.Model

    def through_orm(self) -> None:
        """Delete it past Django's own protection of what refers to it, which never reaches the database."""
        rows: Any = type(self.row)._base_manager.filter(pk=self.row.pk)
        rows._raw_delete(rows.db)

    def through_sql(self) -> None:
        """Delete it."""
        _execute(f"DELETE FROM {self.row._meta.db_table} WHERE id = %s", [self.row.pk])


@dataclass(frozen=True)
class Both:
    """Several writes, one after another."""

    writes: tuple[Write, ...]

    def through_orm(self) -> None:
        """Each through the ORM."""
        for write in self.writes:
            write.through_orm()

    def through_sql(self) -> None:
        """Each through SQL."""
        for write in self.writes:
            write.through_sql()


def both(*writes: Write) -> Both:
    """Return `writes` as one."""
    return Both(writes)


@dataclass(frozen=True)
class Break:
    """A write that a rule refuses: by itself, or after another one that is allowed.

    Attributes:
        write: what is refused.
        after: what is written before it; in a race, by another transaction that has not committed yet.
        only_at_once: one after the other it is refused by something else, or cannot be said at all.
    """

    write: Write
    after: Write | None = None
    only_at_once: bool = False


@dataclass(frozen=True)
class Case:
    """How one rule is broken; `prepare` stores what the break stands on."""

    rule: str
    prepare: Callable[[], Break]
    collides: bool
    only_at_once: bool

    def __str__(self) -> str:
        return f"{self.rule}-{self.prepare.__name__}"


@dataclass
class Cases:
    """The table of an app's cases."""

    app: str
    known: list[Case] = field(default_factory=list)

    def breaks(self, rule: str, *, collides: bool = False, only_at_once: bool = False) -> Callable[[Callable[[], Break]], Callable[[], Break]]:
        """Enter a function as a case of `rule`; `collides` when two transactions break it together."""

        def enter(prepare: Callable[[], Break]) -> Callable[[], Break]:
            self.known.append(Case(rule, prepare, collides or only_at_once, only_at_once))
            return prepare

        return enter


def our_apps() -> list[str]:
    """Return the labels of this project's apps."""
    return [config.label for config in apps.get_app_configs() if config.name.split(".")[0] in {"portal", "branches", "members", "activities"}]


def rules_of(label: str) -> set[str]:
    """Return the names of an app's rules: its models' constraints, and what its triggers keep.

    A unique constraint that holds the primary key is there for a foreign key to point at, and cannot be broken.
    """
    config = apps.get_app_config(label)
    named = {rule.name for model in config.get_models() for rule in model._meta.constraints if "id" not in getattr(rule, "fields", ())}
    return named | set(getattr(config, "rules", {}))


def refused(case: Case, way: str) -> IntegrityError:
    """Break a rule in one transaction and return the refusal."""
    broken = case.prepare()
    if broken.after is not None:
        WAYS[way](broken.after)
    with pytest.raises(IntegrityError) as refusal:
        _write(broken.write, way)
    return refusal.value


@transaction.atomic
def _write(write: Write, way: str) -> None:
    WAYS[way](write)
    check_deferred_rules()


def refused_at_once(case: Case) -> Error:
    """Break a rule by two transactions: the second waits for the first to commit, and is refused.

    The first writes through the ORM, the second through SQL.
    """
    broken = _prepared(case)
    assert broken.after is not None
    return second_of_two(broken.after.through_orm, broken.write.through_sql)


def second_of_two(first: Callable[[], Any], second: Callable[[], Any]) -> Error:
    """Run `second` while `first` has not committed; see that it waits, and return how it was refused once `first` has."""
    refusal = outcome_of_second(first, second)
    assert refusal is not None, "both transactions committed"
    return refusal


def outcome_of_second(first: Callable[[], Any], second: Callable[[], Any]) -> Error | None:
    """Run `second` while `first` has not committed; see that it waits, and return its refusal, if any, once `first` has."""
    backends: SimpleQueue[int] = SimpleQueue()
    outcomes: SimpleQueue[Error | None] = SimpleQueue()

    def follow() -> None:
        try:
            with transaction.atomic():
                backends.put(_backend())
                second()
                check_deferred_rules()
            outcomes.put(None)
        except Error as error:
            outcomes.put(error)
        finally:
            connection.close()

    follower = Thread(target=follow, daemon=True)
    with transaction.atomic():
        first()
        check_deferred_rules()
        follower.start()
        _wait_until_blocked(backends.get(timeout=PATIENCE), follower)
    follower.join(PATIENCE)
    return outcomes.get(timeout=PATIENCE)


def crossed(call: Callable[[], Any], *, held: models.Model, wanted: models.Model) -> Any:
    """Run `call` while another transaction holds the row `held` and, once `call` waits, asks for `wanted` as well; return what `call` returns.

    Should the two wait for each other, it is `call` that PostgreSQL ends.
    """
    backend, begun, done = _backend(), Event(), Event()
    failed: list[str] = []

    def other() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SET LOCAL deadlock_timeout = '1min'")
                locks.row(type(held), held.pk)
                begun.set()
                while not done.wait(0.01):
                    cursor.execute("SELECT pg_backend_pid() = ANY(pg_blocking_pids(%s))", [backend])
                    if cursor.fetchone()[0]:
                        locks.row(type(wanted), wanted.pk)
                        return
                failed.append("nobody waited for the other transaction")
        except Error as error:
            failed.append(str(error))
        finally:
            begun.set()
            connection.close()

    thread = Thread(target=other, daemon=True)
    thread.start()
    begun.wait(PATIENCE)
    # PostgreSQL looks for a circle once, so long after a wait began: by then the other one waits too.
    _set_deadlock_timeout("3s")
    try:
        return call()
    finally:
        done.set()
        thread.join(2 * PATIENCE)
        _set_deadlock_timeout("DEFAULT")
        assert not thread.is_alive()
        assert not failed


def _set_deadlock_timeout(value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET deadlock_timeout = {value if value == 'DEFAULT' else repr(value)}")


def refused_to_both(case: Case) -> list[Error]:
    """Break a rule that a single row breaks by two transactions in the same moment, on the same rows, and return both refusals."""
    broken = _prepared(case)
    return _in_two_transactions(lambda way: WAYS[way](broken.write))


def refused_to_each(case: Case) -> list[Error]:
    """Break a rule inside what one transaction writes alone, by two transactions in the same moment, and return both refusals."""
    return _in_two_transactions(lambda way: WAYS[way](case.prepare().write))


def _prepared(case: Case) -> Break:
    """Prepare a case in a transaction of its own."""
    with transaction.atomic():
        return case.prepare()


def _in_two_transactions(attempt: Callable[[str], None]) -> list[Error]:
    together, refusals = Barrier(2), SimpleQueue[Error]()

    def run(way: str) -> None:
        try:
            with transaction.atomic():
                together.wait(PATIENCE)
                attempt(way)
                check_deferred_rules()
        except Error as error:
            refusals.put(error)
        finally:
            connection.close()

    pair = [Thread(target=run, args=(way,), daemon=True) for way in WAYS]
    for thread in pair:
        thread.start()
    for thread in pair:
        thread.join(PATIENCE)
    return [refusals.get(timeout=0.1) for _ in pair]


def check_deferred_rules() -> None:
    """Have PostgreSQL check now what it would check at the commit."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def assert_says(error: Error, rule: str) -> None:
    """Assert that the refusal names `rule` and reads as a sentence of its own, in English and in Chinese."""
    assert isinstance(error, IntegrityError), error
    assert constraint_of(error) == rule, error
    said = {}
    for language in ("en", "zh-hans"):
        with override(language):
            refusal = as_validation_error(error)
        assert refusal.code == rule
        (said[language],) = refusal.messages
    assert re.fullmatch(r"[A-Z“][^%{}]+\.", said["en"]), said
    assert "contradict each other" not in said["en"], f"{rule} has no sentence of its own"
    assert HAN.search(said["zh-hans"]), f"{said['en']!r} has no Chinese"


def _columns(row: models.Model) -> list["models.Field[Any, Any]"]:
    return [each for each in row._meta.concrete_fields if not each.generated]


def _adapted(column: "models.Field[Any, Any]", value: Any) -> Any:
    return column.get_db_prep_save(value, connection)


def _execute(statement: str, values: Iterable[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values))


def _backend() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _wait_until_blocked(backend: int, follower: Thread) -> None:
    """Wait until the follower's backend waits for a lock that this connection holds."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid() = ANY(pg_blocking_pids(%s))", [backend])
            if cursor.fetchone()[0]:
                return
        assert follower.is_alive(), "the second transaction did not wait for the first"
        time.sleep(0.01)
    pytest.fail("the second transaction neither waited nor ended")
