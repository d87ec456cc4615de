"""The JSON of entries that PostgreSQL writes is what the nested serializer would write, for each reader."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import RequestFactory
from rest_framework.renderers import JSONRenderer

from activities.api.serializers import EntrySerializer, VersionEntrySerializer
from activities.figures import Qualifier
from activities.models import ActivityKind, Measure, Metric, Unit
from activities.services import Figure, Participation, Work, file_daily_report, file_period_report, return_to_branch, works_of
from benchmarks.baselines.drf_page import PlainEntrySerializer, plain_entries
from branches.access import Role
from branches.models import Branch, Region
from members.models import Person
from portal.accounts.models import User
from tests.api.conftest import Caller
from tests.factories import file, give, make_person
from tests.personas import MARCH_5, MARCH_6, City

pytestmark = pytest.mark.usefixtures("clock")
Call = Callable[..., Caller]
READERS = ("organiser", "reviewer", "official", "liaison", "community_secretary", "shift_leader", "client_machine")
AWKWARD = 'say "no"\\ to\n\ttabs, 100%s %% \u2028 王某\u0001 🙂 {"a":[1]}'


@pytest.fixture
def filed(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, reviewer: User, city: City) -> None:
    """Reports with all that an entry can have, and one that no longer counts."""
    people = [Person.objects.get(memberships__branch=branch), make_person("单位外的人", None, branch), make_person("局里的人", city.bureau, branch)]
    vehicles = Figure("vehicles", Decimal(200), qualifier="nearly", qualifier_text='近200"台次"')
    work = Work(
        "checkpoint",
        (vehicles, Figure("person_entries", Decimal(0)), Figure("turned_back", Decimal(1000))),
        note=AWKWARD,
        starts_at=datetime(2020, 3, 6, 0, 30, tzinfo=UTC),
        ends_at=datetime(2020, 3, 6, 16, 0, 0, 123400, tzinfo=UTC),
        participants=tuple(Participation(person, hours) for person, hours in zip(people, (None, Decimal("8.50"), Decimal(0)), strict=True)),
    )
    goods = works_of([Figure("goods_unloaded", Decimal("3.25"), unit="t", unit_text="吨%s")])
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=(work, *goods), uid=uuid4())
    figures = works_of([Figure("patrol_rounds", Decimal(140))])
    file_period_report(actor=organiser, branch=branch, first_day=MARCH_5, last_day=MARCH_6, works=figures, uid=uuid4())
    file(other_branch, MARCH_6, by=other_organiser, vehicles=1)
    returned = file(branch, MARCH_5, by=organiser, vehicles=7)
    return_to_branch(actor=reviewer, version=returned.version, note="请核对")
    Region.objects.filter(pk=city.community.pk).update(name='望江"社区"\\')


def plainly(user: User) -> list[dict[str, Any]]:
    """Return what the nested serializer sends."""
    request = RequestFactory().get("/")
    request.user = user
    written = PlainEntrySerializer(plain_entries(user).order_by("pk"), many=True, context={"request": request}).data
    found: list[dict[str, Any]] = json.loads(JSONRenderer().render(written))
    return found


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("reader", READERS)
def test_each_reader_gets_what_the_nested_serializer_writes(reader: str, call: Call, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(reader)
    expected = plainly(user)
    assert expected
    caller = call(user)
    assert caller.rows("entries/", {"counted": "false"}) == expected
    assert [caller.get(row["url"]).json() for row in expected] == expected
    assert sorted(pulled(caller, {"counted": "false"}), key=str) == sorted(expected, key=str)


def pulled(caller: Caller, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the lines of a pull but for the last."""
    lines = caller.get("entries/all/", query).getvalue().splitlines()
    return [json.loads(line) for line in lines[:-1]]


@pytest.mark.usefixtures("filed")
def test_an_entry_inside_its_version_is_the_same_without_where_it_belongs(call: Call, organiser: User) -> None:
    caller, inside = call(organiser), VersionEntrySerializer.Meta.fields
    expected = {row["public_id"]: {name: row[name] for name in inside} for row in plainly(organiser)}
    versions = caller.rows("report-versions/")
    reports = [*caller.rows("reports/", {"expand": "entries"}), *caller.rows("period-reports/", {"expand": "entries"})]
    for found in (versions, [version for report in reports for version in report["versions"]]):
        assert {entry["public_id"]: entry for version in found for entry in version["entries"]} == expected


@pytest.mark.usefixtures("filed")
def test_it_has_the_fields_that_the_schema_describes_in_their_order(call: Call, organiser: User) -> None:
    described = EntrySerializer()
    for row in call(organiser).rows("entries/", {"counted": "false"}):
        assert list(row) == list(described.fields)
        for name in ("measures", "participants"):
            nested: Any = described.fields[name]
            assert all(list(each) == list(nested.child.fields) for each in row[name])


@pytest.mark.usefixtures("filed")
def test_free_text_comes_unharmed_or_not_at_all(call: Call, organiser: User, client_machine: User, city: City) -> None:
    def notes(user: User) -> set[str | None]:
        return {row["note"] for row in call(user).rows("entries/")}

    assert notes(organiser) == {AWKWARD, ""}
    assert notes(client_machine) == {None}
    give(client_machine, Role.CLIENT, city.street, sensitive=True)
    assert notes(client_machine) == {AWKWARD, "", None}


@pytest.mark.usefixtures("catalogue")
def test_words_of_ours_need_no_escape() -> None:
    chosen = [*ActivityKind.values, *Qualifier.values, *Measure.Source.values]
    words = [*chosen, *Metric.objects.values_list("code", flat=True), *Unit.objects.values_list("code", flat=True)]
    assert [word for word in words if not re.fullmatch(r"[A-Za-z0-9_]+", word)] == []
