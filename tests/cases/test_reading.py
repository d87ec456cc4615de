"""A case file is judged whole: every fault is named by its path, and a sound file has none."""

import copy
import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from branches.models import Branch, Region
from portal.cases.nodes import CaseFileError
from portal.cases.reading import read_case
from portal.cases.shape import Catalogue
from portal.cases.writing import load_catalogue
from tests.cases.expected import CASE_FILES

TODAY = date(2026, 1, 1)

SMALL: dict[str, Any] = {
    "title": "示例案例",
    "title_en": "A sample case",
    "reported_on": "2020-03-15",
    "regions": [
        {"key": "city", "level": "prefecture", "name": "示例市", "parent": None},
        {"key": "place", "level": "community", "name": "示例社区", "parent": "city"},
    ],
    "units": [{"key": "group", "name": "示例集团", "parent": None}, {"key": "firm", "name": "示例公司", "parent": "group"}],
    "branches": [
        {
            "key": "one",
            "name": "示例临时党支部",
            "region": "place",
            "established_on": "2020-03-01",
            "officers": [{"name": "某某", "office": "secretary", "unit": "firm"}],
            "waves": [{"count": 3}],
        }
    ],
    "facts": [
        {"branch": "one", "on": "2020-03-02", "kind": "survey", "metric": "survey_valid", "value": 10, "unit": "份"},
        {"branch": "one", "on": "2020-03-02", "kind": "survey", "metric": "survey_satisfied", "value": 9, "unit": "份"},
        {"branch": "one", "from": "2020-03-01", "to": "2020-03-15", "kind": "unloading", "metric": "goods_unloaded", "value": 2, "unit": "吨"},
    ],
    "supplies": [{"branch": "one", "item": "口罩", "value": 40, "unit": "枚"}],
    "statements": [{"about": "branch:one", "what": "goods", "what_zh": "物资", "value": 2000, "computes": "sum:goods_unloaded"}],
}


@pytest.fixture
def catalogue_read(catalogue: None) -> Catalogue:
    """The catalogue as the loader reads it."""
    return load_catalogue()


def problems(catalogue: Catalogue, case: object) -> dict[str, str]:
    """Judge a case; return the faults by path, in English."""
    found: dict[str, str] = {}
    with translation.override("en"):
        try:
            read_case(json.dumps(case).encode(), catalogue, TODAY)
        except CaseFileError as error:
            for problem in error.problems:
                found[problem.path] = f"{found.get(problem.path, '')} {problem.message}".strip()
    return found


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_the_published_cases_have_no_fault(catalogue_read: Catalogue, path: Any) -> None:
    assert read_case(path.read_bytes(), catalogue_read, TODAY).facts


def test_a_small_case_has_no_fault(catalogue_read: Catalogue) -> None:
    assert problems(catalogue_read, SMALL) == {}


def change(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Return what sets the value at a path such as `facts.0.unit`."""
    *way, last = path.split(".")

    def apply(case: dict[str, Any]) -> None:
        place: Any = case
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if isinstance(place, list):
            place[int(last)] = value
        else:
            place[last] = value

    return apply


@pytest.mark.parametrize(
    ("path", "value", "at", "said"),
    [
        ("colour", "red", "colour", "unknown"),
        ("regions.0.mayor", "某", "regions[0].mayor", "unknown"),
        ("branches.0.officers.0.salary", 1, "branches[0].officers[0].salary", "unknown"),
        ("branches.0.waves.0.size", 1, "branches[0].waves[0].size", "unknown"),
        ("reported_on", "2020-02-30", "reported_on", "no day 2020-02-30"),
        ("reported_on", "1899-12-31", "reported_on", "after 1900"),
        ("reported_on", "20200315", "reported_on", "must be a date"),
        ("reported_on", "2026-01-02", "reported_on", "still to come"),
        ("title", 5, "title", "text"),
        ("title", " ", "title", "empty"),
        ("title", "a\u0000b", "title", "cannot be stored"),
        ("regions.1.level", "planet", "regions[1].level", "not one of"),
        ("regions.1.parent", "moon", "regions[1].parent", "not a key"),
        ("regions.0.parent", "place", "regions[0].parent", "below itself"),
        ("regions.1.key", "city", "regions[1].key", "earlier row"),
        ("regions.1.code", "12345", "regions[1].code", "6, 9 or 12"),
        ("regions.1.households", -1, "regions[1].households", "whole number"),
        ("regions.1.households", 1.5, "regions[1].households", "whole number"),
        ("regions.1.unmanaged", "yes", "regions[1].unmanaged", "true or false"),
        ("regions.0.level", "site", "regions[1].parent", "narrower"),
        ("units.0.parent", "firm", "units[0].parent", "below itself"),
        ("branches.0.region", "firm", "branches[0].region", "not a key"),
        ("branches.0.covers", ["place", "place"], "branches[0].covers[1]", "twice"),
        ("branches.0.covers", "place", "branches[0].covers", "list"),
        ("branches.0.kind", "cell", "branches[0].kind", "not one of"),
        ("branches.0.established_on", "2020-03-16", "branches[0].established_on", "after the day"),
        ("branches.0.officers.0.office", "boss", "branches[0].officers[0].office", "not one of"),
        ("branches.0.officers.0.unit", "nobody", "branches[0].officers[0].unit", "not a key"),
        ("facts.0.metric", "smiles", "facts[0].metric", "not a known metric"),
        ("facts.0.kind", "patrol", "facts[0].kind", "figure of kind"),
        ("facts.0.kind", "dancing", "facts[0].kind", "not one of"),
        ("facts.0.unit", "吨", "facts[0].unit", "does not fit"),
        ("facts.0.unit", "光年", "facts[0].unit", "not a known unit"),
        ("facts.0.value", "10", "facts[0].value", "must be a number"),
        ("facts.0.value", True, "facts[0].value", "must be a number"),
        ("facts.0.value", float("nan"), "facts[0].value", "must be a number"),
        ("facts.0.value", -1, "facts[0].value", "negative"),
        ("facts.0.value", 10**15, "facts[0].value", "too large"),
        ("facts.2.value", 10**13, "facts[2].value", "too large"),
        ("facts.0.value", 1.5, "facts[0].value", "0 decimals"),
        ("facts.0.value", 1e-30, "facts[0].value", "three decimals"),
        ("facts.1.value", 11, "facts[1].value", "more satisfied"),
        ("facts.0.qualifier", "exact", "facts[0].qualifier", "not one of"),
        ("facts.0.from", "2020-03-01", "facts[0].on", "either"),
        ("facts.2.to", "2020-02-28", "facts[2].to", "end is before the start"),
        ("facts.0.on", "2020-03-16", "facts[0].on", "after the day"),
        ("facts.0.undated", True, "facts[0].undated", "not undated"),
        ("facts.2.start", "10:00", "facts[2].start", "goes with"),
        ("facts.0.start", "24:30", "facts[0].start", "time of day"),
        ("facts.0.branch", "two", "facts[0].branch", "not a key"),
        ("supplies.0.unit", "光年", "supplies[0].unit", "not a known unit"),
        ("statements.0.about", "branch:two", "statements[0].about", "not a key"),
        ("statements.0.about", "city", "statements[0].about", "begins with"),
        ("statements.0.computes", "sum:smiles", "statements[0].computes", "not a known metric"),
        ("statements.0.computes", "sum:goods_unloaded+vehicles", "statements[0].computes", "several units"),
        ("statements.0.computes", "sum:people_on_duty", "statements[0].computes", "cannot be computed"),
        ("statements.0.computes", "latest:vehicles", "statements[0].computes", "cannot be computed"),
        ("statements.0.computes", "double:vehicles", "statements[0].computes", "null"),
        ("practices", ["好", 3], "practices[1]", "text"),
        ("facts.0", "a figure", "facts[0]", "object"),
    ],
)
def test_a_fault_is_named_by_its_path(catalogue_read: Catalogue, path: str, value: object, at: str, said: str) -> None:
    case = copy.deepcopy(SMALL)
    change(path, value)(case)

    found = problems(catalogue_read, case)

    assert said in found.get(at, f"nothing said; but: {found}")


@pytest.mark.parametrize("key", ["title", "title_en", "reported_on", "regions", "units", "branches", "facts"])
def test_a_missing_key_is_named(catalogue_read: Catalogue, key: str) -> None:
    case = {name: value for name, value in SMALL.items() if name != key}

    assert "missing" in problems(catalogue_read, case)[key]


@pytest.mark.parametrize("section", ["regions", "units", "branches", "facts", "supplies", "statements"])
def test_a_missing_key_of_a_row_is_named(catalogue_read: Catalogue, section: str) -> None:
    optional = {"on", "from", "to", "code", "established_on", "officers", "waves"}
    for key in SMALL[section][0].keys() - optional:
        case = copy.deepcopy(SMALL)
        del case[section][0][key]

        assert "missing" in problems(catalogue_read, case)[f"{section}[0].{key}"]


def test_a_fact_without_any_day_is_named(catalogue_read: Catalogue) -> None:
    case = copy.deepcopy(SMALL)
    del case["facts"][0]["on"]
    del case["facts"][2]["to"]

    assert problems(catalogue_read, case).keys() == {"facts[0].on", "facts[2].to"}


def test_two_secretaries_and_a_person_in_two_branches_are_named(catalogue_read: Catalogue) -> None:
    case = copy.deepcopy(SMALL)
    case["branches"][0]["officers"].append({"name": "另一人", "office": "secretary"})
    case["branches"].append({"key": "two", "name": "示例二支部", "region": "place", "officers": [{"name": "某某", "office": "team_leader", "unit": "firm"}]})

    found = problems(catalogue_read, case)

    assert found.keys() == {"branches[0].officers[1].office", "branches[1].officers[0].name"}


def test_two_latest_values_for_the_same_days_are_named(catalogue_read: Catalogue) -> None:
    case = copy.deepcopy(SMALL)
    case["facts"] += [
        {"branch": "one", "on": "2020-03-02", "kind": "checkpoint", "metric": "openings", "value": value, "unit": "个", "note": f"第{value}次"}
        for value in (3, 4)
    ]

    assert problems(catalogue_read, case).keys() == {"facts[4]"}


@pytest.mark.parametrize(("unit", "means"), [("项", "items"), ("件", "matters"), ("起", "matters")])
def test_print_is_loose_about_what_is_counted_and_the_metric_decides(catalogue_read: Catalogue, unit: str, means: str) -> None:
    case = copy.deepcopy(SMALL)
    case["facts"].append({"branch": "one", "on": "2020-03-02", "kind": "need", "metric": "needs_recorded", "value": 36, "unit": unit})

    fact = read_case(json.dumps(case).encode(), catalogue_read, TODAY).facts[-1]

    assert (fact.metric, fact.unit, fact.unit_text or unit) == ("needs_recorded", means, unit)


def test_a_key_written_twice_is_named(catalogue_read: Catalogue) -> None:
    text = json.dumps(SMALL).replace('"value": 9', '"value": 9, "value": 8')

    with pytest.raises(CaseFileError) as refused:
        read_case(text.encode(), catalogue_read, TODAY)

    assert [problem.path for problem in refused.value.problems] == ["facts[1].value"]


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[]", b"[" * 100_000, b'{"value": ' + b"9" * 6000 + b"}", b'{"value": 1e999999999999999999999}'])
def test_what_is_no_case_at_all_is_refused_in_a_sentence(catalogue_read: Catalogue, data: bytes) -> None:
    with pytest.raises(CaseFileError) as refused:
        read_case(data, catalogue_read, TODAY)

    assert all(str(problem.message) for problem in refused.value.problems)


def test_a_file_with_ten_faults_names_all_ten_and_stores_nothing(catalogue: None, tmp_path: Any) -> None:
    faults = {
        "colour": ("colour", "red"),
        "regions[1].level": ("regions.1.level", "planet"),
        "units[1].parent": ("units.1.parent", "nobody"),
        "branches[0].established_on": ("branches.0.established_on", "2020-13-01"),
        "branches[0].officers[0].office": ("branches.0.officers.0.office", "boss"),
        "facts[0].value": ("facts.0.value", -4),
        "facts[1].metric": ("facts.1.metric", "smiles"),
        "facts[2].unit": ("facts.2.unit", "个"),
        "supplies[0].item": ("supplies.0.item", 7),
        "statements[0].qualifier": ("statements.0.qualifier", "roughly"),
    }
    case = copy.deepcopy(SMALL)
    for path, value in faults.values():
        change(path, value)(case)
    file = tmp_path / "faulty.json"
    file.write_text(json.dumps(case), encoding="utf-8")

    with pytest.raises(CommandError) as refused:
        call_command("load_case", str(file), verbosity=0)

    lines = str(refused.value).splitlines()
    assert sorted(line.split(": ")[1] for line in lines) == sorted(faults)
    assert not Branch.objects.exists()
    assert not Region.objects.exists()
