"""Importing daily reports from a table: what is refused, by row or whole, and in which words."""

import zipfile
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from openpyxl import Workbook

from activities.imports import checking, services
from activities.models import DailyReport, ReportVersion
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.tables import HEADINGS, State, bring_in, by_hand, figures, row, said, saved, take_in, text, workbook, written
from tests.factories import file, make_branch, make_user
from tests.personas import MARCH_5, MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")


# --- What is refused ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "column", "sentence"),
    [
        ({"branch": "没有这个支部"}, "branch", "您可上报的支部中没有“没有这个支部”。"),
        ({"branch": ""}, "branch", "此项必填。"),
        ({"day": 2.3}, "day", "“2.3”不是带年份的日期"),
        ({"day": "2月3日"}, "day", "“2月3日”不是带年份的日期"),
        ({"day": "2020-02-30"}, "day", "不是带年份的日期"),
        ({"day": "2020-03-07"}, "day", "这一天还没到。"),
        ({"day": "1850-03-07"}, "day", "日期应在 1900 年以后。"),
        ({"metric": "没有"}, "metric", "没有叫“没有”的指标"),
        ({"kind": "巡查"}, "kind", "“车辆登记”属于“卡口出入”。"),
        ({"value": ""}, "value", "此项必填。"),
        ({"value": "-3"}, "value", "数字不能小于 0。"),
        ({"value": 11.5}, "value", "请填整数"),
        ({"value": "二十"}, "value", "这不是数字。"),
        ({"value": True}, "value", "这不是数字。"),
        ({"value": date(2020, 2, 3)}, "value", "这不是数字。"),
        ({"value": "12,34"}, "value", "逗号或空格的位置不对"),
        ({"value": 1e16}, "value", "太大"),
        ({"unit": "斤"}, "unit", "单位“斤”不适用于“车辆登记”"),
        ({"value": "5台", "unit": "户"}, "unit", "单位“户”不适用于“车辆登记”"),
        ({"metric": "goods_unloaded", "value": "0.0001", "unit": "吨"}, "value", "小数"),
        ({"metric": "goods_unloaded", "value": "5吨", "unit": "斤"}, "unit", "数值里写的是“吨”，单位栏写的是“斤”。"),
        ({"note": "长" * 2001}, "note", "超过 2000 个字"),
        # So a workbook writes a character that XML cannot hold.
        ({"note": "a_x0000_b"}, "note", "看不见、无法保存的字符"),
        ({"branch": "支_x0000_部"}, "branch", "看不见、无法保存的字符"),
    ],
)
def test_a_bad_cell_is_named_by_row_column_and_a_sentence_and_its_report_is_not_filed(
    organiser: User, branch: Branch, bad: dict[str, Any], column: str, sentence: str
) -> None:
    imported = take_in(organiser, workbook([row(branch.name, metric="patrol_rounds"), row(**{"branch": branch.name, **bad})]))

    [(line, named, chinese)] = said(imported)
    assert (line, named) == (3, column)
    assert sentence in chinese
    assert imported.refusals.get().said_en != chinese
    assert imported.counts["refused"] == 1


def test_formulas_errors_and_merged_cells_are_refused(organiser: User, branch: Branch) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    for each in (
        HEADINGS,
        row(branch.name, value="=100+100"),
        row(branch.name, metric="turned_back"),
        row(branch.name, metric="patrol_rounds", note="=1"),
        row(branch.name, metric="errands"),
    ):
        sheet.append(each)
    sheet["F3"].value, sheet["F3"].data_type = "#N/A", "e"
    sheet.merge_cells("A4:A5")

    imported = take_in(organiser, saved(book))

    assert [(line, column) for line, column, _said in said(imported)] == [(2, "value"), (3, "unit"), (4, "note"), (5, "branch")]
    sentences = [sentence for _line, _column, sentence in said(imported)]
    assert "公式" in sentences[0]
    assert "错误" in sentences[1]
    assert "合并单元格" in sentences[3]


def test_formulas_and_errors_are_found_in_rows_and_cells_that_do_not_say_where_they_stand(organiser: User, branch: Branch) -> None:
    def line(day: int, *rest: str, r: str = "") -> str:
        return f"<row{r}>{written(branch.name)}{written(f'2020-03-0{day}')}<c/>{written('vehicles')}{''.join(rest)}</row>"

    formula, error, number = "<c><f>1+1</f><v>2</v></c>", "<c t='e'><v>#N/A</v></c>", "<c><v>2</v></c>"
    lines = [
        line(1, number),
        "<row/>",
        line(2, formula),
        line(3, error, r=" r = '8'"),
        # A cell that says where it stands, and one after it.
        line(4, '<c s="0" r="E9"><v>2</v></c>', "<c/>", "<!-- > --><c foo='>'><!-- <c/> --><v>2</v><f/></c>"),
        line(5, formula, "<c/>", error),
        line(6, number),
    ]

    imported = take_in(organiser, by_hand("".join(lines)))

    formula_said, error_said = "单元格里是公式，请改填数值或文字。", "单元格里是错误值。"
    assert sorted(said(imported)) == sorted(
        [(4, "value", formula_said), (8, "value", error_said), (9, "note", formula_said), (10, "value", formula_said), (10, "note", error_said)]
    )
    assert list(imported.reports.filter(state="ready").values_list("business_date", flat=True)) == [date(2020, 3, 1), date(2020, 3, 6)]


def test_a_formula_beside_the_rows_is_none_of_theirs(organiser: User, branch: Branch) -> None:
    rule = '<extLst><ext><x:f xmlns:x="x">Sheet2!$A$1</x:f></ext></extLst>'

    imported = take_in(organiser, by_hand(f"<row>{written(branch.name)}{written('2020-03-05')}<c/>{written('vehicles')}<c><v>2</v></c></row>", rule))

    assert (imported.counts["ready"]["rows"], imported.counts["refused"]) == (1, 0)


def test_blank_rows_are_passed_over_and_rows_keep_their_numbers(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name), [""] * 7, [""] * 7, row(branch.name, metric="nothing")]))

    assert imported.counts["rows"] == 2
    assert [line for line, _column, _said in said(imported)] == [5]


def test_a_figure_that_stands_twice_is_refused_the_second_time(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name), row(branch.name, metric="车辆登记", value=3)]))

    assert said(imported) == [(3, "metric", "第 2 行已有同一支部同一天的这项数字。")]


def test_more_satisfied_than_valid_answers_are_refused(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name, metric="survey_satisfied", value=9), row(branch.name, metric="survey_valid", value=8)]))

    assert [(line, column) for line, column, _said in said(imported)] == [(2, "value")]
    assert imported.counts["ready"]["reports"] == 0


def test_of_two_branches_with_one_name_the_identifier_is_asked_for(city: City, branch: Branch) -> None:
    twin = make_branch(city.other_community, branch.name)
    user = make_user("u", (Role.REVIEWER, city.north))

    imported = take_in(user, workbook([row(branch.name), row(str(twin.public_id).upper())]))

    assert "标识" in said(imported)[0][2]
    assert imported.reports.get().branch == twin


def test_a_branch_of_somebody_else_is_as_if_there_were_none(organiser: User, branch: Branch, other_branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(other_branch.name), row(str(other_branch.public_id)), row(branch.name)]))

    assert [line for line, _column, sentence in said(imported) if sentence.startswith("您可上报的支部中没有")] == [2, 3]


def test_a_report_with_a_refused_row_waits_whole_and_the_others_are_filed(organiser: User, branch: Branch) -> None:
    rows = [row(branch.name), row(branch.name, metric="errands", value="x"), row(branch.name, day="2020-03-04")]

    imported = bring_in(organiser, workbook(rows))

    assert imported.counts["held"] == {"reports": 1, "rows": 1, "branches": 1, "days": 1, "first": "2020-03-05", "last": "2020-03-05"}
    assert list(DailyReport.objects.values_list("business_date", flat=True)) == [date(2020, 3, 4)]
    # Corrected and uploaded again, the one is filed and the other left out.
    rows[1] = row(branch.name, metric="errands", value=2)
    bring_in(organiser, workbook(rows))
    assert figures(branch) == {"vehicles": (200, "exact"), "errands": (2, "exact")}


def test_what_is_filed_already_stays_and_is_named_with_what_differs(organiser: User, branch: Branch, clock: Clock) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=200)
    file(branch, MARCH_6, by=organiser, vehicles=200)

    imported = bring_in(organiser, workbook([row(branch.name), row(branch.name, day="2020-03-06", value=201), row(branch.name, day="2020-03-04")]))

    assert (imported.counts["present"]["reports"], imported.counts["differing"], imported.counts["ready"]["reports"]) == (2, 1, 1)
    assert imported.reports.get(differs=True).business_date == MARCH_6
    assert figures(branch, MARCH_6) == {"vehicles": (200, "exact")}
    assert ReportVersion.objects.count() == 3


# --- Whole files ----------------------------------------------------------------------------------------------------------


def test_a_table_with_a_row_too_many_is_refused_with_the_limit(organiser: User, branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MAX_ROWS", 2)
    rows = [row(branch.name, day=f"2020-03-0{number}") for number in (1, 2, 3)]

    assert take_in(organiser, workbook(rows[:2])).state == State.CHECKED
    imported = take_in(organiser, workbook(rows))

    assert imported.state == State.REFUSED
    assert said(imported) == [(None, "", "表格超过 2 行，请拆分后分别上传。")]
    assert imported.refusals.get().said_en == "The table has more than 2 rows. Split it."


def test_a_table_that_is_refused_whole_is_read_once_and_while_nobody_waits(organiser: User, branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[int] = []
    check = checking.check

    def counted(*given: Any) -> checking.Finding:
        waiting.append(len(connection.savepoint_ids))
        return check(*given)

    monkeypatch.setattr(checking, "check", counted)
    imported = take_in(organiser, workbook([], ["支部", "指标"]))

    assert imported.state == State.REFUSED
    assert waiting == [0]
    refusal = imported.refusals.get()
    assert refusal.said_zh == "第一行缺少表头：业务日期、数值。请使用模板。"
    assert refusal.said_en == "The first row lacks these headings: 业务日期、数值. Use the template."


def far(place: bytes) -> bytes:
    """A small workbook with a cell far out."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook([row("x")]))) as old, zipfile.ZipFile(stream, "w") as new:
        for part in old.infolist():
            new.writestr(part.filename, old.read(part).replace(b'r="A2"', b'r="' + place + b'"'))
    return stream.getvalue()


def lying() -> bytes:
    """A workbook of which a part unpacks to more than it says."""
    content = workbook([row("x")])
    with zipfile.ZipFile(BytesIO(content)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    return content.replace(size.to_bytes(4, "little"), (size - 7).to_bytes(4, "little"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xd0\xcf\x11\xe0" + b"\0" * 600,
        b"PK\x03\x04" + b"\0" * 100,
        b"\x89PNG\r\n\x1a\n\0\0",
        text([row("x")], ["支部", "指标"]).encode(),
        text([row("x")], [*HEADINGS, "支部"]).encode(),
        text([]).encode(),
        far(b"XFD1048576"),
        far(b"A1048576"),
        far(b"AA2"),
        lying(),
    ],
)
def test_what_is_no_table_of_figures_is_refused_in_a_sentence(organiser: User, branch: Branch, content: bytes) -> None:
    if not content:
        with pytest.raises(Exception, match="空"):
            services.take_in(actor=organiser, content=content, name="a")
        return
    imported = take_in(organiser, content)

    assert imported.state == State.REFUSED
    refusal = imported.refusals.get()
    assert len(refusal.said_zh) > 7
    assert refusal.said_zh != refusal.said_en


def test_a_workbook_that_unpacks_to_too_much_is_not_unpacked(organiser: User, branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MAX_UNPACKED", 1000)

    assert take_in(organiser, workbook([row(branch.name)])).state == State.REFUSED


def test_a_table_of_many_rows_that_all_hold_nothing_but_errors_is_checked(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, text([row("", "", "", "x") for _number in range(3000)]).encode())

    assert imported.counts["refused"] == 3000
    assert imported.counts["cells"] == 12000
