"""The job queue: done once, tried again, taken up after a crash."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection

from activities.models import ReportDraft
from activities.services import save_draft
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation import jobs
from portal.foundation.models import Job
from tests.personas import MARCH_6, Clock

done: list[Any] = []


def remember(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """A handler that notes what it was asked for."""
    done.append(job.payload)
    progress(50)
    return {"seen": job.payload}


def stumble(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """A handler that writes and then fails."""
    Job.objects.create(kind="half", payload={})
    raise RuntimeError("no paper")


@pytest.fixture(autouse=True)
def kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    done.clear()
    monkeypatch.setattr(
        apps.get_app_config("portal"),
        "jobs",
        {"remember": f"{__name__}.remember", "stumble": f"{__name__}.stumble", "housekeeping": "portal.housekeeping.keep_house"},
    )
    monkeypatch.setattr(jobs, "import_string", lambda path: {"remember": remember, "stumble": stumble}[path.rsplit(".", 1)[1]])


def test_a_job_is_done_and_says_so(db: None) -> None:
    asked = jobs.ask_for("remember", {"n": 1})
    finished = jobs.run_next()
    assert finished == asked
    assert finished is not None
    assert (finished.state, finished.progress, finished.result, finished.attempts) == ("done", 100, {"seen": {"n": 1}}, 1)
    assert jobs.run_next() is None
    assert done == [{"n": 1}]


def test_an_unknown_kind_is_refused_when_asked_for(db: None) -> None:
    with pytest.raises(LookupError):
        jobs.ask_for("fly")


def test_a_job_waits_for_its_time(db: None, clock: Clock) -> None:
    jobs.ask_for("remember", run_after=clock.now() + timedelta(hours=1))
    assert jobs.run_next() is None
    clock.move_to(clock.now() + timedelta(hours=1))
    assert jobs.run_next() is not None


def test_a_failing_job_leaves_nothing_half_done_and_is_tried_three_times(db: None, clock: Clock) -> None:
    jobs.ask_for("stumble")
    for _ in range(jobs.TRIES):
        job = jobs.run_next()
        clock.move_to(clock.now() + jobs.PAUSE_BETWEEN_TRIES)
    assert job is not None
    assert (job.state, job.attempts, job.error) == ("failed", 3, "RuntimeError")
    assert not Job.objects.filter(kind="half").exists()
    assert jobs.run_next() is None


def test_a_job_whose_worker_died_is_taken_up_again(db: None, clock: Clock) -> None:
    job = jobs.ask_for("remember")
    Job.objects.filter(pk=job.pk).update(state="running", claimed_at=clock.now(), attempts=1)
    assert jobs.run_next() is None
    clock.move_to(clock.now() + jobs.LOST_AFTER + timedelta(seconds=1))
    finished = jobs.run_next()
    assert finished is not None
    assert (finished.state, finished.attempts) == ("done", 2)


@pytest.mark.django_db(transaction=True)
def test_several_workers_do_each_job_once() -> None:
    for number in range(20):
        jobs.ask_for("remember", {"n": number})
    together = Barrier(4)

    def work() -> None:
        together.wait()
        while jobs.run_next() is not None:
            pass
        connection.close()

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(payload["n"] for payload in done) == list(range(20))


def test_house_is_kept_and_only_old_drafts_go(branch: Branch, organiser: User, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr("portal.foundation.clock.now", clock.now)
    save_draft(user=organiser, branch=branch, day=MARCH_6, data={"vehicles": "1"}, base=0)
    call_command("work", "--once")
    assert ReportDraft.objects.count() == 1
    assert Job.objects.get(kind="housekeeping", state="done").result["drafts"] == 0
    clock.move_to(clock.now() + timedelta(days=31))
    call_command("work", "--once")
    call_command("work", "--once")
    assert ReportDraft.objects.count() == 0
