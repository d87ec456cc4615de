"""Dashboard, branch's page, records and API all give back each published fact: value, unit, span and qualifier."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import gettext

from activities.models import Statement
from branches.models import Branch
from tests.cases.comparison import branches_of
from tests.cases.expected import CASE_FILES, METRICS, computed, facts_of, read
from tests.cases.printed import Tables, bare, days_in, qualified, record
from tests.cases.seen import compare_api, compare_dashboard, compare_lines, get

BY_STEM = [pytest.param(path, id=path.stem) for path in CASE_FILES]


@pytest.mark.parametrize("path", BY_STEM)
@pytest.mark.parametrize("scope", ["branch", "region"])
def test_the_dashboard_of_a_branch_and_of_its_region_gives_back_each_fact(published: None, reader: Client, path: Path, scope: str) -> None:
    compare_dashboard(reader, read(path), path.stem, scope)


@pytest.mark.parametrize("path", BY_STEM)
def test_the_records_behind_a_figure_are_the_facts_as_printed(published: None, reader: Client, path: Path) -> None:
    compare_lines(reader, read(path), path.stem)


@pytest.mark.parametrize("path", BY_STEM)
def test_the_api_gives_back_each_fact(published: None, reader: Client, path: Path) -> None:
    compare_api(reader, read(path), path.stem)


@pytest.mark.parametrize("path", BY_STEM)
def test_each_fact_stands_in_a_report_that_the_branch_s_own_page_leads_to(published: None, reader: Client, path: Path) -> None:
    facts = facts_of(read(path))
    for key, branch in branches_of(path.stem).items():
        page = get(reader, reverse("branches:branch_detail", args=[branch.public_id]))
        cells = [cell for row in Tables(page).rows for cell in row.values()]
        led_to = {(tuple(days_in(cell.text)), link) for cell in cells for link in cell.links if "/reports/" in link}
        reports = [(days, bare(get(reader, link))) for days, link in led_to]
        undated = bare(gettext("without a date in the document"))
        for fact in (fact for fact in facts if fact.branch == key):
            days, _stored, printed = record(fact)
            words = {METRICS[fact.metric]["name_zh"], printed, *([undated] if fact.undated else [])}
            assert any(tuple(days) == its and all(word in text for word in words) for its, text in reports), fact


@pytest.mark.parametrize("path", BY_STEM)
def test_statements_stand_on_the_page_beside_the_computed_figure(published: None, reader: Client, path: Path) -> None:
    case = read(path)
    for row in case["statements"]:
        what, _colon, key = row["about"].partition(":")
        statement = Statement.objects.get(source=f"case:{path.stem}", what_en=row["what"], **{f"{'work_unit' if what == 'unit' else what}__key": key})
        thing = statement.region or statement.work_unit or statement.branch
        assert thing is not None

        page = get(reader, reverse(f"portal:{what}_dashboard", args=[thing.public_id]), **{"from": case["reported_on"], "to": case["reported_on"]})

        found = Tables(page)
        [line] = [line for line in found.rows if found.column(line, "Statement").startswith(bare(row["what_zh"]))]
        assert found.column(line, "Stated") == qualified(Decimal(row["value"]), row.get("qualifier", "exact"))
        own = computed(case, row)
        assert found.column(line, "Computed") == (qualified(*own) if own else "—")


@pytest.mark.parametrize("path", BY_STEM)
def test_the_branch_s_own_page_shows_what_it_received(published: None, reader: Client, path: Path) -> None:
    for row in read(path).get("supplies", []):
        branch = Branch.objects.get(source=f"case:{path.stem}", key=row["branch"])

        page = bare(get(reader, reverse("branches:branch_detail", args=[branch.public_id])))

        assert bare(row["item"]) in page
        assert bare(qualified(Decimal(row["value"]), row.get("qualifier", "exact")) + row["unit"]) in page
