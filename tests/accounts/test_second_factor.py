"""The second factor: who needs it, how it is set up and asked for, what its codes are worth, and what happens when they are lost."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client, override_settings
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from knox.models import AuthToken

from branches.access import SECOND_FACTOR_ROLES, SEPARATE_ROLES, Role
from portal.accounts import factors
from portal.accounts.middleware import OPEN_BEFORE_THE_CODE
from portal.accounts.models import Alert, Device, RecoveryCode, SecondFactor, Session, User
from portal.accounts.sealing import CannotOpenError, seal, unseal
from portal.accounts.services import create_user
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from tests.accounts.telephone import ENROL, Telephone, enrol_by_hand, enrolled, secret_on
from tests.accounts.threads import at_once
from tests.factories import PASSWORD, give, make_user, since
from tests.personas import City, Clock

pytestmark = pytest.mark.django_db

SIGN_IN, STEP, SECURITY = "/account/sign-in/", "/account/second-step/", "/account/security/"
HALF_A_MINUTE = timedelta(seconds=30)
NEEDS_IT = sorted(SECOND_FACTOR_ROLES)
NEEDS_NONE = sorted(set(Role) - SECOND_FACTOR_ROLES - {Role.CLIENT})


@pytest.fixture(autouse=True)
def _in_real_work() -> Iterator[None]:
    with override_settings(SECOND_FACTOR=True):
        yield


@pytest.fixture(autouse=True)
def held(clock: Clock) -> Clock:
    return clock


def by_password(user: User, client: Client | None = None) -> Client:
    client = client or Client()
    assert client.post(SIGN_IN, {"username": user.username, "password": PASSWORD}).status_code == 302
    return client


def holder(role: Role, city: City) -> User:
    user = make_user(f"holder-{role}")
    give(user, role, None if role in SEPARATE_ROLES else city.street)
    return user


def addresses() -> Iterator[tuple[str, str]]:
    """Every page and every address of the API, with whatever stands in it."""

    def walk(resolver: URLResolver, spaces: tuple[str, ...]) -> Iterator[tuple[str, URLPattern]]:
        for each in resolver.url_patterns:
            if isinstance(each, URLResolver):
                yield from walk(each, (*spaces, each.namespace) if each.namespace else spaces)
            else:
                yield ":".join((*spaces, each.name or "")), each

    made_up: dict[str, Any] = {"uuid": UUID(int=7), "str": "csv", "int": 1, "slug": "x", "day": "2020-03-06"}
    for name, pattern in walk(get_resolver(), ()):
        named = {key: made_up.get(type(converter).__name__.removesuffix("Converter").lower(), "x") for key, converter in pattern.pattern.converters.items()}
        try:
            yield name, reverse(name, kwargs=named)
        except NoReverseMatch:
            yield name, ""


def lets_in(name: str, client: Client, address: str) -> bool:
    """Whether an address answers with anything but the way to the second factor."""
    response = client.get(address)
    if address.startswith("/api/"):
        return not (response.status_code == 403 and response.json()["type"] == "/api/v1/problems/second-factor-first/")
    return not (response.status_code == 302 and response["Location"].startswith((ENROL, STEP)))


@pytest.mark.parametrize("role", NEEDS_IT)
def test_whoever_needs_a_second_factor_reaches_nothing_before_it(role: Role, city: City) -> None:
    client = by_password(holder(role, city))
    every = list(addresses())
    assert len(every) > 150

    reached = {name for name, address in every if address and lets_in(name, client, address)}

    assert reached == OPEN_BEFORE_THE_CODE
    assert client.get("/")["Location"] == f"{ENROL}?next=/"


@pytest.mark.parametrize("role", NEEDS_NONE)
def test_whoever_needs_none_is_let_in_by_the_password_and_may_set_one_up(role: Role, city: City) -> None:
    user = holder(role, city)
    client = by_password(user)
    assert client.get("/account/").status_code == 200

    enrol_by_hand(client)

    assert client.get("/account/").status_code == 200
    assert by_password(user).get("/account/")["Location"] == f"{STEP}?next=/account/"


@pytest.mark.parametrize("role", NEEDS_IT)
def test_a_role_that_is_given_meanwhile_asks_for_it_at_the_next_request(role: Role, city: City) -> None:
    user = make_user("anna")
    client = by_password(user)
    assert client.get("/account/").status_code == 200

    give(user, role, None if role in SEPARATE_ROLES else city.street)

    assert client.get("/account/")["Location"].startswith(ENROL)


def test_a_role_that_ended_or_begins_later_asks_for_nothing(held: Clock, city: City) -> None:
    user = make_user("anna")
    give(user, Role.AUDITOR, None, during=since(held.today() + timedelta(days=1), held.today() + timedelta(days=9)))

    assert by_password(user).get("/account/").status_code == 200


def test_where_the_operator_does_not_ask_for_it_whoever_has_one_still_shows_it(reviewer: User, official: User) -> None:
    enrolled(reviewer)
    with override_settings(SECOND_FACTOR=False):
        assert by_password(official).get("/account/").status_code == 200
        assert by_password(reviewer).get("/account/")["Location"].startswith(STEP)


def test_a_machine_s_token_is_asked_for_no_code(client_machine: User) -> None:
    token = AuthToken.objects.create(user=client_machine)[1]

    assert Client().get("/api/v1/branches/", headers={"authorization": f"Token {token}"}).status_code == 200


def test_setting_it_up_leads_back_to_where_one_was_going(reviewer: User) -> None:
    client = by_password(reviewer)
    page = client.get(f"{ENROL}?next=/reports/review/").content.decode()
    telephone = Telephone(secret_on(page))
    assert '<svg class="qr"' in page or 'class="qr"' in page
    # The same secret again: whoever loads the page anew has scanned it already.
    assert secret_on(client.get(ENROL).content.decode()) == telephone.secret

    wrong = client.post(ENROL, {"code": "000000", "next": "/reports/review/"})
    done = client.post(ENROL, {"code": telephone.code(), "next": "/reports/review/"})

    assert wrong.status_code == 422
    assert 'href="/reports/review/"' in done.content.decode()
    assert client.get("/reports/review/").status_code == 200
    assert RecoveryCode.objects.filter(account=reviewer).count() == factors.RECOVERY_CODES
    assert "no-store" in done["Cache-Control"]


def test_the_password_and_a_code_let_in(reviewer: User, held: Clock) -> None:
    telephone, _codes = enrolled(reviewer)
    client = by_password(reviewer)
    key = client.cookies["sessionid"].value
    held.move_to(held.now() + HALF_A_MINUTE)

    assert client.post(STEP, {"code": "12 34"}).status_code == 422
    typed = telephone.code()
    passed = client.post(STEP, {"code": f"{typed[:3]} {typed[3:]}", "next": "/account/?a=1"})

    assert passed["Location"] == "/account/?a=1"
    assert client.get("/account/").status_code == 200
    assert client.cookies["sessionid"].value != key
    assert AuditEntry.objects.filter(action="second_factor.passed").exists()


def test_a_code_works_once_also_in_another_session(reviewer: User, held: Clock) -> None:
    telephone, _codes = enrolled(reviewer)
    held.move_to(held.now() + HALF_A_MINUTE)
    factors.check(user=reviewer, typed=telephone.code())

    with pytest.raises(ValidationError):
        factors.check(user=reviewer, typed=telephone.code())
    with pytest.raises(ValidationError):  # nor one before it
        factors.check(user=reviewer, typed=telephone.code(-1))


@pytest.mark.parametrize(("ahead", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_telephone_may_be_half_a_minute_off(ahead: int, taken: bool, reviewer: User, held: Clock) -> None:
    telephone, _codes = enrolled(reviewer)
    held.move_to(held.now() + timedelta(minutes=5))

    assert passes(reviewer, telephone.code(ahead)) == taken


def test_a_telephone_that_is_off_further_is_followed_step_by_step(reviewer: User, held: Clock) -> None:
    telephone, _codes = enrolled(reviewer)
    for drift in (1, 2, 3):
        held.move_to(held.now() + timedelta(minutes=5))
        assert passes(reviewer, telephone.code(drift))


def passes(user: User, typed: str) -> bool:
    try:
        factors.check(user=user, typed=typed)
    except ValidationError:
        return False
    return True


@pytest.mark.django_db(transaction=True)
def test_of_two_sessions_at_once_with_one_code_one_gets_in(held: Clock) -> None:
    user = make_user("anna")
    telephone, _codes = enrolled(user)
    held.move_to(held.now() + HALF_A_MINUTE)
    code = telephone.code()

    assert sorted(at_once(*[lambda: factors.check(user=user, typed=code)] * 2)) == ["ValidationError", "done"]


def test_after_five_wrong_codes_the_account_waits_longer_each_time(reviewer: User, held: Clock) -> None:
    telephone, codes = enrolled(reviewer)
    held.move_to(held.now() + HALF_A_MINUTE)
    for _attempt in range(factors.FREE_TRIES):
        assert not passes(reviewer, "000000")

    for minutes in (1, 2, 4, 8, 16, 32, 60, 60):
        with pytest.raises(Conflict) as wait:  # also for a right code, of either kind
            factors.check(user=reviewer, typed=telephone.code())
        with pytest.raises(Conflict):
            factors.check(user=reviewer, typed=codes[0])
        assert wait.value.current == held.now() + timedelta(minutes=minutes)
        held.move_to(wait.value.current)
        assert not passes(reviewer, "000000")

    held.move_to(held.now() + factors.LONGEST_WAIT)
    assert passes(reviewer, telephone.code())
    assert SecondFactor.objects.get().failures == 0
    assert Alert.objects.filter(kind=Alert.Kind.CODES_REFUSED).count() == 1


def test_the_page_says_how_long_to_wait(reviewer: User) -> None:
    enrolled(reviewer)
    client = by_password(reviewer)
    for _attempt in range(factors.FREE_TRIES):
        client.post(STEP, {"code": "000000"})

    assert "请 1 分钟后再试" in client.post(STEP, {"code": "000000"}).content.decode()


def test_a_recovery_code_lets_in_once_however_it_is_typed(reviewer: User) -> None:
    _telephone, codes = enrolled(reviewer)
    client = by_password(reviewer)

    assert client.post(STEP, {"code": codes[3].lower().replace("-", " ")}).status_code == 302
    assert client.get("/account/").status_code == 200
    assert by_password(reviewer).post(STEP, {"code": codes[3]}).status_code == 422
    alert = Alert.objects.get(kind=Alert.Kind.RECOVERY_USED)
    assert (alert.account, alert.details) == (reviewer, {"left": 9})
    assert not RecoveryCode.objects.filter(code_hash__in=codes).exists()


def test_new_recovery_codes_replace_the_old_ones(reviewer: User, official: User, held: Clock) -> None:
    _telephone, old = enrolled(reviewer)
    new = factors.renew_recovery_codes(user=reviewer)

    assert not passes(reviewer, old[0])
    assert passes(reviewer, new[0])
    with pytest.raises(Forbidden):
        factors.renew_recovery_codes(user=official)


def test_one_account_s_recovery_code_is_none_of_another_s(reviewer: User, official: User) -> None:
    _telephone, codes = enrolled(reviewer)
    enrolled(official)

    assert not passes(official, codes[0])
    assert passes(reviewer, codes[0])


def test_the_secret_is_sealed_in_the_database(reviewer: User, settings: Any) -> None:
    telephone, _codes = enrolled(reviewer)
    stored = SecondFactor.objects.get().secret

    assert telephone.secret not in stored
    with pytest.raises(CannotOpenError):
        unseal(stored, "another purpose")
    before, settings.SECRET_KEY = settings.SECRET_KEY, "n" * 60
    with pytest.raises(CannotOpenError):
        unseal(seal("x", "p")[:-2] + "xx", "p")
    assert not passes(reviewer, telephone.code(1))
    settings.SECRET_KEY_FALLBACKS = [before]
    assert passes(reviewer, telephone.code(1))


def test_a_second_setting_up_is_refused(reviewer: User) -> None:
    enrolled(reviewer)
    with pytest.raises(Conflict):
        enrolled(reviewer)


# --- Devices that are spared the code --------------------------------------------------------------------------------------


def step_on(client: Client, telephone: Telephone, **more: str) -> None:
    assert client.post(STEP, {"code": telephone.code(), **more}).status_code == 302


def test_a_remembered_device_is_spared_the_code_for_thirty_days(reviewer: User, held: Clock) -> None:
    telephone, _codes = enrolled(reviewer)
    client = by_password(reviewer)
    held.move_to(held.now() + HALF_A_MINUTE)
    step_on(client, telephone, remember="on")

    for after, spared in ((timedelta(days=29), True), (timedelta(days=2), False)):
        held.move_to(held.now() + after)
        client.post("/account/sign-out/")
        by_password(reviewer, client)
        assert (client.get("/account/").status_code == 200) == spared
    assert by_password(reviewer).get("/account/").status_code == 302  # another browser


def test_a_stolen_cookie_of_a_device_is_worth_nothing_to_another_account(reviewer: User, official: User, held: Clock) -> None:
    telephone, _codes = enrolled(reviewer)
    enrolled(official)
    client = by_password(reviewer)
    held.move_to(held.now() + HALF_A_MINUTE)
    step_on(client, telephone, remember="on")
    token = next(client.cookies[name].value for name in client.cookies if name.startswith("device_"))
    other = by_password(official)
    name = next(name for name in other.cookies if name.startswith("device_"))
    other.post("/account/sign-out/")
    other.cookies[name] = token

    assert by_password(official, other).get("/account/").status_code == 302
    assert not Device.objects.filter(token_hash=token).exists()


def test_a_new_password_spares_no_device_the_code(reviewer: User, held: Clock) -> None:
    telephone, _codes = enrolled(reviewer)
    client = by_password(reviewer)
    held.move_to(held.now() + HALF_A_MINUTE)
    step_on(client, telephone, remember="on")
    new = "eine lange losung 7"
    client.post("/account/password/", {"present": PASSWORD, "password": new, "repeated": new})
    client.post("/account/sign-out/")
    client.post(SIGN_IN, {"username": reviewer.username, "password": new})

    assert client.get("/account/")["Location"].startswith(STEP)


@pytest.mark.parametrize("role", sorted(SEPARATE_ROLES))
def test_whoever_holds_a_separate_role_types_the_code_every_time(role: Role, city: City, held: Clock) -> None:
    user = holder(role, city)
    telephone, _codes = enrolled(user)
    client = by_password(user)
    assert 'name="remember"' not in client.get(STEP).content.decode()
    held.move_to(held.now() + HALF_A_MINUTE)
    step_on(client, telephone, remember="on")
    client.post("/account/sign-out/")

    assert by_password(user, client).get("/account/")["Location"].startswith(STEP)


def test_a_session_that_was_spared_the_code_is_asked_for_it_once_its_holder_has_a_separate_role(reviewer: User, held: Clock) -> None:
    telephone, _codes = enrolled(reviewer)
    client = by_password(reviewer)
    held.move_to(held.now() + HALF_A_MINUTE)
    step_on(client, telephone, remember="on")
    client.post("/account/sign-out/")
    by_password(reviewer, client)
    assert client.get("/account/").status_code == 200
    give(reviewer, Role.AUDITOR, None)

    assert client.get("/audit/")["Location"].startswith(STEP)
    held.move_to(held.now() + HALF_A_MINUTE)
    step_on(client, telephone)
    assert client.get("/audit/").status_code == 200


# --- When it is lost, or no longer wanted ----------------------------------------------------------------------------------


def test_the_keeper_of_accounts_resets_it_and_the_person_is_told(system_keeper: User, reviewer: User) -> None:
    enrolled(reviewer)
    session = by_password(reviewer)

    factors.reset(actor=system_keeper, user=reviewer)

    assert not Session.objects.filter(account=reviewer).exists()
    assert session.get("/account/")["Location"].startswith(SIGN_IN)
    again = by_password(reviewer)
    assert again.get("/account/")["Location"].startswith(ENROL)
    enrol_by_hand(again)
    assert "重置了您的第二重验证" in again.get(SECURITY).content.decode()
    entry = AuditEntry.objects.get(action="second_factor.reset")
    assert (entry.actor, entry.object_id) == (system_keeper, reviewer.public_id)


def test_nobody_resets_their_own_or_one_that_is_not_theirs_to_keep(system_keeper: User, reviewer: User, administrator: User, security: User) -> None:
    for user in (system_keeper, reviewer):
        enrolled(user)
    for actor, user in ((system_keeper, system_keeper), (administrator, reviewer), (security, reviewer), (reviewer, reviewer)):
        with pytest.raises(Forbidden):
            factors.reset(actor=actor, user=user)
    assert SecondFactor.objects.count() == 2


def test_it_is_taken_away_by_its_owner_only_where_no_role_asks_for_it(reviewer: User, organiser: User) -> None:
    for user in (reviewer, organiser):
        enrolled(user)

    factors.remove(user=organiser)

    assert not RecoveryCode.objects.filter(account=organiser).exists()
    assert by_password(organiser).get("/account/").status_code == 200
    with pytest.raises(Forbidden):
        factors.remove(user=reviewer)


def test_a_first_password_comes_after_the_second_factor(system_keeper: User, city: City) -> None:
    user, _issued = create_user(actor=system_keeper, username="new")
    user.set_password(PASSWORD)
    user.must_change_password = True
    user.save()
    give(user, Role.REVIEWER, city.street)
    client = by_password(user)

    assert client.get("/account/password/")["Location"].startswith(ENROL)
    enrol_by_hand(client)
    assert client.get("/account/")["Location"].startswith("/account/password/")


def test_the_demo_says_that_it_asks_for_no_code() -> None:
    with override_settings(DEMO=True, SECOND_FACTOR=False):
        assert "SECOND_FACTOR=1" in Client().get(SIGN_IN).content.decode()
    assert "SECOND_FACTOR=1" not in Client().get(SIGN_IN).content.decode()
    assert settings.SECOND_FACTOR
