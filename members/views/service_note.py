"""Words of merit: written by an organiser, corrected or taken back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from branches import access
from branches.access import Act
from branches.closing import BranchClosed
from branches.forms import refusals_shown
from branches.models import Branch
from members.forms_service_note import ServiceNoteForm
from members.models import Person, ServiceNote
from members.services import service_note as services
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict


@require_http_methods(["GET", "HEAD", "POST"])
def service_note_add(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Write words of merit into somebody's record."""
    person = get_object_or_404(Person.objects.visible_to(request.user), public_id=person_id)
    kept = list(Branch.objects.visible_to(request.user, Act.KEEP_RECORDS).filter(memberships__person=person).distinct().by_name())
    if not kept:
        raise PermissionDenied
    branches = [branch for branch in kept if branch.closed_at is None]
    if not branches:
        raise BranchClosed
    form = ServiceNoteForm(request.POST or None, branches, day=clock.today())
    status = 200
    if form.is_valid():
        typed = form.cleaned_data
        try:
            with refusals_shown(form):
                services.write_note(actor=request.user, person=person, **typed)
                messages.success(request, _("Saved."))
                return redirect("members:service_record", person_id)
        except Conflict as conflict:
            form.add_error(None, str(conflict.message))
            status = 409
    return _page(request, form, person, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def service_note_edit(request: HttpRequest, note_id: UUID) -> HttpResponse:
    """Put other words in place of a note, or take it back; what stood there before is shown."""
    note = _seen_note(request, note_id)
    access.require(request.user, Act.KEEP_RECORDS, note.branch)
    form = ServiceNoteForm(request.POST or None, [note.branch], day=note.happened_on, words=note.words)
    form.taken_back()
    status = 200
    if form.is_valid():
        typed = form.cleaned_data
        try:
            with refusals_shown(form):
                services.replace_note(actor=request.user, note=note, day=typed["day"], words=typed["words"], uid=typed["uid"])
                messages.success(request, _("Saved.") if typed["words"] else _("The words are taken back."))
                return redirect("members:service_record", note.person.public_id)
        except Conflict as conflict:
            form.add_error(None, str(conflict.message))
            status = 409
    if not form.is_bound:
        audit.record(request.user, "service_record.seen", note.person, address=audit.address_of(request), fields=["words"])
    return _page(request, form, note.person, note, status)


# --- Inside -------------------------------------------------------------------------------------------------------------


def _page(request: HttpRequest, form: ServiceNoteForm, person: Person, note: Any = None, status: int = 200) -> HttpResponse:
    earlier = services.earlier_than(note) if note is not None else []
    context = {"form": form, "person": person, "note": note, "earlier": earlier}
    return render(request, "members/service_note_form.html", context, status=422 if form.errors and status == 200 else status)


def _seen_note(request: HttpRequest, note_id: UUID) -> Any:
    """Return words of merit in a record that the reader sees: whole, or of the branch that wrote them."""
    of_whole = Person.objects.wholly_recorded_for(request.user).filter(pk=OuterRef("person"))
    own = Branch.objects.visible_to(request.user, Act.KEEP_RECORDS).filter(pk=OuterRef("branch"))
    seen = ServiceNote.objects.filter(Exists(of_whole) | Exists(own)).select_related("person", "branch", "written_by", "replaces")
    return get_object_or_404(seen, public_id=note_id)
