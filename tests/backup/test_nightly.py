"""The worker makes a backup every night, and whoever looks sees how things stand."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone

from portal.backup import nightly
from portal.foundation import jobs
from portal.foundation.models import AuditEntry, Job
from portal.management.commands.work import plan_nightly
from tests.personas import Clock

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def night(folder: Path, clock: Clock) -> Clock:
    """Nine in the evening, and nothing planned yet."""
    return clock


def planned() -> list[Any]:
    return [timezone.localtime(moment).isoformat(timespec="minutes") for moment in Job.objects.filter(kind="backup").values_list("run_after", flat=True)]


def test_a_backup_is_made_at_two_and_the_next_is_planned(night: Clock, folder: Path) -> None:
    for _twice in range(2):
        plan_nightly()
    assert planned() == ["2020-03-07T02:00+08:00"]
    night.move_to(night.moment + timedelta(hours=5))
    Job.objects.exclude(kind="backup").delete()
    job = jobs.run_next()
    assert job is not None
    assert (job.state, job.progress) == ("done", 100)
    assert [path.name for path in folder.iterdir()] == [job.result["file"]]
    plan_nightly()
    assert planned()[-1] == "2020-03-08T02:00+08:00"
    standing = nightly.standing()
    assert standing.configured
    assert standing.last is not None
    assert (standing.last.path.name, standing.last.size, standing.kept, standing.bytes) == (job.result["file"], job.result["bytes"], 1, job.result["bytes"])
    assert standing.next_at is not None
    assert (standing.failed, standing.last_verified_at) == ("", None)


def test_without_a_key_none_is_planned_and_the_page_is_told(night: Clock) -> None:
    with override_settings(BACKUP_RECIPIENT=[]):
        plan_nightly()
        standing = nightly.standing()
    assert planned() == []
    assert (standing.configured, standing.last, standing.next_at) == (False, None, None)


def test_a_night_that_fails_is_in_the_audit_log_and_tried_again_and_told_until_one_succeeds(night: Clock, folder: Path, identity: Path) -> None:
    folder.mkdir()
    (folder / "key.txt").write_bytes(identity.read_bytes())
    jobs.ask_for("backup")
    job = jobs.run_next()
    assert job is not None
    assert job.state == "queued"
    assert AuditEntry.objects.get(action="backup.failed").details == {"cause": "key_beside"}
    standing = nightly.standing()
    assert standing.failed == "key_beside"
    assert standing.next_at == job.run_after
    (folder / "key.txt").unlink()
    night.move_to(night.moment + timedelta(minutes=2))
    job = jobs.run_next()
    assert job is not None
    assert job.state == "done"
    assert nightly.standing().failed == ""


def test_opening_one_with_the_key_is_told(night: Clock, folder: Path, identity: Path) -> None:
    call_command("backup")
    call_command("backup", verify=next(folder.iterdir()), identity=identity)
    assert nightly.standing().last_verified_at == night.moment
