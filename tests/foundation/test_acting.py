"""Who acts is known to the database with each write, and to nobody else's."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import User
from portal.foundation import acting, jobs
from portal.foundation.models import Job
from tests.factories import make_user

TOLD = "SELECT current_setting('portal.acting', true)"


@pytest.fixture
def someone(db: None) -> User:
    return make_user()


def told(statement: str = TOLD) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0] or "")


def write() -> str:
    """Run a statement that may write, and return what the database knew while it ran."""
    return told(f"WITH one AS (SELECT 1) {TOLD} FROM one")


@pytest.mark.django_db(transaction=True)
def test_a_write_outside_a_transaction_names_who_acts_and_nothing_stays_behind() -> None:
    with acting.acting("command:tried", who=7) as begun:
        assert write() == f"7|{begun.request_id}|command:tried"
    assert told() == ""
    assert write() == ""


@pytest.mark.django_db
def test_it_holds_for_the_rest_of_the_transaction_and_is_told_again_after_a_savepoint_that_took_it_along() -> None:
    with acting.acting("web", who=7):
        with transaction.atomic():
            assert write().startswith("7|")
            transaction.set_rollback(True)
        assert write().startswith("7|")
        assert told().startswith("7|")


@pytest.mark.django_db
def test_telling_is_no_query_of_its_own() -> None:
    job = Job.objects.create(kind="none")
    with acting.acting("web"), CaptureQueriesContext(connection) as counted:
        assert Job.objects.filter(pk=job.pk).update(progress=5) == 1
        Job.objects.bulk_create([Job(kind="none"), Job(kind="none")])
    assert len(counted) == 2
    assert Job.objects.get(pk=job.pk).progress == 5


@pytest.mark.django_db(transaction=True)
def test_a_cursor_with_a_name_is_left_alone() -> None:
    with acting.acting("web"), connection.chunked_cursor() as cursor:
        cursor.execute("WITH one AS (SELECT 5 AS number) SELECT number FROM one")
        assert cursor.fetchall() == [(5,)]


def test_means_hold_nothing_that_could_end_a_text_of_sql() -> None:
    assert str(acting.Acting("command:x'; DROP--%s", uuid4(), lambda: None)).endswith("|command:xDROP--s")


@pytest.mark.django_db
def test_a_job_is_done_in_the_name_of_whoever_asked_for_it(monkeypatch: pytest.MonkeyPatch, someone: User) -> None:
    seen: list[str] = []
    monkeypatch.setattr(jobs, "handlers", lambda: {"look": "tests.foundation.test_acting.look"})
    monkeypatch.setattr("tests.foundation.test_acting.SEEN", seen)
    job = jobs.ask_for("look", asked_by=someone)
    jobs.run_next()
    assert seen == [f"{someone.pk}|{job.public_id}|job:look"]


SEEN: list[str] = []


def look(_job: Job, _progress: Any) -> dict[str, Any]:
    SEEN.append(write())
    return {}


@pytest.mark.django_db
def test_each_answer_bears_an_identifier_that_its_asker_did_not_choose(client: Client, settings: Any) -> None:
    chosen = str(uuid4())
    first = client.get("/healthz", headers={"X-Request-ID": chosen})
    assert UUID(first["X-Request-ID"]) != UUID(chosen)
    settings.PROXY_COUNT = 1
    assert client.get("/healthz", headers={"X-Request-ID": chosen})["X-Request-ID"] == chosen
    assert UUID(client.get("/healthz", headers={"X-Request-ID": "x' --"})["X-Request-ID"])


@pytest.mark.django_db
def test_the_account_of_a_request_is_known_without_asking(client: Client, someone: User, monkeypatch: pytest.MonkeyPatch) -> None:
    told_of: list[int | None] = []

    def note(self: acting.Acting) -> str:
        told_of.append(self.who())
        return ""

    monkeypatch.setattr(acting.Acting, "__str__", note)
    client.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/account/sign-out/")
    assert someone.pk in told_of
