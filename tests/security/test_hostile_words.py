"""Words made to do harm stand in every text of the database: on every page, in every file and in the API they are words.

They are planted past all forms, so that nothing relies on what a form would have refused; each address is asked by somebody who may read it.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any, Final
from xml.etree import ElementTree

import pytest
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import connection, models, transaction
from django.urls import reverse

from tests.matrix import MATRIX, UNSCOPED, Access, Case, Line
from tests.matrix_world import INSIDE
from tests.test_access_matrix import NAMES, Stage, Try, ask, stage  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db

# Of a spreadsheet, of markup, of a template, against the order of letters, and with a line that would be a header.
HOSTILE: Final = '=1+1<img src=x onerror=alert(1)>{{7*7}}{%now "Y"%}\u202e\u200b"\'</script>\r\nSet-Cookie: a=b'
LEADING: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
# What programs read, not people: names of things, passwords, sessions; and what pages are found by.
_OURS: Final = ("portal", "branches", "members", "activities")
_CODES: Final = {
    "language",
    "password",
    "username",
    "code",
    "code_hash",
    "sha256",
    "fingerprint",
    "content_type",
    "kind",
    "action",
    "model",
    "source",
    "key",
    "dimension",
    "receipt",
    "name_key",
    "search",
    "means",
    "snapshot",
    "session_data",
    "token_hash",
    "secret",
    "table",
    "version",
}


def planted_columns() -> Iterator[tuple[str, str, int]]:
    """Yield table, column and length of every text that holds what people type."""
    for model in apps.get_models():
        if model.__module__.split(".")[0] not in _OURS or not model._meta.managed or model._meta.label in ("foundation.AuditEntry", "foundation.Job"):
            continue
        for field in model._meta.concrete_fields:
            text = isinstance(field, models.CharField | models.TextField) and not isinstance(field, ArrayField)
            if text and not (field.choices or field.unique or field.name in _CODES or field.name.endswith(("_folded", "_code", "_hash"))):
                yield model._meta.db_table, field.column, getattr(field, "max_length", None) or len(HOSTILE)


def plant() -> int:
    """Write the words into all of them, past triggers and constraints of other tables; return how many columns took them."""
    taken = 0
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, column, length in planted_columns():
            try:
                with transaction.atomic():
                    cursor.execute(f'UPDATE "{table}" SET "{column}" = %s WHERE "{column}" <> %s', [HOSTILE[:length], ""])
                    taken += 1
            except Exception:  # noqa: S112 - a check of the table itself wants something else there: a telephone number, say
                continue
        cursor.execute("SET LOCAL session_replication_role = origin")
    return taken


@pytest.fixture(scope="module")
def planted(stage: Stage) -> Stage:  # noqa: F811 - the fixture
    """The world of the access matrix with the words in it."""
    assert plant() > 60
    return stage


def first_try(stage: Stage, name: str, line: Line) -> tuple[Line, Try] | None:  # noqa: F811
    """Return a request by the first who may read an address."""
    access: Access | None = line.methods.get("GET")
    if access is None or access.success != 200:
        return None
    # Whoever holds case data first: the keepers of accounts see none.
    actor = sorted(access.does, key=lambda role: (role in UNSCOPED, role != "organiser", role))[0]
    case = Case(stage.world, actor, INSIDE)
    return line, Try(case, "GET", reverse(name, kwargs=line.arguments(case)), access, 200, "")


READ: Final = [name for name in NAMES if name in MATRIX and (get := MATRIX[name].methods.get("GET")) and get.does and get.success == 200]


@pytest.mark.parametrize("name", READ)
def test_words_made_to_do_harm_are_words(name: str, planted: Stage) -> None:
    found = first_try(planted, name, MATRIX[name])
    assert found is not None
    with transaction.atomic():
        response = ask(planted, *found)
        content = b"".join(response) if response.streaming else response.content
        transaction.set_rollback(True)

    assert response.status_code == 200, content[:300]
    assert "Set-Cookie" not in response or "a=b" not in response["Set-Cookie"]
    assert not any("\r" in value or "\n" in value or "<img" in value for value in response.headers.values())
    kind = response["Content-Type"].partition(";")[0]
    looks = {"text/html": page, "text/csv": table, "application/json": data, "application/x-ndjson": lines}
    looks.get(kind, workbook if content.startswith(b"PK") else nothing)(content)


def page(content: bytes) -> None:
    """No mark-up of theirs, no template of theirs that was run."""
    text = content.decode()
    assert "<img src=x" not in text
    assert "=1+1&lt;img src=x onerror=alert(1)&gt;49" not in text
    assert "\"'</script>" not in text


def table(content: bytes) -> None:
    """No cell that a spreadsheet would compute, but numbers."""
    for row in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")):
        for cell in row:
            assert not cell.startswith(LEADING) or is_number(cell), cell


def is_number(cell: str) -> bool:
    """Whether a cell is a number with its sign, as a change on the day before is."""
    return cell.lstrip("+-").replace(".", "", 1).isascii() and cell.lstrip("+-").replace(".", "", 1).isdecimal()


def workbook(content: bytes) -> None:
    """No formula, and no text that is a reference to something else."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert not [name for name in names if "vba" in name.lower() or "external" in name.lower() or "connections" in name]
        for name in names:
            if name.startswith("xl/worksheets/sheet"):
                tags = {element.tag.rpartition("}")[2] for element in ElementTree.fromstring(archive.read(name)).iter()}  # noqa: S314 - our own file
                assert not tags & {"f", "hyperlink", "oleObject"}


def data(content: bytes) -> None:
    """JSON, with the words as they are."""
    json.loads(content)


def lines(content: bytes) -> None:
    """JSON, line by line."""
    for line in content.splitlines():
        json.loads(line)


def nothing(content: bytes) -> None:
    """Something that holds none of them."""
    assert b"<img src=x" not in content


def test_the_words_reach_what_is_looked_at(planted: Stage) -> None:
    seen = 0
    for name in READ:
        found = first_try(planted, name, MATRIX[name])
        assert found is not None
        if name in {"branches:branch_list", "members:person_list", "activities:need_list", "inspections:point_detail"}:
            with transaction.atomic():
                response: Any = ask(planted, *found)
                seen += "&lt;img src=x" in response.content.decode()
                transaction.set_rollback(True)
    assert seen == 4
