"""Surveys and their answers, for other systems: how many count and are satisfied, never what residents wrote, nor what one of them chose."""

from datetime import date
from typing import Any, Final

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from activities.filters_surveys import SurveyFilter, SurveyResponseFilter
from activities.models import Survey, SurveyResponse
from activities.querysets import SurveyQuerySet, SurveyResponseQuerySet
from activities.survey_results import percent, with_figures
from branches.access import Act
from branches.api.base import ScopedViewSet
from branches.api.examples import BRANCH_REFERENCE, ROOT
from branches.api.serializers import BRANCHES
from portal.foundation.api.fields import ReferenceField, UrlField
from portal.foundation.api.schema import describes_reading

SURVEYS: Final = "activities-api:survey-list"
SURVEY_ANSWERS: Final = "activities-api:survey-answer-list"
_SURVEY_ID: Final = "01890a5d-ac96-774b-bcce-b302099a8130"
_ANSWER_ID: Final = "01890a5d-ac96-774b-bcce-b302099a8131"


class SurveyApiFilter(SurveyFilter):
    """Surveys as on the page; days are called as everywhere in the API."""

    since = None
    until = None
    # `from` is a word of the language and cannot be assigned to by name.
    locals()["from"] = django_filters.DateFilter(label=_("From this day on"), method="from_day")
    to = django_filters.DateFilter(label=_("Up to this day, included"), method="to_day")


class SurveyAnswerApiFilter(SurveyResponseFilter):
    """Answers as on the page; days are called as everywhere in the API."""

    since = None
    until = None
    locals()["from"] = django_filters.DateFilter(label=_("From this day on"), method="from_day")
    to = django_filters.DateFilter(label=_("Up to this day, included"), method="to_day")

    def from_day(self, queryset: SurveyResponseQuerySet, name: str, value: date) -> SurveyResponseQuerySet:
        """Keep the day and later ones."""
        return queryset.filter(business_date__gte=value)

    def to_day(self, queryset: SurveyResponseQuerySet, name: str, value: date) -> SurveyResponseQuerySet:
        """Keep the day and earlier ones."""
        return queryset.filter(business_date__lte=value)


class SurveySerializer(serializers.ModelSerializer[Survey]):
    """A survey and its figures."""

    url = UrlField(SURVEYS)
    branch = ReferenceField(BRANCHES, help_text=_("The branch that asks."))
    state = serializers.ChoiceField(choices=Survey.State.choices, help_text=_("Whether it takes answers now."))
    asks_for_satisfaction = serializers.BooleanField(help_text=_("Whether one of its questions says who is satisfied."))
    answers = serializers.IntegerField(source="all_answers", help_text=_("How many answers there are."))
    valid = serializers.IntegerField(help_text=_("How many of them count."))
    satisfied = serializers.SerializerMethodField(help_text=_("How many of these are satisfied; null where that is not asked."))
    satisfied_percent = serializers.SerializerMethodField(help_text=_("The same in whole per cent, halves upward; null where none counts."))

    class Meta:
        model = Survey
        fields = [
            *("public_id", "url", "branch", "title", "made_on", "last_day", "opened_at", "closed_at", "state"),
            *("asks_for_satisfaction", "answers", "valid", "satisfied", "satisfied_percent"),
        ]

    def get_satisfied(self, survey: Any) -> int | None:
        """The satisfied, where the survey asks."""
        return int(survey.happy) if survey.asks_for_satisfaction else None

    def get_satisfied_percent(self, survey: Any) -> int | None:
        """Their share of those that count."""
        return percent(survey.happy, survey.valid) if survey.asks_for_satisfaction and survey.valid else None


class SurveyAnswerSerializer(serializers.ModelSerializer[SurveyResponse]):
    """That somebody answered, and whether it counts."""

    url = UrlField(SURVEY_ANSWERS)
    survey = ReferenceField(SURVEYS, help_text=_("The survey."))
    branch = ReferenceField(BRANCHES, help_text=_("The branch that asks."))

    class Meta:
        model = SurveyResponse
        fields = ["public_id", "url", "survey", "branch", "business_date", "channel", "state", "reason", "satisfied"]


EXAMPLE: Final[dict[str, Any]] = {
    "public_id": _SURVEY_ID,
    "url": f"{ROOT}surveys/{_SURVEY_ID}/",
    "branch": BRANCH_REFERENCE,
    "title": "居民满意度调查",
    "made_on": "2020-03-01",
    "last_day": "2020-03-08",
    "opened_at": "2020-03-01T09:00:00+08:00",
    "closed_at": None,
    "state": "closed",
    "asks_for_satisfaction": True,
    "answers": 240,
    "valid": 236,
    "satisfied": 231,
    "satisfied_percent": 98,
}
ANSWER_EXAMPLE: Final[dict[str, Any]] = {
    "public_id": _ANSWER_ID,
    "url": f"{ROOT}survey-answers/{_ANSWER_ID}/",
    "survey": {"public_id": _SURVEY_ID, "name": "居民满意度调查", "url": f"{ROOT}surveys/{_SURVEY_ID}/"},
    "branch": BRANCH_REFERENCE,
    "business_date": "2020-03-06",
    "channel": "link",
    "state": "valid",
    "reason": "",
    "satisfied": True,
}


@describes_reading(
    many=_("List surveys"),
    one=_("Read a survey"),
    about=_("What branches asked residents, how many answers count, and how many of these are satisfied."),
    shown=EXAMPLE,
    tag="registers",
)
class SurveyViewSet(ScopedViewSet):
    """Surveys."""

    act = Act.SEE_REPORTS
    queryset = Survey.objects.all()
    serializer_class = SurveySerializer
    filterset_class = SurveyApiFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the surveys in scope, each with its figures."""
        rows: SurveyQuerySet = Survey.objects.visible_to(self.request.user)
        return with_figures(rows.select_related("branch"))


@describes_reading(
    many=_("List answers to surveys"),
    one=_("Read an answer to a survey"),
    about=_("Which answers count, and whether each says that somebody is satisfied. What was chosen otherwise, and what was written, is never among it."),
    shown=ANSWER_EXAMPLE,
    tag="registers",
)
class SurveyAnswerViewSet(ScopedViewSet):
    """Answers to surveys."""

    act = Act.SEE_REPORTS
    queryset = SurveyResponse.objects.all()
    serializer_class = SurveyAnswerSerializer
    filterset_class = SurveyAnswerApiFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the answers in scope."""
        rows: SurveyResponseQuerySet = SurveyResponse.objects.visible_to(self.request.user)
        return rows.select_related("survey", "branch")
