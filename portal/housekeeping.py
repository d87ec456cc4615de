"""What is thrown away every night: what expired, what nobody needs any more, and words of branches long ended. Nothing that was filed."""

from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.contrib.sessions.models import Session
from knox.models import AuthToken

from activities.imports import services as imports
from activities.models import ImportedFigure, ImportedReport, NeedCode, RefusedCell, ReportDraft
from activities.models.imports import KEPT
from activities.services import retention
from portal.foundation import clock
from portal.foundation.jobs import Progress
from portal.foundation.models import Job

KIND = "housekeeping"
DRAFTS_KEPT = timedelta(days=30)
JOBS_KEPT = timedelta(days=90)
# What was found in a table that was uploaded; the import itself stays, and says how many there were of each, with the name and hash of its file.
_IMPORTED = {"imported_figures": ImportedFigure.objects.all(), "imported_reports": ImportedReport.objects.all(), "refused_cells": RefusedCell.objects.all()}


def keep_house(job: Job, progress: Progress) -> dict[str, Any]:
    """Remove what has expired or is finished, from sessions to files of imports and codes of needs, and words whose time is over.

    Return how many of each.
    """
    now = clock.now()
    result: dict[str, Any] = {
        "words": retention.empty_words(),
        "imports": imports.discard_forgotten(now - KEPT),
        "import_files": imports.throw_away_files(now - KEPT),
    }
    gone = {
        "sessions": Session.objects.filter(expire_date__lt=now),
        "tokens": AuthToken.objects.filter(expiry__lt=now),
        "failed_sign_ins": AccessAttempt.objects.filter(attempt_time__lt=now - timedelta(days=1)),
        "drafts": ReportDraft.objects.filter(saved_at__lt=now - DRAFTS_KEPT),
        # Since the last job of the import: what is being checked or filed has none that ended, and a job is kept for longer than these.
        **{name: rows.filter(of__job__finished_at__lt=now - KEPT) for name, rows in _IMPORTED.items()},
        "need_codes": NeedCode.objects.filter(need__resolved_at__lt=now - NeedCode.LIVES_ON),
        "jobs": Job.objects.filter(finished_at__lt=now - JOBS_KEPT),
    }
    for number, (name, rows) in enumerate(gone.items(), start=1):
        result[name] = rows.delete()[0]
        progress(100 * number // len(gone))
    return result
