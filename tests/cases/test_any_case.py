"""Whatever a sound case file says, the portal gives back; hypothesis makes the files."""

import json
from typing import Any

from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings

from portal.cases.writing import load_case
from tests.cases.comparison import compare_records, compare_totals
from tests.cases.invented_cases import cases
from tests.cases.seen import compare_api, compare_dashboard, compare_lines

BOUNDED = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

# A page or an answer a figure.
FEW = settings(BOUNDED, max_examples=8)


@BOUNDED
@given(case=cases())
def test_every_figure_of_any_case_comes_back(catalogue: None, case: dict[str, Any]) -> None:
    with transaction.atomic():
        load_case(json.dumps(case).encode(), "invented")

        compare_records(case, "invented")
        compare_totals(case, "invented")
        assert load_case(json.dumps(case).encode(), "invented").counts == {}
        transaction.set_rollback(True)


@BOUNDED
@given(first=cases(), second=cases())
def test_a_file_corrected_in_any_way_says_what_it_says_now(catalogue: None, first: dict[str, Any], second: dict[str, Any]) -> None:
    kept = {row["key"] for row in second["branches"]}
    first["branches"] = [row for row in first["branches"] if row["key"] in kept]
    first["facts"] = [row for row in first["facts"] if row["branch"] in kept]
    with transaction.atomic():
        load_case(json.dumps(first).encode(), "invented")
        load_case(json.dumps(second).encode(), "invented")

        compare_records(second, "invented")
        compare_totals(second, "invented")
        assert load_case(json.dumps(second).encode(), "invented").counts == {}
        transaction.set_rollback(True)


@FEW
@given(case=cases())
def test_every_figure_of_any_case_comes_back_from_pages_and_api(catalogue: None, reader: Client, case: dict[str, Any]) -> None:
    with transaction.atomic():
        load_case(json.dumps(case).encode(), "invented")

        compare_dashboard(reader, case, "invented", "branch")
        compare_lines(reader, case, "invented")
        compare_api(reader, case, "invented")
        transaction.set_rollback(True)
