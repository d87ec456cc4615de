"""One workbook of branches and clerks: every bad cell named, nothing half stored, confirmed twice stored once."""

import zipfile
from datetime import date, datetime
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import Workbook, load_workbook

from branches.access import Role
from branches.models import Branch, WorkUnit
from members.models import OfficerTerm, Person
from portal.accounts import clerk_import, importing, services
from portal.accounts.models import ActivationCode, Grant, User
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import Attachment, AuditEntry
from tests.accounts.codes import CODE
from tests.accounts.threads import at_once
from tests.factories import make_branch, make_region, make_user
from tests.personas import City, Clock

IMPORT = "/account/import/"
GOOD: dict[str, Any] = {
    "支部名称": "枫林小区临时党支部",
    "所在社区": "望江社区",
    "类型": "临时党支部",
    "成立日期": "2020-02-20",
    "单位": "示例一公司；新来的单位",
    "书记姓名": "赵一",
    "书记电话": "１９９ 0000 1111",
    "经办人姓名": "钱二",
    "经办人账号": "",
    "经办人电话": 19900002222,
}


def workbook(*rows: dict[str, Any], headings: list[str] | None = None) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    columns = headings or list(GOOD)
    sheet.append(columns)
    for row in rows:
        sheet.append([row.get(column) for column in columns])
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def row(**changes: Any) -> dict[str, Any]:
    return {**GOOD, **changes}


def keep(actor: User, content: bytes) -> Attachment:
    return importing.keep_workbook(actor=actor, content=content, name="名单.xlsx")


def upload(client: Client, content: bytes) -> Any:
    return client.post(IMPORT, {"workbook": SimpleUploadedFile("名单.xlsx", content)})


def nothing_is_stored() -> bool:
    return not (Branch.objects.exists() or Person.objects.exists() or Attachment.objects.exists() or ActivationCode.objects.exists())


def test_a_good_workbook_is_shown_then_stored_with_everything_that_belongs_to_it(client: Client, administrator: User, city: City, clock: Clock) -> None:
    client.force_login(administrator)

    preview = upload(
        client, workbook(row(), row(支部名称="梧桐工作队", 类型="工作队", 所在社区="梧桐街道", 成立日期=None, 经办人姓名="孙三", 经办人账号="sun3"))
    )
    assert preview.status_code == 302
    page = client.get(preview["Location"]).content.decode()
    assert "枫林小区临时党支部" in page
    assert "新来的单位" in page
    assert not Branch.objects.exists()

    sheet = client.post(preview["Location"])

    assert "no-store" in sheet["Cache-Control"]
    first, second = Branch.objects.order_by("key")
    assert (first.region, first.kind, first.established_on, first.reports_from) == (city.community, "branch", date(2020, 2, 20), clock.today())
    assert {unit.name for unit in first.sending_units.all()} == {"示例一公司", "新来的单位"}
    assert WorkUnit.objects.filter(name="示例一公司").count() == 1
    assert (second.region, second.kind, second.established_on) == (city.street, "work_team", None)
    term = OfficerTerm.objects.get()
    assert (term.branch, term.office, term.membership.person.name, term.membership.person.duty_phone) == (first, "secretary", "赵一", "19900001111")
    clerk = User.objects.get(username="qianer")
    assert clerk.person is not None
    assert (clerk.name, clerk.person.duty_phone, clerk.person.kind) == ("钱二", "19900002222", "staff")
    assert set(Grant.objects.exclude(user=administrator).values_list("user__username", "role", "branch", "given_by__username")) == {
        ("qianer", "organiser", first.pk, "administrator"),
        ("sun3", "organiser", second.pk, "administrator"),
    }

    printed = CODE.findall(sheet.content.decode())
    assert len(printed) == 2
    assert services.activate(code=printed[0], password="plum-tree-in-march") == clerk
    assert AuditEntry.objects.get(action="clerks.imported").details["branches"] == 2


@pytest.mark.parametrize(
    "established",
    [date(2020, 3, 5), datetime(2020, 3, 5, 0, 0), "2020-03-05", "2020/3/5", "2020年3月5日", "２０２０－０３－０５", "2020.3.5"],  # noqa: DTZ001 - as spreadsheets have it
)
def test_a_date_is_read_however_spreadsheets_and_people_write_it(administrator: User, clock: Clock, established: object) -> None:
    reading = clerk_import.read(workbook(row(成立日期=established)), administrator)

    assert [each.established for each in reading.rows] == [date(2020, 3, 5)]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"支部名称": None}, "支部名称"),
        ({"支部名称": "长" * 101}, "支部名称"),
        ({"支部名称": "已有临时党支部"}, "支部名称"),
        ({"支部名称": "=A1"}, "支部名称"),
        ({"所在社区": "临湖社区"}, "所在社区"),  # another street's
        ({"所在社区": "没有的社区"}, "所在社区"),
        ({"所在社区": "同名社区"}, "所在社区"),  # two of them
        ({"所在社区": None}, "所在社区"),
        ({"类型": "什么"}, "类型"),
        ({"成立日期": "2020-02-30"}, "成立日期"),
        ({"成立日期": "三月五日"}, "成立日期"),
        ({"成立日期": 43896}, "成立日期"),
        ({"成立日期": "1899-12-30"}, "成立日期"),
        ({"单位": "长" * 101}, "单位"),
        ({"书记电话": "12345"}, "书记电话"),
        ({"书记姓名": None}, "书记姓名"),
        ({"经办人姓名": None}, "经办人姓名"),
        ({"经办人账号": "administrator"}, "经办人账号"),
        ({"经办人账号": "有 空格"}, "经办人账号"),
        ({"经办人电话": "1380000abcd"}, "经办人电话"),
        ({"经办人电话": "#REF!"}, "经办人电话"),
    ],
)
def test_a_bad_cell_is_named_by_row_column_and_sentence_and_nothing_is_stored(
    client: Client, administrator: User, city: City, clock: Clock, change: dict[str, Any], column: str
) -> None:
    make_region("同名社区", "community", city.street)
    make_region("同名社区", "community", city.street)
    existing = make_branch(city.community, "已有临时党支部")
    client.force_login(administrator)

    page = upload(client, workbook(row(支部名称="好的临时党支部"), row(**change)))

    assert page.status_code == 422
    assert [(bad.row, bad.column) for bad in page.context["reading"].bad] == [(3, column)]
    assert "第 3 行" in page.content.decode()
    assert str(page.context["reading"].bad[0].message) in page.content.decode().replace("&quot;", '"')
    existing.delete()
    assert nothing_is_stored()


def test_all_bad_cells_are_shown_at_once(administrator: User, clock: Clock) -> None:
    reading = clerk_import.read(
        workbook(row(所在社区="没有", 成立日期="2020-13-01"), row(), row(经办人账号="qian2"), row(支部名称="又一个", 经办人账号="qian2", 经办人姓名=None)),
        administrator,
    )

    assert {(bad.row, bad.column) for bad in reading.bad} == {
        (2, "所在社区"),
        (2, "成立日期"),
        (4, "支部名称"),  # as in row 3
        (5, "经办人账号"),  # as in row 4
        (5, "经办人姓名"),
    }
    assert reading.rows == []


def test_the_errors_of_a_row_stand_together_and_new_units_are_named_beside_them(client: Client, administrator: User, clock: Clock) -> None:
    client.force_login(administrator)

    html = upload(client, workbook(row(所在社区="没有", 成立日期="2020-13-01"), row(支部名称="又一个", 书记电话="1"))).content.decode()

    assert [html.count(f"第 {number} 行") for number in (2, 3)] == [1, 1]
    assert html.split("第 2 行")[1].split("</tr>")[0].count("<li>") == 2
    assert "新来的单位" in html
    assert nothing_is_stored()


def test_a_formula_is_refused_even_where_it_would_read_as_text(administrator: User, clock: Clock) -> None:
    reading = clerk_import.read(workbook(row(经办人姓名='=CONCATENATE("钱","二")')), administrator)

    assert "公式" in str(reading.bad[0].message)


@pytest.mark.parametrize(
    ("headings", "ok"),
    [
        (["Branch name", "Community", "Clerk"], True),
        (["支部名称 Branch name", "所在社区 Community", "经办人姓名 Clerk", "备注"], True),
        (["Clerk", "COMMUNITY", "branch NAME"], True),
        (["支部名称", "经办人姓名"], False),
        (["支部名称", "所在社区", "经办人姓名", "Clerk"], False),
    ],
)
def test_headings_are_read_in_either_language_and_any_order(administrator: User, clock: Clock, headings: list[str], ok: bool) -> None:
    values = {"b": "新临时党支部", "c": "望江社区"}
    cells = {heading: values.get({"支": "b", "B": "b", "b": "b", "所": "c", "C": "c"}.get(heading[0], ""), "钱二") for heading in headings}
    cells |= {"Clerk": "钱二", "COMMUNITY": "望江社区"} if "Clerk" in cells else {}
    content = workbook(cells, headings=headings)

    if ok:
        assert [each.branch for each in clerk_import.read(content, administrator).rows] == ["新临时党支部"]
    else:
        with pytest.raises(ValidationError):
            clerk_import.read(content, administrator)


def bomb() -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook(row()))) as good, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bad:
        for name in good.namelist():
            bad.writestr(name, good.read(name))
        bad.writestr("xl/media/zeros.bin", b"\0" * (clerk_import.MAX_UNPACKED + 1))
    return stream.getvalue()


def broken() -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(BytesIO(workbook(row()))) as good, zipfile.ZipFile(stream, "w") as bad:
        for name in good.namelist():
            bad.writestr(name, good.read(name)[:200] if name.startswith("xl/worksheets/") else good.read(name))
    return stream.getvalue()


def zipped() -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("readme.txt", "not a workbook")
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"a,b,c\n1,2,3\n",
        b"PK\x03\x04 cut off",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        workbook(),
        workbook(headings=["支部名称"]),
        zipped(),
        bomb(),
        broken(),
    ],
    ids=["csv", "cut", "old-xls", "no-rows", "headings", "zip", "bomb", "broken"],
)
def test_what_is_not_a_workbook_that_can_be_read_is_refused_in_a_sentence(client: Client, administrator: User, content: bytes) -> None:
    client.force_login(administrator)

    page = upload(client, content)

    assert page.status_code == 422
    assert len(page.context["form"].errors["workbook"]) == 1
    assert nothing_is_stored()


def test_a_workbook_of_too_many_rows_or_bytes_is_refused(client: Client, administrator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(administrator)
    monkeypatch.setattr(clerk_import, "MAX_ROWS", 2)
    assert "2" in upload(client, workbook(row(), row(), row())).context["form"].errors["workbook"][0]

    assert upload(client, b"PK" + b"\0" * (5 * 1024 * 1024)).status_code == 422
    assert nothing_is_stored()


def test_only_an_administrator_of_a_region_imports(client: Client, organiser: User, security: User, system_keeper: User, branch: Branch) -> None:
    branch_administrator = make_user("narrow", (Role.ADMINISTRATOR, branch))
    for user in (organiser, security, system_keeper, branch_administrator):
        client.force_login(user)
        assert client.get(IMPORT).status_code == 403
        assert upload(client, workbook(row())).status_code == 403
        assert client.get(f"{IMPORT}template.xlsx").status_code == 403
        with pytest.raises(Forbidden):
            keep(user, workbook(row()))


def test_an_upload_is_its_uploaders_alone(client: Client, administrator: User, city: City, clock: Clock) -> None:
    kept = keep(administrator, workbook(row()))
    client.force_login(make_user("colleague", ("administrator", city.street)))  # type: ignore[arg-type]

    for page in (f"{IMPORT}{kept.public_id}/", f"{IMPORT}{kept.public_id}/codes/"):
        assert client.post(page).status_code == 404
    assert not Branch.objects.exists()


def test_a_second_confirmation_stores_nothing_and_offers_new_codes(client: Client, administrator: User, clock: Clock) -> None:
    client.force_login(administrator)
    page = f"{IMPORT}{keep(administrator, workbook(row())).public_id}/"
    client.post(page)

    again = client.post(page, follow=True)

    assert Branch.objects.count() == 1
    assert ActivationCode.objects.count() == 1
    assert "已经保存过了" in again.content.decode()
    old = ActivationCode.objects.get()
    sheet = client.post(f"{page}codes/").content.decode()
    assert len(CODE.findall(sheet)) == 1
    old.refresh_from_db()
    assert old.expires_at == clock.now()


def test_a_row_that_has_become_bad_since_the_preview_refuses_the_whole_workbook(client: Client, administrator: User, city: City, clock: Clock) -> None:
    kept = keep(administrator, workbook(row(), row(支部名称="另一个", 经办人姓名="孙三")))
    make_branch(city.community, "另一个")

    with pytest.raises(Conflict):
        importing.import_clerks(actor=administrator, workbook=kept)

    assert Branch.objects.count() == 1
    assert not Person.objects.exists()
    assert not User.objects.filter(username="qianer").exists()
    client.force_login(administrator)
    assert "重新上传" in client.get(f"{IMPORT}{kept.public_id}/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_confirmations_at_once_store_the_workbook_once(city: City) -> None:
    administrator = make_user("administrator", (Role.ADMINISTRATOR, city.street))
    kept = keep(administrator, workbook(row()))

    def confirm() -> object:
        return importing.import_clerks(actor=User.objects.get(pk=administrator.pk), workbook=kept)

    assert sorted(at_once(confirm, confirm)) == ["Conflict", "done"]
    assert Branch.objects.count() == 1


def test_a_clerk_of_the_secretarys_name_and_phone_is_one_person(administrator: User, clock: Clock) -> None:
    kept = keep(administrator, workbook(row(经办人姓名="赵一", 经办人电话="199 0000 1111")))

    importing.import_clerks(actor=administrator, workbook=kept)

    person = Person.objects.get()
    assert person.kind == "member"
    assert person.user.username == "zhaoyi"


def test_accounts_made_from_the_same_name_differ(administrator: User, clock: Clock) -> None:
    rows = clerk_import.read(
        workbook(*(row(支部名称=f"第{number}临时党支部") for number in range(3)), row(支部名称="第四", 经办人账号="qianer2")), administrator
    ).rows

    assert [each.account for each in rows] == ["qianer", "qianer3", "qianer4", "qianer2"]


def test_the_template_is_a_workbook_that_reads_back(client: Client, administrator: User, clock: Clock) -> None:
    client.force_login(administrator)
    book = load_workbook(BytesIO(client.get(f"{IMPORT}template.xlsx").content))
    assert len(book.worksheets) == 2
    book.worksheets[0].append(list(GOOD.values()))
    stream = BytesIO()
    book.save(stream)

    assert [each.branch for each in clerk_import.read(stream.getvalue(), administrator).rows] == ["枫林小区临时党支部"]


def test_reading_asks_the_same_number_of_questions_at_any_size(administrator: User, clock: Clock, django_assert_max_num_queries: Any) -> None:
    many = workbook(*(row(支部名称=f"第{number}临时党支部", 经办人姓名=f"钱{number}") for number in range(200)))
    kept = keep(administrator, many)

    with django_assert_max_num_queries(12):
        assert len(clerk_import.read(many, administrator).rows) == 200
    importing.import_clerks(actor=administrator, workbook=kept)
    assert Branch.objects.count() == 200
