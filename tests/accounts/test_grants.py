"""Who may give what to whom: nobody more than they have, nobody to themselves, separate roles to separate people."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client

from branches.access import ADMINISTRATOR_GIVES, ROLES_OF_A_PLACE, SEPARATE_ROLES, Act, Role
from branches.models import Branch
from portal.accounts.models import Grant, User
from portal.accounts.services import Scope, Terms, give_grant, revoke_grant
from portal.foundation.clock import today
from portal.foundation.errors import Forbidden
from portal.foundation.models import AuditEntry
from tests.accounts.threads import at_once
from tests.factories import file, give, make_user, since
from tests.personas import City


def terms(role: Role, scope: Scope | None, *, sensitive: bool = False) -> Terms:
    return Terms(role=role, scope=scope, first=today(), sensitive=sensitive)


@pytest.fixture
def newcomer(db: None) -> User:
    return make_user("newcomer")


@pytest.mark.parametrize("role", list(Role))
def test_an_administrator_gives_no_more_than_organiser_and_shift_leader(administrator: User, newcomer: User, branch: Branch, role: Role) -> None:
    if role in ADMINISTRATOR_GIVES:
        assert give_grant(actor=administrator, user=newcomer, terms=terms(role, branch)).given_by == administrator
        return
    with pytest.raises(Forbidden):
        give_grant(actor=administrator, user=newcomer, terms=terms(role, branch))
    assert not newcomer.grants.exists()


def test_an_administrator_gives_inside_their_region_only(administrator: User, newcomer: User, city: City, branch: Branch, other_branch: Branch) -> None:
    for inside in (branch, city.community, city.street):
        give_grant(actor=administrator, user=newcomer, terms=terms(Role.ORGANISER, inside))
    for outside in (other_branch, city.other_community, city.north, city.company, None):
        with pytest.raises(Forbidden):
            give_grant(actor=administrator, user=newcomer, terms=terms(Role.ORGANISER, outside))
    assert newcomer.grants.count() == 3


def test_only_a_security_officer_opens_sensitive_fields(administrator: User, security: User, newcomer: User, branch: Branch) -> None:
    with pytest.raises(Forbidden):
        give_grant(actor=administrator, user=newcomer, terms=terms(Role.ORGANISER, branch, sensitive=True))
    assert give_grant(actor=security, user=newcomer, terms=terms(Role.OFFICIAL, branch, sensitive=True)).sensitive


def test_a_security_officer_gives_any_role_inside_their_own_scope(city: City, newcomer: User, branch: Branch, other_branch: Branch) -> None:
    officer = make_user("officer", (Role.SECURITY, city.street))

    for role in (Role.REVIEWER, Role.OFFICIAL, Role.ADMINISTRATOR, Role.SECURITY):
        give_grant(actor=officer, user=newcomer, terms=terms(role, city.street))
    for outside in (other_branch, city.north, city.group, None):
        with pytest.raises(Forbidden):
            give_grant(actor=officer, user=newcomer, terms=terms(Role.OFFICIAL, outside))


@pytest.mark.parametrize("giver", ["administrator", "security"])
def test_nobody_gives_themselves_anything(giver: str, request: pytest.FixtureRequest, branch: Branch) -> None:
    user: User = request.getfixturevalue(giver)

    with pytest.raises(Forbidden):
        give_grant(actor=user, user=user, terms=terms(Role.ORGANISER, branch))


@pytest.mark.parametrize("giver", ["organiser", "reviewer", "official", "liaison", "client_machine", "system_keeper", "auditor", "shift_leader"])
def test_nobody_else_gives_anything(giver: str, request: pytest.FixtureRequest, newcomer: User, branch: Branch) -> None:
    with pytest.raises(Forbidden):
        give_grant(actor=request.getfixturevalue(giver), user=newcomer, terms=terms(Role.ORGANISER, branch))


def test_machines_are_clients_and_people_are_not(security: User, city: City) -> None:
    machine, person = make_user("machine", is_machine=True), make_user("person")

    give_grant(actor=security, user=machine, terms=terms(Role.CLIENT, city.north))
    for user, role in ((machine, Role.OFFICIAL), (person, Role.CLIENT)):
        with pytest.raises(ValidationError):
            give_grant(actor=security, user=user, terms=terms(role, city.north))


@pytest.mark.parametrize("held", sorted(SEPARATE_ROLES))
@pytest.mark.parametrize("given", sorted(SEPARATE_ROLES))
def test_one_person_never_holds_two_of_the_separate_roles(security: User, held: Role, given: Role) -> None:
    user = make_user("somebody", (held, None))
    if held == given:
        give_grant(actor=security, user=user, terms=terms(given, None))
        return

    with pytest.raises(ValidationError) as refusal:
        give_grant(actor=security, user=user, terms=terms(given, None))

    assert refusal.value.message_dict["role"]
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:  # nor by hand
        cursor.execute(
            "INSERT INTO accounts_grant (public_id, user_id, role, everything, during, sensitive, given_at)"
            " VALUES (gen_random_uuid(), %s, %s, true, '(,2999-01-01)', false, now())",
            [user.pk, given],
        )


def test_a_separate_role_may_follow_another(security: User) -> None:
    user = make_user("somebody")
    give(user, Role.AUDITOR, None, during=since(date(2020, 1, 1), today() - timedelta(days=1)))

    give_grant(actor=security, user=user, terms=terms(Role.SYSTEM, None))


@pytest.mark.django_db(transaction=True)
def test_two_officers_at_once_do_not_make_one_person_hold_two_separate_roles() -> None:
    officers = [make_user(f"officer{number}", (Role.SECURITY, None)) for number in range(2)]
    user = make_user("somebody")

    outcomes = at_once(
        lambda: give_grant(actor=officers[0], user=user, terms=terms(Role.SYSTEM, None)),
        lambda: give_grant(actor=officers[1], user=user, terms=terms(Role.AUDITOR, None)),
    )

    assert sorted(outcomes) == ["ValidationError", "done"]
    assert user.grants.count() == 1


def test_a_grant_taken_back_stops_at_the_next_request(client: Client, administrator: User, security: User) -> None:
    client.force_login(administrator)
    assert client.get("/account/users/").status_code == 200

    revoke_grant(actor=security, grant=administrator.grants.get())

    assert client.get("/account/users/").status_code == 403
    entry = AuditEntry.objects.order_by("-id")[0]
    assert (entry.action, entry.details["role"]) == ("grant.revoked", "administrator")


def test_a_closed_account_holds_nothing_also_for_who_was_let_in_a_moment_before(branch: Branch, organiser: User) -> None:
    let_in = User.objects.get(pk=organiser.pk)
    User.objects.filter(pk=organiser.pk).update(is_active=False)

    assert let_in.current_grants == []
    assert not Branch.objects.visible_to(let_in).exists()
    with pytest.raises(Forbidden):
        file(branch, today(), by=let_in, vehicles=1)

    User.objects.filter(pk=organiser.pk).update(is_active=True)
    let_in_again = User.objects.get(pk=organiser.pk)
    assert list(Branch.objects.visible_to(let_in_again)) == [branch]
    assert file(branch, today(), by=let_in_again, vehicles=1).created


def test_a_grant_works_from_its_first_day_until_its_last(newcomer: User, security: User, city: City) -> None:
    day = today()
    spans = [(day - timedelta(days=2), day - timedelta(days=1)), (day, day), (day + timedelta(days=1), None)]
    for first, last in spans:
        give_grant(actor=security, user=newcomer, terms=Terms(Role.OFFICIAL, city.north, first, last))

    [grant] = newcomer.current_grants
    assert (grant.first_day, grant.last_day) == (day, day)


def test_a_grant_that_ends_before_it_starts_is_refused(newcomer: User, security: User, city: City) -> None:
    with pytest.raises(ValidationError) as refusal:
        give_grant(actor=security, user=newcomer, terms=Terms(Role.OFFICIAL, city.north, today(), today() - timedelta(days=1)))
    assert "last" in refusal.value.message_dict


def test_whoever_could_give_it_takes_it_back_and_nobody_else(
    administrator: User, security: User, reviewer: User, organiser: User, other_organiser: User, city: City
) -> None:
    with pytest.raises(Forbidden):  # another street's
        revoke_grant(actor=administrator, grant=other_organiser.grants.get())
    with pytest.raises(Forbidden):  # more than an administrator gives
        revoke_grant(actor=administrator, grant=reviewer.grants.get())
    with pytest.raises(Forbidden):  # their own
        revoke_grant(actor=security, grant=security.grants.get())

    revoke_grant(actor=administrator, grant=organiser.grants.get())
    revoke_grant(actor=administrator, grant=organiser.grants.get())  # twice is once
    assert Grant.objects.get(user=organiser).revoked_by == administrator
    assert AuditEntry.objects.filter(action="grant.revoked").count() == 1


def test_the_rule_over_rows_is_the_rule_over_one_grant(
    administrator: User, security: User, organiser: User, other_organiser: User, reviewer: User, client_machine: User, shift_leader: User, liaison: User
) -> None:
    from branches import access

    for giver in (administrator, security, organiser):
        by_rows = set(Grant.objects.filter(access.grants_given_by(giver)))
        one_by_one = {grant for grant in Grant.objects.all() if access.may_give(giver, grant, own=grant.user_id == giver.pk)}
        assert by_rows == one_by_one
        assert bool(by_rows) == access.may(giver, Act.GIVE_GRANTS)


def test_the_page_gives_a_grant_by_the_name_of_its_scope(client: Client, administrator: User, organiser: User, branch: Branch, other_branch: Branch) -> None:
    client.force_login(administrator)
    page = f"/account/users/{organiser.public_id}/grants/add/"
    assert "望江社区临时党支部（望江社区）" in client.get(page).content.decode()
    sent = {"role": "shift_leader", "scope": branch.name, "first": "2020-03-06", "last": ""}

    refused = client.post(page, {**sent, "scope": other_branch.name})
    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == {"scope"}
    assert client.post(page, {**sent, "role": "reviewer"}).status_code == 422

    assert client.post(page, {**sent, "scope": "望江"}).status_code == 422  # a whole name, not a part

    assert client.post(page, {**sent, "role": "organiser", "scope": "望江社区（社区）"}).status_code == 302
    assert organiser.grants.filter(role="organiser", region=branch.region).exists()
    assert client.post(page, sent).status_code == 302
    assert organiser.grants.filter(role="shift_leader", branch=branch).exists()


@pytest.mark.parametrize("role", sorted(ROLES_OF_A_PLACE))
def test_nobody_is_an_organiser_shift_leader_community_or_member_of_everything(security: User, newcomer: User, role: Role, city: City) -> None:
    with pytest.raises(ValidationError) as refusal:
        give_grant(actor=security, user=newcomer, terms=terms(role, None))

    assert set(refusal.value.message_dict) == {"scope"}
    give_grant(actor=security, user=newcomer, terms=terms(role, city.north))


def test_everything_is_given_only_where_it_is_ticked(client: Client, security: User, newcomer: User, city: City) -> None:
    client.force_login(security)
    page = f"/account/users/{newcomer.public_id}/grants/add/"
    sent = {"role": "official", "scope": "", "first": "2020-03-06", "last": ""}

    assert "请选择角色" in client.get(page).content.decode()
    assert set(client.post(page, sent).context["form"].errors) == {"scope"}
    assert set(client.post(page, {**sent, "scope": city.north.name, "everything": "on"}).context["form"].errors) == {"everything"}
    assert set(client.post(page, {**sent, "role": "member", "everything": "on"}).context["form"].errors) == {"everything"}
    assert not newcomer.grants.exists()
    assert client.post(page, {**sent, "everything": "on"}).status_code == 302
    assert newcomer.grants.get().everything


def test_all_that_is_wrong_with_a_grant_is_said_at_once(client: Client, security: User, newcomer: User) -> None:
    client.force_login(security)
    sent = {"role": "client", "scope": "没有这个地方", "first": "2020-03-06", "last": "2020-03-05"}

    refused = client.post(f"/account/users/{newcomer.public_id}/grants/add/", sent)

    assert set(refused.context["form"].errors) == {"role", "scope", "last"}


def test_the_page_takes_a_grant_back_after_asking(client: Client, administrator: User, organiser: User, other_organiser: User, reviewer: User) -> None:
    client.force_login(administrator)
    page = f"/account/grants/{organiser.grants.get().public_id}/revoke/"

    assert client.get(page).status_code == 200
    assert organiser.grants.get().revoked_at is None
    assert client.post(page).status_code == 302
    assert organiser.grants.get().revoked_at is not None
    assert client.get(f"/account/grants/{other_organiser.grants.get().public_id}/revoke/").status_code == 404
    assert client.post(f"/account/grants/{reviewer.grants.get().public_id}/revoke/").status_code == 403
