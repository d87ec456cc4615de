"""Who sees and keeps whose account; creating, closing, resetting; tokens of other systems."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from knox.models import AuthToken

from branches.access import Role
from branches.models import Branch
from portal.accounts import services
from portal.accounts.models import ActivationCode, Grant, User
from portal.accounts.services import Terms
from portal.foundation.clock import today
from portal.foundation.errors import Forbidden
from portal.foundation.models import AuditEntry
from tests.accounts.codes import CODE
from tests.factories import give, make_user
from tests.personas import City

EVERYBODY = (
    "organiser",
    "other_organiser",
    "reviewer",
    "official",
    "liaison",
    "shift_leader",
    "administrator",
    "client_machine",
    "security",
    "system_keeper",
    "auditor",
)


@pytest.fixture
def everybody(request: pytest.FixtureRequest) -> dict[str, User]:
    return {name: request.getfixturevalue(name) for name in EVERYBODY}


def names(users: object, everybody: dict[str, User]) -> set[str]:
    ids = {user.pk for user in users}  # type: ignore[attr-defined]
    return {name for name, user in everybody.items() if user.pk in ids}


@pytest.mark.parametrize(
    ("actor", "seen", "kept"),
    [
        # The street's own: the official's and the client's scope is wider, the liaison's and the other organiser's is elsewhere.
        ("administrator", {"organiser", "shift_leader", "reviewer", "administrator"}, {"organiser", "shift_leader"}),
        ("system_keeper", set(EVERYBODY), set(EVERYBODY) - {"system_keeper"}),
        ("security", set(EVERYBODY), set()),
        ("organiser", set(), set()),
        ("official", set(), set()),
        ("auditor", set(), set()),
    ],
)
def test_each_sees_and_keeps_the_accounts_of_their_own_area(everybody: dict[str, User], actor: str, seen: set[str], kept: set[str]) -> None:
    assert names(User.objects.visible_to(everybody[actor]), everybody) == seen
    assert names(User.objects.kept_by(everybody[actor]), everybody) == kept


def test_one_live_grant_outside_the_area_hides_a_user_from_its_administrator(administrator: User, organiser: User, other_branch: Branch) -> None:
    elsewhere = give(organiser, Role.ORGANISER, other_branch)
    assert organiser not in User.objects.visible_to(administrator)

    elsewhere.revoked_at = elsewhere.given_at
    elsewhere.save()
    assert organiser in User.objects.kept_by(administrator)


def test_a_user_without_grants_is_seen_by_keepers_of_accounts_and_of_grants_only(administrator: User, system_keeper: User, security: User) -> None:
    newcomer = make_user("newcomer")

    assert newcomer in User.objects.visible_to(system_keeper)
    assert newcomer in User.objects.visible_to(security)
    assert newcomer not in User.objects.visible_to(administrator)


@pytest.mark.parametrize(
    ("actor", "listed"), [("administrator", 200), ("system_keeper", 200), ("security", 200), ("organiser", 403), ("reviewer", 403), ("auditor", 403)]
)
def test_the_list_is_for_those_who_keep_accounts_or_grants(client: Client, request: pytest.FixtureRequest, actor: str, listed: int) -> None:
    client.force_login(request.getfixturevalue(actor))

    assert client.get("/account/users/").status_code == listed


def test_a_user_outside_the_area_is_404_and_one_inside_but_not_to_keep_is_403(
    client: Client, administrator: User, organiser: User, other_organiser: User, reviewer: User
) -> None:
    client.force_login(administrator)

    def answers(user: User) -> tuple[int, int]:
        page = f"/account/users/{user.public_id}/"
        return client.get(page).status_code, client.post(f"{page}reset/").status_code

    assert answers(organiser) == (200, 200)
    assert answers(reviewer) == (200, 403)
    assert answers(other_organiser) == (404, 404)


def test_an_administrator_creates_a_user_with_a_first_grant_and_hands_out_a_code(client: Client, administrator: User, branch: Branch) -> None:
    client.force_login(administrator)
    sent = {"username": "zhangsan", "name": "张三", "role": "organiser", "scope": branch.name, "first": "2020-03-06", "last": ""}

    page = client.post("/account/users/add/", sent)

    assert "no-store" in page["Cache-Control"]
    user = User.objects.get(username="zhangsan")
    assert [(grant.role, grant.branch) for grant in user.grants.all()] == [("organiser", branch)]
    code = CODE.search(page.content.decode())
    assert code
    assert not user.has_usable_password()
    assert not ActivationCode.objects.filter(code_hash__contains=code[0]).exists()
    assert client.post("/account/users/add/", sent).status_code == 422  # taken


def test_a_taken_account_is_told_together_with_what_else_is_wrong(client: Client, administrator: User, organiser: User) -> None:
    client.force_login(administrator)

    refused = client.post("/account/users/add/", {"username": organiser.username, "name": "", "role": "organiser", "scope": "", "first": "2020-03-06"})

    assert refused.status_code == 422
    assert set(refused.context["form"].errors) == {"username", "name", "scope"}


def test_a_user_is_not_left_behind_when_the_grant_is_refused(administrator: User, other_branch: Branch) -> None:
    with pytest.raises(Forbidden):
        services.create_user(actor=administrator, username="zhangsan", terms=Terms(Role.ORGANISER, other_branch, today()))
    assert not User.objects.filter(username="zhangsan").exists()


@pytest.mark.parametrize("actor", ["administrator", "security", "auditor", "organiser", "reviewer"])
def test_only_a_keeper_of_accounts_creates_users_without_grants_and_machines(actor: str, request: pytest.FixtureRequest, system_keeper: User) -> None:
    with pytest.raises(Forbidden):
        services.create_user(actor=request.getfixturevalue(actor), username="new", is_machine=True)

    machine, no_code = services.create_user(actor=system_keeper, username="new", is_machine=True)
    person, code = services.create_user(actor=system_keeper, username="newer")
    assert (no_code, machine.has_usable_password(), person.has_usable_password()) == (None, False, False)
    assert code


def test_a_keeper_of_accounts_gives_nothing(system_keeper: User, branch: Branch) -> None:
    with pytest.raises(Forbidden):
        services.create_user(actor=system_keeper, username="new", terms=Terms(Role.ORGANISER, branch, today()))


def test_closing_an_account_signs_it_out_and_opening_lets_it_in_again(client: Client, administrator: User, organiser: User) -> None:
    client.force_login(organiser)

    services.set_active(actor=administrator, user=organiser, active=False)
    assert client.get("/account/")["Location"].startswith("/account/sign-in/")

    services.set_active(actor=administrator, user=organiser, active=True)
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == ["user.closed", "user.opened"]


def test_nobody_closes_or_resets_their_own_account_here(system_keeper: User) -> None:
    with pytest.raises(Forbidden):
        services.set_active(actor=system_keeper, user=system_keeper, active=False)
    with pytest.raises(Forbidden):
        services.reset_password(actor=system_keeper, user=system_keeper)


def test_a_reset_takes_the_password_away_and_voids_the_earlier_code(client: Client, administrator: User, organiser: User) -> None:
    client.force_login(organiser)
    first = services.reset_password(actor=administrator, user=organiser)
    assert client.get("/account/").status_code == 302  # signed out

    second = services.reset_password(actor=administrator, user=organiser)

    with pytest.raises(ValidationError):
        services.activate(code=first.code, password="plum-tree-in-march")
    assert services.activate(code=second.code, password="plum-tree-in-march") == organiser


def test_a_token_is_issued_to_another_system_in_the_area_and_shown_once(client: Client, administrator: User, city: City) -> None:
    machine = make_user("machine", (Role.CLIENT, city.street), is_machine=True)
    client.force_login(administrator)

    page = client.post(f"/account/users/{machine.public_id}/tokens/add/", {"days": "90"})

    found = re.search(r'id="token"[^>]*>([0-9a-f]{64})<', page.content.decode())
    assert found
    secret = found[1]
    assert "no-store" in page["Cache-Control"]
    token = AuthToken.objects.get()
    assert round((token.expiry - token.created).total_seconds() / 86400) == 90
    assert secret not in token.digest
    assert secret not in client.get(f"/account/users/{machine.public_id}/").content.decode()
    assert secret not in str(list(AuditEntry.objects.values_list("details", flat=True)))

    client.post(f"/account/users/{machine.public_id}/tokens/revoke/", {"token": token.token_key})
    assert not AuthToken.objects.exists()
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == ["token.issued", "token.revoked"]


def test_people_have_no_tokens_and_a_wider_system_is_not_the_streets_to_keep(
    administrator: User, organiser: User, client_machine: User, system_keeper: User
) -> None:
    with pytest.raises(ValidationError):
        services.issue_token(actor=administrator, user=organiser, days=30)
    with pytest.raises(Forbidden):
        services.issue_token(actor=administrator, user=client_machine, days=30)
    with pytest.raises(ValidationError):
        services.issue_token(actor=system_keeper, user=client_machine, days=3650)
    for _number in range(10):
        services.issue_token(actor=system_keeper, user=client_machine, days=30)
    with pytest.raises(ValidationError):
        services.issue_token(actor=system_keeper, user=client_machine, days=30)


@pytest.mark.parametrize("page", ["/account/users/", "/account/users/{}/"])
def test_pages_ask_the_same_number_of_questions_at_any_size(client: Client, administrator: User, organiser: User, branch: Branch, page: str) -> None:
    client.force_login(administrator)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(page.format(organiser.public_id)).status_code == 200
        return len(asked)

    few = queries()
    for number in range(40):
        give(make_user(f"clerk{number}"), Role.ORGANISER, branch)
        give(organiser, Role.SHIFT_LEADER, branch)
    assert queries() == few
    assert few <= 15


def test_names_are_found_on_the_list_and_an_empty_list_says_so(client: Client, administrator: User, organiser: User, reviewer: User) -> None:
    client.force_login(administrator)

    found = client.get("/account/users/?q=REVIEW").content.decode()
    assert "/account/users/" + str(reviewer.public_id) in found
    assert str(organiser.public_id) not in found
    assert "没有找到用户" in client.get("/account/users/?q=nobody").content.decode()


def test_the_own_account_shows_the_grants_held_and_changes_name_and_language(client: Client, organiser: User) -> None:
    client.force_login(organiser)
    assert "望江社区临时党支部" in client.get("/account/").content.decode()

    assert client.post("/account/", {"name": "李四", "language": "en"}).status_code == 302
    organiser.refresh_from_db()
    assert (organiser.name, organiser.language) == ("李四", "en")
    assert "My account" in client.get("/account/").content.decode()
    assert client.post("/account/", {"name": "李四", "language": "xx"}).status_code == 422


def test_the_console_makes_the_first_account_of_an_empty_database(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_administrator", username="chen", role="security")

    code = re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){2}", capsys.readouterr().out)
    assert code
    assert services.activate(code=code[0], password="plum-tree-in-march").username == "chen"
    grant = Grant.objects.get()
    assert (grant.role, grant.everything, grant.given_by) == ("security", True, None)
    with pytest.raises(CommandError):
        call_command("create_administrator", username="chen")
