"""The records of a closed branch stay as they are: in the models, in raw SQL, on pages and in the API; retention alone still erases."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from activities.models import (
    Entry,
    EntryParticipant,
    FrozenFigure,
    ImportedFigure,
    ImportedReport,
    Measure,
    StockReceipt,
)
from branches.access import Role
from branches.closing import RULE
from branches.models import Branch
from members.models import HandOver, Shift
from members.services import end_branch
from portal.accounts.models import Grant, ReviewedGrant
from portal.ending.graph import hanging, sensitive_of
from portal.ending.models import ArchivePack, BranchEnd
from portal.foundation.refusals import constraint_of
from portal.foundation.sensitive import AFTER_THE_BRANCH
from portal.retention.models import Certificate, DataRequest, Hold
from tests.factories import make_branch, make_person, make_user
from tests.matrix_world import INSIDE, World, build_world
from tests.personas import City, Clock

pytestmark = pytest.mark.django_db

# What hangs on a branch and is not closed with it, and why.
LEFT: Final[dict[type[Model], str]] = {
    Grant: "who may read the records is no record",
    ReviewedGrant: "who may read the records is no record",
    FrozenFigure: "what an office quotes is the office's",
    ImportedReport: "a step of reading a file; filing what it found is refused",
    ImportedFigure: "a step of reading a file; filing what it found is refused",
    Entry: "written together with its version, in one transaction",
    Measure: "written together with its version, in one transaction",
    EntryParticipant: "written together with its version, in one transaction",
    BranchEnd: "says that the branch was closed, and why it was opened again",
    ArchivePack: "made of the closed branch",
    Hold: "says that nothing of the branch is erased, closed or not",
    DataRequest: "what a person asks about themselves is answered also when the branch is over",
    Certificate: "says what was erased, long after the branch was closed",
}


def triggers_of(model: type[Model]) -> dict[str, str]:
    """Return what triggers call by their names, for those that keep a closed branch closed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE %s", [model._meta.db_table, f"{RULE}_%"]
        )
        return dict(cursor.fetchall())


def test_every_model_that_hangs_on_a_branch_is_closed_with_it_or_says_why_not() -> None:
    """A new model fails here: give its table `closes(...)` in a migration, or a line above."""
    without = [model._meta.label for model in hanging() if f"{RULE}_insert" not in triggers_of(model) or f"{RULE}_update" not in triggers_of(model)]
    assert set(without) - {model._meta.label for model in LEFT} == set()
    assert {model._meta.label for model in LEFT} - set(without) == set()


def test_what_retention_erases_is_what_the_models_declare() -> None:
    for model in set(hanging()) - set(LEFT):
        definition = triggers_of(model)[f"{RULE}_update"]
        named = set(definition.partition("branches_refuse_closed(")[2].rstrip(")").replace("'", "").split(", ")[1:]) if sensitive_of(model) else set[str]()
        assert {getattr(model._meta.get_field(name), "column", name) for name in sensitive_of(model)} <= named, model._meta.label


@pytest.fixture
def world(city: City, catalogue: None, clock: Clock) -> World:
    """A branch with a row of nearly everything."""
    return build_world(city)


def close(branch: Branch, last_day: date | None = None) -> Branch:
    """Close a branch past all that goes before it; today by the database's own calendar, by which the period is counted."""
    end_branch(actor=make_user("", (Role.ADMINISTRATOR, None)), branch=branch, last_day=last_day or timezone.localdate())
    Branch.objects.filter(pk=branch.pk).update(closed_at=timezone.now())
    branch.refresh_from_db()
    return branch


def rows_of(branch: Branch) -> Iterator[Model]:
    """A row of each model that hangs on the branch and is closed with it."""
    for model, paths in hanging().items():
        row = model._base_manager.filter(**{paths[0]: branch}).order_by("pk").first()
        if model not in LEFT and row is not None:
            yield row


def refused(statement: str, values: Any = ()) -> str:
    """Return the rule that refuses a statement; nothing when none does."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except IntegrityError as error:
        return constraint_of(error)
    return ""


# A column that nearly every table has one of, and another value for it.
_CHANGED: Final = {
    "public_id": "gen_random_uuid()",
    "during": "'[2019-01-01,2019-01-02)'",
    "starts_at": "'00:01'",
    "value": "value + 1",
    "ordinal": "ordinal + 1",
    "region": "region_id + 1",
}


def test_raw_sql_changes_deletes_and_adds_nothing(world: World) -> None:
    branch = close(world.sides[INSIDE].branch)
    seen = 0
    for row in rows_of(branch):
        table, key = row._meta.db_table, {"id": row.pk}
        columns = [field for field in row._meta.concrete_fields if not field.primary_key and field.name not in sensitive_of(type(row))]
        own = next((field for field in columns if field.name in _CHANGED), None)
        if own is not None:
            # A table may have a rule of its own that comes first.
            assert refused(f"UPDATE {table} SET {own.column} = {_CHANGED[own.name]} WHERE id = %(id)s", key), table
        if "reportdraft" not in table and "needcode" not in table:
            assert refused(f"DELETE FROM {table} WHERE id = %(id)s", key), table
        seen += 1
    assert seen >= 25
    copied = "INSERT INTO members_membership (public_id, source, key, person_id, branch_id, during) SELECT gen_random_uuid(), '', '', id, %s, %s::daterange"
    assert refused(f"{copied} FROM members_person ORDER BY id DESC LIMIT 1", [branch.pk, "[2019-02-02,2019-02-03)"])
    nobody = make_person("无支部")
    during = f"[{branch.life.lower},{branch.life.upper})"
    assert refused(f"{copied} FROM members_person WHERE id = %s", [branch.pk, during, nobody.pk]) == RULE
    assert refused("UPDATE branches_branch SET name = 'x' WHERE id = %s", [branch.pk]) == RULE
    assert refused("UPDATE branches_branch SET closed_at = NULL WHERE id = %s", [branch.pk]) == "branch_opens_with_a_reason"
    assert refused("UPDATE activities_stockreceipt SET value = 3") == RULE
    assert refused("DELETE FROM branches_branch_covers WHERE branch_id = %s", [branch.pk]) in {"", RULE}
    assert Branch.objects.get(pk=branch.pk).closed_at is not None


def test_a_statement_that_touches_other_branches_alone_goes_through(world: World) -> None:
    close(world.sides[INSIDE].branch)
    outside = world.sides["outside"].branch
    assert StockReceipt.objects.filter(branch=outside).update(value=3) == 1
    assert Shift.objects.filter(post__branch=outside).update(people=2)


def test_a_row_is_not_moved_into_a_closed_branch(world: World) -> None:
    receipt = StockReceipt.objects.create(branch=make_branch(world.city.community), item="面粉", value=5, unit=world.sides[INSIDE].receipt.unit)
    branch = close(world.sides[INSIDE].branch)
    assert refused("UPDATE activities_stockreceipt SET branch_id = %s WHERE id = %s", [branch.pk, receipt.pk]) == RULE


def test_sensitive_fields_of_a_closed_branch_become_nothing_and_only_that(world: World) -> None:
    branch = close(world.sides[INSIDE].branch)
    handed = HandOver.objects.get(shift__post__branch=branch)
    assert refused("UPDATE members_handover SET notes = 'anders' WHERE id = %s", [handed.pk]) == RULE
    assert not refused("UPDATE members_handover SET notes = '', stock = '—' WHERE id = %s", [handed.pk])
    assert refused("UPDATE members_handover SET notes = '', outgoing_at = now() WHERE id = %s", [handed.pk]) == RULE


def test_once_the_period_is_over_sensitive_fields_are_replaced_and_their_rows_may_go(world: World) -> None:
    """The period is counted from the last day that was set, as the rules of each register count it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT portal_today()")
        (today,) = cursor.fetchone()
    branch = close(world.sides[INSIDE].branch, today - AFTER_THE_BRANCH)
    handed = HandOver.objects.get(shift__post__branch=branch)
    assert refused("DELETE FROM members_handover WHERE id = %s", [handed.pk]) == RULE
    branch = close(world.sides["outside"].branch, today - AFTER_THE_BRANCH - timedelta(days=1))
    handed = HandOver.objects.get(shift__post__branch=branch)
    assert not refused("UPDATE members_handover SET notes = 'pseudonym' WHERE id = %s", [handed.pk])
    assert refused("UPDATE members_handover SET outgoing_at = outgoing_at - interval '1 hour' WHERE id = %s", [handed.pk]) == RULE
    assert not refused("DELETE FROM members_handover WHERE id = %s", [handed.pk])
    assert refused("DELETE FROM activities_stockreceipt WHERE branch_id = %s", [branch.pk]) == RULE


def test_every_app_of_ours_is_looked_through() -> None:
    assert {"branches", "members", "activities", "ending", "accounts"} <= {model._meta.app_label for model in hanging()}
    assert not [model for model in hanging() if apps.get_model(model._meta.label) is not model]
