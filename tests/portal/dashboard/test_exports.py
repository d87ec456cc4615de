"""A dashboard as a workbook and as csv: what the page has, and no more."""

import csv
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from branches.models import Branch, Region
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from portal.foundation.tables import guarded
from tests.personas import MARCH_6, City

pytestmark = pytest.mark.usefixtures("clock")


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


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1"])
def test_a_text_that_a_spreadsheet_would_compute_is_guarded(text: str) -> None:
    assert guarded(text) == f"'{text}"
    assert guarded(Decimal(-1)) == Decimal(-1)
