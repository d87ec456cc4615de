"""Tags and filters of the visual language: see docs/look.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django import template
from django.template.context import RequestContext
from django.template.loader_tags import BLOCK_CONTEXT_KEY
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from portal import charts
from portal.icons import ICONS

register = template.Library()


@dataclass(frozen=True, slots=True)
class Look:
    """How a state shows: a word, a shape, and only then a colour."""

    label: str | Promise
    icon: str
    tone: str = ""


LOOKS: Final[dict[str, Look]] = {
    "filed": Look(_("Filed"), "disc", "held"),
    "waiting": Look(_("Waiting for review"), "disc", "held"),
    "accepted": Look(_("Accepted"), "check", "ok"),
    "returned": Look(_("Returned"), "back", "accent"),
    "withdrawn": Look(_("Withdrawn"), "minus"),
    "superseded": Look(_("Superseded"), "stack"),
    "missing": Look(_("Missing"), "ring", "accent"),
    "draft": Look(_("Draft"), "pencil"),
    "unsent": Look(_("Filled in, not sent"), "unsent", "held"),
    "late": Look(_("Late"), "clock", "warn"),
    "due": Look(_("To be filed"), "clock", "held"),
    "supplement": Look(_("Supplement"), "plus", "held"),
    "corrected": Look(_("Corrected"), "swap", "warn"),
    "on_behalf": Look(_("Filed on behalf"), "phone", "held"),
    "locked": Look(_("Locked"), "lock", "held"),
    "forming": Look(_("Being formed"), "ring"),
    "active": Look(_("At work"), "disc", "ok"),
    "merged": Look(_("Merged"), "stack"),
    "dissolved": Look(_("Dissolved"), "minus"),
    "archived": Look(_("Archived"), "lock"),
    "open": Look(pgettext_lazy("need", "Open"), "disc", "held"),
    "overdue": Look(_("Overdue"), "clock", "accent"),
    "urgent": Look(_("Urgent"), "accent", "warn"),
    "handed_on": Look(_("Handed on"), "right", "held"),
    "at_branch": Look(_("At the branch"), "home"),
    "passed": Look(_("Waits for an answer"), "right", "held"),
    "answered": Look(_("Answered"), "check", "ok"),
    "laid_aside": Look(_("Laid aside"), "minus"),
    "done": Look(pgettext_lazy("step", "Done"), "check", "ok"),
    "ready": Look(pgettext_lazy("step", "Ready"), "right", "held"),
    "to_do": Look(pgettext_lazy("step", "To be done"), "ring", "warn"),
    "resolved": Look(_("Resolved"), "check", "ok"),
    "to_mend": Look(pgettext_lazy("point", "To be mended"), "disc", "held"),
    "point_overdue": Look(pgettext_lazy("point", "Overdue"), "clock", "accent"),
    "unvisited": Look(_("Not visited for 7 days"), "clock", "warn"),
    "to_check": Look(pgettext_lazy("point", "To be checked"), "search", "warn"),
    "mended": Look(pgettext_lazy("point", "Mended and checked"), "check", "ok"),
    "covered": Look(_("Covered"), "check", "ok"),
    "present": Look(_("On time"), "check", "ok"),
    "came_late": Look(pgettext_lazy("at a shift", "late"), "clock", "warn"),
    "absent": Look(pgettext_lazy("at a shift", "absent"), "minus", "accent"),
    "handed": Look(_("Handed over"), "check", "ok"),
    "to_sign": Look(_("To be signed"), "pencil", "held"),
    "not_handed": Look(_("Not handed over"), "ring", "warn"),
    "not_in": Look(_("Not checked in"), "ring"),
    "short": Look(_("Short of people"), "people", "warn"),
    "uncovered": Look(_("No squad"), "ring", "accent"),
    "grid_covered": Look(pgettext_lazy("grid", "Covered"), "check", "ok"),
    "shared_grid": Look(_("More than one squad"), "stack", "warn"),
    "leads": Look(pgettext_lazy("squad", "Leader"), "user", "held"),
    "claimed": Look(pgettext_lazy("pioneer post", "Held"), "check", "ok"),
    "free": Look(pgettext_lazy("pioneer post", "Free"), "ring", "held"),
    "ended": Look(pgettext_lazy("squad", "Ended"), "minus"),
    "survey_draft": Look(pgettext_lazy("survey", "in preparation"), "pencil"),
    "survey_open": Look(pgettext_lazy("survey", "open"), "disc", "ok"),
    "survey_closed": Look(pgettext_lazy("survey", "closed"), "lock"),
    "agree": Look(_("Agrees"), "equal", "ok"),
    "differ": Look(_("Differs"), "differ", "warn"),
}
TONES: Final[dict[str, str]] = {"success": "ok", "warning": "warn", "error": "error"}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return an icon as inline SVG, hidden from screen readers: the word beside it speaks."""
    return format_html('<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{}"/></svg>', ICONS[name])


@register.simple_tag
def pill(state: str, note: str = "") -> SafeString:
    """Return a state as a pill with its word and shape; `note` follows the word (连续 2 日)."""
    look = LOOKS.get(state, Look(state, "disc"))
    words = f"{look.label} · {note}" if note else str(look.label)
    return format_html('<span class="pill {}">{}<span>{}</span></span>', look.tone, icon(look.icon), words)


@register.filter
def tone(level: str) -> str:
    """Return the tone of a Django message level."""
    return TONES.get(level, "info")


@register.filter
def number(value: Decimal | int | None) -> str:
    """Return an exact number with thousands separators and no trailing zeros; a dash for None."""
    if value is None or value == "":
        return "—"
    text = f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@register.simple_tag(takes_context=True)
def query_with(context: RequestContext, **changes: object) -> str:
    """Return the query of this page with some parameters changed; None takes one out."""
    query = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def page_title(context: RequestContext) -> str:
    """Return the block `title` once more: the heading of a page and the title of its window are one text."""
    blocks = context.render_context.get(BLOCK_CONTEXT_KEY)
    title = blocks.get_block("title") if blocks else None
    return title.render(context) if title else ""


@register.simple_tag
def bar_chart(points: Sequence[charts.BarPoint], label: str, unit: str = "") -> SafeString:
    """Draw a bar a day."""
    return charts.bar_chart(points, label=label, unit=unit)


@register.simple_tag
def sparkline(values: Sequence[Decimal | int | None]) -> SafeString:
    """Draw the course of a figure, for a tile."""
    return charts.sparkline(values)


@register.simple_tag
def meter(parts: Sequence[charts.MeterPart], total: int | None = None, label: str = "", size: str = "") -> SafeString:
    """Draw how much of a whole is done; `size="mini"` in a table."""
    return charts.meter(parts, total=total, label=label, mini=size == "mini")
