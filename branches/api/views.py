"""Regions, work units and branches."""

from django.utils.translation import gettext_lazy as _

from branches.api import examples
from branches.api.base import ScopedViewSet
from branches.api.filters import BranchApiFilter
from branches.api.serializers import BranchSerializer, RegionSerializer, WorkUnitSerializer
from branches.filters import RegionFilter, WorkUnitFilter
from branches.models import Branch, Region, WorkUnit
from portal.foundation.api.schema import describes_reading


@describes_reading(
    many=_("List regions"),
    one=_("Read a region"),
    about=_("Provinces, cities, districts, streets, communities and smaller places in your scope, each with the regions that it lies in, by date."),
    shown=examples.REGION,
    tag="regions",
)
class RegionViewSet(ScopedViewSet):
    """Regions."""

    queryset = Region.objects.prefetch_related("parents__parent")
    serializer_class = RegionSerializer
    filterset_class = RegionFilter


@describes_reading(
    many=_("List work units"),
    one=_("Read a work unit"),
    about=_("Units that send people down, in your scope, each with the unit that it belongs to."),
    shown=examples.WORK_UNIT,
    tag="work-units",
)
class WorkUnitViewSet(ScopedViewSet):
    """Work units."""

    queryset = WorkUnit.objects.select_related("parent")
    serializer_class = WorkUnitSerializer
    filterset_class = WorkUnitFilter


@describes_reading(
    many=_("List branches"),
    one=_("Read a branch"),
    about=_("Temporary branches, work teams and command posts in your scope. With missing_on, who still owes a report for a day."),
    shown=examples.BRANCH,
    tag="branches",
)
class BranchViewSet(ScopedViewSet):
    """Branches."""

    queryset = Branch.objects.select_related("region", "merged_into").prefetch_related("covers", "sending_units", "declared_counts", "waves")
    serializer_class = BranchSerializer
    filterset_class = BranchApiFilter
