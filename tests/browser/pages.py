"""Every page and every state of it that a person can meet, with who may open it; and one small world in which they all exist."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from inspect import ismethod
from io import BytesIO
from typing import Any, Final
from uuid import UUID, uuid4

from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from activities import freezing, services
from activities.imports import services as import_services
from activities.models import Metric, ReportImport, Statement
from activities.rollups import Scope, Span
from activities.services import Figure, file_period_report, works_of
from branches.access import Role
from branches.models import Branch, Region, WorkUnit
from members.models import Person
from portal.accounts import importing
from portal.accounts.models import User
from portal.foundation import clock
from portal.foundation.models import Job
from portal.pages.pictures import Wanted
from tests.factories import file, give, make_branch, make_person, make_region, make_unit, make_user, since

TODAY: Final = date(2020, 3, 6)
DAY: Final = timedelta(days=1)
# Longer than any real one, so that whatever must wrap does.
LONG_BRANCH: Final = "示例省示例市北示区梧桐街道望江社区第一网格第二网格滨江花园一期二期三期联合值守小区出入口疫情防控临时党支部工作联络组第六分组"
LONG_UNIT: Final = "示例省示例市交通投资建设运营集团有限责任公司第一工程建设分公司"
HUGE: Final = 123_456_789_012_345
LOCKED: Final = "locked"
# What people typed: data, in whatever language the page is.
TYPED: Final = (
    "全市疫情防控日报第 36 期",
    *("补报", "更正", "交接时点错了", "夜班加派一人", "电话报送", "劝返人数与前日相差较大，请核对后重新提交。"),
    *(
        "二月份各支部日报数据汇总（最终版）.csv",
        "二十",
        f"{LONG_BRANCH[:59]}…",
        "名单二.xlsx",
        "名单.xlsx",
        "没有这个支部",
        "没有这个地方",
        "没有这个人",
        "没有这件事",
        "没有的社区",
        "没有",
        "临时党支部",
        "坏",
        "示例一公司",
    ),
    *("枫林小区临时党支部", "钱一", "钱二", "qianer", "桂一", "桂二", "guier", "桂园小区"),
    # Each language is offered in its own words.
    *("简体中文", "中文"),
)

READERS: Final = ("organiser", "community", "shift_leader", "reviewer", "official", "liaison", "client")
SEERS: Final = (*READERS, "administrator", "member")
PEOPLE_SEERS: Final = ("organiser", "shift_leader", "reviewer", "official", "liaison", "client", "administrator")
REGIONAL: Final = ("official", "reviewer", "community", "client")
KEEPERS: Final = ("administrator", "organiser")
ACCOUNT_SEERS: Final = ("administrator", "system", "security")
EVERYBODY: Final = tuple(role.value for role in Role)
NOBODY: Final = "nobody"  # signed in, without a grant
VISITOR: Final = ""  # not signed in


@dataclass
class World:
    """What the pages show."""

    users: dict[str, User] = field(default_factory=dict)
    regions: dict[str, Region] = field(default_factory=dict)
    units: dict[str, WorkUnit] = field(default_factory=dict)
    branches: dict[str, Branch] = field(default_factory=dict)
    people: dict[str, Person] = field(default_factory=dict)
    reports: dict[str, Any] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=lambda: {"region": "region", "branch": "branch"})
    things: dict[str, Any] = field(default_factory=dict)


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


def build_world() -> World:
    """Make two districts with a filed, a returned, an accepted, a called-in and a missing day, long names, huge figures and empty places."""
    call_command("load_reference", verbosity=0)
    world = World()
    _places(world)
    _accounts(world)
    _days(world)
    _papers(world)
    _quoted(world)
    _uploaded(world)
    return world


def _places(world: World) -> None:
    province = make_region("示例省", "province")
    city = make_region("示例市", "prefecture", province)
    north, empty = make_region("北示区", "county", city), make_region("空示区", "county", city)
    street = make_region("梧桐街道", "township", north)
    community = make_region("望江社区", "community", street, code="990101001001")
    world.regions = {"city": city, "north": north, "street": street, "community": community, "empty": empty}
    group = make_unit("示例集团")
    world.units = {"group": group, "company": make_unit(LONG_UNIT, group), "idle": make_unit("示例研究所")}
    names = {"main": "望江社区临时党支部", "long": LONG_BRANCH, "silent": "临湖小区临时党支部", "idle": "静园临时党支部"}
    for key, name in names.items():
        world.branches[key] = make_branch(community, name)
        world.branches[key].sending_units.add(world.units["company"])
    world.branches["idle"].sending_units.clear()
    company = world.units["company"]
    world.people["secretary"] = make_person("示例书记", company, world.branches["main"], "secretary", phone="19900001234", duty_phone="19900005678")
    world.people["silent"] = make_person("示例组织委员", company, world.branches["silent"], "secretary", phone="19900002345", duty_phone="19900006789")
    world.people["member"] = make_person("示例党员", company, world.branches["main"])
    for number in range(12):
        make_person(f"示例志愿者{number}", company, world.branches["main"])


def _accounts(world: World) -> None:
    main, street, north = world.branches["main"], world.regions["street"], world.regions["north"]
    scopes: dict[Role, Any] = {
        Role.ORGANISER: main,
        Role.SHIFT_LEADER: main,
        Role.MEMBER: main,
        Role.COMMUNITY: world.regions["community"],
        Role.REVIEWER: street,
        Role.ADMINISTRATOR: street,
        Role.OFFICIAL: north,
        Role.CLIENT: north,
        Role.LIAISON: world.units["group"],
    }
    for role in Role:
        more: dict[str, Any] = {"is_machine": True} if role is Role.CLIENT else {"person": world.people["member"]} if role is Role.MEMBER else {}
        world.users[role.value] = make_user(f"{role.value}-sample", (role, scopes.get(role)), **more)
    for key in ("long", "silent", "idle"):
        world.users[f"{key}-clerk"] = make_user(f"{key}-clerk", (Role.ORGANISER, world.branches[key]), name="示例经办人")
    world.users["several"] = make_user("several", (Role.OFFICIAL, north), (Role.OFFICIAL, world.regions["empty"]), (Role.LIAISON, world.units["idle"]))
    world.users[NOBODY] = make_user("without-grant")
    world.users["first"] = make_user("first-time", (Role.ORGANISER, main), must_change_password=True)
    world.users["many"] = make_user("many-branches", *((Role.ORGANISER, world.branches[key]) for key in ("main", "long", "silent")))
    world.users["nothing-due"] = make_user("nothing-due", (Role.REVIEWER, world.regions["empty"]))
    world.users[LOCKED] = make_user(LOCKED)
    world.users["machine"] = make_user("machine", (Role.CLIENT, north), is_machine=True)
    _grants_and_lock(world)


def _grants_and_lock(world: World) -> None:
    world.things["grant"] = world.users["long-clerk"].grants.get()
    give(world.users["long-clerk"], Role.SHIFT_LEADER, world.branches["long"], during=since(TODAY - 30 * DAY, TODAY - 9 * DAY))
    client = Client(REMOTE_ADDR="127.0.0.1")
    for _attempt in range(settings.AXES_FAILURE_LIMIT):
        client.post(reverse("accounts:sign_in"), {"username": LOCKED, "password": "wrong"})


def _days(world: World) -> None:
    main, long, silent = (world.branches[key] for key in ("main", "long", "silent"))
    organiser, clerk, reviewer = world.users["organiser"], world.users["long-clerk"], world.users["reviewer"]
    for back in range(3, 9):
        version = file(
            main, TODAY - back * DAY, by=organiser, vehicles=180 + back, turned_back=20 + back, home_isolated=4, goods_unloaded=1200, reason="补报"
        ).version
        services.accept(actor=reviewer, version=version)
    first = file(main, TODAY - 2 * DAY, by=organiser, vehicles=190, turned_back=21, reason="补报").version
    services.return_to_branch(actor=reviewer, version=first, note="劝返人数与前日相差较大，请核对后重新提交。")
    world.reports["returned"] = first
    file(main, TODAY - DAY, by=organiser, vehicles=210, reason="补报")
    second = file(
        main, TODAY - DAY, by=organiser, vehicles=200, turned_back=23, qualifiers={"vehicles": "nearly"}, reason="交接时点错了", note="夜班加派一人"
    ).version
    world.reports["filed"] = second
    world.reports["called"] = file(silent, TODAY - DAY, by=reviewer, vehicles=20, on_behalf=True, reason="电话报送").version
    world.reports["huge"] = file(long, TODAY - DAY, by=clerk, vehicles=HUGE, goods_unloaded=2_500_000, reason="补报").version
    world.reports["today"] = file(long, TODAY, by=clerk, vehicles=12, turned_back=0).version
    world.reports["changed"] = file(long, TODAY - 3 * DAY, by=clerk, vehicles=33, reason="补报").version
    file(long, TODAY - 3 * DAY, by=world.users["many"], vehicles=44, turned_back=4, reason="更正")
    spanned = file_period_report(
        actor=organiser,
        branch=main,
        first_day=TODAY - 20 * DAY,
        last_day=TODAY - 14 * DAY,
        works=works_of([Figure("vehicles", Decimal(900))]),
        uid=uuid4(),
    )
    world.reports["period"] = spanned.version
    Statement.objects.create(branch=main, computes="sum:vehicles", what_zh="车辆", what_en="vehicles", value=5, stated_on=TODAY - DAY, title="示例文")


def _quoted(world: World) -> None:
    """A figure frozen before a correction and one after all, and a state of a district counted, waiting and failed."""
    official, reviewer, north, main = world.users["official"], world.users["reviewer"], world.regions["north"], world.branches["main"]
    span, vehicles = Span(date(2020, 3, 1), TODAY), Metric.objects.get(code="vehicles")
    given: dict[str, Any] = {"span": span, "metric": vehicles, "purpose": "全市疫情防控日报第 36 期"}
    world.things["frozen"] = freezing.freeze(actor=official, scope=Scope.of(north), **given)
    present, later = clock.now, clock.now() + timedelta(minutes=5)
    clock.now = lambda: later
    try:
        file(world.branches["long"], TODAY, by=world.users["long-clerk"], vehicles=13, turned_back=0)
        world.things["frozen_branch"] = freezing.freeze(actor=reviewer, scope=Scope.of(main), **given)
    finally:
        clock.now = present
    for hour, state in ((12, Job.State.DONE), (13, Job.State.RUNNING), (15, Job.State.FAILED)):
        wanted = Wanted(Scope.of(north), span, timezone.make_aware(datetime(2020, 3, 5, hour)))  # noqa: DTZ001 - made aware here
        job = wanted.take_later(official)
        result = wanted.take().as_json() if state == Job.State.DONE else {}
        Job.objects.filter(pk=job.pk).update(state=state, progress=40 if state == Job.State.RUNNING else 100, result=result, finished_at=clock.now())


def _papers(world: World) -> None:
    administrator = world.users["administrator"]
    world.things["workbook"] = importing.keep_workbook(actor=administrator, content=workbook("枫林小区临时党支部"), name="名单.xlsx")
    done = importing.keep_workbook(actor=administrator, content=workbook("桂园小区临时党支部", "桂"), name="名单二.xlsx")
    importing.import_clerks(actor=administrator, workbook=done)
    world.things["imported"] = done


def _uploaded(world: World) -> None:
    """Tables of figures: being read, checked with all that can be found, filed, refused, given up."""
    clerk, main = world.users["organiser"], world.branches["main"]

    def table(*rows: str) -> ReportImport:
        content = "\n".join(["支部,业务日期,指标,数值", *rows]).encode()
        return import_services.take_in(actor=clerk, content=content, name="二月份各支部日报数据汇总（最终版）.csv")

    def checked(imported: ReportImport) -> ReportImport:
        assert imported.job is not None
        import_services.check_table(imported.job, lambda percent: None)
        return imported

    good, other = f"{main.name},2020-02-20,vehicles,约300", f"{main.name},2020-02-21,vehicles,7"
    bad = [f"{main.name},2020-02-22,vehicles,二十", f"{LONG_BRANCH},2.3,没有,", f"{main.name},{_YESTERDAY},vehicles,1"]
    world.things["import_reading"] = table(good)
    world.things["import_checked"] = checked(table(good, *bad))
    world.things["import_refused"] = checked(table())
    world.things["import_filed"] = filed = checked(table(other, *bad))
    import_services.confirm(imported=filed)
    filed.refresh_from_db()
    assert filed.job is not None
    with transaction.atomic():
        import_services.file_table(filed.job, lambda percent: None)
    world.things["import_failed"] = failed = table(good)
    assert failed.job is not None
    failed.job.state = Job.State.FAILED
    failed.job.save()


def workbook(name: str, clerk: str = "钱", **changes: str) -> bytes:
    """A workbook of one branch."""
    row: dict[str, Any] = {
        "支部名称": name,
        "所在社区": "望江社区",
        "类型": "临时党支部",
        "成立日期": "2020-02-20",
        "单位": "示例一公司",
        "书记姓名": f"{clerk}一",
        "书记电话": "19900001111",
        "经办人姓名": f"{clerk}二",
        "经办人账号": "",
        "经办人电话": "19900002222",
    } | changes
    book, stream = Workbook(), BytesIO()
    sheet = book.worksheets[0]
    sheet.append(list(row))
    sheet.append(list(row.values()))
    book.save(stream)
    return stream.getvalue()


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
ORGANISER, REVIEWER, ADMINISTRATOR = ("organiser",), ("reviewer",), ("administrator",)
LONG_CLERK, SILENT_CLERK, IDLE_CLERK = ("long-clerk",), ("silent-clerk",), ("idle-clerk",)
NOT_THERE: Final = UUID(int=7)

PAGES: Final[tuple[Shown, ...]] = (
    # Signing in, and the own account.
    page("accounts:sign_in", by=(VISITOR,)),
    refused("accounts:sign_in", by=(VISITOR,), state="wrong password", fills=typed(username="nobody", password="wrong")),
    refused("accounts:sign_in", by=(VISITOR,), state="locked out", status=429, fills=typed(username=LOCKED, password="wrong")),
    page("accounts:activate", by=(VISITOR,)),
    refused("accounts:activate", by=(VISITOR,), state="wrong", fills=typed(code="AAAA-BBBB-CCCC", password="123", repeated="1234")),
    page("accounts:password_change", by=("organiser", "first")),
    refused("accounts:password_change", by=("organiser",), state="wrong", fills=typed(present="wrong", password="123", repeated="1234")),
    page("accounts:profile", by=EVERYBODY),
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
    page("portal:search", by=EVERYBODY),
    page("portal:search", by=SEERS, query="?q=临时党支部", state="found"),
    page("portal:search", by=("organiser",), query="?q=没有这个地方", state="nothing found"),
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
    # Branches and people.
    page("branches:branch_list", by=SEERS),
    page("branches:branch_list", by=("official",), query="?q=没有这个支部", state="nothing found"),
    page("branches:branch_detail", _MAIN, by=SEERS),
    page("branches:branch_detail", _LONG, by=ADMINISTRATOR, state="long name"),
    page("branches:branch_detail", _IDLE, by=("official",), state="nobody in it"),
    *(page(f"branches:{name}", by=ADMINISTRATOR) for name in ("branch_add", "region_add", "work_unit_add")),
    *(refused(f"branches:{name}", by=ADMINISTRATOR, state="empty form", fills=typed()) for name in ("branch_add", "region_add", "work_unit_add")),
    *(page(f"branches:branch_{name}", _LONG, by=ADMINISTRATOR) for name in ("edit", "schedule", "move", "end")),
    refused("branches:branch_edit", _LONG, by=ADMINISTRATOR, state="without a name", fills=typed(name="")),
    refused("branches:branch_schedule", _LONG, by=ADMINISTRATOR, state="impossible", fills=typed(from_day="2020-02-30", due_time="25:00")),
    refused("branches:branch_end", _LONG, by=ADMINISTRATOR, state="impossible day", fills=typed(last_day="2020-02-30")),
    page("members:person_list", by=PEOPLE_SEERS),
    page("members:person_list", by=("official",), query="?q=没有这个人", state="nothing found"),
    page("members:person_detail", "people.secretary.public_id", by=PEOPLE_SEERS),
    page("members:person_detail", "people.member.public_id", by=("member",), state="oneself"),
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
    page("portal:audit_list", by=("auditor",)),
    page("portal:audit_list", by=("auditor",), query="?person=没有这个人&first=2020-02-30", state="impossible day"),
    page("portal:audit_list", by=("auditor",), query="?person=没有这个人", state="nothing found"),
    # The API's own pages.
    page("api-docs", by=(VISITOR,)),
    # What answers in place of a page.
    Shown("", "404", lambda world: f"/branches/{NOT_THERE}/", ("official",), status=404),
    refused("accounts:profile", by=("official",), state="old token", status=403, fills=typed(csrfmiddlewaretoken="x" * 64)),
    plain("accounts/activation_wait.html", 429),
    plain("400.html", 400),
    plain("500.html", 500),
    plain("maintenance.html", 503),
    plain("offline.html", 200),
)

# Addresses that answer with something else than a page of their own, and why.
NO_PAGE: Final = {
    "healthz": "text for machines",
    "set_language": "leads back",
    "accounts:sign_out": "leads to the sign-in page",
    "accounts:user_set_active": "leads to the user",
    "accounts:token_revoke": "leads to the user",
    "accounts:import_template": "a workbook",
    "activities:import_template": "a workbook",
    "activities:import_refused": "csv",
    "portal:dashboard_export": "a workbook or csv",
    "portal:records_export": "a workbook or csv",
    "portal:audit_export": "csv",
    "activities:draft_save": "JSON for the form's script",
    "activities:report_confirm": "leads to the report",
    "activities:report_withdraw": "leads to the report",
    "api-schema": "OpenAPI",
    "api-totals": "JSON",
    "api-total-records": "JSON",
    "api-changes": "JSON",
    "api-token": "JSON",
    "api-problem": "JSON or the text of a problem",
}


def moment() -> datetime:
    """The present moment in the world: 21:00 on 6 March 2020."""
    return timezone.make_aware(datetime(2020, 3, 6, 21, 0))  # noqa: DTZ001 - made aware here
