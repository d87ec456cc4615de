"""Making surveys: a new one, its questions while it is in preparation, opening and closing."""

from typing import TYPE_CHECKING, Any, Final, cast
from uuid import UUID, uuid4

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from activities.forms_surveys import NewSurveyForm, QuestionForm, SurveyForm
from activities.models import Survey, SurveyQuestion
from activities.services import surveys as services
from activities.views.surveys import detail_page, kept_survey
from branches import access
from branches.access import Act
from branches.closing import BranchClosed
from branches.forms import refusals_shown, refusals_told
from branches.models import Branch

if TYPE_CHECKING:
    from portal.accounts.models import User

UNPROCESSABLE: Final = 422


@require_http_methods(["GET", "HEAD", "POST"])
def survey_new(request: HttpRequest) -> HttpResponse:
    """Make a survey: with the ready-made questions, or to put questions to."""
    kept = Branch.objects.visible_to(request.user, Act.KEEP_SURVEYS).still_open().by_name()
    if not kept.exists():
        raise BranchClosed if access.may(request.user, Act.KEEP_SURVEYS) else PermissionDenied
    form = NewSurveyForm(request.POST or None)
    form.fields["branch"] = _branch_field(kept, request.GET.get("branch", ""))
    form.order_fields(["branch"])
    if form.is_valid():
        typed = form.cleaned_data
        with refusals_shown(form):
            survey = services.make_survey(
                actor=_user(request),
                branch=typed["branch"],
                title=typed["title"],
                introduction=typed["introduction"],
                last_day=typed["last_day"],
                several_a_browser=typed["several_a_browser"],
                questions=services.satisfaction_survey() if typed["ready_made"] else (),
                uid=_uid(request),
            )
            return redirect("surveys:survey_detail", survey.public_id)
    return _form_page(request, form, _("New survey"), None)


@require_http_methods(["GET", "HEAD", "POST"])
def survey_edit(request: HttpRequest, survey_id: UUID) -> HttpResponse:
    """Change what may still change of a survey."""
    survey = kept_survey(request, survey_id)
    form = SurveyForm(request.POST or None, instance=survey)
    if form.is_valid():
        with refusals_shown(form):
            services.change_survey(actor=_user(request), survey=survey, facts=form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("surveys:survey_detail", survey_id)
    return _form_page(request, form, _("Change the survey"), survey)


@require_POST
def question_add(request: HttpRequest, survey_id: UUID) -> HttpResponse:
    """Add a question to a survey in preparation."""
    survey = kept_survey(request, survey_id)
    form = QuestionForm(request.POST)
    if form.is_valid():
        with refusals_shown(form):
            services.add_question(actor=_user(request), survey=survey, asked=form.asked())
            messages.success(request, _("The question was added."))
            return redirect("surveys:survey_detail", survey_id)
    return detail_page(request, survey, form, UNPROCESSABLE)


@require_POST
def question_act(request: HttpRequest, question_id: UUID) -> HttpResponse:
    """Put a question before the one above it, or take it out."""
    surveys = Survey.objects.visible_to(request.user)
    questions = SurveyQuestion.objects.filter(survey__in=surveys).select_related("survey__branch")
    question: SurveyQuestion = get_object_or_404(questions, public_id=question_id)
    acts = {"up": services.raise_question, "remove": services.remove_question}
    if (act := acts.get(request.POST.get("act", ""))) is None:
        raise Http404
    with refusals_told(request):
        act(actor=_user(request), question=question)
    return redirect("surveys:survey_detail", question.survey.public_id)


@require_POST
def survey_act(request: HttpRequest, survey_id: UUID) -> HttpResponse:
    """Open or close a survey; pressed twice, it is done once."""
    survey = kept_survey(request, survey_id)
    acts = {"open": (services.open_survey, _("The survey is open.")), "close": (services.close_survey, _("The survey is closed. Its answers stay."))}
    if (found := acts.get(request.POST.get("act", ""))) is None:
        raise Http404
    act, said = found
    with refusals_told(request):
        act(actor=_user(request), survey=survey)
        messages.success(request, said)
    return redirect("surveys:survey_detail", survey_id)


def _branch_field(kept: "QuerySet[Branch, Any]", chosen: str) -> forms.ModelChoiceField:  # type: ignore[type-arg]
    field = forms.ModelChoiceField(label=_("Branch"), queryset=kept, to_field_name="public_id", initial=chosen, empty_label=None)
    field.widget.attrs["autocomplete"] = "off"
    return field


def _form_page(request: HttpRequest, form: Any, title: str, survey: Survey | None) -> HttpResponse:
    context = {"form": form, "title": title, "survey": survey, "uid": _uid(request)}
    return render(request, "activities/survey_form.html", context, status=UNPROCESSABLE if form.errors else 200)


def _uid(request: HttpRequest) -> UUID:
    try:
        return UUID(request.POST.get("uid", ""))
    except ValueError:
        return uuid4()


def _user(request: HttpRequest) -> "User":
    return cast("User", request.user)
