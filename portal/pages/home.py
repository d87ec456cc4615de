"""The first page after signing in: where each role's question is answered."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from branches.access import Role
from portal.accounts.models import User

# The first role that somebody holds decides: who has to file today comes before who reads.
PAGES: tuple[tuple[frozenset[Role], str], ...] = (
    (frozenset({Role.ORGANISER}), "activities:today"),
    (frozenset({Role.REVIEWER}), "activities:review_list"),
    (frozenset({Role.OFFICIAL, Role.LIAISON, Role.COMMUNITY, Role.SHIFT_LEADER, Role.CLIENT}), "portal:dashboard"),
    (frozenset({Role.ADMINISTRATOR, Role.SECURITY, Role.SYSTEM}), "accounts:user_list"),
    (frozenset({Role.AUDITOR}), "portal:audit_list"),
)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Send whoever signed in to the page that answers their question; without any grant, say whom to ask."""
    if page := page_for(request.user):
        return redirect(page)
    person = getattr(request.user, "person", None)
    if person is not None:
        return redirect("members:person_detail", person.public_id)
    return render(request, "portal/home_without_grant.html")


def page_for(user: User | AnonymousUser) -> str:
    """Return the name of the page for a user's first role; empty when they hold none that has one."""
    held = {grant.role for grant in getattr(user, "current_grants", ())}
    return next((page for roles, page in PAGES if held & roles), "")
