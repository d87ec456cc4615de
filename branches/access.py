"""The one policy: who may see or do what.

A user holds grants; a grant is a role over a scope. `ROLES_FOR` says which roles may do an act; `reach` collects the scopes over which
an actor may do it; `branches_within`, `regions_within` and `people_within` turn a reach into a filter. Every scoped query in a page or
in the API begins with `.visible_to(actor)`, which is these filters. Outside the reach is 404; visible but not yours to change is 403.

Nothing here imports the user: any object with `current_grants` will do.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

from django.apps import apps
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from branches.closing import BranchClosed
from portal.foundation import clock
from portal.foundation.errors import Forbidden

if TYPE_CHECKING:
    from branches.models import Branch, Region, WorkUnit


class Role(models.TextChoices):
    """What a grant lets its holder be."""

    ORGANISER = "organiser", _("organiser")
    COMMUNITY = "community", _("community secretary")
    SHIFT_LEADER = "shift_leader", _("shift leader")
    MEMBER = "member", _("member")
    REVIEWER = "reviewer", _("reviewer")
    ADMINISTRATOR = "administrator", _("administrator")
    OFFICIAL = "official", _("official")
    LIAISON = "liaison", _("work unit liaison")
    CLIENT = "client", _("another system")
    SYSTEM = "system", _("system keeper")
    SECURITY = "security", _("security officer")
    AUDITOR = "auditor", _("auditor")


class Act(Enum):
    """Something that is allowed over a scope, or is not."""

    SEE_BRANCHES = "see branches"
    SEE_REPORTS = "see reports and figures"
    SEE_PEOPLE = "see people"
    SEE_SENSITIVE = "see sensitive fields"
    CALL = "see and call duty phones"
    FILE = "file a branch's figures"
    FILE_ON_BEHALF = "file on behalf from a telephone call"
    REVIEW = "accept or return reports"
    FREEZE = "freeze a figure that is quoted"
    RECORD_NEEDS = "record what residents need"
    KEEP_NEEDS = "assign, hand on, resolve and reopen a branch's needs"
    ANSWER_NEEDS = "answer needs that were handed on to one's region or work unit"
    RECORD_SUGGESTIONS = "write down what residents and members suggest, and read it"
    KEEP_SUGGESTIONS = "pass a branch's suggestions upward, correct them, lay them aside"
    ANSWER_SUGGESTIONS = "answer suggestions that were passed to one's region or work unit"
    KEEP_PEOPLE = "add a branch's people, end their time, give offices"
    READ_RECORDS = "read the service records of one's work unit's own people"
    KEEP_RECORDS = "read what people did in a branch, and write words of merit into their records"
    SEE_ROSTER = "see how posts are staffed"
    LEAD_SHIFTS = "see who serves when, and lead them"
    KEEP_ROSTER = "keep posts, shifts and who is on them"
    KEEP_SQUADS = "found squads, say who is in them and which grids they cover, open pioneer posts"
    CLAIM_POSTS = "claim pioneer posts oneself"
    KEEP_SURVEYS = "make a branch's surveys, type in answers, read what residents wrote, say which answers do not count"
    RECORD_INSPECTIONS = "write down an inspection of a branch, with what is to be mended"
    MEND_POINTS = "say who sees to what is to be mended, and that it is mended"
    CHECK_POINTS = "say after looking again whether something is mended"
    SEE_PICTURES = "look at pictures and documents of what is to be mended, and add some"
    SEE_CONTACT_POINTS = "see which leader answers for which site"
    KEEP_CONTACT_POINTS = "say which leader answers for which site, and record visits from a telephone call"
    ADMINISTER = "keep branches, people and sign-ins"
    PREPARE_END = "prepare the end of a branch"
    END_BRANCHES = "end a branch, merge it into another, open its records again"
    KEEP_ACCOUNTS = "keep accounts and settings"
    GIVE_GRANTS = "give grants"
    GIVE_ANY_ROLE = "give grants of any role"
    READ_AUDIT = "read the audit log"
    HOLD_RECORDS = "keep what is due from being erased, for a reason"
    READ_CERTIFICATES = "read what was destroyed, when and under which rule"
    ANSWER_REQUESTS = "answer what people ask about their own data, and write down such requests of others"
    CONFIRM_RESETS = "confirm that the account of an officer is reset, as a second person"
    KEEP_MACHINE = "see how the machine is doing, and have failed jobs done again"


_CASE_READERS = frozenset({Role.ORGANISER, Role.COMMUNITY, Role.SHIFT_LEADER, Role.REVIEWER, Role.OFFICIAL, Role.LIAISON, Role.CLIENT})

ROLES_FOR: dict[Act, frozenset[Role]] = {
    Act.SEE_BRANCHES: _CASE_READERS | {Role.ADMINISTRATOR, Role.MEMBER},
    Act.SEE_REPORTS: _CASE_READERS,
    Act.SEE_PEOPLE: _CASE_READERS - {Role.COMMUNITY} | {Role.ADMINISTRATOR},
    Act.SEE_SENSITIVE: frozenset({Role.ORGANISER}),
    Act.CALL: frozenset({Role.REVIEWER, Role.OFFICIAL}),
    Act.FILE: frozenset({Role.ORGANISER}),
    Act.FILE_ON_BEHALF: frozenset({Role.REVIEWER}),
    Act.REVIEW: frozenset({Role.REVIEWER}),
    Act.FREEZE: frozenset({Role.REVIEWER, Role.OFFICIAL, Role.LIAISON}),
    # Whoever stands at a gate or in the community's office is told of needs; whose turn it is, and whether it is done, the organiser says.
    Act.RECORD_NEEDS: frozenset({Role.ORGANISER, Role.SHIFT_LEADER, Role.COMMUNITY}),
    Act.KEEP_NEEDS: frozenset({Role.ORGANISER}),
    # Where a branch hands needs on to: its street or community, or a work unit.
    Act.ANSWER_NEEDS: frozenset({Role.REVIEWER, Role.COMMUNITY, Role.LIAISON}),
    Act.RECORD_SUGGESTIONS: frozenset({Role.ORGANISER, Role.SHIFT_LEADER, Role.COMMUNITY}),
    Act.KEEP_SUGGESTIONS: frozenset({Role.ORGANISER}),
    # Whoever speaks for a region or a unit; officials too, for what a branch cannot settle is theirs to settle.
    Act.ANSWER_SUGGESTIONS: frozenset({Role.REVIEWER, Role.COMMUNITY, Role.OFFICIAL, Role.LIAISON}),
    Act.KEEP_PEOPLE: frozenset({Role.ORGANISER, Role.ADMINISTRATOR}),
    # A service record is for the person, the branch and the unit at home, and for nobody above or beside them.
    Act.READ_RECORDS: frozenset({Role.LIAISON}),
    Act.KEEP_RECORDS: frozenset({Role.ORGANISER}),
    # How many serve is not the community's to know; who serves when is whereabouts, and nobody's but theirs who lead them.
    Act.SEE_ROSTER: _CASE_READERS - {Role.COMMUNITY},
    Act.LEAD_SHIFTS: frozenset({Role.ORGANISER, Role.SHIFT_LEADER}),
    Act.KEEP_ROSTER: frozenset({Role.ORGANISER}),
    # Who is sent where is the branch's to say; whoever sees the branch sees it.
    Act.KEEP_SQUADS: frozenset({Role.ORGANISER}),
    # Whoever signs in as a member claims for themselves; for everybody else the organiser notes it.
    Act.CLAIM_POSTS: frozenset({Role.MEMBER}),
    # Who judges the answers reads them whole; nobody above the branch does, whatever else their grants open.
    Act.KEEP_SURVEYS: frozenset({Role.ORGANISER}),
    # Inspectors come from street and district; where they leave nothing but their words, the branch writes these down itself.
    Act.RECORD_INSPECTIONS: frozenset({Role.ORGANISER, Role.REVIEWER, Role.OFFICIAL}),
    # Whoever mends something never says that it passed.
    Act.MEND_POINTS: frozenset({Role.ORGANISER}),
    Act.CHECK_POINTS: frozenset({Role.REVIEWER, Role.OFFICIAL}),
    # A picture may show people: for those alone who mend and check, never for a machine, whatever else its grants open.
    Act.SEE_PICTURES: frozenset({Role.ORGANISER, Role.REVIEWER, Role.OFFICIAL}),
    Act.SEE_CONTACT_POINTS: _CASE_READERS | {Role.ADMINISTRATOR},
    # The offices of street and district give out the sites; an official reads, and records visits as the leader that they may be themselves.
    Act.KEEP_CONTACT_POINTS: frozenset({Role.REVIEWER, Role.ADMINISTRATOR}),
    Act.ADMINISTER: frozenset({Role.ADMINISTRATOR}),
    # Whoever knows what is open prepares; the office above confirms.
    Act.PREPARE_END: frozenset({Role.ORGANISER, Role.ADMINISTRATOR}),
    Act.END_BRANCHES: frozenset({Role.ADMINISTRATOR}),
    Act.KEEP_ACCOUNTS: frozenset({Role.SYSTEM}),
    Act.GIVE_GRANTS: frozenset({Role.SECURITY, Role.ADMINISTRATOR}),
    Act.GIVE_ANY_ROLE: frozenset({Role.SECURITY}),
    Act.READ_AUDIT: frozenset({Role.AUDITOR}),
    # Whoever has an interest in what is erased or not, a branch or its street, does not say so: the security officer sees no case data.
    Act.HOLD_RECORDS: frozenset({Role.SECURITY}),
    Act.READ_CERTIFICATES: frozenset({Role.AUDITOR, Role.SECURITY, Role.OFFICIAL}),
    Act.ANSWER_REQUESTS: frozenset({Role.ORGANISER, Role.ADMINISTRATOR}),
    # The system keeper asks for the reset; one of the other two offices has to agree.
    Act.CONFIRM_RESETS: frozenset({Role.SECURITY, Role.AUDITOR}),
    Act.KEEP_MACHINE: frozenset({Role.SYSTEM}),
}

# A filter that lets all rows through, also beside others: an empty one joined to another by `|` would be the other alone.
EVERYTHING: Final = ~Q(pk__in=())

# Held by different people: none of these gives sight of case data.
SEPARATE_ROLES = frozenset({Role.SYSTEM, Role.SECURITY, Role.AUDITOR})
# Whoever reads more than one branch, or keeps the rights of others, shows a second factor besides the password.
SECOND_FACTOR_ROLES = SEPARATE_ROLES | {Role.OFFICIAL, Role.REVIEWER}
# For how many days a grant holds where nobody says until when, and at most: nobody keeps a right because nobody thought of it.
LONGEST_GRANT = 366
_HALF_A_YEAR = SEPARATE_ROLES | {Role.ADMINISTRATOR, Role.ORGANISER, Role.SHIFT_LEADER, Role.COMMUNITY, Role.MEMBER}
GRANT_DAYS = {role: 183 if role in _HALF_A_YEAR else 365 for role in Role}
# Held for a place, a unit or a branch: nobody files for every branch, or serves in all of them.
ROLES_OF_A_PLACE = frozenset({Role.ORGANISER, Role.SHIFT_LEADER, Role.COMMUNITY, Role.MEMBER})
# What an administrator of a region may hand out below themselves.
ADMINISTRATOR_GIVES = frozenset({Role.ORGANISER, Role.SHIFT_LEADER})
# Whose sign-in an administrator resets: a new password for a reviewer or an auditor would lend the administrator their rights.
ADMINISTRATOR_KEEPS = ADMINISTRATOR_GIVES | {Role.MEMBER, Role.CLIENT}


class GrantLike(Protocol):
    """What the policy reads of a grant."""

    role: str
    everything: bool
    region_id: int | None
    work_unit_id: int | None
    branch_id: int | None
    sensitive: bool


class Actor(Protocol):
    """Whoever asks: anything with grants in force."""

    @property
    def current_grants(self) -> Iterable[GrantLike]:
        """Grants in force now."""
        ...


@dataclass(frozen=True)
class Reach:
    """The scopes over which something is allowed: everything, or regions and work units with all below them, or single branches."""

    everything: bool = False
    regions: frozenset[int] = field(default_factory=frozenset)
    work_units: frozenset[int] = field(default_factory=frozenset)
    branches: frozenset[int] = field(default_factory=frozenset)

    def __bool__(self) -> bool:
        return self.everything or bool(self.regions or self.work_units or self.branches)


def rows(model: str, app: str = "branches") -> "models.QuerySet[Any]":
    """Return all rows of a model, by name: models stand on this module, not the other way round."""
    found: models.QuerySet[Any] = apps.get_model(app, model)._default_manager.all()
    return found


def reach_of(grants: Iterable[GrantLike]) -> Reach:
    """Collect the scopes of `grants`."""
    held = list(grants)
    return Reach(
        everything=any(grant.everything for grant in held),
        regions=frozenset(grant.region_id for grant in held if grant.region_id is not None),
        work_units=frozenset(grant.work_unit_id for grant in held if grant.work_unit_id is not None),
        branches=frozenset(grant.branch_id for grant in held if grant.branch_id is not None),
    )


def grants_for(actor: object, act: Act) -> list[GrantLike]:
    """Return the grants of `actor` that allow `act`; an anonymous visitor has none."""
    grants: Iterable[GrantLike] = getattr(actor, "current_grants", ())
    roles = ROLES_FOR[act]
    return [grant for grant in grants if grant.role in roles or (act is Act.SEE_SENSITIVE and grant.sensitive)]


def reach(actor: object, act: Act) -> Reach:
    """Return the scopes over which `actor` may do `act`."""
    return reach_of(grants_for(actor, act))


def may(actor: object, act: Act) -> bool:
    """Say whether `actor` may do `act` anywhere at all."""
    return bool(reach(actor, act))


def branches_within(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over branches; `prefix` leads to the branch, as in `"report__branch__"`.

    A branch is within a region that its host region lies in today, and within a work unit that sends people to it.
    """
    if allowed.everything:
        return EVERYTHING
    found = Q(**{f"{prefix}pk__in": allowed.branches})
    if allowed.regions:
        found |= Q(**{f"{prefix}region__in": regions_below(allowed.regions)})
    if allowed.work_units:
        found |= Q(**{f"{prefix}pk__in": branches_served_by(allowed.work_units)})
    return found


def regions_below(regions: Iterable[int]) -> "models.QuerySet[Any, Any]":
    """Return ids of `regions` and of all that lies below them today, as a sub-query."""
    return rows("RegionPath").filter(ancestor__in=list(regions), during__contains=clock.today()).values_list("descendant", flat=True)


def units_below(work_units: Iterable[int]) -> "models.QuerySet[Any, Any]":
    """Return ids of `work_units` and of all below them, as a sub-query."""
    return rows("WorkUnitPath").filter(ancestor__in=list(work_units)).values_list("descendant", flat=True)


def branches_served_by(work_units: Iterable[int], during: Any = None) -> "models.QuerySet[Any, Any]":
    """Return ids of branches to which a unit at or below `work_units` sends people, as a sub-query: declared, or members while it sent them.

    With `during`, a range of days, members of those days alone: whoever goes over to another branch serves there from that day on, and not before.
    """
    below = units_below(work_units)
    declared = rows("Branch").filter(sending_units__in=below).order_by().values_list("pk", flat=True)
    # Each by its own index: with OR, everybody who was ever sent would be read.
    then: dict[str, Any] = {} if during is None else {"memberships__during__overlap": during, "memberships__person__secondments__during__overlap": during}
    sent = rows("Branch").filter(
        Q(memberships__during__overlap=F("memberships__person__secondments__during")), memberships__person__secondments__home_unit__in=below, **then
    )
    return declared.union(sent.order_by().values_list("pk", flat=True), all=True)


def regions_within(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over regions: those of the reach and all below, and the host regions of single branches in reach."""
    if allowed.everything:
        return EVERYTHING

    hosts = rows("Branch").filter(branches_within(Reach(branches=allowed.branches, work_units=allowed.work_units))).values_list("region", flat=True)
    return Q(**{f"{prefix}pk__in": regions_below(allowed.regions)}) | Q(**{f"{prefix}pk__in": hosts})


def units_within(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over work units: those of the reach and all below, and those that send people to branches in reach."""
    if allowed.everything:
        return EVERYTHING

    territorial = Reach(regions=allowed.regions, branches=allowed.branches)
    sending = rows("Branch").filter(branches_within(territorial)).values_list("sending_units", flat=True)
    found = Q(**{f"{prefix}pk__in": units_below(allowed.work_units)})
    return found | Q(**{f"{prefix}pk__in": sending.exclude(sending_units=None)}) if territorial else found


def scopes_within(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over rows about a region, a work unit or a branch: those of which all that they are about lies within the reach."""
    if allowed.everything:
        return EVERYTHING
    found = Q(**{f"{prefix}region__in": regions_below(allowed.regions)}) | Q(**{f"{prefix}work_unit__in": units_below(allowed.work_units)})
    return found | Q(**{f"{prefix}branch__in": rows("Branch").filter(branches_within(allowed)).values("pk")})


def needs_within(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over needs: of branches in reach, which hold or recorded them, and those handed on to a region or a work unit in reach."""
    if allowed.everything:
        return EVERYTHING
    own = branches_within(allowed, f"{prefix}branch__") | branches_within(allowed, f"{prefix}origin__")
    return own | handed_to(allowed, prefix)


def handed_to(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over needs or suggestions that were handed on to a region or a work unit in reach, and are there."""
    if allowed.everything:
        return Q(**{f"{prefix}with_region__isnull": False}) | Q(**{f"{prefix}with_unit__isnull": False})
    found = Q(pk__in=())
    if allowed.regions:
        found |= Q(**{f"{prefix}with_region__in": regions_below(allowed.regions)})
    if allowed.work_units:
        found |= Q(**{f"{prefix}with_unit__in": units_below(allowed.work_units)})
    return found


def suggestions_within(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over suggestions: of branches in reach, passed at any time to a region or a work unit in reach, or answered for all there."""
    if allowed.everything:
        return EVERYTHING
    return suggestions_followed(allowed, prefix) | answered_for_all(allowed, prefix)


def suggestions_followed(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over suggestions whose course concerns a reach: its branches' own, and those that were passed to it at any time."""
    return EVERYTHING if allowed.everything else branches_within(allowed, f"{prefix}branch__") | suggestions_passed_to(allowed, prefix)


def suggestions_passed_to(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over suggestions that were passed, at any time, to a region or a work unit in reach."""
    to_it = Q(to_region__in=regions_below(allowed.regions)) | Q(to_unit__in=units_below(allowed.work_units))
    passed = rows("SuggestionEvent", "activities").filter(Q(kind="passed") if allowed.everything else to_it)
    return Q(**{f"{prefix}pk__in": passed.values("suggestion")})


def answered_for_all(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over suggestions whose answer holds for all below a region or a unit, and so for something in reach."""
    today, own = clock.today(), rows("Branch").filter(pk__in=allowed.branches)
    under = Q(descendant__in=list(allowed.regions)) | Q(descendant__in=own.values("region"))
    regions = rows("RegionPath").filter(under, during__contains=today).values("ancestor")
    senders = Q(descendant__in=list(allowed.work_units)) | Q(descendant__in=own.exclude(sending_units=None).values("sending_units"))
    units = rows("WorkUnitPath").filter(senders).values("ancestor")
    held = Q(**{f"{prefix}with_region__in": regions}) | Q(**{f"{prefix}with_unit__in": units})
    return Q(**{f"{prefix}state": "answered", f"{prefix}for_all": True}) & held


def sites_within(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over rows of a region: those in reach; for branches in reach, where they are hosted, what lies there, and their community."""
    if allowed.everything:
        return EVERYTHING
    found, today = Q(**{f"{prefix}region__in": regions_below(allowed.regions)}), clock.today()
    if not (allowed.branches or allowed.work_units):
        return found
    serving = Reach(branches=allowed.branches, work_units=allowed.work_units)
    hosts = rows("Branch").filter(branches_within(serving)).order_by().values("region")
    paths = rows("RegionPath").filter(during__contains=today).order_by()
    below = paths.filter(ancestor__in=hosts).values("descendant")
    around = paths.filter(descendant__in=hosts, ancestor__level__in=["community", "compound", "site"]).values("ancestor")
    return found | Q(**{f"{prefix}region__in": below}) | Q(**{f"{prefix}region__in": around})


def reach_of_any(actor: object, *acts: Act) -> Reach:
    """Return the scopes over which `actor` may do one of `acts`."""
    return reach_of(grant for act in acts for grant in grants_for(actor, act))


def people_within(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over persons: members of branches in a territorial reach, and a work unit's own people, never another unit's.

    Somebody is of the unit that sent them last.
    """
    if allowed.everything:
        return EVERYTHING
    territorial = Reach(regions=allowed.regions, branches=allowed.branches)
    later = rows("Secondment", "members").filter(person=OuterRef("person"), during__fully_gt=OuterRef("during"))
    last = rows("Secondment", "members").filter(~Exists(later), home_unit__in=units_below(allowed.work_units))
    found = Q(**{f"{prefix}pk__in": last.values("person")})
    if territorial:
        reached = rows("Branch").filter(branches_within(territorial)).values_list("pk", flat=True)
        found |= Q(**{f"{prefix}memberships__branch__in": reached})
    return found


def people_held(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over persons of whom a branch or a work unit in reach holds the private side: those whose last time in a branch is there.

    Whom another branch has taken since are its own: where they were before, their time there is still known, and their telephone is not.
    """
    if allowed.everything:
        return EVERYTHING
    own = people_within(Reach(work_units=allowed.work_units), prefix)
    if not (territorial := Reach(regions=allowed.regions, branches=allowed.branches)):
        return own
    later = rows("Membership", "members").filter(person=OuterRef("person"), during__fully_gt=OuterRef("during"), during__startswith__lte=clock.today())
    reached = rows("Branch").filter(branches_within(territorial)).values_list("pk", flat=True)
    last = rows("Membership", "members").filter(~Exists(later), branch__in=reached)
    return own | Q(**{f"{prefix}pk__in": last.values("person")})


def records_read_whole(actor: object) -> Reach:
    """Return the work units of whose people `actor` reads the whole service record, over all branches."""
    allowed = reach(actor, Act.READ_RECORDS)
    return Reach(everything=allowed.everything, work_units=allowed.work_units)


def records_read(actor: object) -> Reach:
    """Return of whom `actor` reads a service record at all: of the people of their work units, and of their branches what was done there."""
    whole, kept = records_read_whole(actor), reach(actor, Act.KEEP_RECORDS)
    return Reach(everything=whole.everything, regions=kept.regions, work_units=whole.work_units, branches=kept.branches)


def can(actor: object, act: Act, branch: "Branch") -> bool:
    """Say whether `actor` may do `act` for `branch`."""
    return _holds(reach(actor, act), branch)


def offers(actor: object, act: Act, branch: "Branch") -> bool:
    """Say whether a page offers `act`, which changes records, for `branch`: `actor` may do it, and the records are not closed."""
    return branch.closed_at is None and can(actor, act, branch)


def require(actor: object, act: Act, branch: "Branch") -> None:
    """Refuse a page that changes records of `branch` to whoever may not do `act`, and to everybody when the records are closed.

    Raises:
        Forbidden: it is not the actor's to change.
        BranchClosed: it was, before the branch ended.
    """
    if not can(actor, act, branch):
        raise Forbidden
    if branch.closed_at is not None:
        raise BranchClosed


def can_over(actor: object, act: Act, thing: "Region | WorkUnit | Branch") -> bool:
    """Say whether `actor` may do `act` over all of a region or a work unit, or for a branch."""
    allowed, kind = reach(actor, act), thing._meta.model_name
    if kind == "branch":
        return _holds(allowed, cast("Branch", thing))
    below = regions_below(allowed.regions) if kind == "region" else units_below(allowed.work_units)
    return allowed.everything or below.filter(descendant=thing.pk).exists()


def _holds(allowed: Reach, branch: "Branch") -> bool:
    if allowed.everything or branch.pk in allowed.branches:
        return True
    return bool(allowed) and type(branch).objects.filter(branches_within(allowed), pk=branch.pk).exists()


def grants_within(allowed: Reach, prefix: str = "") -> Q:
    """Return a filter over grants whose whole scope lies inside a reach; a branch is inside by its host region, not by who serves there."""
    if allowed.everything:
        return EVERYTHING
    branches = rows("Branch").filter(branches_within(Reach(regions=allowed.regions, branches=allowed.branches))).values_list("pk", flat=True)
    return (
        Q(**{f"{prefix}region__in": regions_below(allowed.regions)})
        | Q(**{f"{prefix}work_unit__in": units_below(allowed.work_units)})
        | Q(**{f"{prefix}branch__in": branches})
    )


def grants_seen(actor: object) -> Q:
    """Return a filter over grants of which `actor` may know: those over what they keep or administer, not what somebody held elsewhere."""
    found = Q(pk__in=())
    for act in (Act.KEEP_ACCOUNTS, Act.GIVE_GRANTS, Act.ADMINISTER):
        if allowed := reach(actor, act):
            found |= grants_within(allowed)
    return found


def covers(allowed: Reach, grant: GrantLike) -> bool:
    """Say whether the whole scope of `grant` lies inside a reach."""
    if allowed.everything or grant.everything:
        return allowed.everything
    if grant.region_id is not None:
        return regions_below(allowed.regions).filter(descendant=grant.region_id).exists()
    if grant.work_unit_id is not None:
        return units_below(allowed.work_units).filter(descendant=grant.work_unit_id).exists()
    return rows("Branch").filter(branches_within(Reach(regions=allowed.regions, branches=allowed.branches)), pk=grant.branch_id).exists()


def roles_given_by(actor: object) -> frozenset[Role]:
    """Return the roles that `actor` may hand out somewhere."""
    given = frozenset(Role) if may(actor, Act.GIVE_ANY_ROLE) else frozenset[Role]()
    return given | ADMINISTRATOR_GIVES if may(actor, Act.ADMINISTER) else given


def may_give(giver: object, grant: GrantLike, *, own: bool) -> bool:
    """Say whether `giver` may give `grant`, or take it back.

    Nobody gives themselves anything (`own`), and nobody gives over a wider scope than theirs. Only a security officer opens sensitive fields.
    It may outlive the grant of whoever gives it, by a year at most: an appointment outlives the appointer, and whoever may give it takes it back.
    """
    if own:
        return False
    if covers(reach(giver, Act.GIVE_ANY_ROLE), grant):
        return True
    return grant.role in ADMINISTRATOR_GIVES and not grant.sensitive and covers(reach(giver, Act.ADMINISTER), grant)


def grants_given_by(giver: object) -> Q:
    """Return a filter over grants that `giver` may take back; the same rule as `may_give`, over rows."""
    found = Q(pk__in=())
    if allowed := reach(giver, Act.GIVE_ANY_ROLE):
        found |= grants_within(allowed) or Q(pk__isnull=False)
    if allowed := reach(giver, Act.ADMINISTER):
        found |= Q(role__in=ADMINISTRATOR_GIVES, sensitive=False) & grants_within(allowed)
    return found & ~Q(user=getattr(giver, "pk", None))


def sees_accounts(actor: object, branch: "Branch") -> bool:
    """Say whether `actor` may see who filed or reviewed for `branch`."""
    return _holds(accounts_seen(actor), branch)


def accounts_seen(actor: object) -> Reach:
    """Return where `actor` may see who filed or reviewed: where they see people by place. A work unit's liaison sees no other unit's people."""
    allowed = reach(actor, Act.SEE_PEOPLE)
    return Reach(everything=allowed.everything, regions=allowed.regions, branches=allowed.branches)


def administers_regions(actor: object) -> bool:
    """Say whether `actor` administers a whole region, and so may add branches to it."""
    allowed = reach(actor, Act.ADMINISTER)
    return allowed.everything or bool(allowed.regions)
