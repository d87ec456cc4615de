"""Importing daily reports from a table: how days, figures, units and columns are read."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from activities.models import DailyReport, Entry, Measure, ReportVersion
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.tables import bring_in, figures, row, text, workbook

pytestmark = pytest.mark.usefixtures("clock")


@pytest.mark.parametrize(
    ("value", "unit", "metric", "number", "how", "printed"),
    [
        (200, "", "vehicles", 200, "exact", ""),
        (200.0, "台次", "车辆登记", 200, "exact", ""),
        ("１，２００", "台", "vehicles registered", 1200, "exact", ""),
        ("约300", "", "vehicles", 300, "about", "约300台次"),
        ("300余", "台", "vehicles", 300, "over", "300余台"),
        ("近200台次", "", "vehicles", 200, "nearly", "近200台次"),
        ("至少 5", "", "vehicles", 5, "at_least", "至少 5台次"),
        ("1.2万余", "", "vehicles", 12000, "over", "1.2万余台次"),
        ("约8000多斤", "", "goods_unloaded", 4000, "about", "约8000多斤"),
        (3, "吨", "goods_unloaded", 3000, "exact", ""),
        (0, "", "vehicles", 0, "exact", ""),
        ("about 300", "vehicle-times", "vehicles", 300, "about", "about 300vehicle-times"),
    ],
)
def test_a_value_is_read_as_people_write_it(organiser: User, branch: Branch, value: Any, unit: str, metric: str, number: Any, how: str, printed: str) -> None:
    bring_in(organiser, workbook([row(branch.name, metric=metric, value=value, unit=unit)]))

    assert Measure.objects.values_list("value", "qualifier", "qualifier_text").get() == (number, how, printed)


def test_the_unit_and_the_value_are_kept_as_entered(organiser: User, branch: Branch) -> None:
    bring_in(organiser, workbook([row(branch.name, metric="goods_unloaded", value="8000斤"), row(branch.name, value=5, unit="台")]))

    weight, cars = Measure.objects.order_by("-metric__code", "pk").values_list("value_entered", "unit_entered__code", "unit_text")[::-1]
    assert weight == (Decimal(8000), "jin", "")
    assert cars == (Decimal(5), "vehicle_times", "台")


@pytest.mark.parametrize(
    "day",
    [
        date(2020, 2, 3),
        datetime(2020, 2, 3, 8, 30),  # noqa: DTZ001 - as spreadsheets have it
        "2020-02-03",
        "2020/2/3",
        "2020.2.3",
        "2020年2月3日",
        "２０２０年２月３日",
    ],
)
def test_a_day_is_read_as_people_write_it(organiser: User, branch: Branch, day: Any) -> None:
    bring_in(organiser, workbook([row(branch.name, day=day)]))

    assert DailyReport.objects.get().business_date == date(2020, 2, 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_csv_file_is_read_in_the_encodings_and_with_the_marks_that_spreadsheets_write(organiser: User, branch: Branch, encoding: str, delimiter: str) -> None:
    content = text([row(branch.name, value="约300", note="东门")]).replace(",", delimiter).encode(encoding)

    bring_in(organiser, content)

    assert figures(branch) == {"vehicles": (300, "about")}
    assert Entry.objects.get().note == "东门"


def test_columns_stand_in_any_order_and_in_either_language_and_others_are_passed_over(organiser: User, branch: Branch) -> None:
    rows = [[7, "x", str(branch.public_id), "vehicles", "2020-03-05"]]

    bring_in(organiser, workbook(rows, ["Value", "其他", "branch", "指标 Figure", "业务日期"]))

    assert figures(branch) == {"vehicles": (7, "exact")}


def test_the_rows_of_a_day_become_one_report_with_an_entry_a_kind_and_its_notes(organiser: User, branch: Branch) -> None:
    rows = [
        row(branch.name, metric="person_entries", value=9, note="西门"),
        row(branch.name, metric="patrol_rounds", value=3, note="夜里两次"),
        row(branch.name, metric="vehicles", value=5, note="东门\r\n詹家墩"),
        row(branch.name, metric="turned_back", value=1, note="西门"),
    ]

    bring_in(organiser, workbook(rows))

    checkpoint, patrol = Entry.objects.order_by("kind")
    assert checkpoint.note == "西门\n东门\n詹家墩"
    assert (checkpoint.measures.count(), patrol.note) == (3, "夜里两次")
    assert list(Entry.objects.noting("東門")) == [checkpoint]
    assert ReportVersion.objects.get().entries.count() == 2
