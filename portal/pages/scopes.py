"""What a page of figures is about: a scope that its reader may see, and the days that the address asks for."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from activities.models import Metric, Statement
from activities.rollups import Scope, Span
from branches import access
from branches.access import Act
from branches.models import Branch, Region, WorkUnit
from portal.accounts.models import User
from portal.foundation import clock

# Until then a page without days shows the day before.
NOON = timedelta(hours=12)
WEEK = 7

Reader = User | AnonymousUser

# In an address, in place of a unit: people without one on record.
NO_UNIT = "none"
# The kinds of scope as they stand in addresses, and the page of each.
DASHBOARDS: Mapping[str, str] = {"region": "portal:region_dashboard", "unit": "portal:unit_dashboard", "branch": "portal:branch_dashboard"}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the way down to the scope; one outside the reader's reach has no address."""

    name: str
    href: str


@dataclass(frozen=True, slots=True)
class View:
    """A scope as its reader sees it.

    Attributes:
        steps: the way down to it. may_call: whether its duty phones may be called. reach: how far the reader sees reports.
        stated: whether a published text says anything about it. sees_roster: whether the reader sees how its posts are staffed.
    """

    scope: Scope
    steps: Sequence[Step]
    may_call: bool
    reach: access.Reach
    stated: bool
    sees_roster: bool = False

    @property
    def kind(self) -> str:
        """`region`, `unit` or `branch`, as addresses have it."""
        return "unit" if self.scope.work_unit else self.scope.kind

    def opened_units(self, units: Sequence[WorkUnit]) -> frozenset[int]:
        """Return the keys of those work units whose own pages the reader may open."""
        keys = [unit.pk for unit in units]
        if self.reach.everything:
            return frozenset(keys)
        if not self.reach.work_units:
            return frozenset()
        return frozenset(access.units_below(self.reach.work_units).filter(descendant__in=keys))

    def opened_below(self, things: Sequence[Region | Branch]) -> frozenset[int]:
        """Return the keys of those regions, or branches, whose own pages the reader may open today."""
        keys = [thing.pk for thing in things]
        if not keys or self.reach.everything:
            return frozenset(keys)
        if isinstance(things[0], Branch):
            return frozenset(Branch.objects.filter(access.branches_within(self.reach), pk__in=keys).values_list("pk", flat=True))
        return frozenset(access.regions_below(self.reach.regions).filter(descendant__in=keys))


def find(reader: Reader, kind: str, public_id: UUID) -> View:
    """Return the scope of a page.

    A region or a work unit is seen by whoever reads the reports of all of it: the host region of one's own branch is not.

    Raises:
        Http404: there is none, or it lies outside the reader's reach.
    """
    if kind == "region":
        return _region(reader, public_id)
    if kind == "unit":
        return _unit(reader, public_id)
    return _branch(reader, public_id)


def widest(reader: Reader) -> list[Region | WorkUnit | Branch]:
    """Return the scopes where a reader's figures begin: regions first, then work units, then single branches."""
    reach = access.reach(reader, Act.SEE_REPORTS)
    roots: list[Region | WorkUnit | Branch] = []
    if reach.everything or reach.regions:
        found = Region.objects.all() if reach.everything else Region.objects.filter(pk__in=reach.regions)
        nested = access.rows("RegionPath").filter(ancestor__in=found.values("pk"), depth__gt=0, during__contains=clock.today())
        roots += found.exclude(pk__in=nested.values("descendant")).order_by("name_key", "pk")
    if reach.everything or reach.work_units:
        units = WorkUnit.objects.filter(parent=None) if reach.everything else WorkUnit.objects.filter(pk__in=reach.work_units)
        roots += units.order_by("name_key", "pk")
    if not reach.everything:
        roots += Branch.objects.filter(pk__in=reach.branches).by_name()
    return roots


def _region(reader: Reader, public_id: UUID) -> View:
    down: Any = Region.objects.filter(paths_down__descendant__public_id=public_id, paths_down__during__contains=clock.today())
    path = list(down.annotate(stated=_stated("region")).order_by("-paths_down__depth", "pk"))
    reach = access.reach(reader, Act.SEE_REPORTS)
    if not path or not _holds(reach, path):
        raise Http404
    may_call, sees_roster = (_holds(access.reach(reader, act), path) for act in (Act.CALL, Act.SEE_ROSTER))
    return View(Scope(region=path[-1]), _steps(reach, path), may_call, reach, path[-1].stated, sees_roster)


def _unit(reader: Reader, public_id: UUID) -> View:
    down: Any = WorkUnit.objects.filter(paths_down__descendant__public_id=public_id)
    path = list(down.annotate(stated=_stated("work_unit")).order_by("-paths_down__depth", "pk"))
    reach = access.reach(reader, Act.SEE_REPORTS)
    if not path or not (reach.everything or any(unit.pk in reach.work_units for unit in path)):
        raise Http404
    seen = next(index for index, unit in enumerate(path) if reach.everything or unit.pk in reach.work_units)
    steps = [Step(unit.name, dashboard_url(unit) if index >= seen else "") for index, unit in enumerate(path)]
    return View(Scope(work_unit=path[-1]), steps, access.reach(reader, Act.CALL).everything, reach, path[-1].stated)


def _branch(reader: Reader, public_id: UUID) -> View:
    staffed = Exists(Branch.objects.visible_to(reader, Act.SEE_ROSTER).filter(pk=OuterRef("pk")))
    seen = Branch.objects.visible_to(reader, Act.SEE_REPORTS).annotate(staffed=staffed, stated=_stated("branch"))
    branch: Any = get_object_or_404(seen, public_id=public_id)
    path = list(Region.objects.filter(paths_down__descendant=branch.region_id, paths_down__during__contains=clock.today()).order_by("-paths_down__depth", "pk"))
    call = access.reach(reader, Act.CALL)
    reach = access.reach(reader, Act.SEE_REPORTS)
    steps = [*_steps(reach, path), Step(branch.name, dashboard_url(branch))]
    return View(Scope(branch=branch), steps, branch.pk in call.branches or _holds(call, path), reach, branch.stated, branch.staffed)


def _stated(kind: str) -> Exists:
    """Return whether a published text says anything about an outer row: of nearly none it does."""
    return Exists(Statement.objects.filter(**{kind: OuterRef("pk")}))


def _holds(reach: access.Reach, path: Sequence[Region]) -> bool:
    return reach.everything or any(region.pk in reach.regions for region in path)


def _steps(reach: access.Reach, path: Sequence[Region]) -> list[Step]:
    """Return the way down; addresses begin at the first region that the reader holds."""
    steps, held = [], reach.everything
    for region in path:
        held = held or region.pk in reach.regions
        steps.append(Step(region.name, dashboard_url(region) if held else ""))
    return steps


# --- Addresses ----------------------------------------------------------------------------------------------------------


def dashboard_url(thing: Region | WorkUnit | Branch, span: Span | None = None) -> str:
    """Return the address of the figures of a region, a work unit or a branch."""
    kind = "region" if isinstance(thing, Region) else "unit" if isinstance(thing, WorkUnit) else "branch"
    address = reverse(DASHBOARDS[kind], args=[thing.public_id])
    return f"{address}?{urlencode(_days(span))}" if span else address


def records_url(thing: Region | WorkUnit | Branch, span: Span, metric: Metric | None = None, **more: str) -> str:
    """Return the address of the records behind a figure.

    `more` is, of a region, `direct=1` (in none of the child regions) or `child`, the identifier of a region or branch (what its line in the table holds);
    or `of=shifts`, in a region with `sent_by`, a unit's identifier or `NO_UNIT`, of a unit with `direct=1` (sent by none of the units below).
    """
    kind = "region" if isinstance(thing, Region) else "unit" if isinstance(thing, WorkUnit) else "branch"
    query = {kind: str(thing.public_id), **_days(span), **({"metric": metric.code} if metric else {}), **more}
    return f"{reverse('portal:records')}?{urlencode(query)}"


def reports_url(thing: Region | Branch, span: Span, **more: str) -> str:
    """Return the address of the reports of a region or branch that were due in `span`; `more` as the list filters them."""
    kind = "region" if isinstance(thing, Region) else "branch"
    query = {"since": span.first.isoformat(), "until": span.last.isoformat(), kind: str(thing.public_id), **more}
    return f"{reverse('activities:report_list')}?{urlencode(query)}"


def overdue_url(thing: Region | Branch) -> str:
    """Return the address of the needs of a region or branch that should have been resolved by now."""
    return _listed("activities:need_list", thing, state="overdue")


def short_url(thing: Region | Branch) -> str:
    """Return the address of the shifts of a region or branch that lack people now or in the next 24 hours."""
    return _listed("roster:shift_list", thing, short="soon")


def answers_url(thing: Region | Branch, span: Span) -> str:
    """Return the address of the answers of a region or branch that count, of some days, of surveys about satisfaction."""
    days = {"since": span.first.isoformat(), "until": span.last.isoformat()}
    return _listed("surveys:answer_list", thing, **days, state="valid", satisfied="said")


def waiting_url(thing: Region | Branch) -> str:
    """Return the address of the suggestions of a region or branch that wait for an answer."""
    return _listed("suggestions:suggestion_list", thing, state="passed")


def to_mend_url(thing: Region | Branch) -> str:
    """Return the address of the points of a region or branch that should have been mended by now."""
    return _listed("inspections:point_list", thing, state="overdue")


def unvisited_url(thing: Region | Branch) -> str:
    """Return the address of the contact points of a region to which nobody came for 7 days."""
    return _listed("contacts:contact_list", thing, state="unvisited")


def squads_url(thing: Region | Branch) -> str:
    """Return the address of the squads of a region or branch that are at work today."""
    return _listed("squads:squad_list", thing)


def _listed(page: str, thing: Region | Branch, **query: str) -> str:
    """Return the address of a list of a register, of a region or a branch."""
    kind = "region" if isinstance(thing, Region) else "branch"
    return f"{reverse(page)}?{urlencode({**query, kind: str(thing.public_id)})}"


def with_more(address: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return an address that has a query with more in it."""
    return f"{address}&{urlencode(pairs)}" if pairs else address


def query_href(query: QueryDict, **changes: str) -> str:
    """Return the query of a page with some parameters changed."""
    changed = query.copy()
    for name, value in changes.items():
        changed[name] = value
    return f"?{changed.urlencode()}"


def _days(span: Span) -> dict[str, str]:
    return {"from": span.first.isoformat(), "to": span.last.isoformat()}


# --- Days ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """The days that an address asks for: `span` None when it asks for none, or for impossible ones, and then each error stands beside its field."""

    span: Span | None
    first_typed: str = ""
    last_typed: str = ""
    first_error: str | Promise = ""
    last_error: str | Promise = ""

    @property
    def refused(self) -> bool:
        """Whether days were asked for that cannot be shown."""
        return bool(self.first_error or self.last_error)


@dataclass(frozen=True, slots=True)
class Preset:
    """A span that is one tap away."""

    label: str
    href: str
    current: bool


def asked_days(query: QueryDict) -> Asked:
    """Read `from` and `to`; one alone means that day."""
    first_typed, last_typed = (unicodedata.normalize("NFKC", query.get(name, "")).strip() for name in ("from", "to"))
    first, last = clock.read_day(first_typed), clock.read_day(last_typed)
    if (first_typed and first is None) or (last_typed and last is None):
        wrong = _("This is not a date. Write it as 2020-03-06.")
        return Asked(None, first_typed, last_typed, wrong if first_typed and first is None else "", wrong if last_typed and last is None else "")
    start, end = first or last, last or first
    if start is None or end is None:
        return Asked(None)
    if end < start:
        return Asked(None, first_typed, last_typed, last_error=_("The end is before the start."))
    return Asked(Span(start, end), first_typed, last_typed)


def default_span(first: date | None, last: date | None) -> Span:
    """Return the days to show when none are asked for: today, until noon yesterday; all the records of a scope that has been silent for a month."""
    # A meeting in the morning is about the day before: of today hardly a report is due yet.
    today = timezone.localdate(clock.now() - NOON)
    if first is None or last is None or today - last < timedelta(days=31):
        return Span.day(today)
    return Span(first, last)
