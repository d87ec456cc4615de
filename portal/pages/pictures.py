"""What a scope's figures were at an earlier moment: counted from versions, at once or by a job that keeps the answer in its result."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Self
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from activities import rollups
from activities.figures import Qualifier
from activities.models import Metric
from activities.rollups import Completeness, Scope, Span, Total
from branches.models import Branch, Region, WorkUnit
from portal.foundation import jobs
from portal.foundation.errors import TooMany
from portal.foundation.models import Job
from portal.pages.scopes import Reader

JOB: Final = "as_of"
# Jobs that one account may have waiting or running: each reads every report of a region.
AT_ONCE: Final = 3
# So many metrics are read by one query of a job; after each it says how far it is.
_METRICS_AT_ONCE: Final = 4
_MODELS: Final[Mapping[str, type[Region | WorkUnit | Branch]]] = {"region": Region, "work_unit": WorkUnit, "branch": Branch}


@dataclass(frozen=True, slots=True)
class Picture:
    """A scope's figures and completeness at a moment."""

    totals: Mapping[str, Total]
    completeness: Completeness

    def as_json(self) -> dict[str, Any]:
        """Return it as a job keeps it."""
        figures = {
            code: {"value": _text(each.value), "qualifier": str(each.qualifier), "count": each.count, "inexact": each.inexact, "known_at": _text(each.known_at)}
            for code, each in self.totals.items()
        }
        full = asdict(self.completeness)
        return {"figures": figures, "completeness": {**full, "day": full["day"].isoformat(), "known_at": _text(full["known_at"])}}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any], metrics: Sequence[Metric]) -> Self:
        """Return what a job kept."""
        named = {metric.code: metric for metric in metrics}
        full = {**kept["completeness"], "day": date.fromisoformat(kept["completeness"]["day"]), "known_at": _moment(kept["completeness"]["known_at"])}
        figures = ((code, row) for code, row in kept["figures"].items() if code in named)
        return cls({code: _total(named[code], row) for code, row in figures}, Completeness(**full))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a picture is taken of: a scope, a span of days, and the moment."""

    scope: Scope
    span: Span
    moment: datetime

    @property
    def at_once(self) -> bool:
        """Whether it may be counted while the reader waits: a branch, or a region as small as those of which no totals are kept."""
        return self.scope.work_unit is None and not rollups.is_kept(self.scope)

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that are counted; of a work unit only those that can be attributed to its people."""
        return [metric for metric in Metric.objects.all() if metric.attributable or self.scope.work_unit is None]

    def take(self, progress: Callable[[int], None] = lambda percent: None) -> Picture:
        """Count it now; after some metrics each, `progress` is told how much is done, in percent."""
        metrics, totals = self.metrics, dict[str, Total]()
        for number, some in enumerate(self._portions(metrics)):
            totals |= rollups.totals(self.scope, self.span, some, known_at=self.moment)
            progress(min(99, 100 * (number + 1) * _METRICS_AT_ONCE // max(len(metrics), 1)))
        return Picture(totals, rollups.completeness(self.scope, self.span.last, known_at=self.moment))

    def _portions(self, metrics: list[Metric]) -> Iterator[Sequence[Metric]]:
        step = len(metrics) if self.at_once else _METRICS_AT_ONCE
        return (metrics[first : first + step] for first in range(0, len(metrics), max(step, 1)))

    def job(self) -> Job | None:
        """Return the job that counts it, or has counted it, the last one asked for."""
        return Job.objects.filter(kind=JOB, payload=self._payload).order_by("pk").last()

    @transaction.atomic
    def take_later(self, asked_by: Reader) -> Job:
        """Ask for it to be counted in the background; the same picture is not asked for twice at a time.

        Raises:
            TooMany: others that this reader asked for are not counted yet.
        """
        waiting = jobs.unfinished_of(JOB, asked_by.pk)
        job = self.job()
        if job is not None and job.state in (Job.State.QUEUED, Job.State.RUNNING):
            return job
        if waiting >= AT_ONCE:
            raise TooMany(_("Three earlier states that you asked for are not counted yet. Wait until one of them is, then ask again."))
        return jobs.ask_for(JOB, self._payload, asked_by=asked_by if asked_by.pk else None)

    @property
    def _payload(self) -> dict[str, str]:
        days = {"first": self.span.first.isoformat(), "last": self.span.last.isoformat()}
        return {"kind": self.scope.kind, "scope": str(self.scope.public_id), **days, "moment": self.moment.isoformat()}

    @classmethod
    def of_job(cls, payload: Mapping[str, str]) -> Self:
        """Return what a job is asked for."""
        thing = _MODELS[payload["kind"]]._default_manager.get(public_id=UUID(payload["scope"]))
        span = Span(date.fromisoformat(payload["first"]), date.fromisoformat(payload["last"]))
        return cls(Scope.of(thing), span, datetime.fromisoformat(payload["moment"]))


@jobs.reads_only
def take_later(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Count what the job asks for; whoever reads the result is asked again whether they may see the scope."""
    return Wanted.of_job(job.payload).take(progress).as_json()


def _text(value: Decimal | datetime | None) -> str | None:
    return None if value is None else str(value) if isinstance(value, Decimal) else value.isoformat()


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _total(metric: Metric, row: Mapping[str, Any]) -> Total:
    value = None if row["value"] is None else Decimal(row["value"])
    return Total(metric, value, Qualifier(row["qualifier"]), row["count"], row["inexact"], _moment(row["known_at"]))
