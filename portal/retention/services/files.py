"""Files whose time is over: their content goes, with a certificate; the row that says who added them, and when, stays."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import timezone

from activities.models import PointFile
from portal.ending.models import ArchivePack, BranchEnd
from portal.foundation import attachments, clock
from portal.foundation.sensitive import AFTER_THE_BRANCH
from portal.retention.models import Certificate, Hold
from portal.retention.rules import branches_over
from portal.retention.services.certifying import certify


def throw_away_step(run: UUID, most: int) -> Certificate | None:
    """Throw away a bounded number of files of one kind and one branch, in the caller's transaction; None when nothing is left."""
    before = timezone.localdate(clock.now()) - AFTER_THE_BRANCH
    for due, branch, rule in _due(before):
        first = due.first()
        if first is None:
            continue
        of = getattr(first, branch.partition("__")[0]).branch
        rows = list(due.filter(**{branch: of})[:most])
        for row in rows:
            attachments.throw_away(row.file)
        label = due.model._meta.label
        found = [(label, row.public_id) for row in rows]
        return certify(rule=rule, run=run, before=before, counts={f"{label}.file": len(rows)}, rows=found, branch=of)
    return None


def _due(before: date) -> Iterator[tuple[Any, str, Certificate.Rule]]:
    """Yield the rows whose files go, with what leads to their branch, and by which rule: pictures and documents of points, and packs with sensitive fields.

    A pack of an end that was given up or opened again goes as long after the last day that was meant.
    """
    over = branches_over(before).values("pk")
    packs = ArchivePack.objects.filter(sensitive=True, file__isnull=False).exclude(end__branch__in=Hold.objects.in_force().values("branch"))
    undone = packs.filter(end__state__in=(BranchEnd.State.STOPPED, BranchEnd.State.REOPENED), end__last_day__lt=before)
    due: tuple[tuple[Any, str, Certificate.Rule], ...] = (
        (PointFile.objects.filter(point__branch__in=over), "point__branch", Certificate.Rule.BRANCH),
        (packs.filter(end__branch__in=over), "end__branch", Certificate.Rule.BRANCH),
        (undone, "end__branch", Certificate.Rule.ROW),
    )
    for rows, branch, rule in due:
        yield rows.filter(file__thrown_away_at=None).select_related("file", branch).order_by("pk"), branch, rule
