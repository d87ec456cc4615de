"""Importing daily reports from a table: filed once, whole, and as by hand."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

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
from tests.activities.tables import State, bring_in, figures, row, take_in, workbook, worked
from tests.factories import file, make_branch, make_user
from tests.personas import MARCH_5, MINUTE, City, Clock

pytestmark = pytest.mark.usefixtures("clock")


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
    assert logged.count() == 4
    assert logged.get(details__branch=str(branch.public_id), details__day="2020-03-04").details == {
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
