"""Every word of the queries that takes an actor, for any mix of grants: several open what each opens, and everything opens the most.

Nothing is listed here: models and the methods of their querysets are asked which of them take an actor.
"""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker

from branches.access import ROLES_OF_A_PLACE, Role
from tests.matrix_world import INSIDE, OUTSIDE, World, build_world
from tests.personas import one_city, settle

pytestmark = pytest.mark.django_db

OURS: Final = {"portal", "branches", "members", "activities"}
# Whoever holds something outside of an area is not seen from inside: two areas together show who holds something in both.
WHOLLY_INSIDE: Final = {"User.visible_to", "User.kept_by"}


@dataclass(frozen=True)
class Held:
    """A grant as the policy reads it."""

    role: str
    region_id: int | None = None
    work_unit_id: int | None = None
    branch_id: int | None = None
    everything: bool = False
    sensitive: bool = False


@dataclass(frozen=True)
class Holder:
    """Somebody with grants, and nothing else."""

    current_grants: tuple[Held, ...]
    pk: int = 0
    person_id: int | None = None


def words_that_take_an_actor() -> Iterator[tuple[str, type[models.Model], str]]:
    """Walk the querysets of all models."""
    for model in apps.get_models():
        if model.__module__.split(".")[0] in OURS:
            for name, method in inspect.getmembers(type(model._default_manager.all()), inspect.isfunction):
                if "actor" in inspect.signature(method).parameters and not name.startswith("_"):
                    yield f"{model.__name__}.{name}", model, name


WORDS: Final = tuple(words_that_take_an_actor())


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Both sides, for the whole module."""
    with one_city(django_db_blocker) as city:
        world = build_world(city)
        settle()
        yield world


def grants_in(world: World) -> list[Held]:
    """Every role over every kind of scope on both sides, with and without sensitive fields where that tells anything."""
    city, sides = world.city, (world.sides[INSIDE], world.sides[OUTSIDE])
    scopes: list[dict[str, Any]] = [{"region_id": region.pk} for region in (city.north, *(side.street for side in sides), *(side.community for side in sides))]
    scopes += [{"work_unit_id": unit.pk} for unit in (city.group, *(side.unit for side in sides))]
    scopes += [{"branch_id": side.branch.pk} for side in sides]
    held = [Held(role.value, **scope) for role, scope in product(Role, scopes)]
    held += [Held(role.value, everything=True) for role in Role if role not in ROLES_OF_A_PLACE]
    return held + [Held(Role.OFFICIAL.value, **scope, sensitive=True) for scope in ({"everything": True}, *scopes)]


def rows_for(model: type[models.Model], word: str, *grants: Held) -> set[Any]:
    """Return what a word of the queries finds for whoever holds `grants`."""
    found: models.QuerySet[Any] = getattr(model._default_manager.all(), word)(Holder(grants))
    return set(found.values_list("pk", flat=True))


def test_every_model_of_a_branch_is_asked_through_such_words() -> None:
    assert len(WORDS) > 40
    assert {"Need.told_to", "Suggestion.answered_by", "ContactPoint.visible_to", "Person.told_to", "Squad.visible_to"} <= {name for name, *_rest in WORDS}


@pytest.mark.parametrize(("name", "model", "word"), WORDS, ids=[name for name, *_rest in WORDS])
def test_everything_opens_all_that_any_scope_opens(name: str, model: type[models.Model], word: str, world: World) -> None:
    wrong = []
    for role in Role:
        if role in ROLES_OF_A_PLACE:
            continue
        most = rows_for(model, word, Held(role.value, everything=True))
        wrong += [held for held in grants_in(world) if held.role == role and not held.sensitive and not rows_for(model, word, held) <= most]
    assert wrong == [], name


@settings(max_examples=12, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_several_grants_open_what_each_opens_and_no_more(data: st.DataObject, world: World) -> None:
    held = data.draw(st.lists(st.sampled_from(grants_in(world)), min_size=2, max_size=3, unique=True))
    for name, model, word in WORDS:
        together, apart = rows_for(model, word, *held), set[Any]().union(*(rows_for(model, word, each) for each in held))
        if name in WHOLLY_INSIDE:
            assert apart <= together, (name, held)
        else:
            assert together == apart, (name, held)
