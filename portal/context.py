"""What the frame of every page needs to know: see docs/look.md."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from branches import access
from branches.access import Act


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A link of the navigation; `current` when the page shown belongs to it."""

    label: str | Promise
    href: str
    current: bool


# Label, URL name, and the beginnings of the view names that belong to the entry.
SECTIONS: tuple[tuple[str | Promise, str, tuple[str, ...]], ...] = (
    (_("Dashboard"), "portal:dashboard", ("portal:dashboard",)),
    (_("Daily reports"), "activities:report_list", ("activities:",)),
    (_("Branches"), "branches:branch_list", ("branches:",)),
    (_("People"), "members:person_list", ("members:",)),
    (_("API"), "api-docs", ("api-docs",)),
)
# The same, for the menu of the account, with the acts of which one is needed.
ACCOUNT: tuple[tuple[tuple[str | Promise, str, tuple[str, ...]], frozenset[Act]], ...] = (
    ((_("My account"), "accounts:profile", ("accounts:profile", "accounts:password_change")), frozenset()),
    (
        (_("Users"), "accounts:user_list", ("accounts:user_", "accounts:grant_", "accounts:import", "accounts:code_print")),
        frozenset({Act.KEEP_ACCOUNTS, Act.GIVE_GRANTS}),
    ),
    ((_("Audit log"), "portal:audit_list", ("portal:audit_list",)), frozenset({Act.READ_AUDIT})),
)


def shell(request: HttpRequest) -> dict[str, bool | list[NavEntry]]:
    """Return `nav` and `account_links` (empty before sign-in) and `demo` for `base.html`."""
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    view_name = request.resolver_match.view_name if request.resolver_match else ""
    own = [entry for entry, acts in ACCOUNT if signed_in and (not acts or any(access.may(user, act) for act in acts))]
    return {"nav": _entries(SECTIONS, view_name) if signed_in else [], "account_links": _entries(own, view_name), "demo": settings.DEMO}


def _entries(sections: Sequence[tuple[str | Promise, str, tuple[str, ...]]], view_name: str) -> list[NavEntry]:
    entries = []
    for label, name, own in sections:
        try:
            href = reverse(name)
        except NoReverseMatch:  # a deployment may leave a section out, for example the API docs
            continue
        entries.append(NavEntry(label, href, view_name.startswith(own)))
    return entries
