"""Words planted in every field that is declared sensitive, and where any of them still stands afterwards."""

from itertools import groupby
from typing import Final

from django.db import connection, models

from portal.foundation.sensitive import AtEnd
from portal.retention.declared import Declared, declared

MARK: Final = "zqxj"
# A rule of the database refuses words where nothing was said.
ONLY_WHERE_SAID: Final = {
    "activities.SurveyAnswer.free_text",
    "retention.DataRequest.answer",
    "activities.Need.result",
    "activities.Suggestion.answer",
    "activities.Inspection.withdrawn_why",
}
_TEXTS: Final = (models.CharField, models.TextField, models.JSONField)


def plantable(*, but_of: tuple[str, ...] = ()) -> list[Declared]:
    """Return the declared fields that hold words and do not stay, but for those of some apps."""
    texts = [each for each in declared() if isinstance(each.field, _TEXTS) and not getattr(each.field, "choices", None)]
    return [each for each in texts if each.sensitive.at_end is not AtEnd.KEPT and each.model._meta.app_label not in but_of]


def plant(*, but_of: tuple[str, ...] = ()) -> dict[str, str]:
    """Write a mark of its own into each such field of every row, past all triggers; return the marks by field."""
    wanted = plantable(but_of=but_of)
    marks = {each.name: f"{MARK}{number:03d}" for number, each in enumerate(wanted)}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        # The fields of a row together: some rules are about two of them.
        for model, fields in groupby(wanted, key=lambda each: each.model):
            written = ", ".join(f'"{each.field.column}" = {_value(each, marks[each.name])}' for each in fields)
            cursor.execute(f'UPDATE "{model._meta.db_table}" SET {written}')
        cursor.execute("SET LOCAL session_replication_role = origin")
    return marks


def _value(each: Declared, mark: str) -> str:
    if isinstance(each.field, models.JSONField):
        return f"jsonb_build_object('said', '{mark}')"
    length, key = getattr(each.field, "max_length", None) or 99, each.model._meta.pk
    assert length >= len(mark), each.name
    text = f"left('{mark}' || md5({key.column}::text), {length})" if each.field.unique and key is not None else f"'{mark}'"
    return f"CASE WHEN \"{each.field.column}\" = '' THEN '' ELSE {text} END" if each.name in ONLY_WHERE_SAID else text


def standing(*words: str) -> dict[str, list[str]]:
    """Return by word the tables of the whole database in whose rows, as text, it stands."""
    found: dict[str, list[str]] = {word: [] for word in words}
    with connection.cursor() as cursor:
        cursor.execute("SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")
        tables = [row[0] for row in cursor.fetchall()]
        for table in tables:
            cursor.execute(f"SELECT word FROM unnest(%s) AS word WHERE EXISTS (SELECT FROM {table} AS one WHERE strpos(one::text, word) > 0)", [list(words)])
            for (word,) in cursor.fetchall():
                found[word].append(table)
    return {word: places for word, places in found.items() if places}
