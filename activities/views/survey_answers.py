"""A survey's answers as the branch itself meets them: typed in from paper, read whole, judged. Whoever read what residents wrote is in the audit log."""

from datetime import date
from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from activities.forms_surveys import JudgementForm, PaperForm
from activities.models import Survey, SurveyAnswer, SurveyResponse
from activities.services import surveys as services
from activities.views.surveys import kept_survey, seen_survey
from branches import access
from branches.access import Act
from branches.forms import refusals_shown
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict
from portal.foundation.paging import ByDay, Counted, Turn
from portal.foundation.sensitive import GONE

if TYPE_CHECKING:
    from portal.accounts.models import User

CONFLICT: Final = 409
UNPROCESSABLE: Final = 422


@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: HttpRequest, survey_id: UUID) -> HttpResponse:
    """Type in answers given on paper, one after the other: each leads to the empty form of the next."""
    survey = kept_survey(request, survey_id)
    if survey.is_draft:
        raise Http404
    questions = list(survey.questions.all())
    if request.method != "POST":
        return _paper_page(request, survey, PaperForm(questions, initial={"answered_on": _day_asked(request, survey)}))
    form = PaperForm(questions, request.POST)
    if form.is_valid():
        with refusals_shown(form):
            day: date = form.cleaned_data["answered_on"]
            response = services.type_in(actor=cast("User", request.user), survey=survey, form=form.filled_in(), answered_on=day)
            if response.is_valid:
                messages.success(request, _("Stored. Ready for the next sheet."))
            else:
                messages.warning(request, _("Stored, but it does not count: not every question that must be answered is answered."))
            return redirect(f"{reverse('surveys:paper', args=[survey_id])}?on={day.isoformat()}")
    return _paper_page(request, survey, form, UNPROCESSABLE)


@require_http_methods(["GET", "HEAD", "POST"])
def answer_detail(request: HttpRequest, response_id: UUID) -> HttpResponse:
    """Show an answer whole to the branch, and let it say whether it counts."""
    seen = SurveyResponse.objects.visible_to(request.user).select_related("survey", "branch", "entered_by", "judged_by")
    response: SurveyResponse = get_object_or_404(seen, public_id=response_id)
    if not access.can(request.user, Act.KEEP_SURVEYS, response.branch):
        raise PermissionDenied
    form = JudgementForm(request.POST or None, initial={"reason": response.reason, "revision": response.revision})
    if form.is_valid():
        try:
            with refusals_shown(form):
                services.judge(actor=cast("User", request.user), response=response, **form.cleaned_data)
                messages.success(request, _("Saved."))
                return redirect("surveys:answer_detail", response_id)
        except Conflict as conflict:
            response.refresh_from_db()
            form = JudgementForm(initial={"reason": response.reason, "revision": response.revision})
            messages.error(request, str(conflict.message))
            return _answer_page(request, response, form, CONFLICT)
    return _answer_page(request, response, form, UNPROCESSABLE if form.errors else 200)


@require_safe
def word_list(request: HttpRequest, survey_id: UUID) -> HttpResponse:
    """Show the branch what residents wrote in own words, the latest first."""
    survey = seen_survey(request, survey_id)
    if not access.can(request.user, Act.KEEP_SURVEYS, survey.branch):
        raise PermissionDenied
    written = SurveyAnswer.objects.filter(response__survey=survey).exclude(free_text__in=("", GONE)).select_related("response", "question")
    rows = written.annotate(day=F("response__business_date"))
    turn = Turn.read(request.GET)
    if not turn.is_readable(ByDay()):
        raise Http404
    page = ByDay[SurveyAnswer]().page(turn, rows)
    if page.items:
        _record_sight(request, survey)
    return render(request, "activities/survey_words.html", {"survey": survey, "page": page, "counted": Counted.capped(rows)})


def _answer_page(request: HttpRequest, response: SurveyResponse, form: JudgementForm, status: int) -> HttpResponse:
    answers = list(response.answers.select_related("question").order_by("question__position"))
    if any(answer.free_text for answer in answers):
        _record_sight(request, response.survey)
    lines = [(answer.question, [answer.question.labels[choice - 1] for choice in answer.choices], answer.free_text) for answer in answers]
    context = {"response": response, "survey": response.survey, "lines": lines, "form": form, "may_judge": response.branch.closed_at is None}
    return render(request, "activities/survey_answer_detail.html", context, status=status)


def _paper_page(request: HttpRequest, survey: Survey, form: PaperForm, status: int = 200) -> HttpResponse:
    typed = survey.responses.filter(channel=SurveyResponse.Channel.PAPER).count()
    said = ngettext("%(count)d sheet is typed in", "%(count)d sheets are typed in", typed) % {"count": typed}
    return render(request, "activities/survey_paper.html", {"survey": survey, "form": form, "typed": said}, status=status)


def _day_asked(request: HttpRequest, survey: Survey) -> date:
    """Return the day of the sheet before; on the first one today, or the survey's last day."""
    return clock.read_day(request.GET.get("on", "")) or min(clock.today(), survey.last_day)


def _record_sight(request: HttpRequest, survey: Survey) -> None:
    details: dict[str, Any] = {"fields": ["free_text"]}
    audit.record(request.user, "survey.words_seen", survey, address=audit.address_of(request), **details)
