"""Sessions: whose they are, how they end, and what their owner sees of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from branches.access import Role
from branches.models import Branch
from portal.accounts.limits import AT_A_DESK, AT_THE_GATE, OF_ROLE, SEPARATE, limits_of
from portal.accounts.models import Alert, Device, Session, User
from portal.accounts.services import change_password, revoke_grant
from portal.accounts.user_agents import device_words
from portal.foundation.models import AuditEntry
from tests.factories import PASSWORD, give, make_user
from tests.personas import Clock

pytestmark = pytest.mark.django_db

SIGN_IN, SECURITY = "/account/sign-in/", "/account/security/"
PHONE = "Mozilla/5.0 (Linux; Android 10; V1938T) AppleWebKit/537.36 Chrome/78.0 Mobile Safari/537.36 MicroMessenger/7.0.12"
DESK = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36"


def signed_in(user: User, agent: str = DESK, address: str = "192.0.2.1") -> Client:
    client = Client(REMOTE_ADDR=address, headers={"user-agent": agent})
    assert client.post(SIGN_IN, {"username": user.username, "password": PASSWORD}).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_a_session_says_whose_it_is_since_when_from_where_and_on_what(clock: Clock) -> None:
    anna = make_user("anna")
    client = signed_in(anna, PHONE)

    session = Session.objects.get()

    assert (session.account, session.address, session.device, session.started_at) == (anna, "192.0.2.1", "WeChat · Android", clock.now())
    assert client.cookies["sessionid"].value not in session.session_key


def test_a_key_read_from_the_table_opens_nothing() -> None:
    signed_in(make_user("anna"))
    thief = Client()
    thief.cookies["sessionid"] = Session.objects.get().session_key

    assert not is_in(thief)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_s_session_ends_when_it_was_idle_and_goes_on_before(role: Role, clock: Clock, city: Any) -> None:
    user, limits = make_user("anna"), OF_ROLE[role]
    give(user, role, city.street)
    client = Client()
    client.force_login(user)

    clock.move_to(clock.now() + limits.idle)
    assert is_in(client)
    clock.move_to(clock.now() + limits.idle + timedelta(seconds=1))
    ended = client.get("/account/?a=1")

    assert ended["Location"] == f"{SIGN_IN}?next=/account/%3Fa%3D1&ended=idle"
    assert "较长时间没有操作" in Client().get(ended["Location"]).content.decode()
    assert not Session.objects.filter(account=user).exists()
    assert AuditEntry.objects.get(action="session.ended").details == {"why": "idle"}


@pytest.mark.parametrize(("role", "limits"), [(Role.ORGANISER, AT_THE_GATE), (Role.REVIEWER, AT_A_DESK), (Role.AUDITOR, SEPARATE)])
def test_a_session_in_use_ends_when_it_has_lasted_long_enough(role: Role, limits: Any, clock: Clock, city: Any) -> None:
    user = make_user("anna")
    give(user, role, city.street)
    client, started = Client(), clock.now()
    client.force_login(user)

    while clock.now() - started + limits.idle <= limits.absolute:
        clock.move_to(clock.now() + limits.idle)
        assert is_in(client)
    clock.move_to(started + limits.absolute + timedelta(seconds=1))

    assert client.get("/account/")["Location"].endswith("&ended=old")


def test_the_strictest_role_decides(city: Any) -> None:
    both = make_user("both", (Role.ORGANISER, city.street), (Role.AUDITOR, None))
    assert limits_of(both) == SEPARATE
    assert limits_of(make_user("nobody")) == AT_THE_GATE
    assert set(OF_ROLE) == set(Role)


def test_a_form_sent_after_the_limit_comes_back_as_the_page_it_was_typed_on(clock: Clock, organiser: User) -> None:
    client = Client()
    client.force_login(organiser)
    clock.move_to(clock.now() + timedelta(days=1))

    sent = client.post("/account/", {"name": "x"}, headers={"referer": "http://testserver/reports/?day=1"})

    assert sent["Location"] == f"{SIGN_IN}?next=/reports/%3Fday%3D1&ended=idle"
    assert organiser.name == User.objects.get(pk=organiser.pk).name


def test_the_api_answers_a_session_over_its_limit_as_it_answers_strangers(clock: Clock, reviewer: User) -> None:
    client = Client()
    client.force_login(reviewer)
    assert client.get("/api/v1/branches/").status_code == 200
    clock.move_to(clock.now() + timedelta(hours=1))

    refused = client.get("/api/v1/branches/")

    assert (refused.status_code, refused.json()["type"]) == (401, "/api/v1/problems/not-signed-in/")


def test_use_is_written_once_a_minute_and_its_day_once_a_day(clock: Clock, organiser: User, django_assert_num_queries: Any) -> None:
    client = Client()
    client.force_login(organiser)
    for seconds, updates in ((30, 0), (31, 1), (1, 0)):
        clock.move_to(clock.now() + timedelta(seconds=seconds))
        with django_assert_num_queries(4 + updates):
            client.get("/account/")
    clock.move_to(clock.now() + timedelta(hours=6))
    client.get("/account/")

    organiser.refresh_from_db()
    assert organiser.last_used_on == clock.today()


def test_the_owner_sees_the_own_sessions_and_nobody_else_s() -> None:
    anna, berta = make_user("anna"), make_user("berta")
    desk, _phone, other = signed_in(anna), signed_in(anna, PHONE, "192.0.2.2"), signed_in(berta, PHONE, "192.0.2.3")

    page = desk.get(SECURITY).content.decode()

    assert "Chrome · Windows" in page
    assert "192.0.2.2" in page
    assert "192.0.2.3" not in page
    foreign = Session.objects.get(account=berta)
    assert desk.post(reverse("accounts:session_end", args=[foreign.public_id])).status_code == 404
    assert is_in(other)


def test_one_session_or_all_others_are_ended_by_their_owner() -> None:
    anna = make_user("anna")
    desk, phone, tablet = signed_in(anna), signed_in(anna, PHONE), signed_in(anna, PHONE)
    first = Session.objects.filter(account=anna).order_by("started_at")[1]

    assert desk.post(reverse("accounts:session_end", args=[first.public_id])).status_code == 302
    assert [is_in(each) for each in (desk, phone, tablet)] == [True, False, True]
    desk.post(reverse("accounts:sessions_end"))
    assert [is_in(each) for each in (desk, phone, tablet)] == [True, False, False]
    assert AuditEntry.objects.filter(action="session.ended", actor=anna).count() == 2


def test_a_new_password_ends_every_other_session_and_trusts_no_device() -> None:
    anna = make_user("anna")
    desk, phone = signed_in(anna), signed_in(anna, PHONE)
    Device.objects.filter(account=anna).update(trusted_until=timezone.now() + timedelta(days=1))
    new = "eine lange losung 7"

    assert desk.post("/account/password/", {"present": PASSWORD, "password": new, "repeated": new}).status_code == 302

    assert is_in(desk)
    assert not is_in(phone)
    assert Session.objects.filter(account=anna).count() == 1
    assert not Device.objects.filter(trusted_until__isnull=False).exists()
    change_password(user=anna, password=PASSWORD)
    assert not Session.objects.filter(account=anna).exists()


@pytest.mark.parametrize(("role", "stays"), [(Role.OFFICIAL, False), (Role.REVIEWER, False), (Role.ADMINISTRATOR, True), (Role.ORGANISER, True)])
def test_taking_back_a_role_that_needs_a_second_factor_ends_the_sessions(role: Role, stays: bool, security: User, city: Any) -> None:
    anna = make_user("anna", (role, city.street))
    client = Client()
    client.force_login(anna)

    revoke_grant(actor=security, grant=anna.grants.get())

    assert is_in(client) == stays


def test_without_the_last_grant_a_session_shows_its_owner_their_own_data_and_nothing_else(branch: Branch, organiser: User, security: User) -> None:
    client = Client()
    client.force_login(organiser)
    page, api = reverse("branches:branch_detail", args=[branch.public_id]), f"/api/v1/branches/{branch.public_id}/"
    assert [client.get(address).status_code for address in (page, api)] == [200, 200]

    revoke_grant(actor=security, grant=organiser.grants.get())

    assert [client.get(address).status_code for address in (page, api)] == [404, 403]
    assert branch.name not in client.get("/").content.decode()
    assert client.get(reverse("retention:mine")).status_code == 200
    organiser.is_active = False
    organiser.save()
    assert client.get(reverse("retention:mine")).status_code == 302


def test_a_sign_in_from_a_new_device_is_told_once_and_the_first_of_all_is_not() -> None:
    anna = make_user("anna")
    desk = signed_in(anna)
    assert not Alert.objects.exists()

    signed_in(anna, PHONE, "192.0.2.9")

    told = Alert.objects.get()
    assert (told.account, told.kind, told.address, told.details) == (anna, Alert.Kind.NEW_DEVICE, "192.0.2.9", {"device": "WeChat · Android"})
    assert '<span class="badge num">1<' in desk.get("/account/").content.decode()
    assert "此前没有用过的设备" in desk.get(SECURITY).content.decode()
    desk.post(reverse("accounts:alerts_read"))
    assert "badge" not in desk.get("/account/").content.decode()
    desk.post("/account/sign-out/")
    desk.post(SIGN_IN, {"username": "anna", "password": PASSWORD})
    assert Alert.objects.count() == 1


def test_a_device_s_cookie_is_bound_to_the_account() -> None:
    anna, berta = make_user("anna"), make_user("berta")
    desk = signed_in(anna)
    other = signed_in(berta, PHONE)
    # The cookie of one account under the name of the other's.
    [mine], [hers] = ([name for name in client.cookies if name.startswith("device_")] for client in (desk, other))
    assert mine != hers
    thief = Client()
    thief.cookies[hers] = desk.cookies[mine].value
    thief.post(SIGN_IN, {"username": "berta", "password": PASSWORD})

    assert Alert.objects.get().account == berta


def test_a_forgotten_device_is_new_again() -> None:
    anna = make_user("anna")
    desk, phone = signed_in(anna), signed_in(anna, PHONE)
    Alert.objects.all().delete()
    forgotten = Device.objects.get(words="WeChat · Android")

    assert desk.post(reverse("accounts:device_forget", args=[forgotten.public_id])).status_code == 302
    phone.post("/account/sign-out/")
    phone.post(SIGN_IN, {"username": "anna", "password": PASSWORD})

    assert Alert.objects.get().kind == Alert.Kind.NEW_DEVICE


def test_a_lock_out_is_told_once_while_it_lasts() -> None:
    anna = make_user("anna")
    client = Client()
    for _attempt in range(7):
        client.post(SIGN_IN, {"username": "anna", "password": "wrong"})

    assert Alert.objects.get(account=anna).kind == Alert.Kind.LOCKED_OUT
    assert User.objects.get(pk=anna.pk).unread_alerts == 1


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (DESK, "Chrome · Windows"),
        (DESK + " Edg/120.0", "Edge · Windows"),
        (PHONE, "WeChat · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 13_3 like Mac OS X) AppleWebKit/605.1.15 Version/13.0 Mobile/15E148 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0", "Firefox · Linux"),
        ("curl/8", ""),
        ("<script>" * 500, ""),
    ],
)
def test_a_browser_is_named_in_words(agent: str, words: str) -> None:
    assert device_words(agent) == words
