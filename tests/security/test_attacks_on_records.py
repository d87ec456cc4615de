"""Records, person-shifts and counted reports as an outsider would read them: who opens which, and what no page, file or count lets through."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange
from django.urls import reverse
from openpyxl import load_workbook

from activities.models import Entry, ReportVersion
from activities.rollups import Span
from activities.services import Figure, Participation, Work, file_daily_report
from branches.access import Role
from branches.models import Branch
from branches.services import move_branch
from portal.accounts.models import Grant, User
from portal.pages.scopes import dashboard_url, records_url
from tests.factories import FOR_LONG, file, give, make_person, make_unit, make_user
from tests.personas import MARCH_5, MARCH_6, MARCH_7, City, Clock
from tests.security.attacker import NUL, browser

pytestmark = pytest.mark.usefixtures("clock")

DAY = Span.day(MARCH_6)
OURS, THEIRS, FILER = "集团甲某", "局里乙某", "填报人丙某"


@pytest.fixture
def worked(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, city: City) -> Entry:
    """A shift that people of two units shared, and one of the bureau alone in another street."""
    User.objects.filter(pk=organiser.pk).update(name=FILER)
    ours, theirs = make_person(OURS, city.company, branch), make_person(THEIRS, city.bureau, branch)
    elsewhere = make_person(THEIRS, city.bureau, other_branch)
    for where, by, people in ((branch, organiser, (ours, theirs)), (other_branch, other_organiser, (elsewhere,))):
        parts = tuple(Participation(person, Decimal(2)) for person in people)
        work = Work("patrol", (Figure("patrol_rounds", Decimal(1)),), participants=parts)
        file_daily_report(actor=User.objects.get(pk=by.pk), branch=where, day=MARCH_6, uid=uuid4(), works=(work,))
    return Entry.objects.get(branch=branch)


def answer(user: User, address: str, query: Any = None) -> Any:
    """What `user` gets."""
    return browser(user).get(address, query)


def text(got: Any) -> str:
    """Everything that an answer holds: a page, a csv or the cells of a workbook."""
    content = got.getvalue() if got.streaming else got.content
    if "spreadsheetml" in got["Content-Type"]:
        assert max(len(sheet.title) for sheet in load_workbook(BytesIO(content))) <= 31
        return "\n".join(str(cell) for sheet in load_workbook(BytesIO(content)) for row in sheet.iter_rows(values_only=True) for cell in row)
    return str(content.decode())


def shifts_of(thing: Any, sent_by: Any = "") -> str:
    """The address of the person-shifts of a region or a unit."""
    of = records_url(thing, DAY, of="shifts")
    return f"{of}&{urlencode({'sent_by': getattr(sent_by, 'public_id', sent_by)})}" if sent_by else of


def export_of(kind: str, thing: Any, ending: str, **query: str) -> str:
    """The address of an export of the day."""
    days = {"from": "2020-03-06", "to": "2020-03-06"}
    return f"{reverse('portal:dashboard_export', args=[kind, thing.public_id, ending])}?{urlencode({**days, **query})}"


def about(kind: str, thing: Any) -> list[str]:
    """Every new address about a region or a work unit."""
    addresses = [dashboard_url(thing, DAY), f"{dashboard_url(thing, DAY)}&by=unit", shifts_of(thing), shifts_of(thing, "none"), records_url(thing, DAY)]
    return [*addresses, f"{records_url(thing, DAY)}&kind=patrol&direct=1", export_of(kind, thing, "xlsx", by="unit"), export_of(kind, thing, "csv")]


# --- Whose region, whose unit ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["official", "city_official", "community_secretary", "reviewer"])
def test_whoever_reads_a_region_opens_its_person_shifts(who: str, worked: Entry, city: City, request: pytest.FixtureRequest) -> None:
    user, region = request.getfixturevalue(who), city.community
    for address in [*about("region", region), shifts_of(region, city.company)]:
        assert answer(user, address).status_code == 200, address


@pytest.mark.parametrize(
    "who", ["organiser", "liaison", "shift_leader", "member", "administrator", "system_keeper", "security", "auditor", "other_organiser", "client_machine"]
)
def test_whoever_does_not_read_a_region_opens_none_of_it(who: str, worked: Entry, city: City, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(who)
    # The client reads the north and the administrator keeps the first street: neither holds the other parts of the city.
    region = city.south if who == "client_machine" else city.community
    for address in [*about("region", region), shifts_of(region, city.company), shifts_of(region, uuid4())]:
        assert answer(user, address).status_code == 404, address


def test_a_region_is_read_downwards_only(worked: Entry, city: City) -> None:
    of_street = make_user("of-street", (Role.OFFICIAL, city.street))
    for region in (city.province, city.city, city.north, city.other_street, city.other_community, city.south):
        for address in [*about("region", region), shifts_of(region, city.bureau)]:
            assert answer(of_street, address).status_code == 404, address
    assert answer(of_street, shifts_of(city.street, city.bureau)).status_code == 200


def test_a_unit_is_read_downwards_only_and_by_its_own_liaison(worked: Entry, city: City, liaison: User, official: User) -> None:
    of_company = make_user("of-company", (Role.LIAISON, city.company))
    readers = {liaison: (city.group, city.company), of_company: (city.company,), official: ()}
    for user, held in readers.items():
        for unit in (city.group, city.company, city.bureau):
            for address in about("unit", unit):
                assert answer(user, address).status_code == (200 if unit in held else 404), (user, address)


def test_a_grant_that_ended_was_taken_back_or_has_not_begun_opens_nothing(worked: Entry, city: City, clock: Clock) -> None:
    addresses = [*about("region", city.street), shifts_of(city.street, city.company), *about("unit", city.group)]
    spans = (DateRange(None, MARCH_6), DateRange(MARCH_5, MARCH_6), DateRange(MARCH_7, FOR_LONG.upper))
    for number, during in enumerate(spans):
        user = make_user(f"past{number}")
        give(user, Role.OFFICIAL, city.street, during=during)
        give(user, Role.LIAISON, city.group, during=during)
        assert {answer(user, address).status_code for address in addresses} == {404}, during
    user = make_user("holder", (Role.OFFICIAL, city.street), (Role.LIAISON, city.group))
    assert {answer(user, address).status_code for address in addresses} == {200}
    Grant.objects.filter(user=user).update(revoked_at=clock.moment)
    assert {answer(user, address).status_code for address in addresses} == {404}


# --- Names ----------------------------------------------------------------------------------------------------------------


def test_a_region_learns_numbers_of_a_unit_and_no_names_of_its_people(worked: Entry, city: City, official: User, community_secretary: User) -> None:
    addresses = [*about("region", city.community), *(shifts_of(city.community, sender) for sender in (city.company, city.bureau))]
    for user in (official, community_secretary):
        for address in addresses:
            page = text(answer(user, address))
            assert OURS not in page, address
            assert THEIRS not in page, address
    assert 'data-shifts="1"' in text(answer(official, shifts_of(city.community, city.bureau)))
    assert dashboard_url(city.bureau) not in text(answer(official, f"{dashboard_url(city.community, DAY)}&by=unit"))


def test_a_unit_learns_of_its_own_people_alone(worked: Entry, city: City, liaison: User) -> None:
    sheets = [export_of("unit", city.group, "csv", table=table) for table in ("summary", "units", "served", "records", "missing")]
    for address in [*about("unit", city.group), *sheets]:
        page = text(answer(liaison, address))
        for name in (THEIRS, FILER, city.bureau.name):
            assert name not in page, (name, address)
    entry = text(answer(liaison, reverse("activities:entry_detail", args=[worked.public_id])))
    assert OURS in entry
    assert THEIRS not in entry
    assert answer(liaison, export_of("region", city.community, "csv", table="units")).status_code == 404


def test_asking_a_units_page_for_another_sender_changes_nothing(worked: Entry, city: City, liaison: User) -> None:
    own = answer(liaison, shifts_of(city.group))
    for sender in (city.bureau, "none", uuid4()):
        got = answer(liaison, shifts_of(city.group, sender))
        assert (got.status_code, got.context["done"]) == (200, own.context["done"]), sender
        assert city.bureau.name not in text(got)


def test_a_unit_that_sent_nobody_to_a_region_is_not_named_there(worked: Entry, city: City, official: User, community_secretary: User) -> None:
    secret = make_unit("从未派人的单位")
    for user in (official, community_secretary):
        for unit in (secret, city.group):
            got = answer(user, shifts_of(city.community, unit))
            assert got.status_code == 404
            assert unit.name not in text(got)
    # On a day without work the page of one that did send people stays, so that other days can be chosen.
    assert answer(official, records_url(city.community, Span.day(MARCH_5), of="shifts", sent_by=str(city.bureau.public_id))).status_code == 200


def test_the_sender_is_nothing_outside_person_shifts(worked: Entry, city: City, official: User) -> None:
    for sender in (city.bureau.public_id, uuid4(), "x" * 20_000):
        assert answer(official, records_url(city.community, DAY, sent_by=str(sender))).status_code == 200
        assert answer(official, f"{dashboard_url(city.community, DAY)}&{urlencode({'by': 'unit', 'sent_by': sender, 'of': 'shifts'})}").status_code == 200


def test_work_of_a_branch_that_moved_away_counts_and_opens_nothing_of_it(worked: Entry, branch: Branch, city: City, clock: Clock) -> None:
    clock.move_to(clock.moment + timedelta(days=1))
    move_branch(actor=make_user("mover", (Role.ADMINISTRATOR, city.north)), branch=branch, region=city.other_community, from_day=MARCH_7)
    entry = reverse("activities:entry_detail", args=[worked.public_id])
    here, there, both = (make_user(f"of{number}", (Role.OFFICIAL, region)) for number, region in enumerate((city.street, city.other_street, city.north)))
    for address in (shifts_of(city.street), records_url(city.street, DAY)):
        page = text(answer(here, address))
        assert branch.name in page
        for hidden in (FILER, entry, dashboard_url(branch), str(worked.version.report.public_id)):
            assert hidden not in page, (hidden, address)
        assert entry in text(answer(both, address))
    assert FILER in text(answer(both, records_url(city.street, DAY)))
    assert [answer(user, entry).status_code for user in (here, there, both)] == [404, 200, 200]


def test_a_liaison_with_a_post_in_one_branch_learns_who_filed_there_alone(worked: Entry, branch: Branch, other_branch: Branch, city: City) -> None:
    User.objects.filter(username="other-organiser").update(name="填报人丁某")
    branch.sending_units.add(city.bureau)
    mixed = make_user("mixed", (Role.LIAISON, city.bureau), (Role.SHIFT_LEADER, other_branch))
    for address in (records_url(branch, DAY), reverse("activities:entry_detail", args=[worked.public_id]), reverse("activities:report_list")):
        assert FILER not in text(answer(mixed, address)), address
    assert "填报人丁某" in text(answer(mixed, records_url(other_branch, DAY)))


# --- Addresses made by hand -----------------------------------------------------------------------------------------------


def test_one_scope_is_asked_for_and_the_last_of_a_name_counts(worked: Entry, city: City, branch: Branch, liaison: User) -> None:
    of_street = make_user("of-street", (Role.OFFICIAL, city.street))
    street, other, unit = (str(thing.public_id) for thing in (city.street, city.other_street, city.group))
    shifts = {"of": "shifts", "from": "2020-03-06"}
    records = reverse("portal:records")
    for query in (
        {"region": street, "unit": unit},
        {"region": street, "branch": str(branch.public_id)},
        {"region": [street, other]},
        {"region[]": street},
        {"work_unit": unit},
        {"region": ""},
        {},
    ):
        assert answer(of_street, records, {**shifts, **query}).status_code == 404, query
        assert answer(liaison, records, {**shifts, **query}).status_code == 404, query
    got = answer(of_street, records, {**shifts, "region": [other, street], "sent_by": ["x", str(city.company.public_id)]})
    assert (got.status_code, got.context["done"].person_shifts) == (200, 1)
    assert THEIRS not in text(got)


ODD: list[Any] = [NUL, b"\xff\xfe", "9" * 5000, "-1", "None", "NONE", "{}", "x" * 20_000, "0" * 32, "2020-03-06.-1", "%00", "' OR 1=1 --"]


@pytest.mark.parametrize("name", ["sent_by", "metric", "kind", "after", "from", "to", "of", "direct", "region"])
def test_no_value_breaks_the_records(name: str, worked: Entry, city: City, official: User) -> None:
    client = browser(official)
    sound = {"region": str(city.community.public_id), "from": "2020-03-06"}
    for query in (sound, {**sound, "of": "shifts"}, {**sound, "of": "shifts", "sent_by": "none"}):
        for value in ODD:
            assert client.get(reverse("portal:records"), {**query, name: value}).status_code in {200, 400, 404, 422}, (query, value[:20])


def test_an_identifier_written_otherwise_is_the_same_object_and_the_same_permission(worked: Entry, city: City, official: User, liaison: User) -> None:
    region, sender = str(city.community.public_id), str(city.bureau.public_id)
    for write in (str.upper, lambda uuid: uuid.replace("-", ""), lambda uuid: f"{{{uuid}}}", lambda uuid: f"urn:uuid:{uuid}"):
        query = {"region": write(region), "of": "shifts", "sent_by": write(sender), "from": "2020-03-06"}
        assert answer(official, reverse("portal:records"), query).context["done"].person_shifts == 1
        assert answer(liaison, reverse("portal:records"), query).status_code == 404


# --- Reports that a dashboard counts apart --------------------------------------------------------------------------------


def test_counted_reports_are_those_of_the_readers_scope(
    worked: Entry, branch: Branch, other_branch: Branch, organiser: User, official: User, city: City
) -> None:
    file(branch, MARCH_6, by=User.objects.get(pk=organiser.pk), vehicles=2, base=1)
    of_street, listed = make_user("of-street", (Role.OFFICIAL, city.street)), reverse("activities:report_list")
    for only in ("expected", "late", "corrected"):
        page = text(answer(of_street, listed, {"only": only}))
        assert other_branch.name not in page
        for region in (city.other_street, city.south):
            page = text(answer(of_street, listed, {"only": only, "region": str(region.public_id)}))
            assert (region.name in page, other_branch.name in page) == (False, False)
        assert answer(of_street, listed, {"only": only, "branch": str(other_branch.public_id)}).context["rows"] == []
    assert [report.branch for report, _version in answer(of_street, listed, {"only": "expected"}).context["rows"]] == [branch]
    assert {report.branch for report, _version in answer(official, listed, {"only": "expected"}).context["rows"]} == {branch, other_branch}


@pytest.mark.parametrize("who", ["member", "administrator", "system_keeper", "security", "auditor"])
def test_counted_reports_are_nobody_elses(who: str, worked: Entry, branch: Branch, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(who)
    for only in ("expected", "late", "corrected"):
        page = answer(user, reverse("activities:report_list"), {"only": only})
        assert str(worked.version.report.public_id) not in text(page)


@pytest.mark.parametrize("only", ["x", "EXPECTED", "'", "9" * 5000, ["late", "x"]])
def test_a_part_that_nobody_counts_lists_nothing(only: Any, worked: Entry, official: User) -> None:
    got = answer(official, reverse("activities:report_list"), {"only": only})
    assert (got.status_code, got.context["rows"]) == (200, [])


@pytest.mark.parametrize("only", ["expected", "late", NUL])
def test_the_api_knows_no_counted_reports_and_says_so(only: str, worked: Entry, official: User, member: User) -> None:
    for user in (official, member):
        got = browser(user).get("/api/v1/reports/", {"only": only})
        assert got.status_code in {403, 422}
        assert worked.branch.name not in text(got)


# --- A session whose password somebody else chose -------------------------------------------------------------------------


def test_a_session_before_its_own_password_reads_and_files_nothing_by_program(worked: Entry, branch: Branch, organiser: User) -> None:
    User.objects.filter(pk=organiser.pk).update(must_change_password=True)
    client, before = browser(organiser), ReportVersion.objects.count()
    sent = {"uid": str(uuid4()), "branch": str(branch.public_id), "business_date": "2020-03-05", "figures": [{"metric": "vehicles", "value": "5"}]}
    detail = f"/api/v1/reports/{worked.version.report.public_id}/"
    answers = [client.get(path) for path in ("/api/v1/reports/?only=late", "/api/v1/branches/", detail, "/api/v1/schema/")]
    answers.append(client.post("/api/v1/reports/", sent, content_type="application/json"))
    for got in answers:
        assert (got.status_code, got.json()["type"]) == (403, "/api/v1/problems/password-first/")
        assert got["Content-Type"].startswith("application/problem+json")
        assert branch.name not in text(got)
    assert ReportVersion.objects.count() == before
    for path in ("/api", "//api/v1/reports/", "/API/v1/reports/", "/api/v1/../v1/reports/", "/api/v1/nowhere/"):
        assert client.get(path).status_code in {301, 302, 403, 404}, path
    User.objects.filter(pk=organiser.pk).update(must_change_password=False)
    assert client.get(detail).status_code == 200
