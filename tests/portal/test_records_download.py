"""The rows behind a figure as a file: exactly those of the list, for whoever may see the list, and nothing besides."""

import csv
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from activities import rollups
from activities.models import Metric
from activities.rollups import Scope, Span
from activities.services import Figure, Participation, Work, file_daily_report, file_period_report, return_to_branch, works_of
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from portal.pages.scopes import records_url
from tests.factories import file, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")

SPAN = Span(MARCH_5, MARCH_6)
SECRET, WORKER = "张某某住三号楼", "集团甲某"
HEADER = ["日期", "多日数据起始日", "支部", "类别", "指标", "单位", "数值", "准数或约数", "填报时", "填报时单位", "原文写法", "版本", "状态"]


def get(user: User, thing: Any, ending: str, span: Span = SPAN, metric: Metric | None = None, language: str = "zh-hans", **more: str) -> Any:
    """What `user` gets as the rows of the list of `thing`."""
    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = language
    return client.get(records_url(thing, span, metric, **more).replace("/records/?", f"/records/export.{ending}?"))


def rows(*asked: Any, **more: Any) -> list[list[str]]:
    """The lines of a csv, the headings first."""
    answer = get(asked[0], asked[1], "csv", *asked[2:], **more)
    assert answer.status_code == 200
    return list(csv.reader(StringIO(answer.getvalue().decode("utf-8-sig"), newline="")))


@pytest.fixture
def filed(clock: Clock, branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, city: City) -> None:
    """Daily reports of two branches, a correction, a period that adds and one that does not, and values that hold."""
    file(branch, MARCH_5, by=organiser, vehicles=200, home_isolated=4)
    file(branch, MARCH_6, by=organiser, vehicles=180, home_isolated=5, qualifiers={"vehicles": "nearly"})
    file(branch, MARCH_6, by=organiser, vehicles=181, home_isolated=5, qualifiers={"vehicles": "nearly"}, note=SECRET, reason="补登")
    figures = (Figure("goods_unloaded", Decimal("8000.5"), "jin", "about", "约8000多斤"), Figure("vehicles", Decimal(7), unit_text="车次"))
    ours = (Participation(make_person(WORKER, city.company, branch), Decimal("2.5")),)
    work = Work("patrol", (Figure("patrol_rounds", Decimal(3)),), note=SECRET, participants=ours)
    file_daily_report(actor=other_organiser, branch=other_branch, day=MARCH_6, uid=uuid4(), works=(*works_of(figures), work))
    for relation in ("adds_to_daily", "includes_daily"):
        options: Any = {"uid": uuid4(), "relation": relation}
        file_period_report(actor=organiser, branch=branch, first_day=MARCH_5, last_day=MARCH_6, works=works_of([Figure("vehicles", Decimal(9))]), **options)


# --- Which rows -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filed")
def test_the_file_has_the_rows_of_the_list_and_no_other(official: User, city: City, branch: Branch) -> None:
    vehicles, isolated = Metric.objects.get(code="vehicles"), Metric.objects.get(code="home_isolated")
    asked: list[tuple[Any, Metric | None, dict[str, str]]] = [
        (thing, metric, more)
        for thing in (city.north, city.street, city.community, branch)
        for metric in (None, vehicles, isolated)
        for more in ({}, {"kind": "patrol"}, {"direct": "1"})
    ]
    counts = set()
    for thing, metric, more in asked:
        client = Client()
        client.force_login(official)
        listed = client.get(records_url(thing, SPAN, metric, **more))
        shown = [
            [f"{row.day}", row.branch.name, row.metric.name, f"{row.value.normalize():f}", str(row.entry.version.number)] for row in listed.context["rows"]
        ]
        assert [[row[0], row[2], row[4], row[6], row[11]] for row in rows(official, thing, SPAN, metric, **more)[1:]] == shown, (thing, metric, more)
        counts.add(len(shown))
    assert len(counts) > 4


@pytest.mark.usefixtures("filed")
def test_a_row_says_what_was_counted_and_what_was_filed(official: User, city: City, branch: Branch, other_branch: Branch) -> None:
    head, *found = rows(official, city.north)

    assert head == HEADER
    assert ["2020-03-06", "", branch.name, "卡口出入", "车辆登记", "台次", "181", "近", "181", "台次", "", "2", "已报"] in found
    assert ["2020-03-06", "2020-03-05", branch.name, "卡口出入", "车辆登记", "台次", "9", "准数", "9", "台次", "", "1", "已报"] in found
    of_other = {row[4]: row for row in found if row[2] == other_branch.name}
    assert of_other["车辆登记"][6:11] == ["7", "准数", "7", "车次", ""]
    assert [row[6:11] for row in of_other.values() if row[10]] == [["4000.25", "约", "8000.5", "斤", "约8000多斤"]]
    assert not {row[6] for row in found} & {"180", "200.000"}


@pytest.mark.usefixtures("filed")
def test_a_returned_report_is_in_no_file(official: User, city: City, branch: Branch, reviewer: User) -> None:
    version = rollups.records(Scope.of(branch), Span.day(MARCH_5)).filter(entry__version__daily_report__isnull=False).first().entry.version  # type: ignore[union-attr]
    assert "200" in {row[6] for row in rows(official, city.north)}
    return_to_branch(actor=reviewer, version=version, note="请核对")
    assert "200" not in {row[6] for row in rows(official, city.north)}


@pytest.mark.usefixtures("filed")
def test_csv_and_workbook_have_the_same_cells_for_every_reader(official: User, city: City) -> None:
    lines = rows(official, city.north)
    content = get(official, city.north, "xlsx").getvalue()

    def shown(value: Any) -> str:
        if isinstance(value, int | float):
            return f"{Decimal(repr(value)).normalize():f}"
        return "" if value is None else f"{value:%Y-%m-%d}" if hasattr(value, "year") else str(value)

    book = load_workbook(BytesIO(content))
    assert book.sheetnames == ["来源记录", "概况"]
    assert [[shown(value) for value in row] for row in book["来源记录"].iter_rows(values_only=True)] == lines
    sheet = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_name("来源记录")
    assert [[shown(value) for value in row] for row in sheet.to_python()] == lines
    # Days and numbers are no texts.
    second: Any = next(book["来源记录"].iter_rows(min_row=2))
    assert (second[0].is_date, second[6].data_type, second[2].data_type) == (True, "n", "s")


@pytest.mark.usefixtures("filed")
def test_the_workbook_says_what_it_holds_and_as_of_when(official: User, city: City) -> None:
    vehicles = Metric.objects.get(code="vehicles")
    book = load_workbook(BytesIO(get(official, city.north, "xlsx", metric=vehicles).getvalue()))

    summary: dict[Any, Any] = {row[0]: row[1] for row in book["概况"].iter_rows(min_row=2, values_only=True)}
    assert (summary["范围"], summary["指标"]) == (city.north.name, "车辆登记")
    assert (f"{summary['开始日期']:%Y-%m-%d}", f"{summary['结束日期']:%Y-%m-%d}") == ("2020-03-05", "2020-03-06")
    assert summary["来源记录"] == book["来源记录"].max_row - 1 == 4
    assert summary["截至"].startswith("2020-03-0")


@pytest.mark.usefixtures("filed")
def test_the_file_is_in_the_language_of_its_reader(official: User, city: City) -> None:
    head, *found = rows(official, city.north, language="en")

    assert head[:4] == ["Day", "Period from", "Branch", "Kind"]
    assert ["181", "nearly", "181", "vehicle-times"] in [row[6:10] for row in found]
    assert load_workbook(BytesIO(get(official, city.north, "xlsx", language="en").getvalue())).sheetnames == ["Records", "Summary"]


def test_a_list_without_rows_is_a_file_with_headings(official: User, city: City) -> None:
    assert rows(official, city.north) == [HEADER]
    assert [sheet.max_row for sheet in load_workbook(BytesIO(get(official, city.north, "xlsx").getvalue()))] == [1, 6]


# --- Person-shifts --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filed")
def test_a_liaison_takes_the_shifts_of_the_own_people_and_no_names(liaison: User, city: City, other_branch: Branch) -> None:
    for ending in ("csv", "xlsx"):
        assert WORKER.encode() not in get(liaison, city.group, ending, of="shifts").getvalue()
    assert rows(liaison, city.group, of="shifts") == [
        ["日期", "支部", "类别", "出勤人次", "小时"],
        ["2020-03-06", other_branch.name, "巡查", "1", "2.5"],
    ]
    assert len(rows(liaison, city.group)) == len(rows(liaison, city.group, kind="patrol"))
    assert get(liaison, city.bureau, "csv", of="shifts").status_code == 404
    assert get(liaison, city.north, "csv", of="shifts").status_code == 404


@pytest.mark.usefixtures("filed")
def test_a_region_takes_the_shifts_of_a_unit_that_sent_people(official: User, city: City) -> None:
    assert len(rows(official, city.north, of="shifts", sent_by=str(city.company.public_id))) == 2
    assert rows(official, city.north, of="shifts", sent_by="none")[1:] == []
    assert get(official, city.north, "csv", of="shifts", sent_by=str(city.bureau.public_id)).status_code == 404


# --- Who, and what is said of it ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filed")
def test_whoever_may_not_see_the_list_gets_no_file(organiser: User, other_organiser: User, official: User, city: City, branch: Branch) -> None:
    elsewhere = make_user("elsewhere", (Role.OFFICIAL, city.south))
    for ending in ("csv", "xlsx"):
        assert get(organiser, branch, ending).status_code == 200
        for user, thing in ((organiser, city.community), (other_organiser, branch), (elsewhere, city.north), (elsewhere, branch), (official, city.city)):
            assert get(user, thing, ending).status_code == 404, (user, thing)
    assert Client().get(reverse("portal:records_export", args=["csv"])).status_code == 302
    assert AuditEntry.objects.filter(action="records.exported").count() == 2


@pytest.mark.usefixtures("filed")
def test_no_note_no_name_and_no_account_is_in_a_file(city: City, official: User, branch: Branch) -> None:
    User.objects.filter(username="organiser").update(name="填报人丙某")
    for thing in (city.north, branch):
        text = "\n".join(",".join(row) for row in rows(official, thing))
        for word in (SECRET, WORKER, "丙某", "organiser"):
            assert word not in text


@pytest.mark.usefixtures("filed")
def test_that_rows_were_taken_is_in_the_log_before_the_first_of_them_is_sent(official: User, city: City) -> None:
    vehicles = Metric.objects.get(code="vehicles")
    answer = get(official, city.north, "xlsx", metric=vehicles, direct="1")
    row = AuditEntry.objects.get(action="records.exported")

    assert (row.actor, row.object_id) == (official, city.north.public_id)
    assert row.details == {"format": "xlsx", "from": "2020-03-05", "to": "2020-03-06", "filters": {"metric": "vehicles", "direct": "1"}}
    assert answer.getvalue()[:2] == b"PK"


@pytest.mark.usefixtures("filed")
def test_days_that_are_none_and_unknown_formats_give_no_file(official: User, city: City) -> None:
    client = Client()
    client.force_login(official)
    address = reverse("portal:records_export", args=["csv"])
    of = f"region={city.north.public_id}"
    for query in (f"{of}&from=2020-02-31", f"{of}&from=2020-03-06&to=2020-03-05", "", f"{of}&metric=none", f"{of}&kind=none"):
        assert client.get(f"{address}?{query}").status_code == 404, query
    assert client.get(reverse("portal:records_export", args=["pdf"]) + f"?{of}").status_code == 404
    assert not AuditEntry.objects.filter(action="records.exported").exists()


@pytest.mark.usefixtures("filed")
def test_the_page_offers_the_files_of_what_it_shows(official: User, liaison: User, city: City) -> None:
    for user, address in (
        (official, records_url(city.north, SPAN, Metric.objects.get(code="vehicles"))),
        (liaison, records_url(city.group, SPAN, of="shifts")),
    ):
        client = Client()
        client.force_login(user)
        page = client.get(address)
        for ending in ("csv", "xlsx"):
            offered = f"/records/export.{ending}?{address.partition('?')[2]}"
            assert f'href="{offered.replace("&", "&amp;")}"' in page.content.decode()
            assert client.get(offered).status_code == 200
    empty = Client()
    empty.force_login(official)
    assert "export.csv" not in empty.get(records_url(city.north, Span.day(MARCH_5.replace(day=1)))).content.decode()


@pytest.mark.usefixtures("filed")
def test_the_workbook_of_a_dashboard_has_the_same_records(official: User, city: City) -> None:
    client = Client()
    client.force_login(official)
    days = f"from={MARCH_5}&to={MARCH_6}"
    book = load_workbook(BytesIO(client.get(f"/dashboard/region/{city.north.public_id}/export.xlsx?{days}").getvalue()))
    own = load_workbook(BytesIO(get(official, city.north, "xlsx").getvalue()))

    assert list(book["来源记录"].values) == list(own["来源记录"].values)
    table = client.get(f"/dashboard/region/{city.north.public_id}/export.csv?{days}&table=records").getvalue()
    assert table == get(official, city.north, "csv").getvalue()
