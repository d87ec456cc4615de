"""Regions, work units and branches as other systems read them."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from branches.models import Branch, DeclaredCount, Region, RegionParent, Wave, WorkUnit
from portal.foundation.api.fields import DaysField, ReferenceField, UrlField

REGIONS = "branches-api:region-list"
WORK_UNITS = "branches-api:work-unit-list"
BRANCHES = "branches-api:branch-list"


class RegionParentSerializer(serializers.ModelSerializer[RegionParent]):
    """The region that a region lies in during some days."""

    region = ReferenceField(REGIONS, source="parent", help_text=_("The region that it lies in."))
    during = DaysField(help_text=_("On which days it lies there; null where open."))

    class Meta:
        model = RegionParent
        fields = ["region", "during"]


class RegionSerializer(serializers.ModelSerializer[Region]):
    """A region with the regions that it lies in, by date."""

    url = UrlField(REGIONS)
    parents = RegionParentSerializer(many=True, help_text=_("A region may change parents: a total follows the tree in force on its day."))
    aliases = serializers.ListField(child=serializers.CharField(), help_text=_("Other names of the region."))

    class Meta:
        model = Region
        fields = [
            "public_id",
            "url",
            "level",
            "name",
            "name_en",
            "aliases",
            "code",
            "households",
            "residents",
            "buildings",
            "gates",
            "gates_open",
            "unmanaged",
            "parents",
        ]


class WorkUnitSerializer(serializers.ModelSerializer[WorkUnit]):
    """A work unit and the one that it belongs to."""

    url = UrlField(WORK_UNITS)
    parent = ReferenceField(WORK_UNITS, allow_null=True, help_text=_("The unit that it belongs to."))  # type: ignore[assignment]
    external_ids = serializers.DictField(help_text=_("What other systems call it."))

    class Meta:
        model = WorkUnit
        fields = ["public_id", "url", "name", "parent", "external_ids"]


class DeclaredCountSerializer(serializers.ModelSerializer[DeclaredCount]):
    """A number that the branch declares, beside what is counted from rows."""

    class Meta:
        model = DeclaredCount
        fields = ["what", "value", "as_of"]


class WaveSerializer(serializers.ModelSerializer[Wave]):
    """A group sent down together, as declared."""

    class Meta:
        model = Wave
        fields = ["ordinal", "head_count", "sent_down_on"]


class BranchSerializer(serializers.ModelSerializer[Branch]):
    """A branch."""

    url = UrlField(BRANCHES)
    region = ReferenceField(REGIONS, help_text=_("The region that hosts it today."))
    covers = serializers.ListField(child=ReferenceField(REGIONS), source="covers.all", help_text=_("Regions that it works in beside its host."))
    sending_units = serializers.ListField(child=ReferenceField(WORK_UNITS), source="sending_units.all", help_text=_("Work units that send people to it."))
    merged_into = ReferenceField(BRANCHES, allow_null=True, help_text=_("The branch that it was merged into."))
    declared_counts = DeclaredCountSerializer(many=True, help_text=_("Numbers that the branch declares, beside what is counted from rows."))
    waves = WaveSerializer(many=True, help_text=_("Groups sent down together, as declared."))
    external_ids = serializers.DictField(help_text=_("What other systems call it."))

    class Meta:
        model = Branch
        fields = [
            "public_id",
            "url",
            "name",
            "kind",
            "state",
            "region",
            "covers",
            "sending_units",
            "guided_by",
            "established_on",
            "started_work_on",
            "ended_on",
            "merged_into",
            "reports_daily",
            "reports_from",
            "declared_counts",
            "waves",
            "external_ids",
        ]
