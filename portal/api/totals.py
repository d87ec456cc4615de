"""Totals: the same figures as the dashboards, from the same function, and the records behind them."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from activities import rollups
from activities.api.examples import MEASURE, PERIOD_REPORT_ID
from activities.api.serializers import PERIOD_REPORTS, MeasureSerializer
from activities.figures import Qualifier
from activities.models import Measure, Metric
from activities.rollups import Completeness, Scope, Span, Total
from branches.access import Act
from branches.api.base import RolePermission
from branches.api.examples import BRANCH_REFERENCE, ROOT, STREET, STREET_ID
from branches.api.serializers import BRANCHES, REGIONS, WORK_UNITS
from portal.foundation import clock
from portal.foundation.api.fields import ExactField, IdField, ReferenceField, ReferenceSerializer, link
from portal.foundation.api.filters import refuse_unknown
from portal.foundation.api.schema import example
from portal.foundation.api.views import ReadViewSet, record_pull
from portal.pages import scopes

RESOURCES: Final = {"region": REGIONS, "work_unit": WORK_UNITS, "branch": BRANCHES}
SCOPE_KINDS: Final = [("region", _("region")), ("work_unit", _("work unit")), ("branch", _("branch"))]
# Of the period reports beside a total, as many figures as a reader can look at; all are among /period-reports/.
MOST_BESIDE: Final = 500


class ScopeQuery(django_filters.FilterSet):  # type: ignore[misc]
    """What a total is about: one region, work unit or branch, a span of days, and which figures."""

    region = django_filters.UUIDFilter()
    work_unit = django_filters.UUIDFilter()
    branch = django_filters.UUIDFilter()
    # `from` is a word of the language and cannot be assigned to by name.
    locals()["from"] = django_filters.DateFilter(required=True)
    to = django_filters.DateFilter(required=True)
    metric = django_filters.ModelMultipleChoiceFilter(queryset=Metric.objects.all(), to_field_name="code")


PARAMETERS: Final = frozenset(ScopeQuery.base_filters)


def _described(name: str, text: Any, **kwargs: Any) -> OpenApiParameter:
    return OpenApiParameter(name, description=text, **kwargs)


DESCRIBED: Final = [
    _described("region", _("The region; give exactly one of region, work_unit and branch."), type=UUID),
    _described("work_unit", _("The work unit: only what can be attributed to its people."), type=UUID),
    _described("branch", _("The branch."), type=UUID),
    _described("from", _("The first day."), type=date, required=True),
    _described("to", _("The last day, included."), type=date, required=True),
    _described("metric", _("The figure's code; several may be given. Without it, all."), type=str, many=True),
]


class TotalSerializer(serializers.Serializer[Total]):
    """A figure's total."""

    metric = serializers.CharField(source="metric.code", help_text=_("The figure's code in the catalogue."))
    kind = serializers.CharField(source="metric.kind", help_text=_("The kind of work."))
    name = serializers.CharField(source="metric.name", help_text=_("The figure's name in your language."))
    value = ExactField(allow_null=True, help_text=_("The total; null when the figures must not be added, and then count says how many there are."))
    unit = serializers.CharField(source="metric.unit.code", help_text=_("The code of the figure's own unit."))
    unit_text = serializers.CharField(source="metric.unit_name", help_text=_("The unit as printed in your language."))
    qualifier = serializers.ChoiceField(Qualifier.choices, help_text=_("How exact it is."))
    count = serializers.IntegerField(help_text=_("How many figures are behind it."))
    inexact = serializers.IntegerField(help_text=_("How many of them are not exact."))
    over_time = serializers.CharField(source="metric.over_time", help_text=_("How it adds over days."))
    over_places = serializers.CharField(source="metric.over_places", help_text=_("How it adds over places."))
    known_at = serializers.DateTimeField(allow_null=True, help_text=_("When the last of them was filed or reviewed."))
    records = serializers.SerializerMethodField(help_text=_("The address of exactly the figures behind it."))

    @extend_schema_field(serializers.URLField)
    def get_records(self, total: Total) -> str:
        """The records behind it."""
        return f"{self.context['records']}&{urlencode({'metric': total.metric.code})}"


class BesideSerializer(serializers.Serializer[Measure]):
    """A figure of a period report that stands beside the totals and is in none of them."""

    period_report = IdField(PERIOD_REPORTS, source="entry.version.period_report")
    branch = ReferenceField(BRANCHES)
    first_day = serializers.DateField(source="entry.version.period_report.first_day")
    last_day = serializers.DateField(source="entry.version.period_report.last_day")
    metric = serializers.CharField(source="metric.code")
    value = ExactField()
    qualifier = serializers.CharField()


class CompletenessSerializer(serializers.Serializer[Completeness]):
    """How many of the branches that owe a report for the last day have filed it."""

    day = serializers.DateField(help_text=_("The last day of the span."))
    due = serializers.IntegerField(help_text=_("How many branches owe a report."))
    reported = serializers.IntegerField(help_text=_("How many have one that counts."))
    missing = serializers.IntegerField(help_text=_("How many have none."))
    late = serializers.IntegerField(help_text=_("How many filed first after the due time."))
    corrected = serializers.IntegerField(help_text=_("How many corrected theirs."))
    waiting = serializers.IntegerField(help_text=_("How many wait to be accepted."))
    missing_branches = serializers.SerializerMethodField(help_text=_("The address of the list of those missing."))

    @extend_schema_field(serializers.URLField)
    def get_missing_branches(self, completeness: Completeness) -> str:
        """Who is missing."""
        return f"{self.context['missing']}&{urlencode({'missing_on': completeness.day.isoformat()})}"


class TotalsSerializer(serializers.Serializer[Any]):
    """The totals of a scope in a span of days."""

    kind = serializers.ChoiceField(SCOPE_KINDS, help_text=_("What the scope is."))
    scope = ReferenceSerializer(help_text=_("The region, work unit or branch."))
    first_day = serializers.DateField(help_text=_("The first day."))
    last_day = serializers.DateField(help_text=_("The last day, included."))
    as_of = serializers.DateTimeField(help_text=_("When this was computed."))
    completeness = CompletenessSerializer(help_text=_("How complete the last day is."))
    totals = TotalSerializer(many=True, help_text=_("In the order of the catalogue; what nobody reported is absent, for missing is not zero."))
    cut = BesideSerializer(many=True, help_text=_("Figures of period reports that the span cuts: they cannot be split and are in no total."))
    compared = BesideSerializer(many=True, help_text=_("Figures of period reports that include the daily ones: to compare, in no total."))


_SCOPE: Final = f"region={STREET_ID}&from=2020-03-01&to=2020-03-06"
EXAMPLE: Final[dict[str, Any]] = {
    "kind": "region",
    "scope": STREET,
    "first_day": "2020-03-01",
    "last_day": "2020-03-06",
    "as_of": "2020-03-06T22:10:00+08:00",
    "completeness": {
        "day": "2020-03-06",
        "due": 12,
        "reported": 11,
        "missing": 1,
        "late": 1,
        "corrected": 0,
        "waiting": 3,
        "missing_branches": f"{ROOT}branches/?region={STREET_ID}&missing_on=2020-03-06",
    },
    "totals": [
        {
            "metric": "vehicles",
            "kind": "checkpoint",
            "name": "车辆登记",
            "value": "41236",
            "unit": "vehicle_times",
            "unit_text": "台次",
            "qualifier": "nearly",
            "count": 66,
            "inexact": 2,
            "over_time": "sum",
            "over_places": "sum",
            "known_at": "2020-03-06T21:55:00+08:00",
            "records": f"{ROOT}totals/records/?{_SCOPE}&metric=vehicles",
        }
    ],
    "cut": [
        {
            "period_report": {"public_id": PERIOD_REPORT_ID, "url": f"{ROOT}period-reports/{PERIOD_REPORT_ID}/"},
            "branch": BRANCH_REFERENCE,
            "first_day": "2020-02-10",
            "last_day": "2020-03-02",
            "metric": "patrol_rounds",
            "value": "140",
            "qualifier": "over",
        }
    ],
    "compared": [],
}


def asked(request: Request) -> tuple[Scope, Span, list[Metric]]:
    """Return what a request asks totals of.

    Raises:
        ValidationError: by parameter.
        Http404: the scope is not there, or the reader does not read the reports of all of it, as on the pages.
    """
    refuse_unknown(request, PARAMETERS)
    query = ScopeQuery(request.query_params, queryset=Measure.objects.none(), request=request._request)
    if not query.form.is_valid():
        raise ValidationError({name: [str(message) for message in messages] for name, messages in query.form.errors.items()})
    given = query.form.cleaned_data
    named = [kind for kind in RESOURCES if given[kind]]
    if len(named) != 1:
        raise ValidationError({"region": [_text("Give exactly one of region, work_unit and branch.")]}, code="scope")
    first, last = given["from"], given["to"]
    if last < first:
        raise ValidationError({"to": [_text("The end is before the start.")]}, code="reversed")
    if first < clock.DAWN or last > clock.DUSK:
        raise ValidationError({"from": [_text("Days lie between 1900 and 2999.")]}, code="out_of_range")
    view = scopes.find(request.user, "unit" if named[0] == "work_unit" else named[0], given[named[0]])
    return view.scope, Span(first, last), list(given["metric"])


class TotalsView(APIView):
    """Totals."""

    permission_classes = [*APIView.permission_classes, RolePermission]
    act = Act.SEE_REPORTS

    @extend_schema(
        summary=_("Read totals"),
        description=_(
            "The figures of a region, a work unit or a branch in a span of days: the same that the dashboard shows, from the same function, each with "
            "how exact it is and the records behind it. Of a region, by the tree in force on each day; command posts are in no region's totals."
        ),
        parameters=DESCRIBED,
        responses=TotalsSerializer,
        examples=[example(EXAMPLE, response_only=True)],
        tags=["totals"],
    )
    def get(self, request: Request) -> Response:
        """Return the totals of a scope in a span."""
        scope, span, metrics = asked(request)
        catalogue = list(metrics or Metric.objects.select_related("unit"))
        found = rollups.totals(scope, span, catalogue)
        cut, compared = _beside(scope, span, catalogue)
        about = {scope.kind: str(scope.public_id)}
        days = {"from": span.first.isoformat(), "to": span.last.isoformat()}
        context = {
            "request": request,
            "records": request.build_absolute_uri(f"{reverse('api-total-records')}?{urlencode(about | days)}"),
            "missing": request.build_absolute_uri(f"{reverse(BRANCHES)}?{urlencode(about)}"),
        }
        answer = {
            "kind": scope.kind,
            "scope": {
                "public_id": scope.public_id,
                "name": scope.object.name,
                "url": link(context, RESOURCES[scope.kind], scope.public_id),
            },
            "first_day": span.first,
            "last_day": span.last,
            "as_of": clock.now(),
            "completeness": rollups.completeness(scope, span.last),
            "totals": found.values(),
            "cut": cut,
            "compared": compared,
        }
        record_pull(request, "totals", rows=len(found))
        return Response(TotalsSerializer(answer, context=context).data)


class TotalRecordsViewSet(ReadViewSet):
    """The figures behind a total."""

    permission_classes = TotalsView.permission_classes
    act = Act.SEE_REPORTS
    parameters = PARAMETERS
    queryset = Measure.objects.all()
    serializer_class = MeasureSerializer

    def seen(self) -> QuerySet[Any, Any]:
        """Return the records; whoever reads the reports of a whole scope reads all of them, also of branches that have moved away since."""
        scope, span, metrics = asked(self.request)
        found: QuerySet[Any, Any] = rollups.records(scope, span, metrics=metrics or None)
        return found.select_related("metric__unit", "unit_entered", "branch", "entry__place", "entry__version__period_report")

    @extend_schema(
        summary=_("List the figures behind a total"),
        description=_("Exactly the figures that the total with the same parameters is made of; for figures that add up, the sum of these is the total."),
        parameters=DESCRIBED,
        examples=[example(MEASURE, response_only=True)],
        tags=["totals"],
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Return a page of the records."""
        return super().list(request, *args, **kwargs)


def _beside(scope: Scope, span: Span, metrics: Iterable[Metric]) -> tuple[list[Measure], list[Measure]]:
    """Return figures of period reports that the span cuts, and those to compare; at most MOST_BESIDE."""
    rows = rollups.beside(scope, span).filter(metric__in=[metric.pk for metric in metrics])
    found = list(rows.select_related("metric", "branch", "entry__version__period_report").order_by("pk")[:MOST_BESIDE])
    return [row for row in found if row.cut], [row for row in found if not row.cut]
