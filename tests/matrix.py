"""Who may do what at which address: the expectation, written from DESIGN.md section 6. Nothing here looks at the views.

A line says for each method of a URL name whom it answers (`does`), who may see the thing and is refused (`sees`: 403), and what everybody
else gets (`otherwise`). What lies outside of a role's scope is 404, on pages and in the API; whoever has no role at all for a list or a form
that is about nothing in particular is told so (403), and so is in the API whoever has no role for the resource.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from members.services.check_in import code_of
from portal.accounts.models import User
from portal.foundation.models import Job
from tests.activities.drawn import drawn
from tests.factories import PASSWORD
from tests.matrix_world import ACTORS, ANONYMOUS, CLOSED, INSIDE, OUTSIDE, Side, World, table_of, token_key, workbook
from tests.personas import MARCH_6

READERS: Final = frozenset({"organiser", "community", "shift_leader", "reviewer", "official", "liaison", "client"})
SEERS: Final = READERS | {"administrator", "member"}
# The community's secretary lists requests and accepts deliveries; who serves in the branch is not theirs to know. A member sees their own page.
PEOPLE_SEERS: Final = READERS - {"community"} | {"administrator"}
PEOPLE_KEEPERS: Final = frozenset({"organiser", "administrator"})
# How many serve is not the community's to know.
ROSTER_SEERS: Final = READERS - {"community"}
RECORD_READERS: Final = frozenset({"organiser", "liaison"})
FREEZERS: Final = frozenset({"reviewer", "official", "liaison"})
OF_A_REGION: Final = frozenset({"community", "reviewer", "official", "client"})
ACCOUNT_SEERS: Final = frozenset({"system", "security", "administrator"})
ORGANISER, REVIEWER, ADMINISTRATOR, AUDITOR = (frozenset({role}) for role in ("organiser", "reviewer", "administrator", "auditor"))

SECURITY: Final = frozenset({"security"})
# Whoever answers for what was erased, and the official of the place.
CERTIFIED: Final = frozenset({"auditor", "security", "official"})
MEMBER: Final = frozenset({"member"})
LEADERS: Final = frozenset({"organiser", "shift_leader"})
IMPORTERS: Final = ORGANISER | REVIEWER
# Whoever inspects, and the branch that writes down who came.
INSPECTORS: Final = frozenset({"reviewer", "official"})
# The offices that give sites out to leaders.
CONTACT_KEEPERS: Final = frozenset({"reviewer", "administrator"})
# Whoever stands at a gate or sits in the community's office is told of needs; the organiser goes on with them.
RECORDERS: Final = frozenset({"organiser", "shift_leader", "community"})

EVERYBODY: Final = frozenset(ACTORS)
NOT_SIGNED_IN: Final = frozenset({ANONYMOUS, CLOSED})
SIGNED_IN: Final = EVERYBODY - NOT_SIGNED_IN
# Their grants are over everything: nothing is outside.
UNSCOPED: Final = frozenset({"system", "security", "auditor"})
METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Case:
    """One request: who asks, about which side of their scope."""

    world: World
    actor: str
    side: str

    @property
    def thing(self) -> Side:
        """The objects of that side."""
        return self.world.sides[self.side]

    @property
    def user(self) -> User:
        """Who asks, where somebody does."""
        user = self.world.actors[self.actor]
        assert user is not None
        return user


Values = Callable[[Case], dict[str, Any]]


def nothing(case: Case) -> dict[str, Any]:
    """No arguments, no query, no body."""
    return {}


@dataclass(frozen=True)
class Access:
    """What a method of an address answers to whom.

    Attributes:
        does: who succeeds, with `success`. sees: who is refused with 403. otherwise: what everybody else gets.
        outside: what those of `does` and `sees` get outside of their scope, when it is not `otherwise`.
        goal: where a redirect leads.
    """

    does: frozenset[str]
    sees: frozenset[str] = frozenset()
    success: int = 200
    otherwise: int = 404
    outside: int | None = None
    body: Values = nothing
    goal: Callable[[Case], str] | None = None

    def status(self, case: Case) -> int:
        """Return the expected status."""
        if case.side == OUTSIDE and case.actor in (self.does | self.sees) - UNSCOPED:
            return self.otherwise if self.outside is None else self.outside
        if case.actor in self.does:
            return self.success
        return 403 if case.actor in self.sees else self.otherwise


@dataclass(frozen=True)
class Line:
    """A URL name: which object it is about, and what its methods answer."""

    methods: dict[str, Access]
    arguments: Values = nothing
    query: Values = nothing
    # Whether there is an outside to ask about.
    two_sided: bool = True
    # Whether it answers without a sign-in.
    is_open: bool = False
    # Where every method is answered alike.
    any_method: bool = False

    @property
    def roles(self) -> frozenset[str]:
        """Who has anything to do here."""
        return frozenset[str]().union(*(access.does | access.sees for access in self.methods.values()))


# --- Ways to say it -----------------------------------------------------------------------------------------------------------------


def reads(does: frozenset[str], arguments: Values = nothing, query: Values = nothing) -> Line:
    """An object that is read on a page."""
    return Line({"GET": Access(does)}, arguments, query)


def lists(does: frozenset[str] = SIGNED_IN, query: Values = nothing) -> Line:
    """A list: of what lies in the reader's scope."""
    return Line({"GET": Access(does, otherwise=403)}, query=query, two_sided=False)


def changes(does: frozenset[str], sees: frozenset[str], arguments: Values, body: Values = nothing, success: int = 302) -> Line:
    """A form that changes an object."""
    return Line({"GET": Access(does, sees), "POST": Access(does, sees, success=success, body=body)}, arguments)


def acts(does: frozenset[str], sees: frozenset[str], arguments: Values, body: Values = nothing, success: int = 302) -> Line:
    """A button about an object."""
    return Line({"POST": Access(does, sees, success=success, body=body)}, arguments)


def adds(body: Values, does: frozenset[str] = ADMINISTRATOR, success: int = 302, outside: int | None = 422, two_sided: bool = True) -> Line:
    """A form for something new, which names where it shall lie; what lies outside cannot be named."""
    get = Access(does, otherwise=403, outside=200)
    return Line({"GET": get, "POST": Access(does, success=success, otherwise=403, outside=outside, body=body)}, two_sided=two_sided)


def api_reads(does: frozenset[str], arguments: Values = nothing, query: Values = nothing) -> Line:
    """An object of the API."""
    return Line({"GET": Access(does, otherwise=403, outside=404)}, arguments, query)


def api_acts(does: frozenset[str], arguments: Values, body: Values = nothing) -> Line:
    """An action of the API on a version of a report."""
    return Line({"POST": Access(does, READERS, otherwise=403, outside=404, body=body)}, arguments)


def of(name: str, attribute: str) -> Values:
    """The identifier of one of the side's objects, as the argument `name`."""

    def arguments(case: Case) -> dict[str, Any]:
        found: Any = case.thing
        for step in attribute.split("."):
            found = getattr(found, step)
        return {name: found.public_id}

    return arguments


def public_id(attribute: str) -> Values:
    """The identifier of one of the side's objects, as the API names it."""
    return of("public_id", attribute)


# --- What is sent -------------------------------------------------------------------------------------------------------------------


def _region_held(case: Case) -> dict[str, Any]:
    """The region that the role is about; the host region of a branch is not its organiser's."""
    return {"region_id": (case.thing.community if case.actor == "community" else case.thing.street).public_id}


def _a_day(case: Case) -> dict[str, Any]:
    return {"branch_id": case.thing.branch.public_id, "day": MARCH_6}


def _form_of_day(case: Case) -> dict[str, Any]:
    return {"action": "file", "base": "0", "uid": str(uuid4()), "v_vehicles": "12", "q_vehicles": "exact"}


def _form_of_span(case: Case) -> dict[str, Any]:
    return {"first_day": "2020-03-01", "last_day": "2020-03-02", "relation": "adds_to_daily", "uid": str(uuid4()), "v_vehicles": "12", "q_vehicles": "exact"}


def _need(case: Case) -> dict[str, Any]:
    return {"branch": str(case.thing.branch.public_id), "uid": str(uuid4()), "channel": "phone", "category": "food", "urgency": "soon"}


def _branch_facts(case: Case) -> dict[str, Any]:
    return {"name": "新名临时党支部", "kind": "branch", "established_on": "2020-02-01", "reports_daily": "on", "region": case.thing.community.name}


def _picture(case: Case) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("gate.png", drawn()), "shows": "found", "uid": str(uuid4())}


def _merit(case: Case) -> dict[str, Any]:
    return {"branch": str(case.thing.branch.public_id), "day": "2020-03-05", "words": "冒雨连守两班", "uid": str(uuid4())}


def _person_facts(case: Case) -> dict[str, Any]:
    return {"name": "新名", "kind": "member", "from_day": "2020-03-06", "duty_phone": "19900007777"}


def _office(case: Case) -> dict[str, Any]:
    return {"membership": str(case.thing.membership.public_id), "office": "deputy_secretary", "from_day": "2020-03-06"}


def _new_user(case: Case) -> dict[str, Any]:
    return {"username": "brand-new", "name": "新人", **_grant(case)}


def _grant(case: Case) -> dict[str, Any]:
    return {"role": "shift_leader", "scope": case.thing.branch.name, "first": "2020-03-06"}


def _upload(case: Case) -> dict[str, Any]:
    return {"workbook": SimpleUploadedFile("a.xlsx", workbook(case.thing.community, "辛"))}


def _table(case: Case) -> dict[str, Any]:
    return {"table": SimpleUploadedFile("a.csv", table_of(case.thing.branch))}


def _new_password(case: Case) -> dict[str, Any]:
    return {"present": PASSWORD, "password": "wutong jiedao spring", "repeated": "wutong jiedao spring"}


def _activation(case: Case) -> dict[str, Any]:
    return {"code": case.world.code, "password": "wutong jiedao spring", "repeated": "wutong jiedao spring"}


def _api_day(case: Case) -> dict[str, Any]:
    figures = [{"metric": "vehicles", "value": "7"}]
    branch, uid = str(case.thing.branch.public_id), str(uuid4())
    return {"uid": uid, "branch": branch, "business_date": "2020-03-06", "figures": figures, "on_behalf": case.actor == "reviewer"}


def _api_span(case: Case) -> dict[str, Any]:
    figures = [{"metric": "vehicles", "value": "7"}]
    return {"uid": str(uuid4()), "branch": str(case.thing.branch.public_id), "first_day": "2020-03-01", "last_day": "2020-03-02", "figures": figures}


def _posts(case: Case) -> dict[str, Any]:
    return {"names": "南门", "duty": "checkpoint", "people": "1", "pattern": "three", "first_day": "2020-03-06"}


def _on_days(case: Case) -> dict[str, Any]:
    return {"branch_id": case.thing.branch.public_id, "first_day": MARCH_6, "last_day": MARCH_6}


def _put_on(case: Case) -> dict[str, Any]:
    return {"person": str(case.thing.hand.public_id), "seen": "0"}


def _away(case: Case) -> dict[str, Any]:
    return {"person": str(case.thing.person.public_id), "reason": "ill", "first_day": "2020-03-20"}


def _total(case: Case) -> dict[str, Any]:
    return {"branch": str(case.thing.branch.public_id), "from": "2020-03-01", "to": "2020-03-06", "metric": "vehicles"}


def _business_date(case: Case) -> dict[str, Any]:
    return {"branch": str(case.thing.branch.public_id), "business_date": "2020-03-06"}


def _quoted(case: Case) -> dict[str, Any]:
    return {**_total(case), "purpose": "日报"}


def _export(case: Case) -> dict[str, Any]:
    return {"kind": "branch", "scope_id": case.thing.branch.public_id, "format": "csv"}


def _scope(case: Case) -> dict[str, Any]:
    return {"kind": "branch", "scope_id": case.thing.branch.public_id}


def _a_moment(case: Case) -> dict[str, Any]:
    return {"from": "2020-03-01", "to": "2020-03-06", "known": "2020-03-06T20:00"}


def _suggestion(case: Case) -> dict[str, Any]:
    return {"branch": str(case.thing.branch.public_id), "uid": str(uuid4()), "topic": "duty", "words": "夜班没有取暖设备", "voice": "members"}


def _squad(case: Case) -> dict[str, Any]:
    return {"name": "新队", "kind": "patrol", "first_day": "2020-03-06", "uid": str(uuid4())}


def _squads(case: Case) -> dict[str, Any]:
    return {"first_day": "2020-03-06", "uid": str(uuid4()), f"name-{case.thing.compound.public_id}": "新队"}


def _covered(case: Case) -> dict[str, Any]:
    return {"squad": str(case.thing.squad.public_id), "region": str(case.thing.compound.public_id)}


def _joined(case: Case) -> dict[str, Any]:
    return {"people": [str(case.thing.hand.public_id)], "first_day": "2020-03-06"}


def _grids(case: Case) -> dict[str, Any]:
    return {"grids": [str(case.thing.compound.public_id)], "first_day": "2020-03-06"}


def _pioneer(case: Case) -> dict[str, Any]:
    return {"name": "新岗", "duty": "守门", "places": "1", "first_day": "2020-03-06"}


def _claimed(case: Case) -> dict[str, Any]:
    return {"person": str(case.thing.hand.public_id), "first_day": "2020-03-06"}


def _ends(case: Case) -> dict[str, Any]:
    return {"last_day": "2020-03-06"}


def _inspected(case: Case) -> dict[str, Any]:
    return {"business_date": "2020-03-06", "inspector": "督查组", "looked_at": "值守", "result": "良好", "uid": str(uuid4())}


def _leader(case: Case) -> dict[str, Any]:
    return {"name": "新局长", "from_day": "2020-03-06", "seen": str(case.thing.contact.terms.get().public_id)}


def _new_contact(case: Case) -> dict[str, Any]:
    return {**_leader(case), "region": case.thing.community.name, "spot": "南门", "uid": str(uuid4())}


def _visit(case: Case) -> dict[str, Any]:
    return {"visited_day": "2020-03-06", "visited_time": "10:00", "found": "良好", "branch": str(case.thing.branch.public_id), "uid": str(uuid4())}


def _new_survey(case: Case) -> dict[str, Any]:
    return {"branch": str(case.thing.branch.public_id), "title": "新问卷", "last_day": "2020-03-12", "ready_made": "on", "uid": str(uuid4())}


def _judgement(case: Case) -> dict[str, Any]:
    return {"reason": "twice", "revision": case.thing.answer.revision}


def _reset(case: Case) -> dict[str, Any]:
    return {"reset_id": case.world.reset.public_id}


def _whose(case: Case) -> User:
    """Return whoever asks; on the other side, somebody else."""
    user = case.world.actors[case.actor]
    return user if user is not None and (case.side == INSIDE or case.actor in UNSCOPED) else case.thing.clerk


def _own_session(case: Case) -> dict[str, Any]:
    return {"session_id": _whose(case).sessions.order_by("started_at", "pk")[0].public_id}


def _own_device(case: Case) -> dict[str, Any]:
    return {"device_id": _whose(case).devices.get().public_id}


def _link(case: Case) -> dict[str, Any]:
    return {"code": case.thing.survey.code}


def _home(case: Case) -> str:
    if case.actor == "member":
        return reverse("members:person_detail", args=[case.user.person.public_id])  # type: ignore[union-attr]
    pages = {"organiser": "activities:today", "reviewer": "activities:review_list", "auditor": "portal:audit_list"}
    accounts = dict.fromkeys(ACCOUNT_SEERS, "accounts:user_list")
    return reverse({**pages, **accounts}.get(case.actor, "portal:dashboard"))


def _widest(case: Case) -> str:
    if case.actor in OF_A_REGION:
        return reverse("portal:region_dashboard", kwargs=_region_held(case))
    if case.actor == "liaison":
        return reverse("portal:unit_dashboard", args=[case.thing.unit.public_id])
    return reverse("portal:branch_dashboard", args=[case.thing.branch.public_id])


def to(name: str) -> Callable[[Case], str]:
    """Lead to a page without arguments."""
    return lambda case: reverse(name)


def _failed_job(_case: Case) -> dict[str, Any]:
    return {"job_id": Job.objects.create(kind="housekeeping", state=Job.State.FAILED, finished_at=timezone.now()).public_id}


_VERSION = of("version_id", "filed")
_CALLED_IN = of("version_id", "called_in")
_BRANCH = of("branch_id", "branch")


def _end_step(case: Case) -> dict[str, Any]:
    return {"branch_id": case.thing.branch.public_id, "step": "narrative"}


_PERSON = of("person_id", "person")
_SUGGESTION = of("suggestion_id", "suggestion")
_SURVEY = of("survey_id", "survey")
_SQUAD = of("squad_id", "squad")
_PIONEER = of("post_id", "pioneer")
_CONTACT = of("contact_id", "contact")
_CLERK = of("user_id", "clerk")
_MACHINE = of("user_id", "machine")
_HELD = SIGNED_IN & frozenset({"organiser", "community", "shift_leader", "reviewer", "official", "liaison", "client", "member", *ACCOUNT_SEERS, "auditor"})

# --- The matrix ---------------------------------------------------------------------------------------------------------------------

MATRIX: Final[dict[str, Line]] = {
    # Open to whoever comes.
    "healthz": Line({"GET": Access(EVERYBODY)}, two_sided=False, is_open=True),
    "livez": Line({"GET": Access(EVERYBODY)}, two_sided=False, is_open=True),
    "readyz": Line({"GET": Access(EVERYBODY)}, two_sided=False, is_open=True),
    # Nobody has said whom to tell.
    "security_txt": Line({"GET": Access(frozenset())}, two_sided=False, is_open=True),
    "set_language": Line(
        {"POST": Access(EVERYBODY, success=302, body=lambda case: {"language": "en"}), "GET": Access(EVERYBODY, success=302)},
        two_sided=False,
        is_open=True,
        any_method=True,
    ),
    "accounts:sign_in": Line(
        {
            "GET": Access(SIGNED_IN, success=302, otherwise=200, goal=to("portal:home")),
            "POST": Access(EVERYBODY, success=302, goal=to("portal:home"), body=lambda case: {"username": "clerk-1", "password": PASSWORD}),
        },
        two_sided=False,
        is_open=True,
    ),
    "accounts:activate": Line(
        {"GET": Access(EVERYBODY), "POST": Access(EVERYBODY, success=302, goal=to("portal:home"), body=_activation)}, two_sided=False, is_open=True
    ),
    # Whoever has the link answers, signed in or not.
    "surveys:answer": Line(
        {"GET": Access(EVERYBODY), "POST": Access(EVERYBODY, success=302, body=lambda case: {"q1": "1"})}, _link, two_sided=False, is_open=True
    ),
    "surveys:answered": Line({"GET": Access(EVERYBODY)}, _link, two_sided=False, is_open=True),
    # Whoever has a code sees by it how the need stands.
    "portal:follow": Line(
        {"GET": Access(EVERYBODY), "POST": Access(EVERYBODY, body=lambda case: {"code": case.world.followed})}, two_sided=False, is_open=True
    ),
    "api-schema": Line({"GET": Access(EVERYBODY)}, two_sided=False, is_open=True),
    "api-docs": Line({"GET": Access(EVERYBODY)}, two_sided=False, is_open=True),
    "api-problem": Line({"GET": Access(EVERYBODY)}, lambda case: {"slug": "stale"}, two_sided=False, is_open=True),
    # Everybody's own.
    "portal:home": Line({"GET": Access(_HELD, success=302, otherwise=200, goal=_home)}, two_sided=False),
    "accounts:sign_out": Line({"POST": Access(SIGNED_IN, success=302)}, two_sided=False),
    "accounts:profile": Line(
        {"GET": Access(SIGNED_IN), "POST": Access(SIGNED_IN, success=302, body=lambda case: {"name": "新名", "language": "en"})}, two_sided=False
    ),
    "accounts:password_change": Line(
        {"GET": Access(SIGNED_IN), "POST": Access(SIGNED_IN, success=302, body=_new_password, goal=to("accounts:profile"))}, two_sided=False
    ),
    "accounts:security": Line({"GET": Access(SIGNED_IN)}, two_sided=False),
    # Nobody here has a second factor: it may be set up, and there is nothing to ask for or to renew.
    "accounts:second_step": Line({"GET": Access(SIGNED_IN, success=302), "POST": Access(SIGNED_IN, success=302)}, two_sided=False),
    "accounts:second_enrol": Line({"GET": Access(SIGNED_IN), "POST": Access(SIGNED_IN, success=422, body=lambda case: {"code": "000000"})}, two_sided=False),
    "accounts:second_remove": Line({"POST": Access(SIGNED_IN, success=302)}, two_sided=False),
    "accounts:recovery_renew": Line({"POST": Access(frozenset(), SIGNED_IN)}, two_sided=False),
    "accounts:prove": Line(
        {"GET": Access(SIGNED_IN), "POST": Access(SIGNED_IN, success=302, body=lambda case: {"proof_of_me": PASSWORD}, goal=to("portal:home"))},
        two_sided=False,
    ),
    "accounts:factor_reset": acts(frozenset({"system", "administrator"}), ACCOUNT_SEERS, _CLERK),
    "accounts:alerts_read": Line({"POST": Access(SIGNED_IN, success=302)}, two_sided=False),
    "accounts:sessions_end": Line({"POST": Access(SIGNED_IN, success=302)}, two_sided=False),
    "accounts:session_end": Line({"POST": Access(SIGNED_IN, success=302)}, _own_session),
    "accounts:device_forget": Line({"POST": Access(SIGNED_IN, success=302)}, _own_device),
    "portal:registers": Line({"GET": Access(SEERS, otherwise=403)}, two_sided=False),
    "portal:search": lists(query=lambda case: {"q": "临时党支部"}),
    # Figures.
    "portal:dashboard": Line({"GET": Access(READERS, success=302, otherwise=403, goal=_widest)}, two_sided=False),
    "portal:region_dashboard": reads(OF_A_REGION, _region_held),
    "portal:unit_dashboard": reads(frozenset({"liaison"}), of("unit_id", "unit")),
    "portal:branch_dashboard": reads(READERS, _BRANCH),
    "portal:dashboard_export": reads(READERS, _export),
    "portal:records": reads(READERS, query=lambda case: {"branch": str(case.thing.branch.public_id), "from": "2020-03-01", "to": "2020-03-06"}),
    "portal:records_export": reads(READERS, lambda case: {"format": "csv"}, query=lambda case: {"branch": str(case.thing.branch.public_id)}),
    "portal:as_of": Line({"GET": Access(READERS), "POST": Access(READERS, success=302, body=_a_moment)}, _scope),
    "portal:frozen_list": lists(READERS),
    "portal:frozen_new": Line({"GET": Access(FREEZERS, READERS), "POST": Access(FREEZERS, READERS, success=302, body=_quoted)}, query=_total),
    "portal:frozen_detail": reads(READERS, of("figure_id", "frozen")),
    # The number is what is seen here: whoever may not call does not see it, whatever else they see of the person.
    "portal:duty_phone": acts(frozenset({"reviewer", "official"}), frozenset(), _PERSON, success=200),
    # Reports.
    "activities:report_list": lists(),
    "activities:today": lists(),
    "activities:review_list": lists(REVIEWER),
    "activities:review_act": Line(
        {
            "POST": Access(
                REVIEWER,
                success=302,
                otherwise=403,
                outside=404,
                body=lambda case: {"act": "return", "version": str(case.thing.filed.public_id), "note": "请核对", "day": "2020-03-05"},
            )
        }
    ),
    "activities:report_detail": reads(READERS, of("report_id", "filed.report")),
    "activities:period_detail": reads(READERS, of("report_id", "period.report")),
    "activities:report_receipt": reads(READERS, _VERSION),
    "activities:entry_detail": reads(READERS, of("entry_id", "entry")),
    "activities:report_edit": changes(ORGANISER, SEERS, _a_day, _form_of_day),
    "activities:on_behalf": changes(REVIEWER, SEERS, _a_day, _form_of_day),
    "activities:period_edit": changes(ORGANISER, SEERS, _BRANCH, _form_of_span),
    "activities:draft_save": acts(ORGANISER | REVIEWER, SEERS, _a_day, lambda case: {"v_vehicles": "1", "base": "0"}, success=200),
    "activities:report_confirm": acts(ORGANISER, READERS, _CALLED_IN),
    "activities:report_withdraw": acts(ORGANISER, READERS, _VERSION, lambda case: {"reason": "误报"}),
    "activities:report_from_registers": acts(ORGANISER, READERS, of("report_id", "filed.report"), lambda case: {"base": "1"}),
    # A table is its uploader's alone: its notes are not everybody's to read.
    "activities:import_list": Line(
        {"GET": Access(IMPORTERS, otherwise=403), "POST": Access(IMPORTERS, success=302, otherwise=403, body=_table)}, two_sided=False
    ),
    "activities:import_template": lists(IMPORTERS),
    "activities:import_detail": changes(ORGANISER, frozenset(), of("import_id", "imported"), lambda case: {"shown": case.thing.imported.finding}),
    "activities:import_refused": reads(ORGANISER, of("import_id", "imported")),
    "activities:need_list": lists(),
    "activities:need_record": adds(_need, does=RECORDERS),
    "activities:need_detail": reads(READERS, of("need_id", "need")),
    "activities:need_act": acts(ORGANISER, READERS, of("need_id", "need"), lambda case: {"act": "resolve", "seen": "1", "result": "已送达"}),
    "activities:need_code": acts(ORGANISER, READERS, of("need_id", "need"), success=200),
    "activities:need_done": Line(
        {
            "POST": Access(
                ORGANISER, READERS, success=302, body=lambda case: {"need": f"{case.thing.need.public_id}.{case.thing.need.revision}", "result": "已送达"}
            )
        }
    ),
    "activities:need_export": Line({"GET": Access(SIGNED_IN, otherwise=403)}, lambda case: {"format": "csv"}, two_sided=False),
    # Suggestions: the street to which it was passed answers.
    "suggestions:suggestion_list": lists(),
    "suggestions:suggestion_record": adds(_suggestion, does=RECORDERS),
    "suggestions:suggestion_detail": reads(READERS, _SUGGESTION),
    "suggestions:suggestion_act": acts(
        frozenset({"reviewer", "official"}), READERS, _SUGGESTION, lambda case: {"act": "answer", "seen": "2", "answer": "已安排"}
    ),
    "suggestions:suggestion_export": Line({"GET": Access(SIGNED_IN, otherwise=403)}, lambda case: {"format": "csv"}, two_sided=False),
    # Surveys: the branch alone makes and judges them; what residents wrote is nobody else's to read.
    "contacts:contact_list": lists(),
    "contacts:own_list": lists(),
    "contacts:contact_export": Line({"GET": Access(SIGNED_IN)}, lambda case: {"format": "csv"}, two_sided=False),
    "contacts:contact_detail": reads(READERS | ADMINISTRATOR, _CONTACT),
    "contacts:contact_new": adds(_new_contact, does=CONTACT_KEEPERS),
    "contacts:leader_set": changes(CONTACT_KEEPERS, READERS | ADMINISTRATOR, _CONTACT, _leader),
    "contacts:contact_close": acts(CONTACT_KEEPERS, READERS | ADMINISTRATOR, _CONTACT, lambda case: {"last_day": "2020-03-06"}),
    "contacts:visit_record": changes(CONTACT_KEEPERS, READERS | ADMINISTRATOR, _CONTACT, _visit),
    "contacts:contact_call": Line({"POST": Access(INSPECTORS)}, _CONTACT),
    "inspections:point_list": lists(READERS),
    "inspections:inspection_list": lists(READERS),
    "inspections:point_export": Line({"GET": Access(READERS, otherwise=403)}, lambda case: {"format": "csv"}, two_sided=False),
    "inspections:inspection_export": Line({"GET": Access(READERS, otherwise=403)}, lambda case: {"format": "xlsx"}, two_sided=False),
    "inspections:point_detail": reads(READERS, of("point_id", "point")),
    "inspections:point_act": acts(ORGANISER, READERS, of("point_id", "point"), lambda case: {"act": "mend", "seen": "1", "note": "已补"}),
    "inspections:file_add": acts(INSPECTORS | ORGANISER, READERS, of("point_id", "point"), _picture),
    "inspections:file_show": reads(INSPECTORS | ORGANISER, of("file_id", "picture")),
    "inspections:file_take_away": acts(INSPECTORS, ORGANISER, of("file_id", "picture")),
    "inspections:inspection_detail": reads(READERS, of("inspection_id", "inspection")),
    "inspections:inspection_withdraw": acts(INSPECTORS, READERS, of("inspection_id", "inspection"), lambda case: {"why": "记错了"}),
    # Within the scope there is one branch, and so nothing to choose.
    "inspections:inspection_new": Line({"GET": Access(INSPECTORS | ORGANISER, success=302, otherwise=403)}, two_sided=False),
    "inspections:inspection_record": changes(INSPECTORS | ORGANISER, SEERS, _BRANCH, _inspected),
    "surveys:survey_list": lists(READERS),
    "surveys:answer_list": lists(READERS),
    "surveys:survey_export": Line({"GET": Access(READERS, otherwise=403)}, lambda case: {"format": "csv"}, two_sided=False),
    "surveys:answer_export": Line({"GET": Access(READERS, otherwise=403)}, lambda case: {"format": "xlsx"}, two_sided=False),
    "surveys:survey_detail": reads(READERS, _SURVEY),
    "surveys:survey_poster": reads(READERS, _SURVEY),
    "surveys:survey_new": adds(_new_survey, does=ORGANISER),
    "surveys:survey_edit": changes(ORGANISER, READERS, _SURVEY, lambda case: {"introduction": "请填", "last_day": "2020-03-12"}),
    "surveys:survey_act": acts(ORGANISER, READERS, _SURVEY, lambda case: {"act": "close"}),
    "surveys:question_add": acts(ORGANISER, READERS, of("survey_id", "draft"), lambda case: {"wording": "还有什么？", "kind": "words"}),
    "surveys:question_act": acts(ORGANISER, READERS, of("question_id", "question"), lambda case: {"act": "remove"}),
    "surveys:paper": changes(ORGANISER, READERS, _SURVEY, lambda case: {"answered_on": "2020-03-06", "q1": "2"}),
    "surveys:answer_detail": changes(ORGANISER, READERS, of("response_id", "answer"), _judgement),
    "surveys:word_list": Line({"GET": Access(ORGANISER, READERS)}, _SURVEY),
    # Branches and people.
    "branches:branch_list": lists(),
    "branches:branch_detail": reads(SEERS, _BRANCH),
    "branches:branch_add": adds(_branch_facts),
    "branches:region_add": adds(lambda case: {"name": "新小区", "level": "compound", "parent": case.thing.community.name}),
    "branches:work_unit_add": adds(lambda case: {"name": "新单位"}, two_sided=False),
    "branches:branch_edit": changes(ADMINISTRATOR, SEERS, _BRANCH, _branch_facts),
    "branches:branch_schedule": changes(ADMINISTRATOR, SEERS, _BRANCH, lambda case: {"from_day": "2020-03-06", "day_ends_at": "00:00", "due_time": "22:00"}),
    "branches:branch_move": changes(ADMINISTRATOR, SEERS, _BRANCH, lambda case: {"region": case.thing.street.name, "from_day": "2020-03-06"}),
    # The branch prepares its end, the office above confirms it.
    "branches:branch_end": changes(PEOPLE_KEEPERS, SEERS, _BRANCH, lambda case: {"last_day": "2020-03-06"}),
    "branches:end_step": changes(PEOPLE_KEEPERS, SEERS, _end_step, lambda case: {"do": "narrative", "narrative": "支部小史"}),
    # Nothing is confirmed here: whoever may is led back to where it stands.
    "branches:end_reopen": Line(
        {"GET": Access(ADMINISTRATOR, SEERS, success=302), "POST": Access(ADMINISTRATOR, SEERS, success=302, body=lambda case: {"reason": "更正"})}, _BRANCH
    ),
    "branches:end_pack_again": acts(PEOPLE_KEEPERS, SEERS, _BRANCH),
    # A letter is for the branch, and for the unit at home.
    "branches:end_letter": reads(PEOPLE_KEEPERS | frozenset({"liaison"}), of("letter_id", "letter")),
    # Made by the organiser, and so with sensitive fields.
    "branches:end_pack": Line({"GET": Access(ORGANISER, SEERS)}, of("pack_id", "pack")),
    "members:person_list": lists(),
    "members:person_detail": reads(PEOPLE_SEERS, _PERSON),
    "members:person_edit": changes(PEOPLE_KEEPERS, PEOPLE_SEERS, _PERSON, _person_facts),
    # A service record is for the person, the branch and the unit at home, and for nobody above or beside them.
    "members:service_record": Line({"GET": Access(RECORD_READERS, PEOPLE_SEERS)}, _PERSON),
    "members:service_record_shifts": Line({"GET": Access(RECORD_READERS, PEOPLE_SEERS)}, _PERSON),
    "members:service_record_work": Line({"GET": Access(RECORD_READERS, PEOPLE_SEERS)}, _PERSON),
    "members:service_record_export": Line(
        {"GET": Access(RECORD_READERS, PEOPLE_SEERS)}, lambda case: {"person_id": case.thing.person.public_id, "format": "csv"}
    ),
    "members:service_note_add": changes(ORGANISER, PEOPLE_SEERS, _PERSON, _merit),
    "members:service_note_edit": changes(ORGANISER, frozenset({"liaison"}), of("note_id", "merit"), _merit),
    "members:member_add": changes(PEOPLE_KEEPERS, SEERS, _BRANCH, _person_facts),
    "members:officer_set": changes(PEOPLE_KEEPERS, SEERS, _BRANCH, _office),
    "members:membership_end": changes(PEOPLE_KEEPERS, PEOPLE_SEERS, of("membership_id", "membership"), lambda case: {"last_day": "2020-03-06"}),
    # Squads and pioneer posts: the branch alone keeps them, a member claims for themselves, whoever sees the branch sees them.
    "squads:squad_list": lists(SEERS),
    "squads:squad_export": Line({"GET": Access(SEERS, otherwise=403)}, lambda case: {"format": "csv"}, two_sided=False),
    "squads:coverage": reads(SEERS, _BRANCH),
    "squads:grid_cover": acts(ORGANISER, SEERS, _BRANCH, _covered),
    "squads:squad_add": changes(ORGANISER, SEERS, _BRANCH, _squad),
    "squads:squads_add": changes(ORGANISER, SEERS, _BRANCH, _squads),
    "squads:squad_detail": reads(SEERS, _SQUAD),
    "squads:squad_edit": changes(ORGANISER, SEERS, _SQUAD, _squad),
    "squads:squad_people": changes(ORGANISER, SEERS, _SQUAD, _joined),
    "squads:squad_lead": acts(ORGANISER, SEERS, _SQUAD, lambda case: {"person": str(case.thing.hand.public_id)}),
    "squads:squad_grids": changes(ORGANISER, SEERS, _SQUAD, _grids),
    "squads:squad_end": changes(ORGANISER, SEERS, _SQUAD, _ends),
    "squads:member_end": changes(ORGANISER, SEERS, of("member_id", "squad_member"), _ends),
    "squads:grid_end": changes(ORGANISER, SEERS, of("grid_id", "squad_grid"), _ends),
    "squads:post_list": lists(SEERS),
    "squads:post_export": Line({"GET": Access(SEERS, otherwise=403)}, lambda case: {"format": "xlsx"}, two_sided=False),
    "squads:post_detail": reads(SEERS, _PIONEER),
    "squads:post_sign": reads(SEERS, _PIONEER),
    "squads:post_add": changes(ORGANISER, SEERS, _BRANCH, _pioneer),
    "squads:post_edit": changes(ORGANISER, SEERS, _PIONEER, _pioneer),
    "squads:post_close": changes(ORGANISER, SEERS, _PIONEER, _ends),
    "squads:post_claim": acts(ORGANISER | MEMBER, SEERS, of("post_id", "vacant"), _claimed),
    "squads:claim_release": changes(ORGANISER, SEERS, of("claim_id", "claim"), _ends),
    # The roster.
    "roster:shift_list": lists(ROSTER_SEERS),
    "roster:shift_export": Line({"GET": Access(ROSTER_SEERS, otherwise=403)}, lambda case: {"format": "csv"}, two_sided=False),
    "roster:roster_today": reads(ROSTER_SEERS, _BRANCH),
    "roster:roster_day": reads(ROSTER_SEERS, _a_day),
    "roster:roster_week": reads(ROSTER_SEERS, _a_day),
    "roster:post_list": reads(ROSTER_SEERS, _BRANCH),
    "roster:shift_detail": Line({"GET": Access(ROSTER_SEERS), "POST": Access(ORGANISER, ROSTER_SEERS, success=302, body=_put_on)}, of("shift_id", "shift")),
    "roster:shift_change": acts(ORGANISER, ROSTER_SEERS, of("shift_id", "shift"), lambda case: {"people": "2"}),
    "roster:post_edit": changes(
        ORGANISER, ROSTER_SEERS, of("post_id", "post"), lambda case: {"name": "南门", "duty": "patrol", "people": "2", "pattern": "day_night"}
    ),
    "roster:post_add": changes(ORGANISER, SEERS, _BRANCH, _posts),
    "roster:roster_fill": changes(ORGANISER, SEERS, _BRANCH, lambda case: {"first_day": "2020-03-06", "last_day": "2020-03-08"}),
    "roster:roster_copy": acts(ORGANISER, SEERS, _a_day),
    "roster:roster_gaps": Line({"GET": Access(ORGANISER, SEERS)}, _on_days),
    "roster:time_off": changes(ORGANISER, SEERS, _BRANCH, _away),
    "roster:time_off_end": acts(ORGANISER, frozenset({"shift_leader"}), of("off_id", "off")),
    "roster:on_site_list": lists(ROSTER_SEERS),
    "roster:on_site_export": Line({"GET": Access(ROSTER_SEERS, otherwise=403)}, lambda case: {"format": "xlsx"}, two_sided=False),
    "roster:on_site": reads(ROSTER_SEERS, _BRANCH),
    "roster:on_site_add": changes(ORGANISER, SEERS, _BRANCH, lambda case: {"people": str(case.thing.hand.public_id), "first_day": "2020-03-06"}),
    "roster:on_site_end": acts(ORGANISER, SEERS, _BRANCH, lambda case: {"stays": str(case.thing.stay.public_id), "last_day": "2020-03-07"}),
    "roster:shift_code": Line({"GET": Access(LEADERS, ROSTER_SEERS)}, of("shift_id", "shift")),
    "roster:shift_record": acts(LEADERS, ROSTER_SEERS, of("shift_id", "current")),
    "roster:own_shifts": lists(),
    "roster:check_in": Line(
        {"GET": Access(MEMBER), "POST": Access(MEMBER, success=302, body=lambda case: {"code": code_of(case.thing.current)})}, of("shift_id", "current")
    ),
    "roster:hours": lists(ROSTER_SEERS),
    "roster:hours_export": Line({"GET": Access(ROSTER_SEERS, otherwise=403)}, lambda case: {"format": "csv"}, two_sided=False),
    "roster:check_in_export": Line({"GET": Access(ROSTER_SEERS, otherwise=403)}, lambda case: {"format": "csv"}, two_sided=False),
    "roster:hand_over_export": Line({"GET": Access(ROSTER_SEERS, otherwise=403)}, lambda case: {"format": "xlsx"}, two_sided=False),
    "roster:swap_ask": Line(
        {"GET": Access(MEMBER), "POST": Access(MEMBER, success=302, body=lambda case: {"colleague": str(case.thing.hand.public_id)})},
        of("shift_id", "offered"),
    ),
    # Who asked, and who was asked: the roles do nothing here.
    "roster:swap_answer": Line({"POST": Access(frozenset(), body=lambda case: {"answer": "agreed"})}, of("swap_id", "branch"), two_sided=False),
    "roster:hand_over": changes(LEADERS | MEMBER, ROSTER_SEERS, of("shift_id", "current"), lambda case: {"notes": "无"}),
    "roster:hand_over_take": acts(LEADERS, ROSTER_SEERS | MEMBER, of("shift_id", "current")),
    # Accounts and grants: held by different people, none of whom sees case data.
    "accounts:user_list": lists(ACCOUNT_SEERS),
    "accounts:user_detail": reads(ACCOUNT_SEERS, _CLERK),
    "accounts:user_add": adds(_new_user, does=frozenset({"system", "administrator"}), success=200),
    "accounts:user_reset": acts(frozenset({"system", "administrator"}), ACCOUNT_SEERS, _CLERK, success=200),
    "accounts:user_set_active": acts(frozenset({"system", "administrator"}), ACCOUNT_SEERS, _CLERK, lambda case: {"active": "0"}),
    "accounts:token_add": acts(frozenset({"system", "administrator"}), ACCOUNT_SEERS, _MACHINE, lambda case: {"days": "30"}, success=200),
    "accounts:token_revoke": acts(frozenset({"system", "administrator"}), ACCOUNT_SEERS, _MACHINE, lambda case: {"token": token_key(case.thing.machine)}),
    "accounts:grant_add": changes(frozenset({"security", "administrator"}), ACCOUNT_SEERS, _CLERK, _grant),
    "accounts:grant_revoke": changes(frozenset({"security", "administrator"}), ACCOUNT_SEERS, of("grant_id", "grant")),
    "accounts:grant_extend": acts(frozenset({"security", "administrator"}), ACCOUNT_SEERS, of("grant_id", "grant")),
    "accounts:grants_ending": lists(frozenset({"security", "administrator"})),
    "accounts:review": Line(
        {"GET": Access(frozenset({"security"}), otherwise=403), "POST": Access(frozenset({"security"}), success=422, otherwise=403)}, two_sided=False
    ),
    "accounts:review_close": Line({"POST": Access(frozenset({"security"}), success=302, otherwise=403)}, two_sided=False),
    "accounts:reset_ask": acts(frozenset({"system", "administrator"}), ACCOUNT_SEERS, _CLERK, lambda case: {"what": "password", "reason": "核实"}),
    "accounts:reset_list": lists(frozenset({"security", "auditor"})),
    "accounts:reset_answer": Line(
        {"POST": Access(frozenset({"security", "auditor"}), success=302, otherwise=403, body=lambda case: {"answer": "refuse"})}, _reset, two_sided=False
    ),
    "accounts:import": adds(_upload),
    "accounts:import_template": lists(ADMINISTRATOR),
    "accounts:import_detail": changes(ADMINISTRATOR, frozenset(), of("attachment_id", "workbook"), success=200),
    "accounts:code_print": acts(ADMINISTRATOR, frozenset(), of("attachment_id", "workbook"), success=200),
    "retention:kept": Line({"GET": Access(EVERYBODY)}, two_sided=False, is_open=True),
    "retention:mine": Line({"GET": Access(SIGNED_IN)}, two_sided=False),
    "retention:mine_rows": Line({"GET": Access(SIGNED_IN)}, lambda case: {"of": "accounts.user.pk"}, two_sided=False),
    "retention:mine_export": Line({"GET": Access(SIGNED_IN)}, lambda case: {"format": "json"}, two_sided=False),
    "retention:mine_ask": Line(
        {"GET": Access(SIGNED_IN), "POST": Access(SIGNED_IN, success=302, body=lambda case: {"words": "姓名应为示例"})},
        lambda case: {"kind": "correct"},
        two_sided=False,
    ),
    "retention:request_list": lists(PEOPLE_KEEPERS | {"system"}),
    "retention:request_add": adds(
        lambda case: {"branch": case.thing.branch.name, "kind": "erase", "subject": "居民", "words": "请删除电话"}, does=PEOPLE_KEEPERS
    ),
    "retention:request_detail": changes(PEOPLE_KEEPERS, frozenset(), of("request_id", "asked"), lambda case: {"outcome": "done", "words": "已删除"}),
    "retention:certificate_list": lists(CERTIFIED),
    "retention:certificate_detail": reads(CERTIFIED, of("certificate_id", "certificate")),
    "retention:certificate_export": Line({"GET": Access(CERTIFIED, otherwise=403)}, lambda case: {"format": "csv"}, two_sided=False),
    "retention:hold_list": lists(CERTIFIED),
    "retention:hold_add": adds(lambda case: {"branch": case.thing.branch.name, "reason": "复核投诉"}, does=SECURITY, two_sided=False),
    "retention:hold_lift": acts(SECURITY, CERTIFIED - SECURITY, of("hold_id", "hold")),
    "portal:audit_list": lists(AUDITOR),
    "portal:operations": lists(frozenset({"system"})),
    "portal:job_retry": Line({"POST": Access(frozenset({"system"}), success=302, otherwise=403)}, _failed_job, two_sided=False),
    "portal:audit_export": lists(AUDITOR),
    "portal:audit_changes": lists(AUDITOR),
    "portal:audit_changes_export": lists(AUDITOR),
    "portal:audit_days": lists(AUDITOR),
    "portal:audit_object": Line({"GET": Access(AUDITOR, otherwise=403)}, lambda case: {"object_id": case.thing.branch.public_id}, two_sided=False),
    "portal:audit_person": Line({"GET": Access(AUDITOR, otherwise=403)}, _CLERK, two_sided=False),
    # The API.
    "branches-api:region-list": lists(SEERS),
    "branches-api:region-detail": api_reads(SEERS, public_id("community")),
    "branches-api:work-unit-list": lists(SEERS),
    "branches-api:work-unit-detail": api_reads(SEERS, public_id("unit")),
    "branches-api:branch-list": lists(SEERS),
    "branches-api:branch-detail": api_reads(SEERS, public_id("branch")),
    "members-api:person-list": lists(PEOPLE_SEERS),
    "members-api:person-detail": api_reads(PEOPLE_SEERS, public_id("person")),
    "members-api:squad-list": lists(SEERS),
    "members-api:squad-detail": api_reads(SEERS, public_id("squad")),
    "members-api:pioneer-post-list": lists(SEERS),
    "members-api:pioneer-post-detail": api_reads(SEERS, public_id("pioneer")),
    "members-api:duty-post-list": lists(ROSTER_SEERS),
    "members-api:duty-post-detail": api_reads(ROSTER_SEERS, public_id("post")),
    "members-api:shift-list": lists(ROSTER_SEERS),
    "members-api:shift-detail": api_reads(ROSTER_SEERS, public_id("shift")),
    "members-api:hand-over-list": lists(ROSTER_SEERS),
    "members-api:hand-over-detail": api_reads(ROSTER_SEERS, public_id("handed_over")),
    "members-api:hours-list": lists(ROSTER_SEERS),
    "activities-api:report-list": Line(
        {
            "GET": Access(READERS, otherwise=403, outside=200),
            "POST": Access(ORGANISER | REVIEWER, READERS, success=201, otherwise=403, outside=404, body=_api_day),
        }
    ),
    "activities-api:report-detail": api_reads(READERS, public_id("filed.report")),
    "activities-api:period-report-list": Line(
        {
            "GET": Access(READERS, otherwise=403, outside=200),
            "POST": Access(ORGANISER, READERS, success=201, otherwise=403, outside=404, body=_api_span),
        }
    ),
    "activities-api:period-report-detail": api_reads(READERS, public_id("period.report")),
    "activities-api:report-version-list": lists(READERS),
    "activities-api:report-version-detail": api_reads(READERS, public_id("filed")),
    "activities-api:report-version-accept": api_acts(REVIEWER, public_id("filed")),
    "activities-api:report-version-return": api_acts(REVIEWER, public_id("filed"), lambda case: {"note": "请核对"}),
    "activities-api:report-version-withdraw": api_acts(ORGANISER, public_id("filed"), lambda case: {"reason": "误报"}),
    "activities-api:report-version-confirm": api_acts(ORGANISER, public_id("called_in")),
    "activities-api:entry-list": lists(READERS),
    "activities-api:entry-pull": lists(READERS),
    "activities-api:entry-detail": api_reads(READERS, public_id("entry")),
    "activities-api:measure-list": lists(READERS),
    "activities-api:measure-detail": api_reads(READERS, lambda case: {"public_id": case.thing.entry.measures.order_by("pk")[0].public_id}),
    "activities-api:stock-receipt-list": lists(READERS),
    "activities-api:stock-receipt-detail": api_reads(READERS, public_id("receipt")),
    "activities-api:statement-list": lists(READERS),
    "activities-api:statement-detail": api_reads(READERS, public_id("statement")),
    "activities-api:frozen-figure-list": lists(READERS),
    "activities-api:frozen-figure-detail": api_reads(READERS, public_id("frozen")),
    "activities-api:derived-figures": api_reads(READERS, query=_business_date),
    "activities-api:need-list": lists(READERS),
    "activities-api:need-detail": api_reads(READERS, public_id("need")),
    "activities-api:need-event-list": lists(READERS),
    "activities-api:need-event-detail": api_reads(READERS, lambda case: {"public_id": case.thing.need.events.get().public_id}),
    "activities-api:suggestion-list": lists(READERS),
    "activities-api:suggestion-detail": api_reads(READERS, public_id("suggestion")),
    "activities-api:inspection-list": lists(READERS),
    "activities-api:inspection-detail": api_reads(READERS, public_id("inspection")),
    "activities-api:inspection-point-list": lists(READERS),
    "activities-api:inspection-point-detail": api_reads(READERS, public_id("point")),
    "activities-api:contact-point-list": lists(READERS | ADMINISTRATOR),
    "activities-api:contact-point-detail": api_reads(READERS | ADMINISTRATOR, public_id("contact")),
    "activities-api:contact-visit-list": lists(READERS | ADMINISTRATOR),
    "activities-api:contact-visit-detail": api_reads(READERS | ADMINISTRATOR, public_id("contact_visit")),
    "activities-api:survey-list": lists(READERS),
    "activities-api:survey-detail": api_reads(READERS, public_id("survey")),
    "activities-api:survey-answer-list": lists(READERS),
    "activities-api:survey-answer-detail": api_reads(READERS, public_id("answer")),
    "activities-api:metric-list": lists(),
    "activities-api:unit-list": lists(),
    "retention-api:kept": lists(),
    "retention-api:certificate-list": lists(CERTIFIED),
    "retention-api:certificate-detail": api_reads(CERTIFIED, public_id("certificate")),
    "api-totals": api_reads(READERS, query=_total),
    "api-total-records": api_reads(READERS, query=_total),
    "api-changes": lists(),
    # Whoever is signed in to the pages has no token to give back.
    "api-token": Line({"DELETE": Access(frozenset({"client"}), success=204)}, two_sided=False),
}
