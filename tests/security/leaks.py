"""What the tests for leaks share: who asks over which kind of scope, what came back of a request, and how, without what differs by chance."""

import io
import json
import logging
import re
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from knox.models import AuthToken
from pytest_django import DjangoDbBlocker

from branches.access import Role
from portal.accounts.models import User
from tests.factories import make_user
from tests.light_client import Browser, session_of
from tests.matrix import UNSCOPED
from tests.matrix_world import INSIDE, World, build_world
from tests.personas import one_city, settle

API: Final = "/api/v1/"
SCOPED: Final = tuple(role for role in Role if role.value not in UNSCOPED)
KINDS: Final = ("region", "unit", "branch")
# Different each time: what a form is sent once by, the token of a form, the minute of printing, a place in the log of changes.
_CHANCE: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<=csrfmiddlewaretoken\" value=\")\w+|(?<=Printed )[^<]+|(?<=/changes/\?cursor=)\w+|(?<=<dcterms:)\w+ [^<]+"
)
_HEADERS_OF_CHANCE: Final = frozenset({"set-cookie", "x-request-id", "date", "expires", "content-length"})


@dataclass
class Asker:
    """Somebody with one role over one kind of scope."""

    user: User
    session: str
    token: str


@dataclass
class Stage:
    """The world, and everybody who asks, by role and kind of scope."""

    world: World
    askers: dict[tuple[str, str], Asker]
    everybody: bool

    def asking(self, name: str, among: Collection[str] | None = None) -> list[tuple[str, Asker]]:
        """Return who asks about an address, with their roles: of those who may (`among`) one, and over one kind of scope, each in turn.

        With `pytest -o leaks=all`, as `make attack` has it, everybody over every kind of scope.
        """
        roles = [role.value for role in SCOPED if among is None or role.value in among]
        held = [(role, self.askers[role, kind]) for role in roles for kind in KINDS]
        return held if self.everybody or not held else [held[crc32(name.encode()) % len(held)]]


@dataclass(frozen=True)
class Answer:
    """What came back of a request: all that a reader, or a stopwatch, could tell two of them apart by."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    statements: tuple[str, ...]

    def differences(self, other: "Answer") -> str:
        """Return what differs, in a line; empty when nothing does."""
        if self.status != other.status:
            return f"status {self.status}, else {other.status}"
        if self.headers != other.headers:
            return f"headers {set(self.headers) ^ set(other.headers)}"
        if self.body != other.body:
            at = next((place for place, (one, two) in enumerate(zip(self.body, other.body, strict=False)) if one != two), 0)
            return f"body {self.body[max(at - 60, 0) : at + 60]!r}, else {other.body[max(at - 60, 0) : at + 60]!r}"
        if self.statements != other.statements:
            more = [text for text in self.statements if text not in other.statements] or [text for text in other.statements if text not in self.statements]
            return f"{len(self.statements)} statements, else {len(other.statements)}: {' | '.join(more)[:400]}"
        return ""


@contextmanager
def still_world(blocker: DjangoDbBlocker, config: pytest.Config) -> Iterator[Stage]:
    """Both sides and everybody who asks, inside a transaction that is rolled back."""
    with one_city(blocker) as city, pytest.MonkeyPatch.context() as patch:
        # Refusals are meant; each would be a line beside a failure.
        patch.setattr(logging.getLogger("django.request"), "level", logging.CRITICAL)
        world = build_world(city)
        stage = Stage(world, dict(_askers(world)), config.getini("leaks") == "all")
        settle()
        yield stage


def _askers(world: World) -> Iterator[tuple[tuple[str, str], Asker]]:
    scopes = {"region": world.city.street, "unit": world.city.company, "branch": world.sides[INSIDE].branch}
    for role in SCOPED:
        for kind, scope in scopes.items():
            user = make_user(f"y-{role.value}-{kind}", (role, scope), is_machine=role is Role.CLIENT)
            token = AuthToken.objects.create(user=user)[1] if role is Role.CLIENT else ""
            yield (role.value, kind), Asker(user, session_of(user), token)


def ask(asker: Asker, method: str, address: str, query: dict[str, Any] | None = None, body: dict[str, Any] | None = None) -> Answer:
    """Send a request, undo what it did, and return what came back."""
    browser, headers = Browser(), {"accept-language": "en"}
    if asker.token and address.startswith(API):
        headers["authorization"] = f"Token {asker.token}"
    else:
        browser.cookies["sessionid"] = asker.session
    statements: list[str] = []
    response: Any

    def noted(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        statements.append(sql if isinstance(sql, str) else str(sql))
        return execute(sql, params, many, context)

    # Nobody is made to wait for having asked so much.
    cache.clear()
    with transaction.atomic(), connection.execute_wrapper(noted):
        if method == "GET":
            response = browser.get(address, query or {}, headers=headers)
        elif address.startswith(API):
            response = browser.generic(method, address, json.dumps(body or {}), content_type="application/json", headers=headers)
        else:
            response = browser.post(address, body or {}, headers=headers)
        content = b"".join(response) if response.streaming else response.content
        # What the next page would say.
        said = getattr(getattr(response.wsgi_request, "_messages", None), "_queued_messages", [])
        transaction.set_rollback(True)
    kept = tuple(sorted((name.lower(), _CHANCE.sub("·", value)) for name, value in response.items() if name.lower() not in _HEADERS_OF_CHANCE))
    shown = "\n".join([_text(bytes(content)), *(str(message) for message in said)])
    return Answer(response.status_code, kept, shown, tuple(_shape(each) for each in statements))


def _shape(statement: str) -> str:
    """Return a statement without its values and their number: another word has other pairs of characters."""
    return re.sub(r"'[^']*'", "%s", re.sub(r"%s(, %s)+", "%s", re.sub(r"s\d+_x\d+", "savepoint", statement)))


def _text(content: bytes) -> str:
    """Return a body as text; of a workbook, all that stands in it."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return _CHANCE.sub("·", "\n".join(f"{name} {book.read(name).decode(errors='replace')}" for name in sorted(book.namelist())))
    return _CHANCE.sub("·", content.decode(errors="replace"))
