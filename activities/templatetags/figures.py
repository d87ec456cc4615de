"""Figures in templates, with qualifier and unit as the language of the page writes them."""

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext

from activities.figures import CHINESE_NOTE, ENGLISH_NOTE, Qualifier, format_brief, format_change, format_figure, format_number
from activities.models import Measure
from activities.rollups import Total

register = template.Library()


def language() -> str:
    """Return the language of the page."""
    return get_language() or "zh-hans"


def figure_text(total: Total | None, *, unit: bool = True) -> str:
    """Return a total as plain text: a dash when nothing was reported; how many figures there are when they must not be added."""
    if total is None:
        return "—"
    if total.value is None:
        return ngettext("%(count)d figure, not added", "%(count)d figures, not added", total.count) % {"count": total.count}
    return format_figure(total.value, total.qualifier, total.metric.unit_name if unit else "", lang=language(), total=total.added)


def figure_brief(total: Total) -> str:
    """Return the same without its unit where there is room for a word only."""
    if total.value is None:
        return figure_text(total)
    return format_brief(total.value, total.qualifier, language(), total=total.added)


@register.filter
def figure(total: Total | None) -> SafeString:
    """Return a total with its unit small beside it."""
    if total is None or total.value is None:
        return number_of(total)
    return format_html('{} <span class="unit">{}</span>', number_of(total), total.metric.unit_name)


@register.filter
def number_of(total: Total | None) -> SafeString:
    """Return a total without its unit, for a column that names it; the note on approximate terms stands small behind it."""
    text = figure_text(total, unit=False)
    if total is None or total.value is None:
        return format_html('<span class="q">{}</span>', text)
    note = next((note for note in (CHINESE_NOTE, ENGLISH_NOTE) if text.endswith(note)), "")
    return format_html('{}<span class="q">{}</span>', text.removesuffix(note), note) if note else format_html("{}", text)


@register.filter
def as_data(total: Total | None) -> SafeString:
    """Return a total for machines: attributes with the exact value (empty when its figures are not added) and how many figures are behind it."""
    if total is None:
        return SafeString("")
    value = "" if total.value is None else f"{total.value:f}"
    return format_html('data-metric="{}" data-value="{}" data-count="{}"', total.metric.code, value, total.count)


@register.filter
def row_data(measure: Measure) -> SafeString:
    """Return a record for machines: whose it is, on which day it stands or takes effect, and its exact value."""
    return format_html('data-branch="{}" data-day="{}" data-value="{}"', measure.branch.public_id, measure.day.isoformat(), f"{measure.value:f}")  # type: ignore[attr-defined]


@register.filter
def as_entered(measure: Measure) -> str:
    """Return a measure as it was filed: in the unit typed, in the words printed. Needs `unit_entered`."""
    return format_figure(
        measure.value_entered,
        Qualifier(measure.qualifier),
        measure.unit_text or measure.unit_entered.name,
        lang=language(),
        text=measure.qualifier_text,
    )


@register.filter
def stored(measure: Measure) -> SafeString:
    """Return a measure in the metric's own unit, as totals count it. Needs `metric`."""
    text = format_figure(measure.value, Qualifier(measure.qualifier), "", lang=language())
    return format_html('{} <span class="unit">{}</span>', text, measure.metric.unit_name)


@register.filter
def entered_as_stored(measure: Measure) -> bool:
    """Say whether a measure reads the same as it was filed and in the metric's own unit. Needs `metric` and `unit_entered`."""
    own = format_figure(measure.value, Qualifier(measure.qualifier), measure.metric.unit_name, lang=language())
    return own == as_entered(measure)


@register.filter
def signed(moved: tuple[Decimal, Qualifier] | None) -> str:
    """Return a change with its sign; a dash when there is nothing to compare."""
    return "—" if moved is None else format_change(moved[0], moved[1], language())


@register.simple_tag
def qualified(value: Decimal | None, qualifier: str, unit: str = "") -> str:
    """Return a bare value with its qualifier; a dash for None."""
    return "—" if value is None else format_figure(value, Qualifier(qualifier), unit, lang=language())


@register.filter
def decimal(value: Decimal | int | None) -> str:
    """Return an exact number, as figures are printed; a dash for None."""
    return "—" if value is None else format_number(Decimal(value), language())
