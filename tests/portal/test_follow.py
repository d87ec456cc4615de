"""A resident follows a need by a code: state and dates, and nothing of what it is about."""

from datetime import timedelta
from functools import partial

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import Need, NeedCode
from activities.services.following import WRONG_CODES, WRONG_DIGITS, confirm_solved, issue_code
from activities.services.needs import reopen, resolve
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.errors import Forbidden
from portal.foundation.jobs import ask_for
from portal.foundation.models import AuditEntry
from portal.housekeeping import keep_house
from tests.accounts.threads import at_once
from tests.activities.needs import recorded
from tests.personas import Clock

pytestmark = pytest.mark.usefixtures("clock")
FOLLOW = reverse("portal:follow")
DAY = timedelta(days=1)


@pytest.fixture
def need(branch: Branch, organiser: User) -> Need:
    return recorded(branch, organiser)


@pytest.fixture
def code(need: Need, organiser: User) -> str:
    return issue_code(actor=organiser, need=need)


def guesses() -> int:
    return AuditEntry.objects.filter(action="need.code_refused").count()


def test_a_code_shows_state_and_dates_and_never_what_it_is_about(client: Client, need: Need, code: str, organiser: User) -> None:
    before = client.post(FOLLOW, {"code": code.lower().replace("-", " ")}).content.decode()
    resolve(actor=organiser, need=need, seen=1, result="已送达")
    after = client.post(FOLLOW, {"code": code})

    assert "正在办理" in before
    assert "已办结" in after.content.decode()
    assert "no-store" in after["Cache-Control"]
    for word in ("购药", "降压药", "3栋", "19900007788", "示例居民", "已送达", "紧急", need.branch.name):
        assert word not in before + after.content.decode()


def test_a_code_is_stored_as_a_hash_and_a_new_one_ends_the_old(client: Client, need: Need, code: str, organiser: User) -> None:
    assert code.replace("-", "") not in str(NeedCode.objects.values_list().get())

    second = issue_code(actor=organiser, need=need)

    assert client.post(FOLLOW, {"code": code}).status_code == 422
    assert client.post(FOLLOW, {"code": second}).status_code == 200
    assert guesses() == 1


def test_a_code_in_an_address_is_nothing(client: Client, code: str) -> None:
    assert "正在办理" not in client.get(FOLLOW, {"code": code}).content.decode()


def test_a_code_dies_thirty_days_after_the_need_was_resolved_and_is_thrown_away(client: Client, need: Need, code: str, organiser: User, clock: Clock) -> None:
    resolve(actor=organiser, need=need, seen=1, result="已送达")
    clock.move_to(clock.now() + 30 * DAY - timedelta(minutes=1))
    assert client.post(FOLLOW, {"code": code}).status_code == 200

    clock.move_to(clock.now() + timedelta(minutes=2))
    assert client.post(FOLLOW, {"code": code}).status_code == 422
    keep_house(ask_for("housekeeping"), lambda percent: None)
    assert not NeedCode.objects.exists()


def test_the_last_four_digits_confirm_that_it_is_solved_once(client: Client, need: Need, code: str, organiser: User) -> None:
    resolve(actor=organiser, need=need, seen=1, result="已送达")

    refused = client.post(FOLLOW, {"code": code, "digits": "0000"})
    assert refused.status_code == 422
    assert "后四位不符" in refused.content.decode()
    for _tap in range(2):
        assert "您已确认解决" in client.post(FOLLOW, {"code": code, "digits": "7788"}).content.decode()

    need.refresh_from_db()
    event = need.events.get(kind="called_back")
    assert (event.actor, event.answer, need.state, guesses()) == (None, "solved", "resolved", 1)


def test_an_open_need_cannot_be_confirmed_and_one_opened_again_is_seen_to(client: Client, need: Need, code: str, organiser: User) -> None:
    assert client.post(FOLLOW, {"code": code, "digits": "7788"}).status_code == 409
    resolve(actor=organiser, need=need, seen=1, result="已送达")
    reopen(actor=organiser, need=need, seen=2, note="居民来电")
    assert "正在办理" in client.post(FOLLOW, {"code": code}).content.decode()


def test_too_many_wrong_digits_make_a_need_wait_wherever_they_come_from(client: Client, need: Need, code: str, organiser: User, clock: Clock) -> None:
    resolve(actor=organiser, need=need, seen=1, result="已送达")
    for guess in range(WRONG_DIGITS):
        assert client.post(FOLLOW, {"code": code, "digits": f"000{guess}"}, REMOTE_ADDR=f"10.0.0.{guess}").status_code == 422

    waiting = client.post(FOLLOW, {"code": code, "digits": "7788"}, REMOTE_ADDR="10.0.0.9")
    assert (waiting.status_code, waiting["Retry-After"]) == (429, "900")
    assert client.post(FOLLOW, {"code": code}, REMOTE_ADDR="10.0.0.9").status_code == 200
    clock.move_to(clock.now() + timedelta(minutes=16))
    assert "您已确认解决" in client.post(FOLLOW, {"code": code, "digits": "7788"}).content.decode()


@pytest.mark.django_db(transaction=True)
def test_wrong_digits_sent_at_once_are_no_more_than_five_either(need: Need, code: str, organiser: User) -> None:
    resolve(actor=organiser, need=need, seen=1, result="已送达")
    at_once(*[partial(confirm_solved, code=code, digits=f"{number:04d}", address=f"10.0.0.{number}") for number in range(12)])

    assert guesses() == WRONG_DIGITS


def test_too_many_wrong_codes_make_an_address_wait_and_no_other(client: Client, code: str, clock: Clock) -> None:
    AuditEntry.objects.bulk_create(AuditEntry(at=clock.now(), action="need.code_refused", address="10.0.0.1") for _ in range(WRONG_CODES - 1))
    assert client.post(FOLLOW, {"code": "AAAA-AAAA-AAAA"}, REMOTE_ADDR="10.0.0.1").status_code == 422

    assert client.post(FOLLOW, {"code": code}, REMOTE_ADDR="10.0.0.1").status_code == 429
    assert client.post(FOLLOW, {"code": code}, REMOTE_ADDR="10.0.0.2").status_code == 200
    clock.move_to(clock.now() + timedelta(minutes=16))
    assert client.post(FOLLOW, {"code": code}, REMOTE_ADDR="10.0.0.1").status_code == 200


def test_who_keeps_or_recorded_a_need_gives_the_code_out_and_it_is_logged(
    client: Client, branch: Branch, shift_leader: User, organiser: User, official: User
) -> None:
    need = recorded(branch, shift_leader)
    client.force_login(shift_leader)

    slip = client.post(reverse("activities:need_code", args=[need.public_id]))

    assert slip.status_code == 200
    assert FOLLOW in slip.content.decode()
    assert AuditEntry.objects.filter(action="need.code_issued", object_id=need.public_id).count() == 1
    assert issue_code(actor=organiser, need=need)
    with pytest.raises(Forbidden):
        issue_code(actor=official, need=need)
