"""Pages that change squads: founding one, or one for each grid; its facts, people, leader and grids; and the end of each."""

from typing import Any, Final
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_http_methods, require_POST

from branches.forms import refusals_shown, refusals_told
from branches.models import Branch, Region
from members.forms_squads import GridsForm, LastDayForm, PeopleForm, SquadEditForm, SquadForm, SquadsForm, people_of
from members.grids import grids_of, regions_offered, squads_on
from members.models import Squad, SquadGrid, SquadMember
from members.services import squads as services
from members.views.squads import kept_branch, kept_squad
from portal.foundation import clock
from portal.foundation.errors import Conflict

UNPROCESSABLE: Final = 422


@require_http_methods(["GET", "HEAD", "POST"])
def squad_add(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Found a squad."""
    branch = kept_branch(request, branch_id)
    form = SquadForm(branch, grids_of(branch, clock.today()), request.POST or None)
    if form.is_valid():
        typed = form.cleaned_data
        with refusals_shown(form):
            try:
                squad = services.found_squad(
                    actor=request.user,
                    branch=branch,
                    facts=form.facts(),
                    first_day=typed["first_day"],
                    uid=uid_of(request),
                    leader=typed["leader"],
                    people=list(typed["people"]),
                    grids=list(typed["grids"]),
                )
            except Conflict as conflict:
                form.add_error(None, str(conflict.message))
            else:
                _warn_of_shared(request, [grid for grid in grids_of(branch, typed["first_day"]) if grid.is_shared], typed["grids"])
                return redirect("squads:squad_detail", squad.public_id)
    return form_page(request, form, _("New squad"), branch)


@require_http_methods(["GET", "HEAD", "POST"])
def squads_add(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Found a squad for each grid that nobody covers, in one go."""
    branch = kept_branch(request, branch_id)
    asked = request.GET.get("kind", "")
    kind = Squad.Kind(asked) if asked in Squad.Kind else Squad.Kind.SHOCK
    # What a page of before offered may be covered by now: whoever sent its form twice finds what it founded.
    regions = [grid.region for grid in grids_of(branch, clock.today()) if not grid.coverage or f"name-{grid.region.public_id}" in request.POST]
    form = SquadsForm(regions, kind, request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            try:
                named = form.named()
                squads = services.found_squads(
                    actor=request.user, branch=branch, kind=kind, first_day=form.cleaned_data["first_day"], named=named, uid=uid_of(request)
                )
            except Conflict as conflict:
                form.add_error(None, str(conflict.message))
            else:
                count = len(squads)
                said = ngettext("%(n)d squad was founded. Now give it people.", "%(n)d squads were founded. Now give them people.", count)
                messages.success(request, said % {"n": count})
                _warn_of_shared(request, [grid for grid in grids_of(branch, clock.today()) if grid.is_shared], [region for region, _name in named])
                return redirect("squads:coverage", branch_id)
    context = {"form": form, "branch": branch, "kind": kind, "kinds": Squad.Kind.choices, "uid": uid_of(request)}
    return render(request, "members/squads_add.html", context, status=UNPROCESSABLE if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def squad_edit(request: HttpRequest, squad_id: UUID) -> HttpResponse:
    """Change what a squad is called and what it is for."""
    squad = kept_squad(request, squad_id)
    form = SquadEditForm(request.POST or None, initial={"name": squad.name, "kind": squad.kind, "task": squad.task})
    if form.is_valid():
        with refusals_shown(form):
            services.edit_squad(actor=request.user, squad=squad, facts=form.facts())
            messages.success(request, _("Saved."))
            return redirect("squads:squad_detail", squad_id)
    return form_page(request, form, _("Change the squad"), squad.branch, squad)


@require_http_methods(["GET", "HEAD", "POST"])
def squad_people(request: HttpRequest, squad_id: UUID) -> HttpResponse:
    """Put people of the branch into a squad, several at once."""
    squad = kept_squad(request, squad_id)
    form = PeopleForm(squad, request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            typed = form.cleaned_data
            count = services.add_people(actor=request.user, squad=squad, people=list(typed["people"]), first_day=typed["first_day"])
            messages.success(request, ngettext("%(n)d person joined.", "%(n)d people joined.", count) % {"n": count})
            return redirect("squads:squad_detail", squad_id)
    return form_page(request, form, _("Add people"), squad.branch, squad)


@require_http_methods(["GET", "HEAD", "POST"])
def squad_grids(request: HttpRequest, squad_id: UUID) -> HttpResponse:
    """Let a squad cover grids, several at once."""
    squad = kept_squad(request, squad_id)
    form = GridsForm(squad, grids_of(squad.branch, clock.today()), request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            typed = form.cleaned_data
            shared = services.cover_grids(actor=request.user, squad=squad, regions=list(typed["grids"]), first_day=typed["first_day"])
            messages.success(request, _("Saved."))
            _warn(request, [grid.region for grid in shared])
            return redirect("squads:squad_detail", squad_id)
    return form_page(request, form, _("Add grids"), squad.branch, squad)


@require_POST
def grid_cover(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Let one of the branch's squads cover a grid from today on, with one tap beside it."""
    branch = kept_branch(request, branch_id)
    squad = squads_on(branch, clock.today()).filter(public_id__in=_named(request, "squad")).select_related("branch__region").first()
    # Among its own places alone: a refusal would tell what else there is, and its name.
    region = regions_offered(branch, clock.today()).filter(public_id__in=_named(request, "region")).first()
    if squad is None or region is None:
        messages.error(request, _("Choose a squad that is at work today, and a place of the branch."))
        return redirect("squads:coverage", branch_id)
    with refusals_told(request):
        shared = services.cover_grids(actor=request.user, squad=squad, regions=[region], first_day=clock.today())
        messages.success(request, _("%(squad)s covers %(grid)s.") % {"squad": squad.name, "grid": region.name})
        _warn(request, [grid.region for grid in shared])
    return redirect("squads:coverage", branch_id)


@require_POST
def squad_lead(request: HttpRequest, squad_id: UUID) -> HttpResponse:
    """Put a squad under somebody from today on."""
    squad = kept_squad(request, squad_id)
    person = people_of(squad.branch, clock.today()).filter(public_id__in=_named(request, "person")).first()
    if person is None:
        messages.error(request, _("Choose somebody who is in the branch today."))
        return redirect("squads:squad_detail", squad_id)
    with refusals_told(request):
        services.set_leader(actor=request.user, squad=squad, person=person, from_day=clock.today())
        messages.success(request, _("%(name)s leads the squad.") % {"name": person.name})
    return redirect("squads:squad_detail", squad_id)


@require_http_methods(["GET", "HEAD", "POST"])
def squad_end(request: HttpRequest, squad_id: UUID) -> HttpResponse:
    """End a squad after a day."""
    squad = kept_squad(request, squad_id)
    said = _("Whoever is in it leaves it on that day, and its grids are free. What was stays on record.")
    form = LastDayForm(request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            services.end_squad(actor=request.user, squad=squad, last_day=form.cleaned_data["last_day"])
            messages.success(request, _("Saved."))
            return redirect("squads:squad_detail", squad_id)
    return form_page(request, form, _("End the squad"), squad.branch, squad, said)


@require_http_methods(["GET", "HEAD", "POST"])
def member_end(request: HttpRequest, member_id: UUID) -> HttpResponse:
    """End somebody's time in a squad after a day."""
    member: SquadMember = get_object_or_404(
        SquadMember.objects.filter(squad__in=Squad.objects.visible_to(request.user)).select_related("squad__branch", "person"), public_id=member_id
    )
    services.require(request.user, member.squad.branch)
    form = LastDayForm(request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            services.end_member(actor=request.user, member=member, last_day=form.cleaned_data["last_day"])
            messages.success(request, _("Saved."))
            return redirect("squads:squad_detail", member.squad.public_id)
    title = _("%(name)s leaves the squad") % {"name": member.person.name}
    return form_page(request, form, title, member.squad.branch, member.squad, _("A day before the first takes the entry back."))


@require_http_methods(["GET", "HEAD", "POST"])
def grid_end(request: HttpRequest, grid_id: UUID) -> HttpResponse:
    """Let a squad cover a grid no more after a day."""
    grid: SquadGrid = get_object_or_404(
        SquadGrid.objects.filter(squad__in=Squad.objects.visible_to(request.user)).select_related("squad__branch", "region"), public_id=grid_id
    )
    services.require(request.user, grid.squad.branch)
    form = LastDayForm(request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            services.end_grid(actor=request.user, grid=grid, last_day=form.cleaned_data["last_day"])
            messages.success(request, _("Saved."))
            return redirect("squads:squad_detail", grid.squad.public_id)
    title = _("Cover %(grid)s no more") % {"grid": grid.region.name}
    return form_page(request, form, title, grid.squad.branch, grid.squad, _("A day before the first takes the entry back."))


def form_page(request: HttpRequest, form: Any, title: str, branch: Branch, squad: Squad | None = None, said: str = "") -> HttpResponse:
    """Return the page of a form about a squad, or about the branch's squads."""
    context = {"form": form, "title": title, "branch": branch, "squad": squad, "said": said, "uid": uid_of(request)}
    return render(request, "members/squad_form.html", context, status=UNPROCESSABLE if form.errors else 200)


def uid_of(request: HttpRequest) -> UUID:
    """Return the identifier that the form bore; a new one where it bore none."""
    return next(iter(_named(request, "uid")), None) or uuid4()


def _named(request: HttpRequest, name: str) -> list[UUID]:
    """Return the identifier that a field holds; nothing when it holds none."""
    try:
        return [UUID(request.POST.get(name, ""))]
    except ValueError:
        return []


def _warn_of_shared(request: HttpRequest, shared: Any, chosen: Any) -> None:
    _warn(request, [grid.region for grid in shared if grid.region in chosen])


def _warn(request: HttpRequest, regions: list[Region]) -> None:
    """Say which grids two squads cover now: allowed, but seldom meant."""
    if regions:
        names = pgettext("between names", ", ").join(region.name for region in regions)
        messages.warning(request, _("More than one squad covers this now: %(names)s.") % {"names": names})
