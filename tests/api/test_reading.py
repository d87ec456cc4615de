"""Reading over the API: who sees what, filters, pages, query counts, the audit log."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activities.models import DailyReport, Entry, EntryParticipant, Measure, Metric, PeriodReport, ReportVersion, Statement, StockReceipt, Unit
from activities.services import Figure, Participation, Work, file_daily_report, file_period_report, return_to_branch, works_of
from branches.access import Role
from branches.models import Branch, Region, RegionParent, WorkUnit
from members.models import Membership, OfficerTerm, Person, Secondment
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from tests.api.conftest import Caller
from tests.factories import ALWAYS, file, give, make_branch, make_person, make_user
from tests.personas import MARCH_5, MARCH_6, MINUTE, City, Clock

pytestmark = pytest.mark.usefixtures("clock")
Call = Callable[..., Caller]

LISTS = ["regions/", "work-units/", "branches/", "persons/"]
FIGURE_LISTS = ["reports/", "period-reports/", "report-versions/", "entries/", "measures/", "stock-receipts/", "statements/"]


@pytest.fixture
def filed(branch: Branch, other_branch: Branch, organiser: User, other_organiser: User, city: City) -> None:
    """A report, a period report, goods and a statement of each of the two branches, with people who took part."""
    for each, user in ((branch, organiser), (other_branch, other_organiser)):
        work = Work(
            "checkpoint", (Figure("vehicles", Decimal(200)),), note="东门王某家", participants=(Participation(Person.objects.get(memberships__branch=each)),)
        )
        file_daily_report(actor=user, branch=each, day=MARCH_6, works=(work,), uid=uuid4(), note="东门王某家")
        figures = works_of([Figure("patrol_rounds", Decimal(140))])
        file_period_report(actor=user, branch=each, first_day=date(2020, 2, 10), last_day=date(2020, 2, 29), works=figures, uid=uuid4())
        StockReceipt.objects.create(branch=each, item="口罩", value=500, unit=Unit.objects.order_by("pk")[0], note="王某捐")
        Statement.objects.create(branch=each, what_zh="车辆", what_en="vehicles", value=1, stated_on=MARCH_6, title="示例")


def branches_in(rows: list[dict[str, Any]]) -> set[str]:
    return {row["branch"]["name"] for row in rows}


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("path", FIGURE_LISTS)
def test_each_reads_the_figures_of_their_scope_and_no_others(
    call: Call, path: str, branch: Branch, organiser: User, reviewer: User, official: User, client_machine: User
) -> None:
    for user in (organiser, reviewer):
        assert branches_in(call(user).rows(path)) == {branch.name}
    for user in (official, client_machine):
        assert len(branches_in(call(user).rows(path))) == 2


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("path", FIGURE_LISTS)
def test_an_object_outside_the_scope_is_not_there(call: Call, path: str, organiser: User, official: User) -> None:
    mine = {row["public_id"] for row in call(organiser).rows(path)}
    all_rows = call(official).rows(path)
    assert len(all_rows) == 2 * len(mine)
    for row in all_rows:
        assert call(organiser).get(row["url"].replace("http://testserver/api/v1/", "")).status_code == (200 if row["public_id"] in mine else 404)


@pytest.mark.usefixtures("filed")
@pytest.mark.parametrize("path", [*FIGURE_LISTS, "totals/", "totals/records/"])
@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.MEMBER, Role.SYSTEM, Role.SECURITY, Role.AUDITOR])
def test_whoever_has_no_role_for_figures_is_told_which_have(call: Call, path: str, role: Role, city: City) -> None:
    user = make_user("", (role, city.north if role in {Role.ADMINISTRATOR, Role.MEMBER} else None))
    answer = call(user).get(path)
    assert answer.status_code == 403
    assert "official" in answer.json()["detail"]


def test_a_liaison_reads_their_own_people_and_never_other_units(call: Call, branch: Branch, organiser: User, liaison: User, city: City) -> None:
    ours = Person.objects.get(name="示例书记")
    other = make_person("局里的人", city.bureau, branch)
    work = Work("checkpoint", (Figure("vehicles", Decimal(200)),), participants=(Participation(ours), Participation(other)))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=(work,), uid=uuid4())

    assert [row["name"] for row in call(liaison).rows("persons/")] == ["示例书记"]
    assert call(liaison).get(f"persons/{other.public_id}/").status_code == 404
    (entry,) = call(liaison).rows("entries/")
    assert [part["person"]["public_id"] for part in entry["participants"]] == [str(ours.public_id)]
    (version,) = call(liaison).rows("report-versions/")
    assert len(version["entries"][0]["participants"]) == 1
    assert len(call(organiser).rows("entries/")[0]["participants"]) == 2


def test_telephones_are_full_for_organisers_masked_for_officials_and_none_for_machines(
    call: Call, branch: Branch, organiser: User, official: User, client_machine: User, city: City
) -> None:
    assert (
        call(organiser).rows("persons/")[0] | {"name": "示例书记", "phone": "19900001234", "duty_phone": "19900005678", "masked": False}
        == call(organiser).rows("persons/")[0]
    )
    seen = call(official).rows("persons/")[0]
    assert (seen["name"], seen["phone"], seen["duty_phone"], seen["masked"]) == ("示例书记", "199****1234", "199****5678", True)
    seen = call(client_machine).rows("persons/")[0]
    assert (seen["name"], seen["phone"], seen["duty_phone"]) == ("示***", None, None)
    give(client_machine, Role.CLIENT, city.south, sensitive=True)
    assert call(client_machine).rows("persons/")[0]["phone"] is None
    give(client_machine, Role.CLIENT, city.street, sensitive=True)
    assert call(client_machine).rows("persons/")[0]["phone"] == "19900001234"


@pytest.mark.usefixtures("filed")
def test_free_text_is_for_whoever_may_see_personal_fields(call: Call, organiser: User, official: User) -> None:
    for path in ("report-versions/", "entries/", "stock-receipts/"):
        assert any(row["note"] for row in call(organiser).rows(path))
        assert all(row["note"] is None for row in call(official).rows(path))
    for path in FIGURE_LISTS:
        expand = {"expand": "entries"} if path in {"reports/", "period-reports/"} else None
        assert "王某" not in call(official).get(path, expand).content.decode()


def test_a_member_reads_their_own_person_only(call: Call, member: User) -> None:
    # The list says which roles open it; one's own person is on the page of one's account.
    assert call(member).get("persons/").status_code == 403
    assert call(member).get("branches/").status_code == 200


# --- Filters ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("filed")
def test_filters_narrow_by_region_unit_day_kind_and_state(
    call: Call, city: City, branch: Branch, other_branch: Branch, official: User, organiser: User
) -> None:
    caller = call(official)
    street, company = str(city.street.public_id), str(city.company.public_id)
    for path in ("reports/", "period-reports/", "entries/", "measures/"):
        assert branches_in(caller.rows(path, {"region": street})) == {branch.name}
        assert branches_in(caller.rows(path, {"branch": str(other_branch.public_id)})) == {other_branch.name}
    for path in ("entries/", "measures/"):
        assert branches_in(caller.rows(path, {"work_unit": company})) == {branch.name}
        assert {row["kind"] for row in caller.rows(path, {"kind": "patrol"})} == {"patrol"}
        assert [row["period"] for row in caller.rows(path, {"from": "2020-02-11", "to": "2020-03-06"})] == [None, None]
        assert len(caller.rows(path, {"from": "2020-02-10", "to": "2020-02-29"})) == 2
    assert {row["metric"] for row in caller.rows("measures/", {"metric": ["vehicles", "turned_back"]})} == {"vehicles"}
    assert [row["name"] for row in caller.rows("branches/", {"name": "wjsq"})] == [branch.name]
    assert [row["name"] for row in caller.rows("branches/", {"work_unit": company})] == [branch.name]
    assert {row["name"] for row in caller.rows("regions/", {"within": street})} == {"梧桐街道", "望江社区"}
    assert [row["name"] for row in caller.rows("regions/", {"level": "county"})] == ["北示区"]
    assert [row["name"] for row in caller.rows("persons/", {"branch": str(branch.public_id)})] == ["示例书记"]
    assert len(caller.rows("reports/", {"state": "filed"})) == 2
    assert caller.rows("reports/", {"state": "returned"}) == []


def test_branches_are_found_by_who_reported_and_who_is_missing(
    call: Call, branch: Branch, other_branch: Branch, organiser: User, reviewer: User, official: User, administrator: User
) -> None:
    filed = file(branch, MARCH_6, by=organiser, vehicles=200)
    caller = call(official)
    assert [row["name"] for row in caller.rows("branches/", {"reported_on": "2020-03-06"})] == [branch.name]
    assert [row["name"] for row in caller.rows("branches/", {"missing_on": "2020-03-06"})] == [other_branch.name]
    return_to_branch(actor=reviewer, version=filed.version, note="请核对")
    assert len(caller.rows("branches/", {"missing_on": "2020-03-06"})) == 2
    assert call(administrator).rows("branches/", {"missing_on": "2020-03-06"}) == []


def test_only_what_counts_is_listed_unless_all_is_asked_for(call: Call, branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    file(branch, MARCH_6, by=organiser, vehicles=210)
    caller = call(organiser)
    assert [row["value"] for row in caller.rows("measures/")] == ["210"]
    assert [(row["value"], row["counted"]) for row in caller.rows("measures/", {"counted": "false"})] == [("200", False), ("210", True)]
    (report,) = caller.rows("reports/", {"expand": "entries"})
    assert [version["entries"][0]["measures"][0]["value"] for version in report["versions"]] == ["200", "210"]
    assert report["current"] == report["versions"][1]["public_id"]
    assert caller.rows("reports/")[0]["versions"][0]["entries"] is None


@pytest.mark.parametrize(
    ("path", "query", "parameter"),
    [
        ("branches/", {"regoin": "x"}, "regoin"),
        ("branches/", {"region": "not-an-id"}, "region"),
        ("branches/", {"region": str(uuid4())}, "region"),
        ("branches/", {"missing_on": "2020-02-30"}, "missing_on"),
        ("measures/", {"metric": "flying_saucers"}, "metric"),
        ("measures/", {"counted": "maybe"}, "counted"),
        ("reports/", {"expand": "everything"}, "expand"),
        ("reports/", {"page_size": "1001"}, "page_size"),
        ("reports/", {"page_size": "0"}, "page_size"),
        ("reports/", {"cursor": "bm9uc2Vuc2U"}, "cursor"),
        ("reports/", {"cursor": "%%%"}, "cursor"),
    ],
)
def test_a_parameter_that_cannot_be_used_is_named(call: Call, path: str, query: dict[str, str], parameter: str, official: User, catalogue: None) -> None:
    answer = call(official).get(path, query)
    assert answer.status_code == 422, answer.content.decode()
    assert [error["parameter"] for error in answer.json()["errors"]] == [parameter]


# --- Pages --------------------------------------------------------------------------------------------------------------


def test_pages_go_on_where_they_were_though_rows_are_added_and_back_again(call: Call, city: City, catalogue: None, official: User) -> None:
    for _ in range(7):
        make_branch(city.community)
    caller = call(official)
    first = caller.get("branches/", {"page_size": 3}).json()
    assert first["previous"] is None
    make_branch(city.community)
    second = caller.get(first["next"]).json()
    make_branch(city.community)
    third = caller.get(second["next"]).json()
    names = [row["public_id"] for page in (first, second, third) for row in page["results"]]
    assert len(names) == len(set(names)) == 9
    assert third["next"] is None
    assert caller.get(third["previous"]).json()["results"] == second["results"]
    back = caller.get(second["previous"]).json()
    assert back["results"] == first["results"]
    assert back["previous"] is None
    assert caller.get(back["next"]).json()["results"] == second["results"]


def test_what_goes_away_between_two_pages_shifts_nothing(call: Call, city: City, catalogue: None, official: User) -> None:
    made = [make_branch(city.community) for _ in range(6)]
    caller = call(official)
    first = caller.get("branches/", {"page_size": 3}).json()
    made[1].delete()
    assert [row["public_id"] for row in caller.get(first["next"]).json()["results"]] == [str(each.public_id) for each in made[3:]]


def queries(caller: Caller, path: str, size: int) -> int:
    with CaptureQueriesContext(connection) as seen:
        answer = caller.get(path, {"page_size": 1000, **({"expand": "entries"} if path in {"reports/", "period-reports/"} else {})})
    assert len(answer.json()["results"]) >= size
    return len(seen)


@pytest.mark.parametrize("path", [*LISTS, *FIGURE_LISTS])
def test_a_list_asks_the_database_as_often_for_a_thousand_rows_as_for_ten(call: Call, path: str, city: City, branch: Branch, organiser: User) -> None:
    user = make_user("", (Role.ORGANISER, city.city), (Role.OFFICIAL, city.province), (Role.LIAISON, city.group))
    caller = call(user)
    grow(path, 10, city, branch, organiser)
    few = queries(caller, path, 10)
    grow(path, 1000, city, branch, organiser)
    many = queries(caller, path, 1000)
    assert few == many <= 15


def grow(path: str, size: int, city: City, branch: Branch, organiser: User) -> None:
    """Make rows of a resource with all that hangs on them, past the services: a thousand filings would take minutes."""
    if path == "regions/":
        regions = Region.objects.bulk_create(Region(name=f"小区{size}-{number}", level="compound") for number in range(size))
        RegionParent.objects.bulk_create(RegionParent(region=region, parent=city.community, during=ALWAYS) for region in regions)
    elif path == "work-units/":
        WorkUnit.objects.bulk_create(WorkUnit(name=f"单位{size}-{number}", parent=city.group) for number in range(size))
    elif path == "branches/":
        made = Branch.objects.bulk_create(Branch(name=f"支部{size}-{number}", region=city.community, established_on=MARCH_5) for number in range(size))
        Branch.sending_units.through.objects.bulk_create(Branch.sending_units.through(branch=each, workunit=city.company) for each in made)
        Branch.covers.through.objects.bulk_create(Branch.covers.through(branch=each, region=city.street) for each in made)
    elif path == "persons/":
        people = Person.objects.bulk_create(Person(name=f"人{size}-{number}") for number in range(size))
        Secondment.objects.bulk_create(Secondment(person=each, home_unit=city.company, during=ALWAYS) for each in people)
        held = Membership.objects.bulk_create(Membership(person=each, branch=branch, during=branch.life) for each in people)
        OfficerTerm.objects.bulk_create(OfficerTerm(membership=each, office="team_leader", during=branch.life) for each in held)
    elif path == "stock-receipts/":
        unit = Unit.objects.order_by("pk")[0]
        StockReceipt.objects.bulk_create(StockReceipt(branch=branch, item=f"口罩{number}", value=1, unit=unit) for number in range(size))
    elif path == "statements/":
        about = {"region": city.community, "what_zh": "车辆", "what_en": "vehicles", "value": 1, "stated_on": MARCH_6, "title": "示例"}
        Statement.objects.bulk_create(Statement(**about) for _ in range(size))
    else:
        grow_reports(path, size, branch, organiser)


def grow_reports(path: str, size: int, branch: Branch, organiser: User) -> None:
    metric, person = Metric.objects.get(code="vehicles"), Person.objects.get(name="示例书记")
    # Before the branch's time, so that no day comes twice.
    days = [date(2010, 1, 1) + timedelta(days=size + number) for number in range(size)]
    common = {"branch": branch, "number": 1, "filed_by": organiser, "receipt": "x"}
    if path == "period-reports/":
        periods = PeriodReport.objects.bulk_create(PeriodReport(branch=branch, first_day=day, last_day=day) for day in days)
        versions = ReportVersion.objects.bulk_create(ReportVersion(period_report=report, uid=uuid4(), **common) for report in periods)
    else:
        dailies = DailyReport.objects.bulk_create(DailyReport(branch=branch, business_date=day) for day in days)
        versions = ReportVersion.objects.bulk_create(ReportVersion(daily_report=report, uid=uuid4(), **common) for report in dailies)
    dates = [None if path == "period-reports/" else day for day in days]
    entries = Entry.objects.bulk_create(
        Entry(version=version, branch=branch, business_date=day, kind="checkpoint", place=branch.region) for version, day in zip(versions, dates, strict=True)
    )
    Measure.objects.bulk_create(
        Measure(entry=entry, metric=metric, branch=branch, business_date=entry.business_date, value=1, value_entered=1, unit_entered=metric.unit)
        for entry in entries
    )
    EntryParticipant.objects.bulk_create(EntryParticipant(entry=entry, person=person) for entry in entries)


# --- The audit log, and the end of access -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("filed")
def test_a_pull_is_in_the_audit_log_without_what_was_searched_for(call: Call, client_machine: User) -> None:
    found = [row["public_id"] for row in call(client_machine).get("persons/", {"name": "示例书记", "page_size": 5}).json()["results"]]
    entry = AuditEntry.objects.get(action="api.pulled")
    assert entry.actor == client_machine
    assert entry.details == {"resource": "person", "parameters": {"name": "…", "page_size": "5"}, "rows": 1, "sensitive": 0, "shown": found}


def test_a_closed_account_and_a_grant_taken_back_end_access_at_once(call: Call, branch: Branch, client_machine: User, clock: Clock) -> None:
    caller = call(client_machine)
    assert caller.get("branches/").json()["results"]
    client_machine.grants.update(revoked_at=clock.now() - MINUTE, revoked_by=client_machine)
    assert caller.get("branches/").status_code == 403
    client_machine.is_active = False
    client_machine.save()
    assert caller.get("branches/").status_code == 401


def test_a_token_can_be_given_back(call: Call, client_machine: User) -> None:
    caller = call(client_machine)
    assert caller.delete("token/").status_code == 204
    assert caller.get("branches/").status_code == 401


def test_a_return_shows_the_measure_as_no_longer_counted(call: Call, branch: Branch, organiser: User, reviewer: User) -> None:
    filed = file(branch, MARCH_6, by=organiser, vehicles=200)
    return_to_branch(actor=reviewer, version=filed.version, note="请核对")
    assert call(organiser).rows("measures/") == []
    assert Measure.objects.count() == 1
