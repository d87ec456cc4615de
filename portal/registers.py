"""The registers of the portal: where each begins, and what of it waits for somebody.

One statement counts what waits, for the registers that a reader may see; each number stops at 1,000.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import F, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.filters_contacts import LONG
from activities.models import ContactPoint, InspectionPoint, Need, Suggestion, Survey
from branches import access
from branches.access import Act
from members.models import PioneerPost, Shift, Squad
from portal.accounts.models import User
from portal.foundation import clock
from portal.foundation.paging import CappedCount, count_text


@dataclass(frozen=True)
class Waiting:
    """Something of a register that waits: `seen_by` gives the rows that an account sees, `query` opens them in the register's list."""

    label: str | Promise
    seen_by: Callable[[User], "QuerySet[Any, Any]"]
    query: tuple[tuple[str, str], ...] = ()
    urgent: bool = False


@dataclass(frozen=True)
class Register:
    """A register: the name of its first page, the beginnings of the names of all its pages, and the acts of which one opens it."""

    label: str | Promise
    about: str | Promise
    name: str
    own: tuple[str, ...]
    acts: frozenset[Act]
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True)
class Number:
    """How much of something waits, as a page shows it; `total` is a lower bound from 1,001 on."""

    label: str | Promise
    total: int
    href: str
    urgent: bool

    @property
    def text(self) -> str:
        """The number, or `1,000+`."""
        return count_text(self.total)


def _short(user: User) -> "QuerySet[Any, Any]":
    found: QuerySet[Any, Any] = Shift.objects.visible_to(user).short_soon(clock.now())
    return found


def _free(user: User) -> "QuerySet[Any, Any]":
    return PioneerPost.objects.visible_to(user).on(clock.today()).with_holders(clock.today()).filter(held__lt=F("places"))


def _unvisited(user: User) -> "QuerySet[Any, Any]":
    found: QuerySet[Any, Any] = ContactPoint.objects.visible_to(user).with_visits().unvisited(clock.today() - LONG)
    return found


REGISTERS: Final[tuple[Register, ...]] = (
    Register(
        _("Needs"),
        _("What residents ask for, resolved one by one, called back"),
        "activities:need_list",
        ("activities:need_",),
        frozenset({Act.SEE_REPORTS}),
        (
            Waiting(_("to be resolved"), lambda user: Need.objects.visible_to(user).unresolved()),
            Waiting(_("overdue"), lambda user: Need.objects.visible_to(user).overdue(clock.now()), (("state", "overdue"),), urgent=True),
        ),
    ),
    Register(
        _("Roster"),
        _("Posts and shifts, check-in, hand-over, hours"),
        "roster:shift_list",
        ("roster:shift", "roster:roster", "roster:post", "roster:time_off", "roster:hours", "roster:on_site"),
        frozenset({Act.SEE_ROSTER}),
        (Waiting(_("shifts short of people in the next 24 hours"), _short, urgent=True),),
    ),
    Register(
        _("Squads"),
        _("Who is in which squad, who leads it, and which grids it covers"),
        "squads:squad_list",
        ("squads:squad", "squads:coverage", "squads:grid", "squads:member"),
        frozenset({Act.SEE_BRANCHES}),
        (Waiting(_("at work today"), lambda user: Squad.objects.visible_to(user).on(clock.today())),),
    ),
    Register(
        _("Pioneer posts"),
        _("Duties that Party members claim and release"),
        "squads:post_list",
        ("squads:post", "squads:claim"),
        frozenset({Act.SEE_BRANCHES}),
        (Waiting(_("with a place free"), _free, (("state", "free"),)),),
    ),
    Register(
        _("Inspections"),
        _("Who inspected, what is to be mended by when, looked at again"),
        "inspections:point_list",
        ("inspections:",),
        frozenset({Act.SEE_REPORTS}),
        (
            Waiting(
                pgettext_lazy("how many points", "to be mended"),
                lambda user: InspectionPoint.objects.visible_to(user).filter(state=InspectionPoint.State.OPEN),
                (("state", "open"),),
            ),
            Waiting(
                pgettext_lazy("how many points", "overdue"),
                lambda user: InspectionPoint.objects.visible_to(user).overdue(clock.today()),
                (("state", "overdue"),),
                urgent=True,
            ),
            Waiting(
                pgettext_lazy("how many points", "to be checked"),
                lambda user: InspectionPoint.objects.visible_to(user).filter(state=InspectionPoint.State.MENDED),
                (("state", "mended"),),
            ),
        ),
    ),
    Register(
        _("Contact points"),
        _("Sites for which a leader answers, visits, and what was found there"),
        "contacts:contact_list",
        ("contacts:contact_", "contacts:leader_", "contacts:visit_"),
        frozenset({Act.SEE_CONTACT_POINTS}),
        (
            Waiting(pgettext_lazy("how many sites", "answered for"), lambda user: ContactPoint.objects.visible_to(user).open(), (("state", "open"),)),
            Waiting(_("not visited for 7 days"), _unvisited, (("state", "unvisited"),), urgent=True),
        ),
    ),
    Register(
        _("Surveys"),
        _("Forms for residents, by link, by code and on paper"),
        "surveys:survey_list",
        ("surveys:",),
        frozenset({Act.SEE_REPORTS}),
        (Waiting(_("open now"), lambda user: Survey.objects.visible_to(user).in_state("open", clock.today()), (("state", "open"),)),),
    ),
    Register(
        _("Suggestions"),
        _("What only a higher level can settle, passed upward and answered there"),
        "suggestions:suggestion_list",
        ("suggestions:",),
        frozenset({Act.SEE_REPORTS}),
        (
            Waiting(_("to be answered"), lambda user: Suggestion.objects.visible_to(user).filter(state="passed"), (("state", "passed"),)),
            Waiting(_("of these for you to answer"), lambda user: Suggestion.objects.answered_by(user), (("state", "to_answer"),), urgent=True),
        ),
    ),
)


def opened_by(user: User) -> list[Register]:
    """Return the registers that an account may open."""
    return [register for register in REGISTERS if any(access.may(user, act) for act in register.acts)]


def numbers_of(user: User, registers: Iterable[Register]) -> list[tuple[Register, list[Number]]]:
    """Return each register with what waits in it for an account to see; one query."""
    held = list(registers)
    columns = [CappedCount(waiting.seen_by(user)) for register in held for waiting in register.waiting]
    totals = iter(User.objects.filter(pk=user.pk).values_list(*columns).get() if columns else ())
    return [(register, [_number(register, waiting, next(totals)) for waiting in register.waiting]) for register in held]


def _number(register: Register, waiting: Waiting, total: int) -> Number:
    query = f"?{urlencode(waiting.query)}" if waiting.query else ""
    return Number(waiting.label, total, reverse(register.name) + query, waiting.urgent and total > 0)
