"""Surveys as residents, the branch and those above meet them on pages."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from activities.models import Survey, SurveyAnswer, SurveyResponse
from activities.services import surveys
from activities.services.surveys import Asked
from activities.views import answering
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.activities.survey_rows import signed_in
from tests.activities.test_surveys import DAY, NEITHER, SATISFIED, answered, made, opened
from tests.personas import Clock

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]


@pytest.fixture(autouse=True)
def _no_senders_counted() -> None:
    cache.clear()


def link(survey: Survey) -> str:
    return reverse("surveys:answer", args=[survey.code])


def sent(client: Client, survey: Survey, **fields: Any) -> Any:
    """Send the form with the first question answered, unless `fields` say otherwise."""
    return client.post(link(survey), {"uid": str(uuid4()), "q1": "2"} | fields)


def page(by: User, name: str, *arguments: Any, **query: str) -> Any:
    return signed_in(by).get(reverse(f"surveys:{name}", args=arguments), query)


# --- Behind the link ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "words"), [("zh-hans", ("不问姓名", "提交")), ("en", ("No name is asked for", "Send"))])
def test_anybody_with_the_link_answers_without_a_sign_in_in_both_languages(language: str, words: tuple[str, str], branch: Branch, organiser: User) -> None:
    survey, resident = opened(branch, organiser), Client(headers={"accept-language": language})

    shown = resident.get(link(survey))
    assert all(word in shown.content.decode() for word in words)
    policy = {part.strip() for part in shown.headers["Content-Security-Policy"].split(";")}
    assert "script-src 'self'" in policy
    assert not [part for part in policy if "unsafe" in part]
    thanks = sent(resident, survey, q2=["1", "3"], q4="门口灯暗")

    assert (thanks.status_code, thanks.headers["Location"]) == (302, reverse("surveys:answered", args=[survey.code]))
    assert resident.get(thanks.headers["Location"]).status_code == 200
    response = SurveyResponse.objects.get()
    assert {answer.question.position: (answer.choices, answer.free_text) for answer in response.answers.select_related("question")} == {
        1: ([2], ""),
        2: ([1, 3], ""),
        4: ([], "门口灯暗"),
    }


def test_a_browser_that_has_answered_is_told_so_and_another_one_may(branch: Branch, organiser: User) -> None:
    survey, resident = opened(branch, organiser), Client()
    resident.get(link(survey))
    sent(resident, survey)

    assert "已经填写过" in resident.get(link(survey)).content.decode()
    assert sent(resident, survey).status_code == 409
    assert sent(Client(), survey).status_code == 302
    assert survey.responses.count() == 2


def test_the_cookie_is_of_this_survey_alone_and_says_nothing_of_the_browser(branch: Branch, organiser: User) -> None:
    one, other, resident = opened(branch, organiser), opened(branch, organiser), Client()
    for survey in (one, other):
        resident.get(link(survey))

    values = [resident.cookies[f"survey_{survey.code}"] for survey in (one, other)]
    assert values[0].value != values[1].value
    assert all((value["httponly"], value["samesite"], value["path"]) == (True, "Lax", "/s/") for value in values)
    shared = opened(branch, organiser, several_a_browser=True)
    resident.get(link(shared))
    assert f"survey_{shared.code}" not in resident.cookies


def test_a_survey_closed_while_somebody_answers_says_so_and_keeps_what_they_typed(branch: Branch, organiser: User) -> None:
    survey, resident = opened(branch, organiser), Client()
    resident.get(link(survey))
    surveys.close_survey(actor=organiser, survey=survey)

    refused = sent(resident, survey, q2=["3"], q4="保留这句话")

    text = refused.content.decode()
    assert refused.status_code == 409
    assert "您填写期间问卷已结束" in text
    assert "保留这句话" in text
    assert text.count("checked") == 2
    assert not SurveyResponse.objects.exists()
    assert "问卷已结束" in resident.get(link(survey)).content.decode()
    surveys.open_survey(actor=organiser, survey=survey)
    assert sent(resident, survey, q4="保留这句话").status_code == 302


def test_what_is_missing_is_said_beside_its_question_and_nothing_is_lost(branch: Branch, organiser: User) -> None:
    survey = opened(branch, organiser)

    refused = sent(Client(), survey, q1="", q4="保留这句话")

    assert refused.status_code == 422
    assert "请回答这道题" in refused.content.decode()
    assert "保留这句话" in refused.content.decode()


@pytest.mark.parametrize("nonsense", [{"q1": "9"}, {"q1": "x"}, {"q2": ["1", "99"]}, {"q4": "长" * 501}])
def test_what_no_form_offers_is_refused(nonsense: dict[str, Any], branch: Branch, organiser: User) -> None:
    assert sent(Client(), opened(branch, organiser), **nonsense).status_code == 422
    assert not SurveyResponse.objects.exists()


def test_a_form_whose_hidden_field_is_filled_in_is_kept_and_does_not_count(branch: Branch, organiser: User) -> None:
    sent(Client(), opened(branch, organiser), website="buy")

    assert SurveyResponse.objects.get().reason == SurveyResponse.Reason.MACHINE


def test_one_address_that_sends_without_end_is_stopped_and_told_to_wait(branch: Branch, organiser: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answering, "MOST_OF_AN_ADDRESS", 2)
    survey = opened(branch, organiser)

    answers = [sent(Client(), survey, q4="保留这句话") for _number in range(3)]

    assert [answer.status_code for answer in answers] == [302, 302, 429]
    assert answers[2].headers["Retry-After"] == "60"
    assert "保留这句话" in answers[2].content.decode()
    assert sent(Client(REMOTE_ADDR="10.0.0.9"), survey).status_code == 302


def test_a_link_of_no_survey_or_of_one_in_preparation_leads_nowhere(branch: Branch, organiser: User) -> None:
    assert Client().get(link(made(branch, organiser))).status_code == 404
    assert Client().get(reverse("surveys:answer", args=["ABCDEFGHJKMN"])).status_code == 404
    assert Client().get(link(opened(branch, organiser)).lower()).status_code == 200


# --- The branch ---------------------------------------------------------------------------------------------------------


def test_a_branch_makes_changes_opens_and_closes_a_survey(branch: Branch, organiser: User) -> None:
    client = signed_in(organiser)
    made_now = client.post(
        reverse("surveys:survey_new"), {"branch": str(branch.public_id), "title": "问", "last_day": "2020-03-07", "ready_made": "on", "uid": str(uuid4())}
    )
    survey = Survey.objects.get()
    assert made_now.headers["Location"] == reverse("surveys:survey_detail", args=[survey.public_id])

    added = {"wording": "几分？", "kind": "scale", "required": "on"}
    assert client.post(reverse("surveys:question_add", args=[survey.public_id]), added).status_code == 302
    refused = client.post(reverse("surveys:question_add", args=[survey.public_id]), {"wording": "几栋？", "kind": "one", "options": "一栋"})
    assert refused.status_code == 422
    assert "几栋？" in refused.content.decode()
    last = survey.questions.get(wording="几分？")
    for act in ("up", "remove"):
        client.post(reverse("surveys:question_act", args=[last.public_id]), {"act": act})
    act_on = reverse("surveys:survey_act", args=[survey.public_id])
    for act, state in (("open", "open"), ("open", "open"), ("close", "closed"), ("close", "closed"), ("open", "open")):
        client.post(act_on, {"act": act})
        survey.refresh_from_db()
        assert survey.state == state
    assert survey.questions.count() == 4
    shown = client.get(made_now.headers["Location"]).content.decode()
    assert f"http://testserver{link(survey)}" in shown
    assert '<svg xmlns="http://www.w3.org/2000/svg" ' in shown or 'class="qr"' in shown


def test_sheets_of_paper_are_typed_in_one_after_the_other(branch: Branch, organiser: User) -> None:
    survey, client = opened(branch, organiser), signed_in(organiser)
    address, uid = reverse("surveys:paper", args=[survey.public_id]), str(uuid4())

    for _tap in range(2):
        typed = client.post(address, {"uid": uid, "answered_on": "2020-03-06", "q1": "1"})
    assert typed.headers["Location"] == f"{address}?on=2020-03-06"
    assert "已录入 1 份" in client.get(typed.headers["Location"]).content.decode()
    client.post(address, {"uid": str(uuid4()), "answered_on": "2020-03-06", "q4": "多消杀"})
    empty = client.post(address, {"uid": str(uuid4()), "answered_on": "2020-03-06"})

    assert empty.status_code == 422
    assert sorted(survey.responses.values_list("channel", "reason")) == [("paper", ""), ("paper", "incomplete")]


def test_what_residents_wrote_is_read_by_the_branch_alone_and_that_is_logged(branch: Branch, organiser: User, official: User, city_official: User) -> None:
    survey = opened(branch, organiser)
    response = answered(survey, SATISFIED, None, None, "夜里灯暗")

    for name, argument in (("word_list", survey.public_id), ("answer_detail", response.public_id)):
        assert "夜里灯暗" in page(organiser, name, argument).content.decode()
        assert page(official, name, argument).status_code == 403
    assert AuditEntry.objects.filter(action="survey.words_seen", object_id=survey.public_id).count() == 2
    for reader in (organiser, official):
        seen = [page(reader, "survey_detail", survey.public_id), page(reader, "answer_list")]
        files = [page(reader, name, form) for name in ("survey_export", "answer_export") for form in ("csv", "xlsx")]
        assert not any("夜里灯暗".encode() in (b"".join(each) if each.streaming else each.content) for each in (*seen, *files))


def test_an_answer_that_does_not_count_says_why_and_a_stale_page_is_refused_kindly(branch: Branch, organiser: User) -> None:
    response = answered(opened(branch, organiser), SATISFIED)
    response.refresh_from_db()
    address, client = reverse("surveys:answer_detail", args=[response.public_id]), signed_in(organiser)

    assert client.post(address, {"reason": "twice", "revision": response.revision}).status_code == 302
    stale = client.post(address, {"reason": "other", "revision": response.revision})

    assert stale.status_code == 409
    assert "别人刚刚判定过" in stale.content.decode()
    response.refresh_from_db()
    assert response.reason == "twice"


# --- Those above --------------------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_region_unit_days_and_state(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, city_official: User, clock: Clock
) -> None:
    mine, theirs = opened(branch, organiser, title="望江"), made(other_branch, other_organiser, title="临湖")
    asked = {
        "branch": str(branch.public_id),
        "region": str(branch.region.public_id),
        "work_unit": str(branch.sending_units.get().public_id),
        "state": "open",
        "until": "2020-03-06",
    }

    def titles(**query: str) -> list[str]:
        return [line.survey.title for line in page(city_official, "survey_list", **query).context["lines"]]

    assert sorted(titles()) == ["临湖", "望江"]
    assert all(titles(**{name: value}) == [mine.title] for name, value in asked.items() if name != "until")
    assert titles(until="2020-03-05") == []
    assert titles(state="draft") == [theirs.title]
    assert page(city_official, "survey_list", since="nonsense").status_code == 400


def test_the_files_hold_what_the_list_shows(branch: Branch, organiser: User, official: User) -> None:
    survey = opened(branch, organiser, title="=望江")
    for choice in (SATISFIED, NEITHER):
        answered(survey, choice)

    listed = b"".join(page(official, "survey_export", "csv")).decode("utf-8-sig").splitlines()
    assert listed[1] == f"2020-03-06,2020-03-07,{branch.name},'=望江,是,是,2,2,1"
    answers = b"".join(page(official, "answer_export", "csv", satisfied="yes")).decode("utf-8-sig").splitlines()
    assert answers[1:] == [f"2020-03-06,{branch.name},'=望江,链接,有效,,是"]
    assert AuditEntry.objects.filter(action="surveys.exported").count() == 2
    assert page(official, "survey_export", "pdf").status_code == 404
    assert page(official, "answer_export", "csv", state="nonsense").status_code == 404


def test_an_official_sees_what_a_survey_found_and_may_change_nothing(branch: Branch, organiser: User, official: User) -> None:
    survey = opened(branch, organiser, questions=[Asked("scale", "几分？", satisfied_at=4)])
    for grade in (5, 5, 4, 4, 1):
        answered(survey, grade)

    shown = page(official, "survey_detail", survey.public_id).content.decode()
    assert "80%" in shown
    assert reverse("surveys:survey_act", args=[survey.public_id]) not in shown
    assert signed_in(official).post(reverse("surveys:survey_act", args=[survey.public_id]), {"act": "close"}).status_code == 403


def test_answers_are_turned_page_by_page(branch: Branch, organiser: User, official: User, clock: Clock) -> None:
    survey = opened(branch, organiser, last_day=clock.today() + 9 * DAY)
    for number in range(60):
        clock.move_to(clock.now() + timedelta(seconds=number))
        answered(survey, SATISFIED)
    first = page(official, "answer_list")
    second = page(official, "answer_list", after=first.context["page"].next)

    assert [len(each.context["page"].items) for each in (first, second)] == [50, 10]
    assert SurveyAnswer.objects.count() == 60
