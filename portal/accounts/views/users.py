"""The pages of those who keep accounts and give grants."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from knox.models import AuthToken

from branches import access
from branches.access import Act
from portal.accounts import factors, oversight, resets, services
from portal.accounts.forms import GrantForm, TokenForm, UserForm, UserWithGrantForm
from portal.accounts.http import AuthenticatedRequest
from portal.accounts.importing import Slip
from portal.accounts.models import Grant, User
from portal.foundation import audit, clock
from portal.foundation.paging import ByColumns, Counted, Turn
from portal.foundation.proof import needs_proof


def _require_any(actor: User, *acts: Act) -> None:
    if not any(access.may(actor, act) for act in acts):
        raise PermissionDenied


@require_safe
def user_list(request: AuthenticatedRequest) -> HttpResponse:
    """List the users in reach, with their grants."""
    _require_any(request.user, Act.KEEP_ACCOUNTS, Act.GIVE_GRANTS)
    words = request.GET.get("q", "").strip()[:100]
    live = Grant.objects.live(clock.today()).select_related("region", "work_unit", "branch").order_by("role", "pk")
    found = User.objects.visible_to(request.user).found_by(words).prefetch_related(Prefetch("grants", live, to_attr="live_grants"))
    page = ByColumns[User]("username", among=User.objects.visible_to(request.user)).page(Turn.read(request.GET), found)
    if words:
        audit.record(request.user, "user.searched", address=audit.address_of(request), shown=[str(user.public_id) for user in page.items])
    context = {
        "page": page,
        "counted": Counted.capped(found),
        "words": words,
        "can_add": _may_add(request.user),
        "can_extend": access.may(request.user, Act.GIVE_GRANTS),
        "can_review": access.may(request.user, Act.GIVE_ANY_ROLE),
        "review_due": oversight.is_due(request.user),
        "can_import": access.administers_regions(request.user),
    }
    return render(request, "accounts/user_list.html", context)


@needs_proof
@never_cache
@require_http_methods(["GET", "POST"])
def user_add(request: AuthenticatedRequest) -> HttpResponse:
    """Create a user: an administrator with a first grant, a keeper of accounts without."""
    if not _may_add(request.user):
        raise PermissionDenied
    form = UserForm(request.POST or None) if access.may(request.user, Act.KEEP_ACCOUNTS) else UserWithGrantForm(request.POST or None, giver=request.user)
    if form.is_valid() and (created := _create(request, form)):
        user, issued = created
        return _printed(request, [issued]) if issued else redirect("accounts:user_detail", user.public_id)
    suggestions = form.suggestions() if isinstance(form, GrantForm) else []
    return render(request, "accounts/user_add.html", {"form": form, "suggestions": suggestions}, status=422 if form.is_bound else 200)


@require_safe
def user_detail(request: AuthenticatedRequest, user_id: UUID) -> HttpResponse:
    """Show a user, their grants and tokens, and what may be done about them."""
    user = _user(request, user_id)
    grants = list(
        user.grants.filter(access.grants_seen(request.user))
        .select_related("region", "work_unit", "branch", "given_by", "revoked_by")
        .order_by("revoked_at", "role", "pk")
    )
    revocable = set(user.grants.filter(access.grants_given_by(request.user), revoked_at=None).values_list("pk", flat=True))
    kept = User.objects.kept_by(request.user).filter(pk=user.pk).exists()
    now, today = clock.now(), clock.today()
    context = {
        "account": user,
        "live": [(grant, grant.pk in revocable) for grant in grants if _is_live(grant, today)],
        "past": [grant for grant in grants if not _is_live(grant, today)],
        "tokens": AuthToken.objects.filter(user=user, expiry__gt=now).order_by("created") if user.is_machine else [],
        "token_form": TokenForm(),
        "code": user.activation_codes.filter(used_at=None, expires_at__gt=now).first(),
        "can_keep": kept,
        "second_person": kept and resets.needs_second_person(user),
        "resets": resets.open_resets().filter(account=user).select_related("asked_by", "confirmed_by") if kept else [],
        "can_give": user.pk != request.user.pk and access.may(request.user, Act.GIVE_ANY_ROLE if user.is_machine else Act.GIVE_GRANTS),
    }
    return render(request, "accounts/user_detail.html", context)


@needs_proof
@require_POST
@never_cache
def user_reset(request: AuthenticatedRequest, user_id: UUID) -> HttpResponse:
    """Take a user's password away and print a new activation code."""
    user = _user(request, user_id)
    try:
        issued = services.reset_password(actor=request.user, user=user, address=audit.address_of(request))
    except ValidationError as error:
        return _refused(request, user, error)
    return _printed(request, [issued])


@needs_proof
@require_POST
def factor_reset(request: AuthenticatedRequest, user_id: UUID) -> HttpResponse:
    """Take the second factor of somebody away who lost telephone and codes."""
    user = _user(request, user_id)
    try:
        factors.reset(actor=request.user, user=user, address=audit.address_of(request))
    except ValidationError as error:
        return _refused(request, user, error)
    messages.success(request, _("The second factor is taken away. At the next sign-in a new one is set up; the password stays."))
    return redirect("accounts:user_detail", user.public_id)


@require_POST
def user_set_active(request: AuthenticatedRequest, user_id: UUID) -> HttpResponse:
    """Close an account or open it again."""
    user = _user(request, user_id)
    services.set_active(actor=request.user, user=user, active=_opens(request), address=audit.address_of(request))
    return redirect("accounts:user_detail", user.public_id)


def _opens(request: HttpRequest) -> bool:
    return request.POST.get("active") == "1"


needs_proof(user_set_active, spared=lambda request: not _opens(request))


@needs_proof
@require_http_methods(["GET", "POST"])
def grant_add(request: AuthenticatedRequest, user_id: UUID) -> HttpResponse:
    """Give a user a grant."""
    user = _user(request, user_id)
    _require_any(request.user, Act.GIVE_GRANTS)
    if user.pk == request.user.pk:
        raise PermissionDenied
    form = GrantForm(request.POST or None, giver=request.user, is_machine=user.is_machine)
    if form.is_valid():
        try:
            services.give_grant(actor=request.user, user=user, terms=form.terms(), address=audit.address_of(request))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The grant is given. It works from the next page on."))
            return redirect("accounts:user_detail", user.public_id)
    context = {"form": form, "account": user, "suggestions": form.suggestions()}
    return render(request, "accounts/grant_add.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "POST"])
def grant_revoke(request: AuthenticatedRequest, grant_id: UUID) -> HttpResponse:
    """Take a grant back, after asking."""
    grant = get_object_or_404(Grant.objects.select_related("user", "region", "work_unit", "branch"), public_id=grant_id, user__in=_visible(request))
    if not _may_revoke(request.user, grant):
        raise PermissionDenied
    if request.method == "POST":
        services.revoke_grant(actor=request.user, grant=grant, address=audit.address_of(request))
        messages.success(request, _("The grant is taken back. It has stopped working."))
        return (
            redirect("accounts:user_list")
            if not _visible(request).filter(pk=grant.user_id).exists()
            else redirect("accounts:user_detail", grant.user.public_id)
        )
    return render(request, "accounts/grant_revoke.html", {"grant": grant, "account": grant.user})


@needs_proof
@require_POST
@never_cache
def token_add(request: AuthenticatedRequest, user_id: UUID) -> HttpResponse:
    """Issue a token for another system and show it once."""
    user = _user(request, user_id)
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _refused(request, user, ValidationError(_("Choose how long the token holds.")))
    try:
        issued = services.issue_token(actor=request.user, user=user, days=form.cleaned_data["days"], address=audit.address_of(request))
    except ValidationError as error:
        return _refused(request, user, error)
    return render(request, "accounts/token_issued.html", {"issued": issued, "account": user})


@require_POST
def token_revoke(request: AuthenticatedRequest, user_id: UUID) -> HttpResponse:
    """Take a token back."""
    user = _user(request, user_id)
    services.revoke_token(actor=request.user, user=user, key=request.POST.get("token", ""), address=audit.address_of(request))
    messages.success(request, _("The token is taken back. It has stopped working."))
    return redirect("accounts:user_detail", user.public_id)


def _visible(request: AuthenticatedRequest) -> Any:
    return User.objects.visible_to(request.user)


def _user(request: AuthenticatedRequest, user_id: UUID) -> User:
    user: User = get_object_or_404(_visible(request), public_id=user_id)
    return user


def _may_add(actor: User) -> bool:
    return access.may(actor, Act.KEEP_ACCOUNTS) or access.may(actor, Act.ADMINISTER)


def _may_revoke(actor: User, grant: Grant) -> bool:
    return grant.revoked_at is None and access.may_give(actor, grant, own=grant.user_id == actor.pk)


def _is_live(grant: Grant, today: Any) -> bool:
    return grant.revoked_at is None and (grant.during.upper is None or grant.during.upper > today)


def _create(request: AuthenticatedRequest, form: UserForm | UserWithGrantForm) -> tuple[User, services.IssuedCode | None] | None:
    data = form.cleaned_data
    terms = form.terms() if isinstance(form, UserWithGrantForm) else None
    try:
        return services.create_user(
            actor=request.user,
            username=data["username"],
            name=data["name"],
            is_machine=data.get("is_machine", False),
            terms=terms,
            address=audit.address_of(request),
        )
    except ValidationError as error:
        form.add_error(None, error)
        return None


def _refused(request: AuthenticatedRequest, user: User, error: ValidationError) -> HttpResponse:
    messages.error(request, " ".join(error.messages))
    return redirect("accounts:user_detail", user.public_id)


def _printed(request: AuthenticatedRequest, issued: list[services.IssuedCode]) -> HttpResponse:
    return render(request, "accounts/codes_print.html", {"slips": [Slip(None, each) for each in issued]})
