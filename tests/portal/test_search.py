"""Search finds what the reader may see, however it is written."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from html import unescape
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.html import strip_tags

from activities.models import DailyReport, Entry, ReportVersion
from activities.notes import PAGE_SIZE
from activities.services import Figure, file_period_report, works_of
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.marking import highlight
from portal.foundation.models import AuditEntry
from portal.foundation.paging import count_text
from tests.factories import file, make_branch, make_person, make_region, make_user
from tests.personas import MARCH_5, MARCH_6, City, Clock


def found(user: User, query: str, **narrowed: str) -> str:
    return str(asked(user, {"q": query, **narrowed}).content.decode())


def asked(user: User, query: Any, status: int = 200) -> Any:
    client = Client()
    client.force_login(user)
    response = client.get(reverse("portal:search"), query)
    assert response.status_code == status
    return response


@pytest.mark.parametrize("query", ["詹家墩", "zjdsq", "ZJD", "詹家墩社區", "詹家 社区"])
def test_a_place_is_found_in_characters_of_either_kind_and_by_initials(official: User, city: City, query: str) -> None:
    region = make_region("詹家墩社区", "community", city.street)
    assert reverse("portal:region_dashboard", args=[region.public_id]) in found(official, query)


@pytest.mark.parametrize("query", ["望江社區", "望江社区", "wjsq"])
def test_branch_person_region_and_unit_are_found_together(official: User, city: City, branch: Branch, query: str) -> None:
    shown = found(official, query)
    assert reverse("branches:branch_detail", args=[branch.public_id]) in shown
    assert reverse("portal:region_dashboard", args=[city.community.public_id]) in shown


def test_nothing_outside_the_scope_is_found(reviewer: User, liaison: User, city: City, branch: Branch, other_branch: Branch) -> None:
    assert str(other_branch.public_id) not in found(reviewer, "临湖")
    assert "另一" not in found(reviewer, "lysj").replace("另一书记?", "")
    make_person("外单位人", city.bureau, branch)
    assert "people/0" not in found(liaison, "外单位人")


def test_more_than_twenty_are_told_and_lead_to_the_list(official: User, city: City) -> None:
    for number in range(21):
        make_branch(city.community, f"排查第{number}支部")
    shown = found(official, "排查")
    assert shown.count("<mark>排查</mark>") == 20
    assert "查看全部 21 条" in shown
    assert found(official, "排查", what="branches").count("<mark>排查</mark>") == 21


def test_an_empty_query_says_what_can_be_found_and_a_vain_one_what_to_do(official: User) -> None:
    assert "zjdsq" not in found(official, "")
    assert "zjdsq" in found(official, "没有的东西")
    for query in (" ", "　", "x" * 5000, "<script>", "%", "_", "\\"):
        assert "<script>" not in found(official, query).replace('<script type="module"', "")
    assert "□" in asked(official, {"q": "\0"}, 422).content.decode()


@pytest.mark.parametrize("query", ["漏水", "王家灣", "王家湾"])
def test_notes_are_found_by_the_organiser_alone_and_the_log_says_which(
    organiser: User, official: User, other_organiser: User, branch: Branch, clock: Clock, query: str
) -> None:
    filed = file(branch, MARCH_6, by=organiser, note="王家湾 3 栋漏水，已联系物业", vehicles=1)
    assert "已联系物业" in found(organiser, query)
    seen = AuditEntry.objects.get(action="notes.searched")
    assert seen.details["shown"] == [str(filed.version.report.public_id)]
    assert query not in str(seen.details)
    assert "已联系物业" not in found(official, query)
    assert "已联系物业" not in found(other_organiser, query)


def test_a_search_that_touches_no_notes_is_not_logged_as_one_that_does(official: User, branch: Branch) -> None:
    found(official, "望江")
    assert not AuditEntry.objects.filter(action="notes.searched").exists()


@pytest.mark.parametrize("rows", [1, 60])
def test_search_asks_as_many_questions_at_any_size(organiser: User, city: City, branch: Branch, rows: int) -> None:
    for number in range(rows):
        make_person(f"望江人{number}", city.company, branch)
    client = Client()
    client.force_login(organiser)
    with CaptureQueriesContext(connection) as seen:
        client.get(reverse("portal:search"), {"q": "望江"})
    # None of them asks for notes: the word stands in none.
    assert len(seen) == 10


# --- Notes ---------------------------------------------------------------------------------------------------------------


def noted(branch: Branch, by: User, notes: dict[date, list[str]]) -> None:
    """File a report a day, with a piece of work for each note."""
    for day, texts in notes.items():
        version = file(branch, day, by=by, vehicles=1).version
        Entry.objects.bulk_create(Entry(version=version, branch=branch, business_date=day, kind="patrol", place=branch.region, note=text) for text in texts)


def shown_notes(page: str) -> list[str]:
    return [strip_tags(each) for each in re.findall(r'<li><a href="/reports/(?:entries|daily|period)/[^>]*>(.*?)</a>', page)]


@pytest.mark.parametrize(
    ("typed", "finds"),
    [
        ("漏水", True),
        ("水", True),
        ("32", True),
        ("王家灣", True),
        ("王家湾", True),
        ("漏水 物業", True),
        ("物业 王家湾", True),
        ("NO.7", True),
        ("ｎｏ．７", True),
        ("100%", True),
        ("a_b", True),
        ("漏雨", False),
        ("水漏", False),
        ("漏水 路灯", False),
        ("aXb", False),
        ("100_", False),
        ("1%0", False),
        ("%", True),
        ("\\", False),
    ],
)
def test_a_note_is_found_by_every_word_as_it_stands(organiser: User, branch: Branch, clock: Clock, typed: str, finds: bool) -> None:
    noted(branch, organiser, {MARCH_6: ["王家湾 32 栋漏水，已联系物业，No.7 表 a_b 显示 100%"]})
    assert bool(shown_notes(found(organiser, typed))) is finds


@pytest.mark.parametrize(("written", "typed"), [("檢查電線", "电线"), ("检查电线", "電線"), ("乾隆路口", "乾隆"), ("晾乾", "晾干")])
def test_a_note_is_found_and_marked_in_either_kind_of_characters(organiser: User, branch: Branch, clock: Clock, written: str, typed: str) -> None:
    noted(branch, organiser, {MARCH_6: [written]})
    shown = found(organiser, typed)
    assert shown_notes(shown) == [written]
    assert f"<mark>{written[-2:] if typed != '乾隆' else typed}</mark>" in shown


def test_every_way_of_writing_a_note_writes_what_it_is_found_by(organiser: User, branch: Branch, clock: Clock) -> None:
    noted(branch, organiser, {MARCH_6: ["檢查"]})
    assert Entry.objects.get(note="檢查").note_folded == "检查"
    assert Entry.objects.get(note="檢查").note_day == MARCH_6
    file(branch, MARCH_5, by=organiser, vehicles=1, note="檢查")
    assert ReportVersion.objects.get(note="檢查").note_folded == "检查"
    assert ReportVersion.objects.get(note="檢查").note_day == MARCH_5
    assert set(Entry.objects.filter(note="").values_list("note_folded", "note_day")) == {(None, None)}


def test_notes_that_were_filed_before_are_folded_by_the_migration(organiser: User, branch: Branch, clock: Clock) -> None:
    noted(branch, organiser, {MARCH_6: ["檢查電線"]})
    file(branch, MARCH_5, by=organiser, vehicles=1, note="檢查水管")
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, name in (("activities_entry", "entry"), ("activities_reportversion", "version")):
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}_note_is_folded; ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(f"UPDATE {table} SET note_folded = NULL, note_day = NULL; ALTER TABLE {table} ENABLE TRIGGER USER")
    assert not shown_notes(found(organiser, "检查"))
    import_module("activities.migrations.0007_fold_notes").fold_notes(apps, connection.schema_editor())
    assert shown_notes(found(organiser, "检查")) == ["檢查電線", "檢查水管"]
    with pytest.raises(DatabaseError, match="refuses UPDATE"), transaction.atomic():
        Entry.objects.filter(note="檢查電線").update(note="别的")


def test_the_note_of_a_period_stands_on_its_last_day(organiser: User, branch: Branch, clock: Clock) -> None:
    works = works_of([Figure("vehicles", Decimal(3))])
    filed = file_period_report(actor=organiser, branch=branch, first_day=MARCH_5, last_day=MARCH_6, works=works, uid=uuid4(), note="檢查兩日")
    entry = Entry.objects.create(version=filed.version, branch=branch, business_date=None, kind="patrol", place=branch.region, note="檢查一項")
    entry.refresh_from_db()
    assert (filed.version.note_folded, entry.note_day) == ("检查两日", MARCH_6)
    shown = found(organiser, "检查")
    assert shown_notes(shown) == ["檢查兩日", "檢查一項"]
    assert "2020年3月6日" in shown
    assert not shown_notes(found(organiser, "检查", until="2020-03-05"))


def test_a_note_that_was_corrected_away_is_not_found(organiser: User, branch: Branch, clock: Clock) -> None:
    first = file(branch, MARCH_6, by=organiser, vehicles=1, note="旧备注").version
    file(branch, MARCH_6, by=organiser, vehicles=1, note="新备注", base=first.number)
    assert shown_notes(found(organiser, "备注")) == ["新备注"]


def test_notes_stand_newest_first_and_those_of_the_report_before_those_of_its_work(organiser: User, branch: Branch, clock: Clock) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=1, note="检查五日")
    noted(branch, organiser, {MARCH_6: ["检查六日甲", "检查六日乙"], MARCH_5 - timedelta(days=1): ["检查四日"]})
    Entry.objects.create(
        version=ReportVersion.objects.get(note="检查五日"), branch=branch, business_date=MARCH_5, kind="patrol", place=branch.region, note="检查五日工作"
    )
    assert shown_notes(found(organiser, "检查")) == ["检查六日乙", "检查六日甲", "检查五日", "检查五日工作", "检查四日"]


@pytest.mark.parametrize("count", [PAGE_SIZE, PAGE_SIZE + 1, 3 * PAGE_SIZE])
def test_pages_of_notes_lose_none_and_show_none_twice_in_either_direction(organiser: User, branch: Branch, clock: Clock, count: int) -> None:
    days = [MARCH_6 - timedelta(days=number // 7) for number in range(count)]
    notes: dict[date, list[str]] = {}
    for number, day in enumerate(days):
        notes.setdefault(day, []).append(f"检查{number:03d}")
    noted(branch, organiser, notes)
    forth = list(pages(organiser, "after"))
    assert sorted(note for page in forth for note in page) == [f"检查{number:03d}" for number in range(count)]
    assert all(len(page) == PAGE_SIZE for page in forth[:-1])
    back = list(pages(organiser, "before"))
    assert back == forth[::-1][1:] or count == PAGE_SIZE


def pages(reader: User, direction: str) -> Iterator[list[str]]:
    """Walk the pages to the end, and when the direction is back, then from the end to the beginning."""
    address: str | None = urlencode({"q": "检查", "what": "notes"})
    while address is not None:
        page = found_at(reader, address)
        if direction == "after":
            yield shown_notes(page)
        last, address = page, step(page, "next")
    if direction == "before":
        while (address := step(last, "prev")) is not None:
            last = found_at(reader, address)
            yield shown_notes(last)


def found_at(reader: User, address: str) -> str:
    return str(asked(reader, dict(parse_qsl(address))).content.decode())


def step(page: str, way: str) -> str | None:
    link = re.search(rf'rel="{way}" href="\?([^"]+)"', page)
    return unescape(link[1]) if link else None


@pytest.mark.parametrize("mark", ["", "x", "2020-03-06", "2020-13-06.0.1", "2020-03-06.2.1", "2020-03-06.0." + "9" * 30, "²020-03-06.0.1"])
def test_a_mark_that_is_none_opens_the_newest_notes(organiser: User, branch: Branch, clock: Clock, mark: str) -> None:
    noted(branch, organiser, {MARCH_6: ["检查"]})
    assert shown_notes(found(organiser, "检查", what="notes", after=mark)) == ["检查"]
    assert shown_notes(found(organiser, "检查", what="notes", before=mark)) == ["检查"]


def test_notes_outside_the_scope_are_neither_found_nor_counted(
    organiser: User, other_organiser: User, official: User, branch: Branch, other_branch: Branch, clock: Clock
) -> None:
    noted(branch, organiser, {MARCH_6: ["检查甲"]})
    noted(other_branch, other_organiser, {MARCH_6: ["检查乙"]})
    assert shown_notes(found(organiser, "检查")) == ["检查甲"]
    assert "1 条" in found(organiser, "检查")
    assert shown_notes(found(other_organiser, "检查", what="notes")) == ["检查乙"]
    assert not shown_notes(found(official, "检查"))
    # Whoever may read no notes is not even offered them.
    assert "检查" not in strip_tags(asked(official, {"q": "检查", "what": "notes"}, status=400).content.decode().partition("</form>")[2])


def test_a_grant_that_opens_sensitive_fields_finds_notes_in_its_region(
    organiser: User, other_organiser: User, city: City, branch: Branch, other_branch: Branch, clock: Clock
) -> None:
    noted(branch, organiser, {MARCH_6: ["检查甲"]})
    noted(other_branch, other_organiser, {MARCH_6: ["检查乙"]})
    assert shown_notes(found(make_user("", (Role.OFFICIAL, city.street), sensitive=True), "检查")) == ["检查甲"]
    assert shown_notes(found(make_user("", (Role.OFFICIAL, city.north), sensitive=True), "检查")) == ["检查乙", "检查甲"]


def test_notes_are_narrowed_by_region_and_by_days(
    organiser: User, other_organiser: User, city: City, branch: Branch, other_branch: Branch, clock: Clock
) -> None:
    noted(branch, organiser, {MARCH_6: ["检查六日"], MARCH_5: ["检查五日"]})
    noted(other_branch, other_organiser, {MARCH_6: ["检查别处"]})
    reader = make_user("", (Role.OFFICIAL, city.north), sensitive=True)
    assert shown_notes(found(reader, "检查", region="梧桐街道")) == ["检查六日", "检查五日"]
    assert shown_notes(found(reader, "检查", region="梧桐街道", since="2020-03-06")) == ["检查六日"]
    assert shown_notes(found(reader, "检查", until="2020-03-05")) == ["检查五日"]
    assert shown_notes(found(reader, "检查", what="notes", region="银杏街道")) == ["检查别处"]


def test_names_are_narrowed_by_region_each_once(official: User, city: City, branch: Branch, other_branch: Branch) -> None:
    make_person("书记员", city.company, branch)
    page = found(official, "临时党支部", region="梧桐街道")
    assert str(branch.public_id) in page
    assert str(other_branch.public_id) not in page
    assert found(official, "书记", what="people", region="梧桐街道").count("<mark>书记</mark>") == 2
    assert str(city.community.public_id) in found(official, "社区", what="places", region="梧桐街道")
    assert str(city.other_community.public_id) not in found(official, "社区", what="places", region="梧桐街道")
    assert str(city.company.public_id) in found(official, "示例", what="units", region="梧桐街道")
    assert str(city.bureau.public_id) not in found(official, "示例", what="units", region="梧桐街道")


@pytest.mark.parametrize("narrowed", [{"region": "没有的地方"}, {"since": "2020-03-06", "until": "2020-03-05"}, {"since": "昨天"}, {"what": "everything"}])
def test_a_filter_that_says_nothing_is_refused_and_nothing_is_searched(organiser: User, branch: Branch, narrowed: dict[str, str]) -> None:
    page = asked(organiser, {"q": "望江", **narrowed}, status=400).content.decode()
    assert "未能搜索" in page
    assert "<mark>" not in page
    assert not AuditEntry.objects.filter(action="notes.searched").exists()


def test_a_name_found_by_another_name_says_which(official: User, city: City) -> None:
    make_region("詹家墩社区", "community", city.street, aliases=["老詹湾"])
    assert "又称 老<mark>詹湾</mark>" in found(official, "詹灣")


def test_counts_stop_at_a_thousand_and_say_so(organiser: User, branch: Branch, clock: Clock) -> None:
    assert count_text(1000) == "1,000"
    many_notes(branch, 1001, "检查")
    for what in ("", "notes"):
        assert "1,000+ 条" in found(organiser, "检查", what=what)


def test_a_long_note_shows_the_places_where_words_stand(organiser: User, branch: Branch, clock: Clock) -> None:
    noted(branch, organiser, {MARCH_6: ["甲" * 100 + "漏水" + "乙" * 200 + "物业<b>" + "丙" * 100]})
    shown = found(organiser, "漏水 物业")
    assert f"…{'甲' * 30}<mark>漏水</mark>{'乙' * 30} … {'乙' * 30}<mark>物业</mark>&lt;b&gt;{'丙' * 27}…" in shown


# --- Plans ---------------------------------------------------------------------------------------------------------------


def many_notes(branch: Branch, count: int, common: str) -> None:
    """Write notes over a hundred days by SQL; all hold `common`, and one of each ten thousand 幼儿园."""
    days = [MARCH_6 - timedelta(days=number) for number in range(100)]
    reports = DailyReport.objects.bulk_create(DailyReport(branch=branch, business_date=day) for day in days)
    ReportVersion.objects.bulk_create(
        ReportVersion(daily_report=report, branch=branch, number=1, uid=uuid4(), receipt=f"N{report.pk}", state="filed") for report in reports
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO activities_entry (public_id, version_id, branch_id, business_date, kind, place_id, note, note_folded)
            SELECT gen_random_uuid(), version.id, version.branch_id, daily.business_date, 'patrol', %(place)s, said.note, said.note
              FROM generate_series(1, %(count)s) turn
              JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS place FROM activities_reportversion) version ON version.place = turn %% 100
              JOIN activities_dailyreport daily ON daily.id = version.daily_report_id
             CROSS JOIN LATERAL (SELECT %(common)s || turn || '号楼' || chr(19968 + turn %% 2000) || chr(19968 + turn * 7 %% 3000)
                   || CASE WHEN turn %% 10000 = 7 THEN '幼儿园' ELSE '' END AS note) said
            """,
            {"place": branch.region_id, "count": count, "common": common},
        )
        cursor.execute("ANALYZE")


@pytest.fixture
def full(organiser: User, branch: Branch, clock: Clock) -> Branch:
    """A branch with 50,000 notes."""
    many_notes(branch, 50_000, "检查")
    return branch


def plans(reader: User, **query: str) -> list[str]:
    """Return how the database answers each question about notes that the page asks."""
    client = Client()
    client.force_login(reader)
    with CaptureQueriesContext(connection) as captured:
        client.get(reverse("portal:search"), query)
    asked_for = [each["sql"] for each in captured if "note_folded" in each["sql"]]
    with connection.cursor() as cursor:
        explained = []
        for sql in asked_for:
            cursor.execute("EXPLAIN " + sql.replace("%", "%%"), [])
            explained.append("\n".join(line for (line,) in cursor.fetchall()))
    return explained


def test_among_50_000_notes_words_are_found_by_their_index(full: Branch, organiser: User, city: City) -> None:
    for reader in (organiser, make_user("", (Role.OFFICIAL, city.province), sensitive=True)):
        for words in ("幼儿", "幼儿园 检查", "7 幼儿园"):
            assert len(shown_notes(found(reader, words))) == 5
            for plan in plans(reader, q=words):
                assert "Seq Scan on activities_entry" not in plan, plan
                found_by = ("entry_note_bigrams", "activities_entry_pkey")
                assert any(index in plan for index in found_by) or "activities_entry" not in plan, plan


def test_a_word_of_every_note_is_read_a_page_at_a_time(full: Branch, organiser: User, city: City) -> None:
    for reader in (organiser, make_user("", (Role.OFFICIAL, city.province), sensitive=True)):
        for page in ({}, {"after": "2020-02-01.0.1"}, {"before": "2020-02-01.0.1"}):
            for plan in plans(reader, q="检查", what="notes", **page):
                assert "Seq Scan on activities_entry" not in plan, plan
                assert "entry_by_note" in plan or "activities_entry" not in plan, plan


# --- Marks ---------------------------------------------------------------------------------------------------------------


def test_words_are_marked_whichever_characters_they_are_written_in() -> None:
    assert highlight("詹家墩社區", "社区") == "詹家墩<mark>社區</mark>"
    assert highlight("ＡＢＣ路", "bc") == "Ａ<mark>ＢＣ</mark>路"
    assert highlight("詹家墩", "zjd") == "詹家墩"


def test_markup_in_names_is_shown_not_run() -> None:
    assert highlight("<b>甲</b>", "甲") == "&lt;b&gt;<mark>甲</mark>&lt;/b&gt;"
