"""Pages of people: the list, and what an organiser changes. The page of one person crosses apps: `portal/pages/person.py`."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from branches import access
from branches.access import Act
from branches.filters import units_seen
from branches.forms import refusals_shown
from branches.models import Branch
from members import services
from members.filters import PersonFilter, branches_seen
from members.forms import MemberForm, MembershipEndForm, OfficerForm, PersonForm
from members.models import Membership, Person, Secondment
from members.views.choices import shorten_choices
from portal.foundation import audit, clock
from portal.foundation.paging import ByColumns, Counted, Turn
from portal.foundation.text import mask_phone


@require_safe
def person_list(request: HttpRequest) -> HttpResponse:
    """List the people in the reader's scope, by name; telephone numbers are masked for everybody."""
    seen = Person.objects.visible_to(request.user)
    filters = PersonFilter(request.GET, queryset=seen.order_by("name_key", "pk"), request=request)
    rows = (filters.qs if filters.form.is_valid() else seen.none()).prefetch_related(*_of_today(request))
    page = ByColumns[Person]("name_key", "pk", among=seen).page(Turn.read(request.GET), rows)
    if request.GET.get("name"):
        # Whom it found; the name itself would stand in the log for as long as the log is kept.
        shown = [str(person.public_id) for person in page.items]
        audit.record(request.user, "names.searched", address=audit.address_of(request), shown=shown)
    shorten_choices(filters.form, branch=branches_seen(request), work_unit=units_seen(request).order_by("name_key", "pk"))
    return render(
        request,
        "members/person_list.html",
        {
            "form": filters.form,
            "page": page,
            "counted": Counted.capped(rows),
            "people": [(person, mask_phone(person.phone) if person.phone else "") for person in page.items],
            "filtered": any(request.GET.get(name) for name in filters.form.fields),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def member_add(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Add somebody to a branch."""
    branch = _kept(request, branch_id)
    form = MemberForm(request.POST or None)
    if form.is_valid():
        typed = form.cleaned_data
        with refusals_shown(form):
            membership = services.add_member(
                actor=request.user,
                branch=branch,
                facts=form.facts(),
                home_unit=typed["home_unit"],
                from_day=typed["from_day"],
                until_day=typed["until_day"],
            )
            messages.success(request, _("%(name)s was added.") % {"name": membership.person.name})
            return redirect("branches:branch_detail", branch_id)
    return _form_page(request, form, _("Add somebody to the branch"), branch)


@require_http_methods(["GET", "HEAD", "POST"])
def person_edit(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Correct what is written down of a person; that telephones were shown is in the log."""
    person: Person = get_object_or_404(Person.objects.visible_to(request.user), public_id=person_id)
    if not services.people_kept(request.user).filter(pk=person.pk).exists():
        raise PermissionDenied
    sees_phone = Person.objects.visible_to(request.user, Act.SEE_SENSITIVE).filter(pk=person.pk).exists()
    form = PersonForm(request.POST or None, instance=person, sees_phone=sees_phone)
    if form.is_valid():
        with refusals_shown(form):
            services.edit_person(actor=request.user, person=person, facts=form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("members:person_detail", person_id)
    elif shown := [name for name in ("phone", "duty_phone") if name in form.fields and getattr(person, name)]:
        audit.record(request.user, "person.sensitive_seen", person, address=audit.address_of(request), fields=shown)
    branch = Branch.objects.visible_to(request.user).filter(memberships__person=person, memberships__during__contains=clock.today()).first()
    return _form_page(request, form, _("Correct what is written about %(name)s") % {"name": person.name}, branch)


@require_http_methods(["GET", "HEAD", "POST"])
def membership_end(request: HttpRequest, membership_id: UUID) -> HttpResponse:
    """End somebody's time in a branch."""
    seen = Membership.objects.filter(person__in=Person.objects.visible_to(request.user), branch__in=Branch.objects.visible_to(request.user))
    membership = get_object_or_404(seen.select_related("branch", "person"), public_id=membership_id)
    access.require(request.user, Act.KEEP_PEOPLE, membership.branch)
    form = MembershipEndForm(request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            services.end_membership(actor=request.user, membership=membership, last_day=form.cleaned_data["last_day"])
            messages.success(request, _("Saved."))
            return redirect("members:person_detail", membership.person.public_id)
    return _form_page(request, form, _("End the time of %(name)s in the branch") % {"name": membership.person.name}, membership.branch)


@require_http_methods(["GET", "HEAD", "POST"])
def officer_set(request: HttpRequest, branch_id: UUID) -> HttpResponse:
    """Give a member an office."""
    branch = _kept(request, branch_id)
    form = OfficerForm(branch, request.POST or None)
    if form.is_valid():
        with refusals_shown(form):
            services.set_officer(actor=request.user, **form.cleaned_data)
            messages.success(request, _("Saved."))
            return redirect("branches:branch_detail", branch_id)
    return _form_page(request, form, _("Give an office"), branch)


def _kept(request: HttpRequest, branch_id: UUID) -> Branch:
    branch: Branch = get_object_or_404(Branch.objects.visible_to(request.user), public_id=branch_id)
    access.require(request.user, Act.KEEP_PEOPLE, branch)
    return branch


def _form_page(request: HttpRequest, form: forms.BaseForm, title: str, branch: Branch | None) -> HttpResponse:
    return render(request, "branches/branch_form.html", {"form": form, "title": title, "branch": branch}, status=422 if form.errors else 200)


def _of_today(request: HttpRequest) -> tuple["Prefetch[Any]", "Prefetch[Any]"]:
    """Prefetch each person's branch and work unit of today; only branches that the reader sees."""
    today, seen = clock.today(), Branch.objects.visible_to(request.user)
    memberships = Membership.objects.filter(during__contains=today, branch__in=seen).select_related("branch")
    secondments = Secondment.objects.filter(during__contains=today).select_related("home_unit")
    return Prefetch("memberships", memberships, to_attr="memberships_today"), Prefetch("secondments", secondments, to_attr="secondments_today")
