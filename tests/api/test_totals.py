"""Totals over the API: the figures of the dashboards, with the records behind them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from activities.services import Figure, file_period_report, works_of
from branches.models import Branch
from portal.accounts.models import User
from tests.api.conftest import Caller
from tests.factories import file
from tests.personas import MARCH_5, MARCH_6, City

pytestmark = pytest.mark.usefixtures("clock")
Call = Callable[..., Caller]
DAYS = {"from": "2020-03-05", "to": "2020-03-06"}


@pytest.fixture
def filed(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=100, patrol_rounds=6)
    file(branch, MARCH_6, by=organiser, vehicles=200, people_on_duty=12, qualifiers={"vehicles": "nearly"})
    file(other_branch, MARCH_6, by=other_organiser, vehicles=50, people_on_duty=9)
    works = works_of([Figure("patrol_rounds", Decimal(140))])
    file_period_report(actor=organiser, branch=branch, first_day=date(2020, 2, 10), last_day=MARCH_5, works=works, uid=uuid4())
    works = works_of([Figure("vehicles", Decimal(310))])
    file_period_report(actor=organiser, branch=branch, first_day=MARCH_5, last_day=MARCH_6, relation="includes_daily", works=works, uid=uuid4())


@pytest.mark.usefixtures("filed")
def test_a_total_has_value_qualifier_count_and_the_records_that_sum_to_it(call: Call, city: City, official: User) -> None:
    caller = call(official)
    answer = caller.get("totals/", {**DAYS, "region": str(city.north.public_id)}).json()

    totals = {total["metric"]: total for total in answer["totals"]}
    vehicles = totals["vehicles"]
    assert (vehicles["value"], vehicles["qualifier"], vehicles["count"], vehicles["inexact"]) == ("350", "nearly", 3, 1)
    assert sum(Decimal(row["value"]) for row in caller.rows(vehicles["records"])) == 350
    assert (totals["people_on_duty"]["value"], totals["people_on_duty"]["count"]) == (None, 2)
    assert len(caller.rows(totals["people_on_duty"]["records"])) == 2
    assert list(totals) == sorted(totals, key=list(totals).index)
    assert [(row["metric"], row["value"]) for row in answer["cut"]] == [("patrol_rounds", "140")]
    assert [(row["metric"], row["value"]) for row in answer["compared"]] == [("vehicles", "310")]
    assert (answer["completeness"]["due"], answer["completeness"]["reported"], answer["completeness"]["missing"]) == (2, 2, 0)
    assert caller.rows(answer["completeness"]["missing_branches"]) == []


@pytest.mark.usefixtures("filed")
def test_totals_of_one_metric_and_of_a_branch(call: Call, branch: Branch, organiser: User) -> None:
    answer = call(organiser).get("totals/", {**DAYS, "branch": str(branch.public_id), "metric": "vehicles"}).json()
    assert [(total["metric"], total["value"]) for total in answer["totals"]] == [("vehicles", "300")]
    assert answer["cut"] == []
    assert call(organiser).rows(answer["completeness"]["missing_branches"]) == []


def test_whoever_is_missing_is_listed_where_the_totals_say(call: Call, city: City, branch: Branch, other_branch: Branch, official: User) -> None:
    for about, missing in (({"branch": branch}, [branch]), ({"region": city.street}, [branch]), ({"region": city.north}, [branch, other_branch])):
        answer = call(official).get("totals/", {**DAYS, **{kind: str(thing.public_id) for kind, thing in about.items()}}).json()
        named = [row["public_id"] for row in call(official).rows(answer["completeness"]["missing_branches"])]
        assert (answer["completeness"]["missing"], named) == (len(missing), [str(each.public_id) for each in missing])


@pytest.mark.usefixtures("filed")
def test_whoever_reads_a_part_of_a_scope_has_no_totals_of_the_whole(
    call: Call, city: City, other_branch: Branch, organiser: User, liaison: User, official: User, reviewer: User
) -> None:
    def status(user: User, **scope: str) -> int:
        code: int = call(user).get("totals/", {**DAYS, **scope}).status_code
        return code

    community, north = str(city.community.public_id), str(city.north.public_id)
    assert status(organiser, region=community) == 404  # hosts other branches too
    assert status(organiser, branch=str(other_branch.public_id)) == 404
    assert status(reviewer, region=north) == 404
    assert status(official, region=north) == 200
    assert status(official, work_unit=str(city.company.public_id)) == 404  # serves elsewhere too
    assert status(liaison, work_unit=str(city.company.public_id)) == 200
    assert status(liaison, work_unit=str(city.bureau.public_id)) == 404
    assert status(liaison, region=community) == 404


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({}, "region"),
        ({"region": "x"}, "region"),
        ({"from": ""}, "from"),
        ({"to": "2020-02-30"}, "to"),
        ({"to": "2020-03-01"}, "to"),
        ({"from": "0001-01-01"}, "from"),
        ({"metric": "flying_saucers"}, "metric"),
        ({"until": "2020-03-06"}, "until"),
    ],
)
@pytest.mark.parametrize("path", ["totals/", "totals/records/"])
def test_a_question_that_makes_no_sense_is_refused_by_parameter(
    call: Call, path: str, city: City, official: User, query: dict[str, str], parameter: str
) -> None:
    scope = {} if parameter == "region" else {"region": str(city.north.public_id)}
    answer = call(official).get(path, {**DAYS, **scope, **query})
    assert answer.status_code == 422, answer.content.decode()
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


@pytest.mark.usefixtures("filed")
def test_totals_take_the_same_few_queries_whatever_there_is(
    call: Call, city: City, branch: Branch, organiser: User, official: User, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    caller = call(official)
    with django_assert_max_num_queries(15):  # type: ignore[attr-defined]
        caller.get("totals/", {**DAYS, "region": str(city.north.public_id)})
