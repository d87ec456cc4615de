"""The history of every row: which tables have it, and what of a row it keeps. Triggers write it, so that no write goes past it: see `RowChange`.

Nobody adds a trigger by hand: after each migration every table of a model has what this module says it should have.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from django.apps import apps
from django.db import connection, models
from psycopg2 import sql

# Tables without a history, each with the reason. Whoever adds a model adds it here or has it audited.
LEFT_OUT: Final = {
    "foundation.AuditEntry": "is the log itself, only ever added to, and sealed with the history",
    "foundation.RowChange": "is the history itself",
    "foundation.DaySeal": "is written once a day, each row holding the digest of the one before",
    "foundation.SealedBlock": "belongs to the seal of a day, whose digest it is part of",
    "foundation.AuditArchive": "is written once a month, with a row of the log that says the same",
    "foundation.Change": "says which objects changed, written by triggers beside this history",
    "foundation.Heartbeat": "is written over every few seconds and says only when",
    "foundation.AlarmSpell": "is a state of the machine, with when it began and ended",
    "foundation.Job": "its row is written at each step of its progress; what it did to other rows is in their history, with its identifier as the request",
    "foundation.Submission": "commits with the row that a client sent, which has a history",
    "accounts.Session": "is written with a page that is read; signing in and out are in the log",
    "axes.AccessAttempt": "counts failed sign-ins, which are in the log",
    "axes.AccessAttemptExpiration": "counts failed sign-ins, which are in the log",
    "axes.AccessFailureLog": "counts failed sign-ins, which are in the log",
    "axes.AccessLog": "is switched off: sign-ins are in the log",
    "branches.RegionPath": "is computed from the parents of regions, which have a history",
    "branches.WorkUnitPath": "is computed from the parents of work units, which have a history",
    "activities.ReportDraft": "is what somebody types and has not filed, saved every few seconds",
    "activities.ImportedReport": "is what an import found in its file, kept for some days; the file is kept by its hash, what is filed has a history",
    "activities.ImportedFigure": "is what an import found in its file",
    "activities.RefusedCell": "is what an import found in its file",
    "activities.Rollup": "is computed from measures; `manage.py rollups --check` proves it",
    "activities.RollupDelta": "is computed from measures, and gone when it is folded",
}
# Tables to which a statement adds many rows that are never changed but by emptying their words: one line a statement, with a digest of the rows.
IN_BULK: Final = frozenset({"activities.Entry", "activities.Measure", "activities.EntryParticipant"})
# A table whose primary key is a secret: what stands for the row instead.
KEYS: Final = {"knox.AuthToken": "token_key"}
_OURS: Final = frozenset({"portal", "branches", "members", "activities"})
# What a model that is not ours says in words may be a secret; it declares nothing.
_WORDS: Final = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
_EVENTS: Final = {
    "INSERT": "REFERENCING NEW TABLE AS is_now",
    "UPDATE": "REFERENCING OLD TABLE AS was NEW TABLE AS is_now",
    "DELETE": "REFERENCING OLD TABLE AS was",
    "TRUNCATE": "",
}


@dataclass(frozen=True, slots=True)
class Audited:
    """A table with a history.

    Attributes:
        key: the column that names a row.
        hidden: columns of which it is kept only whether they held something.
        in_bulk: whether rows that are added share a line.
    """

    table: str
    key: str
    hidden: tuple[str, ...]
    in_bulk: bool

    def triggers(self) -> Iterator[tuple[str, str]]:
        """Yield the name of each trigger and the statement that makes it; the name changes with what the trigger does."""
        for event, tables in _EVENTS.items():
            of = "foundation_rows_added" if self.in_bulk and event == "INSERT" else "foundation_row_changed"
            said = f"AFTER {event} ON {{table}} {tables} FOR EACH STATEMENT EXECUTE FUNCTION {of}({{key}}, {{hidden}})"
            # Not by id: a name may be read by whoever looks into the database.
            mark = hashlib.sha256(f"{said} {self.key} {self.hidden}".encode()).hexdigest()[:12]
            name = f"audit_{event.lower()}_{mark}"
            statement = sql.SQL(f"CREATE TRIGGER {{name}} {said}").format(
                name=sql.Identifier(name), table=sql.Identifier(self.table), key=sql.Literal(self.key), hidden=sql.Literal(",".join(self.hidden))
            )
            yield name, statement.as_string(connection.connection)


def audited() -> list[Audited]:
    """Return the tables that have a history, by name; those of many-to-many fields are models too."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        meta = model._meta
        if meta.managed and not meta.proxy and not meta.swapped and meta.label not in LEFT_OUT:
            pk = meta.pk
            key = KEYS.get(meta.label, (pk.column if pk else "") or "id")
            found.append(Audited(meta.db_table, key, hidden_columns(model), meta.label in IN_BULK))
    return sorted(found, key=lambda each: each.table)


def hidden_columns(model: type[models.Model]) -> tuple[str, ...]:
    """Return the columns of a model that no history keeps in the clear: what it declares as sensitive, and of others' models whatever is words."""
    fields = model._meta.concrete_fields
    declared = getattr(model, "SENSITIVE", {})
    ours = model.__module__.split(".")[0] in _OURS
    key = KEYS.get(model._meta.label)
    hidden = [field for field in fields if field.name in declared or (not ours and isinstance(field, _WORDS) and not field.is_relation and field.column != key)]
    return tuple(sorted(field.column for field in hidden))


def keep_triggers() -> list[str]:
    """Let each table have the triggers that it should have, and return the tables that were mended; called as the owner of the tables, in a transaction."""
    with connection.cursor() as cursor:
        # Migrated to before there was a history: there is nothing to write to.
        cursor.execute("SELECT to_regproc('foundation_rows_added') IS NOT NULL")
        if not cursor.fetchone()[0]:
            return []
        there = held_triggers()
        wanted = {each.table: dict(each.triggers()) for each in audited() if each.table in there}
        mended = [table for table, held in there.items() if held != set(wanted.get(table, {}))]
        for table in mended:
            for name in there[table] - set(wanted.get(table, {})):
                cursor.execute(sql.SQL("DROP TRIGGER {} ON {}").format(sql.Identifier(name), sql.Identifier(table)))
            for name in set(wanted.get(table, {})) - there[table]:
                # There, perhaps, but switched off.
                cursor.execute(sql.SQL("DROP TRIGGER IF EXISTS {} ON {}").format(sql.Identifier(name), sql.Identifier(table)))
                cursor.execute(wanted[table][name])
    return mended


def held_triggers() -> dict[str, set[str]]:
    """Return the names of the triggers that write the history, by table; every table of ours is there, and one that is switched off does not count."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.relname, coalesce(array_agg(t.tgname::text) FILTER (WHERE t.tgname IS NOT NULL AND t.tgenabled IN ('O', 'A')), '{}')
            FROM pg_class c LEFT JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgname LIKE 'audit\\_%\\_____________' AND NOT t.tgisinternal
            WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace GROUP BY 1"""
        )
        return {table: set(names) for table, names in cursor.fetchall()}
