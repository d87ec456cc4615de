"""Words of merit: written by the branch, corrected without losing what stood there, read by the person and the unit."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from branches.access import Role
from branches.models import Branch
from members.models import Person, ServiceNote
from members.services.service_note import earlier_than, replace_note, write_note
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from tests.accounts.threads import at_once
from tests.factories import make_person, make_user
from tests.personas import MARCH_5, MARCH_6, City

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def person(city: City, branch: Branch) -> Person:
    return make_person("示例同志", city.company, branch)


def written(person: Person, branch: Branch, by: User, words: str = "冒雨连守两班") -> ServiceNote:
    note, created = write_note(actor=by, person=person, branch=branch, day=MARCH_5, words=words, uid=uuid4())
    assert created
    return note


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_organiser_of_the_branch_writes_and_nobody_else(
    person: Person, branch: Branch, organiser: User, other_organiser: User, shift_leader: User, liaison: User, reviewer: User
) -> None:
    written(person, branch, organiser)

    for user in (other_organiser, shift_leader, liaison, reviewer):
        with pytest.raises(Forbidden):
            written(person, branch, user)


def test_of_a_day_on_which_the_person_was_in_the_branch(person: Person, branch: Branch, organiser: User) -> None:
    for day in (date(2020, 1, 31), MARCH_6 + timedelta(days=1)):
        with pytest.raises(ValidationError) as refusal:
            write_note(actor=organiser, person=person, branch=branch, day=day, words="好", uid=uuid4())
        assert refusal.value.message_dict.keys() == {"day"}


def test_sent_twice_words_are_stored_once(person: Person, branch: Branch, organiser: User) -> None:
    sent: dict[str, Any] = {"actor": organiser, "person": person, "branch": branch, "day": MARCH_5, "words": "好", "uid": uuid4()}

    assert [write_note(**sent)[1], write_note(**sent)[1]] == [True, False]
    with pytest.raises(Conflict):
        write_note(**sent | {"words": "很好"})


def test_corrected_or_taken_back_what_stood_there_is_kept(person: Person, branch: Branch, organiser: User) -> None:
    first = written(person, branch, organiser)
    second, _created = replace_note(actor=organiser, note=first, day=MARCH_5, words="冒雨连守三班", uid=uuid4())
    assert list(ServiceNote.objects.standing()) == [second]

    third, _created = replace_note(actor=organiser, note=second, day=MARCH_5, words="", uid=uuid4())
    assert not ServiceNote.objects.standing().exists()
    assert earlier_than(third) == [second, first]
    with pytest.raises(Conflict):
        replace_note(actor=organiser, note=first, day=MARCH_5, words="又改", uid=uuid4())


@pytest.mark.django_db(transaction=True)
def test_of_two_who_correct_the_same_words_one_does_and_the_other_is_told(person: Person, branch: Branch, organiser: User) -> None:
    note, colleague = written(person, branch, organiser), make_user("colleague", (Role.ORGANISER, branch))

    ended = at_once(
        lambda: replace_note(actor=organiser, note=note, day=MARCH_5, words="一", uid=uuid4()),
        lambda: replace_note(actor=colleague, note=note, day=MARCH_5, words="二", uid=uuid4()),
    )

    assert sorted(ended) == ["Conflict", "done"]
    assert ServiceNote.objects.standing().count() == 1


def test_the_person_and_the_unit_read_the_words_on_the_page(person: Person, branch: Branch, organiser: User, liaison: User) -> None:
    written(person, branch, organiser)
    record = reverse("members:service_record", args=[person.public_id])

    for user in (make_user("own", (Role.MEMBER, branch), person=person), liaison, organiser):
        assert "冒雨连守两班" in as_(user).get(record).content.decode()


def test_words_are_written_and_corrected_on_the_page(person: Person, branch: Branch, organiser: User) -> None:
    page, add = as_(organiser), reverse("members:service_note_add", args=[person.public_id])
    assert page.get(add).status_code == 200
    sent = {"branch": str(branch.public_id), "day": "2020-03-05", "words": "冒雨连守两班", "uid": str(uuid4())}
    assert page.post(add, sent).status_code == 302
    assert page.post(add, sent | {"words": "", "uid": str(uuid4())}).status_code == 422

    edit = reverse("members:service_note_edit", args=[ServiceNote.objects.get().public_id])
    assert "冒雨连守两班" in page.get(edit).content.decode()
    assert page.post(edit, sent | {"words": "连守三班", "uid": str(uuid4())}).status_code == 302
    answered = page.post(edit, sent | {"words": "又改一次", "uid": str(uuid4())})
    assert answered.status_code == 409
    assert "又改一次" in answered.content.decode()


def test_who_does_not_keep_the_records_finds_no_form(person: Person, branch: Branch, organiser: User, liaison: User, reviewer: User, member: User) -> None:
    note = written(person, branch, organiser)
    add, edit = reverse("members:service_note_add", args=[person.public_id]), reverse("members:service_note_edit", args=[note.public_id])

    assert [as_(user).get(add).status_code for user in (liaison, reviewer, member)] == [403, 403, 404]
    assert [as_(user).get(edit).status_code for user in (liaison, reviewer, member)] == [403, 404, 404]
