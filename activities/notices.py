"""Figures worth a second look: warned about before filing, never refused."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from activities.figures import Qualifier, format_figure
from activities.models import Measure, Metric, OverTime, Unit
from activities.services import Figure, in_own_unit
from branches.models import Branch

DAYS_LOOKED_AT = 7
TIMES_THE_MEDIAN = 3
_TEN = Decimal(10)


@dataclass(frozen=True)
class Notice:
    """A sentence about one metric's figure, or about the whole day when `metric` is empty."""

    metric: str
    message: str


def notices_for(*, branch: Branch, day: date, figures: Sequence[Figure]) -> list[Notice]:
    """Return what looks odd about `figures`, compared with the branch's own seven days before `day`. Three queries.

    Noted are: a figure over three times the branch's own median of the last seven days, a value that carries forward and falls,
    and the same figures three days running.
    """
    past = _past(branch, day)
    metrics = {metric.code: metric for metric in Metric.objects.filter(code__in={figure.metric for figure in figures}).select_related("unit")}
    units = {unit.code: unit for unit in Unit.objects.all()}
    filed = {
        figure.metric: in_own_unit(figure.value, units.get(figure.unit, metrics[figure.metric].unit), metrics[figure.metric])
        for figure in figures
        if figure.metric in metrics
    }
    return _notices(day, filed, metrics, past)


def notices_by_branch(day: date, filed: Mapping[int, Mapping[str, Decimal]], metrics: Mapping[str, Metric]) -> dict[int, list[Notice]]:
    """Return the same for the reports of many branches: `filed` holds values by metric code in the metric's own unit, by branch. One query."""
    since = day - timedelta(days=DAYS_LOOKED_AT)
    rows = Measure.objects.counted().filter(branch__in=list(filed), business_date__gte=since, business_date__lt=day)
    past: dict[int, dict[str, dict[date, Decimal]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(Decimal)))
    for branch, code, on, value in rows.values_list("branch", "metric__code", "business_date", "value"):
        past[branch][code][on] += value
    return {branch: _notices(day, dict(values), metrics, past[branch]) for branch, values in filed.items()}


def _notices(day: date, filed: dict[str, Decimal], metrics: Mapping[str, Metric], past: dict[str, dict[date, Decimal]]) -> list[Notice]:
    notices = [notice for code, value in filed.items() if (notice := _notice(metrics[code], value, past.get(code, {}))) is not None]
    if _same_three_days_running(day, filed, past):
        notices.append(Notice("", _("These are the same figures as on the last two days.")))
    return notices


def _past(branch: Branch, day: date) -> dict[str, dict[date, Decimal]]:
    rows = (
        Measure.objects.counted()
        .filter(branch=branch, business_date__gte=day - timedelta(days=DAYS_LOOKED_AT), business_date__lt=day)
        .values_list("metric__code", "business_date", "value")
    )
    past: dict[str, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for code, on, value in rows:
        past[code][on] += value
    return past


def _notice(metric: Metric, value: Decimal, past: dict[date, Decimal]) -> Notice | None:
    if not past:
        return None
    if metric.over_time == OverTime.LATEST:
        before = past[max(past)]
        if value < before:
            return Notice(metric.code, _("Lower than last time (%(before)s).") % {"before": _said(metric, Qualifier.EXACT, before)})
        return None
    usual = median(past.values())
    if usual > 0 and value > TIMES_THE_MEDIAN * usual:
        return Notice(metric.code, _("More than three times what is usual here (%(usual)s).") % {"usual": _said(metric, Qualifier.ABOUT, _rounded(usual))})
    return None


def _said(metric: Metric, how: Qualifier, value: Decimal) -> str:
    return format_figure(value, how, metric.unit_name, lang=get_language() or "zh-hans")


def _rounded(usual: Decimal) -> Decimal:
    """Return two significant digits, and no decimals from ten: what is usual is not known any better."""
    step = max(usual.adjusted() - 1, 0 if usual >= _TEN else -1)
    return usual.quantize(Decimal(1).scaleb(step), ROUND_HALF_UP)


def _same_three_days_running(day: date, filed: dict[str, Decimal], past: dict[str, dict[date, Decimal]]) -> bool:
    if not any(filed.values()):
        return False

    def on(other: date) -> dict[str, Decimal]:
        return {code: days[other] for code, days in past.items() if other in days}

    return filed == on(day - timedelta(days=1)) == on(day - timedelta(days=2))
