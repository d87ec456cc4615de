"""No form and no body of the API takes what it does not offer: who did it, in what state it is, under which identifier; nor leads it elsewhere.

Each request of the access matrix that succeeds is sent once more with fields beside its own. The API refuses them by name; a page passes over them.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Final
from uuid import UUID

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.urls import reverse

from portal.accounts.models import User
from tests.factories import make_user
from tests.matrix import MATRIX, UNSCOPED, Case, Line
from tests.matrix_world import INSIDE
from tests.test_access_matrix import API, NAMES, Stage, Try, ask, stage  # noqa: F401 - the fixture

pytestmark = pytest.mark.django_db

IDENTIFIER: Final = UUID("01900000-0000-7000-8000-00000badbad0")
ELSEWHERE: Final = "//evil.example/"


@cache
def columns_of_accounts() -> list[tuple[str, str]]:
    """Return table and column of every reference to an account."""
    found = []
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and field.related_model is User and model._meta.managed:
                found.append((model._meta.db_table, field.column))
    return found


def beside(ghost: User) -> dict[str, str]:
    """Return what nobody may set: the names of all references to accounts, identifiers, rights."""
    names = {column.removesuffix("_id") for _table, column in columns_of_accounts()}
    said = {name: str(value) for name in names for value in (ghost.pk,)} | {f"{name}_id": str(ghost.pk) for name in names}
    fixed = {"public_id": str(IDENTIFIER), "id": "1", "pk": "1"}
    rights = {"is_superuser": "true", "is_staff": "true", "must_change_password": "false"}
    return said | fixed | rights | {"next": ELSEWHERE, "redirect": ELSEWHERE, "_method": "DELETE", "csrfmiddlewaretoken": "x"}


@pytest.fixture(scope="module")
def ghost(stage: Stage) -> User:  # noqa: F811 - the fixture
    """An account that does nothing: whatever names it was made to."""
    return make_user("ghost")


def named(ghost: User) -> list[str]:
    """Return the tables that name the account or the identifier, and whether somebody rose."""
    found = []
    with connection.cursor() as cursor:
        for table, column in columns_of_accounts():
            cursor.execute(f'SELECT count(*) FROM "{table}" WHERE "{column}" = %s', [ghost.pk])
            found += [f"{table}.{column}"] * cursor.fetchone()[0]
        for model in apps.get_models():
            if model._meta.managed and any(field.name == "public_id" for field in model._meta.concrete_fields):
                cursor.execute(f'SELECT count(*) FROM "{model._meta.db_table}" WHERE public_id = %s', [IDENTIFIER])
                found += [f"{model._meta.db_table}.public_id"] * cursor.fetchone()[0]
        cursor.execute(f'SELECT count(*) FROM "{User._meta.db_table}" WHERE is_superuser')
        found += ["somebody rose"] * cursor.fetchone()[0]
    return found


def succeeding(stage: Stage, name: str, line: Line) -> Iterator[Try]:  # noqa: F811
    """Yield the requests that change something, by the first who may."""
    for method, access in line.methods.items():
        if method not in ("GET", "HEAD") and access.does - UNSCOPED:
            actor = sorted(access.does - UNSCOPED, key=lambda role: (role != "organiser", role))[0]
            case = Case(stage.world, actor, INSIDE)
            yield Try(case, method, reverse(name, kwargs=line.arguments(case)), access, access.success, "")


CHANGING: Final = [name for name in NAMES if name in MATRIX and set(MATRIX[name].methods) - {"GET", "HEAD"} and not MATRIX[name].is_open]


@pytest.mark.parametrize("name", CHANGING)
def test_what_is_not_offered_is_not_taken(name: str, stage: Stage, ghost: User) -> None:  # noqa: F811
    line, before = MATRIX[name], named(ghost)
    for each in succeeding(stage, name, line):
        assert each.access is not None
        own = each.access.body(each.case)
        more = {key: value for key, value in beside(ghost).items() if key not in own}
        with transaction.atomic():
            response = ask(stage, Line({each.method: each.access}), _with(each, own, more))
            after = named(ghost)
            transaction.set_rollback(True)

        if each.address.startswith(API) and each.method != "DELETE":
            assert response.status_code == 422, response.content
            assert "#/public_id" in {error["pointer"] for error in json.loads(response.content)["errors"]}
        else:
            assert response.status_code == each.status, response.content[:200]
            assert "evil.example" not in response.get("Location", "")
        assert after == before


def _with(each: Try, own: dict[str, Any], more: dict[str, str]) -> Try:
    """Return the request with more fields."""
    assert each.access is not None
    access = type(each.access)(**{**vars(each.access), "body": lambda case: {**own, **more}})
    return Try(each.case, each.method, each.address, access, each.status, each.goal)


def test_the_references_that_are_looked_at_are_many() -> None:
    assert len(columns_of_accounts()) > 30
