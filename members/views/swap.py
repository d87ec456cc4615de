"""Pages of swaps: asked from one's own shifts, answered there."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from branches.forms import refusals_shown, refusals_told
from members.models import Assignment, Swap
from members.services import swap as services
from members.staffing import crew_of
from portal.foundation import clock
from portal.foundation.errors import Conflict

# How far ahead a shift in return may lie, and how many are offered.
_AHEAD: Final = timedelta(days=14)
_OFFERED: Final = 150


class SwapForm(forms.Form):
    """Which colleague, and for which of their shifts."""

    colleague = forms.ChoiceField(label=gettext_lazy("Colleague"), error_messages={"required": gettext_lazy("Choose somebody.")})

    def __init__(self, mine: Assignment, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        shift = mine.shift
        crew = crew_of(shift.post.branch, shift.business_date, shift.business_date)
        self.people = {str(person.public_id): person for person in crew.people.values() if person.pk != mine.person_id}
        now = clock.now()
        others = Assignment.objects.filter(shift__post__branch=shift.post.branch, during__startswith__range=(now, now + _AHEAD)).exclude(person=mine.person)
        held = others.select_related("person", "shift__post__branch").order_by("during", "pk")[:_OFFERED]
        self.held = {f"{each.person.public_id} {each.shift.public_id}": each for each in held}
        alone = [(key, person.name) for key, person in self.people.items()]
        in_return = [(key, _offer(each)) for key, each in self.held.items()]
        who: Any = self.fields["colleague"]
        who.choices = [("", _("Choose somebody")), (_("Takes my shift"), alone), (_("Gives me a shift in return"), in_return)]


@require_http_methods(["GET", "HEAD", "POST"])
def swap_ask(request: HttpRequest, shift_id: UUID) -> HttpResponse:
    """Ask a colleague to take one of the reader's shifts."""
    own = Assignment.objects.select_related("shift__post__branch", "person")
    mine = get_object_or_404(own, shift__public_id=shift_id, person=getattr(request.user, "person_id", None))
    form = SwapForm(mine, request.POST or None)
    if form.is_valid():
        chosen = form.cleaned_data["colleague"]
        held = form.held.get(chosen)
        with refusals_shown(form):
            try:
                other = held.person if held else form.people[chosen]
                services.ask_swap(actor=request.user, shift=mine.shift, other=other, in_return=held.shift if held else None)
            except Conflict as conflict:
                form.add_error(None, str(conflict.message))
            else:
                messages.success(request, _("%(name)s is asked. Until they agree you stay on the shift.") % {"name": other.name})
                return redirect("roster:own_shifts")
    return render(request, "members/swap_ask.html", {"form": form, "shift": mine.shift}, status=422 if form.errors else 200)


@require_POST
def swap_answer(request: HttpRequest, swap_id: UUID) -> HttpResponse:
    """Take the answer to a swap."""
    answer = request.POST.get("answer", "")
    if answer not in (Swap.State.AGREED, Swap.State.DECLINED, Swap.State.WITHDRAWN):
        raise Http404
    swap = get_object_or_404(swaps_of(getattr(request.user, "person_id", None)), public_id=swap_id)
    with refusals_told(request):
        services.answer_swap(actor=request.user, swap=swap, answer=answer)
        messages.success(request, _("Saved."))
    return redirect("roster:own_shifts")


def swaps_of(person: int | None) -> "QuerySet[Swap]":
    """Return the swaps that somebody asked for, or was asked for."""
    found: QuerySet[Swap] = Swap.objects.none()
    if person is not None:
        found = Swap.objects.filter(Q(person=person) | Q(other=person)).select_related("shift__post__branch", "in_return__post", "person", "other")
    return found


def _offer(held: Assignment) -> str:
    shift = held.shift
    return f"{held.person.name} · {shift.starts_at:%m-%d} {shift.hours_text} {shift.post.name}"
