"""Whether a process lives, and whether requests should be sent to it, are two questions."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client, override_settings

from portal.foundation import clock, heartbeats
from portal.foundation.models import Heartbeat, Job
from portal.management.commands.work import show_itself


def asked(path: str) -> tuple[int, dict[str, Any]]:
    response = Client().get(path)
    return response.status_code, json.loads(response.content)


def test_ready_with_a_worker_lately(db: None) -> None:
    heartbeats.beat(heartbeats.WORKER)
    assert asked("/readyz") == (200, {"status": "ready", "checks": {"database": "ok", "migrations": "ok", "disk": "ok", "worker": "ok"}})


@pytest.mark.parametrize(("state", "since", "seen"), [("running", 14, "ok"), ("running", 16, "unseen"), ("done", 1, "unseen")])
def test_a_worker_at_a_job_is_seen_by_it_until_the_job_counts_as_lost(state: str, since: int, seen: str, db: None) -> None:
    Heartbeat.objects.create(name=heartbeats.WORKER, at=clock.now() - timedelta(minutes=5))
    Job.objects.create(kind="odd", state=state, claimed_at=clock.now() - timedelta(minutes=since))
    status, answer = asked("/readyz")
    assert (status, answer["checks"]["worker"]) == (200, seen)
    assert answer["status"] == ("ready" if seen == "ok" else "degraded")


def test_little_room_is_a_warning_and_no_reason_to_send_people_elsewhere(db: None) -> None:
    heartbeats.beat(heartbeats.WORKER)
    with override_settings(DISK_FLOOR=10**9):
        status, answer = asked("/readyz")
    assert (status, answer["status"], answer["checks"]["disk"]) == (200, "degraded", "low")


def test_a_missing_migration_makes_it_unready_and_one_more_does_not(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('foundation', '9999_of_tomorrow', now())")
        assert asked("/readyz")[0] == 200
        cursor.execute("DELETE FROM django_migrations WHERE app = 'activities' AND name = '0001_initial'")
    status, answer = asked("/readyz")
    assert (status, answer["status"], answer["checks"]["migrations"]) == (503, "unavailable", "missing")
    assert asked("/livez") == (200, {"status": "alive"})


@pytest.mark.django_db(transaction=True)
def test_without_a_database_it_lives_and_is_not_ready() -> None:
    settings = connections["default"].settings_dict
    connection.close()
    before = settings["PORT"]
    settings["PORT"] = "1"
    try:
        assert asked("/readyz")[0] == 503
        assert asked("/readyz")[1]["checks"]["database"] == "gone"
        assert asked("/livez") == (200, {"status": "alive"})
    finally:
        connection.close()
        settings["PORT"] = before


def test_the_worker_shows_itself_now_and_then(db: None) -> None:
    show_itself()
    first = Heartbeat.objects.get(name=heartbeats.WORKER).at
    show_itself()
    assert Heartbeat.objects.get(name=heartbeats.WORKER).at == first
    # Also when its clock was set back.
    Heartbeat.objects.update(at=first + timedelta(days=1))
    show_itself()
    assert Heartbeat.objects.get(name=heartbeats.WORKER).at < first + timedelta(minutes=1)
