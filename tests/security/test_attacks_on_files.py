"""Files: tables made to keep the machine busy, imports of somebody else, and what may be taken out."""

import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from uuid import uuid4
from xml.sax.saxutils import quoteattr

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook, load_workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from activities.imports import services
from activities.models import DailyReport, Measure, ReportImport, ReportVersion
from activities.services import Figure, Participation, Work, file_daily_report
from branches.access import Role
from branches.models import Branch
from branches.services import move_branch
from portal.accounts.models import User
from portal.foundation import jobs, spreadsheets
from portal.foundation.models import AuditEntry, Job
from portal.foundation.spreadsheets import Table, read_table
from portal.housekeeping import KIND
from tests.activities.tables import bring_in, row, saved, take_in, text, workbook, worked
from tests.activities.test_review_races import all_at_once
from tests.factories import file, make_branch, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, City, Clock
from tests.security.attacker import SECRET, browser, machine

pytestmark = pytest.mark.usefixtures("clock")

MEGABYTES = 50 * 1024 * 1024
FIRST = b'<row r="1"><c r="A1"><v>1</v></c></row>'
FIRST_SHEET = "xl/worksheets/sheet1.xml"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
Parts = dict[str, bytes]


# --- Tables made to do harm -----------------------------------------------------------------------------------------------


def repacked(change: Callable[[Parts], Iterator[tuple[str, bytes]]]) -> bytes:
    """A workbook with its parts changed."""
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook([]))) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for name, part in change({part.filename: old.read(part) for part in old.infolist()}):
            new.writestr(name, part)
    return stream.getvalue()


def with_sheet(lines: bytes, after: bytes = b"") -> bytes:
    """A workbook whose sheet has these lines."""
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + lines + b"</sheetData>" + after + b"</worksheet>"
    return repacked(lambda parts: iter({**parts, FIRST_SHEET: sheet}.items()))


def with_texts(head: bytes = b"", path: str = "sharedStrings.xml") -> bytes:
    """A workbook with a table of texts that begins like this, from which its first cell takes the second one."""
    sst = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ' + head + b"><si><t>a</t></si><si><r><t>%s</t></r></si></sst>"
    related = f'<Relationship Id="t" Type="{RELATIONS}/sharedStrings" Target="{path}"/></Relationships>'.encode()

    def change(parts: Parts) -> Iterator[tuple[str, bytes]]:
        parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(b"</Relationships>", related)
        parts[FIRST_SHEET] = parts[FIRST_SHEET].replace(b"</sheetData>", b'<row r="2"><c r="A2" t="s"><v>1</v></c></row></sheetData>')
        yield from parts.items()
        yield f"xl/{path}", sst % "望江社区".encode()

    return repacked(change)


# Each is a few kB, and asked the reader for gigabytes, or for hours.
HARMFUL: dict[str, Callable[[], bytes]] = {
    "lines that do not say where": lambda: with_sheet(FIRST + b"<row/>" * 300_000 + b"<row><c><v>1</v></c></row>"),
    "cells that do not say where": lambda: with_sheet(FIRST + b"<row>" + b"<c/>" * 100_000 + b"<c><v>1</v></c></row>"),
    "cells under another name": lambda: with_sheet(FIRST + b'<row xmlns:x="y">' + b"<x:c/>" * 100_000 + b"<c><v>1</v></c></row>"),
    "attributes without a space": lambda: with_sheet(FIRST + b'<row t="n"r="1000000"><c t="n"r="XFD1000000"><v>1</v></c></row>'),
    "a name with quotes": lambda: with_sheet(FIRST + b"<a'>'b:row r='1000000'><a'>'b:c r='XFD1000000'><v>1</v></a>"),
    "merged cells over each other": lambda: with_sheet(
        FIRST + b'<row r="150000"><c r="Z150000"><v>1</v></c></row>', b"<mergeCells>" + b'<mergeCell ref="A1:Z199999"/>' * 1000 + b"</mergeCells>"
    ),
    "billions of texts announced": lambda: with_texts(b'count="4000000000" uniqueCount="4000000000"'),
    "declarations": lambda: repacked(lambda parts: iter({**parts, FIRST_SHEET: b'<!DOCTYPE x [<!ENTITY a "a">]>' + parts[FIRST_SHEET]}.items())),
    "long names of sheets": lambda: repacked(lambda parts: iter({**parts, "xl/workbook.xml": parts["xl/workbook.xml"] + b" " * 5_000_000}.items())),
    "blank lines of csv": lambda: b"a,b\n" + b"\n" * 300_000,
}


@pytest.mark.parametrize("name", HARMFUL)
def test_a_table_that_would_keep_the_machine_busy_is_refused_before_it_is_read(name: str) -> None:
    with pytest.raises(ValidationError):
        read_table(HARMFUL[name](), most_unpacked=MEGABYTES)


def test_the_reader_sees_no_sheet_but_the_one_that_was_looked_at() -> None:
    hidden = f'<sheet xmlns="" xmlns:r="{RELATIONS}" name="x" sheetId="9" r:id="x"/>'.encode()
    related = f'<Relationship Id="x" Type="{RELATIONS}/worksheet" Target="far.xml"/></Relationships>'.encode()

    def change(parts: Parts) -> Iterator[tuple[str, bytes]]:
        parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b"<sheets>", b"<sheets>" + hidden)
        parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(b"</Relationships>", related)
        yield from parts.items()
        yield "xl/far.xml", parts[FIRST_SHEET].replace(b'r="A1"', b'r="XFD1048576"')

    assert [len(line) for line in read_table(repacked(change), most_unpacked=MEGABYTES).rows] == [7]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_part_that_stands_in_the_file_a_hundred_times_is_read_once() -> None:
    def change(parts: Parts) -> Iterator[tuple[str, bytes]]:
        yield from parts.items()
        yield from [(FIRST_SHEET, b"x")] * 100
        yield FIRST_SHEET, parts[FIRST_SHEET]

    safe, sheet = spreadsheets._unpacked(repacked(change))

    assert len(safe.getvalue()) < 2 * len(sheet) + 50_000


def test_what_looks_like_a_cell_in_a_comment_is_none() -> None:
    content = with_sheet(FIRST + b'<row r="2"><c r="A2"><f>1</f><v>1</v></c></row><!--' + b"<c " * 20 + b"/>-->")
    assert read_table(content, most_unpacked=MEGABYTES).formulas == {(1, 0)}


@pytest.mark.parametrize("path", ["sharedStrings.xml", "texts/all.xml"])
def test_texts_that_stand_apart_are_read_wherever_they_stand(path: str) -> None:
    assert read_table(with_texts(path=path), most_unpacked=MEGABYTES).rows[1][0] == "望江社区"


def test_days_are_counted_from_the_year_that_the_workbook_says() -> None:
    for epoch in (None, CALENDAR_MAC_1904):
        book = Workbook()
        if epoch:
            book.epoch = epoch
        book.worksheets[0].append([date(2020, 3, 5)])
        table: Table = read_table(saved(book), most_unpacked=MEGABYTES)
        assert str(table.rows[0][0]).startswith("2020-03-05")


def test_a_job_that_ends_its_worker_each_time_is_given_up(organiser: User, branch: Branch, clock: Clock) -> None:
    imported = services.take_in(actor=organiser, content=workbook([row(branch.name)]), name="a")
    assert imported.job is not None
    lost = {"state": Job.State.RUNNING, "attempts": jobs.TRIES, "claimed_at": clock.now() - 2 * jobs.LOST_AFTER}
    Job.objects.filter(pk=imported.job.pk).update(**lost)

    assert jobs.run_next() is None

    assert ReportImport.objects.get().has_failed


# --- Imports ------------------------------------------------------------------------------------------------------------


def page_of(imported: ReportImport) -> str:
    """The address of an import."""
    return reverse("activities:import_detail", args=[imported.public_id])


def test_nobody_uploads_sees_confirms_or_takes_what_is_not_theirs(
    organiser: User, other_organiser: User, reviewer: User, administrator: User, official: User, liaison: User, shift_leader: User, branch: Branch
) -> None:
    imported = take_in(organiser, workbook([row(branch.name, note=SECRET), row(branch.name, MARCH_6, value="x", note=SECRET)]))
    refused = reverse("activities:import_refused", args=[imported.public_id])
    for user in (other_organiser, reviewer, administrator, official, liaison, shift_leader, make_user("nobody")):
        client = browser(user)
        assert {client.get(address).status_code for address in (page_of(imported), refused)} == {404}, user
        assert client.post(page_of(imported)).status_code == 404, user
        listed = client.get(reverse("activities:import_list"))
        assert str(imported.public_id) not in listed.content.decode(), user
    for user in (administrator, official, liaison, shift_leader):
        table = SimpleUploadedFile("a.csv", text([row(branch.name)]).encode())
        assert browser(user).post(reverse("activities:import_list"), {"table": table}).status_code == 403, user
        assert browser(user).get(reverse("activities:import_template")).status_code == 403, user
    assert not DailyReport.objects.exists()


def test_a_grant_taken_away_after_the_confirmation_files_nothing(organiser: User, branch: Branch, clock: Clock) -> None:
    imported = take_in(organiser, workbook([row(branch.name)]))
    client = browser(organiser)
    client.post(page_of(imported))
    organiser.grants.update(revoked_at=clock.now(), revoked_by=organiser)

    worked(imported)

    assert not ReportVersion.objects.exists()
    assert client.get(page_of(imported)).status_code == 403
    assert client.post(page_of(imported)).status_code == 403
    assert client.get(reverse("activities:import_refused", args=[imported.public_id])).status_code == 403


def test_a_page_that_shows_an_earlier_check_confirms_nothing(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name), row(branch.name, MARCH_6)]))
    shown = page_shown(browser(organiser), imported)
    file(branch, MARCH_6, by=organiser, vehicles=1)
    browser(organiser).post(page_of(imported), shown)
    again = worked(imported)
    assert (again.state, again.changed) == (ReportImport.State.CHECKED, True)

    browser(organiser).post(page_of(imported), shown)
    assert worked(imported).state == ReportImport.State.CHECKED

    browser(organiser).post(page_of(imported), page_shown(browser(organiser), imported))
    assert worked(imported).state == ReportImport.State.FILED


def page_shown(client: Client, imported: ReportImport) -> dict[str, str]:
    """What the form on the page of an import says."""
    now = ReportImport.objects.select_related("job").get(pk=imported.pk)
    assert now.job is not None
    shown = str(now.job.public_id)
    assert f'name="shown" value={quoteattr(shown)}' in client.get(page_of(imported)).content.decode()
    return {"shown": shown}


def test_what_was_thrown_away_after_a_month_is_confirmed_by_nobody(organiser: User, branch: Branch, clock: Clock) -> None:
    imported = take_in(organiser, workbook([row(branch.name)]))
    clock.move_to(clock.now() + timedelta(days=31))
    jobs.ask_for(KIND)
    worked(imported)

    browser(organiser).post(page_of(imported), {"shown": imported.finding})
    services.try_again(imported=imported)

    assert (worked(imported).state, DailyReport.objects.exists()) == (ReportImport.State.DISCARDED, False)


def test_what_was_taken_from_the_uploader_after_the_check_holds_the_whole_table_back(city: City, branch: Branch, other_branch: Branch, clock: Clock) -> None:
    both = make_user("both", (Role.ORGANISER, branch), (Role.REVIEWER, city.other_street))
    keeper = make_user("keeper", (Role.ADMINISTRATOR, city.city))
    rows = workbook([row(branch.name), row(other_branch.name)])
    takings: list[Callable[[], object]] = [
        lambda: move_branch(actor=keeper, branch=other_branch, region=city.community, from_day=MARCH_6),
        lambda: both.grants.filter(role=Role.ORGANISER).update(revoked_at=clock.now(), revoked_by=keeper),
    ]
    for take in takings:
        imported = take_in(both, rows)
        services.confirm(imported=imported)
        take()
        found = worked(imported)
        assert (found.state, found.changed) == (ReportImport.State.CHECKED, True)
        assert not DailyReport.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_confirm_and_two_who_file_at_once_file_once(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name), row(branch.name, MARCH_6)]))

    assert all_at_once(*[lambda: services.confirm(imported=imported)] * 3) == [None] * 3
    job = ReportImport.objects.select_related("job").get().job
    assert job is not None
    # Also when one worker was taken for lost and the job given to another.
    assert all_at_once(*[lambda: transaction.atomic(lambda: services.file_table(job, lambda percent: None))()] * 3) == [None] * 3

    assert Job.objects.filter(kind=services.FILE).count() == 1
    assert AuditEntry.objects.filter(action="import.confirmed").count() == AuditEntry.objects.filter(action="import.filed").count() == 1
    assert ReportVersion.objects.count() == AuditEntry.objects.filter(action="report.filed").count() == 2


def test_an_upload_and_a_confirmation_need_the_pages_token(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name)]))
    client = Client(enforce_csrf_checks=True)
    client.force_login(organiser, backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(page_of(imported)).status_code == 403
    table = SimpleUploadedFile("a.csv", text([row(branch.name)]).encode())
    assert client.post(reverse("activities:import_list"), {"table": table}).status_code == 403
    assert client.post(reverse("portal:as_of", args=["branch", branch.public_id]), {"known": "2020-03-06T20:00"}).status_code == 403
    assert ReportImport.objects.get().state == ReportImport.State.CHECKED


def test_a_table_files_for_no_branch_and_no_day_that_the_form_would_refuse(city: City, branch: Branch, other_branch: Branch, reviewer: User) -> None:
    ended = make_branch(city.community, "已结束临时党支部", ended_on=MARCH_5)
    far = make_branch(city.south, "南示区临时党支部")
    actor = make_user("both", (Role.ORGANISER, branch), (Role.ORGANISER, ended))
    rows = [
        row(ended.name, MARCH_6),
        row(branch.name, "2020-03-07"),
        row(branch.name, "0001-01-01"),
        row(branch.name, "9999-12-31"),
        row(str(other_branch.public_id)),
        row(far.name),
        row(branch.name, MARCH_5, value=-1),
        row(branch.name, MARCH_6, value="1e400"),
    ]
    for user in (actor, reviewer):
        imported = bring_in(user, workbook(rows))
        assert imported.counts["ready"]["reports"] == 0, user
    assert not ReportVersion.objects.exists()


def test_a_word_of_megabytes_is_refused_unread(organiser: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name, kind="巡" * 32_000)]))
    assert [(column, len(cell)) for column, cell in imported.refusals.values_list("column", "content")] == [("kind", 60)]


def test_words_of_a_table_are_data_for_the_database(organiser: User, branch: Branch) -> None:
    note = "'); DROP TABLE branches_branch; --\t\\N\\.\n\\.\n%s %(of)s {0}"
    bring_in(organiser, workbook([row(branch.name, note=note, unit="'"), row(branch.name, MARCH_6, note=note)]))
    assert Measure.objects.get().entry.note == note
    assert Branch.objects.filter(pk=branch.pk).exists()


def test_a_name_like_a_formula_is_none_in_the_template(city: City, catalogue: None) -> None:
    branch = make_branch(city.community, '=HYPERLINK("http://example.org")')
    answer = browser(make_user("o", (Role.ORGANISER, branch))).get(reverse("activities:import_template"))
    cells = [cell for sheet in load_workbook(BytesIO(answer.content)).worksheets for line in sheet.iter_rows() for cell in line]
    assert [cell.data_type for cell in cells if str(cell.value).startswith("=")] == ["s"]


# --- Downloads ----------------------------------------------------------------------------------------------------------


def test_no_download_is_kept_by_anybody_on_the_way(organiser: User, official: User, auditor: User, branch: Branch) -> None:
    imported = take_in(organiser, workbook([row(branch.name, value="x")]))
    days = f"?branch={branch.public_id}&from=2020-03-01&to=2020-03-06"
    taken = {
        reverse("activities:import_refused", args=[imported.public_id]): organiser,
        reverse("activities:import_template"): organiser,
        reverse("portal:records_export", args=["csv"]) + days: official,
        reverse("portal:dashboard_export", args=["branch", branch.public_id, "xlsx"]): official,
        reverse("portal:audit_export"): auditor,
        "/api/v1/entries/all/": official,
    }
    for address, user in taken.items():
        answer = browser(user).get(address)
        b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == 200, address
        assert "no-store" in answer["Cache-Control"], address
        assert answer["X-Content-Type-Options"] == "nosniff", address


def test_a_grant_taken_away_closes_every_download_at_once(official: User, client_machine: User, branch: Branch, organiser: User, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=77)
    call, client = machine(client_machine), browser(official)
    addresses = [
        reverse("portal:records_export", args=["csv"]) + f"?branch={branch.public_id}",
        reverse("portal:dashboard_export", args=["branch", branch.public_id, "csv"]),
        reverse("portal:as_of", args=["branch", branch.public_id]) + "?known=2020-03-06T20:00",
    ]
    for address in addresses:
        assert client.get(address).status_code == 200, address
    assert len(list(call("get", "entries/all/"))) > 0
    for user in (official, client_machine):
        user.grants.update(revoked_at=clock.now(), revoked_by=organiser)
    for address in addresses:
        assert client.get(address).status_code in {403, 404}, address
    assert client.get(reverse("portal:frozen_list")).status_code == 403
    answer = call("get", "entries/all/")
    assert answer.status_code == 403
    assert b"77" not in answer.content


def test_a_pull_of_everything_holds_no_note_and_nobody_of_another_unit(
    city: City, branch: Branch, organiser: User, liaison: User, client_machine: User, official: User
) -> None:
    own, foreign = make_person("本单位某", city.company, branch), make_person("外单位某", city.bureau, branch)
    works = Work("patrol", (Figure("patrol_rounds", Decimal(2)),), note=SECRET, participants=(Participation(own), Participation(foreign)))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=[works], uid=uuid4())
    for user in (liaison, client_machine, official, organiser):
        said = b"".join(machine(user)("get", "entries/all/")).decode()
        assert (SECRET in said) is (user == organiser), user
        assert (str(foreign.public_id) in said) is (user != liaison), user
        assert str(own.public_id) in said, user
        assert "单位某" not in said, user
