"""A case is stored wholly or not at all; a second time changes nothing; a corrected file makes new versions."""

import copy
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command

from activities.models import DailyReport, Measure, ReportVersion, Statement, StockReceipt
from activities.services import return_to_branch
from branches.access import Role
from branches.models import Branch, DeclaredCount, Region, RegionParent, Wave, WorkUnit
from members.models import Membership, OfficerTerm, Person, Secondment
from portal.accounts.models import User
from portal.cases.nodes import CaseFileError
from portal.cases.writing import Loaded, load_case
from portal.foundation.models import AuditEntry, RowChange
from tests.cases.expected import CASE_FILES, read
from tests.cases.test_reading import SMALL
from tests.factories import make_region, make_user

State = ReportVersion.State


def load(case: dict[str, Any], stem: str = "sample") -> Loaded:
    """Load a case given as plain values."""
    return load_case(json.dumps(case, default=float).encode(), stem)


def corrected(case: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """Return a copy of a case with another value at a path such as `facts.0.value`."""
    changed = copy.deepcopy(case)
    place: Any = changed
    *way, last = path.split(".")
    for step in way:
        place = place[int(step)] if isinstance(place, list) else place[step]
    if value is None:
        del place[last if isinstance(place, dict) else int(last)]
    else:
        place[last if isinstance(place, dict) else int(last)] = value
    return changed


def rows() -> dict[str, int]:
    """Count the rows of every table but those of the audit: the account that loads is opened for as long as it does."""
    return {model._meta.label: model._default_manager.count() for model in apps.get_models() if model not in (AuditEntry, RowChange)}


def versions(day: date) -> list[tuple[int, str, list[int]]]:
    """The versions of the sample branch's day: number, state, values."""
    filed = ReportVersion.objects.filter(daily_report__business_date=day, branch__key="one").order_by("number")
    return [
        (version.number, version.state, sorted(int(value) for value in Measure.objects.filter(entry__version=version).values_list("value", flat=True)))
        for version in filed
    ]


MARCH_2 = date(2020, 3, 2)


def test_loading_the_published_cases_twice_changes_nothing(published: None) -> None:
    before, audited = rows(), AuditEntry.objects.count()

    for path in CASE_FILES:
        assert load_case(path.read_bytes(), path.stem).counts == {}

    assert rows() == before
    assert AuditEntry.objects.count() == audited


def test_what_several_cases_name_exists_once(published: None) -> None:
    assert Region.objects.filter(name="湖北省").count() == 1
    assert Region.objects.filter(code="420100").count() == 1
    assert RegionParent.objects.filter(region__name="武汉市").count() == 1


def test_a_branch_is_stored_as_declared(published: None) -> None:
    branch = Branch.objects.get(key="hubuxiang-1")
    [case] = [case for path in CASE_FILES if (case := read(path))["branches"][0]["key"] == "hubuxiang-1"]
    [row] = case["branches"]

    assert branch.name == row["name"]
    assert branch.started_work_on == date.fromisoformat(row["started_work_on"])
    assert branch.established_on is None
    assert list(branch.covers.values_list("name", flat=True)) == ["户部巷社区"]
    assert list(branch.sending_units.values_list("name", flat=True)) == ["省政协机关"]
    assert DeclaredCount.objects.get(branch=branch).value == row["member_count"]
    assert list(Wave.objects.filter(branch=branch).values_list("head_count", "sent_down_on")) == [(10, date(2020, 2, 28)), (5, None)]
    term = OfficerTerm.objects.get(branch=branch)
    assert (term.membership.person.name, term.office) == ("李辉", "team_leader")
    assert Secondment.objects.get(person=term.membership.person).home_unit.name == "省政协机关"
    assert not branch.reports_daily


def test_a_branch_without_dates_lives_without_bounds(published: None) -> None:
    branch = Branch.objects.get(key="lingyun-1")

    assert branch.life.lower is None
    assert branch.life.upper is None
    assert Membership.objects.get(branch=branch).during == branch.life


def test_goods_and_statements_are_kept_as_printed(published: None) -> None:
    for path in CASE_FILES:
        case = read(path)
        source = f"case:{path.stem}"
        goods = StockReceipt.objects.filter(source=source).select_related("unit", "branch")
        printed = {(row.branch.key, row.item, row.value, row.unit_text or row.unit.name_zh, row.qualifier) for row in goods}
        assert printed == {(row["branch"], row["item"], Decimal(row["value"]), row["unit"], row.get("qualifier", "exact")) for row in case.get("supplies", [])}
        stated = Statement.objects.filter(source=source)
        assert sorted((row.what_en, row.what_zh, row.value, row.qualifier, row.computes or None, row.title) for row in stated) == sorted(
            (row["what"], row["what_zh"], Decimal(row["value"]), row.get("qualifier", "exact"), row["computes"], case["title"]) for row in case["statements"]
        )


def test_a_corrected_figure_makes_a_version_that_supersedes(catalogue: None) -> None:
    load(SMALL)

    load(corrected(SMALL, "facts.1.value", 8))

    assert versions(MARCH_2) == [(1, State.SUPERSEDED, [9, 10]), (2, State.FILED, [8, 10])]
    assert ReportVersion.objects.get(number=2).reason


def test_going_back_to_the_first_file_is_a_third_version(catalogue: None) -> None:
    for value in (9, 8, 9):
        load(corrected(SMALL, "facts.1.value", value))

    assert [(number, state) for number, state, _values in versions(MARCH_2)] == [(1, State.SUPERSEDED), (2, State.SUPERSEDED), (3, State.FILED)]
    assert load(SMALL).counts == {}


@pytest.mark.parametrize("change", [("unit", "公斤"), ("qualifier", "over"), ("qualifier_text", "约两吨"), ("note", "大米")])
def test_a_correction_of_anything_printed_makes_a_version(catalogue: None, change: tuple[str, str]) -> None:
    load(SMALL)

    load(corrected(SMALL, f"facts.2.{change[0]}", change[1]))

    assert sorted(ReportVersion.objects.filter(period_report__isnull=False).values_list("number", "state")) == [(1, State.SUPERSEDED), (2, State.FILED)]


def test_a_day_that_is_no_longer_in_the_file_is_withdrawn_and_comes_back(catalogue: None) -> None:
    load(SMALL)
    shorter = corrected(corrected(SMALL, "facts.0", None), "facts.0", None)

    load(shorter)
    assert versions(MARCH_2) == [(1, State.WITHDRAWN, [9, 10])]
    assert load(shorter).counts == {}

    load(SMALL)
    assert [(number, state) for number, state, _values in versions(MARCH_2)] == [(1, State.WITHDRAWN), (2, State.FILED)]


def test_what_a_reviewer_returned_is_not_filed_again_by_loading_the_same_file(catalogue: None) -> None:
    load(SMALL)
    return_to_branch(actor=make_user("r", (Role.REVIEWER, None)), version=ReportVersion.objects.get(daily_report__isnull=False), note="请核对")

    assert load(SMALL).counts == {}


@pytest.mark.parametrize("start", ["2020-02-20", "2020-03-09", None])
def test_a_corrected_start_moves_the_branch_with_its_officers(catalogue: None, start: str | None) -> None:
    load(SMALL)

    load(corrected(SMALL, "branches.0.established_on", start))

    branch = Branch.objects.get(key="one")
    assert branch.life.lower == (date.fromisoformat(start) if start else None)
    assert Membership.objects.get().during == branch.life
    assert OfficerTerm.objects.get().during == branch.life
    assert load(corrected(SMALL, "branches.0.established_on", start)).counts == {}


def test_corrected_names_places_and_people_change_in_place(catalogue: None) -> None:
    load(SMALL)
    identity = Branch.objects.get(key="one").public_id
    case = corrected(SMALL, "branches.0.name", "示例第一临时党支部")
    case = corrected(case, "branches.0.region", "city")
    case = corrected(case, "branches.0.officers.0.name", "某甲")
    case = corrected(case, "regions.1.households", 900)
    case = corrected(case, "units.1.name", "示例二公司")
    case = corrected(case, "supplies.0.value", 50)
    case = corrected(case, "statements.0.value", 2500)

    load(case)

    branch = Branch.objects.get(key="one")
    assert (branch.public_id, branch.name, branch.region.name) == (identity, "示例第一临时党支部", "示例市")
    assert list(Person.objects.values_list("name", flat=True)) == ["某甲"]
    assert Region.objects.get(key="place").households == 900
    assert WorkUnit.objects.get(key="firm").name == "示例二公司"
    assert StockReceipt.objects.get().value == 50
    assert Statement.objects.get().value == 2500
    assert load(case).counts == {}


def test_a_figure_is_filed_at_the_corrected_place(catalogue: None) -> None:
    load(SMALL)

    load(corrected(SMALL, "branches.0.region", "city"))

    assert {measure.entry.place.name for measure in Measure.objects.counted()} == {"示例市"}


def test_a_branch_that_filed_cannot_be_left_out(catalogue: None) -> None:
    load(SMALL)
    case = copy.deepcopy(SMALL) | {"branches": [], "facts": [], "supplies": [], "statements": []}
    before = rows()

    with pytest.raises(CaseFileError) as refused:
        load(case)

    assert [problem.path for problem in refused.value.problems] == ["branches"]
    assert rows() == before


def test_contradictions_with_what_the_portal_knows_are_all_named_and_nothing_is_stored(catalogue: None) -> None:
    make_region("别名市", "county", code="420100", households=5)
    before = rows()
    case = corrected(corrected(SMALL, "regions.0.code", "420100"), "regions.0.households", 6)

    with pytest.raises(CaseFileError) as refused:
        load(case)

    assert [problem.path for problem in refused.value.problems] == ["regions[0].name", "regions[0].level", "regions[0].households"]
    assert rows() == before


def test_a_region_with_another_parent_elsewhere_is_a_contradiction(catalogue: None) -> None:
    other = make_region("另一市", "prefecture")
    make_region("示例社区", "community", other, code="420103001002")

    with pytest.raises(CaseFileError) as refused:
        load(corrected(SMALL, "regions.1.code", "420103001002"))

    assert [problem.path for problem in refused.value.problems] == ["regions[1].parent"]


def test_what_a_region_lacks_is_filled_in(catalogue: None) -> None:
    region = make_region("示例市", "prefecture")

    load(corrected(corrected(SMALL, "regions.0.code", "429900"), "regions.0.residents", 12))

    region.refresh_from_db()
    assert (region.code, region.residents) == ("429900", 12)
    assert Region.objects.filter(name="示例市").count() == 1


def test_the_loader_can_file_and_nobody_can_sign_in_as_it(catalogue: None) -> None:
    load(SMALL)

    loader = User.objects.get(username="case-loader")
    assert not loader.is_active
    assert not loader.has_usable_password()
    assert {version.filed_by for version in ReportVersion.objects.all()} == {loader}
    assert set(ReportVersion.objects.values_list("means", flat=True)) == {ReportVersion.Means.CASE}


def test_a_case_never_owes_a_report(published: None) -> None:
    assert DailyReport.objects.exists()
    assert not Branch.objects.due_on(date(2020, 3, 6)).exists()


def test_a_file_with_too_long_a_name_is_refused_in_a_sentence(catalogue: None) -> None:
    with pytest.raises(CaseFileError):
        load(SMALL, "a" * 200)


def test_one_refused_file_does_not_keep_the_others_out(catalogue: None, tmp_path: Any) -> None:
    bad, good = tmp_path / "bad.json", tmp_path / "good.json"
    bad.write_text("{}", encoding="utf-8")
    good.write_text(json.dumps(SMALL), encoding="utf-8")

    with pytest.raises(CommandError, match=r"bad\.json: title"):
        call_command("load_case", str(bad), str(good), str(tmp_path / "none.json"), verbosity=0)

    assert Branch.objects.filter(source="case:good").exists()
