"""Files whose time is over: their content goes, with a certificate; the row that says who added them, and when, stays."""

from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from activities.models import PointFile
from portal.ending.models import ArchivePack
from portal.foundation import attachments, clock
from portal.foundation.sensitive import AFTER_THE_BRANCH
from portal.retention.models import Certificate
from portal.retention.rules import branches_over
from portal.retention.services.certifying import certify

# Whose files go, and what leads to their branch: pictures and documents of points, and packs with the fields that are erased themselves.
_GO: Final[tuple[tuple[Any, str], ...]] = ((PointFile.objects.all(), "point__branch"), (ArchivePack.objects.filter(sensitive=True), "end__branch"))


def throw_away_step(run: UUID, most: int) -> Certificate | None:
    """Throw away a bounded number of files of one kind and one branch, in the caller's transaction; None when nothing is left."""
    before = timezone.localdate(clock.now()) - AFTER_THE_BRANCH
    for files, branch in _GO:
        kept = files.filter(file__isnull=False, file__thrown_away_at=None)
        due = kept.filter(**{f"{branch}__in": branches_over(before).values("pk")}).select_related("file", branch).order_by("pk")
        first = due.first()
        if first is None:
            continue
        of = getattr(first, branch.partition("__")[0]).branch
        rows = list(due.filter(**{branch: of})[:most])
        for row in rows:
            attachments.throw_away(row.file)
        label = files.model._meta.label
        found = [(label, row.public_id) for row in rows]
        return certify(rule=Certificate.Rule.BRANCH, run=run, before=before, counts={f"{label}.file": len(rows)}, rows=found, branch=of)
    return None
