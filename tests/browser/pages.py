"""Every page and every state of it that a person can meet, with who may open it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from inspect import ismethod
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from branches.access import Role
from portal.ending.checklist import STEPS
from tests.browser.world import LOCKED, NOBODY, PAST_SECOND_STEP, World, workbook
from tests.factories import PASSWORD

READERS: Final = ("organiser", "community", "shift_leader", "reviewer", "official", "liaison", "client")
SEERS: Final = (*READERS, "administrator", "member")
PEOPLE_SEERS: Final = ("organiser", "shift_leader", "reviewer", "official", "liaison", "client", "administrator")
ROSTER_SEERS: Final = ("organiser", "shift_leader", "reviewer", "official", "liaison", "client")
REGIONAL: Final = ("official", "reviewer", "community", "client")
KEEPERS: Final = ("administrator", "organiser")
ACCOUNT_SEERS: Final = ("administrator", "system", "security")
EVERYBODY: Final = tuple(role.value for role in Role)
VISITOR: Final = ""  # not signed in


@dataclass(frozen=True)
class Shown:
    """A page in one state.

    `address` says where it is; `fills` what is typed into its form (found by `form`) and sent; `uploads` a workbook chosen before. `by` are the roles
    that see it so, the empty one whoever is not signed in. `template` is a page without an address, answered in place of one.
    """

    name: str
    state: str
    address: Callable[[World], str]
    by: tuple[str, ...]
    status: int = 200
    fills: Callable[[World], dict[str, str]] | None = None
    form: str = "main form[method=post]"
    uploads: Callable[[World], bytes] | None = None
    template: str = ""
    # Answers POST alone: sent from the page of the own account.
    posts_alone: bool = False
    # Done in the browser before looking: a selector to click.
    click: str = ""

    @property
    def title(self) -> str:
        """The name of the test."""
        return f"{self.name} {self.state}".strip()


def at(name: str, *steps: str, query: str = "") -> Callable[[World], str]:
    """Return where a page is: `steps` lead from the world to the arguments, as in `branches.main.public_id`."""

    def address(world: World) -> str:
        return reverse(name, args=[_walk(world, each) for each in steps]) + query.format(world=world)

    return address


def _walk(world: World, steps: str) -> Any:
    if steps[0].isdigit():
        return date.fromisoformat(steps)
    found: Any = world
    for step in steps.split("."):
        found = found[step] if isinstance(found, dict) else getattr(found, step)
        found = found() if ismethod(found) else found
    return found


def typed(**fields: str) -> Callable[[World], dict[str, str]]:
    """Return what is typed, whatever the world."""
    return lambda world: fields


def page(name: str, *steps: str, by: tuple[str, ...], state: str = "", query: str = "", **rest: Any) -> Shown:
    """Name a page by its URL name, the way to its arguments and its state."""
    return Shown(name, state, at(name, *steps, query=query), by, **rest)


def refused(name: str, *steps: str, by: tuple[str, ...], state: str, status: int = 422, **rest: Any) -> Shown:
    """Name a page with a form that was sent and not taken."""
    return page(name, *steps, by=by, state=state, status=status, **rest)


def plain(template: str, status: int) -> Shown:
    """Name a page that answers in place of another one."""
    return Shown("", template, lambda world: "/", (VISITOR,), status=status, template=template)


_MAIN, _LONG, _IDLE, _SILENT = (f"branches.{key}.public_id" for key in ("main", "long", "idle", "silent"))
_NORTH: Final = "regions.north.public_id"
_TO_FREEZE: Final = "?branch={world.branches[main].public_id}&from=2020-03-01&to=2020-03-06&metric=vehicles"
_CLERK, _MACHINE = "users.long-clerk.public_id", "users.machine.public_id"
_YESTERDAY, _TODAY = "2020-03-05", "2020-03-06"
_ACTION_ROW = "form[action$='/{}/']"
_POINTS: Final = ("overdue", "mended", "checked")
_SURVEYS: Final = ("open", "closed", "draft", "empty")
ORGANISER, REVIEWER, ADMINISTRATOR = ("organiser",), ("reviewer",), ("administrator",)
LONG_CLERK, SILENT_CLERK, IDLE_CLERK = ("long-clerk",), ("silent-clerk",), ("idle-clerk",)
NOT_THERE: Final = UUID(int=7)
PAGES: Final[tuple[Shown, ...]] = (
    # Signing in, and the own account.
    page("accounts:sign_in", by=(VISITOR,)),
    refused("accounts:sign_in", by=(VISITOR,), state="wrong password", fills=typed(username="nobody", password="wrong")),
    refused("accounts:sign_in", by=(VISITOR,), state="locked out", status=429, fills=typed(username=LOCKED, password="wrong")),
    refused("accounts:sign_in", by=(VISITOR,), state="too large", status=413, fills=typed(username="a" * 6_000_000, password="wrong")),
    page("accounts:activate", by=(VISITOR,)),
    refused("accounts:activate", by=(VISITOR,), state="wrong", fills=typed(code="AAAA-BBBB-CCCC", password="123", repeated="1234")),
    page("accounts:password_change", by=("organiser", "first")),
    refused("accounts:password_change", by=("organiser",), state="wrong", fills=typed(present="wrong", password="123", repeated="1234")),
    page("accounts:profile", by=EVERYBODY),
    page("accounts:security", by=("organiser", "system")),
    page("accounts:sign_in", by=(VISITOR,), query="?next=/&ended=idle", state="idle for long"),
    page("accounts:second_enrol", by=("organiser",)),
    refused("accounts:second_enrol", by=("organiser",), state="wrong", fills=typed(code="000000")),
    page("accounts:second_step", by=("with-factor",)),
    refused("accounts:second_step", by=("with-factor",), state="wrong", fills=typed(code="000000")),
    page("accounts:prove", by=("organiser",)),
    refused("accounts:prove", by=("organiser",), state="wrong", fills=typed(proof_of_me="wrong")),
    page(
        "accounts:prove",
        by=("official",),
        state="for a file",
        query="?next=/reports/needs/export.csv&back=/",
        fills=typed(proof_of_me=PASSWORD),
    ),
    page("accounts:recovery_renew", by=(PAST_SECOND_STEP,), posts_alone=True, fills=typed()),
    page("accounts:review", by=("security",)),
    page("accounts:review", by=("security",), query="?show=all", state="all"),
    page("accounts:grants_ending", by=("administrator", "security")),
    page("accounts:reset_list", by=("security", "auditor")),
    page("accounts:user_detail", "users.auditor.public_id", by=("system",), state="officer"),
    page("portal:home", by=(NOBODY,), state="without a grant"),
    # Figures.
    page("portal:dashboard", by=("several",), state="several scopes"),
    page("portal:dashboard", by=(NOBODY,), state="forbidden", status=403),
    page("portal:region_dashboard", "regions.community.public_id", by=REGIONAL),
    page("portal:region_dashboard", "regions.north.public_id", by=("official",), query="?from=2020-03-01&to=2020-03-06", state="a span"),
    page("portal:region_dashboard", "regions.empty.public_id", by=("several",), state="empty"),
    page("portal:region_dashboard", "regions.north.public_id", by=("official",), query="?from=2020-02-30&to=x", state="impossible days", status=400),
    page("portal:unit_dashboard", "units.group.public_id", by=("liaison",)),
    page("portal:unit_dashboard", "units.idle.public_id", by=("several",), state="empty"),
    page("portal:branch_dashboard", _MAIN, by=READERS, query="?from=2020-03-05&to=2020-03-05"),
    page("portal:branch_dashboard", _LONG, by=("official",), query="?from=2020-03-05&to=2020-03-05", state="long name, huge figure"),
    page("portal:branch_dashboard", _IDLE, by=("official",), state="nothing reported"),
    page("portal:duty_phone", "people.silent.public_id", by=("reviewer", "official"), fills=typed(), posts_alone=True),
    page("portal:records", by=READERS, query="?branch={world.branches[main].public_id}&from=2020-03-01&to=2020-03-06"),
    page("portal:records", by=("liaison",), query="?unit={world.units[group].public_id}&of=shifts&from=2020-03-01&to=2020-03-06", state="shifts"),
    page("portal:records", by=("official",), query="?branch={world.branches[idle].public_id}&from=2020-03-01&to=2020-03-06", state="empty"),
    page("portal:records", by=("official",), query="?branch={world.branches[main].public_id}&from=2020-02-30&to=x", state="impossible days", status=400),
    page("portal:as_of", "kinds.branch", _MAIN, by=READERS, query="?from=2020-03-01&to=2020-03-06&known=2020-03-05T12:00"),
    page("portal:as_of", "kinds.branch", _MAIN, by=("official",), query="?from=2020-03-01&to=2020-03-06", state="no moment chosen"),
    page("portal:as_of", "kinds.branch", _IDLE, by=("official",), query="?from=2020-03-01&to=2020-03-06&known=2020-03-05T12:00", state="nothing reported"),
    page("portal:as_of", "kinds.branch", _MAIN, by=("official",), query="?from=x&to=&known=2099-01-01T00:00", state="impossible days", status=400),
    page("portal:as_of", "kinds.region", _NORTH, by=("official",), query="?from=2020-03-01&to=2020-03-06&known=2020-03-05T12:00", state="counted"),
    page("portal:as_of", "kinds.region", _NORTH, by=("official",), query="?from=2020-03-01&to=2020-03-06&known=2020-03-05T13:00", state="being counted"),
    page("portal:as_of", "kinds.region", _NORTH, by=("official",), query="?from=2020-03-01&to=2020-03-06&known=2020-03-05T14:00", state="on request"),
    page("portal:as_of", "kinds.region", _NORTH, by=("official",), query="?from=2020-03-01&to=2020-03-06&known=2020-03-05T15:00", state="failed"),
    page("portal:frozen_list", by=READERS),
    page("portal:frozen_list", by=("nothing-due",), state="empty"),
    page("portal:frozen_list", by=(NOBODY,), state="forbidden", status=403),
    page("portal:frozen_new", by=("official", "reviewer", "liaison"), query=_TO_FREEZE),
    refused("portal:frozen_new", by=("official",), query=_TO_FREEZE, state="without a purpose", fills=typed(purpose=" ")),
    page("portal:frozen_detail", "things.frozen.public_id", by=("official",)),
    page("portal:frozen_detail", "things.frozen_branch.public_id", by=READERS, state="no row differs"),
    page("portal:registers", by=("organiser", "official", "community")),
    page("portal:search", by=EVERYBODY),
    page("portal:search", by=SEERS, query="?q=临时党支部", state="found"),
    page("portal:search", by=("organiser",), query="?q=没有这个地方", state="nothing found"),
    page("portal:search", by=("organiser",), query="?q=zjd%00sq&what=branches", state="damaged", status=422),
    # Reports.
    page("activities:today", by=("organiser", "many")),
    page("activities:today", by=("official",), state="files for no branch"),
    page("activities:report_list", by=READERS),
    page("activities:report_list", by=ORGANISER, query="?since=2030-01-01&receipt=0000", state="nothing found"),
    page("activities:report_list", by=("nothing-due",), state="empty"),
    page("activities:report_detail", "reports.filed.report.public_id", by=READERS),
    page("activities:report_detail", "reports.returned.report.public_id", by=("organiser", "official", "reviewer"), state="returned"),
    page("activities:report_detail", "reports.called.report.public_id", by=SILENT_CLERK, state="filed on behalf"),
    page("activities:report_detail", "reports.huge.report.public_id", by=LONG_CLERK, state="long name, huge figure"),
    page("activities:period_detail", "reports.period.report.public_id", by=READERS),
    page("activities:report_receipt", "reports.filed.public_id", by=READERS),
    page("activities:report_receipt", "reports.huge.public_id", by=LONG_CLERK, state="long name, huge figure"),
    page("activities:entry_detail", "reports.filed.entries.first.public_id", by=READERS),
    page("activities:report_edit", _MAIN, _TODAY, by=ORGANISER),
    page("activities:report_edit", _LONG, _TODAY, by=LONG_CLERK, state="supplement"),
    page("activities:report_edit", _LONG, _YESTERDAY, by=LONG_CLERK, state="correction, huge figure"),
    page("activities:report_edit", _IDLE, _TODAY, by=IDLE_CLERK, state="no history"),
    page("activities:report_edit", _MAIN, "2020-03-04", by=ORGANISER, state="returned"),
    page("activities:report_edit", _MAIN, "2020-03-07", by=ORGANISER, state="not here yet", status=404),
    page("activities:report_edit", _MAIN, _TODAY, by=("official",), state="forbidden", status=403),
    page("activities:report_edit", _MAIN, _TODAY, by=ORGANISER, state="the rest are zero", fills=typed(action="zero")),
    refused("activities:report_edit", _MAIN, _TODAY, by=ORGANISER, state="bad figures", fills=typed(action="preview", v_vehicles="2OO", v_turned_back="-1")),
    refused("activities:report_edit", _LONG, _YESTERDAY, by=LONG_CLERK, state="correction without reason", fills=typed(action="preview", v_vehicles="7")),
    refused(
        "activities:report_edit",
        _LONG,
        "2020-03-03",
        by=LONG_CLERK,
        state="stale",
        status=409,
        fills=typed(action="file", base="1", v_vehicles="50", v_turned_back="9", reason="更正"),
    ),
    refused(
        "activities:report_edit",
        _MAIN,
        _TODAY,
        by=ORGANISER,
        state="old token",
        status=403,
        fills=typed(action="file", v_vehicles="7", csrfmiddlewaretoken="x" * 64),
    ),
    page(
        "activities:report_edit",
        _LONG,
        _TODAY,
        by=LONG_CLERK,
        state="preview",
        fills=typed(action="preview", v_vehicles="99999", v_goods_unloaded="1.5", u_goods_unloaded="t"),
    ),
    page("activities:on_behalf", _SILENT, _TODAY, by=REVIEWER),
    refused("activities:on_behalf", _SILENT, _TODAY, by=REVIEWER, state="nothing filled in", fills=typed(action="preview")),
    page("activities:period_edit", _MAIN, by=ORGANISER),
    refused("activities:period_edit", _MAIN, by=ORGANISER, state="wrong days", fills=typed(first_day="2020-03-05", last_day="2020-03-01", v_vehicles="x")),
    page("activities:review_list", by=REVIEWER),
    page("activities:review_list", by=REVIEWER, query="?day=2020-03-05", state="yesterday"),
    page("activities:review_list", by=REVIEWER, query="?day=2020-03-05", state="return form open", click="details > summary"),
    page("activities:review_list", by=("nothing-due",), state="nothing due"),
    refused(
        "activities:review_act",
        by=REVIEWER,
        state="returned without a note",
        posts_alone=True,
        fills=lambda world: {"act": "return", "version": str(world.reports["filed"].public_id), "note": "", "day": _YESTERDAY},
    ),
    page("activities:import_list", by=(*ORGANISER, *REVIEWER)),
    refused("activities:import_list", by=REVIEWER, state="nothing chosen", fills=typed()),
    *(
        page("activities:import_detail", f"things.import_{state}.public_id", by=ORGANISER, state=state)
        for state in ("reading", "checked", "refused", "filed", "failed")
    ),
    # Needs.
    page("activities:need_list", by=READERS),
    page("activities:need_list", by=ORGANISER, query="?state=", state="all"),
    page("activities:need_list", by=ORGANISER, query="?state=open&tick=all", state="all ticked"),
    page("activities:need_list", by=ORGANISER, query="?since=2030-01-01", state="nothing found"),
    page("activities:need_list", by=("nothing-due",), state="empty"),
    page("activities:need_record", by=("organiser", "shift_leader", "community")),
    refused("activities:need_record", by=ORGANISER, state="empty form", fills=typed(words="")),
    refused(
        "activities:need_record",
        by=ORGANISER,
        state="recorded already",
        status=409,
        fills=typed(category="medicine", words="降压药两盒", household="3栋2单元501"),
    ),
    page("activities:need_record", by=("official",), state="forbidden", status=403),
    page("activities:need_detail", "things.need_open.public_id", by=READERS),
    *(page("activities:need_detail", f"things.need_{state}.public_id", by=ORGANISER, state=state) for state in ("overdue", "handed_on", "resolved")),
    page("activities:need_detail", "things.need_handed_on.public_id", by=REVIEWER, state="handed on to the reader"),
    refused(
        "activities:need_act", "things.need_open.public_id", by=ORGANISER, state="without a result", posts_alone=True, fills=typed(act="resolve", seen="2")
    ),
    refused(
        "activities:need_act",
        "things.need_resolved.public_id",
        by=ORGANISER,
        state="resolved meanwhile",
        status=409,
        posts_alone=True,
        fills=typed(act="resolve", seen="1", result="药店没有这种药，正在找别的药店"),
    ),
    refused("activities:need_done", by=ORGANISER, state="nothing ticked", posts_alone=True, fills=typed(result="")),
    page("activities:need_code", "things.need_open.public_id", by=ORGANISER, posts_alone=True, fills=typed()),
    # Suggestions.
    page("suggestions:suggestion_list", by=READERS),
    page("suggestions:suggestion_list", by=REVIEWER, query="?state=", state="all"),
    page("suggestions:suggestion_list", by=ORGANISER, query="?since=2030-01-01", state="nothing found"),
    page("suggestions:suggestion_list", by=("nothing-due",), state="empty"),
    page("suggestions:suggestion_record", by=("organiser", "shift_leader", "community")),
    refused("suggestions:suggestion_record", by=ORGANISER, state="empty form", fills=typed(words="")),
    page("suggestions:suggestion_record", by=("official",), state="forbidden", status=403),
    page("suggestions:suggestion_detail", "things.suggestion_passed.public_id", by=READERS),
    *(page("suggestions:suggestion_detail", f"things.suggestion_{state}.public_id", by=ORGANISER, state=state) for state in ("open", "answered")),
    refused(
        "suggestions:suggestion_act",
        "things.suggestion_passed.public_id",
        by=REVIEWER,
        state="no answer",
        posts_alone=True,
        fills=typed(act="answer", seen="2"),
    ),
    refused(
        "suggestions:suggestion_act",
        "things.suggestion_answered.public_id",
        by=REVIEWER,
        state="answered meanwhile",
        status=409,
        posts_alone=True,
        fills=typed(act="answer", seen="2", answer="明日送到电暖器"),
    ),
    page("portal:follow", by=(VISITOR,)),
    refused("portal:follow", by=(VISITOR,), state="wrong code", fills=typed(code="AAAA-BBBB-CCCC")),
    page("portal:follow", by=("official",), state="resolved", fills=lambda world: {"code": world.things["code"]}),
    # Branches and people.
    page("branches:branch_list", by=SEERS),
    page("branches:branch_list", by=("official",), query="?q=没有这个支部", state="nothing found"),
    page("branches:branch_detail", _MAIN, by=SEERS),
    page("branches:branch_detail", _LONG, by=ADMINISTRATOR, state="long name"),
    page("branches:branch_detail", _IDLE, by=("official",), state="nobody in it"),
    *(page(f"branches:{name}", by=ADMINISTRATOR) for name in ("branch_add", "region_add", "work_unit_add")),
    *(refused(f"branches:{name}", by=ADMINISTRATOR, state="empty form", fills=typed()) for name in ("branch_add", "region_add", "work_unit_add")),
    *(page(f"branches:branch_{name}", _LONG, by=ADMINISTRATOR) for name in ("edit", "schedule", "move")),
    refused("branches:branch_edit", _LONG, by=ADMINISTRATOR, state="without a name", fills=typed(name="")),
    refused("branches:branch_schedule", _LONG, by=ADMINISTRATOR, state="impossible", fills=typed(from_day="2020-02-30", due_time="25:00")),
    page("branches:branch_end", _MAIN, by=KEEPERS),
    page("branches:branch_end", _LONG, by=ADMINISTRATOR, state="in preparation"),
    page("branches:branch_end", "branches.ended.public_id", by=ADMINISTRATOR, state="ended"),
    refused("branches:branch_end", _MAIN, by=ADMINISTRATOR, state="impossible day", fills=typed(last_day="2020-02-30")),
    *(page("branches:end_step", _LONG, f"things.step-{step}", by=ADMINISTRATOR, state=step) for step in STEPS),
    refused("branches:end_step", _LONG, "things.step-narrative", by=ADMINISTRATOR, state="without words", fills=typed(narrative="")),
    page("branches:end_reopen", "branches.ended.public_id", by=ADMINISTRATOR),
    refused("branches:end_reopen", "branches.ended.public_id", by=ADMINISTRATOR, state="without a reason", fills=typed(reason="")),
    refused(
        "members:member_add",
        "branches.ended.public_id",
        by=ADMINISTRATOR,
        state="closed",
        status=409,
        posts_alone=True,
        fills=typed(name="后来者", kind="member", from_day="2020-03-06"),
    ),
    page("branches:end_letter", "things.letter.public_id", by=ADMINISTRATOR),
    page("branches:branch_detail", "branches.ended.public_id", by=ADMINISTRATOR, state="ended"),
    page("members:person_list", by=PEOPLE_SEERS),
    page("members:person_list", by=("official",), query="?q=没有这个人", state="nothing found"),
    page("members:person_detail", "people.secretary.public_id", by=PEOPLE_SEERS),
    page("members:person_detail", "people.member.public_id", by=("member",), state="oneself"),
    page("members:service_record", "people.secretary.public_id", by=("organiser", "liaison")),
    page("members:service_record", "people.member.public_id", by=("member",), state="oneself"),
    page("members:service_record", "people.secretary.public_id", by=ORGANISER, query="?from=2020-03-05&to=2020-03-01", state="impossible days"),
    page("members:service_record", "people.secretary.public_id", by=("official",), state="forbidden", status=403),
    page("members:service_record_shifts", "people.secretary.public_id", by=ORGANISER),
    page("members:service_record_work", "people.secretary.public_id", by=ORGANISER),
    page("members:service_note_add", "people.secretary.public_id", by=ORGANISER),
    refused("members:service_note_add", "people.secretary.public_id", by=ORGANISER, state="without words", fills=typed(words="")),
    page("members:service_note_edit", "things.merit.public_id", by=ORGANISER),
    page("members:person_edit", "people.secretary.public_id", by=KEEPERS),
    refused("members:person_edit", "people.secretary.public_id", by=ADMINISTRATOR, state="without a name", fills=typed(name="", phone="x")),
    page("members:member_add", _MAIN, by=KEEPERS),
    refused("members:member_add", _MAIN, by=ADMINISTRATOR, state="empty form", fills=typed(name="")),
    page("members:officer_set", _MAIN, by=KEEPERS),
    refused("members:officer_set", _MAIN, by=ADMINISTRATOR, state="impossible day", fills=typed(from_day="2020-02-30", membership="")),
    page("members:membership_end", "people.member.memberships.first.public_id", by=KEEPERS),
    refused(
        "members:membership_end", "people.member.memberships.first.public_id", by=ADMINISTRATOR, state="impossible day", fills=typed(last_day="2020-02-30")
    ),
    # The roster.
    page("contacts:contact_list", by=(*READERS, "administrator")),
    page("contacts:contact_list", by=("official",), query="?state=unvisited", state="not visited"),
    page("contacts:contact_list", by=("official",), query="?state=x", state="impossible state", status=400),
    page("contacts:contact_list", by=("nothing-due",), state="empty"),
    page("contacts:own_list", by=("member", "organiser")),
    page("contacts:contact_detail", "things.contact.public_id", by=(*READERS, "administrator", "member")),
    page("contacts:contact_detail", "things.contact_closed.public_id", by=("official",), state="closed"),
    page("contacts:contact_new", by=("reviewer", "administrator")),
    refused("contacts:contact_new", by=("reviewer",), state="wrong", fills=typed(region="没有这个地方", name="", from_day="2020-02-30")),
    page("contacts:leader_set", "things.contact.public_id", by=("reviewer",)),
    refused("contacts:leader_set", "things.contact.public_id", by=("reviewer",), state="changed meanwhile", status=409, fills=typed(name="示例局长", seen="x")),
    refused("contacts:contact_close", "things.contact.public_id", by=("reviewer",), state="wrong", posts_alone=True, fills=typed(last_day="2020-02-30")),
    page("contacts:visit_record", "things.contact.public_id", by=("reviewer", "member")),
    refused("contacts:visit_record", "things.contact.public_id", by=("member",), state="wrong", fills=typed(found="", visited_day="2020-02-30")),
    page("contacts:contact_call", "things.contact.public_id", by=("reviewer", "official"), fills=typed(), posts_alone=True),
    page("inspections:point_detail", "things.contact_point.public_id", by=("organiser", "official"), state="found on a visit"),
    page("inspections:point_list", by=READERS),
    page("inspections:point_list", by=("official",), query="?state=", state="all"),
    page("inspections:point_list", by=("official",), query="?since=x", state="impossible day", status=400),
    page("inspections:point_list", by=("official",), query="?state=open&since=2030-01-01", state="nothing found"),
    page("inspections:point_list", by=("nothing-due",), state="empty"),
    page("inspections:inspection_list", by=READERS),
    page("inspections:inspection_list", by=("official",), query="?until=2010-01-01", state="nothing found"),
    page("inspections:inspection_list", by=("nothing-due",), state="empty"),
    page("inspections:inspection_new", by=("official", "reviewer", "many")),
    page("inspections:inspection_new", by=("official",), query="?q=没有这个支部", state="nothing found"),
    page("inspections:inspection_new", by=("shift_leader",), state="forbidden", status=403),
    page("inspections:inspection_record", _MAIN, by=("official", "organiser")),
    refused("inspections:inspection_record", _MAIN, by=("official",), state="wrong", fills=typed(business_date="2020-02-30", **{"p1-due_on": ""})),
    page("inspections:inspection_detail", "things.inspection.public_id", by=READERS),
    page("inspections:inspection_detail", "things.inspection_gone.public_id", by=("organiser", "official"), state="withdrawn"),
    refused(
        "inspections:inspection_withdraw", "things.inspection.public_id", by=("official",), state="without a reason", posts_alone=True, fills=typed(why="")
    ),
    page("inspections:point_detail", "things.point_open.public_id", by=READERS),
    *(page("inspections:point_detail", f"things.point_{state}.public_id", by=("organiser", "official"), state=state) for state in _POINTS),
    refused("inspections:point_act", "things.point_open.public_id", by=ORGANISER, state="without a word", posts_alone=True, fills=typed(act="mend", seen="1")),
    refused("inspections:file_add", "things.point_open.public_id", by=ORGANISER, state="nothing chosen", posts_alone=True, fills=typed(shows="found")),
    refused(
        "inspections:point_act",
        "things.point_checked.public_id",
        by=ORGANISER,
        state="checked meanwhile",
        status=409,
        posts_alone=True,
        fills=typed(act="mend", seen="1", note="警示牌已换"),
    ),
    page("surveys:survey_list", by=READERS),
    page("surveys:survey_list", by=("official",), query="?until=2010-01-01", state="nothing found"),
    page("surveys:survey_list", by=("official",), query="?since=x", state="impossible day", status=400),
    page("surveys:survey_list", by=("nothing-due",), state="empty"),
    page("surveys:survey_new", by=ORGANISER),
    refused("surveys:survey_new", by=ORGANISER, state="wrong", fills=typed(title="", last_day="2020-02-30")),
    *(page("surveys:survey_detail", f"things.survey_{state}.public_id", by=("organiser", "official"), state=state) for state in _SURVEYS),
    refused("surveys:question_add", "things.survey_draft.public_id", by=ORGANISER, state="wrong", posts_alone=True, fills=typed(kind="one", options="")),
    page("surveys:survey_edit", "things.survey_draft.public_id", by=ORGANISER),
    page("surveys:survey_edit", "things.survey_open.public_id", by=ORGANISER, state="open"),
    page("surveys:survey_poster", "things.survey_open.public_id", by=READERS),
    page("surveys:paper", "things.survey_open.public_id", by=ORGANISER),
    refused("surveys:paper", "things.survey_open.public_id", by=ORGANISER, state="empty form", fills=typed(answered_on="2020-02-30")),
    page("surveys:word_list", "things.survey_open.public_id", by=ORGANISER),
    page("surveys:word_list", "things.survey_closed.public_id", by=ORGANISER, state="empty"),
    page("surveys:answer_list", by=READERS),
    page("surveys:answer_list", by=("official",), query="?until=2010-01-01", state="nothing found"),
    page("surveys:answer_list", by=("nothing-due",), state="empty"),
    page("surveys:answer_detail", "things.survey_answer.public_id", by=ORGANISER),
    page("surveys:answer", "things.survey_open.code", by=(VISITOR, "organiser")),
    refused("surveys:answer", "things.survey_open.code", by=(VISITOR,), state="nothing chosen", fills=typed(q1="")),
    page("surveys:answer", "things.survey_closed.code", by=(VISITOR,), state="closed"),
    refused("surveys:answer", "things.survey_closed.code", by=ORGANISER, state="closed meanwhile", status=409, posts_alone=True, fills=typed(q1="1")),
    page("surveys:answered", "things.survey_open.code", by=(VISITOR,)),
    # Squads and pioneer posts.
    page("squads:squad_list", by=SEERS),
    page("squads:squad_list", by=("official",), query="?kind=patrol", state="nothing found"),
    page("squads:squad_list", by=("official",), query="?day=x", state="impossible day", status=400),
    page("squads:squad_list", by=("nothing-due",), state="empty"),
    page("squads:coverage", _MAIN, by=SEERS),
    page("squads:coverage", _MAIN, by=("official",), query="?day=2020-02-10", state="an earlier day"),
    page("squads:coverage", _IDLE, by=IDLE_CLERK, state="no squad yet"),
    page("squads:squad_add", _MAIN, by=ORGANISER),
    refused("squads:squad_add", _MAIN, by=ORGANISER, state="wrong", fills=typed(name="", first_day="2020-02-30")),
    page("squads:squads_add", _MAIN, by=ORGANISER),
    refused("squads:squads_add", _MAIN, by=ORGANISER, state="wrong", fills=typed(first_day="2020-02-30")),
    page("squads:squad_detail", "things.squad.public_id", by=SEERS),
    page("squads:squad_detail", "things.squad_over.public_id", by=ORGANISER, state="over"),
    page("squads:squad_edit", "things.squad.public_id", by=ORGANISER),
    refused("squads:squad_edit", "things.squad.public_id", by=ORGANISER, state="wrong", fills=typed(name="")),
    page("squads:squad_people", "things.squad.public_id", by=ORGANISER),
    page("squads:squad_grids", "things.squad.public_id", by=ORGANISER),
    page("squads:squad_end", "things.squad.public_id", by=ORGANISER),
    refused("squads:squad_end", "things.squad.public_id", by=ORGANISER, state="before it began", fills=typed(last_day="2020-01-01")),
    page("squads:member_end", "things.squad_member.public_id", by=ORGANISER),
    page("squads:grid_end", "things.squad_grid.public_id", by=ORGANISER),
    page("squads:post_list", by=SEERS),
    page("squads:post_list", by=("official",), query="?day=2010-01-01", state="nothing found"),
    page("squads:post_list", by=("nothing-due",), state="empty"),
    page("squads:post_add", _MAIN, by=ORGANISER),
    refused("squads:post_add", _MAIN, by=ORGANISER, state="wrong", fills=typed(name="", places="0")),
    page("squads:post_detail", "things.pioneer.public_id", by=SEERS),
    page("squads:post_detail", "things.pioneer_free.public_id", by=("member", "official"), state="free"),
    refused("squads:post_claim", "things.pioneer_free.public_id", by=ORGANISER, state="nobody chosen", posts_alone=True, fills=typed(person="", first_day="")),
    page("squads:post_sign", "things.pioneer.public_id", by=SEERS),
    page("squads:post_edit", "things.pioneer.public_id", by=ORGANISER),
    page("squads:post_close", "things.pioneer.public_id", by=ORGANISER),
    page("squads:claim_release", "things.claim.public_id", by=("organiser", "member")),
    page("roster:shift_list", by=ROSTER_SEERS),
    page("roster:shift_list", by=("official",), query="?first_day=2030-01-01", state="nothing found"),
    page("roster:shift_list", by=("nothing-due",), state="empty"),
    page("roster:roster_today", _MAIN, by=ROSTER_SEERS),
    page("roster:roster_today", _IDLE, by=IDLE_CLERK, state="no post yet"),
    page("roster:roster_day", _MAIN, "2020-03-09", by=ORGANISER, state="nothing planned"),
    page("roster:roster_week", _MAIN, _TODAY, by=ROSTER_SEERS),
    page("roster:roster_week", _IDLE, _TODAY, by=IDLE_CLERK, state="nothing planned"),
    page("roster:roster_gaps", _MAIN, _TODAY, "2020-03-07", by=ORGANISER),
    page("roster:roster_gaps", _IDLE, _TODAY, _TODAY, by=IDLE_CLERK, state="nothing planned"),
    page("roster:roster_fill", _MAIN, by=ORGANISER),
    refused("roster:roster_fill", _MAIN, by=ORGANISER, state="impossible days", fills=typed(first_day="2020-03-05", last_day="2020-02-30")),
    page("roster:post_list", _MAIN, by=ROSTER_SEERS),
    page("roster:post_list", _IDLE, by=IDLE_CLERK, state="empty"),
    page("roster:post_add", _MAIN, by=ORGANISER),
    refused("roster:post_add", _MAIN, by=ORGANISER, state="half a shift", fills=typed(names="", pattern="own", start_1="08:00")),
    page("roster:post_edit", "things.post.public_id", by=ORGANISER),
    page("roster:shift_detail", "things.shift.public_id", by=ROSTER_SEERS),
    page("roster:shift_detail", "things.short.public_id", by=ORGANISER, state="short of people"),
    refused("roster:shift_detail", "things.short.public_id", by=ORGANISER, state="nobody chosen", form="main form.card", fills=typed(person="")),
    page("roster:shift_detail", "things.now.public_id", by=("organiser", "shift_leader", "official"), state="under way"),
    page("roster:shift_code", "things.shift.public_id", by=("organiser", "shift_leader")),
    page("roster:own_shifts", by=("member", "official")),
    page("roster:check_in", "things.own.public_id", by=("member",)),
    refused("roster:check_in", "things.own.public_id", by=("member",), state="wrong code", fills=typed(code="x")),
    page("roster:hand_over", "things.now.public_id", by=("organiser", "shift_leader")),
    page("roster:hand_over", "things.own.public_id", by=("member",), state="not yet"),
    page("roster:swap_ask", "things.offered.public_id", by=("member",)),
    refused("roster:swap_ask", "things.offered.public_id", by=("member",), state="nobody chosen", fills=typed(colleague="")),
    page("roster:hours", by=ROSTER_SEERS),
    page("roster:hours", by=("official",), query="?group=unit", state="by unit"),
    page("roster:hours", by=("official",), query="?group=branch&first_day=2020-03-09&last_day=2020-03-01", state="impossible days", status=422),
    page("roster:on_site_list", by=ROSTER_SEERS),
    page("roster:on_site_list", by=("official",), query="?day=2020-01-01", state="nobody"),
    page("roster:on_site", _MAIN, by=ROSTER_SEERS),
    page("roster:on_site", _IDLE, by=IDLE_CLERK, state="nobody"),
    page("roster:on_site_add", _MAIN, by=ORGANISER),
    refused("roster:on_site_add", _MAIN, by=ORGANISER, state="nobody ticked", fills=typed(first_day="2020-02-30")),
    page("roster:time_off", _MAIN, by=ORGANISER),
    refused("roster:time_off", _MAIN, by=ORGANISER, state="impossible day", form="main form.card", fills=typed(person="", first_day="2020-02-30")),
    # Accounts.
    page("accounts:user_list", by=ACCOUNT_SEERS),
    page("accounts:user_list", by=("system",), query="?q=没有这个人", state="nothing found"),
    page("accounts:user_detail", _CLERK, by=ACCOUNT_SEERS),
    page("accounts:user_detail", _MACHINE, by=("system", "security"), state="machine"),
    page("accounts:user_add", by=("administrator", "system")),
    refused("accounts:user_add", by=("administrator", "system"), state="empty form", fills=typed(username="")),
    page("accounts:user_reset", "users.idle-clerk.public_id", by=("system",), fills=typed(), posts_alone=True, state="printed code"),
    page("accounts:token_add", _MACHINE, by=("system",), fills=typed(days="30"), posts_alone=True, state="issued"),
    page("accounts:grant_add", _CLERK, by=("administrator", "security")),
    refused("accounts:grant_add", _CLERK, by=("administrator",), state="unknown scope", fills=typed(role="organiser", scope="没有", first="2020-02-30")),
    page("accounts:grant_revoke", "things.grant.public_id", by=("administrator", "security")),
    page("accounts:import", by=ADMINISTRATOR),
    refused(
        "accounts:import",
        by=ADMINISTRATOR,
        state="bad rows",
        uploads=lambda world: workbook("坏", 所在社区="没有的社区", 成立日期="2020-02-30", 书记电话="12"),
        fills=typed(),
    ),
    refused("accounts:import", by=ADMINISTRATOR, state="no workbook", uploads=lambda world: b"no workbook", fills=typed()),
    page("accounts:import_detail", "things.workbook.public_id", by=ADMINISTRATOR, state="preview"),
    page("accounts:import_detail", "things.imported.public_id", by=ADMINISTRATOR, state="done"),
    page("accounts:code_print", "things.imported.public_id", by=ADMINISTRATOR, fills=typed(), posts_alone=True),
    page("retention:kept", by=(VISITOR,)),
    page("retention:mine", by=("organiser", "reviewer")),
    page("retention:mine_rows", "things.of_account", by=("organiser",)),
    page("retention:mine_ask", "things.correct", by=("organiser",)),
    page("retention:mine_ask", "things.erase", by=("organiser",), state="erase"),
    page("retention:request_list", by=("organiser",)),
    page("retention:request_detail", "things.asked.public_id", by=("organiser",)),
    refused("retention:request_detail", "things.asked.public_id", by=("organiser",), state="nothing said", fills=typed(words="")),
    page("retention:request_add", by=("organiser",)),
    page("retention:certificate_list", by=("auditor", "official")),
    page("retention:certificate_detail", "things.certificate.public_id", by=("auditor", "official")),
    page("retention:hold_list", by=("security", "official")),
    page("retention:hold_add", by=("security",)),
    refused("retention:hold_add", by=("security",), state="nothing said", fills=typed(branch="没有的支部", until="2020-02-30")),
    page("portal:audit_list", by=("auditor",)),
    page("portal:audit_list", by=("auditor",), query="?person=没有这个人&first=2020-02-30", state="impossible day"),
    page("portal:audit_list", by=("auditor",), query="?person=没有这个人", state="nothing found"),
    page("portal:audit_changes", by=("auditor",)),
    page("portal:audit_changes", by=("auditor",), query="?person=没有这个人&first=2020-02-30", state="impossible day"),
    page("portal:audit_changes", by=("auditor",), query="?person=没有这个人", state="nothing found"),
    page("portal:audit_days", by=("auditor",)),
    page("portal:audit_object", _MAIN, by=("auditor",)),
    page("portal:audit_person", "users.organiser.public_id", by=("auditor",)),
    page("portal:operations", by=("system",)),
    # The API's own pages.
    page("api-docs", by=(VISITOR,)),
    # What answers in place of a page.
    Shown("", "404", lambda world: f"/branches/{NOT_THERE}/", ("official",), status=404),
    refused("accounts:profile", by=("official",), state="old token", status=403, fills=typed(csrfmiddlewaretoken="x" * 64)),
    plain("accounts/activation_wait.html", 429),
    plain("400.html", 400),
    plain("429.html", 429),
    plain("500.html", 500),
    plain("maintenance.html", 503),
    plain("offline.html", 200),
)
# Addresses that answer with something else than a page of their own, and why.
NO_PAGE: Final = {
    "healthz": "text for machines",
    "security_txt": "text for machines",
    "livez": "text for machines",
    "readyz": "text for machines",
    "set_language": "leads back",
    "accounts:sign_out": "leads to the sign-in page",
    "accounts:alerts_read": "leads to the account",
    "accounts:second_remove": "leads to the account",
    "accounts:factor_reset": "leads to the user",
    "accounts:grant_extend": "leads to the user",
    "accounts:review_close": "leads to the review",
    "accounts:reset_ask": "leads to the user",
    "accounts:reset_answer": "leads to the list",
    "accounts:session_end": "leads to the account",
    "accounts:sessions_end": "leads to the account",
    "accounts:device_forget": "leads to the account",
    "accounts:user_set_active": "leads to the user",
    "accounts:token_revoke": "leads to the user",
    "accounts:import_template": "a workbook",
    "activities:import_template": "a workbook",
    "activities:import_refused": "csv",
    "portal:dashboard_export": "a workbook or csv",
    "portal:records_export": "a workbook or csv",
    "portal:audit_export": "csv",
    "portal:audit_changes_export": "csv",
    "branches:end_pack": "the pack itself",
    "branches:end_pack_again": "leads to the end of the branch",
    "retention:certificate_export": "a workbook or csv",
    "retention:hold_lift": "leads to the holds",
    "retention:mine_export": "JSON or csv",
    "portal:job_retry": "leads to the operator's page",
    "activities:need_export": "a workbook or csv",
    "suggestions:suggestion_export": "a workbook or csv",
    "members:service_record_export": "a workbook or csv",
    "contacts:contact_export": "a workbook or csv",
    "inspections:point_export": "a workbook or csv",
    "inspections:inspection_export": "a workbook or csv",
    "inspections:file_show": "a picture or a document",
    "inspections:file_take_away": "leads to the point",
    "surveys:survey_export": "a workbook or csv",
    "surveys:answer_export": "a workbook or csv",
    "surveys:question_act": "leads to the survey",
    "surveys:survey_act": "leads to the survey",
    "squads:squad_export": "csv or a workbook",
    "squads:post_export": "csv or a workbook",
    "squads:grid_cover": "leads to who covers which grid",
    "squads:squad_lead": "leads to the squad",
    "roster:shift_export": "csv or a workbook",
    "roster:roster_copy": "leads to what stays empty",
    "roster:hand_over_take": "leads to the hand-over",
    "roster:on_site_export": "csv or a workbook",
    "roster:hours_export": "csv or a workbook",
    "roster:check_in_export": "csv or a workbook",
    "roster:hand_over_export": "csv or a workbook",
    "roster:on_site_end": "leads to who lives on site",
    "roster:shift_change": "leads to the shift",
    "roster:swap_answer": "leads to one's own shifts",
    "roster:shift_record": "leads to the shift",
    "roster:time_off_end": "leads to who is off",
    "activities:draft_save": "JSON for the form's script",
    "activities:report_confirm": "leads to the report",
    "activities:report_from_registers": "leads to the report",
    "activities:report_withdraw": "leads to the report",
    "api-schema": "OpenAPI",
    "api-totals": "JSON",
    "api-total-records": "JSON",
    "api-changes": "JSON",
    "api-token": "JSON",
    "api-problem": "JSON or the text of a problem",
}
