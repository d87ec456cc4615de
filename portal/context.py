"""What the frame of every page needs to know: see docs/look.md."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import chain
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from branches import access
from branches.access import Act
from portal.registers import REGISTERS


@dataclass(frozen=True, slots=True)
class NavEntry:
    """A link of the navigation; `current` when the page shown belongs to it."""

    label: str | Promise
    href: str
    current: bool
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """An entry before it is known who reads.

    Attributes:
        own: the beginnings of the view names that belong to it.
        acts: one of them is needed, if there are any.
        of_a_person: for accounts that belong to somebody among the people.
    """

    label: str | Promise
    name: str
    own: tuple[str, ...]
    acts: frozenset[Act] = frozenset()
    icon: str = ""
    of_a_person: bool = False


_READING = (
    "activities:report_list",
    "activities:report_detail",
    "activities:report_receipt",
    "activities:period_detail",
    "activities:entry_detail",
    "activities:import_",
)

# Nobody is led to a page that turns them away.
SECTIONS: tuple[Section, ...] = (
    Section(_("To do"), "activities:today", ("activities:today", "activities:report_edit", "activities:period_edit"), frozenset({Act.FILE})),
    Section(_("Review"), "activities:review_list", ("activities:review_", "activities:on_behalf"), frozenset({Act.REVIEW})),
    Section(_("Dashboard"), "portal:dashboard", ("portal:dashboard", "portal:region_", "portal:unit_", "portal:branch_"), frozenset({Act.SEE_REPORTS})),
    Section(_("Daily reports"), "activities:report_list", _READING, frozenset({Act.SEE_REPORTS})),
    Section(
        _("Registers"),
        "portal:registers",
        ("portal:registers", *chain(*(each.own for each in REGISTERS))),
        frozenset(chain(*(each.acts for each in REGISTERS))),
    ),
    Section(_("Branches"), "branches:branch_list", ("branches:",), frozenset({Act.SEE_BRANCHES})),
    Section(_("People"), "members:person_list", ("members:",), frozenset({Act.SEE_PEOPLE})),
    Section(
        _("Users"),
        "accounts:user_list",
        ("accounts:user_", "accounts:grant_", "accounts:import", "accounts:code_print", "accounts:review"),
        frozenset({Act.KEEP_ACCOUNTS, Act.GIVE_GRANTS}),
    ),
    Section(_("Audit log"), "portal:audit_list", ("portal:audit_",), frozenset({Act.READ_AUDIT})),
    Section(_("Operations"), "portal:operations", ("portal:operations",), frozenset({Act.KEEP_MACHINE})),
)
# The same, for the menu of the account.
ACCOUNT: tuple[Section, ...] = (
    Section(
        _("My shifts"), "roster:own_shifts", ("roster:own_shifts", "roster:check_in", "roster:hand_over", "roster:swap_ask"), icon="clock", of_a_person=True
    ),
    Section(_("My contact points"), "contacts:own_list", ("contacts:own_list",), icon="stack", of_a_person=True),
    Section(_("Erased data"), "retention:certificate_list", ("retention:certificate_", "retention:hold_"), frozenset({Act.READ_CERTIFICATES}), "lock"),
    Section(
        _("Requests about data"),
        "retention:request_list",
        ("retention:request_",),
        frozenset({Act.ANSWER_REQUESTS, Act.KEEP_ACCOUNTS}),
        "stack",
    ),
    Section(_("My data"), "retention:mine", ("retention:mine",), icon="user"),
    Section(_("My account"), "accounts:profile", ("accounts:profile", "accounts:password_change"), icon="user"),
    Section(_("Sign-in and devices"), "accounts:security", ("accounts:security",), icon="lock"),
    Section(_("Resets to confirm"), "accounts:reset_list", ("accounts:reset_list",), frozenset({Act.CONFIRM_RESETS}), "lock"),
    Section(_("API"), "api-docs", ("api-docs",), frozenset({Act.SEE_REPORTS}), "stack"),
)
# On a telephone there is no bar: its menu leads to each register without a page between.
IN_THE_MENU: tuple[Section, ...] = tuple(Section(each.label, each.name, each.own, each.acts) for each in REGISTERS)


def shell(request: HttpRequest) -> dict[str, bool | list[NavEntry]]:
    """Return `nav`, `register_links` and `account_links` (empty before sign-in) and `demo` for `base.html`."""
    user: Any = getattr(request, "user", None)
    view_name = request.resolver_match.view_name if request.resolver_match else ""
    # Asked again and again for the same few.
    may = cache(partial(access.may, user))

    def entries(sections: Sequence[Section]) -> list[NavEntry]:
        found: list[NavEntry] = []
        if user is None or not user.is_authenticated:
            return found
        for each in sections:
            if each.acts and not any(map(may, each.acts)):
                continue
            if each.of_a_person and user.person_id is None:
                continue
            # A deployment may leave a section out, for example the API docs.
            with suppress(NoReverseMatch):
                found.append(NavEntry(each.label, _address(each.name, get_script_prefix()), view_name.startswith(each.own), each.icon))
        return found

    return {"nav": entries(SECTIONS), "register_links": entries(IN_THE_MENU), "account_links": entries(ACCOUNT), "demo": settings.DEMO}


@lru_cache(maxsize=256)
def _address(name: str, _prefix: str) -> str:
    """Return the address of a page, in a portal that lies under a prefix; `reverse` reads it too, by itself."""
    return reverse(name)
