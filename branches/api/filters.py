"""What the API filters branches by beyond the pages' own filters."""

from datetime import date

import django_filters
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from branches.access import Act
from branches.filters import BranchFilter
from branches.models import Branch, Region
from branches.querysets import BranchQuerySet
from portal.foundation import clock


class BranchApiFilter(BranchFilter):
    """Branches as on the pages, a single one, and by whether they reported for a day."""

    branch = django_filters.UUIDFilter(label=_("Only this branch"), field_name="public_id")
    reported_on = django_filters.DateFilter(label=_("With a report that counts for this day"), method="by_report")
    missing_on = django_filters.DateFilter(label=_("Owing a report for this day and without one"), method="by_missing")

    def in_region(self, queryset: BranchQuerySet, name: str, value: Region) -> BranchQuerySet:
        """Keep branches hosted at or below a region: today, or on the day of the reports that are asked about."""
        asked = self.form.cleaned_data
        return queryset.within(value, asked.get("missing_on") or asked.get("reported_on") or clock.today())

    def by_report(self, queryset: BranchQuerySet, name: str, value: date) -> BranchQuerySet:
        """Keep branches that reported for a day."""
        return self._where_reports_are_seen(queryset).filter(_reported(value))

    def by_missing(self, queryset: BranchQuerySet, name: str, value: date) -> BranchQuerySet:
        """Keep branches that owe a report for a day and have none that counts."""
        return self._where_reports_are_seen(queryset).due_on(value).exclude(_reported(value))

    def _where_reports_are_seen(self, queryset: BranchQuerySet) -> BranchQuerySet:
        return queryset.visible_to(getattr(self.request, "user", None), Act.SEE_REPORTS)


def _reported(day: date) -> Q:
    # By the relation's name: reports stand a floor above.
    filed = Branch.objects.filter(pk=OuterRef("pk"), daily_reports__business_date=day, daily_reports__versions__state__in=("filed", "accepted"))
    return Q(Exists(filed))
