"""A day, or a span of days, as text for a chat: read from the same totals as the pages, with qualifiers as the language writes them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Final

from django.db.models import Max, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import get_language, ngettext, override, pgettext
from django.utils.translation import gettext as _

from activities.figures import Qualifier, format_moved, format_number, format_short
from activities.models import ActivityKind, Metric, OverTime
from activities.rollups import (
    Attributed,
    Completeness,
    Ledger,
    Line,
    MissingBranch,
    Scope,
    Span,
    Total,
    attributed,
    completeness,
    known_at,
    lines,
    missing_branches,
)
from activities.rollups.rows import carried
from branches.models import Branch

MOST_NAMED: Final = 50


@dataclass(frozen=True)
class Given:
    """When a branch gave a value that holds until the next: `last` before the end of a span, and `before` that, up to the day before the span."""

    last: date
    before: date | None

    def is_compared(self, span: Span) -> bool:
        """Whether its last day and the day before it have values of their own: what holds from earlier has not stayed the same, nobody looked."""
        return self.last == span.last and self.before == span.first - timedelta(days=1)


def branch_day_text(branch: Branch, day: date, *, lang: str) -> str:
    """Return a branch's day for its chat group: each figure of the day, running, and against the day before. Five queries."""
    scope, span = Scope(branch=branch), Span.day(day)
    with override(lang):
        found = _lines_of(scope, day)
        head = _head(branch.name, day)
        body = figure_lines(found, span, last_given(branch, span)) or [_("Nothing reported yet.")]
        return "\n".join([head, *body])


def scope_day_text(scope: Scope, day: date, *, lang: str) -> str:
    """Return the day of a region, a work unit or a branch for a chat: who has reported, who is missing by name, and the figures."""
    with override(lang):
        done = attributed(scope.work_unit, Span.day(day)) if scope.work_unit else None
        return compose(scope, Span.day(day), completeness(scope, day), missing_branches(scope, day, MOST_NAMED), _lines_of(scope, day), done)


def compose(scope: Scope, span: Span, counted: Completeness, missing: Sequence[MissingBranch], found: Sequence[Line], done: Attributed | None = None) -> str:
    """Return the same from figures that a page has read already, in its language; of several days their totals, and who is missing on the last.

    `missing` holds the first `MOST_NAMED` of them: a chat of a province with thousands of names would be read by nobody.
    """
    single = span.length == 1
    head = _head(scope.object.name, span.last) if single else _span_head(scope.object.name, span)
    who = _who(counted, missing, "" if single else _day(span.last))
    figures = figure_lines(found, span, last_given(scope.branch, span) if scope.branch else {})
    # A unit whose people worked without figures that are theirs alone has not reported nothing.
    nothing = [] if done and done.person_shifts else [_("Nothing reported yet.")]
    body = [*who, *(_shifts(done) if done else []), *(figures or nothing)]
    known = known_at([counted, *(total for line in found for total in (line.now, line.running) if total is not None), *([done] if done else [])])
    if known is not None:
        body.append(_("As of %(moment)s") % {"moment": date_format(timezone.localtime(known), "SHORT_DATETIME_FORMAT")})
    return "\n".join([head, *body])


def last_given(branch: Branch, span: Span) -> dict[str, Given]:
    """Return by metric code when a branch gave the values that hold at the end of a span. One query."""
    eve = span.first - timedelta(days=1)
    rows = carried([branch.pk]).filter(day__lte=span.last).order_by().values_list("metric__code")
    return {code: Given(last, before) for code, last, before in rows.annotate(last=Max("day"), before=Max("day", filter=Q(day__lte=eve)))}


def figure_lines(found: Iterable[Line], span: Span, given: Mapping[str, Given]) -> list[str]:
    """Return the lines of what was reported for a day or for several, under a heading for each kind of work, or behind it where there is one line.

    `given` says of a branch when it gave the values that hold; one from before the span is said with its day.
    """
    order = list(ActivityKind.values)
    # Later metrics stand at the end of the catalogue: brought back to the others of their kind.
    reported = sorted((line for line in found if line.now is not None), key=lambda line: order.index(line.metric.kind))
    printed = []
    for kind, group in groupby(reported, key=lambda line: line.metric.kind):
        label, held = str(ActivityKind(kind).label), [(line, _figures(line, span, given.get(line.metric.code))) for line in group]
        heading = _("[%(kind)s]") % {"kind": capfirst(label)}
        if len(held) > 1:
            printed += [heading, *(_line(capfirst(line.metric.name), figures) for line, figures in held)]
        else:  # A heading over a single line would make most of a branch's message headings; nor is 值守 said twice.
            [(line, figures)] = held
            only = figures if line.metric.name == label else _line(line.metric.name, figures)
            printed.append(_("%(heading)s %(line)s") % {"heading": heading, "line": only})
    return printed


def _lines_of(scope: Scope, day: date) -> list[Line]:
    metrics = list(Metric.objects.all())
    return lines(Span.day(day), metrics, Ledger(scope, day, metrics))


def _line(name: str, figures: str) -> str:
    return _("%(name)s: %(figures)s") % {"name": name, "figures": figures}


def _figures(line: Line, span: Span, given: Given | None) -> str:
    holds = line.metric.over_time == OverTime.LATEST
    added = _("%(figure)s on the day") if span.length == 1 else _("%(figure)s in these days")
    parts = [(_("now %(figure)s") if holds else added) % {"figure": _short(line.now)}]
    if given is not None and given.last < span.first:
        parts = [_("%(figures)s (reported on %(day)s)") % {"figures": parts[0], "day": _day(given.last)}]
    if line.running is not None and line.running.value is not None:
        parts.append(_("%(figure)s in all") % {"figure": _short(line.running)})
    if line.change is not None and (given is None or given.is_compared(span)):
        parts.append(_change(*line.change))
    return pgettext("between clauses", ", ").join(parts)


def _change(value: Decimal, qualifier: Qualifier) -> str:
    if value == 0:
        return _("as on the day before") if qualifier == Qualifier.EXACT else _("about as on the day before")
    return _("%(change)s vs the day before") % {"change": format_moved(value, qualifier, _language())}


def _short(total: Total | None) -> str:
    if total is None:
        return "—"
    if total.value is None:
        return ngettext("%(count)d figure, not added", "%(count)d figures, not added", total.count) % {"count": total.count}
    return format_short(total.value, total.qualifier, _language(), unit_label=total.metric.unit_name, total=total.added)


def _who(counted: Completeness, missing: Sequence[MissingBranch], day: str = "") -> list[str]:
    if not counted.due:
        return []
    said = _("%(reported)d of %(due)d branches have reported") % {"reported": counted.reported, "due": counted.due}
    parts = [_("%(name)s: %(figures)s") % {"name": day, "figures": said} if day else said]
    if missing:
        names = pgettext("between names", ", ").join(_missing(row) for row in missing[:MOST_NAMED])
        said = _("%(number)d missing: %(names)s") if counted.missing <= MOST_NAMED else _("%(number)d missing, among them: %(names)s")
        parts.append(said % {"number": counted.missing, "names": names})
    return [pgettext("between sentences", "; ").join(parts)]


def _missing(row: MissingBranch) -> str:
    if row.draft_since is not None:
        return _("%(name)s (filled in, not sent)") % {"name": row.branch.name}
    if row.days is not None and row.days > 1:
        return _("%(name)s (%(days)d days running)") % {"name": row.branch.name, "days": row.days}
    return str(row.branch.name)


def _shifts(done: Attributed) -> list[str]:
    facts = {"shifts": format_number(Decimal(done.person_shifts), _language()), "hours": format_number(done.hours, _language())}
    return [_("Our people: %(shifts)s person-shifts, %(hours)s hours") % facts]


def _head(name: str, day: date) -> str:
    return _("%(name)s, report of %(day)s") % {"name": name, "day": _day(day)}


def _span_head(name: str, span: Span) -> str:
    return _("%(name)s, totals of %(first)s to %(last)s") % {"name": name, "first": _day(span.first), "last": _day(span.last)}


def _day(day: date) -> str:
    return date_format(day, pgettext("date format", "j F"))


def _language() -> str:
    return get_language() or "zh-hans"
