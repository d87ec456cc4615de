"""Migrations are named, complete, and go both ways."""

import re
from collections.abc import Iterator
from io import StringIO

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.utils import load_backend
from pytest_django import DjangoDbBlocker

from tests.rules import our_apps

SCRATCH = "scratch"
# What the generator calls a migration that nobody named.
GENERATED = re.compile(r"\d{4}_(auto_|alter_|remove_|rename_|delete_|\w+_and_more$)")


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    out = StringIO()
    call_command("makemigrations", check=True, dry_run=True, stdout=out, verbosity=1)
    assert "No changes detected" in out.getvalue()


def test_each_migration_is_named_by_a_person_and_says_what_it_does() -> None:
    loader = MigrationLoader(None)
    ours = {key: migration for key, migration in loader.disk_migrations.items() if key[0] in our_apps()}
    assert len(ours) > 10
    assert not [key for key in ours if GENERATED.match(key[1])]
    modules = {key: __import__(migration.__module__, fromlist=["Migration"]) for key, migration in ours.items()}
    assert not [key for key, module in modules.items() if not key[1].startswith("0001_initial") and not module.__doc__]


def test_no_app_has_two_last_migrations() -> None:
    assert not MigrationLoader(None).detect_conflicts()


@pytest.fixture
def scratch(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """An empty database beside the one of the run, as a connection alias."""
    name = f"{connection.settings_dict['NAME']}_scratch"
    settings = {**connection.settings_dict, "NAME": name}
    with django_db_blocker.unblock():
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
            cursor.execute(f'CREATE DATABASE "{name}"')
        connections.settings[SCRATCH] = settings
        connections[SCRATCH] = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, SCRATCH)
        try:
            yield SCRATCH
        finally:
            connections[SCRATCH].close()
            del connections[SCRATCH], connections.settings[SCRATCH]
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def schema(alias: str) -> dict[str, set[tuple[str, ...]]]:
    """Describe what the migrations made, by kind; what an extension brings along does not count."""
    queries = {
        "columns": "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns WHERE table_schema = 'public'",
        "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "triggers": "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "functions": "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')",
    }
    with connections[alias].cursor() as cursor:
        found = {}
        for kind, query in queries.items():
            cursor.execute(query)
            found[kind] = {tuple(map(str, row)) for row in cursor.fetchall() if row[0] != "django_migrations"}
        return found


def test_all_migrations_go_back_to_nothing_and_forward_again(scratch: str) -> None:
    executor = MigrationExecutor(connections[scratch])
    leaves = executor.loader.graph.leaf_nodes()
    executor.migrate(leaves)
    first = schema(scratch)
    assert all(first.values())

    executor.loader.build_graph()
    executor.migrate([(app, None) for app in sorted({app for app, _name in leaves})])
    assert not any(schema(scratch).values())

    executor.loader.build_graph()
    executor.migrate(leaves)
    assert schema(scratch) == first


def test_each_app_of_ours_has_migrations() -> None:
    loader = MigrationLoader(None)
    with_models = {label for label in our_apps() if list(apps.get_app_config(label).get_models())}
    assert with_models == loader.migrated_apps & set(our_apps())
