"""Needs over the API: who reads which, by the filters of the page, and that nothing personal is among it."""

from collections.abc import Callable
from typing import Any

import pytest

from activities.services.needs import hand_on, resolve
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.activities.needs import recorded
from tests.api.conftest import Caller
from tests.factories import make_unit, make_user
from tests.personas import City

pytestmark = pytest.mark.usefixtures("clock")
Call = Callable[..., Caller]


def ids(rows: list[dict[str, Any]]) -> set[str]:
    return {row["public_id"] for row in rows}


def test_each_reads_the_needs_of_their_scope_and_whatever_was_handed_to_them(
    call: Call, branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, client_machine: User
) -> None:
    liaison = make_user("institute", (Role.LIAISON, institute := make_unit("示例研究所")))
    own, other = recorded(branch, organiser), recorded(other_branch, other_organiser)
    assert ids(call(organiser).rows("needs/")) == {str(own.public_id)}
    assert len(call(client_machine).rows("needs/")) == 2
    assert call(liaison).rows("needs/") == call(liaison).rows("need-events/") == []

    hand_on(actor=other_organiser, need=other, seen=1, to=institute)

    assert ids(call(liaison).rows("needs/")) == {str(other.public_id)}
    assert [row["kind"] for row in call(liaison).rows("need-events/")] == ["recorded", "handed_on"]
    assert call(organiser).get(f"needs/{other.public_id}/").status_code == 404


def test_nothing_personal_is_told_to_anybody(call: Call, branch: Branch, organiser: User, official: User) -> None:
    need = recorded(branch, organiser)
    resolve(actor=organiser, need=need, seen=1, result="已送到王某家")

    for user in (organiser, official):
        for path in ("needs/", f"needs/{need.public_id}/", "need-events/"):
            text = call(user).get(path).content.decode()
            assert not [word for word in ("降压药", "3栋", "19900007788", "示例居民", "王某") if word in text]


def test_needs_are_filtered_as_on_the_page(call: Call, branch: Branch, organiser: User, city: City) -> None:
    waiting, done = recorded(branch, organiser, urgency="urgent"), recorded(branch, organiser, category="food", result="已送达")
    caller, day = call(organiser), {"from": "2020-03-06", "to": "2020-03-06"}

    for query, expected in (
        ({"state": "open"}, {waiting}),
        ({"state": "overdue"}, set()),
        ({"category": "food"}, {done}),
        ({"counted": "resolved", "branch": str(branch.public_id), **day}, {done}),
        ({"counted": "recorded", "branch": str(branch.public_id), **day}, {waiting, done}),
        ({"from": "2020-03-07"}, set()),
        ({"region": str(city.community.public_id)}, {waiting, done}),
        ({"region": str(city.other_community.public_id)}, None),
    ):
        if expected is None:
            assert caller.get("needs/", query).status_code == 422
        else:
            assert ids(caller.rows("needs/", query)) == {str(need.public_id) for need in expected}, query
    assert caller.get("needs/", {"since": "2020-03-06"}).status_code == 422
    assert [row["kind"] for row in caller.rows("need-events/", {"kind": "resolved", **day})] == ["resolved"]
    assert len(caller.rows("need-events/", {"need": str(done.public_id)})) == 2


def test_a_change_of_a_need_and_its_event_are_in_the_feed(call: Call, branch: Branch, organiser: User) -> None:
    caller = call(organiser)
    need = recorded(branch, organiser)
    resolve(actor=organiser, need=need, seen=1, result="已送达")

    rows = caller.rows("changes/", {"resource": "needs"}) + caller.rows("changes/", {"resource": "need-events"})

    assert {(row["resource"], row["operation"]) for row in rows} <= {("needs", "added"), ("needs", "changed"), ("need-events", "added")}


def test_a_pull_of_needs_is_in_the_audit_log(call: Call, branch: Branch, organiser: User, client_machine: User) -> None:
    recorded(branch, organiser)
    call(client_machine).rows("needs/", {"state": "open"})

    entry = AuditEntry.objects.get(action="api.pulled")
    assert (entry.details["resource"], entry.details["rows"]) == ("need", 1)
