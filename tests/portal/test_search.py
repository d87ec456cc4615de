"""Search finds what the reader may see, however it is written."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from portal.foundation.marking import highlight
from tests.factories import file, make_branch, make_person, make_region
from tests.personas import MARCH_6, City, Clock


def found(user: User, query: str, **narrowed: str) -> str:
    return asked(user, {"q": query, **narrowed}).content.decode()


def asked(user: User, query: Any, status: int = 200) -> Any:
    client = Client()
    client.force_login(user)
    response = client.get(reverse("portal:search"), query)
    assert response.status_code == status
    return response


@pytest.mark.parametrize("query", ["詹家墩", "zjdsq", "ZJD", "詹家墩社區", "詹家 社区"])
def test_a_place_is_found_in_characters_of_either_kind_and_by_initials(official: User, city: City, query: str) -> None:
    region = make_region("詹家墩社区", "community", city.street)
    assert reverse("portal:region_dashboard", args=[region.public_id]) in found(official, query)


@pytest.mark.parametrize("query", ["望江社區", "望江社区", "wjsq"])
def test_branch_person_region_and_unit_are_found_together(official: User, city: City, branch: Branch, query: str) -> None:
    shown = found(official, query)
    assert reverse("branches:branch_detail", args=[branch.public_id]) in shown
    assert reverse("portal:region_dashboard", args=[city.community.public_id]) in shown


def test_nothing_outside_the_scope_is_found(reviewer: User, liaison: User, city: City, branch: Branch, other_branch: Branch) -> None:
    assert str(other_branch.public_id) not in found(reviewer, "临湖")
    assert "另一" not in found(reviewer, "lysj").replace("另一书记?", "")
    make_person("外单位人", city.bureau, branch)
    assert "people/0" not in found(liaison, "外单位人")


def test_more_than_twenty_are_told_and_lead_to_the_list(official: User, city: City) -> None:
    for number in range(21):
        make_branch(city.community, f"排查第{number}支部")
    shown = found(official, "排查")
    assert shown.count("<mark>排查</mark>") == 20
    assert "查看全部 21 条" in shown
    assert found(official, "排查", what="branches").count("<mark>排查</mark>") == 21


def test_an_empty_query_says_what_can_be_found_and_a_vain_one_what_to_do(official: User) -> None:
    assert "zjdsq" not in found(official, "")
    assert "zjdsq" in found(official, "没有的东西")
    for query in (" ", "\0", "　", "x" * 5000, "<script>", "%", "_", "\\"):
        assert "<script>" not in found(official, query).replace('<script type="module"', "")


@pytest.mark.parametrize("query", ["漏水", "王家灣", "王家湾"])
def test_notes_are_found_by_the_organiser_alone_and_the_log_says_which(
    organiser: User, official: User, other_organiser: User, branch: Branch, clock: Clock, query: str
) -> None:
    filed = file(branch, MARCH_6, by=organiser, note="王家湾 3 栋漏水，已联系物业", vehicles=1)
    assert "已联系物业" in found(organiser, query)
    seen = AuditEntry.objects.get(action="notes.searched")
    assert str(filed.version.daily_report.public_id) in seen.details["shown"][0]  # type: ignore[union-attr]
    assert query not in str(seen.details)
    assert "已联系物业" not in found(official, query)
    assert "已联系物业" not in found(other_organiser, query)


def test_a_search_that_touches_no_notes_leaves_no_trace(official: User, branch: Branch) -> None:
    found(official, "望江")
    assert not AuditEntry.objects.filter(action="notes.searched").exists()


@pytest.mark.parametrize("rows", [1, 60])
def test_search_asks_as_many_questions_at_any_size(organiser: User, city: City, branch: Branch, rows: int) -> None:
    for number in range(rows):
        make_person(f"望江人{number}", city.company, branch)
    client = Client()
    client.force_login(organiser)
    with CaptureQueriesContext(connection) as seen:
        client.get(reverse("portal:search"), {"q": "望江"})
    assert len(seen) == 12


def test_words_are_marked_whichever_characters_they_are_written_in() -> None:
    assert highlight("詹家墩社區", "社区") == "詹家墩<mark>社區</mark>"
    assert highlight("ＡＢＣ路", "bc") == "Ａ<mark>ＢＣ</mark>路"
    assert highlight("詹家墩", "zjd") == "詹家墩"


def test_markup_in_names_is_shown_not_run() -> None:
    assert highlight("<b>甲</b>", "甲") == "&lt;b&gt;<mark>甲</mark>&lt;/b&gt;"
