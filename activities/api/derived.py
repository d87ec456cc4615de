"""What a branch's registers say of a day, for another system that files it."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError as Refusal
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from activities.models import Metric
from activities.registers import figures_of
from branches.access import Act
from branches.api.base import RolePermission
from branches.api.examples import BRANCH_ID, BRANCH_REFERENCE
from branches.api.serializers import BRANCHES
from branches.models import Branch
from portal.foundation import clock
from portal.foundation.api.fields import ExactField, ReferenceField
from portal.foundation.api.filters import refuse_unknown
from portal.foundation.api.schema import example
from portal.foundation.api.views import record_pull

PARAMETERS: Final = frozenset({"branch", "business_date"})


class DerivedFigureSerializer(serializers.Serializer[Any]):
    """A figure as its register has it."""

    metric = serializers.CharField(help_text=_("The figure's code in the catalogue."))
    value = ExactField(help_text=_("The value in the figure's own unit."))
    unit = serializers.CharField(help_text=_("The code of the figure's own unit."))
    revision = serializers.IntegerField(help_text=_("The number of the newest record that was counted, 0 for none."))
    records = serializers.URLField(help_text=_("The page that lists the records that were counted."))


class DerivedFiguresSerializer(serializers.Serializer[Any]):
    """What the registers of a branch say of a day."""

    branch = ReferenceField(BRANCHES, help_text=_("The branch."))
    business_date = serializers.DateField(help_text=_("The day."))
    figures = DerivedFigureSerializer(many=True, help_text=_("In the order of the catalogue; a figure is absent where the branch keeps no register of it."))


EXAMPLE: Final[dict[str, Any]] = {
    "branch": BRANCH_REFERENCE,
    "business_date": "2020-03-06",
    "figures": [{"metric": "needs_recorded", "value": "12", "unit": "items", "revision": 4711, "records": f"https://portal.example/needs/?branch={BRANCH_ID}"}],
}


class DerivedFiguresView(APIView):
    """What the registers of a branch say of a day."""

    permission_classes = [*APIView.permission_classes, RolePermission]
    act = Act.SEE_REPORTS

    @extend_schema(
        summary=_("Read what the registers say"),
        description=_("What a branch's registers say of a business date. File these values and they count as the register's; file others and both are kept."),
        parameters=[
            OpenApiParameter("branch", UUID, required=True, description=_("The branch.")),
            OpenApiParameter("business_date", date, required=True, description=_("The day.")),
        ],
        responses=DerivedFiguresSerializer,
        examples=[example(EXAMPLE, response_only=True)],
        tags=["reports"],
    )
    def get(self, request: Request) -> Response:
        """Return the figures."""
        refuse_unknown(request, PARAMETERS)
        day = clock.read_day(request.query_params.get("business_date", ""))
        if day is None:
            raise ValidationError({"business_date": [_text("This is not a date. Write it as 2020-03-06.")]}, code="invalid")
        branch = _branch(request)
        found = figures_of(branch, day)
        metrics = Metric.objects.filter(code__in=found).select_related("unit")
        figures = [
            {
                "metric": metric.code,
                "value": found[metric.code].value,
                "unit": metric.unit.code,
                "revision": found[metric.code].revision,
                "records": request.build_absolute_uri(found[metric.code].href),
            }
            for metric in metrics
        ]
        record_pull(request, "derived figures", rows=len(figures))
        answer = {"branch": branch, "business_date": day, "figures": figures}
        return Response(DerivedFiguresSerializer(answer, context={"request": request}).data)


def _branch(request: Request) -> Branch:
    """Return the branch that is asked about.

    Raises:
        ValidationError: none is.
        Http404: it is not there, or the reader does not see its reports.
    """
    seen = Branch.objects.visible_to(request.user, Act.SEE_REPORTS)
    try:
        found: Branch = get_object_or_404(seen, public_id=request.query_params.get("branch", ""))
    except Refusal:
        raise ValidationError({"branch": [_text("Give the identifier of a branch.")]}, code="invalid") from None
    return found
