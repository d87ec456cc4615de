"""What lies outside a scope changes nothing that is seen inside: every page, file and list of the API is the same before and after more lies there.

The list of addresses is the access matrix, which names every URL; the kinds of scope take turns among the roles.
"""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

import pytest
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from tests import matrix_world
from tests.factories import make_region
from tests.matrix import MATRIX, Case
from tests.matrix_world import INSIDE
from tests.security.leaks import Answer, Stage, ask, still_world

pytestmark = pytest.mark.django_db

# Where a page of a list begins: by number, from a day on, at its end, behind a row that is not there; of the API the smallest page and the last one backwards.
TURNS: Final = ("", "page=2&at=2020-03-05", "before=end")
TURNS_OF_THE_API: Final = ("", "page_size=1")
# A new secret is another picture each time.
_READ: Final = tuple(name for name, line in MATRIX.items() if "GET" in line.methods and not line.is_open and name != "accounts:second_enrol")


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker, pytestconfig: pytest.Config) -> Iterator[Stage]:
    """One world for the whole module."""
    with still_world(django_db_blocker, pytestconfig) as found:
        yield found


def seen(stage: Stage) -> dict[str, Answer]:
    """Return everything that each role sees of its own side, by role and address."""
    found = {}
    for name in _READ:
        line = MATRIX[name]
        for role, asker in stage.asking(name, line.methods["GET"].does):
            case = Case(stage.world, role, INSIDE)
            address = reverse(name, kwargs=line.arguments(case) or None)
            turns = ("",) if line.two_sided else TURNS_OF_THE_API if name.split(":")[0].endswith("api") else TURNS
            for turn in turns:
                whole = f"{address}?{urlencode(line.query(case))}&{turn}"
                found[f"{role} {asker.user} {whole}"] = ask(asker, "GET", whole)
    return found


def test_what_lies_outside_a_scope_changes_nothing_that_is_seen_inside(stage: Stage) -> None:
    before = seen(stage)
    assert sum(answer.status == 200 for answer in before.values()) > 100
    city = stage.world.city
    matrix_world._side(city.other_street, make_region("东湖社区", "community", city.other_street), city.bureau, "3")
    after = seen(stage)
    wrong = [f"{name}: {told}" for name, answer in before.items() if (told := answer.differences(after[name]))]
    assert wrong == []
