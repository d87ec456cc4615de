"""Pictures and documents whose time is over: their content goes, with a certificate; the row that says who added them, and when, stays."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from activities.models import PointFile
from portal.foundation import attachments, clock
from portal.foundation.sensitive import AFTER_THE_BRANCH
from portal.retention.models import Certificate
from portal.retention.rules import branches_over
from portal.retention.services.certifying import certify


def throw_away_step(run: UUID, most: int) -> Certificate | None:
    """Throw away a bounded number of files of one branch, in the caller's transaction; None when nothing is left."""
    before = timezone.localdate(clock.now()) - AFTER_THE_BRANCH
    due = PointFile.objects.kept().filter(point__branch__in=branches_over(before).values("pk")).select_related("file", "point__branch").order_by("pk")
    first: Any = due.first()
    if first is None:
        return None
    rows = list(due.filter(point__branch=first.point.branch)[:most])
    for row in rows:
        attachments.throw_away(row.file)
    label = PointFile._meta.label
    counts, found = {f"{label}.file": len(rows)}, [(label, row.public_id) for row in rows]
    return certify(rule=Certificate.Rule.BRANCH, run=run, before=before, counts=counts, rows=found, branch=first.point.branch)
