"""The feed of changes: in order, in the scope, and without a gap."""

import json
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from django.db import connection

from branches.models import Branch
from members.models import Person
from portal.accounts.models import User
from portal.foundation import epochs
from portal.foundation.models import Change
from tests.api.conftest import Caller
from tests.factories import file, make_branch, make_person
from tests.personas import MARCH_6, City

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db(transaction=True)]
Call = Callable[..., Caller]


def test_a_copy_reads_on_from_where_it_was_and_sees_only_its_scope(
    call: Call, branch: Branch, other_branch: Branch, city: City, organiser: User, other_organiser: User
) -> None:
    caller = call(organiser)
    page = caller.get("changes/").json()
    shown = {(row["resource"], row["public_id"]) for row in page["results"]}
    assert ("branches", str(branch.public_id)) in shown
    assert ("branches", str(other_branch.public_id)) not in shown
    assert ("persons", str(Person.objects.get(name="另一书记").public_id)) not in shown

    file(other_branch, MARCH_6, by=other_organiser, vehicles=1)
    assert caller.get(page["resume"]).json()["results"] == []
    filed = file(branch, MARCH_6, by=organiser, vehicles=1)
    page = caller.get(page["resume"]).json()
    assert {(row["resource"], row["operation"]) for row in page["results"]} == {("reports", "added"), ("report-versions", "added")}
    version = next(row for row in page["results"] if row["resource"] == "report-versions")
    assert version["public_id"] == str(filed.version.public_id)
    assert caller.get(version["url"].removeprefix("http://testserver/api/v1/")).json()["receipt"] == filed.receipt
    assert caller.get(page["resume"]).json()["results"] == []


def test_a_membership_changes_the_person_that_shows_it(call: Call, branch: Branch, city: City, organiser: User) -> None:
    caller = call(organiser)
    resume = caller.get("changes/", {"resource": "persons"}).json()["resume"]
    person = make_person("示例党员", city.company, branch)
    rows = caller.get(resume).json()["results"]
    assert {row["public_id"] for row in rows} == {str(person.public_id)}
    assert {row["operation"] for row in rows} == {"added", "changed"}


def test_what_is_gone_is_told_too(call: Call, branch: Branch, city: City, organiser: User) -> None:
    caller = call(organiser)
    made = make_branch(city.other_community)
    resume = caller.get("changes/").json()["resume"]
    gone = str(made.public_id)
    made.delete()
    assert [(row["operation"], row["public_id"]) for row in caller.get(resume).json()["results"]] == [("removed", gone)]


def test_nothing_is_passed_while_an_older_transaction_runs(call: Call, branch: Branch, organiser: User) -> None:
    caller = call(organiser)
    resume = caller.get("changes/").json()["resume"]
    older = connection.copy()
    try:
        older.set_autocommit(False)
        with older.cursor() as cursor:
            cursor.execute("UPDATE members_person SET veteran = true WHERE name = %s", ["示例书记"])
        branch.guided_by = "梧桐街道党工委"
        branch.save()
        # The younger change is there, but whoever passed it would never see the older one.
        assert caller.get(resume).json()["results"] == []
        older.commit()
    finally:
        older.close()
    assert [row["resource"] for row in caller.get(resume).json()["results"]] == ["persons", "branches"]


def test_a_transaction_in_another_database_of_the_cluster_delays_nobody(call: Call, branch: Branch, organiser: User) -> None:
    caller = call(organiser)
    resume = caller.get("changes/").json()["resume"]
    elsewhere = connection.copy()
    elsewhere.settings_dict = {**elsewhere.settings_dict, "NAME": "postgres"}
    try:
        elsewhere.set_autocommit(False)
        with elsewhere.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id()")
        branch.guided_by = "梧桐街道党工委"
        branch.save()
        assert [row["resource"] for row in caller.get(resume).json()["results"]] == ["branches"]
    finally:
        elsewhere.rollback()
        elsewhere.close()


def test_pages_of_changes_follow_each_other(call: Call, branch: Branch, organiser: User) -> None:
    caller = call(organiser)
    everything = caller.rows("changes/")
    assert len(everything) > 4
    assert caller.rows("changes/", {"page_size": 2}) == everything


@pytest.fixture
def restored() -> Iterator[None]:
    """Let another epoch begin, on a server that counts its transactions from the beginning."""
    yield
    with connection.cursor() as cursor:
        cursor.execute(epochs.define(epoch="0", counted_elsewhere=0))


def begin_another_epoch(*, counted_elsewhere: int = 0) -> None:
    with connection.cursor() as cursor:
        cursor.execute(epochs.define(epoch="afterrestore", counted_elsewhere=counted_elsewhere))


def test_places_in_lists_from_before_a_restore_are_gone_and_say_what_to_do(restored: None, call: Call, branch: Branch, organiser: User) -> None:
    caller = call(organiser)
    resume = caller.get("changes/").json()["resume"]
    next_page = caller.get("metrics/", {"page_size": 1}).json()["next"]
    pulled = json.loads(b"".join(caller.get("entries/all/").streaming_content).splitlines()[-1])["changes"]
    begin_another_epoch()
    for address in (resume, next_page, pulled):
        answer = caller.get(address)
        assert (answer.status_code, answer.json()["type"]) == (410, "/api/v1/problems/epoch-over/")
        assert "read everything again, without a cursor" in answer.json()["detail"]
    assert caller.get(caller.get("changes/").json()["resume"]).status_code == 200


def test_changes_after_a_restore_come_behind_those_from_before(restored: None, call: Call, branch: Branch, organiser: User) -> None:
    caller = call(organiser)
    before = caller.rows("changes/")
    begin_another_epoch(counted_elsewhere=10**9)
    assert caller.rows("changes/") == before
    file(branch, MARCH_6, by=organiser, vehicles=1)
    rows = caller.rows("changes/")
    assert rows[: len(before)] == before
    assert {row["resource"] for row in rows[len(before) :]} == {"reports", "report-versions"}
    assert all(int(row["revision"]) > 10**9 for row in rows[len(before) :])


def test_every_number_of_a_transaction_comes_from_one_place(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosrc ~ 'pg_current_xact_id|pg_current_snapshot|txid_current'"
        )
        assert {name for (name,) in cursor.fetchall()} == {"foundation_transaction", "foundation_snapshot", "foundation_settled_here_before"}


def test_what_was_removed_is_told_to_whoever_has_a_role_for_it(call: Call, organiser: User, member: User, auditor: User) -> None:
    Change.objects.create(revision=1, model="need", object_id=uuid4(), operation=Change.Operation.DELETE)
    told = {user.username: bool(call(user).rows("changes/", {"resource": "needs"})) for user in (organiser, member, auditor)}
    assert told == {"organiser": True, "member": False, "auditor": False}
