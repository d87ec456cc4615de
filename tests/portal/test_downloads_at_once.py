"""One account has a few downloads at once, counted by what really runs: one that ends, breaks off or crashes makes room."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Barrier, Event, Thread
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, connection
from django.test import Client
from django.urls import reverse

from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.downloads import AT_ONCE
from portal.foundation.errors import TooMany
from portal.foundation.models import AuditEntry
from portal.runtime.postgres import wait_for
from tests.factories import file
from tests.personas import MARCH_6

pytestmark = [pytest.mark.usefixtures("clock"), pytest.mark.django_db(transaction=True)]

PATIENCE = 60
DAYS = "?from=2020-03-06&to=2020-03-06"


def get(user: User, branch: Branch, language: str = "zh-hans") -> Any:
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = language
    return client.get(reverse("portal:dashboard_export", args=["branch", branch.public_id, "csv"]) + DAYS)


@contextmanager
def running(user: User, branch: Branch, end: Callable[[Any], object]) -> Iterator[None]:
    """While as many downloads run as one account may have; each is ended by `end`."""
    begun, over = Barrier(AT_ONCE + 1), Event()

    def download() -> None:
        try:
            response = get(user, branch)
            next(response.streaming_content)
            begun.wait(PATIENCE)
            over.wait(PATIENCE)
            end(response)
        finally:
            connection.close()

    threads = [Thread(target=download, daemon=True) for _number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    begun.wait(PATIENCE)
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join(PATIENCE)


def others_hold() -> bool:
    """Whether anybody else in this database holds a lock by name, as a download does while it runs."""
    here = "database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid() AND {here}")
        return bool(cursor.fetchone()[0])


def _lose_the_connection(response: Any) -> None:
    assert connection.connection is not None
    connection.connection.close()
    # Ended here, in its own thread: left to the collector, it would end the transaction of whichever thread that runs in.
    with suppress(DatabaseError, InterfaceError):
        response.close()


ENDS: dict[str, Callable[[Any], object]] = {
    "it is read to its end": lambda response: list(response.streaming_content),
    "its reader goes away": lambda response: response.close(),
    "its process crashes": _lose_the_connection,
}


@pytest.mark.parametrize("name", ENDS)
def test_a_download_too_many_is_refused_in_a_sentence_until_another_one_ends(name: str, organiser: User, official: User, branch: Branch) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=1)
    with running(organiser, branch, ENDS[name]):
        taken = AuditEntry.objects.filter(action="dashboard.exported").count()
        refused, in_english = get(organiser, branch), get(organiser, branch, "en")
        assert (refused.status_code, in_english.status_code) == (429, 429)
        assert "您已有三个下载正在进行。请等其中一个结束后再开始。" in refused.content.decode()
        assert "Three downloads of yours are running already." in in_english.content.decode()
        # What was refused was not taken.
        assert AuditEntry.objects.filter(action="dashboard.exported").count() == taken == AT_ONCE
        assert "1" in get(official, branch).getvalue().decode()

    # A lost connection lets go when the server has noticed.
    assert wait_for(lambda: not others_hold(), PATIENCE)
    assert get(organiser, branch).status_code == 200


def test_of_downloads_that_begin_in_the_same_moment_those_too_many_break_off_before_anything_is_sent(organiser: User, branch: Branch) -> None:
    late = get(organiser, branch)
    assert late.status_code == 200
    with running(organiser, branch, lambda response: response.close()), pytest.raises(TooMany):
        next(late.streaming_content)
