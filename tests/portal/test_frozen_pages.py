"""Freezing a figure on the page of its records, and what the page of a frozen one tells whom."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from activities import freezing
from activities.models import FrozenFigure, Metric
from activities.rollups import Scope, Span
from branches.models import Branch
from portal.accounts.models import User
from tests.factories import file
from tests.personas import MARCH_5, MARCH_6, MINUTE, City, Clock

NEW = "portal:frozen_new"


def asked(kind: str, thing: Any) -> dict[str, str]:
    return {kind: str(thing.public_id), "from": "2020-03-05", "to": "2020-03-06", "metric": "vehicles"}


@pytest.fixture
def figure(branch: Branch, organiser: User, official: User, city: City, clock: Clock) -> FrozenFigure:
    """200 vehicles of the district, frozen, and corrected afterwards."""
    file(branch, MARCH_6, by=organiser, vehicles=200)
    vehicles = Metric.objects.get(code="vehicles")
    clock.move_to(clock.moment + MINUTE)
    frozen = freezing.freeze(actor=official, scope=Scope(region=city.north), span=Span(MARCH_5, MARCH_6), metric=vehicles, purpose="市里日报")
    clock.move_to(clock.moment + MINUTE)
    file(branch, MARCH_6, by=organiser, vehicles=210)
    return frozen


def page(client: Client, figure: FrozenFigure) -> str:
    return client.get(reverse("portal:frozen_detail", args=[figure.public_id])).content.decode()


def test_the_records_of_a_figure_offer_to_freeze_it_to_whoever_may(client: Client, branch: Branch, organiser: User, official: User, clock: Clock) -> None:
    for reader, offered in ((organiser, False), (official, True)):
        client.force_login(reader)
        text = client.get(reverse("portal:records"), asked("branch", branch)).content.decode()
        assert (reverse(NEW) in text) == offered


def test_a_figure_is_frozen_by_a_form_that_says_what_for(client: Client, branch: Branch, organiser: User, official: User, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    client.force_login(official)
    refused = client.post(reverse(NEW), {**asked("branch", branch), "purpose": " "})
    assert refused.status_code == 422
    assert 'id="purpose-error"' in refused.content.decode()

    stored = client.post(reverse(NEW), {**asked("branch", branch), "purpose": "市里日报"})
    figure = FrozenFigure.objects.get()
    assert stored.headers["Location"] == reverse("portal:frozen_detail", args=[figure.public_id])
    assert (figure.branch, figure.frozen_by) == (branch, official)
    assert "市里日报" in client.get(reverse("portal:frozen_list")).content.decode()


@pytest.mark.parametrize("missing", ["metric", "from", "region"])
def test_what_is_not_one_figure_of_some_days_cannot_be_frozen(missing: str, client: Client, city: City, catalogue: None, official: User, clock: Clock) -> None:
    client.force_login(official)
    query = asked("region", city.north)
    query.pop(missing)
    query.pop("to")
    assert client.get(reverse(NEW), query).status_code == 404


def test_what_differs_since_is_listed_with_report_version_and_who_filed(client: Client, figure: FrozenFigure, official: User) -> None:
    client.force_login(official)
    text = page(client, figure)
    assert text.count("不再计入</del>") == 1
    assert text.count("定格后新增</ins>") == 1
    assert text.count("organiser") == 2
    assert "official" in text


def test_whoever_does_not_see_people_does_not_read_who_filed_or_froze(
    client: Client, branch: Branch, figure: FrozenFigure, official: User, community_secretary: User
) -> None:
    of_branch = freezing.freeze(
        actor=official, scope=Scope(branch=branch), span=Span(MARCH_5, MARCH_6), metric=Metric.objects.get(code="vehicles"), purpose="市里日报"
    )
    client.force_login(community_secretary)
    assert "official" not in page(client, of_branch)
    assert client.get(reverse("portal:frozen_detail", args=[figure.public_id])).status_code == 404


def test_differences_are_paged(client: Client, figure: FrozenFigure, official: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.foundation.paging.PAGE_SIZE", 1)
    client.force_login(official)
    first = page(client, figure)
    second = client.get(reverse("portal:frozen_detail", args=[figure.public_id]), {"page": "2"}).content.decode()
    assert ("定格后新增</ins>" in first) != ("定格后新增</ins>" in second)
    assert 'rel="next"' in first
