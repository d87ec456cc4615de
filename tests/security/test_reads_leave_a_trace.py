"""Whoever is shown what is sensitive about somebody else leaves a line in the audit log, in the same request.

A mark of its own stands in every field that is declared sensitive; each address is asked by whoever reads most of it, by whoever reads it from
above, and by another system.
"""

from collections.abc import Iterator
from typing import Final

import pytest
from django.db import transaction
from django.urls import reverse

from portal.ending.checklist import STEPS
from portal.foundation.models import AuditEntry
from portal.foundation.sensitive import AtEnd
from tests.matrix import MATRIX, Case
from tests.matrix_world import INSIDE
from tests.retention.planted import MARK, plant, plantable
from tests.test_access_matrix import API, NAMES, Stage, Try, ask, text_of
from tests.test_access_matrix import stage as stage

pytestmark = pytest.mark.django_db

# Names are how people call each other; a pseudonym stands in their place in the end.
NAMED: Final = {each.name for each in plantable() if each.sensitive.at_end is AtEnd.PSEUDONYM}
# What leaves no line, and why: it is erased in the end like everything that may name somebody, and is until then no secret from whoever sees the rest.
EXCUSED: Final = {
    "activities.Inspection.inspector": "who inspected is an office or comes in one, as the name of an account beside every deed; what they found leaves a line",
    "activities.ContactTerm.office": "the office of the leader who answers for a site, a public duty, as their name beside it; what visits found leaves a line",
    "activities.ContactVisit.stand_in": "who came to a site on duty in the leader's place, as the leader's own name beside it; what they found leaves a line",
    "activities.RefusedCell.content": "a cell of the reader's own file, which nobody else may open; what was uploaded is in the log",
    "activities.ReportVersion.reason": "the reason of a correction is written for whoever reads the figures; notes are what may tell of residents",
    "activities.ReportVersion.review_note": "what a reviewer says about figures is written for whoever reads them; notes are what may tell of residents",
    "members.Secondment.job": "the post at the unit that sent somebody stands with the name, for whoever sees the person at all",
}
# An organiser reads more words than anybody else, another system without being watched, an official without working there. In this order.
READERS: Final = ("organiser", "client", "official")
READ: Final = [name for name in NAMES if (line := MATRIX.get(name)) and "GET" in line.methods and line.methods["GET"].success == 200]


@pytest.fixture(scope="module")
def marked(stage: Stage) -> tuple[Stage, dict[str, str]]:
    """The world of the access matrix with a mark in each sensitive field, and the fields by their marks."""
    # Sessions and tokens have to go on.
    return stage, {mark: name for name, mark in plant(but_of=("accounts", "knox", "foundation")).items() if name not in NAMED | EXCUSED.keys()}


def tries(held: Stage, name: str) -> Iterator[Try]:
    """Return the requests of those who are asked for an address; where none of them may read it, of everybody who may."""
    line = MATRIX[name]
    access = line.methods["GET"]
    for actor in [reader for reader in READERS if reader in access.does] or sorted(access.does):
        case = Case(held.world, actor, INSIDE)
        address = reverse(name, kwargs=line.arguments(case))
        if actor != "client" or address.startswith(API):
            yield Try(case, "GET", address, access, 200, "")
            if name == "branches:end_step":
                yield from (Try(case, "GET", reverse(name, args=[*list(line.arguments(case).values())[:-1], step]), access, 200, "") for step in STEPS)


@pytest.mark.parametrize("name", READ)
def test_what_is_sensitive_is_not_shown_without_a_trace(name: str, marked: tuple[Stage, dict[str, str]]) -> None:
    held, fields = marked
    silent: dict[str, set[str]] = {}
    told: dict[str, bool] = {}
    for each in tries(held, name):
        # Where an organiser is shown nothing, nobody is shown more.
        if each.case.actor != "organiser" and told.get("organiser") is False:
            break
        with transaction.atomic():
            before = AuditEntry.objects.count()
            response = ask(held, MATRIX[name], each)
            content = text_of(response)
            assert response.status_code == 200, each
            shown = [field for mark, field in fields.items() if mark in content] if MARK in content else []
            told[each.case.actor] = told.get(each.case.actor, False) or bool(shown)
            if shown and AuditEntry.objects.count() == before:
                for field in shown:
                    silent.setdefault(field, set()).add(each.case.actor)
            transaction.set_rollback(True)

    assert silent == {}


def test_what_is_excused_is_still_declared() -> None:
    assert EXCUSED.keys() <= {each.name for each in plantable()}
