"""What was in a scope a moment ago: grants taken back or run out, people and branches that moved, and what was handed out before."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from threading import Event, Thread
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from branches.access import Role
from branches.models import Branch
from branches.services import move_branch
from members.models import Membership, Person
from members.services.people import end_membership
from portal.accounts.models import Grant, User
from portal.foundation import clock as portal_clock
from portal.foundation import epochs
from portal.foundation.api.pagination import Cursor
from tests.activities.needs import recorded
from tests.factories import file, give, make_person, make_user, since
from tests.personas import MARCH_5, MARCH_6, MARCH_7, City, Clock
from tests.security.attacker import browser, filing, machine

SECOND = timedelta(seconds=1)
Ended = Callable[[User, Clock], None]


def taken_back(user: User, clock: Clock) -> None:
    """All grants were taken back a second ago."""
    Grant.objects.filter(user=user).update(revoked_at=clock.now() - SECOND)


def run_out(user: User, clock: Clock) -> None:
    """All grants held until today, and it is midnight."""
    Grant.objects.filter(user=user).update(during=since(MARCH_5, MARCH_6))
    clock.move_to(timezone.make_aware(datetime(2020, 3, 7, 0, 0)))  # noqa: DTZ001 - made aware here


@pytest.mark.parametrize("ended", [taken_back, run_out])
def test_a_session_and_a_token_from_before_open_nothing_once_a_grant_is_over(ended: Ended, branch: Branch, organiser: User, city: City, clock: Clock) -> None:
    need = recorded(branch, organiser, household="3栋101")
    version = file(branch, MARCH_6, by=organiser, vehicles=5).version
    client, call = browser(organiser), machine(organiser)
    pages = [
        reverse("activities:need_detail", args=[need.public_id]),
        reverse("activities:report_receipt", args=[version.public_id]),
        reverse("branches:branch_detail", args=[branch.public_id]),
        reverse("portal:branch_dashboard", args=[branch.public_id]),
        reverse("portal:dashboard_export", args=["branch", branch.public_id, "csv"]),
        reverse("roster:roster_today", args=[branch.public_id]),
    ]
    assert [client.get(page).status_code for page in pages] == [200] * len(pages)
    assert call("get", "needs/").status_code == 200

    ended(organiser, clock)

    asked_first = int(ended is run_out)
    answers = [client.get(page) for page in pages]
    # Before a file whoever showed long ago who they are is asked for that first, whatever lies there.
    assert [each.status_code for each in answers if not each.headers.get("Location", "").startswith(reverse("accounts:prove"))] == [404] * (
        len(pages) - asked_first
    )
    assert client.get(pages[0]).content == client.get(pages[0].replace(str(need.public_id), nobodys(need.public_id))).content
    assert branch.name not in client.get(reverse("portal:search"), {"q": branch.name[:4]}).content.decode().replace(branch.name[:4], "")
    assert "3栋101" not in client.get(reverse("activities:need_list")).content.decode()
    assert {call("get", path).status_code for path in ("needs/", "branches/", "measures/", "entries/all/", f"reports/{version.report.public_id}/")} == {403}


@pytest.mark.parametrize("ended", [taken_back, run_out])
def test_nothing_is_written_any_more_not_even_what_was_sent_before(ended: Ended, branch: Branch, organiser: User, clock: Clock) -> None:
    call, sent = machine(organiser), filing(branch)
    form = {"branch": str(branch.public_id), "uid": str(uuid4()), "channel": "phone", "category": "food", "urgency": "soon", "words": "缺菜"}
    client = browser(organiser)
    assert call("post", "reports/", sent).status_code == 201
    assert client.post(reverse("activities:need_record"), form).status_code == 302

    ended(organiser, clock)

    # The same identifiers again would give back what was stored.
    again = call("post", "reports/", sent)
    assert again.status_code == 403
    assert str(branch.public_id) not in again.content.decode()
    assert client.post(reverse("activities:need_record"), form).status_code == 403


def test_the_identifier_of_another_accounts_filing_says_nothing(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User) -> None:
    taken, free = filing(branch), filing(branch)
    assert machine(organiser)("post", "reports/", taken).status_code == 201
    answers = [machine(other_organiser)("post", "reports/", {**each, "branch": str(other_branch.public_id), "figures": []}) for each in (taken, free)]
    assert answers[0].status_code == answers[1].status_code == 422
    assert answers[0].content == answers[1].content


def test_a_place_in_a_list_shows_its_reader_no_more_than_the_list(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, official: User, clock: Clock
) -> None:
    for day in (MARCH_5, MARCH_6):
        file(branch, day, by=organiser, vehicles=5)
        file(other_branch, day, by=other_organiser, vehicles=77)
    wide, narrow = machine(official), machine(organiser)
    seen = {row["public_id"] for row in narrow("get", "measures/").json()["results"]}
    pages = [wide("get", f"{path}/", {"page_size": 1}).json()["next"] for path in ("measures", "reports", "entries")]
    cursors = [page.split("cursor=")[1].split("&")[0] for page in pages]
    cursors += [Cursor(keys, epochs.current(), back).encode() for keys in ((0,), (10**9,)) for back in (True, False)]
    for cursor in cursors:
        for size in (1, 1000):
            answer = narrow("get", "measures/", {"cursor": cursor, "page_size": size})
            assert answer.status_code in {200, 422}, cursor
            assert {row["public_id"] for row in answer.json().get("results", [])} <= seen
    other_epoch = Cursor((0,), "another", back=False).encode()
    assert narrow("get", "measures/", {"cursor": other_epoch}).status_code in {410, 422}


def test_where_somebody_was_before_their_telephone_is_not_told_any_more(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, city: City, clock: Clock
) -> None:
    moved = make_person("走动员", city.company, branch, phone="19900001111", duty_phone="19900002222")
    page = reverse("members:person_detail", args=[moved.public_id])
    assert "19900001111" in browser(organiser).get(page).content.decode()
    end_membership(actor=organiser, membership=moved.memberships.get(), last_day=MARCH_5)
    # Nobody else has them yet: the branch may still have to reach them.
    assert "19900001111" in browser(organiser).get(page).content.decode()

    Membership.objects.create(person=moved, branch=other_branch, during=since(MARCH_7))
    assert "19900001111" in browser(organiser).get(page).content.decode(), "they are to go tomorrow, and are still there today"
    clock.move_to(clock.now() + timedelta(days=1))

    before, now = browser(organiser).get(page), browser(other_organiser).get(page)
    assert "19900001111" in now.content.decode()
    assert before.status_code == 200, "that they were there stays known"
    for number in ("19900001111", "19900002222"):
        assert number not in before.content.decode()
        assert number not in str(machine(organiser)("get", f"persons/{moved.public_id}/").json())
    assert other_branch.name not in before.content.decode()
    assert browser(organiser).get(reverse("members:person_edit", args=[moved.public_id])).status_code == 403


def test_a_branch_that_moves_goes_out_of_one_scope_and_into_another(branch: Branch, city: City, administrator: User, reviewer: User, clock: Clock) -> None:
    there = make_user("there", (Role.REVIEWER, city.other_street))
    address = reverse("branches:branch_detail", args=[branch.public_id])
    assert [browser(user).get(address).status_code for user in (reviewer, there)] == [200, 404]
    give(administrator, Role.ADMINISTRATOR, city.other_street)
    move_branch(actor=User.objects.get(pk=administrator.pk), branch=branch, region=city.other_community, from_day=MARCH_6)
    assert [browser(user).get(address).status_code for user in (reviewer, there)] == [404, 200]
    assert [row["public_id"] for row in machine(reviewer)("get", "branches/").json()["results"]] == []
    # Their dashboard of before is not a way in either: its records are the branch's.
    asked = {"region": str(city.street.public_id), "from": "2020-03-01", "to": "2020-03-05"}
    assert branch.name not in browser(reviewer).get(f"{reverse('portal:records')}?{urlencode(asked)}").content.decode()


@pytest.mark.django_db(transaction=True)
def test_a_download_that_began_before_ends_and_the_next_does_not_begin(branch: Branch, organiser: User, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=5)
    address = reverse("portal:dashboard_export", args=["branch", branch.public_id, "csv"]) + "?from=2020-03-06&to=2020-03-06"
    begun, go_on, ended = Event(), Event(), dict[str, Any]()

    def download() -> None:
        try:
            client = Client()
            client.force_login(organiser)
            answer: Any = client.get(address)
            stream = answer.streaming_content
            ended["first"] = next(stream)
            begun.set()
            go_on.wait(20)
            with suppress(StopIteration):
                ended["rest"] = b"".join(stream)
        finally:
            connection.close()

    thread = Thread(target=download, daemon=True)
    thread.start()
    assert begun.wait(20)
    # In a transaction of its own, beside the one that the download keeps open.
    taken_back(organiser, clock)
    second = Client()
    second.force_login(organiser)
    assert second.get(address).status_code == 404
    go_on.set()
    thread.join(20)
    assert "rest" in ended


def nobodys(one: Any) -> str:
    """Return an identifier of nothing."""
    return str(one)[:24] + uuid4().hex[:12]


def test_a_grant_for_tomorrow_opens_nothing_today(branch: Branch, clock: Clock) -> None:
    early = make_user("early")
    give(early, Role.ORGANISER, branch, during=since(MARCH_7, MARCH_7))
    address = reverse("branches:branch_detail", args=[branch.public_id])
    client = browser(early)
    assert client.get(address).status_code == 404
    clock.move_to(timezone.make_aware(datetime(2020, 3, 7, 0, 0)))  # noqa: DTZ001 - made aware here
    assert client.get(address).status_code == 200
    assert portal_clock.today() == date(2020, 3, 7)
    assert Person.objects.visible_to(User.objects.get(pk=early.pk)).exists()
