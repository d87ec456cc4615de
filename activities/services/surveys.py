"""Surveys: made and opened by the branch, answered by whoever has the link, judged by the branch."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.translation import gettext as _

from activities.models import Survey, SurveyAnswer, SurveyQuestion, SurveyResponse
from activities.models.survey import MOST_QUESTIONS
from activities.receipts import ALPHABET, canonical
from branches import access
from branches.access import Act
from branches.models import Branch
from branches.services import refusals_beside
from portal.foundation import audit, clock, locks
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import Submission
from portal.foundation.refusals import as_validation_error, constraint_of

if TYPE_CHECKING:
    from portal.accounts.models import User

Kind = SurveyQuestion.Kind
Channel = SurveyResponse.Channel
Reason = SurveyResponse.Reason
State = SurveyResponse.State

# 60 random bits: nobody comes upon a survey by trying.
_CODE_LENGTH: Final = 12
# A community answers within an evening; a machine that sends without end is stopped here, and nothing of it is stored.
MOST_A_MINUTE: Final = 1000
_MINUTE: Final = timedelta(minutes=1)
# The field of a form beside which a refusal of the database stands.
_FIELDS: Final = {
    "survey_has_days": "last_day",
    "question_has_its_options": "options",
    "one_question_says_who_is_satisfied": "satisfied_at",
    "satisfied_lies_among_the_answers": "satisfied_at",
    "one_question_makes_groups": "groups",
    "groups_are_made_by_a_choice": "groups",
}


@dataclass(frozen=True)
class Asked:
    """A question as it is made."""

    kind: str
    wording: str
    options: Sequence[str] = ()
    required: bool = True
    satisfied_at: int | None = None
    groups: bool = False


@dataclass(frozen=True)
class Given:
    """What was answered to one question: the numbers of the choices from 1 on, or words."""

    choices: tuple[int, ...] = ()
    words: str = ""

    def __bool__(self) -> bool:
        return bool(self.choices or self.words)


@dataclass(frozen=True)
class Form:
    """A filled-in form: what was given, by the key of its question, and the identifier that its page bore."""

    uid: UUID
    given: Mapping[int, Given] = field(default_factory=dict)


def satisfaction_survey() -> list[Asked]:
    """Return the questions of the ready-made survey, in the language of whoever makes it."""
    grades = [_("Very satisfied"), _("Satisfied"), _("Neither"), _("Not satisfied")]
    done = [_("Gates and registration"), _("Deliveries and shopping"), _("Disinfection"), _("Help in difficulties"), _("Manner of the people on duty")]
    return [
        Asked(Kind.ONE, _("Are you satisfied with the work of the temporary branch?"), grades, satisfied_at=2),
        Asked(Kind.SEVERAL, _("What was done well?"), done, required=False),
        Asked(Kind.ONE, _("Who are you?"), [_("resident"), _("tenant"), _("shopkeeper or other")], required=False, groups=True),
        Asked(Kind.WORDS, _("What should be done better?"), required=False),
    ]


def make_survey(
    *,
    actor: "User",
    branch: Branch,
    title: str,
    last_day: date,
    uid: UUID,
    introduction: str = "",
    several_a_browser: bool = False,
    questions: Sequence[Asked] = (),
) -> Survey:
    """Make a survey in preparation; the same `uid` again returns the first one.

    Raises:
        Forbidden: the branch's surveys are not the actor's to keep.
        Conflict: `uid` came before with other content.
        ValidationError: by field.
    """
    _require(actor, branch)
    facts = {"branch": str(branch.public_id), "title": title, "last_day": last_day.isoformat(), "introduction": introduction, "several": several_a_browser}
    content = hashlib.sha256(canonical(facts)).hexdigest()
    if (earlier := _made_before(actor, uid, content)) is not None:
        return earlier
    try:
        with refusals_beside(_FIELDS):
            survey = Survey.objects.create(
                branch=branch,
                title=title,
                introduction=introduction,
                made_on=clock.today(),
                last_day=last_day,
                several_a_browser=several_a_browser,
                code=_new_code(),
                made_by=actor,
            )
            SurveyQuestion.objects.bulk_create(_question(survey, number, asked) for number, asked in enumerate(questions, 1))
            Submission.objects.create(account=actor, uid=uid, fingerprint=content, object_id=survey.public_id)
            audit.record(actor, "survey.made", survey, branch=str(branch.public_id))
    except ValidationError as error:
        # The same form was on its way twice.
        if getattr(error, "code", "") == "submission_uid_once_per_account" and (earlier := _made_before(actor, uid, content)) is not None:
            return earlier
        raise
    return survey


def change_survey(*, actor: "User", survey: Survey, facts: Mapping[str, Any]) -> Survey:
    """Change what may still change: of an open survey its introduction and its last day.

    Raises:
        Forbidden: the branch's surveys are not the actor's to keep.
        ValidationError: by field.
    """
    _require(actor, survey.branch)
    with refusals_beside(_FIELDS):
        held = _locked(survey)
        changed = sorted(name for name, value in facts.items() if getattr(held, name) != value)
        for name in changed:
            setattr(held, name, facts[name])
        held.save(update_fields=changed)
        audit.record(actor, "survey.changed", held, fields=changed)
    return held


def add_question(*, actor: "User", survey: Survey, asked: Asked) -> SurveyQuestion:
    """Add a question at the end of a survey in preparation.

    Raises:
        Forbidden: the branch's surveys are not the actor's to keep.
        ValidationError: by field; the survey is open, or has as many questions as it may have.
    """
    _require(actor, survey.branch)
    with refusals_beside(_FIELDS):
        held = _locked(survey)
        if held.questions.count() >= MOST_QUESTIONS:
            raise ValidationError(_("A survey has at most %(count)d questions.") % {"count": MOST_QUESTIONS})
        last = held.questions.aggregate(last=Max("position"))["last"] or 0
        question = _question(held, last + 1, asked)
        question.save(force_insert=True)
    return question


def remove_question(*, actor: "User", question: SurveyQuestion) -> None:
    """Take a question out of a survey in preparation; who was quicker has done it already.

    Raises:
        Forbidden: the branch's surveys are not the actor's to keep.
        ValidationError: the survey is open.
    """
    _require(actor, question.survey.branch)
    with refusals_beside(_FIELDS):
        SurveyQuestion.objects.filter(pk=question.pk).delete()


def raise_question(*, actor: "User", question: SurveyQuestion) -> None:
    """Put a question before the one above it.

    Raises:
        Forbidden: the branch's surveys are not the actor's to keep.
        ValidationError: the survey is open.
    """
    _require(actor, question.survey.branch)
    with refusals_beside(_FIELDS):
        held = _locked(question.survey)
        pair = list(held.questions.filter(position__lte=F("survey__questions__position"), survey__questions=question.pk).order_by("-position")[:2])
        if len(pair) > 1:
            pair[0].position, pair[1].position = pair[1].position, pair[0].position
            SurveyQuestion.objects.bulk_update(pair, ["position"])


def open_survey(*, actor: "User", survey: Survey) -> Survey:
    """Open a survey, or open it again after it was closed by hand. Opened twice, it is opened once.

    Raises:
        Forbidden: the branch's surveys are not the actor's to keep.
        ValidationError: it has no question, or its last day is over.
    """
    _require(actor, survey.branch)
    with refusals_beside(_FIELDS):
        held = _locked(survey)
        if held.is_open:
            return held
        if held.last_day < clock.today():
            raise ValidationError({"last_day": _("The last day is over. Choose a later one first.")})
        held.opened_at, held.closed_at = held.opened_at or clock.now(), None
        held.save(update_fields=["opened_at", "closed_at"])
        audit.record(actor, "survey.opened", held)
    return held


def close_survey(*, actor: "User", survey: Survey) -> Survey:
    """Close a survey now: whatever arrives later is not stored. Closed twice, it is closed once.

    Raises:
        Forbidden: the branch's surveys are not the actor's to keep.
        Conflict: it was never opened.
    """
    _require(actor, survey.branch)
    with transaction.atomic():
        held = _locked(survey)
        if held.is_draft:
            raise Conflict("state", _("This survey was never opened."), current=held)
        if held.closed_at is None:
            # Not before it was opened, whatever another server's clock says.
            held.closed_at = max(clock.now(), held.opened_at or clock.now())
            held.save(update_fields=["closed_at"])
            audit.record(actor, "survey.closed", held)
    return held


def answer_survey(*, survey: Survey, form: Form, browser: UUID, by_machine: bool = False) -> SurveyResponse:
    """Store what somebody answered by link; the same form sent again returns what is stored.

    Args:
        survey: with its questions, which stay as they are.
        form: what was given.
        browser: the random number of the browser's cookie for this survey.
        by_machine: a field that no person sees was filled in: stored, and not counted until the branch says otherwise.

    Raises:
        Conflict: `closed` meanwhile; `answered` from this browser before; `too_many` answers came within a minute.
        ValidationError: by question, what is missing.
    """
    if missing := [question for question in survey.questions.all() if question.required and not form.given.get(question.pk)]:
        raise ValidationError({str(question.pk): _("Please answer this question.") for question in missing})
    response = SurveyResponse(survey=survey, branch=survey.branch, channel=Channel.LINK, uid=form.uid, given_at=clock.now())
    response.business_date = survey.branch.business_date_at(response.given_at)
    response.browser = None if survey.several_a_browser else browser
    if by_machine:
        response.state, response.reason = State.INVALID, Reason.MACHINE
    if SurveyResponse.objects.filter(survey=survey, given_at__gt=response.given_at - _MINUTE)[:MOST_A_MINUTE].count() >= MOST_A_MINUTE:
        raise Conflict("too_many", _("Very many answers are arriving just now. Wait a minute and send yours again; nothing you chose is lost."))
    return _stored(response, form)


def type_in(*, actor: "User", survey: Survey, form: Form, answered_on: date) -> SurveyResponse:
    """Store an answer given on paper, for the day on which it was given. One that is not complete is kept and does not count.

    Raises:
        Forbidden: the branch's surveys are not the actor's to keep.
        ValidationError: `answered_on` is not a day of the survey; nothing was answered at all.
    """
    _require(actor, survey.branch)
    if not any(form.given.values()):
        raise ValidationError(_("Nothing is ticked: type in what stands on the paper."))
    if answered_on > survey.branch.business_date_at(clock.now()):
        raise ValidationError({"answered_on": _("This day is not here yet.")})
    complete = all(form.given.get(question.pk) for question in survey.questions.all() if question.required)
    response = SurveyResponse(survey=survey, branch=survey.branch, channel=Channel.PAPER, uid=form.uid, given_at=clock.now(), entered_by=actor)
    response.business_date = answered_on
    if not complete:
        response.state, response.reason = State.INVALID, Reason.INCOMPLETE
    try:
        return _stored(response, form)
    except Conflict as conflict:
        if conflict.code == "closed":
            raise ValidationError({"answered_on": _("The survey took no answers on that day.")}) from conflict
        raise


def judge(*, actor: "User", response: SurveyResponse, reason: str, revision: int) -> SurveyResponse:
    """Say that an answer does not count, and why; or, without a reason, that it counts.

    Args:
        revision: what the page was opened on.

    Raises:
        Forbidden: the branch's surveys are not the actor's to keep.
        Conflict: somebody else has judged it meanwhile, otherwise than is said now.
        ValidationError: it is not complete, so that it cannot count.
    """
    _require(actor, response.branch)
    state = State.INVALID if reason else State.VALID
    with refusals_beside(_FIELDS):
        held: SurveyResponse = SurveyResponse.objects.select_for_update().get(pk=response.pk)
        if (held.state, held.reason) == (state, reason):
            return held
        if held.revision != revision:
            raise Conflict("stale", _("Somebody else has judged this answer meanwhile. Look at it again."), current=held)
        held.state, held.reason, held.judged_by, held.judged_at = state, reason, actor, clock.now()
        held.save(update_fields=["state", "reason", "judged_by", "judged_at"])
        audit.record(actor, "survey_answer.judged", held, state=state, reason=reason)
    held.refresh_from_db(fields=["revision"])
    return held


def _stored(response: SurveyResponse, form: Form) -> SurveyResponse:
    questions = {question.pk: question for question in response.survey.questions.all()}
    given = {questions[key]: answer for key, answer in form.given.items() if answer and key in questions}
    says = [(question, answer) for question, answer in given.items() if question.satisfied_at is not None]
    response.satisfied = says[0][0].counts_as_satisfied(says[0][1].choices[0]) if says else None
    try:
        with transaction.atomic():
            response.save(force_insert=True)
            SurveyAnswer.objects.bulk_create(
                SurveyAnswer(response=response, question=question, choices=sorted(answer.choices), free_text=answer.words) for question, answer in given.items()
            )
    except IntegrityError as error:
        return _after_collision(response, error)
    return response


def _after_collision(response: SurveyResponse, error: IntegrityError) -> SurveyResponse:
    """Answer a form that was stored before, came twice from one browser, or came too late."""
    broken = constraint_of(error)
    earlier: SurveyResponse | None = SurveyResponse.objects.filter(survey=response.survey, uid=response.uid).first()
    if earlier is not None:
        return earlier
    if broken == "one_answer_a_browser":
        raise Conflict("answered", _("This browser has answered the survey already.")) from error
    if broken == "answers_come_while_it_is_open":
        raise Conflict("closed", _("The survey was closed meanwhile.")) from error
    raise as_validation_error(error) from error


def _require(actor: "User", branch: Branch) -> None:
    if not access.can(actor, Act.KEEP_SURVEYS, branch):
        raise Forbidden(_("Surveys are made and judged by the branch itself."))
    access.require(actor, Act.KEEP_SURVEYS, branch)


def _locked(survey: Survey) -> Survey:
    return locks.row(Survey, survey.pk, "branch")


def _made_before(actor: "User", uid: UUID, content: str) -> Survey | None:
    submission = Submission.objects.filter(account=actor, uid=uid).first()
    if submission is None:
        return None
    if submission.fingerprint != content:
        raise Conflict("reused_uid", _("This identifier was used before with other content."))
    return Survey.objects.get(public_id=submission.object_id)


def _question(survey: Survey, position: int, asked: Asked) -> SurveyQuestion:
    question = SurveyQuestion(survey=survey, position=position, kind=asked.kind, wording=asked.wording, options=list(asked.options))
    # Who does not say whether they are satisfied cannot be counted.
    question.required = asked.required or asked.satisfied_at is not None
    question.satisfied_at, question.groups = asked.satisfied_at, asked.groups
    return question


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _position in range(_CODE_LENGTH))
