"""The operator's page: how the machine is doing, and nothing of a case."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from branches import access
from branches.access import Act
from portal.accounts.http import AuthenticatedRequest
from portal.charts import MeterPart
from portal.foundation import heartbeats, jobs
from portal.foundation.errors import Conflict
from portal.foundation.models import Job
from portal.watching import alarms, figures, slowest

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SHOWN: Final = 20
# What the portal does by itself and for people, in words.
KINDS: Final["dict[str, StrOrPromise]"] = {
    "housekeeping": gettext_lazy("nightly housekeeping"),
    "retention": gettext_lazy("erasing what is due"),
    "seal": gettext_lazy("sealing the audit log"),
    "backup": gettext_lazy("backup"),
    "as_of": gettext_lazy("figures as of an earlier moment"),
    "ending.pack": gettext_lazy("an archive pack is made"),
    "import.check": gettext_lazy("a table is checked"),
    "import.file": gettext_lazy("a table is filed"),
}


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job in words. What it was asked to do is not told: it may be about a person."""

    job: Job
    kind: "StrOrPromise"
    why: str


@never_cache
@require_safe
def operations(request: HttpRequest) -> HttpResponse:
    """Show what rings, and how queue, backups, storage, certificates and database stand."""
    if not access.may(request.user, Act.KEEP_MACHINE):
        raise PermissionDenied
    standing = figures.read()
    worker = standing.beats.get(heartbeats.WORKER)
    counts, room = standing.figures, standing.figures["portal_disk_total_bytes"]
    held = (("portal_database_bytes", "accent", _("database")), ("portal_attachments_bytes", "held", _("attachments")))
    parts = [MeterPart(int(counts[name]), tone, label) for name, tone, label in held]
    others = int(room - counts["portal_disk_free_bytes"] - sum(part.value for part in parts))
    return render(
        request,
        "portal/operations.html",
        {
            "standing": standing,
            "counts": {name.removeprefix("portal_"): value for name, value in counts.items()},
            "ringing": alarms.ringing(counts),
            "recent": alarms.recent(),
            "worker_seen": worker,
            "worker_is_here": worker is not None and standing.at - worker < timedelta(minutes=1),
            "folded": standing.beats.get(heartbeats.FOLD),
            "parts": [*parts, MeterPart(max(0, others), "warn", _("everything else on the disk"))],
            "total": int(room),
            "days_left": int(counts["portal_disk_days_left"]) if "portal_disk_days_left" in counts else None,
            "failed": _lines(Job.State.FAILED, "-finished_at"),
            "running": _lines(Job.State.RUNNING, "claimed_at"),
            "shapes": slowest.slowest(),
            "soon": standing.at + timedelta(days=30),
        },
    )


@require_POST
def job_retry(request: AuthenticatedRequest, job_id: UUID) -> HttpResponse:
    """Put a job that failed into the queue again."""
    if not access.may(request.user, Act.KEEP_MACHINE):
        raise PermissionDenied
    job = get_object_or_404(Job, public_id=job_id)
    try:
        jobs.try_again(job, by=request.user)
    except Conflict as conflict:
        messages.error(request, str(conflict.message))
    else:
        messages.success(request, _("It is in the queue again."))
    return redirect("portal:operations")


def _lines(state: Job.State, order: str) -> list[JobLine]:
    found = Job.objects.filter(state=state).defer("payload", "result").order_by(order)[:SHOWN]
    return [JobLine(job, KINDS.get(job.kind, job.kind), _why(job.error)) for job in found]


def _why(error: str) -> str:
    """Return the kind of an error alone."""
    return error.partition(":")[0].rpartition(".")[2] if error else ""
