"""Every change of every row leaves a line: before, after, who, in which request; also bulk writes, COPY and raw SQL."""

import io
from typing import Any

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, models, transaction

from branches.models import Branch, Level, Region
from members.models import Person
from portal.accounts.models import User
from portal.foundation import row_history
from portal.foundation.acting import acting
from portal.foundation.models import Job, RowChange
from tests.factories import make_region, make_unit, make_user

HELD = "•••"


def a_region(name: str) -> Region:
    return make_region(name, Level.PREFECTURE)


def lines(table: str) -> list[Any]:
    return list(RowChange.objects.filter(table=table).order_by("id"))


@pytest.mark.django_db
def test_a_row_added_changed_and_removed_leaves_a_line_each_with_what_it_was_and_what_it_became() -> None:
    user = make_user()
    with acting("web", who=user.pk) as request:
        region = a_region("试验市")
        Region.objects.filter(pk=region.pk).update(name="试验新市")
        Region.objects.filter(pk=region.pk).update(name="试验新市")
        # The ORM would look for rows that lead here first.
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM branches_regionpath WHERE ancestor_id = %s", [region.pk])
            cursor.execute("DELETE FROM branches_region WHERE id = %s", [region.pk])
    added, changed, removed = lines("branches_region")
    assert [line.operation for line in (added, changed, removed)] == ["I", "U", "D"]
    assert (added.before, added.after["name"], added.key, added.object_id) == (None, "试验市", str(region.pk), region.public_id)
    assert (changed.before, changed.after) == ({"name": "试验市"}, {"name": "试验新市"})
    assert (removed.before["name"], removed.after) == ("试验新市", None)
    assert {(line.actor_id, line.request_id, line.means) for line in (added, changed, removed)} == {(user.pk, request.request_id, "web")}


@pytest.mark.django_db
def test_writes_past_the_orm_leave_their_lines_too() -> None:
    unit = make_unit("试验集团")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE branches_workunit SET name = name || '公司'")
        cursor.cursor.copy_expert("COPY auth_group (name) FROM STDIN", io.StringIO("one\ntwo\n"))
    assert lines("branches_workunit")[-1].after == {"name": "试验集团公司"}
    assert lines("branches_workunit")[-1].means == f"sql:{connection.settings_dict['USER']}"
    assert [line.operation for line in lines("auth_group")] == ["I", "I"]
    assert unit.pk


@pytest.mark.django_db
def test_rows_added_in_bulk_leave_a_line_each() -> None:
    Person.objects.bulk_create([Person(name=name, kind="member") for name in ("甲", "乙", "丙")])
    assert [line.rows for line in lines("members_person")] == [1, 1, 1]


@pytest.mark.django_db
def test_of_a_sensitive_column_it_is_kept_only_whether_it_held_something() -> None:
    person = Person.objects.create(name="示例党员", phone="13812345678")
    Person.objects.filter(pk=person.pk).update(phone="13900001111")
    Person.objects.filter(pk=person.pk).update(phone="")
    added, changed, emptied = lines("members_person")
    assert (added.after["phone"], added.after["name"]) == (HELD, HELD)
    assert (changed.before, changed.after) == ({"phone": HELD}, {"phone": HELD})
    assert emptied.after == {"phone": ""}


@pytest.mark.django_db
def test_neither_passwords_nor_tokens_are_in_the_history() -> None:
    user = make_user()
    user.set_password("another password")
    user.save()
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(coalesce(before::text, '') || coalesce(after::text, ''), '') FROM foundation_rowchange")
        assert user.password not in cursor.fetchone()[0]


@pytest.mark.django_db
def test_what_is_rolled_back_never_happened() -> None:
    with transaction.atomic():
        a_region("一市")
        transaction.set_rollback(True)
    assert lines("branches_region") == []


@pytest.mark.django_db
@pytest.mark.parametrize("statement", ["UPDATE foundation_rowchange SET means = 'x'", "DELETE FROM foundation_rowchange", "TRUNCATE foundation_rowchange"])
def test_even_the_owner_does_not_change_the_history(statement: str) -> None:
    a_region("一市")
    with pytest.raises(DatabaseError, match="refuses"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db
def test_a_table_that_is_emptied_says_so() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE auth_group CASCADE")
    assert [line.operation for line in lines("auth_group")] == ["T"]


@pytest.mark.django_db
def test_a_key_that_changes_is_a_row_that_goes_and_one_that_comes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO auth_group (id, name) VALUES (7001, 'one'); UPDATE auth_group SET id = 7002")
    assert sorted((line.operation, line.key) for line in lines("auth_group")) == [("D", "7001"), ("I", "7001"), ("I", "7002")]


@pytest.mark.django_db
def test_every_model_has_a_history_or_a_reason() -> None:
    ours = {model._meta.label: model for model in apps.get_models(include_auto_created=True) if model._meta.managed and not model._meta.proxy}
    assert set(row_history.LEFT_OUT) | row_history.IN_BULK <= set(ours)
    assert all(len(reason) > 20 for reason in row_history.LEFT_OUT.values())
    there = row_history.held_triggers()
    without = [each.table for each in row_history.audited() if there.get(each.table) != {name for name, _statement in each.triggers()}]
    assert without == []
    assert {each.table for each in row_history.audited()} == {ours[label]._meta.db_table for label in set(ours) - set(row_history.LEFT_OUT)}


@pytest.mark.django_db
def test_a_trigger_that_is_switched_off_or_gone_comes_back_with_the_next_migration() -> None:
    name = next(name for each in row_history.audited() if each.table == "auth_group" for name, _statement in each.triggers())
    with connection.cursor() as cursor:
        for statement in (f"ALTER TABLE auth_group DISABLE TRIGGER {name}", f"DROP TRIGGER {name} ON auth_group"):
            cursor.execute(statement)
            assert name not in row_history.held_triggers()["auth_group"]
            assert row_history.keep_triggers() == ["auth_group"]
    assert row_history.keep_triggers() == []


def test_words_of_models_that_declare_nothing_are_hidden() -> None:
    class Device(models.Model):
        key = models.CharField(max_length=80)
        confirmed = models.BooleanField()

        class Meta:
            app_label = "elsewhere"

        def __str__(self) -> str:
            return self.key

    Device.__module__ = "django_otp.models"
    assert row_history.hidden_columns(Device) == ("key",)
    assert "password" in row_history.hidden_columns(User)
    assert row_history.hidden_columns(Branch) == ()
    apps.all_models["elsewhere"].clear()


@pytest.mark.django_db
def test_the_job_that_changed_a_row_is_its_request() -> None:
    job = Job.objects.create(kind="none")
    with acting("job:none", request_id=job.public_id):
        a_region("一市")
    (line,) = lines("branches_region")
    assert (line.request_id, line.means) == (job.public_id, "job:none")
