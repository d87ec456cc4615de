"""Reading squads: the list, who covers which grid of a branch, one squad with its people and history, and the list as a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from django.contrib.postgres.aggregates import StringAgg
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_safe

from branches import access
from branches.access import Act
from branches.filters import regions_seen, units_seen
from branches.models import Branch, Level
from members.filters import branches_seen
from members.filters_squads import SquadFilter
from members.grids import grids_of, sharing, squads_on
from members.models import Person, Squad, SquadGrid, SquadMember
from members.querysets import SquadQuerySet
from members.services import squads as services
from members.views.choices import shorten_choices
from portal.foundation import audit, clock
from portal.foundation.downloads import a_few_at_once
from portal.foundation.paging import ByColumns, Counted, Turn
from portal.foundation.tables import CSV, WORKBOOK, Column, Kind, Listing, Sheet, csv_of, workbook
from portal.foundation.text import mask_name

# By branch, then by name: as an official reads them.
ORDER: Final = ("branch__name_key", "branch_id", "pk")
TYPES: Final = {"csv": CSV, "xlsx": WORKBOOK}


@dataclass(frozen=True)
class Hand:
    """Somebody in a squad or at a post, as the reader may see them: whoever is not theirs to know of is masked."""

    row: Any

    @property
    def name(self) -> str:
        """The name, or its first character."""
        name: str = self.row.person.name
        return name if self.row.seen else mask_name(name)


@require_safe
def squad_list(request: HttpRequest) -> HttpResponse:
    """List the squads in the reader's scope on a day, by branch."""
    filters, rows = squads_asked(request)
    day = day_of(filters)
    leaders = Prefetch("members", hands(request, SquadMember.objects.on(day).filter(leads=True)), to_attr="leaders")
    grids = Prefetch("grids", SquadGrid.objects.on(day).select_related("region").order_by("region__name_key", "pk"), to_attr="covering")
    shown = rows.with_strength(day).select_related("branch").prefetch_related(leaders, grids)
    page = ByColumns[Squad](*ORDER, among=Squad.objects.visible_to(request.user)).page(Turn.read(request.GET), shown)
    offer_choices(request, filters.form)
    context = {
        **of_list(request, filters, rows),
        "page": page,
        "lines": [(squad, [Hand(row) for row in prefetched(squad, "leaders")]) for squad in page.items],
        "kept": kept_branches(request),
    }
    return render(request, "members/squad_list.html", context, status=400 if filters.form.errors else 200)


@require_GET
@a_few_at_once
def squad_export(request: HttpRequest, format: str) -> StreamingHttpResponse:
    """Send the squads of the list, as filtered, as csv or xlsx, without names of people; the audit log says who took which."""
    filters, rows = squads_asked(request)
    day = day_of(filters)
    covering = SquadGrid.objects.filter(squad=OuterRef("pk")).on(day).order_by().values("squad")
    names = Subquery(covering.values(names=StringAgg("region__name", Value(pgettext("between names", ", ")), order_by="region__name_key")))
    columns = [
        Column(_("Branch"), "branch__name"),
        Column(_("Squad"), "name"),
        Column(_("Kind"), "kind", names={kind.value: str(kind.label) for kind in Squad.Kind}),
        Column(_("Task"), "task"),
        Column(_("From"), "during__startswith", Kind.DAY),
        Column(_("People"), "people", Kind.NUMBER),
        Column(_("Number of grids"), "covered", Kind.NUMBER),
        Column(_("Grids"), "grid_names"),
    ]
    listing = Listing(
        columns, [rows.with_strength(day).annotate(grid_names=Coalesce(names, Value(""), output_field=TextField()))], order=("branch__name_key", "name", "pk")
    )
    return sent(request, filters, "squads", _("Squads"), listing, format)


@require_safe
def coverage(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Show who covers which grid of a branch on a day, those that nobody covers first, and the branch's squads."""
    branch = seen_branch(request, branch_id)
    asked = clock.read_day(request.GET.get("day", "").strip())
    day = asked or branch.day_shown
    grids = grids_of(branch, day)
    leaders = {row.squad_id: Hand(row) for row in hands(request, SquadMember.objects.on(day).filter(squad__branch=branch, leads=True))}
    squads = list(squads_on(branch, day))
    uncovered = [grid for grid in grids if not grid.coverage]
    context = {
        "branch": branch,
        "day": day,
        "is_today": day == clock.today(),
        "refused": bool(request.GET.get("day")) and asked is None,
        "grids": grids,
        "uncovered": uncovered,
        "covered": len(grids) - len(uncovered),
        "shared": [grid for grid in grids if grid.is_shared],
        "squads": [(squad, leaders.get(squad.pk)) for squad in squads],
        "over": Squad.objects.filter(branch=branch, during__endswith__lte=day).order_by("-during", "pk")[:50],
        "can_keep": services.may_keep(request.user, branch),
    }
    return render(request, "members/squad_coverage.html", context)


@require_safe
def squad_detail(request: HttpRequest, squad_id: UUID) -> HttpResponse:
    """Show a squad: its task, who is in it and leads it today, its grids, and who and which were so before or will be."""
    squad = seen_squad(request, squad_id)
    # Of a squad that is over, or still to come, what it is on its last or first day.
    today = clock.today()
    day = min(max(today, squad.during.lower or today), squad.during.upper - services.ONE_DAY if squad.during.upper else today)
    members = [Hand(row) for row in hands(request, squad.members.all()).order_by("-leads", "person__name_key", "-during", "pk")]
    grids = list(squad.grids.select_related("region").order_by("region__name_key", "-during", "pk"))
    context = {
        "squad": squad,
        "branch": squad.branch,
        "day": day,
        "members": [hand for hand in members if day in hand.row.during],
        "earlier_members": [hand for hand in members if day not in hand.row.during],
        "grids": [grid for grid in grids if day in grid.during],
        "earlier_grids": [grid for grid in grids if day not in grid.during],
        "shared": {row.pk for row in sharing(squad.grids.on(day))},
        "is_over": squad.during.upper is not None and squad.during.upper <= today,
        "can_keep": services.may_keep(request.user, squad.branch),
    }
    return render(request, "members/squad_detail.html", context)


# --- Rows -----------------------------------------------------------------------------------------------------------------


def squads_asked(request: HttpRequest) -> tuple[Any, SquadQuerySet]:
    """Return the filters that an address asks for, and the squads that fit; none when a filter makes no sense."""
    require_seer(request)
    seen: SquadQuerySet = Squad.objects.visible_to(request.user)
    filters = SquadFilter(asked_of_today(request), queryset=seen, request=request)
    return filters, filters.qs if filters.form.is_valid() else seen.none()


def asked_of_today(request: HttpRequest) -> QueryDict:
    """Return what the address asks for; of today, where it asks for no day."""
    asked = request.GET.copy()
    if not asked.get("day"):
        asked["day"] = clock.today().isoformat()
    return asked


def day_of(filters: Any) -> date:
    """Return the day that a list is about."""
    day: date = filters.form.cleaned_data.get("day") or clock.today()
    return day


def of_list(request: HttpRequest, filters: Any, rows: "QuerySet[Any, Any]") -> dict[str, Any]:
    """Return what the page of a list needs beside its rows."""
    return {
        "form": filters.form,
        "day": day_of(filters),
        "counted": Counted.capped(rows),
        "filtered": any(request.GET.get(name) for name in filters.form.fields),
    }


def offer_choices(request: HttpRequest, form: Any) -> None:
    """Shorten the lists of a filter to what can be read."""
    # Compounds and grids are too many to read.
    places = regions_seen(request).filter(level__in=Level.above(Level.COMMUNITY)).order_by("name_key", "pk")
    units = units_seen(request).order_by("name_key", "pk")
    shorten_choices(form, region=places, work_unit=units, branch=branches_seen(request))


def sent(request: HttpRequest, filters: Any, name: str, title: str, listing: Listing, format: str) -> StreamingHttpResponse:
    """Send a listing; the page says what is wrong with a filter, a file would pass for what was asked for."""
    if format not in TYPES or not filters.form.is_valid():
        raise Http404
    asked = {field: str(value) for field, value in filters.form.cleaned_data.items() if value}
    audit.record(request.user, f"{name.replace('-', '_')}.exported", address=audit.address_of(request), format=format, filters=asked)
    sheet = Sheet(title, listing.header, listing)
    content = csv_of(sheet) if format == "csv" else workbook([sheet])
    named = f'attachment; filename="{name}-{clock.today():%Y%m%d}.{format}"'
    return StreamingHttpResponse(content, content_type=TYPES[format], headers={"Content-Disposition": named, "Cache-Control": "no-store"})


def hands(request: HttpRequest, rows: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
    """Add to rows about people whether the reader sees each of them."""
    seen = Person.objects.visible_to(request.user).filter(pk=OuterRef("person"))
    found: QuerySet[Any, Any] = rows.select_related("person").annotate(seen=Exists(seen))
    return found


def prefetched(row: Any, name: str) -> list[Any]:
    """Return what was fetched with a row under a name of its own."""
    found: list[Any] = getattr(row, name)
    return found


# --- Whose ----------------------------------------------------------------------------------------------------------------


def require_seer(request: HttpRequest) -> None:
    """Refuse whoever sees no branch at all."""
    if not access.may(request.user, Act.SEE_BRANCHES):
        raise PermissionDenied


def kept_branches(request: HttpRequest) -> Iterable[Branch]:
    """Return the first of the branches whose squads the reader keeps."""
    found: Iterable[Branch] = Branch.objects.visible_to(request.user, Act.KEEP_SQUADS).still_open().by_name()[:20]
    return found


def seen_branch(request: HttpRequest, branch_id: UUID) -> Branch:
    """Return a branch in the reader's scope."""
    found: Branch = get_object_or_404(Branch.objects.visible_to(request.user).select_related("region"), public_id=branch_id)
    return found


def kept_branch(request: HttpRequest, branch_id: UUID) -> Branch:
    """Return a branch whose squads the reader keeps; seen and not theirs to change is refused."""
    branch = seen_branch(request, branch_id)
    services.require(request.user, branch)
    return branch


def seen_squad(request: HttpRequest, squad_id: UUID) -> Squad:
    """Return a squad in the reader's scope."""
    found: Squad = get_object_or_404(Squad.objects.visible_to(request.user).select_related("branch__region"), public_id=squad_id)
    return found


def kept_squad(request: HttpRequest, squad_id: UUID) -> Squad:
    """Return a squad that the reader keeps."""
    squad = seen_squad(request, squad_id)
    services.require(request.user, squad.branch)
    return squad
