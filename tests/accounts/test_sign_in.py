"""Signing in and out, the lock, the way back, and the password page."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.factories import PASSWORD, make_user

SIGN_IN = "/account/sign-in/"


def sign_in(client: Client, username: str, password: str = PASSWORD, **extra: str) -> "object":
    return client.post(
        SIGN_IN, {"username": username, "password": password, **{k: v for k, v in extra.items() if k == "next"}}, REMOTE_ADDR=extra.get("address", "10.0.0.1")
    )


def status(response: object) -> int:
    return int(response.status_code)  # type: ignore[attr-defined]


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_a_page_behind_the_wall_leads_to_sign_in_and_back(client: Client, db: None) -> None:
    make_user("anna")

    wall = client.get("/account/?a=1&b=2")
    assert wall["Location"] == f"{SIGN_IN}?next=/account/%3Fa%3D1%26b%3D2"
    page = client.get(wall["Location"])
    assert '<input type="hidden" name="next" value="/account/?a=1&amp;b=2">' in page.content.decode()

    assert sign_in(client, "anna", next="/account/?a=1&b=2")["Location"] == "/account/?a=1&b=2"  # type: ignore[index]
    assert actions() == ["account.signed_in"]
    assert AuditEntry.objects.get().address == "10.0.0.1"


def test_a_form_sent_after_the_session_was_lost_comes_back_as_the_page_it_was_typed_on(client: Client, db: None) -> None:
    sent = client.post("/account/users/add/", {"name": "x"}, headers={"referer": "http://testserver/account/users/?q=1"})
    assert sent["Location"] == f"{SIGN_IN}?next=/account/users/%3Fq%3D1"

    elsewhere = client.post("/account/users/add/", {"name": "x"}, headers={"referer": "https://elsewhere.example/trap"})
    assert elsewhere["Location"] == f"{SIGN_IN}?next=/account/users/add/"


@pytest.mark.parametrize("trap", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)", "http:///x", "/\\elsewhere.example"])
def test_next_never_leads_to_another_site(client: Client, db: None, trap: str) -> None:
    make_user("anna")

    assert sign_in(client, "anna", next=trap)["Location"] == reverse(settings.LOGIN_REDIRECT_URL)  # type: ignore[index]


def test_a_wrong_password_keeps_the_account_typed_and_is_in_the_audit_log_without_it(client: Client, db: None) -> None:
    anna = make_user("anna")

    response = client.post(SIGN_IN, {"username": "anna", "password": "wrong"})

    assert response.status_code == 422
    assert 'value="anna"' in response.content.decode()
    sign_in(client, "my-password-typed-in-the-wrong-field", "x")
    known, unknown = AuditEntry.objects.order_by("id")
    assert (known.action, known.object_id, known.actor) == ("account.sign_in_failed", anna.public_id, None)
    assert (unknown.object_id, unknown.details) == (None, {})


def test_five_wrong_passwords_lock_this_account_from_this_address_only(client: Client, db: None) -> None:
    make_user("anna")
    make_user("berta")
    for _attempt in range(4):
        assert status(sign_in(client, "anna", "wrong")) == 422

    locked = client.post(SIGN_IN, {"username": "anna", "password": "wrong"}, REMOTE_ADDR="10.0.0.1")
    assert locked.status_code == 429
    assert 0 < int(locked["Retry-After"]) <= 900
    until = timezone.localtime(timezone.now() + timedelta(seconds=int(locked["Retry-After"])))
    assert any(f"{moment:%H:%M}" in locked.content.decode() for moment in (until, until - timedelta(minutes=1)))
    assert status(sign_in(client, "anna")) == 429  # the right password does not open it

    assert status(sign_in(client, "berta")) == 302
    assert status(sign_in(Client(), "anna", address="10.0.0.2")) == 302
    assert "account.locked_out" in actions()


@pytest.mark.parametrize(
    ("addresses", "locked"),
    [([f"2001:db8:1:2::{number:x}" for number in range(6)], True), ([f"2001:db8:1:{number:x}::1" for number in range(6)], False)],
    ids=["one line", "six lines"],
)
def test_one_line_of_ipv6_has_five_tries_and_not_five_from_each_of_its_addresses(client: Client, db: None, addresses: list[str], locked: bool) -> None:
    make_user("anna")
    tries = [status(sign_in(client, "anna", "wrong", address=address)) for address in addresses]

    assert tries == ([422, 422, 422, 422, 429, 429] if locked else [422] * 6)
    assert status(sign_in(client, "anna", address="10.0.0.2")) == 302
    # The audit log has the whole address.
    assert AuditEntry.objects.filter(address=addresses[0]).exists()


def test_trying_during_the_lock_does_not_lengthen_it(client: Client, db: None) -> None:
    make_user("anna")
    for _attempt in range(5):
        sign_in(client, "anna", "wrong")
    from axes.models import AccessAttempt

    locked_at = AccessAttempt.objects.get().attempt_time

    sign_in(client, "anna", "wrong")
    assert AccessAttempt.objects.get().attempt_time == locked_at

    AccessAttempt.objects.update(attempt_time=timezone.now() - settings.AXES_COOLOFF_TIME - timedelta(seconds=1))
    assert status(sign_in(client, "anna")) == 302


def test_behind_a_proxy_the_address_is_what_the_proxy_saw_not_what_the_client_wrote(client: Client, db: None) -> None:
    make_user("anna")

    with override_settings(PROXY_COUNT=1):
        client.post(SIGN_IN, {"username": "anna", "password": PASSWORD}, REMOTE_ADDR="127.0.0.1", headers={"x-forwarded-for": "1.1.1.1, 10.9.9.9"})
    assert AuditEntry.objects.get().address == "10.9.9.9"

    client.post(SIGN_IN, {"username": "anna", "password": PASSWORD}, REMOTE_ADDR="10.0.0.7", headers={"x-forwarded-for": "1.1.1.1"})
    assert AuditEntry.objects.order_by("-id")[0].address == "10.0.0.7"


def test_a_closed_account_and_a_machine_cannot_sign_in(client: Client, db: None) -> None:
    make_user("closed", is_active=False)
    machine = make_user("machine", is_machine=True)
    machine.set_unusable_password()
    machine.save()

    assert status(sign_in(client, "closed")) == 422
    assert status(sign_in(client, "machine", "")) == 422


def test_signing_out_takes_a_form_and_is_in_the_audit_log(client: Client, db: None) -> None:
    client.force_login(make_user("anna"))

    assert client.get("/account/sign-out/").status_code == 405
    assert client.post("/account/sign-out/")["Location"] == SIGN_IN
    assert client.get("/account/").status_code == 302
    assert actions() == ["account.signed_out"]


def test_the_language_is_switched_before_sign_in(client: Client, db: None) -> None:
    assert "登录" in client.get(SIGN_IN).content.decode()

    response = client.post("/i18n/setlang/", {"language": "en", "next": SIGN_IN})
    assert response["Location"] == SIGN_IN
    assert "Sign in" in client.get(SIGN_IN).content.decode()


def test_the_language_of_the_profile_speaks_after_sign_in_unless_another_was_chosen_on_the_way(client: Client, db: None) -> None:
    make_user("anna", language="en")

    sign_in(client, "anna")
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"

    other = Client()
    other.post("/i18n/setlang/", {"language": "zh-hans", "next": SIGN_IN})
    sign_in(other, "anna")
    assert other.cookies[settings.LANGUAGE_COOKIE_NAME].value == "zh-hans"


def test_a_password_that_somebody_else_chose_is_replaced_first(client: Client, db: None) -> None:
    anna = make_user("anna", must_change_password=True)
    client.force_login(anna)

    led = client.get("/account/users/?q=1")
    assert led["Location"] == "/account/password/?next=/account/users/%3Fq%3D1"
    page = client.get(led["Location"])
    assert "10" in page.content.decode()  # the rules are on the page
    refused = client.get("/api/v1/branches/")
    assert (refused.status_code, refused.json()["type"]) == (403, "/api/v1/problems/password-first/")

    new = {"present": PASSWORD, "password": "plum-tree-in-march", "repeated": "plum-tree-in-march", "next": "/account/"}
    assert client.post("/account/password/", new)["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    anna.refresh_from_db()
    assert anna.check_password("plum-tree-in-march")
    assert not anna.must_change_password


@pytest.mark.parametrize(
    ("change", "field"),
    [({"present": "wrong"}, "present"), ({"password": "short", "repeated": "short"}, "password"), ({"repeated": "other-than-that"}, "repeated")],
)
def test_a_bad_change_of_password_is_refused_beside_its_field(client: Client, db: None, change: dict[str, str], field: str) -> None:
    anna = make_user("anna")
    client.force_login(anna)

    response = client.post("/account/password/", {"present": PASSWORD, "password": "plum-tree-in-march", "repeated": "plum-tree-in-march", **change})

    assert response.status_code == 422
    assert set(response.context["form"].errors) == {field}
    assert User.objects.get().check_password(PASSWORD)


def test_whoever_sits_at_a_desk_that_was_left_open_cannot_try_passwords_on_the_page_that_changes_them(client: Client, db: None) -> None:
    anna = make_user("anna")
    client.force_login(anna)
    tries = [client.post("/account/password/", {"present": f"guess-{number}", "password": "x", "repeated": "x"}).status_code for number in range(6)]
    right = client.post("/account/password/", {"present": PASSWORD, "password": "plum-tree-in-march", "repeated": "plum-tree-in-march"})

    assert tries == [422, 422, 422, 422, 429, 429]
    assert right.status_code == 429
    assert User.objects.get().check_password(PASSWORD)


def test_changing_the_password_signs_other_devices_out(client: Client, db: None) -> None:
    make_user("anna")
    other = Client()
    sign_in(client, "anna")
    sign_in(other, "anna")

    client.post("/account/password/", {"present": PASSWORD, "password": "plum-tree-in-march", "repeated": "plum-tree-in-march"})

    assert client.get("/account/").status_code == 200
    assert other.get("/account/").status_code == 302
