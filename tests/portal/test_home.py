"""Home leads each role to the page that answers its question."""

import pytest
from django.test import Client
from django.urls import reverse

from branches.access import Role
from portal.accounts.models import User
from tests.factories import give, make_user
from tests.personas import City


@pytest.mark.parametrize(
    ("role", "page"),
    [
        ("organiser", "activities:today"),
        ("reviewer", "activities:review_list"),
        ("official", "portal:dashboard"),
        ("liaison", "portal:dashboard"),
        ("community_secretary", "portal:dashboard"),
        ("shift_leader", "portal:dashboard"),
        ("administrator", "accounts:user_list"),
        ("security", "accounts:user_list"),
        ("system_keeper", "accounts:user_list"),
        ("auditor", "portal:audit_list"),
    ],
)
def test_home_leads_each_role_to_its_page(role: str, page: str, request: pytest.FixtureRequest) -> None:
    client = Client()
    client.force_login(request.getfixturevalue(role))
    response = client.get("/")
    assert response.status_code == 302
    assert response["Location"] == reverse(page)


def test_who_files_and_reads_files_first(city: City, organiser: User) -> None:
    give(organiser, Role.OFFICIAL, city.city)
    client = Client()
    client.force_login(organiser)
    assert client.get("/")["Location"] == reverse("activities:today")


def test_a_member_comes_to_their_own_page(member: User) -> None:
    assert member.person is not None
    client = Client()
    client.force_login(member)
    assert client.get("/")["Location"] == reverse("members:person_detail", args=[member.person.public_id])


def test_who_holds_no_grant_is_told_whom_to_ask(db: None) -> None:
    client = Client()
    client.force_login(make_user("nobody"))
    response = client.get("/")
    assert response.status_code == 200
    assert "nobody" in response.content.decode()


def test_home_asks_for_a_sign_in(db: None) -> None:
    assert reverse("accounts:sign_in") in Client().get("/")["Location"]
