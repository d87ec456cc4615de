"""The figures of a scope as they were at an earlier moment, beside those of now."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from activities import rollups
from activities.figures import Qualifier
from activities.models import Metric
from activities.rollups import DAWN, Completeness, Span, Total
from portal.foundation import clock
from portal.foundation.errors import TooMany
from portal.foundation.models import Job
from portal.pages.pictures import Picture, Wanted
from portal.pages.scopes import DASHBOARDS, Asked, View, asked_days, dashboard_url, default_span, find, records_url

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Row:
    """A figure then and now."""

    metric: Metric
    then: Total | None
    now: Total | None
    href: str

    @property
    def change(self) -> tuple[Decimal, Qualifier] | None:
        """By how much it has moved since."""
        return rollups.change(self.now, self.then)

    @property
    def differs(self) -> bool:
        """Whether it is another figure now."""
        return _said(self.then) != _said(self.now)


@dataclass(frozen=True)
class Earlier:
    """What the page shows: the days and the moment of its address, and the picture, if there is one yet."""

    view: View
    asked: Asked
    typed: str
    moment: datetime | None
    error: "StrOrPromise"

    @classmethod
    def read(cls, view: View, query: QueryDict) -> "Earlier":
        """Read an address."""
        typed = unicodedata.normalize("NFKC", query.get("known", "")).strip()[:40]
        moment = moment_of(typed)
        wrong: StrOrPromise = ""
        if typed and moment is None:
            wrong = _("This is not a moment. Write it as 2020-03-06T21:00.")
        elif moment is not None and moment > clock.now():
            wrong, moment = _("This moment is not here yet."), None
        return cls(view, asked_days(query), typed, moment, wrong)

    @property
    def refused(self) -> bool:
        """Whether something was asked for that cannot be shown."""
        return bool(self.error) or self.asked.refused

    @cached_property
    def span(self) -> Span:
        """The days."""
        return self.asked.span or default_span(None, None)

    @cached_property
    def wanted(self) -> Wanted | None:
        """What is to be counted; None until a moment is chosen."""
        return Wanted(self.view.scope, self.span, self.moment) if self.moment is not None and not self.refused else None

    @cached_property
    def job(self) -> Job | None:
        """The job that counts it, where that takes one and it was asked for."""
        return self.wanted.job() if self.wanted and not self.wanted.at_once else None

    @property
    def is_underway(self) -> bool:
        """Whether the reader waits for a job."""
        return self.job is not None and self.job.state in (Job.State.QUEUED, Job.State.RUNNING)

    @cached_property
    def picture(self) -> Picture | None:
        """What there was at the moment."""
        if self.wanted is None:
            return None
        if self.wanted.at_once:
            return self.wanted.take()
        if self.job is None or self.job.state != Job.State.DONE:
            return None
        return Picture.from_json(self.job.result, self.wanted.metrics)

    @cached_property
    def now(self) -> Picture:
        """What there is now."""
        scope = self.view.scope
        metrics = self.wanted.metrics if self.wanted else []
        return Picture(rollups.totals(scope, self.span, metrics), rollups.completeness(scope, self.span.last))

    @property
    def counts(self) -> Sequence[tuple["StrOrPromise", int, int]]:
        """Completeness in words, then and now."""
        if self.picture is None:
            return []
        return list(zip(_COUNTED, _counts(self.picture.completeness), _counts(self.now.completeness), strict=True))

    @property
    def rows(self) -> list[Row]:
        """All figures that there were or are, in the order of the catalogue."""
        if self.picture is None or self.wanted is None:
            return []
        then, now, thing = self.picture.totals, self.now.totals, self.view.scope.object
        found = (metric for metric in self.wanted.metrics if metric.code in then or metric.code in now)
        return [Row(metric, then.get(metric.code), now.get(metric.code), records_url(thing, self.span, metric)) for metric in found]

    @property
    def dashboard_href(self) -> str:
        """The way back to the present."""
        return dashboard_url(self.view.scope.object, self.span)

    @property
    def href(self) -> str:
        """This page, with all that it shows, in its address."""
        query = {"from": self.span.first.isoformat(), "to": self.span.last.isoformat(), "known": self.typed}
        return f"{reverse('portal:as_of', args=[self.view.kind, self.view.scope.public_id])}?{urlencode(query)}"


_COUNTED: tuple["StrOrPromise", ...] = (_("Due"), _("Reported"), _("Late"), _("Corrected"), _("Waiting for review"))


@require_http_methods(["GET", "HEAD", "POST"])
def as_of(request: HttpRequest, kind: str, scope_id: UUID) -> HttpResponse:
    """Show the figures as of a moment; what takes long is asked for by POST, and counted in the background."""
    if kind not in DASHBOARDS:
        raise Http404
    view = find(request.user, kind, scope_id)
    earlier = Earlier.read(view, request.POST if request.method == "POST" else request.GET)
    if request.method == "POST" and earlier.wanted is not None:
        try:
            if not earlier.wanted.at_once:
                earlier.wanted.take_later(request.user)
            return HttpResponseRedirect(earlier.href)
        except TooMany as refusal:
            return render(request, "portal/as_of.html", {"earlier": earlier, "refusal": refusal.message}, status=429)
    return render(request, "portal/as_of.html", {"earlier": earlier}, status=400 if earlier.refused else 200)


def moment_of(text: str) -> datetime | None:
    """Return the moment that `text` says, in the portal's time zone unless it names one; None when it says none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    # Nothing is older, and arithmetic on the edge of the calendar fails; a day alone has no hour.
    if "T" not in text.upper().replace(" ", "T") or not DAWN.year <= moment.year <= 2999:
        return None
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)


def _counts(full: Completeness) -> tuple[int, ...]:
    return full.due, full.reported, full.late, full.corrected, full.waiting


def _said(total: Total | None) -> tuple[object, ...]:
    return () if total is None else (total.value, total.qualifier, total.count, total.inexact)
