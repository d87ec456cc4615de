"""Filing as a nested Django REST framework serializer does it: each row validated and saved by itself."""

from typing import Any

from django.db import transaction
from rest_framework import serializers

from activities.models import DailyReport, Entry, Measure, Metric, ReportVersion
from activities.receipts import receipt_number
from activities.registers import fed
from activities.rollups import upkeep
from activities.services import filing_content
from benchmarks.world import Filing
from branches import access
from branches.access import Act
from branches.models import Branch, Region
from portal.foundation import audit, clock
from portal.foundation.models import Submission


class MeasureIn(serializers.ModelSerializer[Measure]):
    """A figure."""

    metric = serializers.SlugRelatedField(slug_field="code", queryset=Metric.objects.select_related("unit"))

    class Meta:
        model = Measure
        fields = ["metric", "value"]


class EntryIn(serializers.ModelSerializer[Entry]):
    """A piece of work with its figures."""

    place = serializers.SlugRelatedField(slug_field="public_id", queryset=Region.objects.all())
    measures = MeasureIn(many=True)

    class Meta:
        model = Entry
        fields = ["kind", "place", "note", "measures"]


class ReportIn(serializers.ModelSerializer[ReportVersion]):
    """A daily report with all that is in it."""

    branch = serializers.SlugRelatedField(slug_field="public_id", queryset=Branch.objects.select_related("region"))
    business_date = serializers.DateField()
    entries = EntryIn(many=True)

    class Meta:
        model = ReportVersion
        fields = ["branch", "business_date", "uid", "note", "entries"]

    def create(self, validated_data: dict[str, Any]) -> ReportVersion:
        """Save the report, then each row of it."""
        branch, day, entries = validated_data["branch"], validated_data["business_date"], validated_data.pop("entries")
        actor, moment = validated_data["actor"], clock.now()
        report, _made = DailyReport.objects.get_or_create(branch=branch, business_date=day)
        version = ReportVersion.objects.create(
            daily_report=report,
            branch=branch,
            number=1,
            uid=validated_data["uid"],
            note=validated_data["note"],
            receipt=validated_data["receipt"],
            means=ReportVersion.Means.FORM,
            filed_by=actor,
            due_at=branch.due_at(day) if branch.reports_daily else None,
            known_from=moment,
        )
        counted = fed()
        for entry_data in entries:
            measures = entry_data.pop("measures")
            entry = Entry.objects.create(version=version, branch=branch, business_date=day, **entry_data)
            for given in measures:
                unit = given["metric"].unit
                # No register is asked: the invented branches keep none.
                source = Measure.Source.TALLY if given["metric"].code in counted else Measure.Source.TYPED
                also = {"value_entered": given["value"], "unit_entered": unit, "source": source}
                Measure.objects.create(entry=entry, branch=branch, business_date=day, **also, **given)
        Submission.objects.create(account=actor, uid=version.uid, fingerprint=validated_data["receipt"], object_id=version.public_id)
        audit.record(actor, "report.filed", version, branch=str(branch.public_id), day=day.isoformat(), number=1, nature=version.nature)
        return version


def by_serializer(filing: Filing) -> ReportVersion:
    """File a report so, with the same permission, receipt, identifier and audit row as by the service."""
    if not access.can(filing.actor, Act.FILE, filing.branch):
        raise PermissionError
    data = {
        "branch": filing.branch.public_id,
        "business_date": filing.day,
        "uid": filing.uid,
        "note": "",
        "entries": [
            {
                "kind": work.kind,
                "place": filing.branch.region.public_id,
                "note": work.note,
                "measures": [{"metric": figure.metric, "value": figure.value} for figure in work.figures],
            }
            for work in filing.works
        ],
    }
    content = filing_content(branch=filing.branch, first_day=filing.day, last_day=filing.day, works=filing.works, note="")
    with transaction.atomic():
        serializer = ReportIn(data=data)
        serializer.is_valid(raise_exception=True)
        version: ReportVersion = serializer.save(actor=filing.actor, receipt=receipt_number(content, filing.uid))
    # Whoever files folds what has come together: what this way left behind would be folded by the other.
    upkeep.fold_when_many()
    return version
