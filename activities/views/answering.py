"""The form behind a survey's link: open to whoever has it, without a sign-in, a name or a script.

Of whoever answers nothing is kept but the answer. A cookie with a random number, made for this one survey, tells a browser that has answered from
one that has not; the network address is counted for a minute, in memory alone, so that one sender cannot take everybody's place.
"""

from typing import Final
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from activities.forms_surveys import TRAP, AnswerForm
from activities.models import Survey, SurveyResponse
from activities.services import surveys as services
from branches.forms import refusals_shown
from portal.foundation import audit
from portal.foundation.errors import Conflict

CONFLICT: Final = 409
UNPROCESSABLE: Final = 422
TOO_MANY: Final = 429
_MINUTE: Final = 60  # seconds
# Carriers give thousands of telephones one address; fewer than a survey takes, so that one sender does not stop the others.
MOST_OF_AN_ADDRESS: Final = 400
_KEPT_FOR: Final = 180 * 24 * 3600  # seconds


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, code: str) -> HttpResponse:
    """Show a survey's form and take what is answered; what was typed is never lost."""
    survey = _survey(code)
    browser = _browser(request, survey)
    if request.method != "POST":
        return _with_cookie(_shown(request, survey, browser), survey, browser)
    form = AnswerForm(list(survey.questions.all()), request.POST)
    if not form.is_valid():
        return _page(request, survey, form, UNPROCESSABLE)
    try:
        with refusals_shown(form):
            _refuse_flood(request, survey)
            services.answer_survey(survey=survey, form=form.filled_in(), browser=browser, by_machine=bool(request.POST.get(TRAP)))
            return _with_cookie(redirect("surveys:answered", survey.code), survey, browser)
    except Conflict as conflict:
        return _refused(request, survey, form, conflict)
    return _page(request, survey, form, UNPROCESSABLE)


@login_not_required
@never_cache
@require_safe
def answered(request: HttpRequest, code: str) -> HttpResponse:
    """Say that an answer arrived, and thank for it."""
    return render(request, "activities/survey_answered.html", {"survey": _survey(code)})


def _survey(code: str) -> Survey:
    """Return the survey of a link; one in preparation is nobody's to see yet."""
    surveys = Survey.objects.filter(opened_at__isnull=False).select_related("branch").prefetch_related("questions", "branch__schedules")
    found: Survey = get_object_or_404(surveys, code=code.upper())
    return found


def _shown(request: HttpRequest, survey: Survey, browser: UUID) -> HttpResponse:
    if not survey.several_a_browser and SurveyResponse.objects.filter(survey=survey, browser=browser).exists():
        return render(request, "activities/survey_answered.html", {"survey": survey, "before": True})
    if not survey.is_open:
        return render(request, "activities/survey_over.html", {"survey": survey})
    return _page(request, survey, AnswerForm(list(survey.questions.all())), 200)


def _page(request: HttpRequest, survey: Survey, form: AnswerForm, status: int, refused: str = "") -> HttpResponse:
    context = {"survey": survey, "form": form, "refused": refused, "trap": TRAP, "sent_uid": form["uid"].value()}
    return render(request, "activities/survey_answer.html", context, status=status)


def _refused(request: HttpRequest, survey: Survey, form: AnswerForm, conflict: Conflict) -> HttpResponse:
    """Show the form with all that was chosen, and why it was not taken."""
    if conflict.code == "answered":
        return render(request, "activities/survey_answered.html", {"survey": survey, "before": True}, status=CONFLICT)
    if conflict.code == "too_many":
        response = _page(request, survey, form, TOO_MANY, str(conflict.message))
        response["Retry-After"] = str(_MINUTE)
        return response
    return _page(
        request,
        survey,
        form,
        CONFLICT,
        _("This survey was closed while you answered, so your answers were not stored. All that you chose still stands below: tell the people on duty."),
    )


def _refuse_flood(request: HttpRequest, survey: Survey) -> None:
    """Refuse what one address sends without end; each server process counts by itself."""
    sender = salted_hmac("activities.survey", audit.address_of(request) or "", algorithm="sha256").hexdigest()
    key = f"survey:{survey.pk}:{sender}"
    cache.add(key, 0, _MINUTE)
    try:
        sent = cache.incr(key)
    except ValueError:  # the minute ended in between
        return
    if sent > MOST_OF_AN_ADDRESS:
        raise Conflict("too_many", _("Very many answers are arriving just now. Wait a minute and send yours again; nothing you chose is lost."))


def _browser(request: HttpRequest, survey: Survey) -> UUID:
    """Return the random number of the browser's cookie; a new one where there is none."""
    try:
        return UUID(request.COOKIES.get(_cookie(survey), ""))
    except ValueError:
        return uuid4()


def _with_cookie(response: HttpResponse, survey: Survey, browser: UUID) -> HttpResponse:
    if not survey.several_a_browser:
        response.set_cookie(_cookie(survey), str(browser), max_age=_KEPT_FOR, path="/s/", secure=settings.HTTPS, httponly=True, samesite="Lax")
    return response


def _cookie(survey: Survey) -> str:
    return f"survey_{survey.code}"
