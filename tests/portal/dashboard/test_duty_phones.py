"""Dashboards: the number of whoever is on duty, shown to those who may call, and each call logged."""

import re

import pytest
from django.test import Client

from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from portal.pages.scopes import dashboard_url
from tests.factories import make_user
from tests.personas import City
from tests.portal.dashboard.reading import DAY, page, words

pytestmark = pytest.mark.usefixtures("clock")


def test_a_duty_phone_is_masked_until_it_is_called_and_the_call_is_logged(official: User, branch: Branch, city: City) -> None:
    html = page(official, dashboard_url(city.north, DAY))
    assert "199****5678" in html
    assert "19900005678" not in html

    client = Client()
    client.force_login(official)
    called = client.post(re.findall(r'action="(/dashboard/call/[^"]+)"', html)[0])

    assert called.headers["Refresh"] == "0; url=tel:19900005678"
    assert AuditEntry.objects.get(action="phone.called").actor_id == official.pk


def test_only_those_who_may_call_are_shown_numbers(organiser: User, liaison: User, branch: Branch, city: City, other_branch: Branch) -> None:
    person = branch.terms.get().membership.person
    for user in (organiser, liaison, make_user("elsewhere", (Role.OFFICIAL, city.south))):
        client = Client()
        client.force_login(user)
        assert client.post(f"/dashboard/call/{person.public_id}/").status_code == 404
    assert "199****" not in page(organiser, dashboard_url(branch, DAY))
    assert not AuditEntry.objects.filter(action="phone.called").exists()


def test_the_page_of_a_duty_phone_leads_back_to_the_branch(official: User, branch: Branch, city: City) -> None:
    client = Client()
    client.force_login(official)
    html = client.post(f"/dashboard/call/{branch.terms.get().membership.person.public_id}/").content.decode()

    assert html.count(f'href="{dashboard_url(branch)}"') == 2
    assert "查看号码已记入日志" in words(html)
