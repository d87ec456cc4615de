"""Importing daily reports from a table: what is understood, what is refused and how, and that it is filed once, whole, and as by hand."""

import zipfile
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from openpyxl import Workbook

from activities.imports import checking, services
from activities.models import DailyReport, Entry, ImportedFigure, Measure, ReportImport, ReportVersion
from activities.receipts import receipt_number
from activities.rollups import upkeep
from activities.services import Figure, Work, file_daily_report, file_staged, filing_content, works_of
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation import jobs
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry, Change
from tests.activities.tables import HEADINGS, bring_in, row, said, saved, take_in, text, workbook, worked
from tests.factories import file, make_branch, make_user
from tests.personas import MARCH_5, MARCH_6, MINUTE, City, Clock

pytestmark = pytest.mark.usefixtures("clock")

State = ReportImport.State


def figures(branch: Branch, day: date = MARCH_5) -> dict[str, tuple[Any, str]]:
    """What counts for a day: value and qualifier by metric."""
    counted = Measure.objects.counted().filter(branch=branch, business_date=day)
    return {code: (value, how) for code, value, how in counted.values_list("metric__code", "value", "qualifier")}


# --- What is understood ---------------------------------------------------------------------------------------------------


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


# --- As by hand -----------------------------------------------------------------------------------------------------------

_OWN = {"id", "public_id", "receipt", "uid", "means", "branch_id", "daily_report_id", "version_id", "entry_id", "written_in", "place_id"}


def stored(branch: Branch) -> list[Any]:
    """All rows of a branch's reports, without what differs from report to report."""
    found: list[Any] = []
    for model in (DailyReport, ReportVersion, Entry, Measure):
        rows = model.objects.filter(branch=branch).order_by("pk")
        found += [{name: value for name, value in each.items() if name not in _OWN} for each in rows.values()]
    return found


def test_an_imported_report_is_stored_as_one_that_is_filed_by_hand(city: City, branch: Branch, other_branch: Branch) -> None:
    both = make_user("both", (Role.ORGANISER, branch), (Role.ORGANISER, other_branch))
    by_hand = [Figure("vehicles", Decimal(200), unit_text="台"), Figure("home_isolated", Decimal(4), qualifier="about", qualifier_text="约4人")]
    [checkpoint, isolation] = works_of(by_hand)
    file_daily_report(actor=both, branch=other_branch, day=MARCH_5, works=[Work(checkpoint.kind, checkpoint.figures, note="東門"), isolation], uid=UUID(int=1))

    bring_in(both, workbook([row(branch.name, value=200, unit="台", note="東門"), row(branch.name, metric="home_isolated", value="约4")]))

    assert stored(branch) == stored(other_branch)
    version = ReportVersion.objects.get(branch=branch)
    assert (version.means, version.filed_by, version.on_behalf) == ("workbook", both, False)
    assert {each.place_id for each in Entry.objects.filter(branch=branch)} == {branch.region_id}
    # Identifiers sort by time, as all others do.
    assert {each.public_id.version for each in Measure.objects.filter(branch=branch)} == {7}


def test_the_receipt_is_that_of_the_content(organiser: User, branch: Branch) -> None:
    rows = [
        row(branch.name, metric=code, value=value, note=note)
        for code, value, note in [("vehicles", "约300", '引号"works":[]"'), ("patrol_rounds", 3, ""), ("person_entries", 1, "乙")]
    ]

    bring_in(organiser, workbook(rows))

    version = ReportVersion.objects.get()
    works = [
        Work(
            entry.kind,
            tuple(Figure(each.metric.code, each.value_entered, "", each.qualifier, each.qualifier_text) for each in entry.measures.all()),
            note=entry.note,
        )
        for entry in version.entries.all()
    ]
    content = filing_content(branch=branch, first_day=MARCH_5, last_day=MARCH_5, works=works, note="")
    assert version.receipt == receipt_number(content, version.uid)


def test_each_report_is_in_the_totals_the_change_log_and_the_audit_log(city: City, branch: Branch, other_branch: Branch, reviewer: User) -> None:
    both = make_user("both", (Role.REVIEWER, city.north))
    file(branch, MARCH_5, by=make_user("own", (Role.ORGANISER, branch)), group_buy_chats=3)
    rows = [
        row(each.name, day=day, metric=metric, value=7)
        for each in (branch, other_branch)
        for day in ("2020-03-04", "2020-03-06")
        for metric in ("vehicles", "group_buy_chats")
    ]
    changes = Change.objects.count()

    imported = bring_in(both, workbook(rows))

    assert upkeep.check().differing == 0
    versions = ReportVersion.objects.filter(means="workbook")
    assert versions.count() == 4
    assert Change.objects.count() == changes + 8
    logged = AuditEntry.objects.filter(action="report.filed", object_id__in=versions.values("public_id"))
    assert next(entry.details for entry in logged.order_by("pk")) == {
        "branch": str(branch.public_id),
        "day": "2020-03-04",
        "number": 1,
        "nature": "first",
        "import": str(imported.public_id),
    }
    assert list(AuditEntry.objects.filter(model="reportimport").order_by("pk").values_list("action", flat=True)) == [
        "import.uploaded",
        "import.confirmed",
        "import.filed",
    ]


def test_a_reviewer_files_on_behalf_and_an_organiser_of_the_branch_in_their_own_name(city: City, branch: Branch) -> None:
    second = make_branch(city.community, "第二临时党支部")
    user = make_user("u", (Role.REVIEWER, city.street), (Role.ORGANISER, second))

    bring_in(user, workbook([row(branch.name), row(second.name)]))

    assert dict(ReportVersion.objects.values_list("branch", "on_behalf")) == {branch.pk: True, second.pk: False}


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


def test_a_table_that_is_refused_whole_is_read_once_a_language_and_while_nobody_waits(organiser: User, branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting: list[int] = []
    check = checking.check

    def counted(*given: Any) -> checking.Finding:
        waiting.append(len(connection.savepoint_ids))
        return check(*given)

    monkeypatch.setattr(checking, "check", counted)

    assert take_in(organiser, workbook([])).state == State.REFUSED
    assert waiting == [0, 0]


def test_a_table_that_is_refused_only_the_first_time_is_refused_in_the_words_there_are(
    organiser: User, branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = [ValidationError("读不了。")]
    check = checking.check

    def once(*given: Any) -> checking.Finding:
        if refusals:
            raise refusals.pop()
        return check(*given)

    monkeypatch.setattr(checking, "check", once)

    imported = take_in(organiser, workbook([row(branch.name)]))

    assert imported.state == State.REFUSED
    assert imported.refusals.values_list("said_zh", "said_en").get() == ("读不了。", "读不了。")


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


# --- Once, and whole ------------------------------------------------------------------------------------------------------


def test_a_second_tap_and_the_same_file_again_file_nothing_more(organiser: User, branch: Branch) -> None:
    content = workbook([row(branch.name)])
    imported = take_in(organiser, content)
    services.confirm(imported=imported)
    services.confirm(imported=imported)
    worked(imported)
    services.confirm(imported=imported)
    worked(imported)

    again = bring_in(organiser, content)

    assert ReportVersion.objects.count() == 1
    assert (again.state, again.counts["present"]["reports"], again.counts["differing"]) == (State.CHECKED, 1, 0)


def test_a_report_filed_between_check_and_confirmation_is_kept_and_everything_is_shown_again(
    organiser: User, branch: Branch, caplog: pytest.LogCaptureFixture
) -> None:
    imported = take_in(organiser, workbook([row(branch.name, value=7), row(branch.name, day="2020-03-04")]))
    file(branch, MARCH_5, by=organiser, vehicles=200)

    services.confirm(imported=imported)
    imported = worked(imported)

    assert (imported.state, imported.changed) == (State.CHECKED, True)
    assert "one_daily_report_a_day" in caplog.text
    assert (imported.counts["ready"]["reports"], imported.counts["present"]["reports"], imported.counts["differing"]) == (1, 1, 1)
    assert ReportVersion.objects.count() == 1
    services.confirm(imported=imported)
    assert worked(imported).state == State.FILED
    assert figures(branch) == {"vehicles": (200, "exact")}


def test_whoever_may_no_longer_file_files_nothing(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name)]))
    services.confirm(imported=imported)
    organiser.grants.all().delete()

    imported = worked(imported)

    assert (imported.state, imported.changed, imported.counts["refused"]) == (State.CHECKED, True, 1)
    assert not DailyReport.objects.exists()


def test_a_branch_that_ended_meanwhile_gets_no_report(city: City, catalogue: None) -> None:
    branch = make_branch(city.community)
    imported = take_in(make_user("u", (Role.ORGANISER, branch)), workbook([row(branch.name)]))
    services.confirm(imported=imported)
    Branch.objects.filter(pk=branch.pk).update(ended_on=date(2020, 3, 1))

    imported = worked(imported)

    assert (imported.state, imported.changed) == (State.CHECKED, True)
    assert not DailyReport.objects.exists()


def test_whoever_has_no_account_any_more_files_nothing(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name)]))
    services.confirm(imported=imported)
    User.objects.filter(pk=organiser.pk).update(is_active=False)

    imported = worked(imported)

    assert (imported.state, imported.changed) == (State.CHECKED, True)
    assert not DailyReport.objects.exists()


def test_a_report_that_is_due_at_another_time_than_was_found_is_shown_again(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name)]))
    assert imported.reports.get().due_at is not None
    services.confirm(imported=imported)
    Branch.objects.filter(pk=branch.pk).update(reports_daily=False)

    imported = worked(imported)

    assert (imported.state, imported.changed, DailyReport.objects.exists()) == (State.CHECKED, True, False)
    services.confirm(imported=imported)
    assert worked(imported).state == State.FILED
    assert ReportVersion.objects.get().due_at is None


@pytest.mark.parametrize("lost", ["reports", "figures"])
def test_a_report_is_not_filed_without_what_was_shown_of_it(organiser: User, branch: Branch, lost: str) -> None:
    imported = take_in(organiser, workbook([row(branch.name), row(branch.name, day="2020-03-04"), row(branch.name, metric="patrol_rounds")]))
    services.confirm(imported=imported)
    getattr(imported, lost).filter(business_date=MARCH_5).delete()

    imported = worked(imported)

    assert (imported.state, imported.changed, DailyReport.objects.exists()) == (State.CHECKED, True, False)
    services.confirm(imported=imported)
    worked(imported)
    assert Measure.objects.count() == 3


def test_an_earlier_finding_confirms_nothing_of_a_later_one(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name), row(branch.name, day="2020-03-04")]))
    shown = imported.finding
    file(branch, MARCH_5, by=organiser, vehicles=1)
    services.confirm(imported=imported, shown=shown)
    # While it is filed and checked anew, the same page once more asks for nothing.
    services.confirm(imported=imported, shown=shown)
    imported = worked(imported)

    with pytest.raises(Conflict):
        services.confirm(imported=imported, shown=shown)
    assert worked(imported).state == State.CHECKED

    services.confirm(imported=imported, shown=imported.finding)
    assert worked(imported).state == State.FILED


def test_a_filing_that_breaks_off_leaves_nothing_and_is_done_again(organiser: User, branch: Branch, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    imported = take_in(organiser, workbook([row(branch.name)]))
    services.confirm(imported=imported)
    with monkeypatch.context() as broken:
        broken.setattr("activities.imports.services.file_staged", _breaks_off)
        assert jobs.run_next().error  # type: ignore[union-attr]
    assert not DailyReport.objects.exists()
    assert not ReportImport.objects.get(pk=imported.pk).has_failed

    clock.move_to(clock.moment + 2 * MINUTE)
    assert worked(imported).state == State.FILED


def _breaks_off(imported: ReportImport) -> None:
    file_staged(imported)
    raise RuntimeError("the machine stops here")


def test_a_check_that_is_done_twice_leaves_what_one_leaves(organiser: User, branch: Branch) -> None:
    imported = services.take_in(actor=organiser, content=workbook([row(branch.name), row(branch.name, value="x")]), name="a")
    assert imported.job is not None
    services.check_table(imported.job, lambda percent: None)
    ReportImport.objects.update(state=State.READING)
    services.check_table(imported.job, lambda percent: None)
    services.check_table(imported.job, lambda percent: None)

    assert (imported.reports.count(), imported.refusals.count()) == (1, 1)


def test_a_job_that_gave_up_is_asked_for_again(organiser: User, branch: Branch, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    imported = services.take_in(actor=organiser, content=workbook([row(branch.name)]), name="a")
    with monkeypatch.context() as broken:
        broken.setattr(checking, "check", lambda *_arguments: 1 / 0)
        for _try in range(jobs.TRIES):
            jobs.run_next()
            clock.move_to(clock.moment + 2 * MINUTE)
    imported = ReportImport.objects.get(pk=imported.pk)
    assert imported.has_failed
    assert not imported.is_underway

    services.try_again(imported=imported)

    assert worked(imported).state == State.CHECKED


def test_only_who_files_for_some_branch_uploads(official: User) -> None:
    with pytest.raises(Forbidden):
        services.take_in(actor=official, content=b"x", name="a")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_left_of_an_import_that_the_database_refuses_for_a_rule_unknown_to_the_check(organiser: User, branch: Branch, clock: Clock) -> None:
    imported = take_in(organiser, workbook([row(branch.name), row(branch.name, day="2020-03-04")]))
    # As if the catalogue had lost the unit: the last of the checks refuses.
    ImportedFigure.objects.filter(of=imported, business_date=MARCH_5).update(value=Decimal("0.5"))

    services.confirm(imported=imported)
    for _try in range(jobs.TRIES):
        job = jobs.run_next()
        assert job is not None
        assert "IntegrityError" in job.error
        clock.move_to(clock.moment + 2 * MINUTE)

    # Nothing has changed that another look would show: it is no notice for its owner, but a fault for whoever runs this.
    imported = ReportImport.objects.get(pk=imported.pk)
    assert (imported.state, imported.has_failed, imported.changed) == (State.FILING, True, False)
    assert not DailyReport.objects.exists()
