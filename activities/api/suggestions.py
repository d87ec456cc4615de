"""Suggestions for other systems: states, times and who has them, never their words or answers."""

from typing import Any, Final

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from activities.filters_suggestions import SuggestionFilter
from activities.models import Suggestion
from branches.access import Act
from branches.api.base import ScopedViewSet
from branches.api.examples import BRANCH_REFERENCE, COMMUNITY, ROOT
from branches.api.serializers import BRANCHES, REGIONS, WORK_UNITS
from portal.foundation.api.fields import ReferenceField, UrlField
from portal.foundation.api.schema import describes_reading

SUGGESTIONS: Final = "activities-api:suggestion-list"
_ID: Final = "01890a5d-ac96-774b-bcce-b302099a8130"


class SuggestionApiFilter(SuggestionFilter):
    """Suggestions as on the page; days are called as everywhere in the API."""

    since = None
    until = None
    # `from` is a word of the language and cannot be assigned to by name.
    locals()["from"] = django_filters.DateFilter(label=_("From this day on"), method="from_day")
    to = django_filters.DateFilter(label=_("Up to this day, included"), method="to_day")


class SuggestionSerializer(serializers.ModelSerializer[Suggestion]):
    """A suggestion as it stands."""

    url = UrlField(SUGGESTIONS)
    branch = ReferenceField(BRANCHES, help_text=_("The branch that recorded it."))
    with_unit = ReferenceField(WORK_UNITS, allow_null=True, help_text=_("The work unit that has it to answer, or has answered it."))
    with_region = ReferenceField(REGIONS, allow_null=True, help_text=_("The region that has it to answer, or has answered it."))

    class Meta:
        model = Suggestion
        fields = [
            *("public_id", "url", "branch", "recorded_at", "recorded_on", "topic", "voice", "state", "with_unit", "with_region"),
            *("passed_at", "answered_at", "for_all"),
        ]


EXAMPLE: Final[dict[str, Any]] = {
    "public_id": _ID,
    "url": f"{ROOT}suggestions/{_ID}/",
    "branch": BRANCH_REFERENCE,
    "recorded_at": "2020-03-06T19:20:00+08:00",
    "recorded_on": "2020-03-06",
    "topic": "supplies",
    "voice": "residents",
    "state": "answered",
    "with_unit": None,
    "with_region": COMMUNITY,
    "passed_at": "2020-03-06T19:40:00+08:00",
    "answered_at": "2020-03-07T09:10:00+08:00",
    "for_all": True,
}


@describes_reading(
    many=_("List suggestions"),
    one=_("Read a suggestion"),
    about=_("What residents or members said that only a higher level can settle: topic, state, who has it. Words and answers are never among it."),
    shown=EXAMPLE,
    tag="registers",
)
class SuggestionViewSet(ScopedViewSet):
    """Suggestions."""

    act = Act.SEE_REPORTS
    queryset = Suggestion.objects.all()
    serializer_class = SuggestionSerializer
    filterset_class = SuggestionApiFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the suggestions whose course the reader sees."""
        rows: QuerySet[Any, Any] = Suggestion.objects.followed_by(self.request.user)
        return rows.select_related("branch", "with_unit", "with_region")
