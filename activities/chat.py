"""The day as text for a chat: read from the same totals as the pages, with qualifiers as the language writes them."""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext, override, pgettext
from django.utils.translation import gettext as _

from activities.figures import Qualifier, format_change, format_number, format_short
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
from branches.models import Branch


def branch_day_text(branch: Branch, day: date, *, lang: str) -> str:
    """Return a branch's day for its chat group: each figure of the day, running, and against the day before. Five queries."""
    scope = Scope(branch=branch)
    with override(lang):
        found = _lines_of(scope, day)
        head = _head(branch.name, day)
        body = figure_lines(found) or [_("Nothing reported yet.")]
        return "\n".join([head, *body])


def scope_day_text(scope: Scope, day: date, *, lang: str) -> str:
    """Return the day of a region, a work unit or a branch for a chat: who has reported, who is missing by name, and the figures."""
    with override(lang):
        done = attributed(scope.work_unit, Span.day(day)) if scope.work_unit else None
        return compose(scope, day, completeness(scope, day), missing_branches(scope, day), _lines_of(scope, day), done)


def compose(scope: Scope, day: date, counted: Completeness, missing: Sequence[MissingBranch], found: Sequence[Line], done: Attributed | None = None) -> str:
    """Return the same from figures that a page has read already, in the language of the page."""
    head = _head(scope.object.name, day)
    body = [*_who(counted, missing), *(_shifts(done) if done else []), *_figures_or_none(found, done)]
    known = known_at([counted, *(total for line in found for total in (line.now,) if total is not None)])
    if known is not None:
        body.append(_("As of %(moment)s") % {"moment": date_format(timezone.localtime(known), "SHORT_DATETIME_FORMAT")})
    return "\n".join([head, *body])


def _figures_or_none(found: Iterable[Line], done: Attributed | None) -> list[str]:
    """Return the lines; where there are none, say so, but not of a unit whose people worked without figures that are theirs alone."""
    return figure_lines(found) or ([] if done and done.person_shifts else [_("Nothing reported yet.")])


def figure_lines(found: Iterable[Line]) -> list[str]:
    """Return the lines of what was reported for the day, under a heading for each kind of work, or behind it where there is one line."""
    order = list(ActivityKind.values)
    # Later metrics stand at the end of the catalogue: brought back to the others of their kind.
    reported = sorted((line for line in found if line.now is not None), key=lambda line: order.index(line.metric.kind))
    printed = []
    for kind, group in groupby(reported, key=lambda line: line.metric.kind):
        label, held = str(ActivityKind(kind).label), list(group)
        heading = _("[%(kind)s]") % {"kind": label}
        if len(held) > 1:
            printed += [heading, *map(_line, held)]
        else:  # A heading over a single line would make most of a branch's message headings; nor is 值守 said twice.
            only = _figures(held[0]) if held[0].metric.name == label else _line(held[0])
            printed.append(_("%(heading)s %(line)s") % {"heading": heading, "line": only})
    return printed


def _lines_of(scope: Scope, day: date) -> list[Line]:
    metrics = list(Metric.objects.all())
    return lines(scope, Span.day(day), metrics, Ledger(scope, day, metrics))


def _line(line: Line) -> str:
    return _("%(name)s: %(figures)s") % {"name": line.metric.name, "figures": _figures(line)}


def _figures(line: Line) -> str:
    holds = line.metric.over_time == OverTime.LATEST
    parts = [(_("now %(figure)s") if holds else _("%(figure)s on the day")) % {"figure": _short(line.now)}]
    if line.running is not None and line.running.value is not None:
        parts.append(_("%(figure)s in all") % {"figure": _short(line.running)})
    if line.change is not None:
        parts.append(_change(*line.change))
    return pgettext("between clauses", ", ").join(parts)


def _change(value: Decimal, qualifier: Qualifier) -> str:
    if value == 0:
        return _("as on the day before") if qualifier == Qualifier.EXACT else _("about as on the day before")
    return _("%(change)s on the day before") % {"change": format_change(value, qualifier, _language())}


def _short(total: Total | None) -> str:
    if total is None:
        return "—"
    if total.value is None:
        return ngettext("%(count)d figure, not added", "%(count)d figures, not added", total.count) % {"count": total.count}
    number = format_short(total.value, total.qualifier, _language())
    return _("%(number)s %(unit)s") % {"number": number, "unit": total.metric.unit_name}


def _who(counted: Completeness, missing: Sequence[MissingBranch]) -> list[str]:
    if not counted.due:
        return []
    parts = [_("%(reported)d of %(due)d branches have reported") % {"reported": counted.reported, "due": counted.due}]
    if missing:
        names = pgettext("between names", ", ").join(_missing(row) for row in missing)
        parts.append(_("%(number)d missing: %(names)s") % {"number": len(missing), "names": names})
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
    return _("%(name)s, report of %(day)s") % {"name": name, "day": date_format(day, pgettext("date format", "j F"))}


def _language() -> str:
    return get_language() or "zh-hans"
