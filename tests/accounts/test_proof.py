"""Before a file, a grant or a reset, whoever is signed in proves once more who they are; nothing that was typed is lost over it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from knox.models import AuthToken

from branches.models import Branch
from portal.accounts.models import User
from portal.accounts.proof import FIELD, HOLDS
from portal.foundation.models import AuditEntry
from portal.foundation.proof import FILE, PAGE, proof_before
from tests.accounts.telephone import enrolled
from tests.factories import PASSWORD
from tests.personas import City, Clock

pytestmark = pytest.mark.django_db

PROVE = "/account/prove/"
SECOND = timedelta(seconds=1)
ASKED_BEFORE_A_PAGE = {
    "accounts:user_add", "accounts:user_reset", "accounts:factor_reset", "accounts:grant_add", "accounts:token_add", "accounts:import_detail",
    "accounts:code_print", "branches:end_letter", "accounts:second_enrol", "accounts:second_remove", "accounts:recovery_renew",
    "accounts:user_set_active", "branches:end_reopen", "retention:hold_lift", "activities-api:entry-pull",
}  # fmt: skip


def marked(resolver: URLResolver | None = None, spaces: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for each in (resolver or get_resolver()).url_patterns:
        if isinstance(each, URLResolver):
            yield from marked(each, (*spaces, each.namespace) if each.namespace else spaces)
        else:
            assert isinstance(each, URLPattern)
            yield ":".join((*spaces, each.name or "")), proof_before(each.callback, "GET") or proof_before(each.callback, "POST")


@pytest.fixture
def later(clock: Clock) -> Any:
    """Let ten minutes pass."""
    return lambda: clock.move_to(clock.now() + HOLDS)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_every_export_and_each_act_that_hands_out_rights_is_asked_for() -> None:
    found = dict(marked())

    assert {name for name, answers in found.items() if answers == FILE} == {"branches:end_pack", *(name for name in found if name.endswith("_export"))}
    assert {name for name, answers in found.items() if answers == PAGE} >= ASKED_BEFORE_A_PAGE


def test_a_file_is_sent_within_ten_minutes_and_asked_for_afterwards(clock: Clock, official: User, city: City) -> None:
    client = signed_in(official)
    file = reverse("portal:dashboard_export", args=["region", city.north.public_id, "csv"])
    clock.move_to(clock.now() + HOLDS - SECOND)
    assert client.get(file)["Content-Disposition"].startswith("attachment")
    clock.move_to(clock.now() + SECOND)

    asked = client.get(f"{file}?table=days", headers={"referer": "http://testserver/dashboard/"})
    refused = client.post(asked["Location"], {FIELD: "wrong", "next": f"{file}?table=days", "back": "/dashboard/"})
    done = client.post(asked["Location"], {FIELD: PASSWORD, "next": f"{file}?table=days", "back": "/dashboard/"})

    assert asked["Location"].startswith(f"{PROVE}?next=")
    assert refused.status_code == 422
    page = done.content.decode()
    assert f'content="0;url={file}?table=days"' in page
    assert 'href="/dashboard/"' in page
    assert client.get(file)["Content-Disposition"].startswith("attachment")


def test_nothing_that_was_typed_stays_with_a_wrong_password(later: Any, security: User, organiser: User) -> None:
    client = signed_in(security)
    own = {"present": "typed-into-present", "password": "typed-as-new-one", "repeated": "typed-as-new-one"}
    assert client.post("/account/password/?seen=typed-into-query", own).status_code == 422
    later()
    waiting = {FIELD: "typed-as-proof", "reason": "typed-into-the-form"}
    assert client.post(f"/account/users/{organiser.public_id}/grants/add/", waiting).status_code == 422

    kept = list(AccessAttempt.objects.values())
    assert sum(row["failures_since_start"] for row in kept) == 2
    assert "typed" not in str(kept)
    # What waits is still there.
    assert b"typed-into-the-form" in client.post(f"/account/users/{organiser.public_id}/grants/add/", waiting).content


def test_an_account_is_closed_at_once_and_opened_with_a_proof(later: Any, system_keeper: User, organiser: User) -> None:
    client, address = signed_in(system_keeper), f"/account/users/{organiser.public_id}/active/"
    later()

    assert client.post(address, {"active": "0"}).status_code == 302
    assert not User.objects.get(pk=organiser.pk).is_active
    assert client.post(address, {"active": "1"}).status_code == 403
    assert not User.objects.get(pk=organiser.pk).is_active
    assert client.post(address, {"active": "1", FIELD: PASSWORD}).status_code == 302
    assert User.objects.get(pk=organiser.pk).is_active


def test_a_page_that_is_asked_for_is_where_one_comes_to(later: Any, security: User, organiser: User) -> None:
    client = signed_in(security)
    page = f"/account/users/{organiser.public_id}/grants/add/"
    later()

    asked = client.get(page)
    done = client.post(asked["Location"], {FIELD: PASSWORD, "next": page})

    assert done["Location"] == page
    assert client.get(page).status_code == 200


def test_what_was_typed_waits_in_the_form_that_asks(later: Any, security: User, organiser: User, city: City) -> None:
    client = signed_in(security)
    page = f"/account/users/{organiser.public_id}/grants/add/"
    later()
    sent = {"role": "official", "scope": city.north.name, "first": "2020-03-06", "last": "2020-03-31"}

    asked = client.post(page, sent)
    assert asked.status_code == 403
    for name, value in sent.items():
        assert f'<input type="hidden" name="{name}" value="{value}">' in asked.content.decode()
    assert client.post(page, {**sent, FIELD: "wrong"}).status_code == 422
    assert organiser.grants.count() == 1

    assert client.post(page, {**sent, FIELD: PASSWORD}).status_code == 302
    assert organiser.grants.filter(role="official", region=city.north).exists()
    assert client.post(page, {**sent, "role": "organiser", "scope": "没有"}).status_code == 422  # asked for no more: the form itself is wrong now


def test_whoever_has_a_second_factor_types_a_code_and_not_the_password(clock: Clock, later: Any, security: User) -> None:
    telephone, _codes = enrolled(security)
    client = Client()
    client.post("/account/sign-in/", {"username": security.username, "password": PASSWORD})
    clock.move_to(clock.now() + timedelta(seconds=30))
    client.post("/account/second-step/", {"code": telephone.code()})
    page = "/account/security/recovery-codes/"
    assert client.post(page).status_code == 200
    later()

    assert client.post(page).status_code == 403
    assert client.post(page, {FIELD: PASSWORD}).status_code == 422
    assert client.post(page, {FIELD: telephone.code()}).status_code == 200


def test_a_remembered_device_lets_in_and_proves_nothing(clock: Clock, organiser: User) -> None:
    telephone, _codes = enrolled(organiser)
    client, credentials = Client(), {"username": organiser.username, "password": PASSWORD}
    client.post("/account/sign-in/", credentials)
    clock.move_to(clock.now() + timedelta(seconds=30))
    client.post("/account/second-step/", {"code": telephone.code(), "remember": "on"})
    client.post("/account/sign-out/")
    client.post("/account/sign-in/", credentials)

    assert client.get("/account/").status_code == 200
    assert client.post("/account/security/recovery-codes/").status_code == 403


def test_guessing_the_password_here_locks_the_account_as_at_the_sign_in(later: Any, security: User) -> None:
    client = signed_in(security)
    later()
    answers = [client.post("/account/users/add/", {FIELD: "wrong"}).status_code for _attempt in range(6)]

    assert answers[0] == 422
    assert answers[-1] == 429
    assert AuditEntry.objects.filter(action="account.proof_refused").exists()


@pytest.mark.parametrize("trap", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"])
def test_neither_the_way_on_nor_the_way_back_leads_to_another_site(trap: str, organiser: User) -> None:
    client = signed_in(organiser)

    assert client.post(PROVE, {FIELD: PASSWORD, "next": trap})["Location"] == "/"
    page = client.get(f"{PROVE}?next=/&back={trap}").content.decode()
    assert f'href="{trap}"' not in page
    assert '<input type="hidden" name="back" value="/">' in page


def test_the_api_names_the_problem_to_a_session_and_asks_no_machine(later: Any, official: User, client_machine: User, branch: Branch) -> None:
    client, address = signed_in(official), reverse("activities-api:entry-pull")
    token = AuthToken.objects.create(user=client_machine)[1]
    assert client.get(address).status_code == 200
    later()

    refused = client.get(address)

    assert (refused.status_code, refused.json()["type"]) == (403, "/api/v1/problems/proof-needed/")
    assert client.get(address, headers={"authorization": "Basic x"}).status_code == 403
    assert client.get(reverse("branches-api:branch-list")).status_code == 200
    assert Client().get(address, headers={"authorization": f"Token {token}"}).status_code == 200
