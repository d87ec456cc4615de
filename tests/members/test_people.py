"""The list of people, the page of one, and what an organiser writes down."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from psycopg2.extras import DateRange

from activities.services import Figure, Participation, Work, file_daily_report
from branches.models import Branch
from members import services
from members.models import Membership, Person, Secondment
from members.services import PersonFacts
from portal.accounts.models import User
from portal.foundation.errors import Forbidden
from portal.foundation.models import AuditEntry, new_public_id
from tests.factories import make_branch, make_person, make_user, since
from tests.personas import MARCH_5, MARCH_6, City, Clock

LIST = "/people/"
PRIVATE, MASKED = "19900001234", "199****1234"


def page(user: User, address: str, **query: str) -> str:
    client = Client()
    client.force_login(user)
    response = client.get(address, query)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def status(user: User, address: str) -> int:
    client = Client()
    client.force_login(user)
    return client.get(address).status_code


def post(user: User, address: str, **data: str) -> tuple[int, str]:
    client = Client()
    client.force_login(user)
    response = client.post(address, data)
    return response.status_code, response.content.decode()


def detail(person: Person) -> str:
    return reverse("members:person_detail", args=[person.public_id])


@pytest.fixture
def secretary(branch: Branch) -> Person:
    return Person.objects.get(name="示例书记")


def test_the_list_holds_the_people_of_the_scope_and_no_others(reviewer: User, branch: Branch, other_branch: Branch) -> None:
    shown = page(reviewer, LIST)
    assert "示例书记" in shown
    assert "另一书记" not in shown


def test_a_liaison_sees_their_units_people_and_no_others(liaison: User, city: City, branch: Branch) -> None:
    make_person("外单位人", city.bureau, branch)
    shown = page(liaison, LIST)
    assert "示例书记" in shown
    assert "外单位人" not in shown


def test_somebody_is_of_the_unit_that_sent_them_last(liaison: User, city: City, branch: Branch, other_branch: Branch) -> None:
    mover = make_person("换单位人")
    Membership.objects.create(person=mover, branch=branch, during=DateRange(branch.life.lower, MARCH_5))
    Secondment.objects.create(person=mover, home_unit=city.company, during=DateRange(None, MARCH_5))
    assert "换单位人" in page(liaison, LIST)

    Secondment.objects.create(person=mover, home_unit=city.bureau, during=DateRange(MARCH_5, None))
    Membership.objects.create(person=mover, branch=other_branch, during=DateRange(MARCH_5, None))

    assert "换单位人" not in page(liaison, LIST)
    assert status(liaison, detail(mover)) == 404
    assert branch in Branch.objects.visible_to(liaison)
    assert other_branch not in Branch.objects.visible_to(liaison)


@pytest.mark.parametrize("role", ["organiser", "reviewer", "official", "liaison", "administrator"])
def test_the_list_masks_private_telephones_for_everybody(role: str, request: pytest.FixtureRequest, branch: Branch) -> None:
    shown = page(request.getfixturevalue(role), LIST)
    assert MASKED in shown
    assert PRIVATE not in shown


def test_people_are_found_by_name_kind_branch_and_unit(official: User, city: City, branch: Branch, other_branch: Branch) -> None:
    for query in ({"name": "slsj"}, {"name": "示例書記"}, {"branch": str(branch.public_id)}, {"work_unit": str(city.company.public_id)}):
        shown = page(official, LIST, **query)
        assert "示例书记" in shown
        assert "另一书记" not in shown
    assert "示例书记" not in page(official, LIST, kind="volunteer")


@pytest.mark.parametrize("rows", [10, 200])
def test_the_list_asks_as_many_questions_at_any_size(official: User, city: City, branch: Branch, rows: int) -> None:
    for _ in range(rows):
        make_person("", city.company, branch)
    client = Client()
    client.force_login(official)
    with CaptureQueriesContext(connection) as asked:
        client.get(LIST)
    assert len(asked) == 9


@pytest.mark.parametrize("role", ["reviewer", "official", "liaison", "administrator"])
def test_others_than_organisers_see_a_masked_telephone_and_leave_no_trace(role: str, request: pytest.FixtureRequest, secretary: Person) -> None:
    shown = page(request.getfixturevalue(role), detail(secretary))
    assert MASKED in shown
    assert PRIVATE not in shown
    assert not AuditEntry.objects.filter(action="person.sensitive_seen").exists()


def test_an_organiser_sees_the_telephone_and_the_log_says_so(organiser: User, secretary: Person) -> None:
    assert PRIVATE in page(organiser, detail(secretary))
    seen = AuditEntry.objects.get(action="person.sensitive_seen")
    assert (seen.actor, seen.object_id) == (organiser, secretary.public_id)


def test_a_person_outside_the_scope_is_not_found(organiser: User, reviewer: User, other_branch: Branch) -> None:
    other = Person.objects.get(name="另一书记")
    assert status(organiser, detail(other)) == 404
    assert status(reviewer, detail(other)) == 404


def test_an_organiser_does_not_learn_of_earlier_branches_elsewhere(organiser: User, city: City, branch: Branch, other_branch: Branch) -> None:
    mover = make_person("调来者")
    Membership.objects.create(person=mover, branch=other_branch, during=since(date(2020, 2, 1), date(2020, 2, 20)))
    Membership.objects.create(person=mover, branch=branch, during=since(date(2020, 2, 21)))
    shown = page(organiser, detail(mover))
    assert branch.name in shown
    assert other_branch.name not in shown


def test_a_member_sees_their_own_page_with_their_own_work_and_nobody_elses(
    member: User, organiser: User, branch: Branch, secretary: Person, clock: Clock
) -> None:
    assert member.person is not None
    work = Work("patrol", (Figure("patrol_rounds", Decimal(2)),), participants=(Participation(member.person, Decimal("3.5")),))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=(work,), uid=new_public_id())
    shown = page(member, detail(member.person))
    assert "3.5" in shown
    assert status(member, detail(secretary)) == 404


def test_work_taken_part_in_opens_for_who_reads_reports(official: User, organiser: User, branch: Branch, secretary: Person, clock: Clock) -> None:
    work = Work("patrol", (Figure("patrol_rounds", Decimal(2)),), participants=(Participation(secretary, Decimal("4.25")),))
    filed = file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=(work,), uid=new_public_id())
    entry = filed.version.entries.get()
    shown = page(official, detail(secretary))
    assert "4.25" in shown
    assert reverse("activities:entry_detail", args=[entry.public_id]) in shown


@pytest.mark.parametrize("rows", [2, 30])
def test_the_page_of_a_person_asks_at_most_15_questions(organiser: User, city: City, branch: Branch, rows: int) -> None:
    person = make_person("老同志", city.company)
    start = date(2020, 2, 1)
    for number in range(rows):
        during = since(start + timedelta(days=number), start + timedelta(days=number))
        membership = Membership.objects.create(person=person, branch=branch, during=during)
        membership.terms.create(office="team_leader", during=during)
    client = Client()
    client.force_login(organiser)
    with CaptureQueriesContext(connection) as asked:
        client.get(detail(person))
    assert len(asked) <= 15


def add(branch: Branch) -> str:
    return reverse("members:member_add", args=[branch.public_id])


def test_who_may_add_somebody_to_a_branch(organiser: User, administrator: User, official: User, other_organiser: User, branch: Branch) -> None:
    assert status(organiser, add(branch)) == 200
    assert status(administrator, add(branch)) == 200
    assert status(official, add(branch)) == 403
    assert status(other_organiser, add(branch)) == 404


def test_an_organiser_adds_somebody_with_their_unit(organiser: User, city: City, branch: Branch, clock: Clock) -> None:
    code, _ = post(organiser, add(branch), name="新来者", kind="volunteer", home_unit="示例局", from_day="2020-03-05", until_day="2020-03-08")
    assert code == 302
    person = Person.objects.get(name="新来者")
    assert person.memberships.get().during == DateRange(date(2020, 3, 5), date(2020, 3, 9))
    assert person.secondments.get().home_unit == city.bureau
    assert AuditEntry.objects.filter(action="membership.added").exists()


def test_a_member_of_another_branch_is_refused_in_a_sentence_beside_the_day(organiser: User, city: City, branch: Branch, clock: Clock) -> None:
    elsewhere = make_branch(city.community)
    make_person("两头跑", branch=elsewhere, phone="19900007777")
    code, shown = post(organiser, add(branch), name="两头跑", kind="member", phone="19900007777", from_day="2020-03-06")
    assert code == 422
    assert 'id="id_from_day_error"' in shown
    assert "两头跑" in shown
    assert Person.objects.filter(name="两头跑").count() == 1


def test_nobody_joins_before_the_branch_began(organiser: User, branch: Branch, clock: Clock) -> None:
    code, shown = post(organiser, add(branch), name="早来者", kind="member", from_day="2020-01-01")
    assert code == 422
    assert 'id="id_from_day_error"' in shown
    assert not Person.objects.filter(name="早来者").exists()


@pytest.mark.parametrize("day", ["2020-02-30", "昨天", "", "99999-01-01", "9999-12-31", "0001-01-01"])
def test_an_impossible_day_is_refused_beside_its_field(organiser: User, branch: Branch, clock: Clock, day: str) -> None:
    code, shown = post(organiser, add(branch), name="某人", kind="member", from_day=day)
    assert code == 422
    assert 'id="id_from_day_error"' in shown


def test_an_end_before_the_start_is_refused_beside_the_end(organiser: User, branch: Branch, clock: Clock) -> None:
    code, shown = post(organiser, add(branch), name="某人", kind="member", from_day="2020-03-06", until_day="2020-03-01")
    assert code == 422
    assert 'id="id_until_day_error"' in shown


def test_a_membership_ends_with_the_offices_in_it(organiser: User, branch: Branch, secretary: Person, clock: Clock) -> None:
    membership = secretary.memberships.get()
    code, _ = post(organiser, reverse("members:membership_end", args=[membership.public_id]), last_day="2020-03-06")
    assert code == 302
    membership.refresh_from_db()
    assert membership.during.upper == MARCH_6 + timedelta(days=1)
    assert membership.terms.get().during.upper == MARCH_6 + timedelta(days=1)


def test_an_organiser_corrects_a_person_and_the_log_names_the_fields_only(organiser: User, secretary: Person) -> None:
    address = reverse("members:person_edit", args=[secretary.public_id])
    assert PRIVATE in page(organiser, address)
    assert AuditEntry.objects.filter(action="person.sensitive_seen").count() == 1
    code, _ = post(organiser, address, name="示例书记", kind="member", phone="19900009999", duty_phone="19900005678")
    assert code == 302
    secretary.refresh_from_db()
    assert secretary.phone == "19900009999"
    assert AuditEntry.objects.get(action="person.changed").details == {"fields": ["phone"]}


def test_an_administrator_corrects_a_person_without_seeing_the_private_telephone(administrator: User, secretary: Person) -> None:
    address = reverse("members:person_edit", args=[secretary.public_id])
    assert PRIVATE not in page(administrator, address)
    code, _ = post(administrator, address, name="示例新名", kind="member", phone="1", duty_phone="19900005678")
    assert code == 302
    secretary.refresh_from_db()
    assert (secretary.name, secretary.phone) == ("示例新名", PRIVATE)


def test_only_who_keeps_a_branchs_people_corrects_them(official: User, member: User, other_organiser: User, secretary: Person) -> None:
    address = reverse("members:person_edit", args=[secretary.public_id])
    assert status(official, address) == 403
    assert status(other_organiser, address) == 404
    assert member.person is not None
    assert status(member, reverse("members:person_edit", args=[member.person.public_id])) == 403


def test_a_membership_does_not_end_before_it_began(organiser: User, secretary: Person) -> None:
    membership = secretary.memberships.get()
    code, shown = post(organiser, reverse("members:membership_end", args=[membership.public_id]), last_day="2020-01-01")
    assert code == 422
    assert 'id="id_last_day_error"' in shown


def test_only_who_keeps_the_branchs_people_ends_a_membership(official: User, other_organiser: User, secretary: Person) -> None:
    address = reverse("members:membership_end", args=[secretary.memberships.get().public_id])
    assert status(official, address) == 403
    assert status(other_organiser, address) == 404


def test_a_second_secretary_at_one_time_is_refused_beside_the_office(organiser: User, city: City, branch: Branch, clock: Clock) -> None:
    second = make_person("第二书记", city.company, branch).memberships.get()
    address = reverse("members:officer_set", args=[branch.public_id])
    code, shown = post(organiser, address, membership=str(second.public_id), office="secretary", from_day="2020-03-06")
    assert code == 422
    assert 'id="id_office_error"' in shown
    code, _ = post(organiser, address, membership=str(second.public_id), office="team_leader", from_day="2020-03-06")
    assert code == 302


def test_services_refuse_who_does_not_keep_the_branchs_people(official: User, branch: Branch, secretary: Person) -> None:
    membership = secretary.memberships.get()
    with pytest.raises(Forbidden):
        services.add_member(actor=official, branch=branch, facts=PersonFacts("某人"), home_unit=None, from_day=MARCH_5)
    with pytest.raises(Forbidden):
        services.end_membership(actor=official, membership=membership, last_day=MARCH_6)
    with pytest.raises(Forbidden):
        services.set_officer(actor=official, membership=membership, office="team_leader", from_day=MARCH_5)


def test_an_office_outside_the_membership_is_refused(organiser: User, branch: Branch, secretary: Person) -> None:
    with pytest.raises(ValidationError) as refused:
        services.set_officer(actor=organiser, membership=secretary.memberships.get(), office="team_leader", from_day=date(2020, 1, 1))
    assert "from_day" in refused.value.message_dict


def test_a_person_without_any_grant_sees_only_their_own_page(city: City, branch: Branch, secretary: Person) -> None:
    user = make_user("own", person=secretary)
    assert PRIVATE in page(user, detail(secretary))
    assert not AuditEntry.objects.filter(action="person.sensitive_seen").exists()
    assert "示例书记" in page(user, LIST)
