"""Grants end, are extended and looked through; nobody takes on an officer's account alone."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from knox.models import AuthToken

from branches.access import GRANT_DAYS, LONGEST_GRANT, SEPARATE_ROLES, Role
from branches.models import Branch
from portal.accounts import factors, oversight, resets
from portal.accounts.models import Alert, Grant, GrantReview, Reset, ReviewedGrant, User
from portal.accounts.services import Terms, create_first_account, extend_grant, give_grant, reset_password, revoke_grant
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from portal.retention.services.persons import close_step
from tests.accounts.telephone import enrolled
from tests.accounts.threads import at_once
from tests.factories import FOR_LONG, give, make_user, since
from tests.personas import City, Clock
from tests.rules import crossed, outcome_of_second

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def held(clock: Clock) -> Clock:
    return clock


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# --- Every grant ends ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.CLIENT}))
def test_a_grant_holds_as_long_as_is_usual_for_the_role_and_a_year_at_most(role: Role, security: User, city: City, held: Clock) -> None:
    user, scope, today = make_user("anna"), None if role in SEPARATE_ROLES else city.street, held.today()

    usual = give_grant(actor=security, user=user, terms=Terms(role, scope, today))
    longest = give_grant(actor=security, user=user, terms=Terms(role, scope, today, today + LONGEST_GRANT * DAY))
    with pytest.raises(ValidationError) as refusal:
        give_grant(actor=security, user=user, terms=Terms(role, scope, today, today + (LONGEST_GRANT + 1) * DAY))

    assert usual.last_day == today + GRANT_DAYS[role] * DAY
    assert longest.last_day == today + LONGEST_GRANT * DAY
    assert set(refusal.value.message_dict) == {"last"}


def test_the_first_accounts_from_the_console_end_as_well() -> None:
    issued = create_first_account(username="keeper", name="", role=Role.SYSTEM)

    assert issued.user.grants.get().last_day is not None


def test_it_is_extended_by_whoever_may_give_it_and_nobody_else(administrator: User, security: User, organiser: User, reviewer: User, held: Clock) -> None:
    today = held.today()
    grant, own = organiser.grants.get(), security.grants.get()
    Grant.objects.filter(pk__in=[grant.pk, own.pk]).update(during=since(today - DAY, today + 3 * DAY))
    for actor, refused in ((organiser, grant), (reviewer, grant), (security, own), (administrator, own)):
        with pytest.raises(Forbidden):
            extend_grant(actor=actor, grant=refused)

    extended = extend_grant(actor=administrator, grant=grant)

    assert extended.last_day == today + GRANT_DAYS[Role.ORGANISER] * DAY
    assert extend_grant(actor=administrator, grant=grant).last_day == extended.last_day  # twice is once
    assert AuditEntry.objects.filter(action="grant.extended").count() == 1


def test_what_has_ended_or_was_taken_back_is_not_extended(security: User, organiser: User, reviewer: User, held: Clock) -> None:
    ended, revoked = organiser.grants.get(), reviewer.grants.get()
    Grant.objects.filter(pk=ended.pk).update(during=since(held.today() - 9 * DAY, held.today() - DAY))
    revoke_grant(actor=security, grant=revoked)

    for grant in (ended, revoked):
        with pytest.raises(Conflict):
            extend_grant(actor=security, grant=grant)


def test_an_extension_never_brings_two_of_the_three_offices_together(security: User, held: Clock) -> None:
    user, today = make_user("anna"), held.today()
    now = give(user, Role.AUDITOR, None, during=since(today, today + 3 * DAY))
    give(user, Role.SYSTEM, None, during=since(today + 4 * DAY, today + 9 * DAY))

    with pytest.raises(ValidationError):
        extend_grant(actor=security, grant=now)

    assert Grant.objects.get(pk=now.pk).last_day == today + 3 * DAY


@pytest.mark.parametrize("held_first", sorted(SEPARATE_ROLES))
def test_nor_does_a_grant_that_begins_later(held_first: Role, security: User, held: Clock) -> None:
    user, today = make_user("anna"), held.today()
    give(user, held_first, None, during=since(today + 30 * DAY, today + 60 * DAY))
    for other in sorted(SEPARATE_ROLES - {held_first}):
        with pytest.raises(ValidationError):
            give_grant(actor=security, user=user, terms=Terms(other, None, today, today + 30 * DAY))
        give_grant(actor=security, user=user, terms=Terms(other, None, today, today + 29 * DAY))
        Grant.objects.filter(user=user, role=other).delete()


@pytest.mark.django_db(transaction=True)
def test_nor_do_two_officers_at_once_for_days_that_overlap(held: Clock) -> None:
    officers = [make_user(f"officer{number}", (Role.SECURITY, None)) for number in range(2)]
    user, today = make_user("somebody"), held.today()

    outcomes = at_once(
        lambda: give_grant(actor=officers[0], user=user, terms=Terms(Role.SYSTEM, None, today + 9 * DAY, today + 20 * DAY)),
        lambda: give_grant(actor=officers[1], user=user, terms=Terms(Role.AUDITOR, None, today, today + 9 * DAY)),
    )

    assert sorted(outcomes) == ["ValidationError", "done"]


def test_holder_and_giver_are_told_once_fourteen_days_before(security: User, organiser: User, reviewer: User, held: Clock) -> None:
    soon, later = organiser.grants.get(), reviewer.grants.get()
    Grant.objects.filter(pk=soon.pk).update(during=since(held.today(), held.today() + 14 * DAY), given_by=security)
    Grant.objects.filter(pk=later.pk).update(during=since(held.today(), held.today() + 15 * DAY), given_by=security)
    told = Alert.objects.filter(kind__in=[Alert.Kind.GRANT_ENDS, Alert.Kind.GRANTS_END])

    for _night in range(2):
        oversight.tell_in_time()

    assert [(each.account, each.kind) for each in told.order_by("pk")] == [(organiser, "grant_ends"), (security, "grants_end")]
    assert told.get(account=security).details == {"count": 1}
    extend_grant(actor=security, grant=soon)
    held.move_to(held.now() + 170 * DAY)
    oversight.tell_in_time()
    assert told.filter(account=organiser).count() == 2


def test_the_page_of_what_ends_soon_extends_in_one_tap(administrator: User, organiser: User, other_organiser: User, held: Clock) -> None:
    today = held.today()
    for user in (organiser, other_organiser):
        user.grants.update(during=since(today - DAY, today + 3 * DAY))
    client, address = signed_in(administrator), "/account/grants/ending/"
    page = client.get(address).content.decode()
    assert str(organiser) in page
    assert str(other_organiser) not in page

    extend = reverse("accounts:grant_extend", args=[organiser.grants.get().public_id])
    assert client.post(extend, {"from": "ending"})["Location"] == address
    assert organiser.grants.get().last_day == today + GRANT_DAYS[Role.ORGANISER] * DAY
    assert client.post(reverse("accounts:grant_extend", args=[other_organiser.grants.get().public_id])).status_code == 404
    assert signed_in(organiser).get(address).status_code == 403


# --- The quarter's review --------------------------------------------------------------------------------------------------


@pytest.fixture
def idle(city: City, held: Clock) -> User:
    """Reviews, and has not been here for 31 days."""
    user = make_user("idle", (Role.REVIEWER, city.street))
    long_ago = held.now() - 60 * DAY
    user.grants.update(given_at=long_ago)
    User.objects.filter(pk=user.pk).update(last_login=long_ago, last_used_on=held.today() - 31 * DAY)
    return user


def waiting(actor: User) -> set[User]:
    return {grant.user for grant in oversight.unused(oversight.undecided(actor))}


def test_grants_unused_for_thirty_days_are_listed_and_those_in_use_or_new_are_not(security: User, idle: User, city: City, held: Clock) -> None:
    never = make_user("never", (Role.OFFICIAL, city.north))
    never.grants.update(given_at=held.now() - 60 * DAY)
    make_user("new", (Role.OFFICIAL, city.north)).grants.update(given_at=held.now() - 29 * DAY)
    used = make_user("used", (Role.OFFICIAL, city.north))
    used.grants.update(given_at=held.now() - 60 * DAY)
    User.objects.filter(pk=used.pk).update(last_used_on=held.today() - 29 * DAY)

    assert waiting(security) == {idle, never}
    page = signed_in(security).get("/account/grants/review/").content.decode()
    assert "idle" in page
    assert "从未使用" in page
    assert "used" not in {each.username for each in waiting(security)}


def test_a_machine_s_token_counts_as_use_once_a_day(client_machine: User, held: Clock) -> None:
    token = AuthToken.objects.create(user=client_machine)[1]
    for updates in (1, 0):
        with CaptureQueriesContext(connection) as asked:
            assert Client().get("/api/v1/units/", headers={"authorization": f"Token {token}"}).status_code == 200
        assert sum('last_used_on" =' in query["sql"] for query in asked) == updates

    assert User.objects.get(pk=client_machine.pk).last_used_on == held.today()


def test_decisions_are_taken_in_one_form_with_a_reason_for_what_ends(security: User, idle: User, city: City, held: Clock) -> None:
    other = make_user("other", (Role.OFFICIAL, city.north))
    other.grants.update(given_at=held.now() - 60 * DAY)
    client, address = signed_in(security), "/account/grants/review/"
    ends, stays = idle.grants.get(), other.grants.get()
    sent = {f"decide-{ends.public_id}": "end", f"decide-{stays.public_id}": "keep", "decide-nothing": "end"}

    refused = client.post(address, sent)
    assert refused.status_code == 422
    assert not ReviewedGrant.objects.exists()
    assert f'name="decide-{ends.public_id}" value="end" checked' in refused.content.decode()

    assert client.post(address, {**sent, f"reason-{ends.public_id}": "已调离"}).status_code == 302
    assert idle.grants.get().revoked_by == security
    assert other.grants.get().revoked_at is None
    assert waiting(security) == set()
    closed = client.post("/account/grants/review/close/")
    assert closed.status_code == 302
    review = GrantReview.objects.get()
    assert (review.by, review.kept, review.ended, review.whole, review.quarter.isoformat()) == (security, 1, 1, True, "2020-01-01")
    assert "保留 1 项" in client.get(address).content.decode()


def test_a_review_is_not_closed_while_something_unused_waits_nor_twice(security: User, idle: User) -> None:
    with pytest.raises(ValidationError):
        oversight.close(actor=security)
    oversight.decide(actor=security, decisions=[oversight.Decision(idle.grants.get(), keep=True, reason="")])

    oversight.close(actor=security)
    with pytest.raises(ValidationError):
        oversight.close(actor=security)
    assert not oversight.is_due(security)


def test_nobody_decides_on_their_own_grants_and_only_a_security_officer_on_others(security: User, idle: User, administrator: User, auditor: User) -> None:
    own = security.grants.get()
    assert own not in oversight.undecided(security)
    with pytest.raises(Forbidden):
        oversight.decide(actor=security, decisions=[oversight.Decision(own, keep=True, reason="")])
    for actor in (administrator, auditor, idle):
        with pytest.raises(Forbidden):
            oversight.undecided(actor)
        assert signed_in(actor).get("/account/grants/review/").status_code == 403
    assert own.revoked_at is None


@pytest.mark.django_db(transaction=True)
def test_of_two_officers_at_once_one_decides(held: Clock) -> None:
    officers = [make_user(f"officer{number}", (Role.SECURITY, None)) for number in range(2)]
    grant = give(make_user("somebody"), Role.AUDITOR, None, during=FOR_LONG)
    keep = [oversight.Decision(grant, keep=True, reason="")]

    outcomes = at_once(*[lambda officer=each: oversight.decide(actor=officer, decisions=keep) for each in officers])

    assert sorted(outcomes) == ["ValidationError", "done"]
    assert ReviewedGrant.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_an_officer_who_takes_back_several_never_holds_one_account_and_waits_for_an_earlier_one(security: User, city: City) -> None:
    first, second = make_user("first"), make_user("second")
    # Given in the other order, which is that of the list.
    grants = [give(second, Role.REVIEWER, city.city), give(first, Role.REVIEWER, city.city)]
    decisions = [oversight.Decision(grant, keep=False, reason="不再需要") for grant in grants]
    crossed(lambda: oversight.decide(actor=security, decisions=decisions), held=first, wanted=second)
    assert Grant.objects.filter(pk__in=[grant.pk for grant in grants], revoked_by=security).count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_grant_that_is_extended_in_the_moment_of_the_warning_is_warned_of_when_it_ends(security: User, city: City, held: Clock) -> None:
    grant = give(make_user("somebody"), Role.REVIEWER, city.city, during=since(held.today(), held.today() + 14 * DAY))
    assert outcome_of_second(lambda: extend_grant(actor=security, grant=grant), oversight.tell_in_time) is None
    grant.refresh_from_db()
    assert grant.warned_at is None
    assert not Alert.objects.filter(account=grant.user).exists()


@pytest.mark.django_db(transaction=True)
def test_an_account_that_is_being_given_a_role_is_not_closed_for_good(security: User, city: City, held: Clock) -> None:
    user = make_user("back-again", (Role.REVIEWER, city.city))
    User.objects.filter(pk=user.pk).update(date_joined=held.now() - 500 * DAY)
    user.grants.update(during=since(held.today() - 400 * DAY, held.today() - 200 * DAY))
    terms = Terms(Role.REVIEWER, city.city, held.today())

    assert outcome_of_second(lambda: give_grant(actor=security, user=user, terms=terms), lambda: close_step(uuid4(), 10)) is None
    user.refresh_from_db()
    assert (user.username, user.is_active) == ("back-again", True)


@pytest.mark.django_db(transaction=True)
def test_whoever_gives_a_role_in_a_branch_locks_the_branch_before_the_account(administrator: User, branch: Branch, held: Clock) -> None:
    user = make_user("somebody")
    given = crossed(lambda: give_grant(actor=administrator, user=user, terms=Terms(Role.ORGANISER, branch, held.today())), held=branch, wanted=user)
    assert given.branch == branch


def test_a_review_that_is_due_is_told_once_a_quarter_until_it_is_closed(security: User, held: Clock) -> None:
    told = Alert.objects.filter(account=security, kind=Alert.Kind.REVIEW_DUE)
    for _night in range(2):
        oversight.tell_in_time()
    assert told.count() == 1
    assert "本季度的授权复核尚未完成" in signed_in(security).get("/account/users/").content.decode()

    oversight.close(actor=security)
    assert "本季度的授权复核尚未完成" not in signed_in(security).get("/account/users/").content.decode()
    held.move_to(held.now() + 40 * DAY)
    oversight.tell_in_time()
    assert told.count() == 2


# --- Resets of officers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(SEPARATE_ROLES))
@pytest.mark.parametrize("what", ["password", "factor"])
def test_no_keeper_resets_an_officer_s_account_alone(role: Role, what: str, system_keeper: User) -> None:
    officer = make_user("officer", (role, None))
    enrolled(officer)

    with pytest.raises(Forbidden):
        do(what, system_keeper, officer)

    assert User.objects.get(pk=officer.pk).has_usable_password()
    assert User.objects.get(pk=officer.pk).has_second_factor


def do(what: str, actor: User, user: User) -> Any:
    return reset_password(actor=actor, user=user) if what == "password" else factors.reset(actor=actor, user=user)


@pytest.mark.parametrize("what", ["password", "factor"])
def test_with_a_second_person_s_word_it_is_done_once(what: str, system_keeper: User, security: User, auditor: User) -> None:
    enrolled(auditor)
    asked = resets.ask(actor=system_keeper, user=auditor, what=what, reason="电话核实本人")
    assert Alert.objects.get(kind=Alert.Kind.RESET_ASKED).account == security

    for actor in (system_keeper, auditor):
        with pytest.raises(Forbidden):
            resets.answer(actor=actor, reset=asked, agrees=True)
    resets.answer(actor=security, reset=asked, agrees=True)
    do(what, system_keeper, auditor)

    assert Alert.objects.filter(account=system_keeper, kind=Alert.Kind.RESET_CONFIRMED).exists()
    if what == "factor":
        enrolled(auditor)
    with pytest.raises(Forbidden):
        do(what, system_keeper, auditor)
    assert list(AuditEntry.objects.filter(action__startswith="reset.").values_list("action", flat=True).order_by("pk")) == ["reset.asked", "reset.confirmed"]


def test_a_confirmation_is_for_one_thing_one_keeper_and_three_days(system_keeper: User, security: User, auditor: User, held: Clock) -> None:
    enrolled(auditor)
    another = make_user("keeper2", (Role.SYSTEM, None))
    asked = resets.ask(actor=system_keeper, user=auditor, what="factor", reason="电话核实本人")
    resets.answer(actor=security, reset=asked, agrees=True)

    for what, actor in (("password", system_keeper), ("factor", another)):
        with pytest.raises(Forbidden):
            do(what, actor, auditor)
    held.move_to(held.now() + resets.HOLDS)
    with pytest.raises(Forbidden):
        do("factor", system_keeper, auditor)
    assert resets.ask(actor=system_keeper, user=auditor, what="factor", reason="再次核实").closed_at is None


def test_what_was_refused_is_over(system_keeper: User, security: User, auditor: User) -> None:
    asked = resets.ask(actor=system_keeper, user=security, what="password", reason="电话核实本人")
    resets.answer(actor=auditor, reset=asked, agrees=False)

    with pytest.raises(Conflict):
        resets.answer(actor=auditor, reset=asked, agrees=True)
    with pytest.raises(Forbidden):
        do("password", system_keeper, security)


def test_an_office_that_begins_later_is_guarded_already(system_keeper: User, city: City, held: Clock) -> None:
    user = make_user("anna", (Role.REVIEWER, city.street))
    give(user, Role.AUDITOR, None, during=since(held.today() + 9 * DAY, held.today() + 20 * DAY))

    with pytest.raises(Forbidden):
        do("password", system_keeper, user)


def test_the_pages_lead_two_people_through_a_reset(system_keeper: User, security: User, auditor: User, branch: Branch) -> None:
    keeper, officer = signed_in(system_keeper), signed_in(security)
    page = f"/account/users/{auditor.public_id}/"
    assert reverse("accounts:user_reset", args=[auditor.public_id]) not in keeper.get(page).content.decode()

    assert keeper.post(f"{page}resets/ask/", {"what": "password", "reason": ""}).status_code == 302
    assert not Reset.objects.exists()
    keeper.post(f"{page}resets/ask/", {"what": "password", "reason": "电话核实本人"})
    asked = Reset.objects.get()
    assert "电话核实本人" in officer.get("/account/resets/").content.decode()
    answer = reverse("accounts:reset_answer", args=[asked.public_id])
    assert signed_in(auditor).post(answer, {"answer": "confirm"}).status_code == 403
    assert keeper.post(answer, {"answer": "confirm"}).status_code == 403
    assert officer.post(answer, {"answer": "confirm"}).status_code == 302

    assert reverse("accounts:user_reset", args=[auditor.public_id]) in keeper.get(page).content.decode()
    assert "激活码" in keeper.post(f"{page}reset/").content.decode()
