"""Grants looked through each quarter and extended before they end; resets of officers' accounts, confirmed by a second person."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from branches import access
from branches.access import Act
from branches.forms import refusals_told
from portal.accounts import oversight, resets, services
from portal.accounts.http import AuthenticatedRequest
from portal.accounts.models import Grant, GrantReview, Reset, ReviewedGrant, User
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict
from portal.foundation.paging import ByColumns, Counted, Turn
from portal.foundation.proof import needs_proof

ENDING_SHOWN = 100


@needs_proof
@require_http_methods(["GET", "POST"])
def review(request: AuthenticatedRequest) -> HttpResponse:
    """Show whose grants wait for this quarter's decision, those that nobody used first; take decisions."""
    waiting, error = oversight.undecided(request.user), None
    if request.method == "POST":
        try:
            oversight.decide(actor=request.user, decisions=_decisions(request), address=audit.address_of(request))
            return redirect(request.get_full_path())
        except ValidationError as refused:
            error = refused
    everything = request.GET.get("show") == "all"
    shown = waiting if everything else oversight.unused(waiting)
    with_scope = shown.select_related("region", "work_unit", "branch", "given_by").order_by("role", "pk")
    people = User.objects.get_queryset().filter(pk__in=shown.values("user"))
    found = people.annotate(used=oversight.used_on()).prefetch_related(Prefetch("grants", with_scope, to_attr="waiting"))
    quarter = oversight.quarter_of(clock.today())
    page = ByColumns[User]("username", among=people).page(Turn.read(request.GET), found)
    context = {
        "page": page,
        "people": [(account, [_Row(grant, *_typed(request, grant)) for grant in getattr(account, "waiting", [])]) for account in page.items],
        "counted": Counted.capped(people),
        "everything": everything,
        "quarter": quarter,
        "number": (quarter.month + 2) // 3,
        "due": oversight.is_due(request.user),
        "decided": ReviewedGrant.objects.filter(quarter=quarter).count(),
        "reviews": GrantReview.objects.select_related("by").order_by("-quarter", "-pk")[:8],
        "refused": error.messages if error is not None else [],
    }
    return render(request, "accounts/review.html", context, status=422 if error is not None else 200)


@needs_proof
@require_POST
def review_close(request: AuthenticatedRequest) -> HttpResponse:
    """Close this quarter's review."""
    with refusals_told(request):
        closed = oversight.close(actor=request.user, address=audit.address_of(request))
        counts = {"kept": closed.kept, "ended": closed.ended, "in_use": closed.in_use}
        messages.success(request, _("The review is closed: %(kept)d kept, %(ended)d ended, %(in_use)d in use stay.") % counts)
    return redirect("accounts:review")


@require_safe
def grants_ending(request: AuthenticatedRequest) -> HttpResponse:
    """List the grants that one could extend and that end within 14 days."""
    if not access.may(request.user, Act.GIVE_GRANTS):
        raise PermissionDenied
    grants = Grant.objects.ending(clock.today()).filter(access.grants_given_by(request.user), user__is_active=True)
    shown = grants.select_related("user", "region", "work_unit", "branch")[:ENDING_SHOWN]
    return render(request, "accounts/grants_ending.html", {"grants": shown, "counted": Counted.capped(grants)})


@needs_proof
@require_POST
def grant_extend(request: AuthenticatedRequest, grant_id: UUID) -> HttpResponse:
    """Let a grant hold on."""
    grant = get_object_or_404(Grant.objects.select_related("user"), public_id=grant_id, user__in=User.objects.visible_to(request.user))
    with refusals_told(request):
        extended = services.extend_grant(actor=request.user, grant=grant, address=audit.address_of(request))
        messages.success(request, _("%(name)s: extended until %(day)s.") % {"name": grant.user, "day": extended.last_day})
    if request.POST.get("from") == "ending":
        return redirect("accounts:grants_ending")
    return redirect("accounts:user_detail", grant.user.public_id)


@needs_proof
@require_POST
def reset_ask(request: AuthenticatedRequest, user_id: UUID) -> HttpResponse:
    """Ask for the reset of an officer's account, which another officer confirms."""
    user = get_object_or_404(User.objects.visible_to(request.user), public_id=user_id)
    sent = request.POST
    with refusals_told(request):
        resets.ask(actor=request.user, user=user, what=sent.get("what", ""), reason=sent.get("reason", ""), address=audit.address_of(request))
        messages.success(request, _("The security officers and auditors are asked to confirm it."))
    return redirect("accounts:user_detail", user.public_id)


@require_safe
@never_cache
def reset_list(request: AuthenticatedRequest) -> HttpResponse:
    """List the resets that wait for a second person."""
    if not access.may(request.user, Act.CONFIRM_RESETS):
        raise PermissionDenied
    return render(request, "accounts/reset_list.html", {"resets": resets.to_confirm(request.user)})


@needs_proof
@require_POST
def reset_answer(request: AuthenticatedRequest, reset_id: UUID) -> HttpResponse:
    """Confirm a reset, or refuse it."""
    if not access.may(request.user, Act.CONFIRM_RESETS):
        raise PermissionDenied
    reset = get_object_or_404(Reset, public_id=reset_id)
    agrees = request.POST.get("answer") == "confirm"
    try:
        resets.answer(actor=request.user, reset=reset, agrees=agrees, address=audit.address_of(request))
    except Conflict as conflict:
        messages.error(request, str(conflict.message))
    else:
        messages.success(request, _("The reset is confirmed.") if agrees else _("The reset is refused."))
    return redirect("accounts:reset_list")


@dataclass(frozen=True)
class _Row:
    """A grant to decide on, with what was typed about it, where the form comes back."""

    grant: Grant
    decision: str
    reason: str


def _typed(request: AuthenticatedRequest, grant: Grant) -> tuple[str, str]:
    return request.POST.get(f"decide-{grant.public_id}", ""), request.POST.get(f"reason-{grant.public_id}", "")


def _decisions(request: AuthenticatedRequest) -> list[oversight.Decision]:
    chosen = {name.removeprefix("decide-"): value for name, value in request.POST.items() if name.startswith("decide-") and value in {"keep", "end"}}
    by_name = {str(grant.public_id): grant for grant in Grant.objects.filter(public_id__in=[each for each in chosen if _is_id(each)]).select_related("user")}
    return [oversight.Decision(grant, chosen[name] == "keep", request.POST.get(f"reason-{name}", "").strip()) for name, grant in by_name.items()]


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
