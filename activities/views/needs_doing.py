"""Writing in the ledger of needs: recording one, doing something with it, resolving all that is ticked."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from activities.forms_needs import CorrectForm, DeedForm, ManyDoneForm, NeedForm, records_somewhere
from activities.models import Need
from activities.services import needs as services
from activities.services.following import issue_code
from activities.views.acting import Refused, revision_seen
from activities.views.needs import ANSWERING, FORMS, detail_page, list_page, seen_need
from branches import access
from branches.access import Act
from branches.closing import BranchClosed
from branches.forms import refusals_shown
from portal.foundation import audit
from portal.foundation.errors import Conflict

# What each act does, and the sentence when it is done.
DEEDS: Final[Mapping[str, tuple[Callable[..., Need], Any]]] = {
    "resolve": (services.resolve, gettext_lazy("Resolved.")),
    "assign": (services.assign, gettext_lazy("Saved.")),
    "hand_on": (services.hand_on, gettext_lazy("Handed on.")),
    "take_back": (services.take_back, gettext_lazy("The need is back at its branch.")),
    "call_back": (services.call_back, gettext_lazy("Saved.")),
    "reopen": (services.reopen, gettext_lazy("Opened again.")),
    "correct": (services.correct, gettext_lazy("Saved.")),
}
# Where a resident follows a need: an address to be typed, of a page above this floor.
FOLLOW: Final = "/follow/"
_FORMS: Final = {act: form for forms in FORMS.values() for act, form in forms.items()}


@require_http_methods(["GET", "HEAD", "POST"])
def need_record(request: HttpRequest) -> HttpResponse:
    """Record a need; where one like it waits already, ask first."""
    if not records_somewhere(request.user):
        raise BranchClosed if access.may(request.user, Act.RECORD_NEEDS) else PermissionDenied
    form = NeedForm(request.user, request.POST or None, branch=_branch_asked(request))
    similar: list[Need] = []
    if form.is_valid():
        branch = form.cleaned_data["branch"]
        if "despite" not in request.POST:
            similar = list(services.likely_duplicates(branch, form.facts())[:3])
        if not similar:
            try:
                with refusals_shown(form):
                    return _recorded(request, form)
            except Conflict as conflict:
                form.add_error(None, str(conflict.message))
    status = 422 if form.errors else (409 if similar else 200)
    context = {"form": form, "similar": [need for need in similar if _may_read(request, need)], "is_similar": bool(similar)}
    return render(request, "activities/need_record.html", context, status=status)


@require_POST
def need_act(request: HttpRequest, need_id: UUID) -> HttpResponse:
    """Do something with a need: the field `act` says what; `seen` is the revision that the page showed."""
    need = seen_need(request, need_id)
    act = request.POST.get("act", "")
    if act not in DEEDS:
        raise Http404
    if not (need.is_own or (need.is_kept and act in ANSWERING)):
        raise PermissionDenied
    form = _FORMS[act](need, request.POST)
    if not form.is_valid():
        return detail_page(request, need, Refused(act, form), status=422)
    write, done = DEEDS[act]
    try:
        write(actor=request.user, need=need, seen=revision_seen(request), **_given(form))
    except Conflict as conflict:
        return detail_page(request, seen_need(request, need_id), Refused(act, form, str(conflict.message)), status=409)
    except ValidationError as error:
        form.add_error(None, error)
        return detail_page(request, need, Refused(act, form), status=422)
    messages.success(request, done)
    return redirect("activities:need_detail", need_id)


@require_POST
@never_cache
def need_code(request: HttpRequest, need_id: UUID) -> HttpResponse:
    """Give out a code by which the resident follows the need; it is shown once."""
    need = seen_need(request, need_id)
    code = issue_code(actor=_actor(request), need=need, address=audit.address_of(request))
    return render(request, "activities/need_code.html", {"need": need, "code": code, "address": FOLLOW})


@require_POST
def need_done(request: HttpRequest) -> HttpResponse:
    """Resolve all needs that are ticked in a list, with one result."""
    form = ManyDoneForm(request.POST)
    chosen: dict[UUID, int] = {}
    try:
        chosen = form.chosen()
    except ValidationError as error:
        form.add_error(None, error)
    if not form.is_valid():
        return list_page(request, done=form)
    needs = Need.objects.visible_to(request.user).filter(public_id__in=chosen)
    if len(needs) < len(chosen):
        raise Http404
    outcome = services.resolve_many(actor=_actor(request), chosen=[(need, chosen[need.public_id]) for need in needs], result=form.cleaned_data["result"])
    _say(request, outcome)
    return redirect(f"{reverse('activities:need_list')}?{request.GET.urlencode()}")


# --- Inside -------------------------------------------------------------------------------------------------------------


def _recorded(request: HttpRequest, form: NeedForm) -> HttpResponse:
    typed = form.cleaned_data
    record = partial(services.record_need, actor=_actor(request), branch=typed["branch"], facts=form.facts())
    need, created = record(uid=typed["uid"], result=typed["result"])
    messages.success(request, _("Recorded.") if created else _("This need was recorded already, a moment ago: it stands here once."))
    if "next" in request.POST:
        return redirect(f"{reverse('activities:need_record')}?branch={typed['branch'].public_id}")
    return redirect("activities:need_detail", need.public_id)


def _branch_asked(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("branch", ""))
    except ValueError:
        return None


def _may_read(request: HttpRequest, need: Need) -> bool:
    return Need.objects.told_to(request.user).filter(pk=need.pk).exists()


def _given(form: DeedForm) -> dict[str, Any]:
    return {"facts": form.values()} if isinstance(form, CorrectForm) else form.cleaned_data


def _say(request: HttpRequest, outcome: services.ManyDone) -> None:
    if done := len(outcome.resolved):
        messages.success(request, ngettext("%(n)s need resolved.", "%(n)s needs resolved.", done) % {"n": done})
    if left := len(outcome.changed):
        said = ngettext(
            "%(n)s need stays as it is: something happened to it since the list was opened.",
            "%(n)s needs stay as they are: something happened to them since the list was opened.",
            left,
        )
        messages.warning(request, said % {"n": left})


def _actor(request: HttpRequest) -> Any:
    return request.user
