"""The pages on the way to a branch's end: step by step, left and come back to, and what stands there when it is over."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import Need, ReportVersion
from branches.access import Role
from branches.models import Branch
from members.models import CheckIn
from portal.accounts.models import User
from portal.accounts.proof import FIELD, HOLDS
from portal.ending import services
from portal.ending.letters import letter_of
from portal.ending.models import BranchEnd
from portal.foundation.models import AuditEntry
from tests.activities.needs import recorded
from tests.ending.ended import begun, confirmed, prepared, work_off
from tests.factories import PASSWORD, file, give, make_branch, make_person, make_user
from tests.personas import MARCH_6, City, Clock

pytestmark = pytest.mark.django_db


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def step(branch: Branch, name: str) -> str:
    return reverse("branches:end_step", args=[branch.public_id, name])


def overview(branch: Branch) -> str:
    return reverse("branches:branch_end", args=[branch.public_id])


def text_of(response: Any) -> str:
    content: bytes = response.content
    return content.decode()


def test_the_way_is_walked_step_by_step_and_may_be_left(administrator: User, organiser: User, city: City, branch: Branch, clock: Clock) -> None:
    other = make_branch(city.community, "望江社区第二临时党支部")
    recorded(branch, organiser)
    client = browser(organiser)
    assert client.post(overview(branch), {"last_day": "2020-03-06"}).status_code == 302
    end = BranchEnd.objects.get()
    asked: dict[str, dict[str, Any]] = {
        "open": {"do": "hand_on", "to": f"branch:{other.public_id}"},
        "reports": {"do": "explain_day", "reason": "未建群", "all": "1"},
        "letters": {"do": "letters", "on": "2020-03-06"},
        "narrative": {"do": "narrative", "narrative": "支部自二月起值守。"},
        "pack": {"do": "pack"},
    }
    for name, data in asked.items():
        assert client.get(step(branch, name)).status_code == 200
        assert client.post(step(branch, name), data).status_code == 302, name
    client.post(step(branch, "open"), {"do": "stock", "stock": "无剩余"})
    work_off()
    # Somebody else goes on where the branch left it.
    office = browser(administrator)
    assert "还需先做" not in text_of(office.get(step(branch, "confirm")))
    assert "btn danger" not in text_of(client.get(step(branch, "confirm")))
    assert client.post(step(branch, "confirm"), {"do": "confirm", "sure": "on"}).status_code == 403
    assert office.post(step(branch, "confirm"), {"do": "confirm"}).status_code == 422
    assert office.post(step(branch, "confirm"), {"do": "confirm", "sure": "on"}).status_code == 302
    end.refresh_from_db()
    assert end.state == "confirmed"
    assert Need.objects.get().branch == other
    work_off()
    shown = text_of(office.get(overview(branch)))
    assert "记录封存" in shown
    assert office.get(step(branch, "open")).status_code == 302
    assert "记录已封存" in text_of(office.get(reverse("branches:branch_detail", args=[branch.public_id])))


def test_an_impossible_day_is_refused_beside_its_field(administrator: User, branch: Branch, clock: Clock) -> None:
    response = browser(administrator).post(overview(branch), {"last_day": "2020-01-06"})
    assert response.status_code == 422
    assert 'id="id_last_day_error"' in text_of(response)
    response = browser(administrator).post(overview(branch), {"last_day": "2020-03-06", "merged_into": branch.name})
    assert response.status_code == 422
    assert 'id="id_merged_into_error"' in text_of(response)


def test_what_is_refused_is_shown_with_what_was_typed(organiser: User, branch: Branch, clock: Clock) -> None:
    begun(branch, organiser)
    response = browser(organiser).post(step(branch, "reports"), {"do": "explain_day", "reason": "没有勾选"})
    assert response.status_code == 422
    assert "没有勾选" in text_of(response)
    assert browser(organiser).post(step(branch, "reports"), {"do": "stock", "stock": "x"}).status_code == 404
    assert browser(organiser).get(step(branch, "nothing")).status_code == 404


def test_the_administrator_reads_no_words_of_residents_here(administrator: User, organiser: User, branch: Branch, clock: Clock) -> None:
    need = recorded(branch, organiser, household="3栋2单元501")
    begun(branch, organiser)
    for user in (administrator, organiser):
        shown = text_of(browser(user).get(step(branch, "open")))
        assert need.get_category_display() in shown
        assert need.household not in shown


def test_both_branches_of_a_merger_say_so_with_links(administrator: User, city: City, branch: Branch, clock: Clock) -> None:
    into = make_branch(city.community, "望江社区第二临时党支部")
    confirmed(branch, administrator, merged_into=into)
    client = browser(administrator)
    here, there = (reverse("branches:branch_detail", args=[each.public_id]) for each in (branch, into))
    assert there in text_of(client.get(here))
    assert here in text_of(client.get(there))


def test_a_dissolved_branch_is_opened_again_on_its_page(administrator: User, branch: Branch, clock: Clock) -> None:
    confirmed(branch, administrator)
    client, address = browser(administrator), reverse("branches:end_reopen", args=[branch.public_id])
    assert client.post(address, {"reason": " "}).status_code == 422
    assert client.post(address, {"reason": "更正数据"}).status_code == 302
    branch.refresh_from_db()
    assert branch.closed_at is None


# --- Closed -----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def closed(administrator: User, city: City, branch: Branch, clock: Clock) -> tuple[Branch, User, ReportVersion]:
    """A closed branch, a clerk of the whole street, who may still write in it by their grant, and a report that nobody accepted."""
    clerk = make_user("clerk-of-the-street", (Role.ORGANISER, city.street))
    version = file(branch, MARCH_6, by=clerk, vehicles=2).version
    recorded(branch, clerk)
    end = prepared(branch, administrator)
    services.hand_on_needs(actor=administrator, end=end, to=city.street)
    services.confirm(actor=administrator, end=end)
    return branch, clerk, version


def test_the_api_refuses_a_closed_branch_in_a_sentence(closed: tuple[Branch, User, ReportVersion], reviewer: User) -> None:
    branch, clerk, version = closed
    body = {"uid": str(uuid4()), "branch": str(branch.public_id), "business_date": "2020-03-06", "figures": [{"metric": "vehicles", "value": "3"}], "base": 1}
    asked = [
        browser(clerk).post(reverse("activities-api:report-list"), body, content_type="application/json"),
        browser(reviewer).post(reverse("activities-api:report-version-accept", args=[version.public_id]), content_type="application/json"),
        browser(reviewer).post(reverse("activities-api:report-version-return", args=[version.public_id]), {"note": "请核对"}, content_type="application/json"),
    ]
    for response in asked:
        assert response.status_code in {409, 422}, response.content
        assert "封存" in text_of(response)
    version.refresh_from_db()
    assert version.state == "filed"


def test_a_page_refuses_a_closed_branch_in_a_sentence(closed: tuple[Branch, User, ReportVersion], reviewer: User) -> None:
    branch, clerk, version = closed
    squad = {"name": "新队", "kind": "task", "first_day": "2020-03-06", "uid": str(uuid4())}
    person = {"name": "后来者", "kind": "member", "from_day": "2020-03-06"}
    asked = [
        browser(reviewer).post(reverse("activities:review_act"), {"act": "accept", "version": str(version.public_id), "day": "2020-03-06"}),
        browser(clerk).post(reverse("squads:squad_add", args=[branch.public_id]), squad),
        browser(clerk).post(reverse("members:member_add", args=[branch.public_id]), person),
        browser(clerk).post(reverse("activities:report_withdraw", args=[version.public_id]), {"reason": "误报"}),
    ]
    for response in asked:
        assert response.status_code in {409, 422}, response.content[:500]
    assert "封存" in "".join(text_of(response) for response in asked)
    version.refresh_from_db()
    assert version.state == "filed"
    assert branch.memberships.count() == 1


# --- Letters ----------------------------------------------------------------------------------------------------------------


def test_a_letter_names_the_units_own_people_alone(administrator: User, city: City, branch: Branch, clock: Clock) -> None:
    make_person("他单位的人", city.bureau, branch)
    end = prepared(branch, administrator)
    own, other = end.letters.order_by("work_unit__name")
    assert {(letter.work_unit.name, tuple(each.person.name for each in letter_of(letter).people)) for letter in (own, other)} == {
        ("示例一公司", ("示例书记",)),
        ("示例局", ("他单位的人",)),
    }
    liaison = make_user("liaison-of-bureau", (Role.LIAISON, city.bureau))
    for letter in (own, other):
        response = browser(liaison).get(reverse("branches:end_letter", args=[letter.public_id]))
        assert response.status_code == (200 if letter.work_unit == city.bureau else 404)
    assert AuditEntry.objects.filter(action="service_letter.read", actor=liaison).count() == 1


def test_a_letter_waits_for_the_code_or_password_and_what_hangs_at_the_gate_does_not(administrator: User, city: City, branch: Branch, clock: Clock) -> None:
    end = prepared(branch, administrator)
    letter = reverse("branches:end_letter", args=[end.letters.get().public_id])
    both = make_user("both", (Role.LIAISON, city.group), (Role.ORGANISER, branch))
    client = browser(both)
    clock.move_to(clock.now() + HOLDS)

    asked = client.get(letter)
    assert asked.status_code == 302
    assert not AuditEntry.objects.filter(action="service_letter.read").exists()
    person = branch.memberships.get().person
    for free in (
        reverse("roster:roster_week", args=[branch.public_id, MARCH_6]),
        reverse("roster:roster_day", args=[branch.public_id, MARCH_6]),
        reverse("members:service_record", args=[person.public_id]),
    ):
        assert client.get(free).status_code == 200, free

    assert client.post(asked["Location"], {FIELD: PASSWORD, "next": letter})["Location"] == letter
    assert client.get(letter).status_code == 200
    assert AuditEntry.objects.filter(action="service_letter.read", actor=both).count() == 1


def test_a_letter_tells_days_hours_and_offices_of_the_branch_alone(administrator: User, organiser: User, city: City, branch: Branch, clock: Clock) -> None:
    end = prepared(branch, administrator)
    [told] = letter_of(end.letters.get()).people
    assert (told.last, told.offices, told.shifts) == (MARCH_6, ["书记"], CheckIn.objects.count())
    services.issue_letters(actor=administrator, end=end, on=MARCH_6)
    assert [letter.number for letter in end.letters.all()] == [1]


# --- Packs ------------------------------------------------------------------------------------------------------------------


def test_a_pack_with_sensitive_fields_is_for_who_may_read_them(administrator: User, organiser: User, branch: Branch, clock: Clock) -> None:
    end = begun(branch, organiser)
    pack = services.ask_for_pack(actor=organiser, end=end)
    address = reverse("branches:end_pack", args=[pack.public_id])
    assert browser(organiser).get(address).status_code == 404
    work_off()
    response = browser(organiser).get(address)
    assert response["Content-Type"] == "application/zip"
    assert b"".join(response).startswith(b"PK")
    taken = AuditEntry.objects.get(action="branch_end.pack_taken")
    assert (taken.actor, taken.details["sensitive"]) == (organiser, True)
    assert browser(administrator).get(address).status_code == 403
    give(administrator, Role.ORGANISER, branch)
    assert browser(administrator).get(address).status_code == 200
