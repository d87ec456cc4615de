"""What everybody asks all day: each of its statements is explained, and none may read a big table whole, or more than its page or its kept totals."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from django.db import connection
from django.test import Client
from django.urls import reverse

from activities.models import ROLLED_LEVELS, EntryParticipant, Measure, Metric, Rollup
from activities.rollups import Span, upkeep
from benchmarks import world
from benchmarks.measuring import Measured, Wrong
from benchmarks.plans import reading, statements
from benchmarks.subjects.dashboard import whole_page
from benchmarks.subjects.totals import busiest
from branches.access import Role
from branches.models import Branch, Level, Region, RegionPath, WorkUnit
from portal.pages.scopes import dashboard_url, records_url

DAYS: Final = 90
# So many rows make a table big.
MANY: Final = 100_000
# A page of fifty lines, what is counted of it up to a thousand, and what stands around it.
PAGE: Final = 15_000


@dataclass(frozen=True)
class Hot:
    """Something that is asked all day; `rows` bounds what it may touch."""

    name: str
    ask: Callable[[], Any]
    rows: int


def measured(entries: int) -> list[Measured]:
    """Explain every statement of what is asked all day.

    Raises:
        Wrong: a statement reads a big table whole, or all of them together touch more rows than they may.
    """
    while upkeep.fold():
        pass
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE activities_rollupdelta")
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [MANY])
        big = frozenset(name for (name,) in cursor.fetchall())
    rows = [_measured(hot, entries, big) for hot in asked_all_day()]
    wrong = [note for row in rows for note in row.notes if note.startswith("WRONG")]
    if wrong:
        raise Wrong("; ".join(wrong))
    return rows


def _measured(hot: Hot, entries: int, big: frozenset[str]) -> Measured:
    with statements() as found:
        hot.ask()
    plans = reading(found)
    touched = round(sum(plan.touched for plan in plans))
    whole = sorted({table for plan in plans for table in plan.read_whole & big})
    notes = [f"{len(found)} statements, {touched:,} rows touched of at most {hot.rows:,}"]
    notes += [f"WRONG {hot.name}: reads {', '.join(whole)} whole"] if whole else []
    notes += [f"WRONG {hot.name}: {notes[0]}"] if touched > hot.rows else []
    return Measured(hot.name, entries, "", "", None, None, None, None, None, tuple(notes))


def asked_all_day() -> list[Hot]:
    """Return it, for the places with the most branches."""
    official = world.client_of(world.account(Role.OFFICIAL))
    return [*_dashboards(official), *_lists(official), *_other_systems(), *_at_a_gate()]


def _dashboards(client: Client) -> Iterator[Hot]:
    span = world.span(DAYS)
    for level in (Level.PROVINCE, Level.PREFECTURE, Level.COUNTY, Level.TOWNSHIP, Level.COMMUNITY):
        region = busiest(level)
        yield Hot(f"dashboard, {level}, {DAYS} days", partial(whole_page, client, dashboard_url(region, span)), _kept(region, span) + _filed(region) + PAGE)
    branch = _branch()
    yield Hot(
        f"dashboard, branch, {DAYS} days", partial(whole_page, client, dashboard_url(branch, span)), 4 * Measure.objects.filter(branch=branch).count() + PAGE
    )
    unit = _unit()
    # It names the figures of the branches where its people serve.
    most = 20 * Measure.objects.filter(branch__in=Branch.objects.served_by(unit).values("pk")).count() + PAGE
    yield Hot(f"dashboard, work unit, {DAYS} days", partial(whole_page, client, dashboard_url(unit, span)), most)
    day = Span.day(span.last)
    yield Hot("dashboard, province, a day", partial(whole_page, client, dashboard_url(world.province(), day)), _kept(world.province(), span) + PAGE)
    # Which regions lie in none is asked of the tree.
    yield Hot("overview", partial(world.page, client, reverse("portal:dashboard")), 2 * RegionPath.objects.count() + PAGE)


def _lists(client: Client) -> Iterator[Hot]:
    span, province = world.span(DAYS), world.province()
    middle = span.first + timedelta(days=DAYS // 2)
    metric = Metric.objects.get(code="vehicles")
    addresses = {
        "reports": reverse("activities:report_list"),
        "reports, from a day on": f"{reverse('activities:report_list')}?{urlencode({'at': middle})}",
        "reports of a county": f"{reverse('activities:report_list')}?{urlencode({'region': busiest(Level.COUNTY).public_id})}",
        "records of a figure": records_url(province, span, metric),
        "records of a figure, from a day on": f"{records_url(province, span, metric)}&{urlencode({'at': middle})}",
        "records of a figure of a county": records_url(busiest(Level.COUNTY), span, metric),
        "records of a figure of a community": records_url(busiest(Level.COMMUNITY), span, metric),
        "records of a day": records_url(province, Span.day(span.last), metric),
        "search": f"{reverse('portal:search')}?{urlencode({'q': '东门'})}",
        "search for a branch": f"{reverse('portal:search')}?{urlencode({'q': _branch().name[:6]})}",
        "branches": reverse("branches:branch_list"),
        "people": reverse("members:person_list"),
    }
    for name, address in addresses.items():
        yield Hot(name, partial(world.page, client, address), 2 * PAGE)


def _other_systems() -> Iterator[Hot]:
    client = world.client_of(world.account(Role.CLIENT))
    county = urlencode({"region": busiest(Level.COUNTY).public_id})
    for name in ("entry-list", "measure-list", "report-list"):
        address = reverse(f"activities-api:{name}")
        yield Hot(f"API, {name}", partial(world.page, client, address), PAGE)
        # Ordered by key, a county's rows lie among those of ninety others.
        yield Hot(f"API, {name} of a county", partial(world.page, client, f"{address}?{county}"), 10 * PAGE)
    for name in ("activities-api:report-version-list", "branches-api:branch-list", "api-changes"):
        yield Hot(f"API, {name.rpartition(':')[2]}", partial(world.page, client, reverse(name)), PAGE)


def _at_a_gate() -> Iterator[Hot]:
    filing = next(world.filings(1))
    client = world.client_of(filing.actor)
    yield Hot("today", partial(world.page, client, reverse("activities:today")), PAGE)
    yield Hot("the form", partial(world.page, client, reverse("activities:report_edit", args=[filing.branch.public_id, filing.day])), PAGE)
    yield Hot("filing", filing.by_service, PAGE)


def _kept(region: Region, span: Span) -> int:
    """Return how many kept totals there are of a region and of those below it; a page reads them for several of its parts."""
    nodes = [region.pk, *Region.objects.filter(parents__parent=region).values_list("pk", flat=True)]
    return 2 * Rollup.objects.filter(node__in=nodes, day__lte=span.last).count()


def _filed(region: Region) -> int:
    """Return how many records there are of a region, or directly below it, of which no totals are kept; a page reads them for several of its parts."""
    without_totals = [child for child in [region, *Region.objects.filter(parents__parent=region)] if child.level not in ROLLED_LEVELS]
    places = RegionPath.objects.filter(ancestor__in=without_totals).values_list("descendant", flat=True)
    # Each with its entry, version, branch and place.
    return 30 * Measure.objects.filter(entry__place__in=list(places)).count()


def _unit() -> WorkUnit:
    """Return a work unit that sends people, and has none below it."""
    found: WorkUnit = WorkUnit.objects.get(pk=EntryParticipant.objects.exclude(home_unit=None).order_by("pk").values_list("home_unit", flat=True)[0])
    return found


def _branch() -> Branch:
    """Return a branch of the busiest community."""
    found: Branch = Branch.objects.filter(region=busiest(Level.COMMUNITY)).order_by("pk")[0]
    return found
