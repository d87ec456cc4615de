"""Reading surveys: the list, one with what it found, its poster, the answers, and all of these as files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import segno
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from activities.filters_surveys import SurveyFilter, SurveyResponseFilter, surveys_seen
from activities.forms_surveys import QuestionForm
from activities.models import Survey, SurveyQuestion, SurveyResponse
from activities.querysets import SurveyQuerySet, SurveyResponseQuerySet
from activities.survey_results import Tally, results_of, tallies, with_figures
from activities.views.choices import shorten
from branches import access
from branches.access import Act
from branches.models import Branch
from portal.foundation import audit, clock
from portal.foundation.downloads import a_few_at_once
from portal.foundation.paging import TURNS, ByDay, Counted, Turn
from portal.foundation.tables import CSV, WORKBOOK, Column, Kind, Listing, Sheet, csv_of, workbook

BAD_REQUEST: Final = 400
_TYPES: Final = {"csv": CSV, "xlsx": WORKBOOK}


@dataclass(frozen=True)
class Line:
    """A survey on the list."""

    survey: Survey
    tally: Tally


@require_safe
def survey_list(request: HttpRequest) -> HttpResponse:
    """List the surveys in the reader's scope, the latest first."""
    _require_reader(request)
    filters = SurveyFilter(request.GET, queryset=Survey.objects.visible_to(request.user), request=request)
    rows: SurveyQuerySet = filters.qs if filters.form.is_valid() else Survey.objects.none()
    page = ByDay[Survey]("made_on", "pk").page(_turn(request), rows.select_related("branch").annotate(asks=Exists(_deciding())))
    counted = tallies(page.items)
    context = {
        **_of_list(request, filters.form, rows),
        "page": page,
        "lines": [Line(survey, counted[survey.pk]) for survey in page.items],
        "may_make": Branch.objects.visible_to(request.user, Act.KEEP_SURVEYS).still_open().exists(),
    }
    return render(request, "activities/survey_list.html", context, status=_status(filters.form))


@require_safe
def survey_detail(request: HttpRequest, survey_id: UUID) -> HttpResponse:
    """Show a survey: its link while it is open, what it found, and while it is in preparation its questions."""
    survey = seen_survey(request, survey_id)
    return detail_page(request, survey, QuestionForm() if survey.is_draft else None)


def detail_page(request: HttpRequest, survey: Survey, form: QuestionForm | None, status: int = 200) -> HttpResponse:
    """Return the page of a survey; with the form of a further question where it may have one."""
    questions = list(survey.questions.all())
    context = {
        "survey": survey,
        "questions": questions,
        "asks_for_words": any(question.kind == SurveyQuestion.Kind.WORDS for question in questions),
        "results": None if survey.is_draft else results_of(survey),
        "link": link_of(request, survey),
        "qr": qr_of(link_of(request, survey)) if survey.is_open else "",
        "may_read": access.can(request.user, Act.KEEP_SURVEYS, survey.branch),
        "may_keep": access.offers(request.user, Act.KEEP_SURVEYS, survey.branch),
        "form": form,
    }
    return render(request, "activities/survey_detail.html", context, status=status)


@require_safe
def survey_poster(request: HttpRequest, survey_id: UUID) -> HttpResponse:
    """Show a sheet to print and put up: the code to scan, and the address to type."""
    survey = seen_survey(request, survey_id)
    if survey.is_draft:
        raise Http404
    link = link_of(request, survey)
    return render(request, "activities/survey_poster.html", {"survey": survey, "link": link, "qr": qr_of(link)})


@require_safe
def answer_list(request: HttpRequest) -> HttpResponse:
    """List answers, the newest day first: whether each counts and is satisfied, and nothing else of what was said."""
    _require_reader(request)
    filters = SurveyResponseFilter(request.GET, queryset=SurveyResponse.objects.visible_to(request.user), request=request)
    rows: SurveyResponseQuerySet = filters.qs if filters.form.is_valid() else SurveyResponse.objects.none()
    kept = Branch.objects.visible_to(request.user, Act.KEEP_SURVEYS).filter(pk=OuterRef("branch"))
    page = ByDay[SurveyResponse]("business_date", "pk").page(_turn(request), rows.select_related("branch", "survey").annotate(kept=Exists(kept)))
    context = {**_of_list(request, filters.form, rows), "page": page}
    return render(request, "activities/survey_answer_list.html", context, status=_status(filters.form))


@require_GET
@a_few_at_once
def survey_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send the list of surveys with their figures as csv or xlsx."""
    rows: SurveyQuerySet = _filtered(request, SurveyFilter, Survey.objects.visible_to(request.user))
    columns = [
        Column(_("Made on"), "made_on", Kind.DAY),
        Column(_("Last day"), "last_day", Kind.DAY),
        Column(_("Branch"), "branch__name"),
        Column(_("Title"), "title"),
        Column(_("Takes answers"), "takes", names={True: _("yes"), False: _("no")}),
        Column(_("About satisfaction"), "asks_for_satisfaction", names={True: _("yes"), False: _("no")}),
        Column(_("Answers"), "all_answers", Kind.NUMBER),
        Column(_("Valid"), "valid", Kind.NUMBER),
        Column(_("Satisfied"), "happy", Kind.NUMBER),
    ]
    counted = with_figures(rows).annotate(takes=Q(opened_at__isnull=False, closed_at=None, last_day__gte=clock.today()))
    return _sent(request, "surveys", Listing(columns, [counted], order=("made_on", "pk")), format)


@require_GET
@a_few_at_once
def answer_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send the list of answers as csv or xlsx, as on the page: what residents wrote in own words never leaves the branch."""
    rows: SurveyResponseQuerySet = _filtered(request, SurveyResponseFilter, SurveyResponse.objects.visible_to(request.user))
    columns = [
        Column(_("Day"), "business_date", Kind.DAY),
        Column(_("Branch"), "branch__name"),
        Column(_("Survey"), "survey__title"),
        Column(_("How it came"), "channel", names=_labels(SurveyResponse.Channel)),
        Column(_("State"), "state", names=_labels(SurveyResponse.State)),
        Column(_("Why it does not count"), "reason", names=_labels(SurveyResponse.Reason)),
        Column(_("Satisfied"), "satisfied", names={True: _("yes"), False: _("no")}),
    ]
    return _sent(request, "survey-answers", Listing(columns, [rows], order=("business_date", "pk")), format)


def seen_survey(request: HttpRequest, survey_id: UUID) -> Survey:
    """Return a survey in the reader's scope.

    Raises:
        Http404: there is none.
    """
    surveys = Survey.objects.visible_to(request.user).select_related("branch").prefetch_related("questions", "branch__schedules")
    found: Survey = get_object_or_404(surveys, public_id=survey_id)
    return found


def kept_survey(request: HttpRequest, survey_id: UUID) -> Survey:
    """Return a survey that is the reader's to change.

    Raises:
        Http404: there is none in their scope. Forbidden: it is not theirs to keep. BranchClosed: nobody changes it any more.
    """
    survey = seen_survey(request, survey_id)
    access.require(request.user, Act.KEEP_SURVEYS, survey.branch)
    return survey


def link_of(request: HttpRequest, survey: Survey) -> str:
    """Return the address under which a survey is answered."""
    return request.build_absolute_uri(reverse("surveys:answer", args=[survey.code]))


def qr_of(text: str) -> SafeString:
    """Return a QR code as inline SVG: black on white in the dark too, for cameras."""
    drawn = segno.make(text, micro=False, error="m").svg_inline(border=3, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True)
    return mark_safe(drawn)  # noqa: S308 - drawn from our own address; the library writes no text into it


def _deciding() -> "QuerySet[SurveyQuestion, Any]":
    """Return, for an outer survey, its question that says who is satisfied."""
    return SurveyQuestion.objects.filter(survey=OuterRef("pk"), satisfied_at__isnull=False)


def _of_list(request: HttpRequest, form: Any, rows: "QuerySet[Any, Any]") -> dict[str, Any]:
    """Return what the page of a list needs beside its rows."""
    shorten(form, request, survey=surveys_seen(request).order_by("-made_on", "-pk"))
    return {
        "form": form,
        "turn": _turn(request),
        "counted": Counted.capped(rows),
        "kept": [(name, text) for name, text in request.GET.items() if name not in TURNS],
        "filtered": any(request.GET.get(name) for name in form.fields),
    }


def _turn(request: HttpRequest) -> Turn:
    turn = Turn.read(request.GET)
    if not turn.is_readable(ByDay()):
        raise Http404
    return turn


def _status(form: Any) -> int:
    return BAD_REQUEST if form.errors else 200


def _require_reader(request: HttpRequest) -> None:
    if not access.may(request.user, Act.SEE_REPORTS):
        raise PermissionDenied


def _filtered(request: HttpRequest, filters: Callable[..., Any], seen: "QuerySet[Any, Any]") -> Any:
    """Return the rows that the address asks for; the page says what is wrong with a filter, a file would pass for what was asked for."""
    _require_reader(request)
    asked = filters(request.GET, queryset=seen, request=request)
    if not asked.form.is_valid():
        raise Http404
    return asked.qs


def _sent(request: HttpRequest, name: str, listing: Listing, format: str) -> StreamingHttpResponse:
    if format not in _TYPES:
        raise Http404
    filters = {field: text for field, text in audit.told(request.GET).items() if text}
    audit.record(request.user, "surveys.exported", address=audit.address_of(request), of=name, format=format, filters=filters)
    sheet = Sheet(_("Records"), listing.header, listing)
    content: Iterator[bytes] = csv_of(sheet) if format == "csv" else workbook([sheet])
    named = f'attachment; filename="{name}-{clock.today():%Y%m%d}.{format}"'
    return StreamingHttpResponse(content, content_type=_TYPES[format], headers={"Content-Disposition": named, "Cache-Control": "no-store"})


def _labels(choices: Any) -> dict[str, str]:
    return {choice.value: str(choice.label) for choice in choices}
