"""Writing suggestions down, and doing something with one."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from activities.forms_suggestions import SuggestionForm, records_somewhere
from activities.models import Suggestion
from activities.services import suggestions as services
from activities.views.acting import Refused, revision_seen
from activities.views.suggestions import ANSWERING, OWN_FORMS, detail_page, seen_suggestion
from branches import access
from branches.access import Act
from branches.closing import BranchClosed
from branches.forms import refusals_shown
from portal.foundation.errors import Conflict

# What each act does, and the sentence when it is done.
DEEDS: Final[Mapping[str, tuple[Callable[..., Suggestion], Any]]] = {
    "pass": (services.pass_on, gettext_lazy("Passed on.")),
    "answer": (services.answer, gettext_lazy("Answered.")),
    "give_back": (services.give_back, gettext_lazy("The suggestion is back at its branch.")),
    "lay_aside": (services.lay_aside, gettext_lazy("Laid aside.")),
    "correct": (services.correct, gettext_lazy("Saved.")),
}
_FORMS: Final = {act: form for forms in (*OWN_FORMS.values(), ANSWERING) for act, form in forms.items()}


@require_http_methods(["GET", "HEAD", "POST"])
def suggestion_record(request: HttpRequest) -> HttpResponse:
    """Write a suggestion down."""
    if not records_somewhere(request.user):
        raise BranchClosed if access.may(request.user, Act.RECORD_SUGGESTIONS) else PermissionDenied
    form = SuggestionForm(request.user, request.POST or None, branch=_branch_asked(request))
    if form.is_valid():
        try:
            with refusals_shown(form):
                return _recorded(request, form)
        except Conflict as conflict:
            form.add_error(None, str(conflict.message))
    return render(request, "activities/suggestion_record.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def suggestion_act(request: HttpRequest, suggestion_id: UUID) -> HttpResponse:
    """Do something with a suggestion: the field `act` says what; `seen` is the revision that the page showed."""
    suggestion = seen_suggestion(request, suggestion_id)
    act = request.POST.get("act", "")
    if act not in DEEDS:
        raise Http404
    if not (suggestion.is_own or suggestion.is_asked):
        raise PermissionDenied
    seen, form = revision_seen(request), _FORMS[act](suggestion, request.POST)
    if not form.is_valid():
        # What could be chosen a moment ago may be gone: then that is what there is to say.
        overtaken = seen != suggestion.revision
        return detail_page(request, suggestion, Refused(act, form, str(services.STALE) if overtaken else ""), status=409 if overtaken else 422)
    write, done = DEEDS[act]
    try:
        write(actor=request.user, suggestion=suggestion, seen=seen, **form.given())
    except Conflict as conflict:
        return detail_page(request, seen_suggestion(request, suggestion_id), Refused(act, form, str(conflict.message)), status=409)
    except ValidationError as error:
        form.add_error(None, error)
        return detail_page(request, suggestion, Refused(act, form), status=422)
    messages.success(request, done)
    return redirect("suggestions:suggestion_detail", suggestion_id)


# --- Inside -------------------------------------------------------------------------------------------------------------


def _recorded(request: HttpRequest, form: SuggestionForm) -> HttpResponse:
    typed = form.cleaned_data
    actor: Any = request.user
    suggestion, created = services.record_suggestion(actor=actor, branch=typed["branch"], facts=form.facts(), uid=typed["uid"])
    messages.success(request, _("Recorded.") if created else _("This suggestion was recorded already, a moment ago: it stands here once."))
    return redirect("suggestions:suggestion_detail", suggestion.public_id)


def _branch_asked(request: HttpRequest) -> UUID | None:
    try:
        return UUID(request.GET.get("branch", ""))
    except ValueError:
        return None
