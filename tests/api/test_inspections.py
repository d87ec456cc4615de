"""Inspections and points over the API: who reads which, by the filters of the page, and that no words are among it."""

from collections.abc import Callable
from typing import Any

import pytest

from activities.services.inspections import mend, withdraw
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.activities.inspected import inspected
from tests.api.conftest import Caller
from tests.personas import City

pytestmark = pytest.mark.usefixtures("clock")
Call = Callable[..., Caller]


def ids(rows: list[dict[str, Any]]) -> set[str]:
    return {row["public_id"] for row in rows}


def test_each_reads_the_inspections_of_their_scope(call: Call, branch: Branch, other_branch: Branch, official: User, organiser: User) -> None:
    own, other = inspected(branch, official, "补登记"), inspected(other_branch, official, "补登记")

    assert ids(call(organiser).rows("inspections/")) == {str(own.public_id)}
    assert len(call(official).rows("inspections/")) == len(call(official).rows("inspection-points/")) == 2
    assert call(organiser).get(f"inspections/{other.public_id}/").status_code == 404


def test_no_words_and_no_names_are_told(call: Call, branch: Branch, official: User, organiser: User, client_machine: User) -> None:
    point = inspected(branch, official, "换警示牌").points.get()
    mend(actor=organiser, point=point, seen=1, note="已换新牌")

    for user in (organiser, official, client_machine):
        for path in ("inspections/", "inspection-points/", f"inspection-points/{point.public_id}/"):
            text = call(user).get(path).content.decode()
            assert not [word for word in ("警示牌", "新牌", "夜间值守", "缺项") if word in text]


def test_they_are_filtered_as_on_the_page(call: Call, branch: Branch, official: User, organiser: User, city: City) -> None:
    inspection = inspected(branch, official, "一", "二")
    first, second = inspection.points.order_by("pk")
    mend(actor=organiser, point=first, seen=1, note="已补")
    gone = withdraw(actor=official, inspection=inspected(branch, official), why="记错了")
    caller = call(official)

    for query, expected in (
        ({"state": "open"}, {second}),
        ({"state": "mended"}, {first}),
        ({"state": "overdue"}, set()),
        ({"inspection": str(inspection.public_id)}, {first, second}),
        ({"from": "2020-03-07"}, set()),
        ({"region": str(city.community.public_id)}, {first, second}),
    ):
        assert ids(caller.rows("inspection-points/", query)) == {str(point.public_id) for point in expected}, query
    assert ids(caller.rows("inspections/", {"withdrawn": "no"})) == {str(inspection.public_id)}
    assert ids(caller.rows("inspections/", {"withdrawn": "yes"})) == {str(gone.public_id)}
    assert caller.get("inspections/", {"since": "2020-03-06"}).status_code == 422


def test_changes_are_in_the_feed_and_pulls_in_the_audit_log(call: Call, branch: Branch, official: User, organiser: User) -> None:
    caller = call(organiser)
    mend(actor=organiser, point=inspected(branch, official, "补登记").points.get(), seen=1, note="已补")

    rows = caller.rows("changes/", {"resource": "inspections"}) + caller.rows("changes/", {"resource": "inspection-points"})
    assert {(row["resource"], row["operation"]) for row in rows} <= {("inspections", "added"), ("inspection-points", "added"), ("inspection-points", "changed")}
    caller.rows("inspection-points/")
    assert AuditEntry.objects.filter(action="api.pulled", details__resource="inspectionpoint").exists()
