"""Each rule of reports, figures and the catalogue, broken on purpose: the cases of `tests/test_every_rule.py`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import uuid4

from django.db import connection

from activities.models import (
    DailyReport,
    Entry,
    EntryParticipant,
    ImportedReport,
    Measure,
    PeriodReport,
    ReportDraft,
    ReportVersion,
    Rollup,
    StockReceipt,
    Unit,
)
from tests.activities.rows import (
    HOUR,
    NINE,
    a_branch,
    an_import,
    daily,
    entry,
    filed,
    frozen,
    measure,
    own_metric,
    own_unit,
    period,
    serial,
    statement,
    stored,
    version,
)
from tests.factories import make_person, make_unit, make_user
from tests.personas import MARCH_5, MARCH_6
from tests.rules import WAYS, Add, Alter, Break, Cases, Remove, alter

CASES = Cases("activities")


# --- Catalogue ----------------------------------------------------------------------------------------------------------


@CASES.breaks("unit_factor_is_positive")
def a_unit_of_nothing() -> Break:
    return Break(Add(own_unit(factor=Decimal(0))))


@CASES.breaks("metric_has_up_to_3_decimals")
def a_metric_with_four_decimals() -> Break:
    return Break(Add(own_metric(decimals=4)))


@CASES.breaks("metric_distinct_is_not_added_over_places", collides=True)
def a_metric_made_distinct_while_it_is_added_over_places() -> Break:
    metric = stored(own_metric(over_time="sum", over_places="none"))
    return Break(alter(metric, over_places="sum"), after=alter(metric, over_time="distinct"))


@CASES.breaks("metric_in_use_keeps_its_meaning", collides=True)
def a_metric_changed_while_somebody_files_it() -> Break:
    metric = stored(own_metric())
    place = stored(entry("checkpoint"))
    return Break(alter(metric, over_time="latest"), after=Filing(place, lambda of: measure(metric.code, of=of)))


@CASES.breaks("unit_in_use_keeps_its_meaning", collides=True)
def a_unit_changed_while_somebody_files_with_it() -> Break:
    metric = stored(own_metric())
    place = stored(entry("checkpoint"))
    return Break(alter(metric.unit, factor=Decimal(2)), after=Filing(place, lambda of: measure(metric.code, of=of)))


@CASES.breaks("unit_in_use_keeps_its_meaning", collides=True)
def a_unit_changed_while_goods_in_it_come_in() -> Break:
    unit = stored(own_unit())
    return Break(alter(unit, factor=Decimal(2)), after=Add(StockReceipt(branch=a_branch(), item="大米", value=Decimal(30), unit=unit)))


class Filing:
    """A filing like the one that `template` belongs to, with one measure, all in this transaction."""

    def __init__(self, template: Entry, make: Callable[[Entry], Measure]) -> None:
        self.template, self.make = template, make

    def _write(self, way: str) -> None:
        report = self.template.version.daily_report
        assert report is not None
        number = report.versions.count() + 1
        of = stored(version(report, number, "withdrawn"))
        WAYS[way](Add(self.make(stored(entry(self.template.kind, of=of)))))

    def through_orm(self) -> None:
        """The measure through the ORM."""
        self._write("orm")

    def through_sql(self) -> None:
        """The measure through SQL."""
        self._write("sql")


# --- Reports and versions -----------------------------------------------------------------------------------------------


@CASES.breaks("one_daily_report_a_day", collides=True)
def two_reports_of_one_day() -> Break:
    branch = a_branch()
    return Break(Add(DailyReport(branch=branch, business_date=MARCH_6)), after=Add(DailyReport(branch=branch, business_date=MARCH_6)))


@CASES.breaks("period_report_once_per_source", collides=True)
def a_period_report_loaded_twice() -> Break:
    branch, key = a_branch(), f"p{next(serial)}"
    return Break(Add(period(branch, source="简报", key=key)), after=Add(period(branch, source="简报", key=key)))


@CASES.breaks("period_report_ends_after_it_starts")
def a_span_that_runs_backward() -> Break:
    return Break(Add(PeriodReport(branch=a_branch(), first_day=MARCH_6, last_day=MARCH_5)))


@CASES.breaks("version_of_one_report")
def a_version_of_a_day_and_of_a_span() -> Break:
    report = daily()
    return Break(Add(version(report, period_report=stored(period(report.branch)))))


@CASES.breaks("version_of_one_report")
def a_version_of_nothing() -> Break:
    return Break(Add(ReportVersion(branch=a_branch(), number=1, uid=uuid4(), receipt="TEST")))


@CASES.breaks("daily_version_numbered_once", collides=True)
def two_second_versions_of_a_day() -> Break:
    report = daily()
    return Break(Add(version(report, 2, "withdrawn")), after=Add(version(report, 2)))


@CASES.breaks("period_version_numbered_once", collides=True)
def two_second_versions_of_a_span() -> Break:
    report = stored(period())
    return Break(Add(version(report, 2, "withdrawn")), after=Add(version(report, 2)))


@CASES.breaks("one_current_daily_version", collides=True)
def two_current_versions_of_a_day() -> Break:
    report = daily()
    return Break(Add(version(report, 2, "accepted")), after=Add(version(report, 1)))


@CASES.breaks("one_current_period_version", collides=True)
def two_current_versions_of_a_span() -> Break:
    report = stored(period())
    return Break(Add(version(report, 2)), after=Add(version(report, 1, "accepted")))


@CASES.breaks("version_known_until_after_from")
def a_version_forgotten_before_it_was_known() -> Break:
    return Break(Add(version(daily(), state="withdrawn", known_until=NINE - HOUR)))


@CASES.breaks("version_current_is_still_known")
def a_current_version_that_was_forgotten() -> Break:
    return Break(Add(version(daily(), known_until=NINE + HOUR)))


@CASES.breaks("version_current_is_still_known")
def a_version_withdrawn_at_no_moment() -> Break:
    return Break(alter(filed(), state="withdrawn"))


@CASES.breaks("correction_has_a_reason")
def a_correction_without_a_reason() -> Break:
    return Break(Add(version(daily(), nature="correction")))


@CASES.breaks("returned_with_a_note")
def a_version_returned_without_a_word() -> Break:
    return Break(alter(filed(), state="returned", known_until=NINE))


@CASES.breaks("one_draft_a_day", collides=True)
def two_drafts_of_one_day() -> Break:
    branch, user = a_branch(), make_user()
    return Break(
        Add(ReportDraft(user=user, branch=branch, business_date=MARCH_6, data={"vehicles": "2"})),
        after=Add(ReportDraft(user=user, branch=branch, business_date=MARCH_6, data={"vehicles": "1"})),
    )


# --- What was filed -----------------------------------------------------------------------------------------------------


def changes_to_what_was_filed() -> list[Alter]:
    """One change to each kind of filed row."""
    figure = stored(measure())
    report = figure.entry.version.report
    part = stored(EntryParticipant(entry=figure.entry, person=make_person(), hours=Decimal(4)))
    return [
        alter(figure, value=Decimal(201)),
        alter(figure.entry, note="改"),
        alter(part, hours=Decimal(5)),
        alter(figure.entry.version, note="改"),
        alter(report, business_date=MARCH_5),
        alter(stored(period()), last_day=date(2020, 3, 7)),
    ]


def _change(position: int) -> Callable[[], Break]:
    def prepare() -> Break:
        return Break(changes_to_what_was_filed()[position])

    prepare.__name__ = ("a_measure", "an_entry", "a_participant", "a_version", "a_day", "a_span")[position] + "_changed"
    return prepare


def _removal(position: int) -> Callable[[], Break]:
    def prepare() -> Break:
        return Break(Remove(changes_to_what_was_filed()[position].row))

    prepare.__name__ = ("a_measure", "an_entry", "a_participant", "a_version", "a_day", "a_span")[position] + "_deleted"
    return prepare


for _position in range(6):
    CASES.breaks("filed_is_never_changed")(_change(_position))
    CASES.breaks("filed_is_kept")(_removal(_position))


@CASES.breaks("filed_is_never_changed")
def a_superseded_version_made_current_again() -> Break:
    return Break(alter(stored(version(daily(), state="superseded")), state="filed", known_until=None))


# --- Entries and figures ------------------------------------------------------------------------------------------------


@CASES.breaks("entry_ends_after_it_starts")
def work_that_ends_before_it_starts() -> Break:
    return Break(Add(entry(starts_at=NINE, ends_at=NINE - HOUR)))


@CASES.breaks("entry_ends_after_it_starts")
def work_that_ends_without_a_start() -> Break:
    return Break(Add(entry(ends_at=NINE)))


@CASES.breaks("entry_agrees_with_its_report")
def an_entry_of_another_day() -> Break:
    return Break(Add(entry(business_date=MARCH_5)))


@CASES.breaks("entry_agrees_with_its_report")
def an_entry_of_another_branch() -> Break:
    return Break(Add(entry(branch=a_branch())))


@CASES.breaks("entry_agrees_with_its_report")
def an_entry_of_a_span_put_on_a_day() -> Break:
    return Break(Add(entry(of=stored(version(stored(period()))), business_date=MARCH_6)))


@CASES.breaks("entry_agrees_with_its_report")
def a_measure_of_another_day() -> Break:
    return Break(Add(measure(business_date=MARCH_5)))


@CASES.breaks("entry_agrees_with_its_report")
def a_measure_of_another_branch() -> Break:
    return Break(Add(measure(branch=a_branch())))


@CASES.breaks("metric_once_an_entry")
def a_figure_twice_in_an_entry() -> Break:
    figure = stored(measure())
    return Break(Add(measure(of=figure.entry)))


@CASES.breaks("measure_not_negative")
def fewer_than_no_vehicles() -> Break:
    return Break(Add(measure(value="-1", value_entered=Decimal(1))))


@CASES.breaks("measure_entered_not_negative")
def fewer_than_no_vehicles_entered() -> Break:
    return Break(Add(measure(value_entered=Decimal(-1))))


@CASES.breaks("derived_measure_is_the_registers")
def a_figure_from_an_unnamed_state_of_the_register() -> Break:
    return Break(Add(measure(source="derived")))


@CASES.breaks("derived_measure_is_the_registers")
def a_register_that_said_something_else() -> Break:
    return Break(Add(measure(source="derived", register_value=Decimal(2), register_revision=1)))


@CASES.breaks("register_value_has_a_revision")
def what_a_register_said_at_no_revision() -> Break:
    return Break(Add(measure(register_value=Decimal(2))))


@CASES.breaks("tally_has_no_register")
def a_count_without_records_that_a_register_has() -> Break:
    return Break(Add(measure(source="tally", register_value=Decimal(1), register_revision=1)))


@CASES.breaks("measure_of_its_kind")
def vehicles_at_a_patrol() -> Break:
    return Break(Add(measure(of=stored(entry("patrol")))))


@CASES.breaks("measure_is_as_fine_as_its_metric")
def half_a_vehicle() -> Break:
    return Break(Add(measure(value="1.5")))


@CASES.breaks("measure_converts_what_was_entered")
def a_ton_that_is_not_a_thousand_kilograms() -> Break:
    return Break(Add(measure("goods_unloaded", "100", value_entered=Decimal(1), unit_entered=Unit.objects.get(code="t"))))


@CASES.breaks("measure_converts_what_was_entered")
def vehicles_by_weight() -> Break:
    return Break(Add(measure(unit_entered=Unit.objects.get(code="kg"))))


@CASES.breaks("satisfied_are_among_the_valid")
def more_satisfied_than_asked() -> Break:
    valid = stored(measure("survey_valid", "236"))
    return Break(Add(measure("survey_satisfied", "237", of=valid.entry)))


@CASES.breaks("person_once_an_entry")
def a_person_twice_in_an_entry() -> Break:
    part = stored(EntryParticipant(entry=stored(entry()), person=make_person()))
    return Break(Add(EntryParticipant(entry=part.entry, person=part.person)))


@CASES.breaks("participant_hours_in_a_day")
def a_shift_of_25_hours() -> Break:
    return Break(Add(EntryParticipant(entry=stored(entry()), person=make_person(), hours=Decimal(25))))


# --- Goods and statements -----------------------------------------------------------------------------------------------


@CASES.breaks("stock_receipt_once_per_source", collides=True)
def goods_loaded_twice() -> Break:
    branch, unit, key = a_branch(), Unit.objects.get(code="kg"), f"g{next(serial)}"
    goods = {"branch": branch, "item": "大米", "value": Decimal(30), "unit": unit, "source": "简报", "key": key}
    return Break(Add(StockReceipt(**goods)), after=Add(StockReceipt(**goods)))


@CASES.breaks("stock_receipt_not_negative")
def goods_given_out_as_received() -> Break:
    return Break(Add(StockReceipt(branch=a_branch(), item="大米", value=Decimal(-30), unit=Unit.objects.get(code="kg"))))


@CASES.breaks("statement_once_per_source", collides=True)
def a_statement_loaded_twice() -> Break:
    branch, key = a_branch(), f"s{next(serial)}"
    return Break(Add(statement(branch=branch, source="简报", key=key)), after=Add(statement(branch=branch, source="简报", key=key)))


@CASES.breaks("statement_about_one_thing")
def a_statement_about_nothing() -> Break:
    return Break(Add(statement()))


@CASES.breaks("statement_about_one_thing")
def a_statement_about_a_branch_and_a_unit() -> Break:
    return Break(Add(statement(branch=a_branch(), work_unit=make_unit("示例局"))))


@CASES.breaks("statement_not_negative")
def a_statement_of_less_than_nothing() -> Break:
    return Break(Add(statement(branch=a_branch(), value=Decimal(-1))))


@dataclass(frozen=True)
class Copied(Add):
    """Insert a row as it is, as COPY and fixtures do: nothing is folded on the way."""

    def through_orm(self) -> None:
        """Save it without asking its fields."""
        self.row.save_base(raw=True, force_insert=True)


@CASES.breaks("entry_note_is_folded")
def an_entry_whose_note_nobody_would_find() -> Break:
    return Break(Copied(entry(note="王家湾漏水")))


@CASES.breaks("version_note_is_folded")
def a_report_whose_note_nobody_would_find() -> Break:
    return Break(Copied(version(daily(), note="3 栋")))


# --- Kept totals --------------------------------------------------------------------------------------------------------


@CASES.breaks("branch_that_filed_keeps_its_kind", collides=True)
def a_branch_made_a_command_post_while_it_files() -> Break:
    report = daily()
    return Break(alter(report.branch, kind="command_post"), after=Add(version(report)))


class Emptying:
    """TRUNCATE, which both ways write alike."""

    def through_orm(self) -> None:
        """Empty the table."""
        self.through_sql()

    def through_sql(self) -> None:
        """Empty the table."""
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {Rollup._meta.db_table}")


@CASES.breaks("totals_are_kept")
def totals_emptied() -> Break:
    return Break(Emptying())


# --- Frozen figures -----------------------------------------------------------------------------------------------------


@CASES.breaks("frozen_figure_about_one_thing")
def a_frozen_figure_of_a_branch_and_a_unit() -> Break:
    return Break(Add(frozen(work_unit=make_unit("示例局"))))


@CASES.breaks("frozen_figure_ends_after_it_starts")
def a_frozen_figure_of_days_in_reverse() -> Break:
    return Break(Add(frozen(first_day=MARCH_6, last_day=MARCH_5)))


@CASES.breaks("frozen_figure_says_what_for")
def a_figure_frozen_for_nothing() -> Break:
    return Break(Add(frozen(purpose="")))


@CASES.breaks("frozen_figure_counts_what_it_adds")
def a_frozen_value_of_no_figures() -> Break:
    return Break(Add(frozen(count=0)))


@CASES.breaks("frozen_is_never_changed")
def a_frozen_value_put_right() -> Break:
    return Break(alter(stored(frozen()), value=Decimal(4)))


@CASES.breaks("frozen_is_kept")
def a_frozen_figure_removed() -> Break:
    return Break(Remove(stored(frozen())))


@CASES.breaks("import_is_filed_at_a_moment")
def an_import_filed_at_no_moment() -> Break:
    return Break(Add(an_import(state="filed")))


@CASES.breaks("imported_report_once", collides=True)
def a_report_twice_in_an_import() -> Break:
    given = {"of": stored(an_import()), "branch": a_branch(), "business_date": MARCH_6, "state": "ready", "uid": uuid4(), "figures": 1}
    return Break(Add(ImportedReport(**given)), after=Add(ImportedReport(**given)))
