"""What was found in an uploaded table, kept in plain tables until it is confirmed: not in a session's own, which a pooled connection would lose."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django.db import connection

from activities.imports.checking import Bad, Day, Finding, Key, Line, State
from activities.models import ImportedFigure, ImportedReport, RefusedCell, ReportImport
from portal.foundation.text import fold

_NULL: Final = "\\N"
# A backslash first.
_ESCAPED: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_REPORT_COLUMNS: Final = "of_id, branch_id, business_date, state, on_behalf, uid, receipt, due_at, figures, differs, report_id"
_FIGURE_COLUMNS: Final = (
    "of_id, line, branch_id, business_date, kind, metric_id, value, qualifier, qualifier_text, value_entered, unit_entered_id, unit_text, note, note_folded"
)
_REFUSED_COLUMNS: Final = "of_id, line, content, column, said_zh, said_en"
# A figure of the table that does not count in the portal as it stands there.
_DIFFERING: Final = """
    UPDATE activities_importedreport SET differs = true WHERE of_id = %(of)s AND report_id IN (
        SELECT staged.report_id FROM activities_importedreport staged
        JOIN activities_importedfigure figure
            ON figure.of_id = staged.of_id AND figure.branch_id = staged.branch_id AND figure.business_date = staged.business_date
        WHERE staged.of_id = %(of)s AND staged.state = 'present' AND NOT EXISTS (
            SELECT FROM activities_reportversion version
            JOIN activities_entry entry ON entry.version_id = version.id JOIN activities_measure measure ON measure.entry_id = entry.id
            WHERE version.daily_report_id = staged.report_id AND version.state IN ('filed', 'accepted')
                AND measure.metric_id = figure.metric_id AND measure.value = figure.value AND measure.qualifier = figure.qualifier))
"""


def stage(imported: ReportImport, found: Finding) -> None:
    """Keep what was found in the table of an import, in place of what was found before, with how many there are of each."""
    clear(imported)
    _copy(ImportedReport, _REPORT_COLUMNS, _reports(imported.pk, found))
    _copy(ImportedFigure, _FIGURE_COLUMNS, _figures(imported.pk, found.days))
    _copy(RefusedCell, _REFUSED_COLUMNS, _refused(imported.pk, found))
    with connection.cursor() as cursor:
        # They are joined soon, and nobody else will have counted them by then.
        cursor.execute("SELECT foundation_analyze('activities_importedreport', 'activities_importedfigure')")
        cursor.execute(_DIFFERING, {"of": imported.pk})
    imported.counts = _counts(found) | {"differing": imported.reports.filter(differs=True).count()}


def refuse_whole(imported: ReportImport, chinese: str, english: str) -> None:
    """Keep why the table of an import cannot be read at all."""
    clear(imported)
    imported.counts = {}
    RefusedCell.objects.create(of=imported, said_zh=chinese, said_en=english)


def clear(imported: ReportImport) -> None:
    """Forget what was found in the table of an import."""
    for rows in (imported.figures, imported.refusals, imported.reports):
        rows.all().delete()


def _copy(model: type[ImportedReport] | type[ImportedFigure] | type[RefusedCell], columns: str, lines: Iterable[str]) -> None:
    # `column` is a word of SQL.
    named = columns.replace(" column,", ' "column",')
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert(f"COPY {model._meta.db_table} ({named}) FROM STDIN", io.StringIO("".join(lines)))


def _reports(of: int, found: Finding) -> Iterator[str]:
    for (branch, day), held in found.days.items():
        on_behalf = "t" if found.on_behalf[branch] else "f"
        due_at, present = held.due_at.isoformat() if held.due_at else _NULL, _NULL if held.present is None else held.present
        yield f"{of}\t{branch}\t{day}\t{held.state}\t{on_behalf}\t{held.uid}\t{held.receipt}\t{due_at}\t{len(held.lines)}\tf\t{present}\n"


def _figures(of: int, days: "dict[Key, Day]") -> Iterator[str]:
    """Yield the figures of days that will be filed, or are to be compared; a piece of work's note stands on the first of its lines."""
    written: dict[int, str] = {}
    for (branch, day), held in days.items():
        if held.state == State.HELD:
            continue
        place = f"\t{branch}\t{day}\t"
        for work, lines in held.works():
            note = f"\t{_escaped(work.note)}\t{_escaped(fold(work.note)) or _NULL}\n" if work.note else f"\t\t{_NULL}\n"
            for line in lines:
                # The same figure stands in many rows, and is one object.
                text = written.get(id(line.read)) or written.setdefault(id(line.read), _figure(line))
                yield f"{of}\t{line.number}{place}{text}{note}"
                note = f"\t\t{_NULL}\n"


def _figure(line: Line) -> str:
    read = line.read
    figure = read.figure
    words = f"{figure.qualifier}\t{_escaped(figure.qualifier_text)}\t{figure.value}\t{read.unit}\t{_escaped(figure.unit_text)}"
    return f"{read.metric.kind}\t{read.metric.pk}\t{read.value}\t{words}"


def _refused(of: int, found: Finding) -> Iterator[str]:
    said: dict[Bad, str] = {}
    for refused in sorted(found.refused, key=lambda each: each.line):
        bad = refused.bad
        text = said.get(bad) or said.setdefault(bad, "\t".join(map(_escaped, (bad.column, bad.chinese, bad.english))))
        yield f"{of}\t{refused.line}\t{_escaped(refused.content)}\t{text}\n"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED)


def _counts(found: Finding) -> dict[str, Any]:
    """Return how many of everything, in plain types."""
    counts: dict[str, Any] = {"rows": found.rows, "refused": len({each.line for each in found.refused}), "cells": len(found.refused)}
    for state in State:
        of_state = [(key, held) for key, held in found.days.items() if held.state == state]
        counts[state.value] = _counted(of_state)
    return counts


def _counted(days: Sequence[tuple[Key, Day]]) -> dict[str, Any]:
    dates = [day for (_branch, day), _held in days]
    return {
        "reports": len(days),
        "rows": sum(len(held.lines) for _key, held in days),
        "branches": len({branch for (branch, _day), _held in days}),
        "days": len(set(dates)),
        "first": min(dates).isoformat() if dates else None,
        "last": max(dates).isoformat() if dates else None,
    }
