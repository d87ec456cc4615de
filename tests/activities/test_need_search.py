"""Needs found by their words: by whoever may read them, and by nobody else."""

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import Need
from activities.services.needs import correct, hand_on
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.activities.needs import recorded
from tests.personas import City

pytestmark = pytest.mark.usefixtures("clock")
LIST = reverse("activities:need_list")


def page(user: User, **asked: str) -> str:
    client = Client(headers={"accept-language": "zh-hans"})
    client.force_login(user)
    response = client.get(LIST, asked)
    assert response.status_code == 200
    return response.content.decode()


def found(user: User, words: str, *needs: Need) -> list[Need]:
    html = page(user, q=words)
    return [need for need in needs if str(need.public_id) in html]


@pytest.fixture
def needs(branch: Branch, organiser: User) -> tuple[Need, Need]:
    return (
        recorded(branch, organiser, words="詹家墩老人急需降压药两盒", household="1栋"),
        recorded(branch, organiser, words="家里没有白菜了", household="2栋", phone=""),
    )


def test_every_word_must_stand_there_whatever_characters_it_is_typed_in(organiser: User, needs: tuple[Need, Need]) -> None:
    pill, cabbage = needs
    assert found(organiser, "降壓藥", *needs) == [pill]
    assert found(organiser, "家", *needs) == [pill, cabbage]
    assert found(organiser, "老人 降压", *needs) == [pill]
    assert found(organiser, "老人 白菜", *needs) == []
    assert "<mark>降压药</mark>" in page(organiser, q="降压药")


def test_corrected_words_are_found_and_those_before_are_not(organiser: User, needs: tuple[Need, Need]) -> None:
    correct(actor=organiser, need=needs[1], seen=1, facts={"words": "要两棵青菜"})
    assert found(organiser, "青菜", *needs) == [needs[1]]
    assert found(organiser, "白菜", *needs) == []


def test_whoever_may_not_read_the_words_finds_nothing_by_them(
    organiser: User, other_organiser: User, official: User, shift_leader: User, reviewer: User, city: City, needs: tuple[Need, Need]
) -> None:
    for user in (other_organiser, official, shift_leader, reviewer):
        assert found(user, "降压药", *needs) == []
        assert found(user, "家", *needs) == []
    assert 'name="q"' not in page(official).split("<main")[1]
    assert 'name="q"' in page(organiser).split("<main")[1]

    # What is handed on is read, and found, where it was handed on to.
    hand_on(actor=organiser, need=needs[0], seen=1, to=city.street)
    assert found(reviewer, "降压药", *needs) == [needs[0]]


def test_a_search_is_in_the_audit_log_with_what_was_shown_and_without_the_words(organiser: User, needs: tuple[Need, Need]) -> None:
    page(organiser, q="降压药")

    entry = AuditEntry.objects.get(action="needs.searched", actor=organiser)
    assert entry.details == {"shown": [str(needs[0].public_id)]}
    client = Client()
    client.force_login(organiser)
    file = client.get(reverse("activities:need_export", args=["csv"]), {"q": "降压药", "state": ""}).getvalue().decode("utf-8-sig")
    assert len(file.splitlines()) == 2
    assert "降压" not in str(AuditEntry.objects.values_list("details", flat=True))


def test_tabs_count_what_was_found(organiser: User, needs: tuple[Need, Need]) -> None:
    html = page(organiser, q="降压药", state="open")
    assert str(needs[0].public_id) in html
    assert str(needs[1].public_id) not in html
