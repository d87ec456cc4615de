"""The page of an earlier moment: at once for a branch, in the background for whoever is wide."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from activities import rollups
from activities.rollups import Scope, Span
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import Job
from portal.pages import pictures
from portal.pages.as_of import moment_of
from tests.factories import file
from tests.personas import MARCH_5, MARCH_6, MINUTE, City, Clock

EARLY = "2020-03-06T21:00"
DAYS = {"from": "2020-03-05", "to": "2020-03-06"}


def address(kind: str, thing: Any) -> str:
    return reverse("portal:as_of", args=[kind, thing.public_id])


@pytest.fixture
def corrected(branch: Branch, organiser: User, clock: Clock) -> None:
    """200 vehicles at nine, 210 a few minutes later."""
    file(branch, MARCH_6, by=organiser, vehicles=200)
    clock.move_to(clock.moment + 5 * MINUTE)
    file(branch, MARCH_6, by=organiser, vehicles=210)
    file(branch, MARCH_5, by=organiser, home_isolated=4, reason="补报")


def shown(client: Client, kind: str, thing: Any, known: str = EARLY, **query: str) -> Any:
    return client.get(address(kind, thing), {**DAYS, "known": known, **query})


def then_of(response: Any) -> dict[str, Any]:
    return {row.metric.code: row.then and row.then.value for row in response.context["earlier"].rows}


def test_a_branch_is_shown_at_once_beside_the_figures_of_now(corrected: None, client: Client, branch: Branch, organiser: User) -> None:
    client.force_login(organiser)
    response = shown(client, "branch", branch)

    assert then_of(response) == {"vehicles": 200, "home_isolated": None}
    rows = {row.metric.code: row for row in response.context["earlier"].rows}
    assert rows["vehicles"].now.value == 210
    assert "这是以前的情况" in response.content.decode()
    assert reverse("portal:branch_dashboard", args=[branch.public_id]) in response.content.decode()
    assert not Job.objects.exists()


def test_a_region_is_counted_in_the_background_and_shown_when_it_is_done(corrected: None, client: Client, city: City, official: User) -> None:
    client.force_login(official)
    assert shown(client, "region", city.north).context["earlier"].picture is None
    assert not Job.objects.exists()

    asked = client.post(address("region", city.north), {**DAYS, "known": EARLY})
    waiting = client.get(asked.headers["Location"])
    assert "<progress" in waiting.content.decode()
    assert f'href="{asked.headers["Location"]}"'.replace("&", "&amp;") in waiting.content.decode()
    client.post(address("region", city.north), {**DAYS, "known": EARLY})
    assert Job.objects.filter(kind=pictures.JOB).count() == 1

    call_command("work", once=True)
    done = client.get(asked.headers["Location"])
    assert then_of(done) == {"vehicles": 200, "home_isolated": None}
    assert "<progress" not in done.content.decode()


def test_an_account_has_three_that_are_not_counted_yet_and_the_next_when_one_is(
    corrected: None, client: Client, city: City, official: User, city_official: User
) -> None:
    def asked(minute: int, by: User = official) -> Any:
        client.force_login(by)
        return client.post(address("region", city.north), {**DAYS, "known": f"2020-03-06T20:0{minute}"})

    assert [asked(minute).status_code for minute in (1, 2, 3, 4, 3)] == [302, 302, 302, 429, 302]
    assert "您要求的三个以前的情况还没有算完" in asked(4).content.decode()
    assert Job.objects.filter(kind=pictures.JOB).count() == 3
    assert asked(4, by=city_official).status_code == 302

    call_command("work", once=True)
    assert asked(5).status_code == 302


def test_what_a_job_keeps_is_what_the_reader_would_count(corrected: None, city: City, official: User, clock: Clock) -> None:
    wanted = pictures.Wanted(Scope(region=city.north), Span(MARCH_5, MARCH_6), clock.moment - MINUTE)
    wanted.take_later(official)
    call_command("work", once=True)

    job = wanted.job()
    assert job is not None
    kept = pictures.Picture.from_json(job.result, wanted.metrics)
    assert kept.totals == rollups.totals(wanted.scope, wanted.span, known_at=wanted.moment)
    assert kept.completeness == rollups.completeness(wanted.scope, MARCH_6, known_at=wanted.moment)


def test_progress_is_seen_while_the_job_works(corrected: None, city: City, official: User, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    read = rollups.totals

    def watched(*args: Any, **options: Any) -> Any:
        seen.append(Job.objects.get(kind=pictures.JOB).progress)
        return read(*args, **options)

    pictures.Wanted(Scope(region=city.north), Span(MARCH_5, MARCH_6), moment_of(EARLY)).take_later(official)  # type: ignore[arg-type]
    monkeypatch.setattr(rollups, "totals", watched)
    call_command("work", once=True)
    assert seen[0] == 0
    assert sorted(set(seen)) == seen
    assert 0 < seen[-1] < 100


def test_a_kept_answer_is_shown_only_to_whoever_may_see_the_scope_now(corrected: None, client: Client, city: City, official: User) -> None:
    pictures.Wanted(Scope(region=city.north), Span(MARCH_5, MARCH_6), moment_of(EARLY)).take_later(official)  # type: ignore[arg-type]
    call_command("work", once=True)
    client.force_login(official)
    assert shown(client, "region", city.north).status_code == 200
    official.grants.update(revoked_at=official.date_joined)
    assert shown(client, "region", city.north).status_code == 404
    assert client.post(address("region", city.north), {**DAYS, "known": EARLY}).status_code == 404


@pytest.mark.parametrize("known", ["2020-03-06", "gestern", "2099-01-01T00:00", "0001-01-01T00:00", "2020-02-30T10:00", "9999-12-31T23:59"])
def test_an_impossible_moment_is_refused_beside_its_field(known: str, client: Client, branch: Branch, organiser: User, clock: Clock) -> None:
    client.force_login(organiser)
    response = shown(client, "branch", branch, known)
    assert response.status_code == 400
    assert 'aria-describedby="known-error"' in response.content.decode()
    assert client.post(address("branch", branch), {**DAYS, "known": known}).status_code == 400


def test_a_kind_of_scope_that_there_is_not_is_not_found(client: Client, branch: Branch, organiser: User, clock: Clock) -> None:
    client.force_login(organiser)
    assert shown(client, "province", branch).status_code == 404
