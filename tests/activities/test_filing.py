"""Filing a day: versions, natures, receipts, and what is refused."""

from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection

from activities.models import DailyReport, Entry, Measure, ReportVersion
from activities.receipts import check_receipt
from activities.services import Acknowledgement, accept, confirm, return_to_branch, save_draft, withdraw
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import AuditEntry
from tests.factories import current, file, make_branch, make_region, make_user
from tests.personas import MARCH_5, MARCH_6, MARCH_7, MINUTE, Clock

pytestmark = pytest.mark.usefixtures("clock")


def value(version: ReportVersion | None, metric: str) -> Decimal | None:
    assert version is not None
    return Measure.objects.filter(entry__version=version, metric__code=metric).values_list("value", flat=True).first()


def test_a_filed_report_is_stored_with_entry_measures_and_receipt(branch: Branch, organiser: User) -> None:
    filed = file(
        branch, MARCH_6, by=organiser, vehicles=200, turned_back=23, goods_unloaded="11.5", qualifiers={"vehicles": "nearly"}, units={"goods_unloaded": "t"}
    )

    assert filed.created
    assert check_receipt(filed.receipt)
    assert [entry.kind for entry in Entry.objects.filter(version=filed.version).order_by("pk")] == ["checkpoint", "unloading"]
    weight = Measure.objects.get(metric__code="goods_unloaded")
    assert (weight.value, weight.value_entered, weight.unit_entered.code) == (Decimal(11500), Decimal("11.5"), "t")
    assert Measure.objects.get(metric__code="vehicles").qualifier == "nearly"
    assert AuditEntry.objects.get(action="report.filed").object_id == filed.version.public_id


def test_the_same_submission_twice_is_stored_once(branch: Branch, organiser: User) -> None:
    uid = uuid4()
    first = file(branch, MARCH_6, by=organiser, uid=uid, base=0, vehicles=200)
    again = file(branch, MARCH_6, by=organiser, uid=uid, base=0, vehicles=200)

    assert (again.created, again.version, again.receipt) == (False, first.version, first.receipt)
    assert ReportVersion.objects.count() == 1


def test_the_same_uid_with_other_content_is_refused(branch: Branch, organiser: User) -> None:
    uid = uuid4()
    file(branch, MARCH_6, by=organiser, uid=uid, vehicles=200)
    with pytest.raises(Conflict) as refusal:
        file(branch, MARCH_6, by=organiser, uid=uid, vehicles=201)
    assert refusal.value.code == "reused_uid"
    assert value(current(branch, MARCH_6), "vehicles") == 200


def test_before_the_due_time_a_second_filing_is_a_supplement_and_needs_no_reason(branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, vehicles=200)
    second = file(branch, MARCH_6, by=organiser, vehicles=210)
    assert second.version.nature == "supplement"
    assert value(current(branch, MARCH_6), "vehicles") == 210


def test_after_the_due_time_a_second_filing_is_a_correction_and_needs_a_reason(branch: Branch, organiser: User, clock: Clock) -> None:
    first = file(branch, MARCH_6, by=organiser, vehicles=200)
    clock.move_to(branch.due_at(MARCH_6) + MINUTE)

    with pytest.raises(ValidationError) as refusal:
        file(branch, MARCH_6, by=organiser, vehicles=210)
    assert "reason" in refusal.value.message_dict
    assert value(current(branch, MARCH_6), "vehicles") == 200

    second = file(branch, MARCH_6, by=organiser, vehicles=210, reason="二号门漏计")
    first.version.refresh_from_db()
    assert (second.version.nature, first.version.state) == ("correction", "superseded")
    assert first.version.known_until == second.version.known_from
    assert value(first.version, "vehicles") == 200


def test_a_first_filing_after_the_due_time_is_late_and_needs_no_reason(branch: Branch, organiser: User) -> None:
    filed = file(branch, MARCH_5, by=organiser, vehicles=1)
    assert (filed.version.nature, filed.version.is_late) == ("first", True)


def test_a_report_is_late_only_when_nothing_was_filed_before_the_due_time(branch: Branch, organiser: User, clock: Clock) -> None:
    file(branch, MARCH_5, by=organiser, vehicles=1)
    late = file(branch, MARCH_5, by=organiser, vehicles=2, reason="二号门漏计").version
    file(branch, MARCH_6, by=organiser, vehicles=1)
    clock.move_to(branch.due_at(MARCH_6) + MINUTE)
    in_time = file(branch, MARCH_6, by=organiser, vehicles=2, reason="二号门漏计").version

    assert (late.is_late, in_time.is_late) == (True, False)
    read = dict(ReportVersion.objects.with_lateness().values_list("pk", "is_late"))
    assert read == {version.pk: version.daily_report.business_date == MARCH_5 for version in ReportVersion.objects.select_related("daily_report")}


@pytest.mark.parametrize("what", ["correct", "return", "withdraw"])
def test_a_report_filed_while_the_clock_went_ahead_is_corrected_returned_and_withdrawn_when_it_is_right_again(
    what: str, branch: Branch, organiser: User, reviewer: User, clock: Clock
) -> None:
    right = clock.moment
    clock.move_to(right + timedelta(hours=26))
    filed = file(branch, MARCH_6, by=organiser, vehicles=200).version
    clock.move_to(right)

    if what == "correct":
        corrected = file(branch, MARCH_6, by=organiser, vehicles=210, reason="数错了").version
        assert (corrected.number, value(current(branch, MARCH_6), "vehicles"), corrected.known_from) == (2, Decimal(210), filed.known_from)
    elif what == "return":
        return_to_branch(actor=reviewer, version=filed, note="请核对")
        assert current(branch, MARCH_6) is None
    else:
        withdraw(actor=organiser, version=filed, reason="误报")
        assert current(branch, MARCH_6) is None
    filed.refresh_from_db()
    assert filed.known_until == filed.known_from


def test_a_form_opened_before_somebody_else_filed_is_stale(branch: Branch, organiser: User) -> None:
    colleague = make_user("colleague", (Role.ORGANISER, branch))
    file(branch, MARCH_6, by=colleague, base=0, vehicles=200)
    with pytest.raises(Conflict) as refusal:
        file(branch, MARCH_6, by=organiser, base=0, vehicles=210)
    assert refusal.value.code == "stale"
    assert refusal.value.current.filed_by == colleague
    assert file(branch, MARCH_6, by=organiser, base=1, vehicles=210).version.number == 2


@pytest.mark.parametrize(
    ("figures", "metric"),
    [
        ({"vehicles": "1.5"}, "vehicles"),
        ({"vehicles": -1}, "vehicles"),
        ({"vehicles": 10**20}, "vehicles"),
        ({"flying_carpets": 1}, "flying_carpets"),
        ({"consolation_money": "1.234"}, "consolation_money"),
    ],
)
def test_an_impossible_figure_is_refused_by_name_and_nothing_is_stored(branch: Branch, organiser: User, figures: dict[str, Any], metric: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        file(branch, MARCH_6, by=organiser, turned_back=3, **figures)
    assert list(refusal.value.message_dict) == [metric]
    assert not DailyReport.objects.exists()


def test_a_unit_of_another_dimension_is_refused(branch: Branch, organiser: User) -> None:
    with pytest.raises(ValidationError, match=r"unit|单位"):
        file(branch, MARCH_6, by=organiser, vehicles=3, units={"vehicles": "kg"})


def test_more_satisfied_than_valid_answers_are_refused_in_words(branch: Branch, organiser: User) -> None:
    with pytest.raises(ValidationError) as refusal:
        file(branch, MARCH_6, by=organiser, survey_valid=236, survey_satisfied=237)
    assert list(refusal.value.message_dict) == ["survey_satisfied"]
    assert not DailyReport.objects.exists()


def test_tomorrow_cannot_be_filed(branch: Branch, organiser: User) -> None:
    with pytest.raises(ValidationError) as refusal:
        file(branch, MARCH_7, by=organiser, vehicles=1)
    assert "day" in refusal.value.message_dict


def test_a_day_after_the_end_of_the_branch_cannot_be_filed(branch: Branch, organiser: User) -> None:
    Branch.objects.filter(pk=branch.pk).update(ended_on=None)
    over = make_branch(branch.region, ended_on=MARCH_5 - timedelta(days=1), state="dissolved")
    clerk = make_user("clerk-of-the-past", (Role.ORGANISER, over))
    with pytest.raises(ValidationError) as refusal:
        file(over, MARCH_5, by=clerk, vehicles=1)
    assert "day" in refusal.value.message_dict


def test_an_organiser_cannot_file_for_another_branch(other_branch: Branch, organiser: User) -> None:
    with pytest.raises(Forbidden):
        file(other_branch, MARCH_6, by=organiser, vehicles=1)


def test_a_reviewer_files_only_on_behalf_and_the_organiser_confirms_it(branch: Branch, organiser: User, reviewer: User) -> None:
    with pytest.raises(Forbidden):
        file(branch, MARCH_6, by=reviewer, vehicles=1)
    filed = file(branch, MARCH_6, by=reviewer, on_behalf=True, vehicles=1)
    with pytest.raises(Forbidden):
        confirm(actor=reviewer, version=filed.version)
    confirmed = confirm(actor=organiser, version=filed.version)
    assert confirmed.confirmed_by == organiser
    with pytest.raises(Conflict):
        confirm(actor=organiser, version=filed.version)


def test_a_returned_report_has_no_current_version_until_it_is_filed_again(branch: Branch, organiser: User, reviewer: User) -> None:
    filed = file(branch, MARCH_6, by=organiser, vehicles=200)
    with pytest.raises(ValidationError):
        return_to_branch(actor=reviewer, version=filed.version, note=" ")
    return_to_branch(actor=reviewer, version=filed.version, note="请核对出入人次")
    assert current(branch, MARCH_6) is None
    with pytest.raises(Conflict):
        accept(actor=reviewer, version=filed.version)
    assert file(branch, MARCH_6, by=organiser, vehicles=190).version.number == 2
    assert value(current(branch, MARCH_6), "vehicles") == 190


def test_an_organiser_does_not_review_and_a_reviewer_of_another_street_neither(branch: Branch, organiser: User, other_branch: Branch) -> None:
    stranger = make_user("stranger", (Role.REVIEWER, other_branch.region))
    filed = file(branch, MARCH_6, by=organiser, vehicles=200)
    for actor in (organiser, stranger):
        with pytest.raises(Forbidden):
            accept(actor=actor, version=filed.version)


def test_a_withdrawn_report_counts_as_missing(branch: Branch, organiser: User, reviewer: User) -> None:
    filed = file(branch, MARCH_6, by=organiser, vehicles=200)
    with pytest.raises(Forbidden):
        withdraw(actor=reviewer, version=filed.version, reason="填错日期")
    withdraw(actor=organiser, version=filed.version, reason="填错日期")
    assert current(branch, MARCH_6) is None


def test_filing_ends_the_draft(branch: Branch, organiser: User) -> None:
    save_draft(user=organiser, branch=branch, day=MARCH_6, data={"vehicles": "２００"}, base=0)
    file(branch, MARCH_6, by=organiser, vehicles=200)
    assert not branch.drafts.exists()


def test_moving_a_branch_leaves_the_place_of_what_was_filed(branch: Branch, organiser: User) -> None:
    old = branch.region
    file(branch, MARCH_6, by=organiser, vehicles=200)
    elsewhere = make_region("新示社区", "community")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE branches_branchplace SET region_id = %s WHERE branch_id = %s", [elsewhere.pk, branch.pk])
        cursor.execute("UPDATE branches_branch SET region_id = %s WHERE id = %s", [elsewhere.pk, branch.pk])
    assert Entry.objects.get().place == old


@pytest.mark.parametrize("same_uid", [True, False])
@pytest.mark.django_db(transaction=True)
def test_two_who_file_at_the_same_moment_leave_one_current_version(request: pytest.FixtureRequest, same_uid: bool) -> None:
    branch: Branch = request.getfixturevalue("branch")
    organiser: User = request.getfixturevalue("organiser")
    uid, together = uuid4(), Barrier(8)
    answers: list[Acknowledgement | Exception] = []

    def send(number: int) -> None:
        try:
            together.wait()
            answers.append(file(branch, MARCH_6, by=organiser, uid=uid if same_uid else uuid4(), base=0, vehicles=200))
        except Exception as error:
            answers.append(error)
        finally:
            connection.close()

    threads = [Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    stored = [answer for answer in answers if isinstance(answer, Acknowledgement) and answer.created]
    assert len(stored) == 1
    assert ReportVersion.objects.current().count() == 1
    others = [answer for answer in answers if answer is not stored[0]]
    if same_uid:
        assert all(isinstance(answer, Acknowledgement) and answer.version == stored[0].version for answer in others)
    else:
        assert all(isinstance(answer, Conflict) and answer.code == "stale" for answer in others)


def test_reference_data_loads_twice_without_change(catalogue: None) -> None:
    call_command("load_reference", verbosity=0)


def test_the_business_date_follows_the_branch_schedule(branch: Branch, clock: Clock) -> None:
    assert branch.business_date_at(clock.now()) == MARCH_6
    assert date(2020, 3, 6) == MARCH_6
