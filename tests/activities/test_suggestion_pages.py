"""The pages of suggestions, as the branch, the street and branches beside use them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from activities.models import Suggestion
from activities.services.suggestions import answer, pass_on
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.activities.suggestions import WORDS, suggested
from tests.factories import make_branch, make_user
from tests.personas import City, Clock

pytestmark = pytest.mark.usefixtures("clock")
LIST = reverse("suggestions:suggestion_list")
RECORD = reverse("suggestions:suggestion_record")


def as_(client: Client, user: User) -> Client:
    client.force_login(user)
    return client


def act(suggestion: Suggestion, **fields: Any) -> tuple[str, dict[str, Any]]:
    return reverse("suggestions:suggestion_act", args=[suggestion.public_id]), {"seen": str(suggestion.revision), **fields}


def as_file(client: Client) -> str:
    answered: Any = client.get(reverse("suggestions:suggestion_export", args=["csv"]), {"state": ""})
    return b"".join(answered.streaming_content).decode()


def detail(suggestion: Suggestion) -> str:
    return reverse("suggestions:suggestion_detail", args=[suggestion.public_id])


def typed(branch: Branch, **fields: Any) -> dict[str, Any]:
    return {"branch": str(branch.public_id), "uid": str(uuid4()), "topic": "duty", "words": WORDS, "voice": "members"} | fields


def test_a_suggestion_is_written_down_passed_up_answered_and_read(client: Client, branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    page = as_(client, organiser)
    page.post(RECORD, typed(branch))
    held = Suggestion.objects.get()
    answered = page.post(*act(held, act="pass", to=f"region:{city.street.public_id}"), follow=True)
    assert "已上报。" in answered.content.decode()
    held.refresh_from_db()

    street = as_(Client(), reviewer)
    assert WORDS in street.get(LIST).content.decode()
    street.post(*act(held, act="answer", answer="明日送到电暖器"))

    text = page.get(detail(held)).content.decode()
    assert "明日送到电暖器" in text
    assert "梧桐街道的答复" in text


def test_what_is_missing_is_said_beside_it_and_nothing_typed_is_lost(client: Client, branch: Branch, organiser: User) -> None:
    answered = as_(client, organiser).post(RECORD, typed(branch, topic=""))

    assert answered.status_code == 422
    assert answered.context["form"].errors.keys() == {"topic"}
    assert WORDS in answered.content.decode()
    assert not Suggestion.objects.exists()


def test_a_second_tap_on_record_leads_to_the_same_suggestion(client: Client, branch: Branch, organiser: User) -> None:
    page, fields = as_(client, organiser), typed(branch)
    page.post(RECORD, fields)

    assert "只记了一次" in page.post(RECORD, fields, follow=True).content.decode()
    assert Suggestion.objects.count() == 1


def test_whoever_is_overtaken_is_told_and_keeps_what_they_typed(client: Client, branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    held = suggested(branch, organiser, to=city.street)
    answer(actor=make_user("colleague", (Role.REVIEWER, city.street)), suggestion=held, seen=2, answer="明日送到")

    answered = as_(client, reviewer).post(*act(held, act="answer", answer="我也写了一段"))

    text = answered.content.decode()
    assert answered.status_code == 409
    assert "我也写了一段" in text
    assert "明日送到" in text


def test_a_choice_that_is_gone_meanwhile_is_told_as_being_overtaken(client: Client, branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    held = suggested(branch, organiser, to=city.street)
    pass_on(actor=organiser, suggestion=held, seen=2, to=city.city)

    answered = as_(client, reviewer).post(*act(held, act="pass", to=f"region:{city.north.public_id}", note="请区里看"))

    assert answered.status_code == 409
    assert "请区里看" in answered.content.decode()


def test_what_waits_longest_stands_first_for_whoever_answers(client: Client, branch: Branch, organiser: User, reviewer: User, city: City, clock: Clock) -> None:
    first = suggested(branch, organiser, words="先来", to=city.street)
    clock.move_to(clock.now() + timedelta(hours=1))
    second = suggested(branch, organiser, words="后到", to=city.street)
    suggested(branch, organiser, words="还在支部")

    page = as_(client, reviewer).get(LIST)

    assert [row.public_id for row in page.context["page"].items] == [first.public_id, second.public_id]
    assert [(tab.state, tab.counted.total) for tab in page.context["tabs"] if tab.counted] == [("to_answer", 2), ("passed", 2), ("open", 1)]


def test_below_topic_and_answer_are_read_and_neither_words_nor_branch(client: Client, branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    neighbour = make_user("neighbour", (Role.ORGANISER, make_branch(city.community)))
    held = answer(actor=reviewer, suggestion=suggested(branch, organiser, to=city.street), seen=2, answer="统一配发电暖器", for_all=True)
    page = as_(client, neighbour)

    for address in (LIST, detail(held)):
        text = page.get(address).content.decode()
        assert "统一配发电暖器" in text
        assert WORDS not in text
        assert branch.name not in text
    assert page.post(*act(held, act="pass", to="")).status_code == 403
    assert branch.name not in as_file(page)


def test_an_official_it_was_not_passed_to_sees_that_it_is_there_and_not_what_it_says(
    client: Client, branch: Branch, organiser: User, reviewer: User, city: City
) -> None:
    held = suggested(branch, organiser, to=city.north)

    text = as_(client, reviewer).get(detail(held)).content.decode()

    assert branch.name in text
    assert WORDS not in text
    assert as_(client, reviewer).post(*act(held, act="answer", answer="已安排")).status_code == 403


def test_each_sight_of_the_words_is_in_the_audit_log(client: Client, branch: Branch, organiser: User) -> None:
    held = suggested(branch, organiser)
    page = as_(client, organiser)
    page.get(detail(held))
    page.get(LIST)

    assert list(AuditEntry.objects.filter(action__endswith=".seen").order_by("pk").values_list("action", flat=True)) == ["suggestion.seen", "suggestions.seen"]


def test_the_list_as_a_file_has_no_words(client: Client, branch: Branch, organiser: User, reviewer: User, city: City) -> None:
    answer(actor=reviewer, suggestion=suggested(branch, organiser, to=city.street), seen=2, answer="明日送到")

    text = as_file(as_(client, organiser))

    assert "梧桐街道" in text
    assert WORDS not in text
    assert "明日送到" not in text
    assert AuditEntry.objects.filter(action="suggestions.exported").exists()


def test_filters_narrow_the_list_and_nonsense_finds_nothing(client: Client, branch: Branch, organiser: User, city: City) -> None:
    duty, work = suggested(branch, organiser, to=city.street), suggested(branch, organiser, topic="work", words="复工证明")
    page = as_(client, organiser)

    for query, expected in (
        ({"state": "", "topic": "work"}, [work]),
        ({"state": "passed"}, [duty]),
        ({"state": "", "since": "2020-03-07"}, []),
        ({"state": "", "region": str(city.community.public_id)}, [work, duty]),
        ({"state": "nonsense"}, []),
    ):
        assert [row.public_id for row in page.get(LIST, query).context["page"].items] == [each.public_id for each in expected], query
