"""Activation codes: single use, expiring, counted, and read as a person types them."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts import services
from portal.accounts.models import ActivationCode, User
from portal.foundation import codes
from portal.foundation.errors import Conflict
from portal.foundation.models import AuditEntry
from tests.accounts.threads import at_once
from tests.factories import make_user
from tests.personas import Clock

ACTIVATE = "/account/activate/"
NEW = "plum-tree-in-march"


def issue(user: User) -> str:
    return services.issue_activation_codes(made_by=None, users=[user])[0].code


@pytest.fixture
def newcomer(db: None) -> User:
    user = make_user("newcomer", name="王五")
    user.set_unusable_password()
    user.save()
    return user


@given(st.text(codes.ALPHABET, min_size=codes.LENGTH, max_size=codes.LENGTH), st.data())
def test_a_code_is_read_however_it_is_typed(plain: str, data: st.DataObject) -> None:
    code = codes.grouped(plain)
    typed = "".join(
        data.draw(st.sampled_from([character, character.lower(), chr(ord(character) + 0xFEE0), *{"0": "Oo", "1": "IiLl"}.get(character, "")]))
        if character != "-"
        else data.draw(st.sampled_from(["-", "", " ", "－", "—"]))
        for character in code
    )

    assert codes.hash_of(typed, "a") == codes.hash_of(code, "a") != codes.hash_of(code, "b")


def test_codes_have_60_bits_and_no_letter_that_reads_as_a_digit() -> None:
    assert len(codes.ALPHABET) ** codes.LENGTH == 2**60
    assert not set("ILOU") & set(codes.ALPHABET)
    assert len({codes.new_code() for _number in range(1000)}) == 1000


def test_a_code_chooses_a_password_and_signs_in_once(client: Client, newcomer: User) -> None:
    sent = {"code": issue(newcomer), "password": NEW, "repeated": NEW}

    assert client.post(ACTIVATE, sent).status_code == 302
    assert client.get("/account/").context["user"] == newcomer
    newcomer.refresh_from_db()
    assert newcomer.check_password(NEW)

    again = Client().post(ACTIVATE, sent)
    assert again.status_code == 422
    assert set(again.context["form"].errors) == {"code"}


def test_a_weak_password_spends_neither_the_code_nor_a_try(client: Client, newcomer: User) -> None:
    code = issue(newcomer)

    weak = client.post(ACTIVATE, {"code": code, "password": "1234567890", "repeated": "1234567890"})

    assert weak.status_code == 422
    assert set(weak.context["form"].errors) == {"password"}
    assert code in weak.content.decode()  # nothing typed is lost
    assert not AuditEntry.objects.filter(action="activation.refused").exists()
    assert client.post(ACTIVATE, {"code": code, "password": NEW, "repeated": NEW}).status_code == 302


def test_a_code_runs_out_after_fourteen_days(newcomer: User, clock: Clock) -> None:
    code = issue(newcomer)

    clock.move_to(clock.moment + timedelta(days=14))

    with pytest.raises(ValidationError):
        services.activate(code=code, password=NEW)


def test_a_closed_account_is_not_opened_by_a_code(newcomer: User) -> None:
    code = issue(newcomer)
    User.objects.update(is_active=False)

    with pytest.raises(ValidationError):
        services.activate(code=code, password=NEW)


def test_only_a_hash_is_stored(newcomer: User) -> None:
    code = issue(newcomer)

    stored = str(ActivationCode.objects.values_list().get())
    assert code not in stored
    assert codes.normalised(code) not in stored


def test_ten_wrong_codes_make_this_address_wait_and_no_other(client: Client, newcomer: User, clock: Clock) -> None:
    sent = {"password": NEW, "repeated": NEW}
    for _number in range(10):
        assert client.post(ACTIVATE, {**sent, "code": codes.new_code()}, REMOTE_ADDR="10.0.0.1").status_code == 422

    code = issue(newcomer)
    waits = client.post(ACTIVATE, {**sent, "code": code}, REMOTE_ADDR="10.0.0.1")
    assert waits.status_code == 429
    assert waits["Retry-After"] == "900"
    assert "21:15" in waits.content.decode()
    with pytest.raises(Conflict):
        services.activate(code=code, password=NEW, address="10.0.0.1")

    clock.move_to(clock.moment + timedelta(minutes=15))
    assert client.post(ACTIVATE, {**sent, "code": codes.new_code()}, REMOTE_ADDR="10.0.0.1").status_code == 422
    assert client.post(ACTIVATE, {**sent, "code": code}, REMOTE_ADDR="10.0.0.2").status_code == 302


def test_a_locked_account_is_opened_by_a_new_code_at_once(client: Client, newcomer: User) -> None:
    for _attempt in range(5):
        locked = client.post("/account/sign-in/", {"username": "newcomer", "password": "forgotten"})
    assert locked.status_code == 429

    assert client.post(ACTIVATE, {"code": issue(newcomer), "password": NEW, "repeated": NEW}).status_code == 302
    assert Client().post("/account/sign-in/", {"username": "newcomer", "password": NEW}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_a_code_at_once_one_gets_it() -> None:
    newcomer = make_user("newcomer")
    code = issue(newcomer)

    outcomes = at_once(
        lambda: services.activate(code=code, password="the-first-password"),
        lambda: services.activate(code=code, password="the-second-password"),
    )

    assert sorted(outcomes) == ["ValidationError", "done"]
    assert AuditEntry.objects.filter(action="account.activated").count() == 1
