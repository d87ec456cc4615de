"""What pages and API filter surveys and their answers by."""

from datetime import date
from typing import Any, Final

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from activities.models import Survey, SurveyResponse
from activities.querysets import SurveyQuerySet, SurveyResponseQuerySet
from branches.access import branches_served_by
from branches.filters import regions_seen, units_seen
from branches.models import Region, WorkUnit
from members.filters import branches_seen
from portal.foundation import clock

_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
# What an answer says of satisfaction: a survey of something else does not ask.
SAID: Final = (("yes", _("satisfied")), ("no", _("not satisfied")), ("said", _("says either")))


def surveys_seen(request: HttpRequest | None) -> SurveyQuerySet:
    """Return the surveys that whoever asks may filter by."""
    return Survey.objects.visible_to(request.user) if request is not None else Survey.objects.none()


class _OfBranches(django_filters.FilterSet):  # type: ignore[misc]
    """Rows of branches by branch, region and work unit."""

    branch = django_filters.ModelChoiceFilter(label=_("Branch"), queryset=branches_seen, to_field_name="public_id", empty_label=_("All branches"))
    region = django_filters.ModelChoiceFilter(
        label=_("In the region"), queryset=regions_seen, to_field_name="public_id", method="in_region", empty_label=_("All regions")
    )
    work_unit = django_filters.ModelChoiceFilter(
        label=_("Served by"), queryset=units_seen, to_field_name="public_id", method="of_unit", empty_label=_("All work units")
    )

    def in_region(self, queryset: Any, name: str, value: Region) -> "QuerySet[Any, Any]":
        """Keep rows of branches hosted today at or below a region."""
        found: QuerySet[Any, Any] = queryset.hosted_in(value)
        return found

    def of_unit(self, queryset: Any, name: str, value: WorkUnit) -> "QuerySet[Any, Any]":
        """Keep rows of branches to which a work unit sends people."""
        found: QuerySet[Any, Any] = queryset.filter(branch__in=branches_served_by([value.pk]))
        return found


class SurveyFilter(_OfBranches):
    """Surveys by days, branch, region, work unit and state."""

    since = django_filters.DateFilter(label=_("From (date)"), method="from_day", widget=_DAY)
    until = django_filters.DateFilter(label=_("To (date)"), method="to_day", widget=_DAY)
    state = django_filters.ChoiceFilter(label=_("State"), choices=Survey.State.choices, method="in_state", empty_label=_("All states"))

    class Meta:
        model = Survey
        fields: list[str] = []

    def from_day(self, queryset: SurveyQuerySet, name: str, value: date) -> SurveyQuerySet:
        """Keep surveys whose last day is a day or a later one."""
        return queryset.touching(value, None)

    def to_day(self, queryset: SurveyQuerySet, name: str, value: date) -> SurveyQuerySet:
        """Keep surveys made on a day or an earlier one."""
        return queryset.touching(None, value)

    def in_state(self, queryset: SurveyQuerySet, name: str, value: str) -> SurveyQuerySet:
        """Keep surveys in preparation, open, or closed today."""
        return queryset.in_state(value, clock.today())


class SurveyResponseFilter(_OfBranches):
    """Answers by survey, days, branch, region, work unit, how they came, whether they count and what they say of satisfaction."""

    since = django_filters.DateFilter(label=_("From (date)"), field_name="business_date", lookup_expr="gte", widget=_DAY)
    until = django_filters.DateFilter(label=_("To (date)"), field_name="business_date", lookup_expr="lte", widget=_DAY)
    survey = django_filters.ModelChoiceFilter(label=_("Survey"), queryset=surveys_seen, to_field_name="public_id", empty_label=_("All surveys"))
    state = django_filters.ChoiceFilter(label=_("State"), choices=SurveyResponse.State.choices, empty_label=_("All states"))
    channel = django_filters.ChoiceFilter(label=_("How it came"), choices=SurveyResponse.Channel.choices, empty_label=_("All ways"))
    satisfied = django_filters.ChoiceFilter(label=_("Satisfied"), choices=SAID, method="saying", empty_label=_("All answers"))

    class Meta:
        model = SurveyResponse
        fields: list[str] = []

    def saying(self, queryset: SurveyResponseQuerySet, name: str, value: str) -> SurveyResponseQuerySet:
        """Keep answers that say that somebody is satisfied, is not, or either."""
        return queryset.filter(satisfied__isnull=False) if value == "said" else queryset.filter(satisfied=value == "yes")
