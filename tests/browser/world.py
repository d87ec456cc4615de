"""One small world in which every page and every state of it exists."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any, Final
from uuid import uuid4

from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from activities import freezing, services
from activities.imports import services as import_services
from activities.models import ContactTerm, Metric, ReportImport, Statement
from activities.rollups import Scope, Span
from activities.services import Figure, contacts, file_period_report, following, inspections, needs, pictures, suggestions, surveys, works_of
from activities.services.surveys import Asked, Form, Given
from branches.access import Role
from branches.models import Branch, Region, WorkUnit
from members.forms_roster import THREE
from members.models import Assignment, DutyPost, Person, Shift, Squad
from members.services import check_in, on_site, pioneers, roster, service_note, squads
from members.services.hand_over import Left, hand_over
from members.services.pioneers import PostFacts as PioneerFacts
from members.services.roster import PostFacts
from members.services.squads import SquadFacts
from portal.accounts import alerts, importing
from portal.accounts.models import Alert, Reset, User
from portal.ending import services as ending
from portal.ending.checklist import STEPS
from portal.foundation import clock
from portal.foundation.models import Job
from portal.foundation.sensitive import AtEnd
from portal.pages.pictures import Wanted
from portal.retention.declared import declared
from portal.retention.models import Certificate
from portal.retention.services.certifying import certify
from portal.retention.services.holding import lift_hold, place_hold
from portal.retention.services.requesting import answer as answer_request
from portal.retention.services.requesting import ask, write_down
from tests.accounts.telephone import enrolled
from tests.activities.drawn import drawn
from tests.ending.ended import prepared, work_off
from tests.factories import file, give, make_branch, make_person, make_region, make_unit, make_user, signed_in_somewhere, since

TODAY: Final = date(2020, 3, 6)
DAY: Final = timedelta(days=1)
# Longer than any real one, so that whatever must wrap does.
LONG_BRANCH: Final = "示例省示例市北示区梧桐街道望江社区第一网格第二网格滨江花园一期二期三期联合值守小区出入口疫情防控临时党支部工作联络组第六分组"
LONG_UNIT: Final = "示例省示例市交通投资建设运营集团有限责任公司第一工程建设分公司"
HUGE: Final = 123_456_789_012_345
LOCKED: Final = "locked"
PAST_SECOND_STEP: Final = "past second step"
# What people typed: data, in whatever language the page is.
TYPED: Final = (
    "全市疫情防控日报第 36 期",
    *("3栋一户待送药", "口罩 40 只", "夜间注意西侧通口"),
    *("示例东门", "示例西门", "示例物资配送点", "示例巡逻", "望江社区居委会二楼"),
    *("示例突击队", "示例二队", "示例东门先锋岗", "示例送药岗", "网格值守和送药", "守好东门，查验登记"),
    *("电话核实本人", "补报", "更正", "交接时点错了", "夜班加派一人", "电话报送", "劝返人数与前日相差较大，请核对后重新提交。"),
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
    *("降压药两盒", "3栋2单元501", "5栋", "6栋", "示例居民", "示***", "已送达", "请协调车辆", "药店没有这种药，正在找别的药店"),
    *("示例区督查一组", "夜间值守与出入登记", "在岗，登记有缺项", "晚班登记缺体温", "警示牌破损", "消杀台账漏记", "灭火器过期", "警示牌已换", "记错了支部"),
    *("示例局长", "示例区住建局副局长", "东门菜场", "西门", "卡口照明不足", "加装一盏灯", "示例科长"),
    *("居民满意度调查", "楼栋用水问卷", "物资需求问卷", "请您花一分钟说说看法", "您对临时党支部的工作满意吗？", "非常满意", "满意", "一般", "不满意"),
    *("哪些方面做得好？", "门岗值守", "物资配送", "消杀", "您住哪一栋？", "一栋", "二栋", "三栋", "几分？", "还有什么要说的？", "夜里门口灯太暗"),
    *("枫林小区临时党支部", "钱一", "钱二", "qianer", "桂一", "桂二", "guier", "桂园小区"),
    *("停电两日", "移交社区", "口罩 20 只交望江社区居委会", "支部自二月起值守。", "望江苑临时党支部", "示例值守员", "（盖章）"),
    *("冒雨连守两班", "冒雨连守一班"),
    *("夜班卡口没有取暖设备", "老旧小区垃圾清运太少", "复工证明希望互认", "街道统一配发电暖器", "明日送到电暖器"),
    # Each language is offered in its own words.
    *("简体中文", "中文"),
)
NOBODY: Final = "nobody"  # signed in, without a grant


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
    _needed(world)
    _suggested(world)
    _praised(world)
    _surveyed(world)
    _inspected(world)
    _contacted(world)
    _staffed(world)
    _in_squads(world)
    _erased(world)
    _ended(world)
    return world


def _erased(world: World) -> None:
    """A certificate of many fields, a hold that stands and one that was lifted."""
    main, security = world.branches["main"], world.users["security"]
    counts = {each.name: 12 for each in declared() if each.sensitive.at_end is AtEnd.ERASED}
    rows = [("activities.Need", uuid4()) for _row in range(1234)]
    world.things["certificate"] = certify(rule=Certificate.Rule.BRANCH, run=uuid4(), before=TODAY, counts=counts, rows=rows, branch=main)
    organiser, reviewer = world.users["organiser"], world.users["reviewer"]
    words = "我家电话在二月份登记买菜时留下，现在不再需要，请删除；门牌号也请一并删除。"
    world.things["asked"] = write_down(actor=organiser, branch=main, kind="erase", subject="三栋李奶奶", contact="家属来电", words=words)
    answered = write_down(actor=organiser, branch=main, kind="correct", subject="王师傅", words="姓名写错了")
    world.things["answered"] = answer_request(actor=organiser, request=answered, done=False, words="与登记时出示的证件一致，保留至支部结束后 180 天。")
    ask(actor=reviewer, kind="correct", words="姓名应为示例审核员")
    # Parts of addresses.
    world.things |= {"of_account": "accounts.user.pk", "correct": "correct", "erase": "erase"}
    lifted = place_hold(actor=security, branch=main, reason="信访复核〔2020〕第 3 号，涉及二月份物资发放")
    lift_hold(actor=security, hold=lifted)
    world.things["hold"] = place_hold(actor=security, branch=main, reason="审计组调阅二月份至三月份的全部走访记录", until=TODAY + DAY)


def _ended(world: World) -> None:
    """A branch in the midst of its end, and one that has ended, with a letter and a pack."""
    keeper = make_user("ender", (Role.ADMINISTRATOR, world.regions["street"]))
    world.things |= {f"step-{step}": step for step in STEPS}
    ending.begin(actor=keeper, branch=world.branches["long"], last_day=TODAY)
    world.branches["ended"] = make_branch(world.regions["community"], "望江苑临时党支部")
    make_person("示例值守员", world.units["company"], world.branches["ended"], "secretary")
    end = prepared(world.branches["ended"], keeper, TODAY)
    ending.confirm(actor=keeper, end=end)
    work_off()
    world.branches["ended"].refresh_from_db()
    world.things["letter"] = end.letters.get()


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


def _staffed(world: World) -> None:
    """A day's posts with nobody left for some of them, and a branch that has none."""
    main, organiser = world.branches["main"], world.users["organiser"]
    posts = ["示例东门", "示例西门", "示例物资配送点"]
    roster.add_posts(actor=organiser, branch=main, names=posts, facts=PostFacts("checkpoint", 2, THREE), first_day=TODAY)
    roster.add_time_off(actor=organiser, branch=main, person=world.people["secretary"], first_day=TODAY, last_day=None, reason="ill")
    roster.fill_roster(actor=organiser, branch=main, first_day=TODAY, last_day=TODAY + DAY)
    world.things["post"] = DutyPost.objects.order_by("pk")[0]
    world.things["shift"] = Shift.objects.with_cover().filter(on_duty__gt=0).order_by("-during", "pk")[0]
    current = list(Shift.objects.with_cover().filter(business_date=TODAY, during__startswith__hour=16, on_duty__gt=0).order_by("pk"))
    world.things["now"] = current[0]
    came = dict.fromkeys(current[0].assignments.order_by("pk")[:1], "present")
    check_in.record_shift(actor=organiser, shift=current[0], wanted=came, seen={})
    left = Left(open_needs="3栋一户待送药", stock="口罩 40 只", notes="夜间注意西侧通口")
    hand_over(actor=organiser, shift=current[0], left=left)
    extra = roster.add_posts(actor=organiser, branch=main, names=["示例巡逻"], facts=PostFacts("patrol", 1, ((time(18), time(23)),)), first_day=TODAY)
    own = Shift.objects.create(post=extra[0], during=extra[0].times.get().on(TODAY), business_date=TODAY)
    Assignment.objects.filter(person=world.people["member"]).delete()
    roster.put_on(actor=organiser, shift=own, person=world.people["member"], despite=True)
    world.things["own"] = own
    offered = Shift.objects.create(post=extra[0], during=extra[0].times.get().on(TODAY + DAY), business_date=TODAY + DAY)
    roster.put_on(actor=organiser, shift=offered, person=world.people["member"], despite=True)
    world.things["offered"] = offered
    hands = list(Person.objects.filter(name__startswith="示例志愿者").order_by("pk")[:5])
    on_site.add_stays(actor=organiser, branch=main, people=hands[:3], first_day=TODAY - 25 * DAY, place="望江社区居委会二楼")
    on_site.add_stays(actor=organiser, branch=main, people=hands[3:], first_day=TODAY - 3 * DAY, last_day=TODAY + 5 * DAY)
    world.things["short"] = Shift.objects.uncovered().order_by("during", "pk")[0]


def _in_squads(world: World) -> None:
    """A squad over a grid that a second one shares, one that is over, grids that nobody covers, a post that is held and one that is free."""
    main, organiser, member = world.branches["main"], world.users["organiser"], world.people["member"]
    grids = [make_region(name, "site", world.regions["community"]) for name in ("示例第一网格", "示例第二网格", "示例第三网格")]
    main.covers.set(grids)
    people = list(Person.objects.filter(memberships__branch=main).order_by("pk")[:6])
    given: dict[str, Any] = {"actor": organiser, "branch": main, "first_day": TODAY - 5 * DAY}
    squad = squads.found_squad(
        facts=SquadFacts("示例突击队", Squad.Kind.SHOCK, "网格值守和送药"), leader=member, people=people, grids=grids[:2], uid=uuid4(), **given
    )
    over = squads.found_squad(facts=SquadFacts("示例二队", Squad.Kind.PATROL), people=people[:2], grids=grids[1:2], uid=uuid4(), **given)
    world.things["squad_over"] = squads.end_squad(actor=organiser, squad=over, last_day=TODAY - 2 * DAY)
    squads.found_squad(facts=SquadFacts("示例二队", Squad.Kind.TASK_FORCE), grids=grids[1:2], uid=uuid4(), actor=organiser, branch=main, first_day=TODAY)
    squads.end_member(actor=organiser, member=squad.members.get(person=people[0]), last_day=TODAY - DAY)
    world.things |= {"squad": squad, "squad_member": squad.members.get(person=member), "squad_grid": squad.grids.get(region=grids[0])}
    held = pioneers.open_post(facts=PioneerFacts("示例东门先锋岗", "守好东门，查验登记", grids[0]), **given)
    world.things["claim"] = pioneers.claim_post(actor=organiser, post=held, person=member, first_day=TODAY)
    world.things["pioneer"] = held
    world.things["pioneer_free"] = pioneers.open_post(facts=PioneerFacts("示例送药岗", "守好东门，查验登记", places=2), **given)


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
    organiser = world.users["organiser"]
    signed_in_somewhere(organiser)
    world.users["with-factor"] = make_user("with-factor")
    enrolled(world.users["with-factor"])
    world.users[PAST_SECOND_STEP] = make_user("with-codes")
    enrolled(world.users[PAST_SECOND_STEP])
    Reset.objects.create(account=world.users["auditor"], what="password", reason="电话核实本人", asked_by=world.users["system"])
    world.users["idle-clerk"].grants.update(during=since(TODAY - 90 * DAY, TODAY + 9 * DAY), given_at=clock.now() - 60 * DAY)
    told: dict[str, Any] = {
        "device": "WeChat · Android",
        "left": 3,
        "by": "with-codes",
        "system": "machine",
        "user": "idle-clerk",
        "last": "2020-03-15",
        "count": 2,
    }
    for kind in Alert.Kind:
        alerts.tell(organiser, kind, address="192.0.2.7", **told)
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
    bad = [f"{main.name},2020-02-22,vehicles,二十", f"{LONG_BRANCH},2.3,没有,", f"{main.name},{TODAY - DAY},vehicles,1"]
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


def _praised(world: World) -> None:
    """Words of merit in the secretary's record, corrected once."""
    told: dict[str, Any] = {"actor": world.users["organiser"], "day": TODAY - DAY}
    person = world.people["secretary"]
    first, _created = service_note.write_note(**told, person=person, branch=world.branches["main"], words="冒雨连守一班", uid=uuid4())
    world.things["merit"], _created = service_note.replace_note(**told, note=first, words="冒雨连守两班", uid=uuid4())


def _suggested(world: World) -> None:
    """Suggestions in each state: one at the branch, one that waits at the street, one that the street answered for all."""
    organiser, street = world.users["organiser"], world.regions["street"]
    said = (("open", "housing", "老旧小区垃圾清运太少"), ("passed", "work", "复工证明希望互认"), ("answered", "duty", "夜班卡口没有取暖设备"))
    for key, topic, words in said:
        facts = suggestions.SuggestionFacts(topic=topic, words=words)
        held, _created = suggestions.record_suggestion(actor=organiser, branch=world.branches["main"], facts=facts, uid=uuid4())
        if key != "open":
            suggestions.pass_on(actor=organiser, suggestion=held, seen=1, to=street)
        if key == "answered":
            suggestions.answer(actor=world.users["reviewer"], suggestion=held, seen=2, answer="街道统一配发电暖器", for_all=True)
        world.things[f"suggestion_{key}"] = held


def _needed(world: World) -> None:
    """Needs in each state: one open and handed out, one overdue, one with the street, one resolved and called back about."""
    organiser, main, person = world.users["organiser"], world.branches["main"], world.people["member"]
    facts = {"words": "降压药两盒", "household": "3栋2单元501", "phone": "19900007788", "contact": "示例居民"}

    def need(key: str, category: str, hours: int = 0, **more: Any) -> Any:
        asked = needs.NeedFacts("phone", category, **facts | more)
        world.things[f"need_{key}"], _created = needs.record_need(
            actor=organiser, branch=main, facts=asked, uid=uuid4(), at=clock.now() - timedelta(hours=hours)
        )
        return world.things[f"need_{key}"]

    needs.assign(actor=organiser, need=need("open", "medicine"), seen=1, person=person)
    need("overdue", "medical", hours=50, urgency="urgent", household="5栋")
    needs.hand_on(actor=organiser, need=need("handed_on", "care", household="5栋"), seen=1, to=world.regions["street"], note="请协调车辆")
    needs.resolve(actor=organiser, need=need("resolved", "food"), seen=1, result="已送达")
    world.things["code"] = following.issue_code(actor=organiser, need=need("told", "food", household="6栋", words=""))
    needs.resolve(actor=organiser, need=world.things["need_told"], seen=1, result="已送达")
    needs.call_back(actor=organiser, need=world.things["need_resolved"], seen=2, answer="solved")


def _surveyed(world: World) -> None:
    """Surveys in each state: one open with groups and words, one closed with few answers, one in preparation, one without a question."""
    organiser, main = world.users["organiser"], world.branches["main"]
    asked = [
        Asked("one", "您对临时党支部的工作满意吗？", ["非常满意", "满意", "一般", "不满意"], satisfied_at=2),
        Asked("several", "哪些方面做得好？", ["门岗值守", "物资配送", "消杀"], required=False),
        Asked("one", "您住哪一栋？", ["一栋", "二栋", "三栋"], required=False, groups=True),
        Asked("scale", "几分？", required=False),
        Asked("words", "还有什么要说的？", required=False),
    ]
    titles = {"open": "居民满意度调查", "closed": "楼栋用水问卷", "draft": "居民满意度调查", "empty": "物资需求问卷"}
    for key, title in titles.items():
        facts: dict[str, Any] = {"title": title, "introduction": "请您花一分钟说说看法", "last_day": TODAY, "questions": asked if key != "empty" else []}
        made = surveys.make_survey(actor=organiser, branch=main, uid=uuid4(), several_a_browser=key == "open", **facts)
        world.things[f"survey_{key}"] = made if key in ("draft", "empty") else surveys.open_survey(actor=organiser, survey=made)
    found, closed = world.things["survey_open"], world.things["survey_closed"]
    for number in range(18):
        picks = [Given((1 + number % 3,)), Given((1, 2)), Given((1 if number < 9 else 2 if number < 15 else 3,)), Given((5,)), Given(words="夜里门口灯太暗")]
        form = Form(uuid4(), {question.pk: pick for question, pick in zip(found.questions.all(), picks, strict=True)})
        world.things["survey_answer"] = surveys.answer_survey(survey=found, form=form, browser=uuid4(), by_machine=number == 17)
    surveys.answer_survey(survey=closed, form=Form(uuid4(), {closed.questions.get(position=1).pk: Given((1,))}), browser=uuid4())
    world.things["survey_closed"] = surveys.close_survey(actor=organiser, survey=closed)


def _inspected(world: World) -> None:
    """An inspection with a point in each state, and one that was withdrawn."""
    official, organiser, main = world.users["official"], world.users["organiser"], world.branches["main"]

    def inspection(days_ago: int, points: dict[str, date]) -> Any:
        facts = inspections.InspectionFacts(TODAY - days_ago * DAY, "示例区督查一组", "夜间值守与出入登记", "在岗，登记有缺项")
        found = [inspections.PointFacts(what, due_on, world.people["member"]) for what, due_on in points.items()]
        made, _created = inspections.record_inspection(actor=official, branch=main, facts=facts, points=found, uid=uuid4())
        return made

    due = {"晚班登记缺体温": TODAY + DAY, "消杀台账漏记": TODAY - DAY, "警示牌破损": TODAY, "灭火器过期": TODAY}
    world.things["inspection"] = inspection(3, due)
    points = dict(zip(("open", "overdue", "mended", "checked"), world.things["inspection"].points.order_by("pk"), strict=True))
    for key in ("mended", "checked"):
        points[key] = inspections.mend(actor=organiser, point=points[key], seen=1, note="警示牌已换")
    points["checked"] = inspections.let_pass(actor=official, point=points["checked"], seen=2)
    for shows, by in (("found", official), ("mended", organiser), ("found", organiser)):
        added, _created = pictures.add_file(actor=by, point=points["mended"], content=drawn((640, 480)), name="gate.png", shows=shows, uid=uuid4())
    pictures.take_away(actor=organiser, row=added)
    world.things |= {f"point_{key}": point for key, point in points.items()}
    world.things["inspection_gone"] = inspections.withdraw(actor=official, inspection=inspection(1, {"警示牌破损": TODAY}), why="记错了支部")


def _contacted(world: World) -> None:
    """A site of the member's with two visits and something to mend, one that nobody visited, and one that is no more."""
    reviewer, community, main = world.users["reviewer"], world.regions["community"], world.branches["main"]

    def contact(key: str, spot: str, leader: str = "示例局长") -> Any:
        facts = contacts.LeaderFacts(leader, TODAY - 20 * DAY, office="示例区住建局副局长", duty_phone="19900003333")
        world.things[key], _created = contacts.add_point(actor=reviewer, region=community, spot=spot, leader=facts, uid=uuid4())
        return world.things[key]

    own = contact("contact", "")
    ContactTerm.objects.filter(point=own).update(leader=world.people["member"])
    for days_ago, points in ((9, []), (1, [inspections.PointFacts("加装一盏灯", TODAY + DAY)])):
        facts = contacts.VisitFacts(moment() - days_ago * DAY, "卡口照明不足", "示例科长" if points else "")
        visit, _created = contacts.record_visit(actor=reviewer, point=own, facts=facts, uid=uuid4(), branch=main, points=points)
    world.things["contact_point"] = visit.points.get()
    contact("contact_alone", "东门菜场")
    world.things["contact_closed"] = contacts.close(actor=reviewer, point=contact("contact_closed", "西门"), last_day=TODAY - DAY)


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


def moment() -> datetime:
    """The present moment in the world: 21:00 on 6 March 2020."""
    return timezone.make_aware(datetime(2020, 3, 6, 21, 0))  # noqa: DTZ001 - made aware here
