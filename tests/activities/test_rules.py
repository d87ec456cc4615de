"""What PostgreSQL keeps of reports, figures and the catalogue, broken on purpose."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, models, transaction

from activities.models import DailyReport, Entry, EntryParticipant, Measure, PeriodReport, ReportVersion, Unit
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from portal.foundation.refusals import constraint_of
from tests.activities.rows import HOUR, NINE, a_branch, daily, entry, measure, own_metric, stored, version
from tests.factories import make_person, make_user
from tests.personas import MARCH_6
from tests.rules import WAYS, Add, alter, assert_says, check_deferred_rules, second_of_two

pytestmark = pytest.mark.usefixtures("catalogue")


# --- A version is written by one transaction ----------------------------------------------------------------------------


def additions_to(of: ReportVersion) -> list[Add]:
    """One row more for each table inside a version that has an entry."""
    held = of.entries.get()
    return [Add(entry("patrol", of=of)), Add(measure("turned_back", of=held)), Add(EntryParticipant(entry=held, person=make_person()))]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_added_to_what_was_filed(way: str) -> None:
    for addition in additions_to(stored_with_entry()):
        with pytest.raises(IntegrityError) as refusal:
            WAYS[way](addition)
        assert_says(refusal.value, "filed_is_never_changed")


@transaction.atomic
def stored_with_entry() -> ReportVersion:
    return stored(measure()).entry.version


@pytest.mark.django_db(transaction=True)
def test_nothing_is_added_by_another_transaction_to_a_version_being_filed() -> None:
    report, person = daily(), make_person()
    other = connection.copy()
    with transaction.atomic():
        of = stored(version(report))
        held = stored(entry(of=of))
        statements: list[tuple[str, list[Any]]] = [
            (
                "INSERT INTO activities_entry (public_id, version_id, branch_id, business_date, kind, place_id, note)"
                " VALUES (%s, %s, %s, %s, 'patrol', %s, '')",
                [str(uuid4()), of.pk, of.branch_id, MARCH_6, held.place_id],
            ),
            ("INSERT INTO activities_entryparticipant (public_id, entry_id, person_id) VALUES (%s, %s, %s)", [str(uuid4()), held.pk, person.pk]),
        ]
        for sql, values in statements:
            with pytest.raises(IntegrityError) as refusal, other.cursor() as cursor:
                cursor.execute(sql, values)
            assert_says(refusal.value, "filed_is_never_changed")
    other.close()
    assert of.entries.get() == held
    assert not EntryParticipant.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("model", [DailyReport, PeriodReport, ReportVersion, Entry, Measure, EntryParticipant])
def test_what_was_filed_is_never_emptied(model: type[models.Model]) -> None:
    stored(measure())
    check_deferred_rules()
    with pytest.raises(DatabaseError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {model._meta.db_table} CASCADE")
    assert isinstance(refusal.value, IntegrityError)
    assert_says(refusal.value, "filed_is_kept")
    assert Measure.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_whoever_files_while_a_metric_changes_waits_and_files_by_the_new_meaning() -> None:
    metric = stored(own_metric(decimals=1))
    branch = a_branch()
    organiser = make_user("organiser", (Role.ORGANISER, branch))
    refusal = second_of_two(alter(metric, decimals=0).through_orm, lambda: raw_filing(branch, organiser, metric.code, "1.5"))
    assert isinstance(refusal, IntegrityError)
    assert constraint_of(refusal) == "measure_is_as_fine_as_its_metric"


def raw_filing(branch: Branch, by: User, code: str, value: str) -> None:
    of = stored(version(DailyReport.objects.create(branch=branch, business_date=MARCH_6), filed_by=by))
    measure(code, value, of=stored(entry("checkpoint", of=of))).save()


# --- What lies just inside ----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_work_may_last_over_midnight_and_may_take_no_time() -> None:
    stored(entry(starts_at=NINE + HOUR, ends_at=NINE + 5 * HOUR))
    stored(entry(starts_at=NINE, ends_at=NINE))
    stored(entry(starts_at=NINE))


@pytest.mark.django_db
def test_nothing_and_a_very_large_number_are_figures() -> None:
    stored(measure(value="0"))
    stored(measure(value="999999999999999"))


@pytest.mark.django_db
def test_all_may_be_satisfied_and_an_inexact_figure_may_exceed_another() -> None:
    valid = stored(measure("survey_valid", "236"))
    stored(measure("survey_satisfied", "236", of=valid.entry))
    about = stored(measure("survey_valid", "200", qualifier="over"))
    stored(measure("survey_satisfied", "210", of=about.entry))
    check_deferred_rules()


@pytest.mark.django_db
def test_the_figures_of_a_survey_may_come_in_either_order() -> None:
    satisfied = stored(measure("survey_satisfied", "200"))
    stored(measure("survey_valid", "236", of=satisfied.entry))
    check_deferred_rules()


@pytest.mark.django_db
def test_a_weight_may_be_entered_in_each_of_its_units() -> None:
    for unit, entered, kilograms in (("t", "1.5", "1500"), ("kg", "0.5", "0.5"), ("jin", "3", "1.5")):
        stored(measure("goods_unloaded", kilograms, value_entered=Decimal(entered), unit_entered=Unit.objects.get(code=unit)))


@pytest.mark.django_db
def test_a_shift_may_last_a_whole_day() -> None:
    stored(EntryParticipant(entry=stored(entry()), person=make_person(), hours=Decimal(24)))


@pytest.mark.django_db
def test_a_span_may_be_one_day_and_be_reported_twice_without_a_key() -> None:
    branch = a_branch()
    for _ in range(2):
        stored(PeriodReport(branch=branch, first_day=MARCH_6, last_day=MARCH_6))


@pytest.mark.django_db
def test_a_version_follows_one_that_is_no_longer_current() -> None:
    report = daily()
    first = stored(version(report))
    alter(first, state="superseded", known_until=NINE).through_sql()
    stored(version(report, 2))


@pytest.mark.django_db
def test_a_metric_in_use_may_be_renamed_and_moved() -> None:
    metric = stored(measure()).metric
    alter(metric, name_zh="车辆数", position=3).through_orm()
    alter(metric.unit, name_zh="台次").through_orm()


@pytest.mark.django_db
def test_a_metric_without_figures_may_change_its_meaning() -> None:
    metric = stored(own_metric())
    alter(metric, over_time="latest", decimals=2).through_sql()
    alter(metric.unit, factor=Decimal(2)).through_sql()


@pytest.mark.django_db(transaction=True)
def test_a_metric_is_renamed_while_somebody_files_without_waiting() -> None:
    branch = a_branch()
    figure = measure(of=stored_with_entry().entries.get())
    with transaction.atomic():
        raw_filing(branch, make_user(), "vehicles", "3")
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
            cursor.execute("UPDATE activities_metric SET name_zh = '车辆数' WHERE id = %s", [figure.metric_id])
        other.close()
