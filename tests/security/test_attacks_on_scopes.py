"""Other people's objects under any address, and grants that nobody may give."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from activities.models import ReportVersion
from branches.access import Role
from branches.models import Branch
from members.models import Person
from portal.accounts.models import Grant, User
from portal.foundation import clock
from portal.foundation.models import AuditEntry
from tests.ending.ended import prepared
from tests.factories import file, give, make_user
from tests.personas import MARCH_6, City, Clock
from tests.security.attacker import NUL, browser, filing, machine

pytestmark = pytest.mark.usefixtures("clock")


def test_a_liaison_and_a_community_secretary_do_not_see_who_filed(
    branch: Branch, organiser: User, reviewer: User, liaison: User, community_secretary: User, official: User
) -> None:
    User.objects.filter(pk=organiser.pk).update(name="填报人甲")
    User.objects.filter(pk=reviewer.pk).update(name="审核人乙")
    version = file(branch, MARCH_6, by=User.objects.get(pk=organiser.pk), vehicles=1).version
    ReportVersion.objects.filter(pk=version.pk).update(
        reviewed_by=reviewer, reviewed_at=version.known_from, confirmed_by=organiser, confirmed_at=version.known_from
    )
    pages = [
        reverse("activities:report_list"),
        reverse("activities:report_receipt", args=[version.public_id]),
        reverse("activities:report_detail", args=[version.report.public_id]),
        reverse("activities:entry_detail", args=[version.entries.get().public_id]),
    ]
    for address in pages:
        assert "填报人甲" in browser(official).get(address).content.decode(), address
        for user in (liaison, community_secretary):
            answer = browser(user).get(address)
            assert answer.status_code == 200
            assert "填报人甲" not in answer.content.decode(), (user, address)
            assert "审核人乙" not in answer.content.decode(), (user, address)


def test_what_lies_outside_a_scope_is_not_there_under_any_address(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, reviewer: User, administrator: User, shift_leader: User, member: User
) -> None:
    version = file(other_branch, MARCH_6, by=other_organiser, vehicles=77).version
    person = other_branch.memberships.get().person
    report, entry = version.report, version.entries.get()
    got = [
        reverse("activities:report_receipt", args=[version.public_id]),
        reverse("activities:report_detail", args=[report.public_id]),
        reverse("activities:entry_detail", args=[entry.public_id]),
        reverse("activities:report_edit", args=[other_branch.public_id, MARCH_6]),
        reverse("activities:on_behalf", args=[other_branch.public_id, MARCH_6]),
        reverse("activities:period_edit", args=[other_branch.public_id]),
        reverse("branches:branch_detail", args=[other_branch.public_id]),
        reverse("members:person_detail", args=[person.public_id]),
        reverse("portal:branch_dashboard", args=[other_branch.public_id]),
        reverse("portal:region_dashboard", args=[other_branch.region.public_id]),
        reverse("portal:dashboard_export", args=["branch", other_branch.public_id, "xlsx"]),
        reverse("portal:records") + f"?branch={other_branch.public_id}",
        *(
            f"/api/v1/{path}/{one.public_id}/"
            for path, one in (
                ("branches", other_branch),
                ("reports", report),
                ("report-versions", version),
                ("entries", entry),
                ("persons", person),
                ("regions", other_branch.region),
            )
        ),
        f"/api/v1/totals/?branch={other_branch.public_id}&from=2020-03-01&to=2020-03-06",
        f"/api/v1/totals/records/?branch={other_branch.public_id}&from=2020-03-01&to=2020-03-06",
    ]
    for user in (organiser, reviewer, administrator, shift_leader, member):
        for address in got:
            assert browser(user).get(address).status_code in {403, 404}, (user, address)
    for user in (organiser, reviewer):
        mixed = browser(user).get(reverse("portal:records"), {"region": str(branch.region.public_id), "branch": str(other_branch.public_id)})
        assert mixed.status_code == 404
        assert browser(user).post(reverse("portal:duty_phone", args=[person.public_id])).status_code == 404
        assert browser(user).post(reverse("activities:report_withdraw", args=[version.public_id]), {"reason": "x"}).status_code == 404
        assert browser(user).post(reverse("activities:report_confirm", args=[version.public_id])).status_code == 404
        assert browser(user).post(reverse("activities:draft_save", args=[other_branch.public_id, MARCH_6]), {"v_vehicles": "1"}).status_code == 404
        assert other_branch.name not in browser(user).get(reverse("activities:report_list"), {"receipt": version.receipt}).content.decode()
        assert machine(user)("post", "reports/", filing(other_branch)).status_code == 404
        for path in ("measures", "entries", "reports", "report-versions"):
            assert machine(user)("get", f"{path}/", {"branch": str(other_branch.public_id)}).status_code in {200, 422}
            assert "77" not in [row.get("value") for row in machine(user)("get", f"{path}/").json()["results"]]
    browser(reviewer).post(reverse("activities:review_act"), {"act": "accept", "version": str(version.public_id)})
    assert ReportVersion.objects.get(pk=version.pk).state == "filed"


def test_a_number_to_call_outside_of_the_scope_takes_what_one_of_nobody_takes(other_branch: Branch, reviewer: User, official: User) -> None:
    person = other_branch.memberships.get().person
    Person.objects.filter(pk=person.pk).update(duty_phone="19900005678")
    asked = {}
    for user in (reviewer, make_user("north", (Role.OFFICIAL, reviewer.grants.get().region))):
        caller = browser(user)
        for public_id in (person.public_id, uuid4()):
            with CaptureQueriesContext(connection) as statements:
                answer = caller.post(reverse("portal:duty_phone", args=[public_id]))
            asked[public_id] = (answer.status_code, len(statements))
        assert len(set(asked.values())) == 1
        assert answer.status_code == 404
    assert browser(official).post(reverse("portal:duty_phone", args=[person.public_id])).status_code == 200


@pytest.mark.parametrize("name", ["end_letter", "end_pack"])
def test_a_document_of_a_branch_outside_takes_what_one_of_nobody_takes(
    name: str, branch: Branch, other_branch: Branch, administrator: User, organiser: User, official: User, liaison: User, clock: Clock
) -> None:
    keeper = make_user("other-keeper", (Role.ADMINISTRATOR, other_branch.region))
    end = prepared(other_branch, keeper)
    found: Any = end.letters.first() if name == "end_letter" else end.packs.get()
    for user in (administrator, organiser, liaison):
        asked = []
        for public_id in (found.public_id, uuid4()):
            reader = browser(user)
            with CaptureQueriesContext(connection) as statements:
                answer = reader.get(reverse(f"branches:{name}", args=[public_id]))
            asked.append((answer.status_code, len(statements)))
        assert asked[0] == asked[1], user
        assert asked[0][0] == 404
    assert browser(keeper).get(reverse(f"branches:{name}", args=[found.public_id])).status_code == 200


def test_a_branch_that_lies_elsewhere_takes_what_one_of_nobody_takes(branch: Branch, other_branch: Branch, organiser: User, reviewer: User) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=1)
    asked = []
    for child in (other_branch.public_id, uuid4()):
        reader, query = browser(reviewer), {"region": str(branch.region.public_id), "child": str(child), "metric": "vehicles"}
        with CaptureQueriesContext(connection) as statements:
            answer = reader.get(reverse("portal:records"), query)
        asked.append((answer.status_code, len(statements)))
    assert asked[0] == asked[1]
    assert asked[0][0] == 404


def test_the_same_identifier_of_two_accounts_is_two_filings(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User) -> None:
    sent = filing(branch)
    assert machine(organiser)("post", "reports/", sent).status_code == 201
    assert machine(other_organiser)("post", "reports/", {**sent, "branch": str(other_branch.public_id)}).status_code == 201
    assert machine(organiser)("post", "reports/", sent).status_code == 200


def test_a_telephone_shown_in_a_form_is_in_the_log(branch: Branch, administrator: User) -> None:
    person = branch.memberships.get().person
    page = browser(administrator).get(reverse("members:person_edit", args=[person.public_id])).content.decode()
    assert person.duty_phone in page
    assert person.phone not in page
    assert AuditEntry.objects.get(action="person.sensitive_seen").details == {"fields": ["duty_phone"]}


# --- Grants ----------------------------------------------------------------------------------------------------------------


def test_an_administrator_gives_no_more_than_organisers_of_their_area(
    branch: Branch, other_branch: Branch, administrator: User, organiser: User, city: City
) -> None:
    client = browser(administrator)
    address = reverse("accounts:grant_add", args=[organiser.public_id])
    sound = {"role": "organiser", "scope": branch.region.name, "first": "2020-03-06"}
    for bad in ({"role": "reviewer"}, {"role": "client"}, {"role": "security"}, {"scope": other_branch.name}, {"scope": city.city.name}, {"scope": ""}):
        assert client.post(address, sound | bad).status_code in {403, 422}, bad
    assert client.post(address, sound | {"sensitive": "on", "everything": "on", "user": str(administrator.pk), "given_by": "1"}).status_code == 302
    given = Grant.objects.filter(given_by=administrator).get()
    assert (given.user, given.sensitive, given.everything, given.role) == (organiser, False, False, "organiser")


def test_a_grant_until_the_end_of_the_calendar_is_refused_in_words(administrator: User, organiser: User, branch: Branch) -> None:
    address = reverse("accounts:grant_add", args=[organiser.public_id])
    for days in ({"last": "9999-12-31"}, {"first": "0001-01-01"}, {"first": NUL}, {"last": "2020-01-01"}):
        answer = browser(administrator).post(address, {"role": "organiser", "scope": branch.region.name, "first": "2020-03-06", **days})
        assert answer.status_code == 422, days


def test_nobody_resets_who_stands_above_them(administrator: User, reviewer: User, security: User, client_machine: User, organiser: User, auditor: User) -> None:
    for actor in (administrator, organiser, security, auditor):
        for target in (reviewer, security, client_machine, auditor):
            for page in ("user_reset", "user_set_active", "token_add", "token_revoke"):
                answer = browser(actor).post(reverse(f"accounts:{page}", args=[target.public_id]), {"active": "0", "days": "30", "token": "x"})
                assert answer.status_code in {403, 404}, (actor, target, page)


def test_what_somebody_held_elsewhere_is_not_an_administrators_to_read(branch: Branch, other_branch: Branch, administrator: User, security: User) -> None:
    clerk = make_user("clerk", (Role.ORGANISER, branch))
    Grant.objects.filter(pk=give(clerk, Role.REVIEWER, other_branch).pk).update(revoked_at=clock.now())
    page = reverse("accounts:user_detail", args=[clerk.public_id])
    assert other_branch.name in browser(security).get(page).content.decode()
    shown = browser(administrator).get(page).content.decode()
    assert branch.name in shown
    assert other_branch.name not in shown


def test_a_closed_account_and_a_grant_taken_back_stop_at_once(branch: Branch, organiser: User, system_keeper: User) -> None:
    client, call = browser(organiser), machine(organiser)
    address = reverse("branches:branch_detail", args=[branch.public_id])
    assert client.get(address).status_code == 200
    Grant.objects.filter(user=organiser).update(revoked_at=clock.now())
    assert client.get(address).status_code == 404
    assert call("get", "branches/").status_code == 403
    assert browser(system_keeper).post(reverse("accounts:user_set_active", args=[organiser.public_id]), {"active": "0"}).status_code == 302
    assert client.get(address).status_code == 302
    assert call("get", "branches/").status_code == 401
