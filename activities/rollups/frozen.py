"""What has become of a frozen figure: the rows that counted at its cut-off and do not now, and those that came since."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import BooleanField, Case, Value, When

from activities.figures import Qualifier
from activities.models import FrozenFigure, Measure, OverTime
from activities.querysets import MeasureQuerySet, counting
from activities.rollups.rows import DAY, records
from activities.rollups.scope import Scope, Span
from activities.rollups.totals import Total, total_of, totals

_VERSION = "entry__version__"


@dataclass(frozen=True, slots=True)
class Since:
    """A frozen figure beside that of now.

    Attributes:
        now: the figure of the same scope and days now.
        gone, came: the sums over the rows that differ, with how many they are.
        unexplained: records more (or fewer) now than these rows make. Then the tree of places, the life of a branch, or what a unit's people did
            was put down differently since; None when the rows explain everything.
    """

    now: Total | None
    gone: Total | None
    came: Total | None
    unexplained: int | None


def gone(figure: FrozenFigure) -> MeasureQuerySet:
    """Return the rows that counted in the figure at its cut-off and do not count in it now."""
    then, now = _then(figure), _now(figure)
    # Whether a latest value holds hangs on other rows too; any other row counts as long as its own version does.
    return then.exclude(pk__in=now.values("pk")) if _holds(figure) else then.exclude(counting(prefix=_VERSION))


def came(figure: FrozenFigure) -> MeasureQuerySet:
    """Return the rows that count in the figure now and did not at its cut-off."""
    then, now = _then(figure), _now(figure)
    return now.exclude(pk__in=then.values("pk")) if _holds(figure) else now.exclude(counting(figure.cut_off, _VERSION))


def differences(figure: FrozenFigure) -> MeasureQuerySet:
    """Return both, with `day`, and `counts_now` that tells them apart; the newest day first."""
    lost, new = gone(figure).order_by().values("pk"), came(figure).order_by().values("pk")
    rows: MeasureQuerySet = Measure.objects.filter(pk__in=lost.union(new, all=True)).annotate(
        day=DAY, counts_now=Case(When(pk__in=new, then=Value(True)), default=Value(False), output_field=BooleanField())
    )
    return rows.order_by("-day", "branch", "-counts_now", "pk")


def since(figure: FrozenFigure) -> Since:
    """Return what the figure is now, and how far its rows explain why."""
    now = totals(scope_of(figure), span_of(figure), [figure.metric]).get(figure.metric.code)
    lost, new = total_of(figure.metric, gone(figure)), total_of(figure.metric, came(figure))
    return Since(now, lost, new, _unexplained(figure, now, lost, new))


def scope_of(figure: FrozenFigure) -> Scope:
    """Return the scope that a figure is about."""
    return Scope.of(figure.about)


def span_of(figure: FrozenFigure) -> Span:
    """Return the days of a figure."""
    return Span(figure.first_day, figure.last_day)


def frozen_total(figure: FrozenFigure) -> Total | None:
    """Return the figure as it was frozen; None when nothing was reported then."""
    return Total(figure.metric, figure.value, Qualifier(figure.qualifier), figure.count, figure.inexact) if figure.count else None


def _then(figure: FrozenFigure) -> MeasureQuerySet:
    return records(scope_of(figure), span_of(figure), figure.metric, known_at=figure.cut_off)


def _now(figure: FrozenFigure) -> MeasureQuerySet:
    return records(scope_of(figure), span_of(figure), figure.metric)


def _holds(figure: FrozenFigure) -> bool:
    return figure.metric.over_time == OverTime.LATEST


def _unexplained(figure: FrozenFigure, now: Total | None, lost: Total | None, new: Total | None) -> int | None:
    counts = [total.count if total else 0 for total in (now, new, lost)]
    more = counts[0] - counts[1] + counts[2] - figure.count
    values = [Decimal(0) if total is None else total.value for total in (now, new, lost)]
    then = figure.value if figure.count else Decimal(0)
    if more or then is None or None in values:
        return more or None
    [value, added, taken] = (value for value in values if value is not None)
    return None if value - added + taken == then else 0
