"""Pages of who lives on site: how many in each branch on a day, and for a branch who they are, entered and ended several at once."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches import access
from branches.access import Act
from branches.filters import regions_seen, units_seen
from branches.forms import refusals_shown, refusals_told
from branches.models import Branch
from branches.querysets import BranchQuerySet
from members.filters import OnSiteFilter
from members.forms_roster import OnSiteEndForm, OnSiteForm
from members.models import OnSiteStay
from members.services import on_site as services
from members.views.choices import shorten_choices
from members.views.roster import kept_branch
from portal.foundation import audit, clock
from portal.foundation.paging import ByColumns, Counted, Turn
from portal.foundation.text import mask_name

# As many people as a page names; no branch has near as many.
_NAMED: Final = 300


@dataclass(frozen=True)
class Line:
    """A stay as a page shows it, with the name that the reader may see, and which day on site it is."""

    stay: OnSiteStay
    name: str
    nth: int

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        upper = self.stay.during.upper
        return upper is not None and upper <= clock.today()


@require_safe
def on_site_list(request: HttpRequest) -> HttpResponse:
    """Say how many people live on site on a day, branch by branch, by name."""
    filters, rows = on_site_asked(request)
    day = filters.day_asked
    page = ByColumns[Branch]("name_key", "pk", among=Branch.objects.visible_to(request.user, Act.SEE_ROSTER)).page(Turn.read(request.GET), rows)
    shorten_choices(filters.form, region=regions_seen(request).order_by("name_key", "pk"), work_unit=units_seen(request).order_by("name_key", "pk"))
    context = {
        "form": filters.form,
        "filtered": any(request.GET.get(name) for name in filters.form.fields),
        "day": day,
        "page": page,
        "counted": Counted.capped(rows),
        "number": OnSiteStay.objects.on(day).filter(branch__in=rows.values("pk")).count(),
        "query": urlencode({name: value for name, value in request.GET.items() if name in filters.form.fields and value}),
    }
    return render(request, "members/on_site_list.html", context)


@require_safe
def on_site(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Show who of a branch lives on site on a day, place by place; whoever does not lead them sees masked names and no place."""
    branch = get_object_or_404(Branch.objects.visible_to(request.user, Act.SEE_ROSTER), public_id=branch_id)
    return _branch_page(request, branch, OnSiteEndForm(branch, initial={"last_day": clock.today()}))


@require_http_methods(["GET", "HEAD", "POST"])
def on_site_add(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Write down several people who live on site from a day on."""
    branch = kept_branch(request, branch_id)
    form = OnSiteForm(branch, request.POST or None)
    if form.is_valid():
        typed = form.cleaned_data
        with refusals_shown(form):
            stays = services.add_stays(actor=request.user, branch=branch, **typed)
            messages.success(request, ngettext("%(n)d person was written down.", "%(n)d people were written down.", len(stays)) % {"n": len(stays)})
            return redirect(f"{reverse('roster:on_site', args=[branch_id])}?day={max(typed['first_day'], clock.today()).isoformat()}")
    return render(request, "members/on_site_add.html", {"form": form, "branch": branch}, status=422 if form.errors else 200)


@require_POST
def on_site_end(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """End the time on site of those who are ticked, after a day."""
    branch = kept_branch(request, branch_id)
    form = OnSiteEndForm(branch, request.POST)
    if not form.is_valid():
        return _branch_page(request, branch, form, status=422)
    with refusals_told(request):
        ended = services.end_stays(actor=request.user, branch=branch, **form.cleaned_data)
        said = ngettext("The stay of %(n)d person ends then.", "The stays of %(n)d people end then.", ended) % {"n": ended}
        messages.success(request, said) if ended else messages.info(request, _("They had left the site by then already."))
    return redirect("roster:on_site", branch_id)


def on_site_asked(request: HttpRequest) -> tuple[OnSiteFilter, BranchQuerySet]:
    """Return the filters that an address asks for, and the branches from which people live on site on the day; none when a filter makes no sense."""
    if not access.may(request.user, Act.SEE_ROSTER):
        raise PermissionDenied
    filters = OnSiteFilter(request.GET, queryset=Branch.objects.visible_to(request.user, Act.SEE_ROSTER), request=request)
    rows: BranchQuerySet = filters.qs if filters.form.is_valid() else Branch.objects.none()
    return filters, rows


def _branch_page(request: HttpRequest, branch: Branch, form: OnSiteEndForm, status: int = 200) -> HttpResponse:
    day = clock.read_day(request.GET.get("day", "")) or clock.today()
    named = access.can(request.user, Act.LEAD_SHIFTS, branch)
    stays = OnSiteStay.objects.filter(branch=branch).on(day).select_related("membership__person")
    lines = [_line(stay, day, named=named) for stay in stays.order_by("membership__person__name_key", "pk")[:_NAMED]]
    if named and lines:
        # Where somebody sleeps is whereabouts.
        audit.record(request.user, "stay.seen", branch, address=audit.address_of(request), day=day.isoformat(), rows=len(lines))
    places: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        places[line.stay.place if named else ""].append(line)
    later = OnSiteStay.objects.filter(branch=branch, during__startswith__gt=max(day, clock.today())).count()
    context: dict[str, Any] = {
        "branch": branch,
        "day": day,
        "today": clock.today(),
        "number": len(lines),
        # Those whose place nobody wrote down, last.
        "places": sorted(places.items(), key=lambda held: (not held[0], held[0])),
        "later": later,
        "form": form,
        "ticked": set(request.POST.getlist("stays")),
        "can_keep": access.offers(request.user, Act.KEEP_ROSTER, branch),
    }
    return render(request, "members/on_site.html", context, status=status)


def _line(stay: OnSiteStay, day: date, *, named: bool) -> Line:
    name = stay.membership.person.name
    return Line(stay, name if named else mask_name(name), (day - stay.during.lower).days + 1)
