"""What the access matrix and the crawl ask about: one side inside the scope of the roles that have one, its twin outside, and who asks."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from io import BytesIO
from typing import Any, Final
from uuid import uuid4

from django.utils import timezone
from knox.models import AuthToken
from openpyxl import Workbook

from activities import freezing
from activities.imports.services import check_table, take_in
from activities.models import (
    ContactPoint,
    ContactVisit,
    Entry,
    FrozenFigure,
    Inspection,
    InspectionPoint,
    Metric,
    Need,
    PointFile,
    ReportImport,
    ReportVersion,
    Statement,
    StockReceipt,
    Suggestion,
    Survey,
    SurveyQuestion,
    SurveyResponse,
    Unit,
)
from activities.rollups import Scope, Span
from activities.services import Figure, Participation, Work, file_daily_report, file_period_report, surveys, works_of
from activities.services.following import issue_code
from activities.services.needs import hand_on
from activities.services.surveys import Form, Given
from branches.access import Role
from branches.models import Branch, Region, WorkUnit
from members.forms_roster import THREE
from members.models import (
    DutyPost,
    HandOver,
    Membership,
    OnSiteStay,
    Person,
    PioneerClaim,
    PioneerPost,
    ServiceNote,
    Shift,
    Squad,
    SquadGrid,
    SquadMember,
    TimeOff,
)
from members.services import on_site, pioneers, roster, squads
from members.services.hand_over import Left, hand_over
from members.services.pioneers import PostFacts as PioneerFacts
from members.services.roster import PostFacts
from members.services.service_note import write_note
from members.services.squads import SquadFacts
from portal.accounts import importing
from portal.accounts.models import Grant, Reset, User
from portal.accounts.services import issue_activation_codes
from portal.ending import services as ending
from portal.ending.models import ArchivePack, BranchEnd, ServiceLetter
from portal.foundation import jobs
from portal.foundation.models import Attachment
from portal.retention.models import Certificate, DataRequest, Hold
from portal.retention.services.certifying import certify
from portal.retention.services.requesting import write_down
from tests.activities.contacted import contact, visited
from tests.activities.drawn import a_picture
from tests.activities.inspected import inspected
from tests.activities.needs import recorded
from tests.activities.suggestions import suggested
from tests.factories import file, give, make_branch, make_person, make_region, make_user, signed_in_somewhere, since
from tests.personas import MARCH_5, MARCH_6, City

DAY: Final = timedelta(days=1)
EARLIER: Final = timezone.make_aware(datetime(2020, 3, 1, 8, 0))  # noqa: DTZ001 - made aware here

# Whoever holds nothing: not signed in, closed, no grant, grants taken back, grants that ended, one that has not begun.
ANONYMOUS, CLOSED, NOBODY, REVOKED, ENDED, EARLY = "anonymous", "closed", "nobody", "revoked", "ended", "early"
WITHOUT_GRANT: Final = (ANONYMOUS, CLOSED, NOBODY, REVOKED, ENDED, EARLY)
ACTORS: Final = (*WITHOUT_GRANT, *(role.value for role in Role))
INSIDE, OUTSIDE = "inside", "outside"


@dataclass
class Side:
    """What lies on one side of the scopes' border."""

    branch: Branch
    community: Region
    street: Region
    unit: WorkUnit
    person: Person
    filed: ReportVersion
    called_in: ReportVersion
    period: ReportVersion
    frozen: FrozenFigure
    receipt: StockReceipt
    statement: Statement
    survey: Survey
    draft: Survey
    clerk: User
    machine: User
    workbook: Attachment
    imported: ReportImport
    need: Need
    handed_on: Need
    # Passed to the street.
    suggestion: Suggestion
    inspection: Inspection
    certificate: Certificate
    # Over by the next day.
    hold: Hold
    # Of what it found; the reviewer's.
    picture: PointFile
    # Of a resident.
    asked: DataRequest
    contact: ContactPoint
    post: DutyPost
    shift: Shift
    off: TimeOff
    # Of this evening, and handed over; inside the scope the member is on it.
    current: Shift
    # Inside the scope the member offered a shift of theirs.
    offered: Shift
    merit: ServiceNote
    # Somebody who is free for the shift.
    hand: Person
    stay: OnSiteStay
    handed_over: HandOver
    # A grid that nobody covers.
    compound: Region
    squad: Squad
    # Held by the secretary, and by nobody.
    pioneer: PioneerPost
    vacant: PioneerPost
    # On its way to the end, with a letter and a pack.
    end: BranchEnd

    @cached_property
    def membership(self) -> Membership:
        """The secretary's time in the branch."""
        return self.person.memberships.get()

    @cached_property
    def entry(self) -> Entry:
        """A piece of work of the filed report."""
        return self.filed.entries.order_by("pk")[0]

    @cached_property
    def answer(self) -> SurveyResponse:
        """An answer to the open survey."""
        return self.survey.responses.get()

    @cached_property
    def question(self) -> SurveyQuestion:
        """The first question of the survey in preparation."""
        return self.draft.questions.get(position=1)

    @cached_property
    def squad_member(self) -> SquadMember:
        """The secretary's time in the squad."""
        found: SquadMember = self.squad.members.get()
        return found

    @cached_property
    def squad_grid(self) -> SquadGrid:
        """The grid that the squad covers."""
        found: SquadGrid = self.squad.grids.get()
        return found

    @cached_property
    def claim(self) -> PioneerClaim:
        """The secretary's time at the post."""
        found: PioneerClaim = self.pioneer.claims.get()
        return found

    @cached_property
    def contact_visit(self) -> ContactVisit:
        """A visit to the contact point."""
        return self.contact.visits.get()

    @cached_property
    def point(self) -> InspectionPoint:
        """What the inspection found."""
        return self.inspection.points.get()

    @cached_property
    def letter(self) -> ServiceLetter:
        """The letter to the unit."""
        return self.end.letters.get()

    @cached_property
    def pack(self) -> ArchivePack:
        """The pack that the clerk asked for."""
        return self.end.packs.get()

    @cached_property
    def grant(self) -> Grant:
        """What the clerk holds."""
        return self.clerk.grants.get()

    @cached_property
    def private_words(self) -> tuple[str, ...]:
        """Names and numbers that nobody on the other side may read."""
        return (
            self.survey.title,
            self.squad.name,
            self.pioneer.name,
            self.branch.name,
            self.person.name,
            self.person.phone,
            self.person.duty_phone,
            self.clerk.username,
            str(self.filed.receipt),
            self.need.household,
            self.suggestion.words,
            self.merit.words,
            self.inspection.inspector,
            self.contact.terms.get().leader.name,
            self.contact.terms.get().duty_phone,
        )


@dataclass
class World:
    """Both sides, who acts, an activation code in the clear, and one by which a need is followed."""

    city: City
    sides: dict[str, Side]
    actors: dict[str, User | None]
    code: str
    followed: str
    reset: Reset


def build_world(city: City) -> World:
    """Make both sides and all actors."""
    inside = _side(city.street, city.community, city.company, "1")
    outside = _side(city.other_street, city.other_community, city.bureau, "2")
    scopes: dict[str, Any] = {
        "organiser": inside.branch,
        "shift_leader": inside.branch,
        "member": inside.branch,
        "community": city.community,
        "reviewer": city.street,
        "administrator": city.street,
        "official": city.street,
        "client": city.street,
        "liaison": city.company,
    }
    actors: dict[str, User | None] = {ANONYMOUS: None, **_without_grant(city, inside.branch)}
    for role in Role:
        more: dict[str, Any] = {"is_machine": True} if role is Role.CLIENT else {}
        if role is Role.MEMBER:
            more["person"] = make_person("本人", city.company, inside.branch)
        actors[role.value] = make_user(f"x-{role.value}", (role, scopes.get(role.value)), **more)
    administrator = actors["administrator"]
    assert administrator is not None
    inside.workbook = importing.keep_workbook(actor=administrator, content=workbook(city.community, "己"), name="a.xlsx")
    organiser = actors["organiser"]
    assert organiser is not None
    inside.imported = _checked_import(organiser, inside.branch)
    member = actors["member"]
    assert member is not None
    assert member.person is not None
    for each in (inside.current, inside.offered):
        roster.put_on(actor=organiser, shift=each, person=member.person, despite=True)
    for user in (inside.clerk, outside.clerk, *filter(None, actors.values())):
        signed_in_somewhere(user)
    [issued] = issue_activation_codes(made_by=None, users=[make_user("x-new")])
    return World(city, {INSIDE: inside, OUTSIDE: outside}, actors, issued.code, issue_code(actor=inside.clerk, need=inside.need), _asked_for(actors))


def _asked_for(actors: dict[str, User | None]) -> Reset:
    """A reset of another officer's password, asked for by the system keeper."""
    keeper = actors["system"]
    assert keeper is not None
    return Reset.objects.create(account=make_user("x-officer", (Role.AUDITOR, None)), what="password", reason="核实", asked_by=keeper)


def token_key(machine: User) -> str:
    """Return how the page names the machine's token."""
    key: str = AuthToken.objects.get(user=machine).token_key
    return key


def workbook(community: Region, mark: str) -> bytes:
    """A workbook with one new branch in a community."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(["支部名称", "所在社区", "类型", "成立日期", "书记姓名", "经办人姓名"])
    sheet.append([f"枫林{mark}临时党支部", community.name, "临时党支部", "2020-02-20", "赵一", f"钱{mark}"])
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def table_of(branch: Branch) -> bytes:
    """A table with a figure of a branch, and a row that is refused."""
    return f"支部,业务日期,指标,数值\n{branch.name},2020-03-03,vehicles,7\n{branch.name},2020-03-04,vehicles,x\n".encode()


def _checked_import(owner: User, branch: Branch) -> ReportImport:
    imported = take_in(actor=owner, content=table_of(branch), name="a.csv")
    assert imported.job is not None
    check_table(imported.job, lambda percent: None)
    return imported


def _without_grant(city: City, branch: Branch) -> dict[str, User]:
    revoked, ended, early = make_user("x-revoked"), make_user("x-ended"), make_user("x-early")
    held: tuple[tuple[Role, Any], ...] = ((Role.ORGANISER, branch), *((role, city.street) for role in (Role.REVIEWER, Role.ADMINISTRATOR, Role.OFFICIAL)))
    for role, scope in (*held, (Role.SYSTEM, None)):
        Grant.objects.filter(pk=give(revoked, role, scope).pk).update(revoked_at=EARLIER)
        give(ended, role, scope, during=since(MARCH_5 - 30 * DAY, MARCH_5))
        give(early, role, scope, during=since(MARCH_6 + DAY, MARCH_6 + 90 * DAY))
    closed = make_user("x-closed", (Role.ORGANISER, branch), (Role.OFFICIAL, city.street), is_active=False)
    return {CLOSED: closed, NOBODY: make_user("x-nobody"), REVOKED: revoked, ENDED: ended, EARLY: early}


def _staffed(clerk: User, branch: Branch) -> tuple[DutyPost, Shift, TimeOff]:
    """A post with a shift tomorrow that nobody is on, for the one who could be is away."""
    [post] = roster.add_posts(actor=clerk, branch=branch, names=["东门"], facts=PostFacts("checkpoint", 1, THREE), first_day=MARCH_5)
    person = branch.memberships.get().person
    off = roster.add_time_off(actor=clerk, branch=branch, person=person, first_day=MARCH_6, last_day=MARCH_6 + DAY, reason="away")
    roster.fill_roster(actor=clerk, branch=branch, first_day=MARCH_6, last_day=MARCH_6 + DAY)
    return post, Shift.objects.filter(post=post).order_by("-during")[0], off


def certified(branch: Branch) -> Certificate:
    """A certificate about a branch."""
    rule, rows = Certificate.Rule.BRANCH, [("activities.Need", uuid4())]
    return certify(rule=rule, run=uuid4(), before=MARCH_5, counts={"activities.Need.phone": 1}, rows=rows, branch=branch)


def _side(street: Region, community: Region, unit: WorkUnit, digit: str) -> Side:
    branch = make_branch(community, f"{community.name}临时党支部")
    branch.sending_units.add(unit)
    end = ending.begin(actor=make_user(f"ender-{digit}", (Role.ADMINISTRATOR, street)), branch=branch, last_day=MARCH_6)
    person = make_person(f"书记{unit.name}", unit, branch, "secretary", phone=f"1990000123{digit}", duty_phone=f"1990000567{digit}")
    clerk = make_user(f"clerk-{digit}", (Role.ORGANISER, branch))
    reviewer = make_user(f"caller-{digit}", (Role.REVIEWER, street))
    keeper = make_user(f"keeper-{digit}", (Role.ADMINISTRATOR, street))
    machine = make_user(f"machine-{digit}", (Role.CLIENT, street), is_machine=True)
    AuthToken.objects.create(user=machine)
    shift = Work("shift", (Figure("duty_person_times", Decimal(1)),), participants=(Participation(person, Decimal(6)),))
    filed = file_daily_report(
        actor=clerk, branch=branch, day=MARCH_5, works=(*works_of([Figure("vehicles", Decimal(200)), Figure("home_isolated", Decimal(4))]), shift), uid=uuid4()
    )
    called_in = file(branch, MARCH_5 - DAY, by=reviewer, on_behalf=True, vehicles=20)
    period = file_period_report(
        actor=clerk, branch=branch, first_day=MARCH_5 - 6 * DAY, last_day=MARCH_5 - 3 * DAY, works=works_of([Figure("vehicles", Decimal(9))]), uid=uuid4()
    )
    post, to_staff, off = _staffed(clerk, branch)
    current = Shift.objects.filter(post=post, business_date=MARCH_6).order_by("-during")[0]
    handed_over = hand_over(actor=clerk, shift=current, left=Left(notes="无"))
    found = inspected(branch, reviewer, "登记缺项", inspector=f"督查{digit}组")
    side = Side(
        branch=branch,
        end=end,
        community=community,
        street=street,
        unit=unit,
        person=person,
        filed=filed.version,
        called_in=called_in.version,
        period=period.version,
        frozen=freezing.freeze(actor=reviewer, scope=Scope.of(branch), span=Span.day(MARCH_5), metric=Metric.objects.get(code="vehicles"), purpose="日报"),
        receipt=StockReceipt.objects.create(branch=branch, item="口罩", value=5, unit=Unit.objects.order_by("pk")[0]),
        statement=Statement.objects.create(branch=branch, what_zh="车辆", what_en="vehicles", value=5, stated_on=MARCH_5, title="示例文"),
        survey=_open_survey(clerk, branch),
        draft=_draft(clerk, branch),
        clerk=clerk,
        machine=machine,
        workbook=importing.keep_workbook(actor=keeper, content=workbook(community, "庚"), name="b.xlsx"),
        imported=_checked_import(clerk, branch),
        need=recorded(branch, clerk, household=f"{digit}栋101"),
        handed_on=hand_on(actor=clerk, need=recorded(branch, clerk, household=f"{digit}栋102"), seen=1, to=street),
        suggestion=suggested(branch, clerk, words=f"{unit.name}夜班没有取暖设备", to=street),
        merit=write_note(actor=clerk, person=person, branch=branch, day=MARCH_5, words=f"{unit.name}冒雨连守两班", uid=uuid4())[0],
        inspection=found,
        picture=a_picture(found.points.get(), reviewer),
        contact=_visited(reviewer, community, digit),
        certificate=certified(branch),
        asked=write_down(actor=clerk, branch=branch, kind="erase", subject=f"居民{digit}", words=f"请删除{digit}栋的电话"),
        hold=Hold.objects.create(branch=branch, reason="复核投诉", until=MARCH_6, placed_by=keeper, placed_at=EARLIER),
        post=post,
        shift=to_staff,
        off=off,
        current=current,
        offered=Shift.objects.filter(post=post, business_date=MARCH_6 + DAY).order_by("-during")[1],
        hand=make_person(f"值守{unit.name}", unit, branch),
        handed_over=handed_over,
        stay=on_site.add_stays(actor=clerk, branch=branch, people=[person], first_day=MARCH_5, place="居委会二楼")[0],
        compound=make_region(f"{community.name}一期", "compound", community),
        squad=_squad(clerk, branch, person),
        pioneer=_pioneer(clerk, branch, person),
        vacant=pioneers.open_post(actor=clerk, branch=branch, facts=PioneerFacts("空岗", "值夜"), first_day=MARCH_5),
    )
    _pack(clerk, side)
    return side


def _pack(clerk: User, side: Side) -> None:
    """Number the letters, and have a pack made, as the organiser does."""
    ending.issue_letters(actor=clerk, end=side.end, on=MARCH_6)
    ending.ask_for_pack(actor=clerk, end=side.end)
    while jobs.run_next() is not None:
        pass


def _squad(clerk: User, branch: Branch, person: Person) -> Squad:
    """A squad that the secretary leads over the community."""
    return squads.found_squad(
        actor=clerk, branch=branch, facts=SquadFacts(f"{branch.region.name}突击队"), first_day=MARCH_5, uid=uuid4(), leader=person, grids=[branch.region]
    )


def _pioneer(clerk: User, branch: Branch, person: Person) -> PioneerPost:
    """A post that the secretary holds."""
    post = pioneers.open_post(actor=clerk, branch=branch, facts=PioneerFacts(f"{branch.region.name}先锋岗", "守好东门"), first_day=MARCH_5)
    # Noted for the day on which it began: a past day is the organiser's to note.
    pioneers.claim_post(actor=clerk, post=post, person=person, first_day=MARCH_5)
    return post


def _visited(reviewer: User, community: Region, digit: str) -> ContactPoint:
    point = contact(community, reviewer, name=f"局长{digit}", duty_phone=f"1990000999{digit}")
    visited(point, reviewer)
    return point


def _draft(clerk: User, branch: Branch) -> Survey:
    return surveys.make_survey(
        actor=clerk, branch=branch, title=f"{branch.name}问卷", last_day=MARCH_5 + 5 * DAY, questions=surveys.satisfaction_survey(), uid=uuid4()
    )


def _open_survey(clerk: User, branch: Branch) -> Survey:
    """A survey that takes answers, with one of them, in which somebody wrote something."""
    survey = surveys.open_survey(actor=clerk, survey=_draft(clerk, branch))
    first, *_others, last = survey.questions.all()
    surveys.answer_survey(survey=survey, form=Form(uuid4(), {first.pk: Given((1,)), last.pk: Given(words=f"{branch.name}门口灯暗")}), browser=uuid4())
    return survey
