"""Invented surveys: one about satisfaction that runs now at the branch of the demo's organiser, and at a few others one that is over."""

from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import override

from activities.models import Survey, SurveyAnswer, SurveyResponse
from activities.services import surveys as services
from branches.models import Branch
from portal.accounts.models import User
from portal.demo.invention import Invention, Post

# How many answers there are at the first branch and at every sixth other one, and how long a survey runs.
MANY, FEW, EVERY = 86, 40, 6
RUNS: Final = timedelta(days=6)


def add_surveys(invention: Invention, organisers: dict[int, User]) -> None:
    """Ask residents at some branches, and let them answer; now and then somebody writes something."""
    at_work = [post for post in invention.posts if post.branch.state == Branch.State.ACTIVE and post.branch.kind == Branch.Kind.BRANCH]
    for number, post in enumerate(at_work):
        if number % EVERY == 0:
            _survey(invention, post, organisers[post.branch.pk], MANY if number == 0 else FEW, is_over=number > 0)


def _survey(invention: Invention, post: Post, organiser: User, answers: int, *, is_over: bool) -> None:
    first = invention.today - RUNS - timedelta(days=int(is_over))
    uid = UUID(int=invention.chance.getrandbits(128), version=4)
    with override("zh-hans"):
        asked, title = services.satisfaction_survey(), str(invention.words["survey"]["title"])
    survey = services.make_survey(actor=organiser, branch=post.branch, title=title, last_day=invention.today, uid=uid, questions=asked)
    opened_at = timezone.make_aware(datetime.combine(first, time(9)))
    survey.made_on, survey.last_day = first, first + RUNS
    survey.save(update_fields=["made_on", "last_day"])
    survey.opened_at = opened_at
    survey.save(update_fields=["opened_at"])
    _answers(invention, survey, opened_at, answers)


def _answers(invention: Invention, survey: Survey, opened_at: datetime, answers: int) -> None:
    """Store answers in bulk: through the services, one by one, they would take longer than all the days of the city."""
    chance, days = invention.chance, RUNS.days
    grade, done, who, words = survey.questions.all()
    given, rows = list[SurveyResponse](), list[SurveyAnswer]()
    for _number in range(answers):
        moment = opened_at + timedelta(days=chance.randrange(days), minutes=chance.randrange(12 * 60))
        choice = chance.choices((1, 2, 3, 4), (60, 34, 4, 2))[0]
        response = SurveyResponse(survey=survey, branch=survey.branch, business_date=moment.date(), given_at=moment, channel=SurveyResponse.Channel.LINK)
        response.uid, response.browser = (UUID(int=chance.getrandbits(128), version=4) for _which in range(2))
        response.satisfied = grade.counts_as_satisfied(choice)
        given.append(response)
        rows.append(SurveyAnswer(response=response, question=grade, choices=[choice]))
        rows.append(SurveyAnswer(response=response, question=done, choices=sorted(chance.sample(range(1, 6), 2))))
        rows.append(SurveyAnswer(response=response, question=who, choices=chance.choices((1, 2, 3), (75, 20, 5))))
        if chance.random() < 0.1:
            rows.append(SurveyAnswer(response=response, question=words, free_text=chance.choice(invention.words["survey"]["words"])))
    given[-1].state, given[-1].reason = SurveyResponse.State.INVALID, SurveyResponse.Reason.NOT_FROM_HERE
    SurveyResponse.objects.bulk_create(given)
    SurveyAnswer.objects.bulk_create(rows)
