"""Dashboard, branch's page, records and API all give back each published fact: value, unit, span and qualifier."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import Statement
from branches.access import Role
from branches.models import Branch
from tests.cases.expected import CASE_FILES, METRICS, Fact, computed, counted, facts_of, read
from tests.cases.printed import Tables, bare, days_in, qualified, record, total
from tests.factories import make_user

BY_STEM = [pytest.param(path, id=path.stem) for path in CASE_FILES]


@pytest.fixture
def reader(published: None, client: Client) -> Client:
    """An official who sees everything, signed in."""
    client.force_login(make_user("reader", (Role.OFFICIAL, None)))
    return client


def get(client: Client, address: str, **query: Any) -> Any:
    """Read a page, or JSON, that must be there."""
    response = client.get(address, query, headers={"accept-language": "zh-hans"})
    assert response.status_code == 200, response.content[:300]
    return response.json() if "json" in response["Content-Type"] else response.content.decode()


def spans(facts: list[Fact]) -> dict[tuple[str, str, str], list[Fact]]:
    """Facts by branch and span: one page shows them all."""
    found: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        found[(fact.branch, fact.first.isoformat(), fact.last.isoformat())].append(fact)
    return found


def figures_on(page: str, first: str, last: str) -> dict[str, str]:
    """The figures of a dashboard by metric: what the link to the records of that span says."""
    found = {}
    for row in Tables(page).rows:
        for cell in row:
            for link in cell.links:
                if f"from={first}" in link and f"to={last}" in link and "metric=" in link:
                    found.setdefault(link.partition("metric=")[2].partition("&")[0], bare(cell.text))
    return found


@pytest.mark.parametrize("path", BY_STEM)
@pytest.mark.parametrize("scope", ["branch", "region"])
def test_the_dashboard_of_a_branch_and_of_its_region_gives_back_each_fact(reader: Client, path: Path, scope: str) -> None:
    facts = facts_of(read(path))
    for (key, first, last), own in spans(facts).items():
        branch = Branch.objects.get(source=f"case:{path.stem}", key=key)
        thing = branch if scope == "branch" else branch.region
        page = get(reader, reverse(f"portal:{scope}_dashboard", args=[thing.public_id]), **{"from": first, "to": last})

        shown = figures_on(page, first, last)

        for fact in own:
            behind = counted(facts, key, fact.metric, fact.first, fact.last)
            assert shown[fact.metric].startswith(total(behind)), fact
            assert METRICS[fact.metric]["unit_zh"] in bare(page)


@pytest.mark.parametrize("path", BY_STEM)
def test_the_records_behind_a_figure_are_the_facts_as_printed(reader: Client, path: Path) -> None:
    facts = facts_of(read(path))
    for fact in facts:
        branch = Branch.objects.get(source=f"case:{path.stem}", key=fact.branch)
        behind = counted(facts, fact.branch, fact.metric, fact.first, fact.last)

        page = get(reader, reverse("portal:records"), branch=branch.public_id, metric=fact.metric, **{"from": fact.first, "to": fact.last})

        lines = [row for row in Tables(page).rows if row and days_in(row[0].text)]
        assert sorted((days_in(row[0].text), bare(row[2].text), bare(row[3].text)) for row in lines) == sorted(record(other) for other in behind)


@pytest.mark.parametrize("path", BY_STEM)
def test_the_api_gives_back_each_fact(reader: Client, path: Path) -> None:
    case = read(path)
    for row in case["branches"]:
        branch = Branch.objects.get(source=f"case:{path.stem}", key=row["key"])
        given = []
        answer = get(reader, reverse("activities-api:measure-list"), branch=branch.public_id)
        given += answer["results"]
        assert answer["next"] is None

        assert sorted(map(_of_the_api, given)) == sorted(_of_the_file(fact) for fact in facts_of(case) if fact.branch == row["key"])
        assert {measure["branch"]["name"] for measure in given} <= {row["name"]}


def _of_the_api(measure: dict[str, Any]) -> tuple[Any, ...]:
    period = measure["period"] or {"first_day": measure["business_date"], "last_day": measure["business_date"]}
    values = (Decimal(measure["value"]), Decimal(measure["value_entered"]), measure["qualifier"], measure["qualifier_text"])
    return (measure["metric"], period["first_day"], period["last_day"], measure["unit"], *values)


def _of_the_file(fact: Fact) -> tuple[Any, ...]:
    values = (fact.value, fact.printed, fact.qualifier, fact.words)
    return (fact.metric, fact.first.isoformat(), fact.last.isoformat(), METRICS[fact.metric]["unit"], *values)


@pytest.mark.parametrize("path", BY_STEM)
def test_statements_stand_on_the_page_beside_the_computed_figure(reader: Client, path: Path) -> None:
    case = read(path)
    for row in case["statements"]:
        what, _colon, key = row["about"].partition(":")
        statement = Statement.objects.get(source=f"case:{path.stem}", what_en=row["what"], **{f"{'work_unit' if what == 'unit' else what}__key": key})
        thing = statement.region or statement.work_unit or statement.branch
        assert thing is not None

        page = get(reader, reverse(f"portal:{what}_dashboard", args=[thing.public_id]), **{"from": case["reported_on"], "to": case["reported_on"]})

        [line] = [cells for cells in Tables(page).rows if cells and bare(cells[0].text).startswith(bare(row["what_zh"])) and len(cells) == 4]
        assert bare(line[1].text) == qualified(Decimal(row["value"]), row.get("qualifier", "exact"))
        own = computed(case, row)
        assert bare(line[2].text) == (qualified(*own) if own else "—")


@pytest.mark.parametrize("path", BY_STEM)
def test_the_branch_s_own_page_shows_what_it_received(reader: Client, path: Path) -> None:
    for row in read(path).get("supplies", []):
        branch = Branch.objects.get(source=f"case:{path.stem}", key=row["branch"])

        page = bare(get(reader, reverse("branches:branch_detail", args=[branch.public_id])))

        assert bare(row["item"]) in page
        assert bare(qualified(Decimal(row["value"]), row.get("qualifier", "exact")) + row["unit"]) in page
