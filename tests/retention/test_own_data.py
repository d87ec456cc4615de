"""What somebody is told is held about them, and what they may ask."""

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken

from branches.models import Branch
from members.models import Person
from members.services import end_branch
from members.services.on_site import add_stays
from portal.accounts.models import ActivationCode, Device, RecoveryCode, SecondFactor, Session, User
from portal.accounts.services import issue_activation_codes
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from portal.retention.about import counted, everything, links
from portal.retention.models import Certificate, DataRequest
from portal.retention.services import requesting
from portal.retention.services.erasing import erase_all
from portal.retention.services.holding import lift_hold, place_hold
from tests.accounts.telephone import enrolled
from tests.activities.needs import recorded
from tests.factories import signed_in_somewhere
from tests.matrix_world import INSIDE, build_world
from tests.personas import MARCH_6, City, Clock
from tests.rules import crossed

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "catalogue")]


def test_every_relation_to_a_person_or_an_account_is_followed() -> None:
    # Asked of the other end: whatever leads to them, itself or by a row that is a person's own.
    ways = {(link.model, link.path) for link in links()}
    missed: list[Any] = []
    for model in apps.get_models():
        if model.__module__.split(".")[0] not in {"portal", "branches", "members", "activities", "knox"}:
            continue
        for field in model._meta.concrete_fields:
            if field.related_model is User or (field.related_model is Person and model is not User):
                missed += [(model, field.name)] if (model, field.name) not in ways else []
    owned: list[Any] = [relation.related_model for relation in Person._meta.related_objects if relation.field.name == "person"]
    for owner in owned:
        for relation in owner._meta.related_objects:
            child = relation.related_model
            if not any(field.related_model is Person for field in child._meta.concrete_fields) and child is not owner:
                missed += [] if (child, f"{relation.field.name}__person") in ways or owner is User else [(child, relation.field.name)]
    assert missed == []
    assert len(ways) > 50


def test_somebody_is_told_all_that_is_their_own_and_nothing_that_is_of_others(city: City) -> None:
    world = build_world(city)
    member = world.actors["member"]
    assert member is not None
    assert member.person is not None
    side = world.sides[INSIDE]
    add_stays(actor=side.clerk, branch=side.branch, people=[member.person], first_day=MARCH_6, place="居委会二楼")
    Person.objects.filter(pk=member.person.pk).update(phone="19955550001")
    told = json.dumps(list(everything(member)), ensure_ascii=False)
    for own in (member.username, "本人", "居委会二楼", "19955550001", side.branch.name):
        assert own in told
    for of_others in (side.person.name, side.person.phone, side.need.household, "pbkdf2", "md5$", "argon2"):
        assert of_others not in told


def test_nobody_is_told_by_what_somebody_else_could_sign_in_as_them(member: User) -> None:
    signed_in_somewhere(member)
    enrolled(member)
    issue_activation_codes(made_by=None, users=[member])
    AuthToken.objects.create(user=member)
    told = json.dumps(list(everything(member)), ensure_ascii=False)
    tables = (User, Session, Device, SecondFactor, RecoveryCode, ActivationCode, AuthToken)
    names = re.compile("password|hash|secret|session_(data|key)|digest|token_key")
    found = [
        getattr(row, field.attname) for table in tables for row in table.objects.all() for field in table._meta.concrete_fields if names.search(field.name)
    ]
    kept = [value for value in found if isinstance(value, str)]

    assert {link.model for link in links() if link.own} >= set(tables)
    assert len(kept) > len(tables)
    assert [value for value in kept if value in told] == []


def test_what_somebody_did_with_data_of_others_is_counted_and_not_told(branch: Branch, organiser: User) -> None:
    recorded(branch, organiser, household="9栋901")
    told = list(everything(organiser))
    [needs] = [kind for kind in told if kind["kind"] == "activities.need.recorded_by"]
    assert (needs["count"], needs["rows"]) == (1, [])
    assert "9栋901" not in json.dumps(told, ensure_ascii=False)


def test_the_numbers_take_one_query(branch: Branch, member: User, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert counted(member)


@pytest.mark.parametrize("format", ["json", "csv"])
def test_all_of_it_is_downloaded_and_the_log_says_so(member: User, format: str) -> None:
    client = Client()
    client.force_login(member)
    response = client.get(reverse("retention:mine_export", args=[format]))
    assert "示例党员" in response.content.decode()
    assert AuditEntry.objects.filter(actor=member, action="own_data.exported", details={"format": format}).count() == 1


def test_whoever_asks_to_be_erased_loses_contact_data_at_once_and_the_rest_is_asked_for(member: User, organiser: User, clock: Clock) -> None:
    person = member.person
    assert person is not None
    Person.objects.filter(pk=person.pk).update(phone="19955550001", duty_phone="19955550002")
    User.objects.filter(pk=member.pk).update(email="a@example.org")
    asked = requesting.ask(actor=User.objects.get(pk=member.pk), kind="erase", words="也请删除驻点记录")
    person.refresh_from_db()
    member.refresh_from_db()
    assert (person.phone, person.duty_phone, member.email) == ("", "", "")
    certificate = Certificate.objects.get(rule="request")
    assert certificate.counts == {"accounts.User.email": 1, "members.Person.duty_phone": 1, "members.Person.phone": 1}
    assert (asked.state, asked.branch, asked.due_on) == ("open", person.memberships.get().branch, MARCH_6 + timedelta(days=15))
    assert DataRequest.objects.visible_to(organiser).get() == asked


def test_nothing_goes_at_once_while_a_hold_stands_over_the_branch(branch: Branch, member: User, security: User) -> None:
    held = member.person
    assert held is not None
    Person.objects.filter(pk=held.pk).update(phone="19955550001")
    User.objects.filter(pk=member.pk).update(email="a@example.org")
    hold = place_hold(actor=security, branch=branch, reason="信访复核")
    client, address = Client(), reverse("retention:mine_ask", args=["erase"])
    client.force_login(member)
    page = client.get(address).content.decode()
    assert client.post(address, {"words": "请删除"}).status_code == 302

    held.refresh_from_db()
    assert (held.phone, User.objects.get(pk=member.pk).email) == ("19955550001", "a@example.org")
    assert "暂不清除" in page
    assert "199****0001" not in page
    assert "信访" not in page
    assert DataRequest.objects.get(account=member).state == "open"
    assert not Certificate.objects.exists()

    lift_hold(actor=security, hold=hold)
    assert client.post(address, {"words": "再请删除"}).status_code == 302
    held.refresh_from_db()
    assert held.phone == ""


def test_a_duty_phone_stays_while_an_office_needs_it(branch: Branch, organiser: User) -> None:
    secretary = branch.memberships.get().person
    User.objects.filter(pk=organiser.pk).update(person=secretary)
    requesting.ask(actor=User.objects.get(pk=organiser.pk), kind="erase", words="")
    secretary.refresh_from_db()
    assert (secretary.phone, secretary.duty_phone) == ("", "19900005678")


def test_a_request_is_sent_and_read_on_ones_own_page(member: User) -> None:
    assert member.person is not None
    Person.objects.filter(pk=member.person.pk).update(duty_phone="19900005678")
    client = Client()
    client.force_login(member)
    page = client.get(reverse("retention:mine_ask", args=["erase"])).content.decode()
    assert "第十三条" in page
    at_once, _heading, stays = page.partition("须保留的内容及期限")
    assert "值班电话</dt>" in at_once
    assert "值班电话" not in stays
    assert "检索文本" not in stays
    assert client.post(reverse("retention:mine_ask", args=["correct"]), {"words": ""}).status_code == 422
    assert client.post(reverse("retention:mine_ask", args=["correct"]), {"words": "姓名应为示例"}).status_code == 302
    assert "姓名应为示例" in client.get(reverse("retention:mine")).content.decode()
    assert client.get(reverse("retention:mine_ask", args=["else"])).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["correct", "erase"])
def test_whoever_asks_locks_the_branch_before_the_account(member: User, branch: Branch, kind: str) -> None:
    asked = crossed(lambda: requesting.ask(actor=member, kind=kind, words="姓名应为示例"), held=branch, wanted=member)
    assert asked.branch == branch


def test_a_correction_says_what_is_wrong_and_is_asked_once(member: User) -> None:
    with pytest.raises(ValidationError):
        requesting.ask(actor=member, kind="correct", words=" ")
    requesting.ask(actor=member, kind="correct", words="姓名应为示例")
    with pytest.raises(ValidationError):
        requesting.ask(actor=member, kind="correct", words="姓名应为示例")


def test_a_request_is_answered_once_in_words_by_whoever_answers_for_the_branch(
    member: User, organiser: User, administrator: User, other_organiser: User, official: User
) -> None:
    asked = requesting.ask(actor=member, kind="correct", words="姓名应为示例")
    for stranger in (other_organiser, official, member):
        with pytest.raises(Forbidden):
            requesting.answer(actor=stranger, request=asked, done=True, words="已改")
    with pytest.raises(ValidationError):
        requesting.answer(actor=organiser, request=asked, done=False, words="  ")
    requesting.answer(actor=organiser, request=asked, done=False, words="与身份证件一致")
    with pytest.raises(Conflict):
        requesting.answer(actor=administrator, request=asked, done=True, words="已改")
    asked.refresh_from_db()
    assert (asked.state, asked.answer, asked.answered_by) == ("refused", "与身份证件一致", organiser)
    client = Client()
    client.force_login(member)
    assert "与身份证件一致" in client.get(reverse("retention:mine")).content.decode()


def test_nobody_answers_their_own_request(organiser: User) -> None:
    requesting.ask(actor=organiser, kind="correct", words="姓名应为示例")
    assert not DataRequest.objects.visible_to(organiser).exists()


def test_a_request_of_a_resident_is_written_down_for_them(branch: Branch, other_branch: Branch, organiser: User) -> None:
    asked = requesting.write_down(actor=organiser, branch=branch, kind="erase", subject="李奶奶", contact="3栋501", words="请删除电话")
    assert (asked.account, asked.person, asked.who, asked.recorded_by) == (None, None, "李奶奶", organiser)
    with pytest.raises(Forbidden):
        requesting.write_down(actor=organiser, branch=other_branch, kind="erase", subject="李奶奶", words="请删除电话")
    with pytest.raises(ValidationError):
        requesting.write_down(actor=organiser, branch=branch, kind="erase", subject="", words="请删除电话")


def test_what_is_overdue_stands_first(branch: Branch, organiser: User, clock: Clock) -> None:
    first = requesting.write_down(actor=organiser, branch=branch, kind="erase", subject="甲", words="一")
    clock.move_to(clock.now() + timedelta(days=16))
    second = requesting.write_down(actor=organiser, branch=branch, kind="erase", subject="乙", words="二")
    assert list(DataRequest.objects.by_urgency()) == [first, second]
    assert (DataRequest.objects.get(pk=first.pk).is_overdue, second.is_overdue) == (True, False)
    requesting.answer(actor=organiser, request=first, done=True, words="已删")
    assert list(DataRequest.objects.by_urgency()) == [second, first]


def test_a_person_who_waits_for_an_answer_keeps_the_name_until_then(member: User, organiser: User, administrator: User, clock: Clock) -> None:

    person = member.person
    assert person is not None
    asked = requesting.ask(actor=member, kind="correct", words="姓名应为示例")
    end_branch(actor=administrator, branch=person.memberships.get().branch, last_day=MARCH_6)
    clock.move_to(clock.now() + timedelta(days=181))
    erase_all(uuid4())
    person.refresh_from_db()
    assert person.unnamed_at is None
    requesting.answer(actor=administrator, request=asked, done=True, words="已改")
    erase_all(uuid4())
    person.refresh_from_db()
    assert person.unnamed_at is not None
