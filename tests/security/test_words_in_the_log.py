"""Nothing that somebody types into an address comes into the log, which nobody can erase; whichever file is taken."""

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch

from branches.access import Role
from portal.foundation import audit
from portal.foundation.models import AuditEntry
from tests.factories import make_user
from tests.personas import City

NAME, TELEPHONE = "张三小羊", "13812345678"


def files(resolver: Any = None, spaces: tuple[str, ...] = ()) -> list[str]:
    found = []
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLResolver):
            found += files(each, (*spaces, each.namespace) if each.namespace else spaces)
        elif (name := str(each.name or "")).endswith("_export"):
            found.append(":".join((*spaces, name)))
    return found


@pytest.mark.django_db
def test_no_file_leaves_words_of_its_address_in_the_log(city: City, catalogue: None) -> None:
    users = [make_user(role, (role, city.north)) for role in (Role.OFFICIAL, Role.REVIEWER)]
    users += [make_user(role, (role, None)) for role in (Role.AUDITOR, Role.SECURITY)]
    clients = [Client() for _user in users]
    for client, user in zip(clients, users, strict=True):
        client.force_login(user)
    taken = set()
    for name in files():
        try:
            address = reverse(name, kwargs={} if name.startswith("portal:audit") else {"format": "csv"})
        except NoReverseMatch:  # of something in particular
            continue
        for client in clients:
            response = client.get(address, {"q": NAME, "name": NAME, "anything": NAME, NAME: "x", "tel": TELEPHONE})
            if response.status_code == 200:
                b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
                taken.add(name)

    assert len(taken) > 5
    log = str(list(AuditEntry.objects.values_list("action", "details")))
    assert NAME not in log
    assert "%E5%BC%A0" not in log
    assert TELEPHONE not in log


def test_what_a_file_was_filtered_by_is_told_without_words() -> None:
    asked = QueryDict("state=open&since=2020-03-06&branch=01890a5d-ac96-774b-bcce-b302099a80b0&page=12&q=open&other=张三&tel=13812345678&张=1&x=Zhang San")
    assert audit.told(asked).dict() == {
        "state": "open",
        "since": "2020-03-06",
        "branch": "01890a5d-ac96-774b-bcce-b302099a80b0",
        "page": "12",
        "q": "…",
        "other": "…",
        "tel": "…",
        "x": "…",
    }
