"""Filing figures for a span of days: versions, what is refused, and two who file at once."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from activities.models import Entry, Measure, PeriodReport, ReportVersion
from activities.receipts import check_receipt
from activities.services import Acknowledgement, Figure, file_period_report, return_to_branch, withdraw, works_of
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from tests.factories import file, make_branch, make_user
from tests.personas import MARCH_5, MARCH_6, MARCH_7, Clock

pytestmark = pytest.mark.usefixtures("clock")
MARCH_1 = date(2020, 3, 1)


def file_span(branch: Branch, first: date, last: date, *, by: User, uid: UUID | None = None, vehicles: int = 200, **options: Any) -> Acknowledgement:
    works = works_of([Figure("vehicles", Decimal(vehicles))])
    return file_period_report(actor=by, branch=branch, first_day=first, last_day=last, works=works, uid=uid or uuid4(), **options)


def test_figures_of_a_span_are_never_put_on_a_day(branch: Branch, organiser: User) -> None:
    filed = file_span(branch, MARCH_1, MARCH_6, by=organiser)

    assert filed.created
    assert check_receipt(filed.receipt)
    assert Entry.objects.get().business_date is None
    assert Measure.objects.get().business_date is None
    assert filed.version.daily_report is None
    assert AuditEntry.objects.get(action="period_report.filed").object_id == filed.version.public_id


def test_the_same_span_filed_again_is_a_new_version(branch: Branch, organiser: User) -> None:
    first = file_span(branch, MARCH_1, MARCH_6, by=organiser)
    second = file_span(branch, MARCH_1, MARCH_6, by=organiser, vehicles=210)

    first.version.refresh_from_db()
    assert PeriodReport.objects.count() == 1
    assert (first.version.state, second.version.number) == ("superseded", 2)
    assert Measure.objects.counted().get().value == 210


def test_another_span_and_another_relation_are_other_reports(branch: Branch, organiser: User) -> None:
    file_span(branch, MARCH_1, MARCH_6, by=organiser)
    file_span(branch, MARCH_1, MARCH_5, by=organiser)
    file_span(branch, MARCH_1, MARCH_6, by=organiser, relation="includes_daily")
    assert PeriodReport.objects.count() == ReportVersion.objects.current().count() == 3


def test_the_same_submission_twice_is_stored_once(branch: Branch, organiser: User) -> None:
    uid = uuid4()
    first = file_span(branch, MARCH_1, MARCH_6, by=organiser, uid=uid)
    again = file_span(branch, MARCH_1, MARCH_6, by=organiser, uid=uid)
    assert (again.created, again.version) == (False, first.version)
    with pytest.raises(Conflict) as refusal:
        file_span(branch, MARCH_1, MARCH_6, by=organiser, uid=uid, vehicles=201)
    assert refusal.value.code == "reused_uid"


def test_one_identifier_is_not_used_for_a_day_and_for_a_span(branch: Branch, organiser: User) -> None:
    uid = uuid4()
    file(branch, MARCH_6, by=organiser, uid=uid, vehicles=200)
    with pytest.raises(Conflict):
        file_span(branch, MARCH_5, MARCH_6, by=organiser, uid=uid)
    assert not PeriodReport.objects.exists()


def test_a_loaded_report_gets_a_new_version_by_its_key(branch: Branch, organiser: User) -> None:
    file_span(branch, MARCH_1, MARCH_6, by=organiser, source="简报", key="a")
    second = file_span(branch, MARCH_1, MARCH_6, by=organiser, source="简报", key="a", vehicles=210)
    other = file_span(branch, MARCH_1, MARCH_6, by=organiser, source="简报", key="b")
    assert (second.version.number, other.version.number) == (2, 1)


def test_a_span_may_be_one_day_and_stand_beside_the_report_of_the_day(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    file_span(branch, MARCH_6, MARCH_6, by=organiser, relation="includes_daily")
    assert ReportVersion.objects.current().count() == 2


@pytest.mark.parametrize(("first", "last"), [(MARCH_6, MARCH_5), (MARCH_5, MARCH_7)], ids=["backward", "not over yet"])
def test_an_impossible_span_is_refused_by_its_last_day(branch: Branch, organiser: User, first: date, last: date) -> None:
    with pytest.raises(ValidationError) as refusal:
        file_span(branch, first, last, by=organiser)
    assert list(refusal.value.message_dict) == ["last_day"]
    assert not PeriodReport.objects.exists()


def test_a_span_after_the_end_of_the_branch_is_refused(branch: Branch) -> None:
    over = make_branch(branch.region, ended_on=MARCH_5, state="dissolved")
    clerk = make_user("clerk", (Role.ORGANISER, over))
    with pytest.raises(ValidationError):
        file_span(over, MARCH_1, MARCH_6, by=clerk)
    assert file_span(over, MARCH_1, MARCH_5, by=clerk).created


def test_an_impossible_figure_is_named_and_nothing_is_stored(branch: Branch, organiser: User) -> None:
    with pytest.raises(ValidationError) as refusal:
        file_span(branch, MARCH_1, MARCH_6, by=organiser, vehicles=-1)
    assert list(refusal.value.message_dict) == ["vehicles"]
    assert not PeriodReport.objects.exists()


def test_nobody_files_a_span_for_another_branch(branch: Branch, other_branch: Branch, organiser: User, reviewer: User) -> None:
    for actor, target in ((organiser, other_branch), (reviewer, branch)):
        with pytest.raises(Forbidden):
            file_span(target, MARCH_1, MARCH_6, by=actor)


def test_a_returned_and_a_withdrawn_span_count_no_longer(branch: Branch, organiser: User, reviewer: User) -> None:
    first = file_span(branch, MARCH_1, MARCH_6, by=organiser)
    return_to_branch(actor=reviewer, version=first.version, note="请核对")
    assert not Measure.objects.counted().exists()
    second = file_span(branch, MARCH_1, MARCH_6, by=organiser)
    withdraw(actor=organiser, version=second.version, reason="重复")
    assert not Measure.objects.counted().exists()
    assert file_span(branch, MARCH_1, MARCH_6, by=organiser).version.number == 3


def test_what_is_known_later_replaces_what_was_known_before(branch: Branch, organiser: User, clock: Clock) -> None:
    first = file_span(branch, MARCH_1, MARCH_5, by=organiser)
    clock.move_to(clock.now() + timedelta(days=2))
    second = file_span(branch, MARCH_1, MARCH_5, by=organiser, vehicles=210)
    between = first.version.known_from + timedelta(days=1)
    assert ReportVersion.objects.known_at(between).get() == first.version
    assert ReportVersion.objects.known_at(second.version.known_from).get() == second.version


@pytest.mark.parametrize("same_uid", [True, False], ids=["one submission sent twice", "two submissions"])
@pytest.mark.django_db(transaction=True)
def test_two_who_file_a_span_at_the_same_moment_leave_one_current_version(branch: Branch, organiser: User, same_uid: bool) -> None:
    uid, together = uuid4(), Barrier(4)
    answers: list[Acknowledgement | Exception] = []

    def send() -> None:
        try:
            together.wait(10)
            answers.append(file_span(branch, MARCH_1, MARCH_6, by=organiser, uid=uid if same_uid else uuid4()))
        except Exception as error:
            answers.append(error)
        finally:
            connection.close()

    threads = [Thread(target=send, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert all(isinstance(answer, Acknowledgement) for answer in answers), answers
    assert PeriodReport.objects.count() == 1
    assert ReportVersion.objects.current().count() == 1
    assert ReportVersion.objects.count() == (1 if same_uid else 4)
