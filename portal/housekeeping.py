"""What is thrown away every night: what expired, what nobody needs any more, and what was sent twice. Nothing that was filed."""

from datetime import timedelta
from typing import Any

from axes.models import AccessAttempt
from django.db.models import Q
from django.utils import timezone
from knox.models import AuthToken

from activities.imports import services as imports
from activities.models import ImportedFigure, ImportedReport, NeedCode, RefusedCell, ReportDraft
from activities.models.imports import KEPT
from portal.accounts import importing, oversight
from portal.accounts.models import ActivationCode, Alert, Device, Session
from portal.accounts.models.sign_in import ALERTS_KEPT, DEVICES_KEPT
from portal.foundation import attachments, clock
from portal.foundation.jobs import Progress, ask_for, in_steps
from portal.foundation.models import AlarmSpell, Job, Submission
from portal.watching import figures

KIND = "housekeeping"
ERASURE = "retention"
DRAFTS_KEPT = timedelta(days=30)
JOBS_KEPT = timedelta(days=90)
CODES_KEPT = timedelta(days=30)
SUBMISSIONS_KEPT = timedelta(days=180)
# What was found in a table that was uploaded; the import itself stays, and says how many there were of each, with the name and hash of its file.
_IMPORTED = {"imported_figures": ImportedFigure.objects.all(), "imported_reports": ImportedReport.objects.all(), "refused_cells": RefusedCell.objects.all()}


@in_steps
def keep_house(job: Job, progress: Progress) -> dict[str, Any]:
    """Remove what has expired or is finished, from sessions to files of imports and codes of needs, and ask for what is due to be erased.

    Return how many of each, and how large database and attachments are after it.
    """
    now = clock.now()
    result: dict[str, Any] = {
        "imports": imports.discard_forgotten(now - KEPT),
        "workbooks": importing.throw_away_workbooks(now - CODES_KEPT),
        "told_of_grants": oversight.tell_in_time(),
        "import_files": imports.throw_away_files(now - KEPT),
        "files": attachments.clear(),
    }
    gone = {
        "sessions": Session.objects.filter(expire_date__lt=now),
        "devices": Device.objects.filter(seen_at__lt=now - DEVICES_KEPT),
        "alerts": Alert.objects.filter(at__lt=now - ALERTS_KEPT),
        "tokens": AuthToken.objects.filter(expiry__lt=now),
        "failed_sign_ins": AccessAttempt.objects.filter(attempt_time__lt=now - timedelta(days=1)),
        "drafts": ReportDraft.objects.filter(saved_at__lt=now - DRAFTS_KEPT),
        # Since the last job of the import: what is being checked or filed has none that ended, and a job is kept for longer than these.
        **{name: rows.filter(of__job__finished_at__lt=now - KEPT) for name, rows in _IMPORTED.items()},
        "activation_codes": ActivationCode.objects.filter(expires_at__lt=now - CODES_KEPT),
        "submissions": Submission.objects.filter(at__lt=now - SUBMISSIONS_KEPT),
        "need_codes": NeedCode.objects.filter(
            Q(need__resolved_at__lt=now - NeedCode.LIVES_ON) | Q(need__branch__ended_on__lt=timezone.localdate(now - NeedCode.LIVES_ON))
        ),
        "alarms": AlarmSpell.objects.filter(ended_at__lt=now - JOBS_KEPT),
        "jobs": Job.objects.filter(finished_at__lt=now - JOBS_KEPT),
    }
    for number, (name, rows) in enumerate(gone.items(), start=1):
        result[name] = rows.delete()[0]
        progress(100 * number // len(gone))
    if not Job.objects.filter(kind=ERASURE, state__in=(Job.State.QUEUED, Job.State.RUNNING)).exists():
        # A job of its own: it works in steps, each of which stands whatever becomes of the next.
        ask_for(ERASURE)
    return result | figures.sizes()
