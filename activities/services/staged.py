"""Filing what an import has staged: the rows that `filing` writes report by report, by one statement a table.

Every trigger fires, once a statement: rules, kept totals, change log. Reports, versions, entries and figures are those of a form, filed by means of a
workbook. Around them three things differ: there is no client that might send it twice, so that no submission is kept; what was typed for these days
stays as a draft; and the audit rows name the import.
"""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction

from activities.models import ImportedReport, ReportImport, ReportVersion
from activities.rollups import upkeep
from activities.services.filing import due_moment, refuse_impossible_day
from branches import access
from branches.access import Act
from branches.models import Branch
from portal.foundation import clock
from portal.foundation.refusals import constraint_of

_READY: Final = "activities_importedreport staged WHERE staged.of_id = %(of)s AND staged.state = 'ready'"
# In the order of the branches, as everybody's locks are taken: two imports of the same days wait for each other and never in a circle.
_REPORTS: Final = f"""
    WITH filed AS (
        INSERT INTO activities_dailyreport (public_id, branch_id, business_date)
        SELECT foundation_new_public_id(), branch_id, business_date FROM (
            SELECT branch_id, business_date FROM {_READY} ORDER BY branch_id, business_date) AS staged
        RETURNING id, branch_id, business_date
    )
    UPDATE activities_importedreport staged SET report_id = filed.id FROM filed
    WHERE staged.of_id = %(of)s AND staged.branch_id = filed.branch_id AND staged.business_date = filed.business_date
"""  # noqa: S608  # Names of this module.
_VERSIONS: Final = f"""
    INSERT INTO activities_reportversion (public_id, daily_report_id, branch_id, number, state, nature, reason, note, means, uid, receipt, filed_by_id,
        due_at, known_from, on_behalf, review_note, written_in)
    SELECT foundation_new_public_id(), report_id, branch_id, 1, 'filed', 'first', '', '', '{ReportVersion.Means.WORKBOOK}', uid, receipt, %(actor)s,
        due_at, %(now)s, on_behalf, '', 0
    FROM {_READY}
"""  # noqa: S608
_AUDIT: Final = """
    INSERT INTO foundation_auditentry (at, actor_id, action, model, object_id, details)
    SELECT %(now)s, %(actor)s, 'report.filed', 'reportversion', version.public_id, jsonb_build_object(
        'branch', branch.public_id, 'day', staged.business_date, 'number', version.number, 'nature', version.nature, 'import', %(import)s)
    FROM activities_importedreport staged JOIN activities_reportversion version ON version.daily_report_id = staged.report_id
    JOIN branches_branch branch ON branch.id = staged.branch_id
    WHERE staged.of_id = %(of)s AND staged.state = 'ready'
"""
_FIGURES: Final = """
    activities_importedreport staged
    JOIN activities_reportversion version ON version.daily_report_id = staged.report_id
    JOIN activities_importedfigure figure
        ON figure.of_id = staged.of_id AND figure.branch_id = staged.branch_id AND figure.business_date = staged.business_date
"""
# A piece of work's note stands on one of its lines.
_ENTRIES: Final = f"""
    INSERT INTO activities_entry (public_id, version_id, branch_id, business_date, kind, place_id, note, note_folded)
    SELECT foundation_new_public_id(), version_id, branch_id, business_date, kind, region_id, note, note_folded FROM (
        SELECT version.id AS version_id, staged.branch_id, staged.business_date, figure.kind, branch.region_id,
            max(figure.note) AS note, max(figure.note_folded) AS note_folded
        FROM {_FIGURES} JOIN branches_branch branch ON branch.id = staged.branch_id
        WHERE staged.of_id = %(of)s AND staged.state = 'ready'
        GROUP BY version.id, staged.branch_id, staged.business_date, figure.kind, branch.region_id ORDER BY version.id, min(figure.line)) AS work
"""  # noqa: S608
_MEASURES: Final = f"""
    INSERT INTO activities_measure (public_id, entry_id, metric_id, branch_id, business_date, value, qualifier, qualifier_text, value_entered,
        unit_entered_id, unit_text, source)
    SELECT foundation_new_public_id(), entry.id, figure.metric_id, figure.branch_id, figure.business_date, figure.value, figure.qualifier,
        figure.qualifier_text, figure.value_entered, figure.unit_entered_id, figure.unit_text, 'typed'
    FROM {_FIGURES} JOIN activities_entry entry ON entry.version_id = version.id AND entry.kind = figure.kind
    WHERE staged.of_id = %(of)s AND staged.state = 'ready' ORDER BY entry.id, figure.line
"""  # noqa: S608


class Changed(Exception):  # noqa: N818 - it is a state of the world, not a fault
    """What was found when the table was checked is not so any more."""


def file_staged(imported: ReportImport) -> None:
    """File every report that is ready, in the caller's transaction; each as a first version.

    Raises:
        Changed: the owner may no longer file for a branch, a branch can no longer have a report for a day or has it due at another time, somebody has
            filed one meanwhile; or what was found is no longer kept.
        IntegrityError: a rule of the database refuses that the check does not know.
    """
    _require_unchanged(imported)
    try:
        _write(imported)
    except IntegrityError as error:
        if constraint_of(error) == "one_daily_report_a_day":
            raise Changed("somebody filed one of the reports") from error
        raise
    transaction.on_commit(upkeep.fold_when_many, robust=True)


def _write(imported: ReportImport) -> None:
    now, ready = clock.now(), imported.counts["ready"]
    named: dict[str, str | int | datetime] = {"of": imported.pk, "actor": imported.owner_id, "now": now, "import": str(imported.public_id)}
    with connection.cursor() as cursor:
        for statement in (_REPORTS, _VERSIONS, _AUDIT, _ENTRIES, _MEASURES):
            cursor.execute(statement, named)
            # Rows that are thrown away meanwhile are missed here, also by the statements before.
            if cursor.rowcount != {_REPORTS: ready["reports"], _MEASURES: ready["rows"]}.get(statement, cursor.rowcount):
                raise Changed("what was found is no longer kept")
        # Refused here, where the caller can still tell, and not at the commit.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _require_unchanged(imported: ReportImport) -> None:
    ready = imported.reports.filter(state=ImportedReport.State.READY)
    for act, on_behalf in ((Act.FILE, False), (Act.FILE_ON_BEHALF, True)):
        allowed = access.branches_within(access.reach(imported.owner, act))
        if ready.filter(on_behalf=on_behalf).exclude(branch__in=Branch.objects.filter(allowed)).exists():
            raise Changed("the owner may no longer file for a branch")
    due = defaultdict[int, dict[date, datetime | None]](dict)
    for key, day, due_at in ready.order_by().values_list("branch", "business_date", "due_at"):
        due[key][day] = due_at
    for branch in Branch.objects.prefetch_related("schedules").filter(pk__in=due):
        _require_same_days(branch, due[branch.pk])


def _require_same_days(branch: Branch, due: Mapping[date, datetime | None]) -> None:
    """Refuse days that the branch can no longer have, and such that are due at another time than was found."""
    try:
        refuse_impossible_day(branch, max(due), clock.now())
    except ValidationError as error:
        raise Changed("a branch can no longer have a report for a day") from error
    if any(due_moment(branch, day) != due_at for day, due_at in due.items()):
        raise Changed("a report is due at another time")
