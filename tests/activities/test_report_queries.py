"""The organiser's pages take as many queries after many days as after few."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from activities.services import accept
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.report_pages import client_of, form_url
from tests.factories import current, file, make_branch, make_user
from tests.personas import MARCH_5, MARCH_6, City

pytestmark = pytest.mark.usefixtures("clock")


def many_days(branch: Branch, organiser: User, days: int) -> None:
    for back in range(1, days + 1):
        file(branch, MARCH_6 - timedelta(days=back), by=organiser, vehicles=back, turned_back=1, group_buy_chats=4)


@pytest.mark.parametrize("days", [3, 20])
def test_the_form_takes_the_same_queries_whatever_came_before(branch: Branch, organiser: User, django_assert_num_queries: Any, days: int) -> None:
    many_days(branch, organiser, days)
    file(branch, MARCH_6, by=organiser, vehicles=200)
    client = client_of(organiser)
    with django_assert_num_queries(15):
        client.get(form_url(branch))


@pytest.mark.parametrize("days", [3, 20])
def test_home_list_and_report_take_the_same_queries_at_any_size(branch: Branch, city: City, organiser: User, django_assert_num_queries: Any, days: int) -> None:
    for number in range(days // 3):
        extra = make_branch(city.community, f"第{number}临时党支部")
        clerk = make_user(f"clerk{number}", (Role.ORGANISER, city.community))
        file(extra, MARCH_5, by=clerk, vehicles=2)
    many_days(branch, organiser, days)
    clerk = make_user("wide", (Role.ORGANISER, city.community))
    client = client_of(clerk)
    with django_assert_num_queries(9):
        client.get(reverse("activities:today"))
    with django_assert_num_queries(9):
        client.get(reverse("activities:report_list"))
    version = current(branch, MARCH_5)
    assert version is not None
    accept(actor=make_user("r", (Role.REVIEWER, city.street)), version=version)
    with django_assert_num_queries(10):
        client.get(reverse("activities:report_detail", args=[version.report.public_id]))
