"""What was erased stands nowhere in the database any more, and every total is what it was."""

import re
from datetime import datetime
from typing import Any, Final

import pytest
from django.db import connection
from django.db.models import CharField, Value
from django.db.models.functions import Concat
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities.models import Metric
from members.models import Person
from portal.accounts.models import Grant, User
from portal.foundation.jobs import run_next
from portal.management.commands.work import plan_nightly
from portal.retention.models import Certificate
from tests.matrix_world import World
from tests.personas import City, Clock
from tests.retention.ended import build_ended
from tests.retention.planted import plant, standing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]
FAR: Final = timezone.make_aware(datetime(2031, 6, 1, 3, 30))  # noqa: DTZ001 - made aware here
SPAN: Final = {"from": "2020-02-25", "to": "2020-03-07"}
# Whatever is counted, and who takes part in it.
COUNTED: Final = (
    "activities_rollup",
    "activities_rollupdelta",
    "activities_measure",
    "activities_entryparticipant",
    "activities_dailyreport",
    "members_assignment",
    "members_checkin",
    "members_membership",
    "members_officerterm",
    "members_squadmember",
    "members_pioneerclaim",
)


@pytest.fixture
def world(city: City, clock: Clock) -> World:
    return build_ended(city, clock)


def erase_far_in_the_future(clock: Clock) -> None:
    """Let the worker keep house a long time later."""
    clock.move_to(FAR)
    plan_nightly()
    done = []
    while (job := run_next()) is not None:
        done.append((job.kind, job.state, job.error))
    assert done == [("housekeeping", "done", ""), ("retention", "done", "")]


def test_an_erased_word_is_nowhere_in_the_database(world: World, clock: Clock) -> None:
    known = {*Person.objects.exclude(phone="").values_list("phone", flat=True), *Person.objects.exclude(duty_phone="").values_list("duty_phone", flat=True)}
    known |= {name for name in Person.objects.values_list("name", flat=True) if len(name) > 3}
    marks = plant()
    # Another system is nobody.
    User.objects.filter(is_machine=True).update(username=Concat(Value("machine-"), "pk", output_field=CharField()), name="", email="", password="!")
    Grant.objects.filter(revoked_at=None).update(revoked_at=clock.now())
    assert set(standing(*marks.values())) == set(marks.values()), "a field of which the world has no row"

    erase_far_in_the_future(clock)

    names = {mark: name for name, mark in marks.items()}
    assert {names[mark]: tables for mark, tables in standing(*marks.values()).items()} == {}
    assert standing(*known) == {}
    assert all(one.is_intact for one in Certificate.objects.all())


def test_every_total_is_what_it_was(world: World, clock: Clock) -> None:
    now = clock.now()
    before = read_all(world)
    erase_far_in_the_future(clock)
    assert Person.objects.filter(unnamed_at=None).count() == 0
    # As if it were still that day: the same pages, with the same figures on them.
    clock.move_to(now)
    after = read_all(world)
    assert sorted(before) == sorted(after)
    assert {key: (before[key], after[key]) for key in before if before[key] != after[key]} == {}


def read_all(world: World) -> dict[str, Any]:
    """Read everything that is counted: tables, dashboards, registers and the API."""
    with connection.cursor() as cursor:
        found: dict[str, Any] = {}
        for table in COUNTED:
            cursor.execute(f"SELECT one::text FROM {table} AS one ORDER BY 1")
            found[table] = cursor.fetchall()
            assert found[table] or table.startswith("activities_rollup"), table
        assert found["activities_rollup"] or found["activities_rollupdelta"]
    metrics = ",".join(Metric.objects.values_list("code", flat=True))
    for side in world.sides.values():
        region, branch, unit = (str(thing.public_id) for thing in (side.street, side.branch, side.unit))
        pages = {
            "official": [reverse("portal:region_dashboard", args=[region]), reverse("portal:branch_dashboard", args=[branch])],
            "liaison": [reverse("portal:unit_dashboard", args=[unit])],
        }
        for role, addresses in pages.items():
            for address in addresses:
                found |= _figures(world, role, address, SPAN)
        found |= _answer(world, "official", reverse("api-totals"), {**SPAN, "region": region, "metrics": metrics})
        found |= _answer(world, "liaison", reverse("api-totals"), {**SPAN, "work_unit": unit, "metrics": metrics})
    for name in ("portal:registers", "roster:hours", "roster:shift_list", "surveys:survey_list", "activities:need_list", "squads:squad_list"):
        found |= _figures(world, "official", reverse(name), SPAN)
    return found


def _figures(world: World, role: str, address: str, query: dict[str, str]) -> dict[str, Any]:
    client = Client()
    user = world.actors[role]
    assert user is not None
    client.force_login(user)
    response = client.get(address, query)
    if response.status_code == 404:
        return {}
    assert response.status_code == 200, address
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    # Of what a reader sees: telephone numbers are no figures, and a masked name has as many asterisks as characters.
    text = re.sub(r"<[^>]+>", " ", main)
    return {f"{role} {address}": re.findall(r"\d[\d,.:]*", re.sub(r"\d{3}\*{4}\d{4}", "", text))}


def _answer(world: World, role: str, address: str, query: dict[str, str]) -> dict[str, Any]:
    client = Client()
    user = world.actors[role]
    assert user is not None
    client.force_login(user)
    response = client.get(address, query)
    return {f"{role} {address} {query.get('region', '')}{query.get('work_unit', '')}": (response.status_code, response.json())}
