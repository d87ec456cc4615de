"""Reports, entries, figures and the catalogue as other systems read them."""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from activities.models import DailyReport, Entry, EntryParticipant, FrozenFigure, Measure, Metric, PeriodReport, ReportVersion, Statement, StockReceipt, Unit
from branches.api.serializers import BRANCHES, REGIONS, WORK_UNITS
from members.api.serializers import PERSONS
from portal.foundation.api.fields import DaysSerializer, ExactField, IdField, IdSerializer, ReferenceField, UrlField, link

REPORTS = "activities-api:report-list"
PERIOD_REPORTS = "activities-api:period-report-list"
VERSIONS = "activities-api:report-version-list"
ENTRIES = "activities-api:entry-list"
MEASURES = "activities-api:measure-list"
STOCK_RECEIPTS = "activities-api:stock-receipt-list"
STATEMENTS = "activities-api:statement-list"
FROZEN_FIGURES = "activities-api:frozen-figure-list"

_NOTE_HELP = _("Free text; null for whoever may not see personal fields, for a resident may be named in it.")
_PERIOD_HELP = _("The days of the period report that it belongs to; null when it has a business date.")


class UnitSerializer(serializers.ModelSerializer[Unit]):
    """A unit of measure."""

    factor = ExactField(max_digits=12, decimal_places=4, help_text=_("How many base units of its dimension one of it is."))
    aliases = serializers.ListField(child=serializers.CharField(), help_text=_("How people also write it."))

    class Meta:
        model = Unit
        fields = ["code", "name_zh", "name_en", "dimension", "factor", "aliases"]


class MetricSerializer(serializers.ModelSerializer[Metric]):
    """A figure that can be reported."""

    unit = serializers.CharField(source="unit.code", help_text=_("The code of its own unit, in which values are stored."))

    class Meta:
        model = Metric
        fields = ["code", "kind", "name_zh", "name_en", "unit", "unit_zh", "unit_en", "over_time", "over_places", "decimals", "attributable"]


class EntryMeasureSerializer(serializers.ModelSerializer[Measure]):
    """A figure inside an entry."""

    url = UrlField(MEASURES)
    metric = serializers.CharField(source="metric.code", help_text=_("The figure's code in the catalogue."))
    value = ExactField(help_text=_("The value in the figure's own unit."))
    unit = serializers.CharField(source="metric.unit.code", help_text=_("The code of the figure's own unit."))
    value_entered = ExactField(help_text=_("The value as it was typed."))
    unit_entered = serializers.CharField(source="unit_entered.code", help_text=_("The code of the unit in which it was typed."))
    register_value = ExactField(
        allow_null=True, help_text=_("What the branch's register said when it was filed; another number than the value where somebody typed over it.")
    )

    class Meta:
        model = Measure
        fields = [
            "public_id",
            "url",
            "metric",
            "value",
            "unit",
            "qualifier",
            "qualifier_text",
            "value_entered",
            "unit_entered",
            "unit_text",
            "source",
            "register_value",
        ]


class MeasureSerializer(EntryMeasureSerializer):
    """A figure with where and when it belongs."""

    kind = serializers.CharField(source="metric.kind", help_text=_("The kind of work."))
    branch = ReferenceField(BRANCHES, help_text=_("The branch that reported it."))
    period = serializers.SerializerMethodField(help_text=_PERIOD_HELP)
    place = ReferenceField(REGIONS, source="entry.place", help_text=_("Where it was done, as it was filed."))
    entry = IdField(ENTRIES, help_text=_("The entry that it stands in."))
    version = IdField(VERSIONS, source="entry.version", help_text=_("The version of the report."))
    counted = serializers.BooleanField(source="entry.version.is_current", help_text=_("Whether it counts: its version is filed or accepted."))

    class Meta(EntryMeasureSerializer.Meta):
        fields = [*EntryMeasureSerializer.Meta.fields, "kind", "branch", "business_date", "period", "place", "entry", "version", "counted"]

    @extend_schema_field(DaysSerializer(allow_null=True))
    def get_period(self, measure: Measure) -> dict[str, str] | None:
        """The days of a period report."""
        return period_of(measure.entry.version)


class ParticipantSerializer(serializers.ModelSerializer[EntryParticipant]):
    """Someone who took part; one row is one person-shift."""

    person = IdField(PERSONS, help_text=_("Who took part."))
    home_unit = ReferenceField(WORK_UNITS, allow_null=True, help_text=_("The work unit that sent the person on that day."))
    hours = ExactField(max_digits=5, decimal_places=2, allow_null=True, help_text=_("For how many hours, where known."))

    class Meta:
        model = EntryParticipant
        fields = ["person", "home_unit", "hours"]


class VersionEntrySerializer(serializers.ModelSerializer[Entry]):
    """A piece of work inside a version: described here, written by PostgreSQL (`activities/api/written.py`)."""

    url = UrlField(ENTRIES)
    place = ReferenceField(REGIONS, help_text=_("Where it was done, as it was filed."))
    note = serializers.CharField(read_only=True, allow_null=True, help_text=_NOTE_HELP)
    measures = EntryMeasureSerializer(many=True, help_text=_("The figures."))
    participants = ParticipantSerializer(many=True, help_text=_("Who took part, of the people that you see."))

    class Meta:
        model = Entry
        fields = ["public_id", "url", "kind", "place", "starts_at", "ends_at", "note", "measures", "participants"]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return what was written."""
        written: dict[str, Any] = json.loads(instance.written)
        return written


class EntrySerializer(VersionEntrySerializer):
    """A piece of work with where and when it belongs."""

    branch = ReferenceField(BRANCHES, help_text=_("The branch that reported it."))
    period = DaysSerializer(read_only=True, allow_null=True, help_text=_PERIOD_HELP)
    version = IdField(VERSIONS, help_text=_("The version of the report."))
    counted = serializers.BooleanField(source="version.is_current", help_text=_("Whether it counts: its version is filed or accepted."))

    class Meta(VersionEntrySerializer.Meta):
        fields = [*VersionEntrySerializer.Meta.fields, "branch", "business_date", "period", "version", "counted"]


class VersionSummarySerializer(serializers.ModelSerializer[ReportVersion]):
    """A version without its entries."""

    url = UrlField(VERSIONS)
    note = serializers.SerializerMethodField(help_text=_NOTE_HELP)
    filed_by = serializers.UUIDField(source="filed_by.public_id", allow_null=True, help_text=_("The account that filed it."))

    class Meta:
        model = ReportVersion
        fields = [
            "public_id",
            "url",
            "number",
            "state",
            "nature",
            "reason",
            "note",
            "means",
            "receipt",
            "filed_by",
            "due_at",
            "known_from",
            "known_until",
            "on_behalf",
            "confirmed_at",
            "reviewed_at",
            "review_note",
        ]

    def get_note(self, version: Any) -> str | None:
        """The note, if the reader may see it."""
        return str(version.note) if version.notes_seen else None


class NestedVersionSerializer(VersionSummarySerializer):
    """A version inside its report; with its entries when they were asked for."""

    entries = serializers.SerializerMethodField(help_text=_("The pieces of work; only with expand=entries, else null."))

    class Meta(VersionSummarySerializer.Meta):
        fields = [*VersionSummarySerializer.Meta.fields, "entries"]

    @extend_schema_field(VersionEntrySerializer(many=True, allow_null=True))
    def get_entries(self, version: ReportVersion) -> Any:
        """The entries, if they were asked for."""
        if not self.context.get("with_entries"):
            return None
        # One for all versions of a page: making its fields anew for each takes longer than writing the rows.
        if "entry_serializer" not in self.context:
            self.context["entry_serializer"] = VersionEntrySerializer(context=self.context)
        return [self.context["entry_serializer"].to_representation(entry) for entry in version.entries.all()]


class VersionSerializer(VersionSummarySerializer):
    """A version with its report, branch, days and entries."""

    branch = ReferenceField(BRANCHES, help_text=_("The branch."))
    report = serializers.SerializerMethodField(help_text=_("The daily or period report that it is a version of."))
    business_date = serializers.DateField(source="daily_report.business_date", allow_null=True, default=None, help_text=_("The day; null for a period report."))
    period = serializers.SerializerMethodField(help_text=_PERIOD_HELP)
    counted = serializers.BooleanField(source="is_current", help_text=_("Whether its figures count: it is filed or accepted."))
    entries = VersionEntrySerializer(many=True, help_text=_("The pieces of work."))

    class Meta(VersionSummarySerializer.Meta):
        fields = [*VersionSummarySerializer.Meta.fields, "branch", "report", "business_date", "period", "counted", "entries"]

    @extend_schema_field(IdSerializer)
    def get_report(self, version: ReportVersion) -> dict[str, str]:
        """The report."""
        report = version.report
        resource = REPORTS if isinstance(report, DailyReport) else PERIOD_REPORTS
        return {"public_id": str(report.public_id), "url": link(self.context, resource, report.public_id)}

    @extend_schema_field(DaysSerializer(allow_null=True))
    def get_period(self, version: ReportVersion) -> dict[str, str] | None:
        """The days of a period report."""
        return period_of(version)


class DailyReportSerializer(serializers.ModelSerializer[DailyReport]):
    """A branch's report for a day with its versions."""

    url = UrlField(REPORTS)
    branch = ReferenceField(BRANCHES, help_text=_("The branch."))
    current = serializers.SerializerMethodField(help_text=_("The identifier of the version that counts; null when there is none: the day is missing."))
    versions = NestedVersionSerializer(many=True, help_text=_("All versions, the first one first."))

    class Meta:
        model = DailyReport
        fields = ["public_id", "url", "branch", "business_date", "current", "versions"]

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_current(self, report: DailyReport) -> str | None:
        """The version that counts."""
        return current_of(report)


class PeriodReportSerializer(serializers.ModelSerializer[PeriodReport]):
    """A branch's report for a span of days with its versions."""

    url = UrlField(PERIOD_REPORTS)
    branch = ReferenceField(BRANCHES, help_text=_("The branch."))
    current = serializers.SerializerMethodField(help_text=_("The identifier of the version that counts; null when there is none."))
    versions = NestedVersionSerializer(many=True, help_text=_("All versions, the first one first."))

    class Meta:
        model = PeriodReport
        fields = ["public_id", "url", "branch", "first_day", "last_day", "relation", "undated", "current", "versions"]

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_current(self, report: PeriodReport) -> str | None:
        """The version that counts."""
        return current_of(report)


class StockReceiptSerializer(serializers.ModelSerializer[StockReceipt]):
    """Goods received."""

    url = UrlField(STOCK_RECEIPTS)
    branch = ReferenceField(BRANCHES, help_text=_("The branch that received them."))
    value = ExactField(help_text=_("How much."))
    unit = serializers.CharField(source="unit.code", help_text=_("The code of the unit."))
    note = serializers.SerializerMethodField(help_text=_NOTE_HELP)

    class Meta:
        model = StockReceipt
        fields = ["public_id", "url", "branch", "item", "value", "unit", "unit_text", "qualifier", "received_on", "note"]

    def get_note(self, receipt: Any) -> str | None:
        """The note, if the reader may see it."""
        return str(receipt.note) if receipt.notes_seen else None


class StatementSerializer(serializers.ModelSerializer[Statement]):
    """A number that a published text states; compared with ours, never added."""

    url = UrlField(STATEMENTS)
    region = ReferenceField(REGIONS, allow_null=True, help_text=_("The region that it is about, if it is one."))
    work_unit = ReferenceField(WORK_UNITS, allow_null=True, help_text=_("The work unit that it is about, if it is one."))
    branch = ReferenceField(BRANCHES, allow_null=True, help_text=_("The branch that it is about, if it is one."))
    value = ExactField(help_text=_("The number as stated."))

    class Meta:
        model = Statement
        fields = [
            "public_id",
            "url",
            "region",
            "work_unit",
            "branch",
            "what_zh",
            "what_en",
            "value",
            "qualifier",
            "computes",
            "note",
            "stated_on",
            "title",
        ]


class FrozenFigureSerializer(serializers.ModelSerializer[FrozenFigure]):
    """A figure as it was when it was quoted."""

    url = UrlField(FROZEN_FIGURES)
    region = ReferenceField(REGIONS, allow_null=True, help_text=_("The region that it is about, if it is one."))
    work_unit = ReferenceField(WORK_UNITS, allow_null=True, help_text=_("The work unit that it is about, if it is one."))
    branch = ReferenceField(BRANCHES, allow_null=True, help_text=_("The branch that it is about, if it is one."))
    metric = serializers.CharField(source="metric.code", help_text=_("The figure's code in the catalogue."))
    unit = serializers.CharField(source="metric.unit.code", help_text=_("The code of the figure's own unit."))
    value = ExactField(max_digits=30, allow_null=True, help_text=_("The figure as it was; null when its records must not be added, or when there were none."))
    count = serializers.IntegerField(help_text=_("How many figures were behind it."))
    inexact = serializers.IntegerField(help_text=_("How many of them were not exact."))
    due = serializers.IntegerField(help_text=_("How many branches owed a report for the last day."))
    reported = serializers.IntegerField(help_text=_("How many of them had one that counted."))

    class Meta:
        model = FrozenFigure
        fields = [
            "public_id",
            "url",
            "region",
            "work_unit",
            "branch",
            "metric",
            "unit",
            "first_day",
            "last_day",
            "value",
            "qualifier",
            "count",
            "inexact",
            "due",
            "reported",
            "purpose",
            "frozen_at",
        ]


def period_of(version: ReportVersion) -> dict[str, str] | None:
    """Return the days of the period report that `version` belongs to, if it does."""
    report = version.period_report
    return {"first_day": report.first_day.isoformat(), "last_day": report.last_day.isoformat()} if report else None


def current_of(report: DailyReport | PeriodReport) -> str | None:
    """Return the identifier of the version that counts, from those fetched."""
    return next((str(version.public_id) for version in report.versions.all() if version.is_current), None)
