"""Every URL name times every role times every method, against `tests/matrix.py`."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.http import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from knox.models import AuthToken
from pytest_django import DjangoDbBlocker

from branches.access import Role
from portal.accounts.services import note_use
from tests.headers import wrong_with
from tests.light_client import Browser, session_of
from tests.matrix import MATRIX, METHODS, NOT_SIGNED_IN, UNSCOPED, Access, Case, Line
from tests.matrix_world import ACTORS, ANONYMOUS, INSIDE, NOBODY, OUTSIDE, WITHOUT_GRANT, World, build_world
from tests.personas import City, one_city, settle

pytestmark = pytest.mark.django_db

API: Final = "/api/v1/"
# Sessions come and go with every request; failed sign-ins are counted.
NOT_COUNTED: Final = ("accounts_session", "axes_")


def url_names(resolver: URLResolver | None = None, namespaces: tuple[str, ...] = ()) -> Iterator[str]:
    """Walk the site map; an address without a name is named by its route, and so missing in the matrix."""
    resolver = resolver or get_resolver()
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from url_names(pattern, (*namespaces, pattern.namespace) if pattern.namespace else namespaces)
        else:
            assert isinstance(pattern, URLPattern)
            yield ":".join((*namespaces, pattern.name or f"unnamed {pattern.pattern}"))


NAMES: Final = sorted(set(url_names()))


@dataclass
class Stage:
    """The world, with a session for everybody who can have one, and what the database holds before anything was tried."""

    world: World
    sessions: dict[str, str]
    token: str
    before: str


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    """One world for the whole module, inside a transaction that is rolled back; each request has a savepoint of its own."""
    with one_city(django_db_blocker) as city, pytest.MonkeyPatch.context() as patch:
        # Thousands of refusals are meant; each would be a line beside a failure.
        patch.setattr(logging.getLogger("django.request"), "level", logging.CRITICAL)
        stage = _stage(city)
        settle()
        yield stage


def _stage(city: City) -> Stage:
    world = build_world(city)
    sessions = {}
    for actor, user in world.actors.items():
        if user is not None:
            sessions[actor] = session_of(user)
    machine = world.actors["client"]
    assert machine is not None
    token = AuthToken.objects.create(user=machine)[1]
    # Else the first call of the day would note that there was one.
    note_use(machine)
    cache.clear()
    return Stage(world, sessions, token, contents())


def test_the_matrix_names_every_url_and_none_that_is_gone() -> None:
    assert sorted(MATRIX) == NAMES


@dataclass(frozen=True)
class Try:
    """One request, and what it should get."""

    case: Case
    method: str
    address: str
    access: Access | None
    status: int
    goal: str

    @property
    def is_refused(self) -> bool:
        """Whether nothing may come of it."""
        return self.status >= 400 or self.goal == reverse("accounts:sign_in")


@pytest.mark.parametrize("name", [name for name in NAMES if name in MATRIX])
def test_an_address_answers_each_role_as_the_policy_says(name: str, stage: Stage) -> None:
    line, wrong = MATRIX[name], list[str]()
    tries = list(tries_at(name, line, stage.world))

    before = written()
    for each in tries:
        if each.is_refused:
            wrong += failures_of(stage, line, each)
    if written() != before and contents() != stage.before:
        wrong.append("a refused request changed something all the same")
    for each in tries:
        if not each.is_refused:
            with transaction.atomic():
                wrong += failures_of(stage, line, each)
                # What waits for the end of a transaction is checked now: it has none.
                connection.check_constraints()
                transaction.set_rollback(True)

    if wrong:
        pytest.fail(f"{name}:\n" + "\n".join(wrong), pytrace=False)
    assert any(each.is_refused for each in tries) or line.is_open


def tries_at(name: str, line: Line, world: World) -> Iterator[Try]:
    """Return everybody's requests, on each side that there is.

    Left out is what tells nothing new: the other side for whoever has no scope at all; and of a method that is not offered all who are answered
    alike: somebody unknown, somebody who holds nothing, and a role that may use the address and one that may not stand for the others.
    """
    askers = {ANONYMOUS, NOBODY, *sorted(line.roles)[:1], *sorted({role.value for role in Role} - line.roles)[:1]}
    for actor in ACTORS:
        for side in (INSIDE, OUTSIDE) if line.two_sided and actor not in WITHOUT_GRANT else (INSIDE,):
            case = Case(world, actor, side)
            address = reverse(name, kwargs=line.arguments(case))
            for method in METHODS:
                access = line.methods.get(method)
                if access is not None or (side == INSIDE and actor in askers):
                    yield Try(case, method, address, access, *expected(line, access, case, address))


def failures_of(stage: Stage, line: Line, each: Try) -> list[str]:
    """Send a request, and return what is wrong about the answer."""
    response = ask(stage, line, each)
    failures = wrong_with(response, docs=response.status_code == 200 and each.address == reverse("api-docs"))
    if response.status_code != each.status:
        failures.append(f"is {response.status_code}, should be {each.status}")
    if each.goal and response.status_code == 302 and not response.headers["Location"].startswith(each.goal):
        failures.append(f"leads to {response.headers['Location']}, should to {each.goal}")
    if each.case.actor not in UNSCOPED and not line.is_open:
        words = text_of(response)
        failures += [f"shows {word}" for word in stage.world.sides[OUTSIDE].private_words if word in words and not typed(each, word)]
    return [f"{each.case.actor:14}{each.case.side:9}{each.method:8}{failure}" for failure in failures]


def expected(line: Line, access: Access | None, case: Case, address: str) -> tuple[int, str]:
    """Return the status, and where a redirect leads."""
    if case.actor in NOT_SIGNED_IN and not line.is_open:
        return (401, "") if address.startswith(API) else (302, reverse("accounts:sign_in"))
    if access is None and line.any_method:
        access = line.methods["POST"]
    if access is not None:
        status = access.status(case)
        return status, access.goal(case) if access.goal and status == 302 else ""
    # The API looks for a role before it looks at the method.
    told = any(each.otherwise == 403 for each in line.methods.values())
    return (403 if address.startswith(API) and told and case.actor not in line.roles else 405), ""


def ask(stage: Stage, line: Line, each: Try) -> Any:
    """Send the request as the actor would: a machine with its token to the API, everybody else with their session."""
    browser, headers, case = Browser(), {"accept-language": "zh-hans"}, each.case
    if case.actor == "client" and each.address.startswith(API):
        headers["authorization"] = f"Token {stage.token}"
    elif case.actor in stage.sessions:
        browser.cookies["sessionid"] = stage.sessions[case.actor]
    if each.method == "GET":
        return browser.get(each.address, line.query(case), headers=headers)
    body = (each.access or next(iter(line.methods.values()))).body(case)
    if each.address.startswith(API):
        return browser.generic(each.method, each.address, json.dumps(body), content_type="application/json", headers=headers)
    if each.method == "POST":
        return browser.post(each.address, body, headers=headers)
    return browser.generic(each.method, each.address, headers=headers)


def typed(each: Try, word: str) -> bool:
    """Say whether a word is shown because whoever reads it has typed it: a refused form comes back as it was sent."""
    return each.access is not None and any(word in str(value) for value in each.access.body(each.case).values())


def text_of(response: HttpResponseBase) -> str:
    """Return the answer as text."""
    content = b"".join(response) if response.streaming else response.content  # type: ignore[attr-defined]
    return bytes(content).decode(errors="replace")


def written() -> list[tuple[Any, ...]]:
    """Return how many rows of each table this transaction has written, undone ones too: no change here is no change at all."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 ORDER BY 1")
        return [row for row in cursor.fetchall() if not row[0].startswith(NOT_COUNTED)]


def contents() -> str:
    """Return a digest of all rows of all tables."""
    tables = [name for name in connection.introspection.table_names() if not name.startswith(NOT_COUNTED)]
    digests = " || ".join(f"coalesce((SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{name}\" t), '-')" for name in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT md5({digests})")
        return str(cursor.fetchone()[0])


def _said(response: Any) -> str:
    return f" -> {response.headers['Location']}" if response.status_code == 302 else ""
