"""The pages of an import: uploaded, looked at, confirmed, and nobody else's."""

import csv
from datetime import date, timedelta
from hashlib import sha256
from io import BytesIO, StringIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from activities.imports import services
from activities.imports.words import COLUMNS
from activities.models import DailyReport, ReportImport, ReportVersion
from activities.views import imports
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation import attachments
from portal.foundation.models import Attachment, AuditEntry
from portal.housekeeping import keep_house
from tests.accounts.threads import at_once
from tests.activities.tables import bring_in, row, take_in, text, workbook, worked
from tests.factories import file, make_branch, make_user
from tests.personas import MARCH_5, City, Clock

pytestmark = pytest.mark.usefixtures("clock")


def signed_in(user: User, language: str = "zh-hans") -> Client:
    """A client of somebody's."""
    client = Client(headers={"accept-language": language})
    client.force_login(user)
    return client


def page_of(imported: ReportImport) -> str:
    """The address of an import."""
    return reverse("activities:import_detail", args=[imported.public_id])


def test_a_table_is_uploaded_looked_at_confirmed_and_filed(organiser: User, branch: Branch) -> None:
    client = signed_in(organiser)
    rows = [row(branch.name), row(branch.name, day="2020-03-04", value="约7"), row(branch.name, day="2020-03-03", value="x")]

    uploaded = client.post(reverse("activities:import_list"), {"table": SimpleUploadedFile("二月.xlsx", workbook(rows))})
    imported = ReportImport.objects.get()
    assert uploaded.headers["Location"] == page_of(imported)
    assert "正在读取和核对" in client.get(page_of(imported)).content.decode()

    worked(imported)
    shown = client.get(page_of(imported)).content.decode()
    assert "第 4 行" in shown
    assert "这不是数字" in shown
    assert "将上报 2 份日报" in shown
    assert not ReportVersion.objects.exists()

    assert client.post(page_of(imported), {"shown": ReportImport.objects.get().finding}).headers["Location"] == page_of(imported)
    assert "正在上报" in client.get(page_of(imported)).content.decode()
    worked(imported)

    done = client.get(page_of(imported)).content.decode()
    assert "份日报已上报" in done
    assert f"?branch={branch.public_id}&amp;since=2020-03-04&amp;until=2020-03-05" in done
    assert ReportVersion.objects.count() == 2
    assert "已上报" in client.get(reverse("activities:import_list")).content.decode()


def test_the_sentences_are_in_the_language_of_the_page(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name, value="x"), row(branch.name, metric="patrol_rounds", kind="Checkpoint", value="-1")]))

    shown = signed_in(organiser, "en").get(page_of(imported)).content.decode()

    assert "This is not a number. Type digits only, such as 200." in shown
    assert "A figure cannot be below zero." in shown
    assert "这不是数字" not in shown


def test_all_refused_cells_are_downloaded_and_nothing_in_them_is_computed(organiser: User, branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("activities.views.imports.SHOWN", 2)
    imported = take_in(organiser, text([row("=1+1"), *(row(branch.name, day=f"2020-03-0{number}", value="x") for number in range(1, 5))]).encode())
    client = signed_in(organiser)

    assert client.get(page_of(imported)).content.decode().count("第 ") == 2
    answer = client.get(reverse("activities:import_refused", args=[imported.public_id]))
    content = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]

    assert list(csv.reader(StringIO(content)))[1:3] == [
        ["2", "支部", "'=1+1", "您可上报的支部中没有“=1+1”。"],
        ["3", "数值", "x", "这不是数字。请只填数字，例如 200。"],
    ]
    assert len(content.splitlines()) == 6


def test_what_is_there_already_leads_to_the_reports(organiser: User, branch: Branch) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=1)
    imported = take_in(organiser, workbook([row(branch.name)]))

    shown = signed_in(organiser).get(page_of(imported)).content.decode()

    assert f"?branch={branch.public_id}&amp;since=2020-03-05" in shown
    assert "1 份系统中已有，保持原样" in shown
    assert "这张表里没有可上报的日报" in shown


def test_nobody_else_sees_an_import(organiser: User, reviewer: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name, value="x")]))

    for name in ("import_detail", "import_refused"):
        assert signed_in(reviewer).get(reverse(f"activities:{name}", args=[imported.public_id])).status_code == 404
    assert signed_in(reviewer).post(page_of(imported)).status_code == 404


def test_too_large_a_file_is_refused_with_the_limit(organiser: User, branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "LIMIT", 10)

    answer = signed_in(organiser).post(reverse("activities:import_list"), {"table": SimpleUploadedFile("a.csv", b"x" * 11)})

    assert answer.status_code == 422
    assert "10" in answer.content.decode()
    assert not ReportImport.objects.exists()


def test_a_failed_job_is_asked_for_again_by_the_page(organiser: User, branch: Branch) -> None:
    imported = services.take_in(actor=organiser, content=workbook([row(branch.name)]), name="a")
    assert imported.job is not None
    type(imported.job).objects.update(state="failed")
    client = signed_in(organiser)
    assert "再试一次" in client.get(page_of(imported)).content.decode()

    client.post(page_of(imported))

    assert worked(imported).state == ReportImport.State.CHECKED


def test_the_template_is_understood_and_lists_all_figures_and_ones_own_branches(organiser: User, branch: Branch, other_branch: Branch) -> None:
    answer = signed_in(organiser).get(reverse("activities:import_template"))
    book = load_workbook(BytesIO(answer.content))
    figures, how, catalogue, branches = book.worksheets
    assert [cell.value for cell in figures[1]] == [column.heading for column in COLUMNS]
    assert how.max_row > 5
    assert catalogue["D2"].value == "vehicles"
    assert [each[0] for each in branches.iter_rows(min_row=2, values_only=True)] == [branch.name]

    kind, name = catalogue["A2"].value, catalogue["B2"].value
    figures.append([branches["C2"].value, date(2020, 3, 5), kind, name, 5])
    stream = BytesIO()
    book.save(stream)
    imported = take_in(organiser, stream.getvalue())

    assert imported.counts["ready"]["rows"] == 1


def test_rows_of_an_import_are_thrown_away_after_a_month_and_the_import_stays(organiser: User, branch: Branch, clock: Clock) -> None:
    imported = take_in(organiser, workbook([row(branch.name), row(branch.name, value="x")]))
    job: Any = imported.job
    keep_house(job, lambda percent: None)
    assert imported.refusals.count() == 1

    clock.move_to(clock.moment.replace(month=5))
    gone = keep_house(job, lambda percent: None)

    # Nobody has confirmed it, so that it is given up.
    assert gone["imports"] == 1
    assert not imported.reports.exists()
    assert not imported.refusals.exists()
    assert signed_in(organiser).get(page_of(imported)).status_code == 200


def test_the_file_of_an_import_goes_a_month_after_the_filing_and_its_name_hash_and_counts_stay(organiser: User, branch: Branch, clock: Clock) -> None:
    content = workbook([row(branch.name)])
    filed = bring_in(organiser, content)
    clock.move_to(clock.moment + timedelta(days=29))
    twin = take_in(organiser, content)
    job: Any = twin.job
    assert keep_house(job, lambda percent: None)["import_files"] == 0

    clock.move_to(clock.moment + timedelta(days=2))
    gone = keep_house(job, lambda percent: None)
    assert (gone["import_files"], gone["imported_reports"], gone["imports"]) == (1, 1, 0)
    kept = Attachment.objects.get(pk=filed.file_id)
    assert (kept.name, kept.size, kept.sha256, kept.thrown_away_at) == ("a.xlsx", len(content), sha256(content).hexdigest(), clock.moment)
    assert ReportImport.objects.get(pk=filed.pk).counts["ready"]["rows"] == 1
    assert "文件已于" in signed_in(organiser).get(page_of(filed)).content.decode()
    # The same content, which another import still needs.
    with attachments.open_content(twin.file) as file:
        assert file.read() == content

    clock.move_to(clock.moment + timedelta(days=31))
    gone = keep_house(job, lambda percent: None)
    assert (gone["imports"], gone["import_files"]) == (1, 1)
    assert ReportImport.objects.get(pk=twin.pk).state == "discarded"
    with pytest.raises(FileNotFoundError):
        attachments.open_content(twin.file)
    assert keep_house(job, lambda percent: None)["import_files"] == 0


def test_an_import_is_thrown_away_by_its_owner_with_its_file_the_next_night(organiser: User, reviewer: User, auditor: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name), row(branch.name, value="x")]))
    client = signed_in(organiser)
    assert 'name="discard"' in client.get(page_of(imported)).content.decode()
    assert signed_in(reviewer).post(page_of(imported), {"discard": "1"}).status_code == 404

    for _tap in range(2):
        assert client.post(page_of(imported), {"discard": "1"}).status_code == 302
    imported = ReportImport.objects.select_related("file", "job").get()
    assert (imported.state, imported.reports.exists(), imported.refusals.exists(), imported.figures.exists()) == ("discarded", False, False, False)
    page = client.get(page_of(imported)).content.decode()
    assert "这份表格已丢弃" in page
    assert 'name="discard"' not in page
    assert AuditEntry.objects.filter(action="import.discarded").count() == 1

    client.post(page_of(imported), {"shown": imported.finding})
    assert worked(imported).state == "discarded"
    job: Any = imported.job
    assert keep_house(job, lambda percent: None)["import_files"] == 1
    assert not DailyReport.objects.exists()


def test_what_is_being_filed_or_is_filed_is_not_thrown_away_and_what_is_being_read_is_read_no_more(organiser: User, branch: Branch) -> None:
    reading = services.take_in(actor=organiser, content=text([row("x")]).encode(), name="a")
    services.discard(imported=reading)
    assert worked(reading).state == "discarded"

    imported = take_in(organiser, workbook([row(branch.name)]))
    services.confirm(imported=imported)
    services.discard(imported=imported)
    assert worked(imported).state == "filed"
    services.discard(imported=imported)
    assert ReportImport.objects.get(pk=imported.pk).state == "filed"


def test_an_account_has_a_few_tables_that_are_neither_filed_nor_thrown_away(
    organiser: User, reviewer: User, branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "MOST_UNFINISHED", 2)
    monkeypatch.setattr(imports, "_IMPORTS_SHOWN", 1)
    client = signed_in(organiser)

    def uploaded(client: Client) -> Any:
        return client.post(reverse("activities:import_list"), {"table": SimpleUploadedFile("a.csv", text([row(branch.name)]).encode())})

    assert [uploaded(client).status_code for _number in range(3)] == [302, 302, 422]
    refused = uploaded(client)
    assert list(refused.context["form"].errors) == ["table"]
    assert "您已有 2 份表格既没有上报也没有丢弃" in refused.content.decode()
    # All those that can be dealt with are in the list.
    assert len(refused.context["imports"]) == 2
    assert "You have 2 tables that are neither filed nor thrown away." in uploaded(signed_in(organiser, "en")).content.decode()
    assert uploaded(signed_in(reviewer)).status_code == 302

    first, second = ReportImport.objects.filter(owner=organiser)
    worked(first)
    services.confirm(imported=first)
    worked(first)
    assert [uploaded(client).status_code for _number in range(2)] == [302, 422]
    services.discard(imported=second)
    assert uploaded(client).status_code == 302


def test_the_uploads_of_an_account_take_no_more_room_than_it_has(organiser: User, branch: Branch, monkeypatch: pytest.MonkeyPatch) -> None:
    content = workbook([row(branch.name)])
    imported = bring_in(organiser, content)
    monkeypatch.setattr(services, "MOST_KEPT", 2 * len(content) - 1)
    table = SimpleUploadedFile("a.xlsx", content)

    refused = signed_in(organiser).post(reverse("activities:import_list"), {"table": table})
    assert refused.status_code == 422
    assert "请丢弃不需要的表格，第二天就有空间了。" in refused.content.decode()

    Attachment.objects.filter(pk=imported.file_id).update(thrown_away_at=imported.filed_at)
    services.take_in(actor=organiser, content=content, name="a")


@pytest.mark.django_db(transaction=True)
def test_of_many_uploads_at_once_no_more_are_taken_in_than_one_account_may_have(organiser: User, branch: Branch) -> None:
    uploads = [lambda: services.take_in(actor=organiser, content=b"x", name="a")] * (services.MOST_UNFINISHED + 3)

    assert sorted(at_once(*uploads)) == ["ValidationError"] * 3 + ["done"] * services.MOST_UNFINISHED


def test_the_month_counts_from_the_last_check_and_what_is_being_filed_stays(organiser: User, branch: Branch, clock: Clock) -> None:
    imported = take_in(organiser, workbook([row(branch.name), row(branch.name, day="2020-03-04")]))
    file(branch, MARCH_5, by=organiser, vehicles=1)
    clock.move_to(clock.moment + timedelta(days=20))
    services.confirm(imported=imported)
    again: Any = worked(imported).job
    clock.move_to(clock.moment + timedelta(days=20))
    assert keep_house(again, lambda percent: None)["imported_reports"] == 0

    services.confirm(imported=imported)
    clock.move_to(clock.moment + timedelta(days=60))
    assert keep_house(again, lambda percent: None)["imported_reports"] == 0
    assert worked(imported).state == ReportImport.State.FILED
    assert ReportVersion.objects.count() == 2


def test_a_page_that_is_out_of_date_is_answered_with_what_was_found_since(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name), row(branch.name, day="2020-03-04")]))
    client, stale = signed_in(organiser), {"shown": imported.finding}
    file(branch, MARCH_5, by=organiser, vehicles=1)
    client.post(page_of(imported), stale)
    imported = worked(imported)

    for wrong in (stale, {}):
        answer = client.post(page_of(imported), wrong)
        assert answer.status_code == 409
        shown = answer.content.decode()
        assert "本页打开之后，核对结果有变" in shown
        assert "将上报 1 份日报" in shown
        assert f'name="shown" value="{imported.finding}"' in shown
    assert ReportImport.objects.get().state == ReportImport.State.CHECKED


def test_headings_and_counts_are_in_the_language_of_the_page(organiser: User, branch: Branch) -> None:
    rows = [row(branch.name), row(branch.name, day="2020-03-04"), row(branch.name, day="2020-03-04", metric="patrol_rounds", value="x")]
    imported = take_in(organiser, workbook(rows))
    client = signed_in(organiser, "en")

    shown = client.get(page_of(imported)).content.decode()
    refused = client.get(reverse("activities:import_refused", args=[imported.public_id]))
    content = b"".join(refused.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]

    for words in (
        "<small>report will be filed</small>",
        "1 report is held back until its refused rows are corrected (good rows that wait with it: 1)",
        ">Value</td>",
    ):
        assert words in shown
    assert list(csv.reader(StringIO(content)))[1][:3] == ["4", "Value", "x"]


def test_the_first_branches_are_said_to_be_the_first_only_where_there_are_more(
    city: City, organiser: User, branch: Branch, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = make_user("both", (Role.REVIEWER, city.street))
    second = make_branch(city.community, "第二临时党支部")
    one, two = (take_in(both, workbook([row(each.name) for each in branches])) for branches in ([branch], [branch, second]))
    monkeypatch.setattr("activities.views.imports.SHOWN", 1)

    pages = [signed_in(both).get(page_of(imported)).content.decode() for imported in (one, two)]

    assert ["前 1 个支部" in page for page in pages] == [False, True]


def test_each_step_is_in_the_audit_log_in_words(organiser: User, auditor: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name)]))
    signed_in(organiser).post(page_of(imported), {"shown": imported.finding})
    worked(imported)

    log = signed_in(auditor).get(reverse("portal:audit_list")).content.decode()

    for words in ("上传数据表格", "确认导入日报", "导入的日报已上报"):
        assert words in log
    assert AuditEntry.objects.get(action="import.confirmed").address == "127.0.0.1"
