"""What the application's role of the database may not do, tried over a connection of its own."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import psycopg2
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from psycopg2 import errors
from pytest_django import DjangoDbBlocker

from portal.embedded import APPLICATION, ROLE, database_settings, owner_settings
from portal.foundation import ownership

NAME = f"portal_app_{os.getpid()}"
# Kept by triggers and missing privileges; the rest of the tables by triggers where they are kept.
AUDIT = ownership.ADDED_TO

Try = Callable[[str], Any]


@pytest.fixture(scope="module")
def role(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A role that may do what the application has to."""
    with django_db_blocker.unblock():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"CREATE ROLE {NAME} LOGIN")
            ownership.let_use(NAME)
        yield NAME
        with connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {NAME}; DROP ROLE {NAME}")


@pytest.fixture
def attempt(role: str) -> Iterator[Try]:
    """Try a statement as the application; nothing of it stays."""
    held = connection.settings_dict
    named = psycopg2.connect(host=held["HOST"], port=held["PORT"], dbname=connection.settings_dict["NAME"], user=role)

    def run(statement: str) -> Any:
        with named.cursor() as cursor:
            try:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else cursor.rowcount
            finally:
                named.rollback()

    yield run
    named.close()


@pytest.mark.parametrize("table", AUDIT)
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}", "SELECT * FROM {} FOR UPDATE"])
def test_the_application_cannot_change_the_audit_log(attempt: Try, table: str, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        attempt(statement.format(table))


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE activities_reportdraft",
        "ALTER TABLE foundation_auditentry DISABLE TRIGGER ALL",
        "ALTER TABLE activities_entry DISABLE TRIGGER USER",
        "DROP TRIGGER audit_is_append_only ON foundation_auditentry",
        "DROP TABLE foundation_auditentry",
        "ALTER TABLE foundation_auditentry OWNER TO CURRENT_USER",
        "GRANT UPDATE ON foundation_auditentry TO CURRENT_USER; UPDATE foundation_auditentry SET id = id",
        "CREATE OR REPLACE FUNCTION foundation_refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TABLE public.mine (id int)",
        "CREATE RULE nothing AS ON INSERT TO foundation_auditentry DO INSTEAD NOTHING",
        "CREATE TRIGGER mine BEFORE INSERT ON foundation_auditentry FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "SET session_replication_role = replica",
        "SET ROLE {owner}",
        "SET SESSION AUTHORIZATION {owner}",
        "ALTER ROLE CURRENT_USER SUPERUSER",
        "CREATE ROLE another LOGIN",
        "CREATE EXTENSION dblink",
        "COPY foundation_auditentry TO PROGRAM 'cat'",
        "COPY foundation_auditentry TO '/tmp/out'",
        "SELECT pg_read_file('/etc/passwd')",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('foundation', '9999', now())",
    ],
)
def test_the_application_has_no_way_round_it(attempt: Try, statement: str) -> None:
    owner = connection.settings_dict["USER"]
    with pytest.raises(errors.InsufficientPrivilege):
        attempt(statement.format(owner=owner))


def test_the_application_may_work(attempt: Try) -> None:
    assert attempt("DELETE FROM activities_reportdraft") >= 0
    assert attempt("SELECT foundation_settled_before() > 0") == [(True,)]
    assert attempt("SELECT foundation_analyze('activities_importedreport', 'activities_importedfigure')") == [("",)]
    assert attempt("INSERT INTO foundation_auditentry (at, action, model, details) VALUES (now(), 'test.done', '', '{}')") == 1
    assert attempt("CREATE TEMPORARY TABLE found (id bigint) ON COMMIT DROP") is not None


def test_the_functions_that_act_for_the_owner_look_into_temporary_tables_last(attempt: Try) -> None:
    unbound = attempt(
        "SELECT proname FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace "
        "AND NOT coalesce(proconfig::text ~ 'search_path=pg_catalog[^=]*, pg_temp\"', false)"
    )
    assert unbound == []


def test_a_temporary_table_in_place_of_the_history_takes_no_line_from_it(attempt: Try) -> None:
    beside = "CREATE TEMP TABLE foundation_rowchange (LIKE public.foundation_rowchange INCLUDING IDENTITY); GRANT ALL ON foundation_rowchange TO PUBLIC;"
    changed = "UPDATE django_content_type SET model = 'x' WHERE id = (SELECT min(id) FROM django_content_type);"
    ours = "SELECT count(*) FROM public.foundation_rowchange WHERE transaction = foundation_transaction()"
    where = f"SELECT (SELECT count(*) FROM pg_temp.foundation_rowchange), ({ours})"
    assert attempt(beside + changed + where) == [(0, 1)]


def test_nobody_writes_history_by_a_trigger_of_their_own(attempt: Try) -> None:
    forged = (
        "CREATE TEMP TABLE members_person (id bigint, public_id uuid);"
        "CREATE TRIGGER forged AFTER INSERT ON members_person REFERENCING NEW TABLE AS is_now FOR EACH STATEMENT "
        "EXECUTE FUNCTION public.foundation_row_changed('id', '')"
    )
    with pytest.raises(errors.InsufficientPrivilege):
        attempt(forged)


@pytest.mark.django_db
def test_an_owner_is_known_as_one() -> None:
    assert ownership.may_change_tables()


def test_an_application_is_known_as_none(attempt: Try) -> None:
    assert attempt(ownership._OWNED) == [(False,)]


def test_who_owns_the_tables_comes_from_the_settings(tmp_path: Any) -> None:
    assert (database_settings(tmp_path, {})["USER"], owner_settings({})) == (APPLICATION, {"USER": ROLE})
    assert owner_settings({"DATABASE_URL": "postgres://app@db/portal"}) is None
    both = {"DATABASE_URL": "postgres://app:one@db/portal", "DATABASE_OWNER_URL": "postgres://boss:two@db:5433/portal"}
    named = owner_settings(both) or {}
    assert (named["USER"], named["PASSWORD"], str(named["PORT"]), named["HOST"]) == ("boss", "two", "5433", "db")


@pytest.mark.django_db(transaction=True)
def test_migrating_gives_the_application_what_it_needs_as_the_owner(settings: Any, role: str) -> None:
    mine = dict(connection.settings_dict)
    settings.DATABASE_OWNER = {"USER": mine["USER"]}
    with connection.cursor() as cursor:
        cursor.execute(f"REVOKE ALL ON members_person FROM {role}")
    connection.close()
    connection.settings_dict["USER"] = role
    try:
        call_command("migrate", verbosity=0, interactive=False)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, has_table_privilege('members_person', 'UPDATE'), has_table_privilege('foundation_auditentry', 'UPDATE')")
            assert cursor.fetchone() == (role, True, False)
    finally:
        connection.close()
        connection.settings_dict["USER"] = mine["USER"]
