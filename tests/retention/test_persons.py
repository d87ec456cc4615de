"""Persons and accounts under pseudonyms: when, when not, and what stays."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from activities.services.contacts import close
from branches.access import Role
from branches.models import Branch
from members.models import Person
from members.services import end_branch
from portal.accounts.models import Grant, User
from portal.foundation.text import pinyin_key
from portal.retention.models import Certificate
from portal.retention.services.erasing import erase_all
from tests.activities.contacted import contact
from tests.factories import file, give, make_person, make_user
from tests.personas import MARCH_6, City, Clock

pytestmark = pytest.mark.django_db
LONG = timedelta(days=181)
FAR = timedelta(days=4000)


@pytest.fixture
def secretary(branch: Branch, administrator: User, clock: Clock) -> Person:
    """The secretary of a branch that has ended."""
    person = branch.memberships.get().person
    person.secondments.update(job="科长")
    end_branch(actor=administrator, branch=branch, last_day=MARCH_6)
    return person


def test_a_pseudonym_takes_the_place_of_name_and_telephone(secretary: Person, clock: Clock) -> None:
    clock.move_to(clock.now() + LONG)
    erase_all(uuid4())
    secretary.refresh_from_db()
    assert re.fullmatch(r"下沉党员 [0-9A-Z]{4}-[0-9A-Z]{4}", secretary.name)
    assert (secretary.phone, secretary.duty_phone, secretary.unnamed_at) == ("", "", clock.now())
    assert secretary.name_key == pinyin_key(secretary.name)
    assert "示例书记" not in secretary.search
    assert list(secretary.secondments.values_list("job", flat=True)) == [""]
    assert not Person.objects.found_by("示例书记").exists()
    certificate = Certificate.objects.get(rule="person")
    assert (certificate.branch, certificate.counts["members.Person.name"]) == (secretary.memberships.get().branch, 1)


def test_the_pseudonym_is_the_same_each_time_and_another_for_each_person(secretary: Person, branch: Branch, clock: Clock) -> None:
    other = make_person("另一人", kind="volunteer")
    clock.move_to(clock.now() + FAR)
    erase_all(uuid4())
    names = [Person.objects.get(pk=each.pk).name for each in (secretary, other)]
    assert names[0].startswith("下沉党员 ")
    assert names[1].startswith("志愿者 ")
    assert names[0][-9:] != names[1][-9:]
    erase_all(uuid4())
    assert Person.objects.get(pk=secretary.pk).name == names[0]


def test_nobody_goes_before_the_day(secretary: Person, clock: Clock) -> None:
    clock.move_to(clock.now() + timedelta(days=180))
    erase_all(uuid4())
    secretary.refresh_from_db()
    assert (secretary.name, secretary.phone) == ("示例书记", "19900001234")


def test_whoever_serves_on_elsewhere_or_answers_for_a_site_keeps_the_name(
    secretary: Person, other_branch: Branch, city: City, reviewer: User, clock: Clock
) -> None:
    secretary.memberships.create(branch=other_branch, during=(MARCH_6 + timedelta(days=1), None))
    point = contact(city.community, reviewer, name="包保领导")
    leader = point.terms.get().leader
    clock.move_to(clock.now() + LONG)
    erase_all(uuid4())
    for person in (secretary, leader):
        before = person.name
        person.refresh_from_db()
        assert person.name == before
    close(actor=reviewer, point=point, last_day=clock.today())
    clock.move_to(clock.now() + LONG)
    erase_all(uuid4())
    leader.refresh_from_db()
    assert leader.unnamed_at is not None


def test_a_name_that_a_published_case_prints_stays(secretary: Person, branch: Branch, organiser: User, clock: Clock) -> None:
    Branch.objects.filter(pk=branch.pk).update(source="hubuxiang", key="1")
    Person.objects.filter(pk=secretary.pk).update(source="hubuxiang", key="1")
    file(branch, MARCH_6, by=organiser, means="case", vehicles=3, note="载于公开报道")
    clock.move_to(clock.now() + FAR)
    erase_all(uuid4())
    secretary.refresh_from_db()
    assert secretary.name == "示例书记"
    assert branch.daily_reports.get().versions.get().note == "载于公开报道"


def test_an_account_goes_with_its_person_and_what_it_did_stays(secretary: Person, branch: Branch, clock: Clock) -> None:
    user = make_user("zhangsan", (Role.ORGANISER, branch), person=secretary, name="张三")
    elsewhere = make_user("lisi", (Role.OFFICIAL, branch.region), name="李四")
    client = Client()
    client.force_login(user)
    clock.move_to(clock.now() + FAR)
    erase_all(uuid4())
    user.refresh_from_db()
    secretary.refresh_from_db()
    elsewhere.refresh_from_db()
    assert re.fullmatch(r"~[0-9a-z]{8}", user.username)
    assert (user.name, user.is_active, user.has_usable_password(), user.last_login) == (secretary.name, False, False, None)
    assert client.get(reverse("accounts:profile")).status_code == 302
    assert (elsewhere.username, elsewhere.is_active) == ("lisi", True)


def test_an_account_that_lost_its_last_role_goes_when_the_time_is_over(official: User, clock: Clock) -> None:
    Grant.objects.filter(user=official).update(revoked_at=clock.now() + FAR)
    clock.move_to(clock.now() + FAR + timedelta(days=180))
    erase_all(uuid4())
    official.refresh_from_db()
    assert official.username == "official"
    clock.move_to(clock.now() + timedelta(days=2))
    erase_all(uuid4())
    official.refresh_from_db()
    assert official.username.startswith("~")


def test_whoever_holds_a_role_elsewhere_keeps_the_name(secretary: Person, branch: Branch, city: City, clock: Clock) -> None:
    user = make_user("wangwu", (Role.ORGANISER, branch), person=secretary)
    give(user, Role.REVIEWER, city.street)
    clock.move_to(clock.now() + FAR)
    erase_all(uuid4())
    secretary.refresh_from_db()
    assert secretary.name == "示例书记"
