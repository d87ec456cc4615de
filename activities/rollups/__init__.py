"""The one reader of totals. Page, API, chat text and document ask here and so cannot disagree.

A reader passes a scope, a span of days and metrics; `records` gives the measures that count, and every total is an aggregate over exactly
those rows. Which rows count, and why, is written in docs/decisions/totals.md; in short:

- only current versions, filed or accepted;
- `sum`: the days of the span, and period reports that add to the daily ones and lie wholly inside it;
- `latest`: the last value of each branch up to the end of the span, while the branch is alive on that day;
- `distinct` and `none`, and whatever is not added over places: the same rows, shown one by one, never added;
- a region has what was done in it, by the tree in force on the day; a work unit only what can be attributed to its people;
  command posts are shown apart and are in no region's totals.
"""

from activities.rollups.attribution import (
    Attributed,
    attributed,
    attributed_by_child,
    attributed_by_day,
    attributed_by_unit,
    attributed_of,
    attributed_within,
    entries_of,
    entries_taken_part_in,
    served,
)
from activities.rollups.children import Below, ChildRow, by_child, directly_in, lists_branches, of_line
from activities.rollups.completeness import (
    Completeness,
    DutyContact,
    MissingBranch,
    completeness,
    completeness_of,
    completeness_read,
    due,
    missing,
    missing_branches,
    missing_of,
    not_due_yet,
    overall,
    reports_counted,
    with_completeness,
)
from activities.rollups.counting import count_of, days_of, reports_count_of
from activities.rollups.courses import Rate, by_child_and_day, rates_by_child
from activities.rollups.ledger import Ledger
from activities.rollups.lines import Line, lines
from activities.rollups.listing import dated, entries_listed, listed, newest_beside
from activities.rollups.rows import COUNTED_KINDS, beside, compared, cut_by, participations, records, records_apart, shifts_within, worked_by
from activities.rollups.scope import DAWN, Scope, Span
from activities.rollups.standing import Standing, standing
from activities.rollups.statements import Comparison, compare, computed
from activities.rollups.stored import is_kept
from activities.rollups.totals import Total, by_day, change, first_day, known_at, total_of, totals

__all__ = [
    "COUNTED_KINDS",
    "DAWN",
    "Attributed",
    "Below",
    "ChildRow",
    "Comparison",
    "Completeness",
    "DutyContact",
    "Ledger",
    "Line",
    "MissingBranch",
    "Rate",
    "Scope",
    "Span",
    "Standing",
    "Total",
    "attributed",
    "attributed_by_child",
    "attributed_by_day",
    "attributed_by_unit",
    "attributed_of",
    "attributed_within",
    "beside",
    "by_child",
    "by_child_and_day",
    "by_day",
    "change",
    "compare",
    "compared",
    "completeness",
    "completeness_of",
    "completeness_read",
    "computed",
    "count_of",
    "cut_by",
    "dated",
    "days_of",
    "directly_in",
    "due",
    "entries_listed",
    "entries_of",
    "entries_taken_part_in",
    "first_day",
    "is_kept",
    "known_at",
    "lines",
    "listed",
    "lists_branches",
    "missing",
    "missing_branches",
    "missing_of",
    "newest_beside",
    "not_due_yet",
    "of_line",
    "overall",
    "participations",
    "rates_by_child",
    "records",
    "records_apart",
    "reports_count_of",
    "reports_counted",
    "served",
    "shifts_within",
    "standing",
    "total_of",
    "totals",
    "with_completeness",
    "worked_by",
]
