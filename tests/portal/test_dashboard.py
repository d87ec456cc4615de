"""Dashboards: who sees which, what they show, and that every figure opens the records that make it."""

import csv
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from io import BytesIO, StringIO
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from activities.chat import branch_day_text, scope_day_text
from activities.models import Metric, Statement
from activities.rollups import Scope, Span, computed, totals
from activities.services import Figure, Participation, Work, accept, file_daily_report, file_period_report, return_to_branch, save_draft, works_of
from branches.access import Role
from branches.models import Branch, Region
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from portal.foundation.tables import guarded
from portal.pages.scopes import dashboard_url, records_url
from tests.factories import file, make_branch, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")

DAY = Span.day(MARCH_6)


def page(user: User, address: str, status: int = 200) -> str:
    """The page as its reader gets it."""
    client = Client()
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def words(html: str) -> str:
    """The text of a page, without tags."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", "", html)))


def figures(html: str) -> list[tuple[str, str]]:
    """Every figure of a page as its address and its text."""
    return [(unescape(href), words(text).strip()) for href, text in re.findall(r'<a class="(?:figure|tile)" [^>]*?href="([^"]+)">(.*?)</a>', html, re.S)]


@pytest.fixture
def filed(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=200, home_isolated=4, people_on_duty=7)
    file(branch, MARCH_6, by=organiser, vehicles=180, turned_back=3, home_isolated=5, people_on_duty=8, qualifiers={"vehicles": "nearly"})
    file(other_branch, MARCH_5, by=other_organiser, vehicles=20, home_isolated=1, people_on_duty=2)


# --- Who sees which -------------------------------------------------------------------------------------------------------


def test_the_dashboard_leads_to_the_widest_scope(official: User, organiser: User, liaison: User, branch: Branch, city: City) -> None:
    for user, thing in ((official, city.north), (organiser, branch), (liaison, city.group)):
        client = Client()
        client.force_login(user)
        assert client.get("/dashboard/").headers["Location"] == dashboard_url(thing)


def test_several_scopes_are_listed_and_none_is_refused(city: City, branch: Branch, system_keeper: User) -> None:
    both = make_user("both", (Role.OFFICIAL, city.north), (Role.OFFICIAL, city.south))

    assert {city.north.name, city.south.name} <= set(re.findall(r'dashboard/regions/[^>]+">([^<]+)<', page(both, "/dashboard/")))
    page(system_keeper, "/dashboard/", 403)


@pytest.mark.usefixtures("filed")
def test_the_first_page_of_several_scopes_says_who_has_not_reported_where(city: City, other_branch: Branch, branch: Branch) -> None:
    both = make_user("both", (Role.OFFICIAL, city.south), (Role.OFFICIAL, city.north), (Role.LIAISON, city.group), (Role.LIAISON, city.bureau))

    html = page(both, f"/dashboard/?from={MARCH_6}")
    lead, below = html.split("</section>", 1)

    assert "1 / 2" in words(lead)
    assert other_branch.name in words(lead)
    assert branch.name not in words(lead)
    assert city.south.name in words(below)
    assert {dashboard_url(city.group), dashboard_url(city.bureau)} <= set(re.findall(r'href="([^"]+)"', below))
    assert dashboard_url(city.bureau) not in page(both, f"/dashboard/?unit={city.group.name}")


def test_an_organiser_sees_the_branch_and_not_the_community_around_it(organiser: User, branch: Branch, other_branch: Branch, city: City) -> None:
    page(organiser, dashboard_url(branch))
    for other in (city.community, city.north, other_branch, city.company):
        page(organiser, dashboard_url(other), 404)


def test_an_official_sees_what_lies_below_and_nothing_beside(official: User, branch: Branch, city: City) -> None:
    for thing in (city.north, city.street, city.community, branch):
        page(official, dashboard_url(thing))
    for other in (city.city, city.south, city.group):
        page(official, dashboard_url(other), 404)


def test_a_liaison_sees_the_own_unit_and_the_branches_where_its_people_serve(liaison: User, branch: Branch, other_branch: Branch, city: City) -> None:
    for thing in (city.group, city.company, branch):
        page(liaison, dashboard_url(thing))
    for other in (city.bureau, city.north, other_branch):
        page(liaison, dashboard_url(other), 404)


def test_the_way_down_links_only_what_the_reader_may_open(official: User, branch: Branch, city: City) -> None:
    html = page(official, dashboard_url(branch))

    assert dashboard_url(city.north) in html
    assert dashboard_url(city.city) not in html
    assert "示例市" in words(html)


# --- What they show -------------------------------------------------------------------------------------------------------


def test_each_number_of_reports_opens_as_many_reports(
    official: User, reviewer: User, city: City, branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, clock: Clock
) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=180)
    clock.move_to(branch.due_at(MARCH_6) + timedelta(hours=1))
    file(other_branch, MARCH_6, by=other_organiser, vehicles=21)
    accept(actor=reviewer, version=file(branch, MARCH_6, by=organiser, vehicles=181, reason="漏计").version)
    # Reports of its own will, owed to nobody.
    post = make_branch(city.community, name="示例指挥部", kind="command_post")
    file(post, MARCH_6, by=make_user("post", (Role.ORGANISER, post)), vehicles=1)

    html = page(official, dashboard_url(city.north, DAY))
    legend = re.findall(r'<li>(?:<span class="swatch[^>]*></span>)?<a href="([^"]+)">([^<]+)<b>(\d+)</b></a>', html)

    assert [(label.strip(), count) for _href, label, count in legend] == [("已通过", "1"), ("待审核", "1"), ("迟报", "1"), ("更正", "1")]
    for href, label, count in legend:
        rows = re.findall(r'<tr>\s*<th scope="row">', page(official, unescape(href)))
        assert len(rows) == int(count), label


@pytest.mark.usefixtures("filed")
def test_the_page_says_who_has_reported_and_names_who_has_not(official: User, city: City, other_branch: Branch, other_organiser: User) -> None:
    save_draft(user=other_organiser, branch=other_branch, day=MARCH_6, data={"vehicles": "7"}, base=0)

    text = words(page(official, dashboard_url(city.north, DAY)))

    assert "1 / 2" in text
    assert "临湖社区临时党支部" in text
    assert "已填未传" in text


@pytest.mark.usefixtures("filed")
def test_a_figure_shows_the_day_the_running_total_and_the_change(official: User, city: City) -> None:
    text = words(page(official, dashboard_url(city.north, DAY)))

    assert "近180" in text
    assert "400（含约数）" in text
    assert "约−40" in text


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("span", [DAY, Span(MARCH_5, MARCH_6)])
def test_every_figure_opens_records_that_make_it(span: Span, official: User, city: City) -> None:
    shown = figures(page(official, dashboard_url(city.north, span)))
    assert len(shown) > 10

    for href, text in shown:
        html = page(official, href)
        query = {name: values[0] for name, values in parse_qs(urlsplit(href).query).items()}
        [metric] = Metric.objects.filter(code=query["metric"])
        lead = words(html.split('class="big num">')[1].split("</p>")[0]).strip()
        number = lead.removesuffix(metric.unit_zh).strip()
        assert number in text
        rows = re.findall(r'<td class="num" data-label="数值">(.*?)</td>', html, re.S)
        values = [Decimal(re.sub(r"[^0-9.]", "", words(row))) for row in rows]
        if metric.over_time == "sum" and "不相加" not in number:
            assert sum(values) == Decimal(re.sub(r"[^0-9.]", "", number))


@pytest.mark.usefixtures("filed")
def test_distinct_counts_of_several_branches_are_listed_and_not_added(official: User, city: City) -> None:
    text = words(page(official, dashboard_url(city.north, Span(MARCH_5, MARCH_6))))

    assert "3 条，不相加" in text


def test_a_period_that_the_span_cuts_is_named(official: User, organiser: User, branch: Branch, city: City) -> None:
    works = works_of([Figure("vehicles", Decimal(900))])
    file_period_report(actor=organiser, branch=branch, first_day=MARCH_5, last_day=MARCH_6, works=works, uid=uuid4())

    text = words(page(official, dashboard_url(city.north, DAY)))

    assert "900台次" in text
    assert "起止日期超出所选日期" in text


@pytest.mark.usefixtures("filed")
def test_a_chosen_metric_is_drawn_a_bar_a_day_and_the_bars_open_their_day(official: User, city: City) -> None:
    html = page(official, f"{dashboard_url(city.north, DAY)}&metric=home_isolated")

    assert "每日居家隔离" in words(html)
    assert records_url(city.north, Span.day(MARCH_5), Metric.objects.get(code="home_isolated")) in unescape(html)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("from=2020-02-30&to=2020-03-06", "日期无效"),
        ("from=abc", "日期无效"),
        ("to=0001-01-01", "日期无效"),
        ("from=2020-03-06&to=2020-03-05", "结束日期不能早于开始日期"),
    ],
)
def test_impossible_days_are_named_beside_their_field_and_the_default_is_shown(query: str, sentence: str, official: User, branch: Branch, city: City) -> None:
    html = page(official, f"{dashboard_url(city.north)}?{query}", 400)

    assert sentence in words(html)
    assert 'aria-invalid="true"' in html
    assert "2020年3月6日" in words(html)


def test_full_width_digits_are_read_as_days(official: User, branch: Branch, city: City) -> None:
    assert "2020年3月5日" in words(page(official, f"{dashboard_url(city.north)}?from=２０２０-０３-０５"))


def test_until_noon_a_page_shows_yesterday(official: User, branch: Branch, city: City, clock: Clock) -> None:
    clock.move_to(clock.moment.replace(hour=8))
    assert "2020年3月5日" in words(page(official, dashboard_url(city.north)))


def test_english_is_complete(official: User, city: City, filed: None) -> None:
    client = Client()
    client.force_login(official)
    client.cookies["django_language"] = "en"
    html = client.get(dashboard_url(city.north, DAY)).content.decode()

    assert "branches have reported" in html
    assert "nearly 180" in words(html)


# --- Work units -----------------------------------------------------------------------------------------------------------


def test_a_unit_sees_its_own_people_and_the_branch_apart(liaison: User, organiser: User, branch: Branch, city: City) -> None:
    ours, theirs = make_person("甲", city.company, branch), make_person("别家的人", city.bureau, branch)
    works = (
        Work("shift", (Figure("duty_person_times", Decimal(5)),), participants=(Participation(ours, Decimal(6)),)),
        Work("checkpoint", (Figure("vehicles", Decimal(777)),), participants=(Participation(ours, Decimal(2)), Participation(theirs, Decimal(2)))),
    )
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, uid=uuid4(), works=works)

    html = page(liaison, dashboard_url(city.group, DAY))
    own, of_branches = html.split("本单位人员所在支部", 1)
    shifts = page(liaison, records_url(city.group, DAY, of="shifts"))

    assert "777" not in words(own)
    assert "777" in words(of_branches)
    assert "别家的人" not in html + shifts
    assert words(shifts.split('class="big num">')[1].split("</p>")[0]).strip() == "2 人次"


def test_a_region_counts_the_work_of_each_unit_that_sent_people_and_names_none_of_them(official: User, organiser: User, branch: Branch, city: City) -> None:
    ours, theirs, local = make_person("甲", city.company, branch), make_person("别家的人", city.bureau, branch), make_person("本地人", None, branch)
    shared = Work("shift", (), participants=(Participation(ours, Decimal(6)), Participation(theirs, Decimal(2)), Participation(local)))
    alone = Work("patrol", (Figure("patrol_rounds", Decimal(1)),), participants=(Participation(ours, Decimal(1)),))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, uid=uuid4(), works=(shared, alone))
    everywhere = make_user("everywhere", (Role.OFFICIAL, None))

    html = page(official, f"{dashboard_url(city.north, DAY)}&by=unit")
    table = html.split('id="below"')[1].split("</section>")[0]
    rows = re.findall(r"<tr.*?</tr>", table, re.S)
    cells = [[words(cell).split()[0] for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)] for row in rows]

    assert sorted(row[1:] for row in cells[1:]) == [["1", "0", "1"], ["1", "2", "1"], ["2", "7", "2"], ["4", "9", "2"]]
    assert cells[-1] == [city.north.name, "4", "9", "2"]
    assert "别家的人" not in table
    assert dashboard_url(city.bureau) not in table
    assert dashboard_url(city.bureau) in page(everywhere, f"{dashboard_url(city.north, DAY)}&by=unit")
    assert "没有人员参与记录" in words(page(everywhere, f"{dashboard_url(city.south, DAY)}&by=unit"))
    opened = [(shifts, unescape(href)) for shifts, href in re.findall(r'data-shifts="(\d+)" href="([^"]+)"', table)]
    assert sorted(shifts for shifts, _href in opened) == ["1", "1", "2", "4"]
    for shifts, href in opened:
        records = page(official, href)
        assert re.findall(r'<p data-shifts="(\d+)"', records) == [shifts]
        assert sum(map(int, re.findall(r'<tr data-shifts="(\d+)"', records))) == int(shifts)
        assert "别家的人" not in records


def test_person_shifts_of_a_unit_that_is_not_there_are_not_found(official: User, city: City) -> None:
    for sent_by in (str(uuid4()), "x"):
        page(official, records_url(city.north, DAY, of="shifts", sent_by=sent_by), 404)


# --- Duty phones ----------------------------------------------------------------------------------------------------------


def test_a_duty_phone_is_masked_until_it_is_called_and_the_call_is_logged(official: User, branch: Branch, city: City) -> None:
    html = page(official, dashboard_url(city.north, DAY))
    assert "199****5678" in html
    assert "19900005678" not in html

    client = Client()
    client.force_login(official)
    called = client.post(re.findall(r'action="(/dashboard/call/[^"]+)"', html)[0])

    assert called.headers["Refresh"] == "0; url=tel:19900005678"
    assert AuditEntry.objects.get(action="phone.called").actor_id == official.pk


def test_only_those_who_may_call_are_shown_numbers(organiser: User, liaison: User, branch: Branch, city: City, other_branch: Branch) -> None:
    person = branch.terms.get().membership.person
    for user in (organiser, liaison, make_user("elsewhere", (Role.OFFICIAL, city.south))):
        client = Client()
        client.force_login(user)
        assert client.post(f"/dashboard/call/{person.public_id}/").status_code == 404
    assert "199****" not in page(organiser, dashboard_url(branch, DAY))
    assert not AuditEntry.objects.filter(action="phone.called").exists()


# --- Records --------------------------------------------------------------------------------------------------------------


def test_records_are_read_page_by_page_without_loss(official: User, city: City, branch: Branch, organiser: User) -> None:
    for offset in range(120):
        file(branch, MARCH_6 - timedelta(days=offset), by=organiser, vehicles=offset, reason="补报" if offset else "")
    address, seen = records_url(city.north, Span(MARCH_6 - timedelta(days=200), MARCH_6), Metric.objects.get(code="vehicles")), []

    while address:
        html = page(official, address)
        seen += [int(re.sub(r"\D", "", words(row))) for row in re.findall(r'<td class="num" data-label="数值">(.*?)</td>', html, re.S)]
        following = re.findall(r'rel="next" href="(\?[^"]+)"', html)
        address = f"/records/{unescape(following[0])}" if following else ""

    assert seen == list(range(120))


@pytest.mark.parametrize(
    "query", ["", "region=x", "metric=vehicles", "region={region}&metric=unknown", "region={region}&kind=unknown", "region={region}&after=x"]
)
def test_records_of_nothing_in_particular_are_not_found(query: str, official: User, branch: Branch, city: City) -> None:
    page(official, f"/records/?{query.format(region=city.north.public_id)}", 404)


def test_who_filed_is_shown_to_those_who_see_people_there(official: User, liaison: User, organiser: User, branch: Branch, filed: None) -> None:
    address = records_url(branch, DAY)
    assert "organiser" in words(page(official, address))
    assert "organiser" not in words(page(liaison, address))


# --- Exports and chat -----------------------------------------------------------------------------------------------------


def export(user: User, thing: Region | Branch, ending: str, table: str = "") -> Any:
    client = Client()
    client.force_login(user)
    kind = "branch" if isinstance(thing, Branch) else "region"
    days = f"from={MARCH_6}&to={MARCH_6}" + (f"&table={table}" if table else "")
    return client.get(f"/dashboard/{kind}/{thing.public_id}/export.{ending}?{days}")


@pytest.mark.usefixtures("filed")
def test_the_workbook_has_the_figures_of_the_page(official: User, city: City) -> None:
    book = load_workbook(BytesIO(export(official, city.north, "xlsx").getvalue()))

    assert book.sheetnames == ["概况", "各项数据", "按日", "按地区", "未报", "多日数据", "公开材料", "来源记录"]
    rows = {row[1]: row for row in book["各项数据"].iter_rows(min_row=2, values_only=True)}
    assert rows["车辆登记"][3:9] == (180, "近", 400, "含约数", -40, "约")
    names, *below = book["按地区"].iter_rows(values_only=True)
    vehicles = names.index("车辆登记 (台次)")
    assert [(*row[:3], *row[vehicles : vehicles + 2]) for row in below] == [("梧桐街道", 1, 1, 180, "近"), ("银杏街道", 1, 0, None, None)]
    assert AuditEntry.objects.filter(action="dashboard.exported", actor=official).count() == 1


@pytest.mark.usefixtures("filed")
def test_each_table_comes_as_csv_and_phones_stay_masked(official: User, city: City) -> None:
    rows = list(csv.reader(StringIO(b"".join(export(official, city.north, "csv", "missing")).decode("utf-8-sig"))))

    assert rows[1][0] == "临湖社区临时党支部"
    assert rows[1][1] == "待报"
    assert rows[1][4] == "199****8765"
    for table in ("summary", "figures", "days", "children", "beside", "statements", "records"):
        assert export(official, city.north, "csv", table).status_code == 200
    assert export(official, city.north, "csv", "unknown").status_code == 404
    assert export(official, city.city, "csv").status_code == 404


@pytest.mark.usefixtures("filed")
def test_records_of_several_figures_say_why_they_have_no_total(official: User, city: City) -> None:
    assert "没有合计" in words(page(official, records_url(city.north, DAY)))
    assert "没有合计" not in words(page(official, records_url(city.north, DAY, Metric.objects.get(code="vehicles"))))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_a_text_that_a_spreadsheet_would_compute_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert guarded(Decimal(-1)) == Decimal(-1)


@pytest.mark.usefixtures("filed")
def test_the_chat_text_names_the_missing_and_writes_qualifiers_as_chinese_does(city: City, branch: Branch, organiser: User, reviewer: User) -> None:
    text = scope_day_text(Scope(region=city.north), MARCH_6, lang="zh-hans")
    assert "应报2个支部，已报1个。未报1个：临湖社区临时党支部" in text
    assert "车辆登记：当日近180台次，累计400台次（含约数），较昨日减少约40" in text
    assert "居家隔离：目前6人，较昨日增加1" in text

    own = branch_day_text(branch, MARCH_6, lang="zh-hans")
    assert own.splitlines()[0] == "望江社区临时党支部 3月6日工作日报"
    assert "车辆登记：当日近180台次，累计380台次（含约数），较昨日减少约20" in own
    assert "now 5 people" in branch_day_text(branch, MARCH_6, lang="en")


def test_a_kind_with_one_figure_takes_one_line_of_the_chat(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6 - timedelta(days=1), by=organiser, vehicles=5, turned_back=2, patrol_rounds=4, home_isolated=1, reason="补报")
    file(branch, MARCH_6, by=organiser, vehicles=7, turned_back=2, patrol_rounds=3, home_isolated=1)

    assert branch_day_text(branch, MARCH_6, lang="zh-hans").splitlines()[1:] == [
        "【卡口出入】",
        "车辆登记：当日7台次，累计12台次，较昨日增加2",
        "劝返：当日2人次，累计4人次，与昨日持平",
        "【巡查】当日3次，累计7次，较昨日减少1",
        "【排查】居家隔离：目前1人，与昨日持平",
    ]


@pytest.mark.usefixtures("filed")
def test_several_days_have_a_chat_text_with_their_totals(official: User, city: City) -> None:
    html = page(official, dashboard_url(city.north, Span(MARCH_5, MARCH_6)))
    text = unescape(html.split('id="chat-text"')[1].split(">", 1)[1].split("</pre>")[0])

    assert text.splitlines()[0].endswith("3月5日至3月6日工作汇总")
    assert "3月6日：应报2个支部，已报1个" in text
    assert "车辆登记：合计400台次（含约数）" in text
    assert "较昨日" not in text


def test_a_branch_without_figures_says_so_in_the_chat(branch: Branch) -> None:
    assert "暂无填报" in branch_day_text(branch, MARCH_6, lang="zh-hans")


# --- Statements -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("computes", "value", "qualifier", "agrees"),
    [
        ("sum:vehicles", 380, "nearly", True),
        ("sum:vehicles", 400, "nearly", True),
        ("sum:vehicles", 390, "over", False),
        ("sum:vehicles+turned_back", 383, "exact", True),
        ("latest:home_isolated", 5, "exact", True),
        ("latest:home_isolated", 4, "exact", False),
        ("ratio_percent:turned_back/home_isolated", 60, "exact", True),
        ("households", 65, "exact", True),
        ("residents", 1, "exact", None),
        ("", 1, "exact", None),
    ],
)
@pytest.mark.usefixtures("filed")
def test_a_statement_agrees_with_the_portal_or_differs(computes: str, value: int, qualifier: str, agrees: bool | None, branch: Branch, city: City) -> None:
    Region.objects.filter(pk=city.community.pk).update(households=65)
    branch.covers.add(city.community)
    stated = Statement.objects.create(
        branch=branch,
        what_zh="一",
        what_en="one",
        value=Decimal(value),
        qualifier=qualifier,
        computes=computes,
        stated_on=MARCH_6,
        title="文",
        source="t",
        key="1",
    )

    assert computed(stated).agrees is agrees


def test_a_statement_stands_beside_the_figure_on_the_page(official: User, branch: Branch, filed: None) -> None:
    Statement.objects.create(branch=branch, what_zh="共登记车辆", what_en="vehicles", value=1000, computes="sum:vehicles", stated_on=MARCH_6, title="某报")

    text = words(page(official, dashboard_url(branch, DAY)))

    assert "共登记车辆" in text
    assert "不一致" in text


@pytest.mark.usefixtures("filed")
def test_statements_about_latest_values_take_the_same_queries_for_one_and_for_six(official: User, branch: Branch, city: City) -> None:
    def state(number: int) -> None:
        day = MARCH_6 - timedelta(days=number % 3)
        Statement.objects.create(
            branch=branch, what_zh="居家隔离", what_en="isolated", value=5, computes="latest:home_isolated", stated_on=day, title="文", key=str(number)
        )

    state(0)
    one = queries(official, dashboard_url(branch, DAY))
    for number in range(1, 6):
        state(number)

    assert queries(official, dashboard_url(branch, DAY)) == one
    lines = [computed(each).value for each in Statement.objects.order_by("pk")]
    assert lines == [5, 4, None, 5, 4, None]


# --- Cost -----------------------------------------------------------------------------------------------------------------


def queries(user: User, address: str) -> int:
    """How many queries a page takes."""
    client = Client()
    client.force_login(user)
    with CaptureQueriesContext(
        connection,
    ) as counted:
        assert client.get(address).status_code == 200
    return len(counted)


def test_dashboards_and_records_take_the_same_queries_at_any_size(
    official: User, liaison: User, reviewer: User, city: City, branch: Branch, other_branch: Branch, organiser: User, other_organiser: User
) -> None:
    addresses = [
        (official, f"{dashboard_url(city.north, DAY)}&metric=home_isolated"),
        (official, f"{dashboard_url(city.north, DAY)}&by=unit"),
        (make_user("both", (Role.OFFICIAL, city.north), (Role.OFFICIAL, city.south), (Role.ORGANISER, branch), (Role.LIAISON, city.group)), "/dashboard/"),
        (official, dashboard_url(city.north, Span(MARCH_5, MARCH_6))),
        (official, dashboard_url(city.community, DAY)),
        (official, dashboard_url(branch, DAY)),
        (liaison, dashboard_url(city.group, DAY)),
        (liaison, dashboard_url(city.group, Span(MARCH_5, MARCH_6))),
        (official, records_url(city.north, DAY)),
        (official, records_url(city.north, DAY, Metric.objects.get(code="vehicles"))),
    ]
    for day in (MARCH_5, MARCH_6):
        file(branch, day, by=organiser, vehicles=1, home_isolated=1)
    return_to_branch(actor=reviewer, version=file(branch, MARCH_6, by=organiser, vehicles=2, home_isolated=1).version, note="请核对")
    file(branch, MARCH_6, by=organiser, vehicles=2, home_isolated=1)
    # Whose times have to be read: its report is not due yet.
    make_branch(city.community).sending_units.add(city.company)
    few = [queries(user, address) for user, address in addresses]

    for number in range(12):
        another = make_branch(city.community if number % 2 else city.other_community)
        another.sending_units.add(city.company)
        by = make_user("", (Role.ORGANISER, another))
        make_person("", city.company, another, "secretary", duty_phone="19900001111")
        if number % 3:
            file(another, MARCH_6, by=by, vehicles=1, home_isolated=1, turned_back=1, people_on_duty=2)

    many = [queries(user, address) for user, address in addresses]
    assert many == few
    assert max(many) <= 15


def test_the_page_and_the_totals_cannot_disagree(official: User, city: City, filed: None) -> None:
    shown = dict(figures(page(official, dashboard_url(city.north, DAY))))
    for code, total in totals(Scope(region=city.north), DAY).items():
        text = shown[records_url(city.north, DAY, Metric.objects.get(code=code))]
        assert total.value is None or f"{int(total.value):,}" in text


# --- Before the due time, and on the days chosen ----------------------------------------------------------------------------


def states(html: str) -> list[str]:
    """The words of all pills of a page."""
    return [words(pill).strip() for pill in re.findall(r'<span class="pill[^"]*">.*?</span></span>', html, re.S)]


def test_before_the_due_time_a_branch_is_to_report_and_afterwards_it_is_missing(
    official: User, liaison: User, branch: Branch, city: City, clock: Clock
) -> None:
    pages = [(official, dashboard_url(thing, DAY)) for thing in (city.north, city.community, branch)]
    pages.append((liaison, dashboard_url(city.group, DAY)))
    pages.append((make_user("both", (Role.OFFICIAL, city.north), (Role.OFFICIAL, city.south)), f"/dashboard/?from={MARCH_6}"))

    for user, address in pages:
        html = page(user, address)
        assert any(word.startswith("待报") for word in states(html)), address
        assert not any(word.startswith("未报") for word in states(html)), address
    clock.move_to(branch.due_at(MARCH_6) + timedelta(minutes=1))
    for user, address in pages:
        html = page(user, address)
        assert any(word.startswith("未报") for word in states(html)), address
        assert not any(word.startswith("待报") for word in states(html)), address


def test_days_missed_before_are_told_beside_a_report_that_is_not_due_yet(official: User, organiser: User, branch: Branch, city: City) -> None:
    file(branch, MARCH_5 - timedelta(days=2), by=organiser, vehicles=1)

    assert "待报 · 此前 2 日未报" in states(page(official, dashboard_url(city.north, DAY)))


def test_a_table_of_branches_tells_what_became_of_each_report(liaison: User, reviewer: User, organiser: User, branch: Branch, city: City, clock: Clock) -> None:
    def told() -> str:
        row = re.findall(rf'<th scope="row"><a href="[^"]+">{branch.name}</a></th>.*?</td>', page(liaison, dashboard_url(city.group, DAY)), re.S)[0]
        return " ".join(states(row))

    first = file(branch, MARCH_6, by=organiser, vehicles=1).version
    assert told() == "待审核"
    return_to_branch(actor=reviewer, version=first, note="请核对")
    assert told() == "已退回"
    clock.move_to(branch.due_at(MARCH_6) + timedelta(minutes=1))
    accept(actor=reviewer, version=file(branch, MARCH_6, by=organiser, vehicles=2, reason="漏计").version)
    assert told().startswith("已通过")


def test_several_days_say_on_which_of_them_reports_are_counted(official: User, city: City, branch: Branch) -> None:
    html = page(official, dashboard_url(city.north, Span(MARCH_5, MARCH_6)))

    assert "2020年3月6日" in words(html.split('class="big num">')[1].split("</p>")[0])
    assert "2020" in words(html.split('id="below"')[1].split("</thead>")[0])
    assert "（2020年3月6日）" not in words(page(official, dashboard_url(city.north, DAY)).split('class="big num">')[1].split("</p>")[0])


@pytest.mark.usefixtures("filed")
def test_the_list_behind_a_number_names_its_day_in_its_filter(official: User, city: City) -> None:
    legend = page(official, dashboard_url(city.north, DAY)).split('class="legend')[1].split("</ul>")[0]
    href = unescape(re.findall(r'href="([^"]+)"', legend)[0])

    assert {name: values for name, values in parse_qs(urlsplit(href).query).items() if name in ("since", "until", "day")} == {
        "since": ["2020-03-06"],
        "until": ["2020-03-06"],
    }
    html = page(official, href)
    assert html.count('value="2020-03-06"') == 2
    assert 'type="hidden" name="day"' not in html


def test_a_unit_without_work_is_told_so_in_place_of_empty_bars(liaison: User, organiser: User, branch: Branch, city: City) -> None:
    assert "这几日没有本单位人员参与的记录" in words(page(liaison, dashboard_url(city.group, DAY)))
    ours = make_person("甲", city.company, branch)
    work = Work("shift", (), participants=(Participation(ours, Decimal(6)),))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_5, uid=uuid4(), works=(work,))

    assert "这几日没有本单位人员参与的记录" not in words(page(liaison, dashboard_url(city.group, DAY)))
    later = page(liaison, dashboard_url(city.group, Span.day(MARCH_6 + timedelta(days=20))))
    assert dashboard_url(city.group, Span.day(MARCH_5)) in unescape(later)


@pytest.mark.usefixtures("filed")
def test_where_no_report_is_due_the_last_day_with_figures_is_named(official: User, branch: Branch, other_branch: Branch, city: City) -> None:
    for each in (branch, other_branch):
        each.reports_daily = False
        each.save()

    html = page(official, dashboard_url(city.north, Span.day(MARCH_6 + timedelta(days=9))))
    assert "最近一次有数据：2020年3月6日" in words(html)
    assert dashboard_url(city.north, DAY) in unescape(html)
    both = make_user("both", (Role.OFFICIAL, city.north), (Role.OFFICIAL, city.south))
    silent = page(both, f"/dashboard/?from={MARCH_6 + timedelta(days=9)}")
    assert "北示区 最近一次上报 2020年3月6日" in words(silent)


def test_the_page_of_a_duty_phone_leads_back_to_the_branch(official: User, branch: Branch, city: City) -> None:
    client = Client()
    client.force_login(official)
    html = client.post(f"/dashboard/call/{branch.terms.get().membership.person.public_id}/").content.decode()

    assert html.count(f'href="{dashboard_url(branch)}"') == 2
    assert "查看号码已记入日志" in words(html)


@pytest.mark.usefixtures("filed")
def test_csv_carries_numbers_without_empty_decimals_and_records_as_they_were_typed(official: User, city: City) -> None:
    def rows(table: str) -> list[list[str]]:
        return list(csv.reader(StringIO(b"".join(export(official, city.north, "csv", table)).decode("utf-8-sig"))))

    assert not any(cell.endswith(".000") for table in ("figures", "children", "records", "days") for row in rows(table) for cell in row)
    assert ["180", "近", "180", "台次"] in [row[6:10] for row in rows("records")]


@pytest.mark.usefixtures("filed")
def test_an_english_export_parts_number_and_unit(official: User, city: City) -> None:
    client = Client()
    client.force_login(official)
    client.cookies["django_language"] = "en"
    content = client.get(f"/dashboard/region/{city.north.public_id}/export.csv?from={MARCH_6}&to={MARCH_6}&table=records").getvalue().decode("utf-8-sig")

    rows = list(csv.reader(StringIO(content)))
    assert rows[0][:4] == ["Day", "Period from", "Branch", "Kind"]
    assert ["180", "nearly", "180", "vehicle-times"] in [row[6:10] for row in rows]


# --- Several days ---------------------------------------------------------------------------------------------------------

TWO_DAYS = Span(MARCH_5, MARCH_6)


def below(html: str) -> list[str]:
    """The names of the table below a region, in their order."""
    [table] = re.findall(r'<table class="data below">.*?</table>', html, re.S)
    return [words(name).strip() for name in re.findall(r'<th scope="row">(.*?)</th>', table.split("<tfoot")[0], re.S)]


def test_several_days_are_compared_with_as_many_before_when_asked(branch: Branch, organiser: User, official: User, city: City) -> None:
    for back, vehicles in ((3, 5), (2, 6), (1, 10), (0, 20)):
        file(branch, MARCH_6 - timedelta(days=back), by=organiser, vehicles=vehicles, home_isolated=vehicles)
    address = dashboard_url(city.north, TWO_DAYS)

    plain, compared = page(official, address), page(official, f"{address}&compare=before")

    assert "较之前2天" not in words(plain)
    assert "compare=before" in plain
    assert words(compared).count("较之前2天 +19") == 1  # the tile: 30 after 11
    assert re.findall(r'class="num moved[^"]*" data-label="较之前2天">([^<]+)<', compared) == ["+19", "+14"]  # in force: 20 after 6
    assert "较昨日" not in words(compared)
    # A day is compared with the day before, whatever the address says.
    assert "较之前" not in words(page(official, f"{dashboard_url(city.north, DAY)}&compare=before"))


def test_what_was_chosen_stays_when_other_days_are(filed: None, official: User, city: City) -> None:
    html = unescape(page(official, f"{dashboard_url(city.north, TWO_DAYS)}&compare=before&order=rate&metric=vehicles"))

    kept = "compare=before&metric=vehicles&order=rate"
    assert all(href.endswith(kept) for href in re.findall(r'<a class="chip"[^>]* href="(/dashboard/[^"]+)"', html))
    assert all(f'<input type="hidden" name="{name}" value="{value}">' in html for name, value in (pair.split("=") for pair in kept.split("&")))
    assert f"{dashboard_url(city.street, TWO_DAYS)}&compare=before&order=rate" in html


def test_the_table_below_is_ordered_by_the_rate_of_reports_and_by_nothing_that_people_did(
    branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, official: User, city: City
) -> None:
    make_branch(city.north, "区直临时党支部")
    file(branch, MARCH_5, by=organiser, vehicles=1, party_money_donated=1)
    file(branch, MARCH_6, by=organiser, vehicles=1)
    file(other_branch, MARCH_6, by=other_organiser, vehicles=900, party_money_donated=900)
    address = dashboard_url(city.north, TWO_DAYS)
    by_name, by_rate = ["梧桐街道", "银杏街道", "直属于北示区"], ["直属于北示区", "银杏街道", "梧桐街道"]
    by_name[-1] = by_rate[0] = below(page(official, address))[-1]

    assert below(page(official, address)) == by_name
    html = page(official, f"{address}&order=rate")
    assert below(html) == by_rate
    assert "50% 1 / 2" in words(html)
    assert below(page(official, f"{dashboard_url(city.north, DAY)}&order=rate"))[0] == by_rate[0]
    refused = [metric.code for metric in Metric.objects.all()] + ["name", "-rate", "persons", "value", "reported", ""]
    assert all(below(page(official, f"{address}&order={order}")) == by_name for order in refused)


def test_the_table_below_draws_the_course_of_its_first_figure(filed: None, official: User, city: City) -> None:
    [table] = re.findall(r'<table class="data below">.*?</table>', page(official, dashboard_url(city.north, TWO_DAYS)), re.S)

    # Two days joined, and one alone.
    assert [re.findall(r'<path d="([^"]*)"', svg)[0].count("L") for svg in re.findall(r"<svg class=\"sparkline\".*?</svg>", table, re.S)] == [1, 0]
    assert "metric=vehicles#chart" in unescape(table)


# --- What comes after the page --------------------------------------------------------------------------------------------


def test_what_is_counted_from_records_comes_after_the_page_of_a_wide_region(filed: None, branch: Branch, organiser: User, official: User, city: City) -> None:
    file_period_report(actor=organiser, branch=branch, first_day=MARCH_5, last_day=MARCH_6, works=works_of([Figure("vehicles", Decimal(9))]), uid=uuid4())
    reader = make_user("city", (Role.OFFICIAL, city.city))
    address = f"{dashboard_url(city.city, DAY)}&by=unit"

    html = page(reader, address)

    parts = [unescape(href) for href in re.findall(r'data-later="([^"]+)"[^>]* aria-busy="true"', html)]
    assert [parse_qs(urlsplit(part).query)["part"] for part in parts] == [["below"], ["beside"]]
    assert html.count('class="skeleton"') == 2
    answers = [page(reader, urlsplit(address).path + part) for part in parts]
    assert "没有人员参与记录" in words(answers[0])
    assert "多日数据" in words(answers[1])
    assert all("<html" not in answer and "part=" not in answer for answer in answers)
    # Without script a link shows everything at once.
    [whole] = {unescape(href).split("#")[0] for href in re.findall(r'href="(\?[^"]*whole=1[^"]*)"', html)}
    complete = page(reader, urlsplit(address).path + whole)
    assert "data-later" not in complete
    assert "没有人员参与记录" in words(complete)
    # Whoever may not see the page gets none of its parts.
    page(official, urlsplit(address).path + parts[1], 404)


def test_a_narrow_region_shows_everything_at_once(filed: None, official: User, city: City) -> None:
    assert "data-later" not in page(official, f"{dashboard_url(city.north, DAY)}&by=unit")
