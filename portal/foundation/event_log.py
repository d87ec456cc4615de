"""The course of an object: schema operations that let a row change only together with an event, and keep both.

A row of such a table has a `revision`: the number of its latest event. Events are rows of a table of their own, numbered from 1, and only ever added.
"""

from collections.abc import Sequence

from django.db.migrations import RunSQL


def changes_with_events(table: str, events: str, link: str, noun: str, keeps: Sequence[str] = ()) -> RunSQL:
    """Return the migration operation that lets rows of `table` change only together with a row of `events`, whose column `link` leads to them.

    Args:
        noun: what a row is called. The rules are named after it: `<noun>_changes_with_an_event`, `<noun>_keeps_its_beginning`, `<noun>_is_kept` and
            `<noun>_event_is_only_added`; each needs a sentence in the `rules` of its app.
        keeps: columns that stay as they were when the row was added, beside its public identifier.
    """
    beginning = ", ".join(f"'{column}'" for column in ("public_id", *keeps))
    create = f"""
    CREATE TRIGGER {noun}_keeps_its_beginning BEFORE UPDATE ON {table}
        FOR EACH ROW EXECUTE FUNCTION foundation_keep_columns('{noun}_keeps_its_beginning', {beginning});
    CREATE TRIGGER {noun}_never_changes_in_silence BEFORE UPDATE ON {table}
        FOR EACH ROW EXECUTE FUNCTION foundation_refuse_silence('{noun}_changes_with_an_event');
    -- Deferred: the row is written before its event.
    CREATE CONSTRAINT TRIGGER {noun}_changes_with_an_event AFTER INSERT OR UPDATE ON {table} DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION foundation_require_event('{noun}_changes_with_an_event', '{events}', '{link}');
    CREATE TRIGGER {noun}_is_kept BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('{noun}_is_kept');
    CREATE TRIGGER {noun}_is_never_emptied BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('{noun}_is_kept');
    CREATE TRIGGER {noun}_event_is_only_added BEFORE UPDATE OR DELETE ON {events}
        FOR EACH ROW EXECUTE FUNCTION foundation_refuse_change('{noun}_event_is_only_added');
    CREATE TRIGGER {noun}_event_is_never_emptied BEFORE TRUNCATE ON {events}
        FOR EACH STATEMENT EXECUTE FUNCTION foundation_refuse_change('{noun}_event_is_only_added');
    """
    of_rows = ("keeps_its_beginning", "never_changes_in_silence", "changes_with_an_event", "is_kept", "is_never_emptied")
    drop = [f"DROP TRIGGER {noun}_{name} ON {table};" for name in of_rows]
    drop += [f"DROP TRIGGER {noun}_event_{name} ON {events};" for name in ("is_only_added", "is_never_emptied")]
    return RunSQL(create, "".join(drop))
