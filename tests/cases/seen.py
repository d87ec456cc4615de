"""The comparison on the pages and in the API: what a reader sees of each fact, beside what the file says."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from branches.models import Branch
from tests.cases.comparison import branches_of
from tests.cases.expected import METRICS, Fact, counted, facts_of
from tests.cases.printed import Tables, bare, days_in, record, total


def get(client: Client, address: str, **query: Any) -> Any:
    """Read a page, or JSON, that must be there."""
    response = client.get(address, query, headers={"accept-language": "zh-hans"})
    assert response.status_code == 200, response.content[:300]
    return response.json() if "json" in response["Content-Type"] else response.content.decode()


def readable(facts: list[Fact], branch: Branch, fact: Fact) -> list[Fact] | None:
    """The facts that the figure for a fact's span is made of.

    None where no single one is due: a standing value outside the branch's life holds on no day, and of two for the same last day either may hold.
    """
    behind = counted(facts, fact.branch, fact.metric, fact.first, fact.last)
    if METRICS[fact.metric]["over_time"] != "latest":
        return behind
    outside = branch.life.lower is not None and fact.last < branch.life.lower
    return behind if len(behind) == 1 and not outside else None


def spans(facts: list[Fact]) -> dict[tuple[str, str, str], list[Fact]]:
    """Facts by branch and span: one page shows them all."""
    found: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        found[(fact.branch, fact.first.isoformat(), fact.last.isoformat())].append(fact)
    return found


def figures_on(page: str, first: str, last: str) -> dict[str, list[str]]:
    """The figures of a dashboard by metric: what the links to the records of that span say; narrow tables shorten what is not exact."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in Tables(page).rows:
        for cell in row.values():
            for link in cell.links:
                if f"from={first}" in link and f"to={last}" in link and "metric=" in link:
                    found[link.partition("metric=")[2].partition("&")[0]].append(bare(cell.text))
    return found


def compare_dashboard(client: Client, case: dict[str, Any], stem: str, scope: str) -> None:
    """Check each fact on the dashboard of its branch, or of its branch's region, for the fact's own span."""
    facts, branches = facts_of(case), branches_of(stem)
    for (key, first, last), own in spans(facts).items():
        thing = branches[key] if scope == "branch" else branches[key].region
        page = get(client, reverse(f"portal:{scope}_dashboard", args=[thing.public_id]), **{"from": first, "to": last})
        shown = figures_on(page, first, last)
        for fact in own:
            behind = readable(facts, branches[key], fact)
            if behind is not None:
                expected = total(fact.metric, behind)
                assert any(text.startswith(expected) for text in shown[fact.metric]), (shown, expected, fact)
                assert METRICS[fact.metric]["unit_zh"] in bare(page)


def compare_lines(client: Client, case: dict[str, Any], stem: str) -> None:
    """Check that the records behind each figure are the facts as printed."""
    facts, branches = facts_of(case), branches_of(stem)
    for fact in facts:
        behind = readable(facts, branches[fact.branch], fact)
        if behind is None:
            continue
        page = get(client, reverse("portal:records"), branch=branches[fact.branch].public_id, metric=fact.metric, **{"from": fact.first, "to": fact.last})
        found = Tables(page)
        lines = [(days_in(found.column(row, "Day")), found.column(row, "Value"), found.column(row, "As entered")) for row in found.rows]
        assert sorted(line for line in lines if line[0]) == sorted(record(other) for other in behind)


def compare_api(client: Client, case: dict[str, Any], stem: str) -> None:
    """Check the figures that the API lists, and the totals that it computes for each fact's span."""
    facts = facts_of(case)
    for key, branch in branches_of(stem).items():
        answer = get(client, reverse("activities-api:measure-list"), branch=branch.public_id)
        assert answer["next"] is None
        assert sorted(map(_of_the_api, answer["results"])) == sorted(_of_the_file(fact) for fact in facts if fact.branch == key)
        for fact in facts:
            behind = readable(facts, branch, fact) if fact.branch == key else None
            if behind is None:
                continue
            span = {"from": fact.first.isoformat(), "to": fact.last.isoformat()}
            [given] = get(client, reverse("api-totals"), branch=branch.public_id, metric=fact.metric, **span)["totals"]
            assert given["unit"] == METRICS[fact.metric]["unit"]
            assert given["count"] == len(behind)
            if given["value"] is not None:
                assert Decimal(given["value"]) == sum(other.value for other in behind)
            else:
                assert METRICS[fact.metric]["over_time"] in {"distinct", "none"}
                assert len(behind) > 1


def _of_the_api(measure: dict[str, Any]) -> tuple[Any, ...]:
    period = measure["period"] or {"first_day": measure["business_date"], "last_day": measure["business_date"]}
    values = (Decimal(measure["value"]), Decimal(measure["value_entered"]), measure["qualifier"], measure["qualifier_text"])
    return (measure["metric"], period["first_day"], period["last_day"], measure["unit"], *values)


def _of_the_file(fact: Fact) -> tuple[Any, ...]:
    values = (fact.value, fact.printed, fact.qualifier, fact.words)
    return (fact.metric, fact.first.isoformat(), fact.last.isoformat(), METRICS[fact.metric]["unit"], *values)
