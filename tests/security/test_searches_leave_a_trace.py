"""Whoever looks for people by name leaves one line in the audit log: who searched and whom it showed, never the name."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.factories import make_person, make_user
from tests.light_client import Browser, session_of
from tests.personas import City

pytestmark = pytest.mark.django_db

LOOKED_FOR = "瞿寻之"


def page(user: User, address: str, query: dict[str, str] | None = None) -> str:
    """Open a page in Chinese, as `user`."""
    response: Any = Browser(session_of(user)).get(address, query or {}, headers={"accept-language": "zh-hans"})
    assert response.status_code == 200
    return str(response.content.decode())


@pytest.fixture
def trace_of(branch: Branch) -> Callable[[User, str], dict[str, Any]]:
    """Return the details of the one line that a user has left, which names nobody in words."""

    def trace(user: User, action: str) -> dict[str, Any]:
        # Sessions of tests are made without signing in, and so without a line.
        entry = AuditEntry.objects.get(actor=user)
        assert entry.action == action
        assert LOOKED_FOR not in str(entry.details)
        return dict(entry.details)

    return trace


@pytest.mark.parametrize("address", ["portal:search", "members:person_list"])
@pytest.mark.parametrize("looked_for", [LOOKED_FOR, "没有此人"])
def test_a_search_for_people_is_logged_with_whom_it_showed(official: User, branch: Branch, city: City, trace_of: Any, address: str, looked_for: str) -> None:
    wanted = make_person(LOOKED_FOR, city.company, branch)
    make_person("另一人", city.company, branch)

    shown = page(official, reverse(address), {"q": looked_for, "name": looked_for})

    found = [str(wanted.public_id)] if looked_for == LOOKED_FOR else []
    assert all(identifier in shown for identifier in found)
    assert trace_of(official, "names.searched") == {"shown": found}


@pytest.mark.usefixtures("branch")
@pytest.mark.parametrize("address", ["portal:search", "members:person_list"])
def test_a_page_without_a_name_to_look_for_is_no_search(official: User, address: str) -> None:
    page(official, reverse(address), {"q": " ", "name": ""})
    assert not AuditEntry.objects.exists()


def test_a_search_for_accounts_is_logged_with_those_it_showed(trace_of: Any) -> None:
    keeper, wanted = make_user("keeper", (Role.SYSTEM, None)), make_user(LOOKED_FOR)
    page(keeper, reverse("accounts:user_list"), {"q": LOOKED_FOR})
    assert trace_of(keeper, "user.searched") == {"shown": [str(wanted.public_id)]}


@pytest.mark.parametrize("looked_for", [LOOKED_FOR, "没有此人"])
def test_a_search_over_the_api_is_logged_of_people_too(official: User, branch: Branch, city: City, trace_of: Any, looked_for: str) -> None:
    wanted = make_person(LOOKED_FOR, city.company, branch)
    page(official, reverse("members-api:person-list"), {"name": looked_for})
    details = trace_of(official, "api.pulled")
    assert details["parameters"] == {"name": "…"}
    assert details["shown"] == ([str(wanted.public_id)] if looked_for == LOOKED_FOR else [])


def test_the_auditor_reads_on_the_page_of_somebody_who_found_them(official: User, auditor: User, branch: Branch, city: City) -> None:
    wanted, other = make_person(LOOKED_FOR, city.company, branch), make_person("另一人", city.company, branch)
    page(official, reverse("members:person_list"), {"name": LOOKED_FOR})
    searched, who = "按姓名或地名搜索", official.name or official.username

    of_wanted = page(auditor, reverse("portal:audit_object", args=[wanted.public_id]))
    assert of_wanted.count(searched) == 1
    assert who in of_wanted
    assert searched not in page(auditor, reverse("portal:audit_object", args=[other.public_id]))


def test_a_search_in_the_log_leads_to_those_it_showed_and_says_when_there_were_none(official: User, auditor: User, branch: Branch, city: City) -> None:
    people = [make_person(f"{LOOKED_FOR}{number}", city.company, branch) for number in range(25)]
    for name in (LOOKED_FOR, "没有此人"):
        page(official, reverse("members:person_list"), {"name": name})

    log = page(auditor, reverse("portal:audit_list"), {"action": "names.searched"})
    links = [person for person in people if reverse("portal:audit_object", args=[person.public_id]) in log]
    assert len(links) == 20
    assert "另有 5 项" in log
    assert "搜到：无" in log


@pytest.mark.usefixtures("branch")
def test_whom_a_search_showed_is_found_by_an_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT FROM foundation_auditentry WHERE object_id = %s OR (details ? 'shown' AND (details -> 'shown') @> %s::jsonb)",
            ["01890a5d-ac96-774b-bcce-b302099a8110", '["01890a5d-ac96-774b-bcce-b302099a8110"]'],
        )
        assert "audit_by_shown" in "".join(row[0] for row in cursor.fetchall())
