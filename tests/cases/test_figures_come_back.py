"""The portal gives back what the published cases say: totals, records, statements beside computed figures."""

import json
from pathlib import Path

import pytest

from activities import rollups
from activities.models import Statement
from branches.models import Region
from portal.cases.writing import load_case
from tests.cases.comparison import compare_records, compare_totals
from tests.cases.expected import CASE_FILES, computed, read

BY_STEM = [pytest.param(path, id=path.stem) for path in CASE_FILES]


@pytest.mark.parametrize("path", BY_STEM)
def test_every_fact_is_the_branch_s_figure_for_its_span(published: None, path: Path) -> None:
    compare_totals(read(path), path.stem)


@pytest.mark.parametrize("path", BY_STEM)
def test_every_fact_is_a_record_as_printed_and_nothing_else_is(published: None, path: Path) -> None:
    compare_records(read(path), path.stem)


@pytest.mark.parametrize("path", BY_STEM)
def test_a_statement_stands_beside_the_portal_s_own_figure(published: None, path: Path) -> None:
    case = read(path)
    for row in case["statements"]:
        statement = Statement.objects.get(source=f"case:{path.stem}", what_en=row["what"], value=row["value"], **_about(row["about"]))

        beside = rollups.computed(statement)

        expected = computed(case, row)
        assert (beside.value, str(beside.qualifier)) == expected if expected else beside.value is None
        assert beside.agrees is (None if expected is None else True)


def _about(text: str) -> dict[str, str]:
    """The filter for what a statement is about."""
    what, _colon, key = text.partition(":")
    return {f"{'work_unit' if what == 'unit' else what}__key": key}


@pytest.mark.parametrize(
    ("stem", "what", "value"),
    [
        ("xianning", "households", 66),
        ("hubuxiang", "goods unloaded in all, kg (8000 jin + 10 t)", 17000),
        ("business-district-group", "survey satisfaction, % rounded half up", 97),
    ],
)
def test_a_statement_that_differs_from_the_portal_s_own_figure_says_so(catalogue: None, stem: str, what: str, value: int) -> None:
    [path] = [path for path in CASE_FILES if path.stem == stem]
    case = read(path)
    row = next(row for row in case["statements"] if row["what"] == what)
    row["value"] = value
    load_case(json.dumps(case, default=float).encode(), stem)

    statement = Statement.objects.get(source=f"case:{stem}", what_en=what, value=value)

    assert rollups.computed(statement).agrees is False


def test_regions_carry_what_the_case_says(published: None) -> None:
    for path in CASE_FILES:
        for row in read(path)["regions"]:
            region = Region.objects.get(name=row["name"], level=row["level"])
            assert region.code == row.get("code", "")
            assert region.unmanaged == row.get("unmanaged", False)
            for number in ("households", "residents", "buildings", "gates", "gates_open"):
                assert getattr(region, number) == row.get(number)
