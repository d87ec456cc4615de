"""Pages of branches: the list, and what an administrator changes. The page of one branch crosses apps: `portal/pages/branch.py`."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from branches import access, services
from branches.access import Act
from branches.filters import BranchFilter, regions_seen, units_seen
from branches.forms import BranchForm, MoveForm, NewBranchForm, RegionForm, ScheduleForm, WorkUnitForm, refusals_shown
from branches.models import Branch, Level, RegionPath
from portal.foundation import clock
from portal.foundation.paging import ByColumns, Counted, Turn

# A list to choose from is read by eye; what is deeper is reached by name or from a link.
_CHOICES = 200


@require_safe
def branch_list(request: HttpRequest) -> HttpResponse:
    """List the branches in the reader's scope, by name."""
    above = RegionPath.objects.filter(descendant=OuterRef("region"), depth=1, during__contains=clock.today())
    seen = Branch.objects.visible_to(request.user).select_related("region").annotate(lies_in=Subquery(above.values("ancestor__name")[:1]))
    filters = BranchFilter(request.GET, queryset=seen.by_name(), request=request)
    rows = filters.qs if filters.form.is_valid() else seen.none()
    _shorten_choices(filters.form, request)
    return render(
        request,
        "branches/branch_list.html",
        {
            "form": filters.form,
            "counted": Counted.capped(rows),
            "page": ByColumns[Branch]("name_key", "pk", among=Branch.objects.visible_to(request.user)).page(Turn.read(request.GET), rows),
            "filtered": any(request.GET.get(name) for name in filters.form.fields),
            "can_add": access.may(request.user, Act.ADMINISTER),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def branch_add(request: HttpRequest) -> HttpResponse:
    """Add a branch in a region that the administrator keeps."""
    _require_administrator(request)
    form = NewBranchForm(request.user, request.POST or None)
    if form.is_valid():
        typed = form.cleaned_data
        with refusals_shown(form):
            branch = services.add_branch(
                actor=request.user, region=typed["region"], facts=form.facts(), covers=typed["covers"], sending_units=typed["sending_units"]
            )
            return redirect("branches:branch_detail", branch.public_id)
    return _form_page(request, form, _("Add a branch"))


@require_http_methods(["GET", "HEAD", "POST"])
def branch_edit(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Change a branch's facts."""
    branch = _administered(request, branch_id)
    form = BranchForm(request.user, request.POST or None, instance=branch)
    if form.is_valid():
        typed = form.cleaned_data
        with refusals_shown(form):
            services.edit_branch(actor=request.user, branch=branch, facts=form.facts(), covers=typed["covers"], sending_units=typed["sending_units"])
            messages.success(request, _("Saved."))
            return redirect("branches:branch_detail", branch_id)
    return _form_page(request, form, _("Change the branch's facts"), branch)


@require_http_methods(["GET", "HEAD", "POST"])
def branch_schedule(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Set when the day ends and the report is due, from a day on."""
    branch = _administered(request, branch_id)
    form = ScheduleForm(request.POST or None, instance=branch.schedule_on(clock.today()))
    if form.is_valid():
        with refusals_shown(form):
            services.set_schedule(actor=request.user, branch=branch, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("branches:branch_detail", branch_id)
    return _form_page(request, form, _("Set the times of the report"), branch)


@require_http_methods(["GET", "HEAD", "POST"])
def branch_move(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Host the branch in another region from a day on."""
    branch = _administered(request, branch_id)
    form = MoveForm(request.user, request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            services.move_branch(actor=request.user, branch=branch, **form.cleaned_data)
            messages.success(request, _("The branch moved. Work already recorded keeps its place."))
            return redirect("branches:branch_detail", branch_id)
    return _form_page(request, form, _("Move the branch"), branch)


@require_http_methods(["GET", "HEAD", "POST"])
def region_add(request: HttpRequest) -> HttpResponse:
    """Add a region below one that the administrator keeps."""
    _require_administrator(request)
    form = RegionForm(request.user, request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            region = services.add_region(actor=request.user, parent=form.cleaned_data["parent"], facts=form.facts())
            messages.success(request, _("%(name)s was added.") % {"name": region.name})
            return redirect("branches:branch_list")
    return _form_page(request, form, _("Add a region"))


@require_http_methods(["GET", "HEAD", "POST"])
def work_unit_add(request: HttpRequest) -> HttpResponse:
    """Add a work unit."""
    _require_administrator(request)
    form = WorkUnitForm(request.user, request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            unit = services.add_work_unit(actor=request.user, **form.cleaned_data)
            messages.success(request, _("%(name)s was added.") % {"name": unit.name})
            return redirect("branches:branch_list")
    return _form_page(request, form, _("Add a work unit"))


def _administered(request: HttpRequest, branch_id: UUID) -> Branch:
    branch: Branch = get_object_or_404(Branch.objects.visible_to(request.user), public_id=branch_id)
    access.require(request.user, Act.ADMINISTER, branch)
    return branch


def _require_administrator(request: HttpRequest) -> None:
    if not access.may(request.user, Act.ADMINISTER):
        raise PermissionDenied


def _form_page(request: HttpRequest, form: forms.BaseForm, title: str, branch: Branch | None = None) -> HttpResponse:
    return render(request, "branches/branch_form.html", {"form": form, "title": title, "branch": branch}, status=422 if form.errors else 200)


def _shorten_choices(form: forms.Form, request: HttpRequest) -> None:
    """Offer towns and what is above them, and the first units; a deeper region that the address names stays chosen."""
    choices: dict[str, QuerySet[Any]] = {"region": regions_seen(request).filter(level__in=Level.above(Level.COMMUNITY)), "work_unit": units_seen(request)}
    for name, seen in choices.items():
        chosen = form.cleaned_data.get(name)
        offered = list(seen.order_by("name_key", "pk")[:_CHOICES])
        if chosen is not None and chosen not in offered:
            offered.append(chosen)
        field: Any = form.fields[name]
        field.widget.choices = [("", field.empty_label), *((one.public_id, one.name) for one in offered)]
