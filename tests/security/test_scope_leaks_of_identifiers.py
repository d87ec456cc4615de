"""An identifier from outside a scope is answered as one that is nobody's: the same bytes and the same statements, wherever it is put.

In an address, as a filter, as the mark of a page, in the body of a form and of a request to the API. Equal statements stand for equal time: a stopwatch
would fail by chance; `tools/attack.py` holds one all the same. Addresses and bodies are those of the access matrix, names of filters and fields those of the
pages and of the API.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from django.urls import resolve, reverse
from pytest_django import DjangoDbBlocker

from activities.models import ReportVersion
from portal.accounts.models import User
from tests.matrix import MATRIX, Access, Case, Line
from tests.matrix_world import INSIDE, OUTSIDE, Side
from tests.security.leaks import API, SCOPED, Answer, Asker, Stage, ask, still_world

pytestmark = pytest.mark.django_db

# What filters and fields may name, by what they are called; each a thing of the other side.
NAMED: Final[dict[str, tuple[str, ...]]] = {
    "branch": ("branch",),
    "region": ("community",),
    "within": ("community", "unit"),
    "work_unit": ("unit",),
    "unit": ("unit",),
    "contact_point": ("contact",),
    "survey": ("survey",),
    "membership": ("membership",),
    "person": ("person",),
    "owner": ("person",),
    "leader": ("person",),
    "people": ("person",),
    "colleague": ("person",),
    "squad": ("squad",),
    "grids": ("compound",),
    "stays": ("stay",),
    "version": ("filed",),
}
_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# Where a page may begin behind a row: what the rows of a list are.
MARKS: Final = {
    "activities:need_list": "need",
    "activities:report_list": "filed",
    "suggestions:suggestion_list": "suggestion",
    "surveys:survey_list": "survey",
    "surveys:answer_list": "answer",
    "inspections:point_list": "point",
    "inspections:inspection_list": "inspection",
    "contacts:contact_list": "contact",
    "branches:branch_list": "branch",
    "members:person_list": "person",
    "squads:squad_list": "squad",
    "squads:post_list": "pioneer",
    "roster:shift_list": "shift",
    "accounts:user_list": "clerk",
}
_FIELD: Final = re.compile(r'name="(\w+)"')


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker, pytestconfig: pytest.Config) -> Iterator[Stage]:
    """One world for the whole module."""
    with still_world(django_db_blocker, pytestconfig) as found:
        yield found


# --- Asking twice -----------------------------------------------------------------------------------------------------------


def nobodys(one: Any) -> str:
    """Return an identifier as they are made here, of nothing."""
    shown = str(one)
    return shown[:24] + uuid4().hex[:12]


def swapped(value: Any, pairs: dict[str, str]) -> Any:
    """Return a value with identifiers put in place of others, however deep they stand."""
    if isinstance(value, dict):
        return {key if not isinstance(key, str) else swapped(key, pairs): swapped(each, pairs) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [swapped(each, pairs) for each in value]
    if isinstance(value, UUID):
        return UUID(pairs.get(str(value), str(value)))
    if isinstance(value, str):
        for real, other in pairs.items():
            value = value.replace(real, other)
    return value


def names_of(side: Side) -> dict[str, str]:
    """Return the names by which forms find what lies on a side, each with one of as many characters that is nobody's."""
    return {one.name: f"{'吾' * (len(one.name) - 1)}甲" for one in (side.branch, side.community, side.unit)}


@dataclass(frozen=True)
class Twins:
    """One request that names what lies outside, and the same that names nothing."""

    about: str
    real: Callable[[], Answer]
    other: Callable[[], Answer]
    pairs: dict[str, str]

    def difference(self) -> str:
        """Ask both, and return in a line what tells them apart."""
        real, other = self.real(), self.other()
        shown = Answer(real.status, tuple((name, swapped(value, self.pairs)) for name, value in real.headers), swapped(real.body, self.pairs), real.statements)
        told = shown.differences(other)
        return f"{self.about}: {told}" if told else ""


def twins(stage: Stage, asker: Asker, method: str, name: str, address: str, query: Any = None, body: Any = None, more: dict[str, str] | None = None) -> Twins:
    """Return a request and its twin: every identifier of the other side, and every name in `more`, becomes nobody's."""
    known = identifiers(stage.world.sides[OUTSIDE])
    told = f"{address} {query} {body}"
    pairs = {each: nobodys(each) for each in set(_UUID.findall(told)) if each in known} | {each: other for each, other in (more or {}).items() if each in told}
    assert pairs, (name, told)
    return Twins(
        f"{asker.user} {method} {name} {query or ''} {body if method != 'GET' else ''}",
        lambda: ask(asker, method, address, query, body),
        lambda: ask(asker, method, swapped(address, pairs), swapped(query, pairs), swapped(body, pairs)),
        pairs,
    )


def identifiers(side: Side) -> frozenset[str]:
    """Return the identifiers of all that lies on a side."""
    held = [getattr(side, name) for name in (*side.__dataclass_fields__, "membership", "entry", "answer", "question", "squad_member", "squad_grid", "claim")]
    held += [side.contact_visit, side.point, side.grant, side.filed.report, side.period.report, side.need.events.get(), *side.entry.measures.all()]
    return frozenset(str(one.public_id) for one in held)


def wrong_among(asked: Iterator[Twins], least: int) -> list[str]:
    """Ask all; return what told twins apart. There are at least so many: a test that asks nothing finds nothing."""
    found = [each.difference() for each in asked]
    assert len(found) >= least
    return [each for each in found if each]


# --- Where identifiers may stand ------------------------------------------------------------------------------------------------


def in_addresses(stage: Stage) -> Iterator[Twins]:
    """Every address, parameter and body of the matrix that names what lies outside."""
    known, names = identifiers(stage.world.sides[OUTSIDE]), names_of(stage.world.sides[OUTSIDE])
    for name, line in MATRIX.items():
        if not line.two_sided or line.is_open:
            continue
        for role, asker in stage.asking(name):
            case = Case(stage.world, role, OUTSIDE)
            address, query = reverse(name, kwargs=line.arguments(case) or None), line.query(case)
            for method, access in line.methods.items():
                body = access.body(case) if method != "GET" else None
                told = f"{address} {query} {body}"
                if any(each in told for each in (*known, *names)) and not any(hasattr(value, "read") for value in (body or {}).values()):
                    yield twins(stage, asker, method, name, address, query, body, names)


def in_filters(stage: Stage) -> Iterator[Twins]:
    """Every filter of a list by something, and every mark at which a page begins."""
    outside = stage.world.sides[OUTSIDE]
    for name, line in MATRIX.items():
        if "GET" not in line.methods or line.is_open:
            continue
        for role, asker in stage.asking(name, line.methods["GET"].does):
            case = Case(stage.world, role, INSIDE)
            address, query = reverse(name, kwargs=line.arguments(case) or None), line.query(case)
            named = [(field, thing) for field in filters_of(stage, role, asker, line, address) for thing in NAMED[field]]
            for field, thing in (*named, *((mark, MARKS[name]) for mark in ("after", "before") if name in MARKS)):
                yield twins(stage, asker, "GET", name, address, {**query, field: str(getattr(outside, thing).public_id)})


def filters_of(stage: Stage, role: str, asker: Asker, line: Line, address: str) -> list[str]:
    """Return which names a list may be narrowed by: as its page has them, or as its view in the API declares them."""
    if address.startswith(API):
        view: Any = resolve(address).func
        declared = getattr(getattr(view, "cls", None), "filterset_class", None)
        known = set(declared.base_filters) if declared is not None else set[str]()
    else:
        known = set(_FIELD.findall(ask(asker, "GET", address, line.query(Case(stage.world, role, INSIDE))).body))
    return [field for field in NAMED if field in known]


def in_bodies(stage: Stage) -> Iterator[Twins]:
    """Every form and request of one's own side, with something of the other side in it."""
    outside = stage.world.sides[OUTSIDE]
    for name, line in MATRIX.items():
        if "POST" not in line.methods or line.is_open:
            continue
        access = line.methods["POST"]
        for role, asker in stage.asking(name, access.does):
            case = Case(stage.world, role, INSIDE)
            address, body = reverse(name, kwargs=line.arguments(case) or None), access.body(case)
            if any(hasattr(value, "read") for value in body.values()):
                continue
            for field in fields_of(stage, role, asker, line, access, address):
                for thing in NAMED[field]:
                    yield twins(stage, asker, "POST", name, address, None, {**body, field: str(getattr(outside, thing).public_id)})


def fields_of(stage: Stage, role: str, asker: Asker, line: Line, access: Access, address: str) -> list[str]:
    """Return which identifiers a form takes: those of its page and of what the matrix sends."""
    case = Case(stage.world, role, INSIDE)
    known = set(access.body(case))
    if "GET" in line.methods and not address.startswith(API):
        known |= set(_FIELD.findall(ask(asker, "GET", address, line.query(case)).body))
    return [field for field in NAMED if field in known]


def in_deeds(stage: Stage) -> Iterator[Twins]:
    """What is done by one form of several, or stands deep inside a request."""
    inside, outside = stage.world.sides[INSIDE], stage.world.sides[OUTSIDE]
    organiser, reviewer = stage.askers["organiser", "branch"], stage.askers["reviewer", "region"]
    need, suggestion, point = (reverse(f"{name}_act", args=[one.public_id]) for name, one in _DEEDS(inside))
    who, there, street = str(outside.person.public_id), f"branch:{outside.branch.public_id}", f"region:{outside.street.public_id}"
    unit = f"workunit:{outside.unit.public_id}"
    yield twins(stage, organiser, "POST", "need assigned", need, None, {"act": "assign", "seen": "1", "person": who})
    for to in (there, street, unit):
        yield twins(stage, organiser, "POST", "need handed on", need, None, {"act": "hand_on", "seen": "1", "to": to})
        yield twins(stage, reviewer, "POST", "suggestion passed", suggestion, None, {"act": "pass", "seen": "2", "to": to})
    yield twins(stage, organiser, "POST", "point assigned", point, None, {"act": "assign", "seen": "1", "person": who})
    recorded = reverse("inspections:inspection_record", args=[inside.branch.public_id])
    facts = {"business_date": "2020-03-06", "inspector": "组", "looked_at": "值守", "result": "良好", "uid": str(uuid4())}
    rows = {"p1-what": "缺项", "p1-due_on": "2020-03-08", "p1-owner": who}
    yield twins(stage, organiser, "POST", "inspection with an owner", recorded, None, facts | rows)
    done = reverse("activities:need_done")
    many = [f"{inside.need.public_id}.{inside.need.revision}", f"{outside.need.public_id}.{outside.need.revision}"]
    yield twins(stage, organiser, "POST", "needs ticked", done, None, {"need": many, "result": "已送达"})
    day = {"uid": str(uuid4()), "branch": str(inside.branch.public_id), "business_date": "2020-03-06"}
    figures = {"kind": "patrol", "figures": [{"metric": "patrol_rounds", "value": "7"}]}
    for more in ({"place": str(outside.community.public_id)}, {"participants": [{"person": who, "hours": "6"}]}):
        yield twins(stage, organiser, "POST", "work elsewhere", reverse("activities-api:report-list"), None, {**day, "entries": [figures | more]})


def _DEEDS(side: Side) -> tuple[tuple[str, Any], ...]:  # noqa: N802
    return (("activities:need", side.need), ("suggestions:suggestion", side.suggestion), ("inspections:point", side.point))


# --- And no difference --------------------------------------------------------------------------------------------------------


def test_an_address_of_what_lies_outside_is_answered_as_one_of_nothing(stage: Stage) -> None:
    assert wrong_among(in_addresses(stage), least=150) == []


def test_a_filter_by_what_lies_outside_is_answered_as_one_by_nothing(stage: Stage) -> None:
    assert wrong_among(in_filters(stage), least=60) == []


def test_a_body_that_names_what_lies_outside_is_answered_as_one_that_names_nothing(stage: Stage) -> None:
    assert wrong_among(in_bodies(stage), least=20) == []


def test_a_deed_with_what_lies_outside_is_answered_as_one_with_nothing(stage: Stage) -> None:
    assert wrong_among(in_deeds(stage), least=12) == []


def test_words_of_what_lies_outside_find_what_nonsense_finds(stage: Stage) -> None:
    wrong = []
    for number, name in enumerate(("portal:search", "activities:need_list", "branches:branch_list", "members:person_list", "accounts:user_list")):
        for role, asker in stage.asking(name, MATRIX[name].methods["GET"].does):
            # Each page is asked for some of the words, all pages together for all of them.
            words_outside = stage.world.sides[OUTSIDE].private_words
            for words in words_outside if stage.everybody else words_outside[number % 3 :: 3]:
                nonsense = nonsense_for(words)
                for field in ("q", "name"):
                    real, other = (ask(asker, "GET", reverse(name), {field: typed}) for typed in (words, nonsense))
                    shown = Answer(real.status, real.headers, real.body, real.statements)
                    if told := _without(shown, words).differences(_without(other, nonsense)):
                        wrong.append(f"{role} {name} {field}={words}: {told}")
    assert wrong == []


def nonsense_for(words: str) -> str:
    """Return as many characters, as different from each other, that stand in nobody's name."""
    return "".join(chr(0x3400 + ord(each) % 0x1900) if ord(each) > 0x3000 else each for each in words[::-1])


def _without(answer: Answer, words: str) -> Answer:
    def cut(text: str) -> str:
        for each in {words, quote(words), quote(words, safe=""), escape(words)}:
            text = text.replace(each, "…")
        return text

    return Answer(answer.status, tuple((name, cut(value)) for name, value in answer.headers if name != "content-length"), cut(answer.body), answer.statements)


def test_nothing_of_all_that_was_tried_was_stored(stage: Stage) -> None:
    outside = stage.world.sides[OUTSIDE]
    assert User.objects.filter(username="brand-new").count() == 0
    assert ReportVersion.objects.get(pk=outside.filed.pk).state == "filed"
    assert len(SCOPED) == 9
