"""Filing figures, for a day or for a span of days."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.models import DailyReport, PeriodReport, ReportVersion
from activities.receipts import canonical, receipt_number
from activities.registers import figures_of
from activities.rollups import upkeep
from activities.rollups.scope import DAWN
from activities.services.permission import require
from activities.services.works import Work, entries_of, filing_content
from branches.access import Act
from branches.models import Branch
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict
from portal.foundation.models import Submission
from portal.foundation.refusals import as_validation_error

if TYPE_CHECKING:
    from portal.accounts.models import User

State = ReportVersion.State
Nature = ReportVersion.Nature

STALE = gettext_lazy("Somebody else filed this report meanwhile.")
# The figure that the rule of `satisfied_are_among_the_valid` is about.
SATISFIED: Final = "survey_satisfied"
# One statement for all that comes with a version: asked for one by one, most of the time would go into asking. Keys follow the order of the works.
_CONTENTS: Final = """
    WITH given AS (
        SELECT * FROM json_to_recordset(%(entries)s) AS entry (
            public_id uuid, kind text, place_id bigint, starts_at timestamptz, ends_at timestamptz, note text, note_folded text, measures json, people json)
    ), entry AS (
        INSERT INTO activities_entry (public_id, version_id, branch_id, business_date, kind, place_id, starts_at, ends_at, note, note_folded)
        SELECT public_id, %(version)s, %(branch)s, %(day)s, kind, place_id, starts_at, ends_at, note, note_folded FROM given ORDER BY public_id
        RETURNING id, public_id
    ), participant AS (
        INSERT INTO activities_entryparticipant (public_id, entry_id, person_id, home_unit_id, hours)
        SELECT person.public_id, entry.id, person_id, home_unit_id, hours
        FROM entry JOIN given USING (public_id)
        CROSS JOIN json_to_recordset(people) AS person (public_id uuid, person_id bigint, home_unit_id bigint, hours numeric)
        ORDER BY person.public_id
    ), submission AS (
        INSERT INTO foundation_submission (account_id, uid, fingerprint, object_id, at) VALUES (%(actor)s, %(uid)s, %(fingerprint)s, %(public_id)s, %(now)s)
    ), draft AS (
        DELETE FROM activities_reportdraft WHERE user_id = %(actor)s AND branch_id = %(branch)s AND business_date = %(day)s
    )
    INSERT INTO activities_measure (
        public_id, entry_id, metric_id, branch_id, business_date, value, qualifier, qualifier_text, value_entered, unit_entered_id, unit_text, source,
        register_revision, register_value)
    SELECT measure.public_id, entry.id, metric_id, %(branch)s, %(day)s, value, qualifier, qualifier_text, value_entered, unit_entered_id, unit_text, source,
        register_revision, register_value
    FROM entry JOIN given USING (public_id)
    CROSS JOIN json_to_recordset(measures) AS measure (
        public_id uuid, metric_id bigint, value numeric, qualifier text, qualifier_text text,
        value_entered numeric, unit_entered_id bigint, unit_text text, source text, register_revision bigint, register_value numeric)
    ORDER BY measure.public_id
"""


@dataclass(frozen=True)
class Acknowledgement:
    """Proof of arrival: the stored version, and whether this call stored it."""

    version: ReportVersion
    created: bool

    @property
    def receipt(self) -> str:
        """The receipt number."""
        return self.version.receipt


def file_daily_report(
    *,
    actor: "User",
    branch: Branch,
    day: date,
    works: Sequence[Work],
    uid: UUID,
    base: int | None = None,
    reason: str = "",
    note: str = "",
    means: str = ReportVersion.Means.FORM,
    on_behalf: bool = False,
    known_from: datetime | None = None,
) -> Acknowledgement:
    """File a branch's figures for a business date, as a first version, a supplement or a correction.

    Sending the same `uid` and content again returns the first acknowledgement and stores nothing.

    Args:
        actor: who files; needs `Act.FILE` over the branch, or `Act.FILE_ON_BEHALF` with `on_behalf`.
        branch: whose figures.
        day: business date.
        works: what was done; all figures of the day, for a version replaces the one before it.
        uid: the client's own identifier for this filing.
        base: number of the version that the form was opened on, 0 for none; None when the client does not say.
        reason: why it is corrected; needed after the due time when there was a version before.
        note: free text; sensitive.
        means: how it came, a `ReportVersion.Means`.
        on_behalf: filed by a reviewer from a telephone call; the organiser confirms it.
        known_from: the moment from which it counts; now unless history is loaded.

    Raises:
        Forbidden: `actor` may not file for `branch`.
        Conflict: `uid` came before with other content, or a newer version than `base` exists.
        ValidationError: by metric code, or `day` or `reason`, each with a sentence for the person who typed it.
    """
    require(actor, Act.FILE_ON_BEHALF if on_behalf else Act.FILE, branch)
    moment = known_from or clock.now()
    content = filing_content(branch=branch, first_day=day, last_day=day, works=works, note=note)
    try:
        with transaction.atomic():
            # Both ends of the day, the one that closes it and the one that is due, are read at once.
            prefetch_related_objects([branch], "schedules")
            refuse_impossible_day(branch, day, moment)
            slot, is_new = _daily_slot(branch, day)
            # Under the lock: the same submission may have been on its way twice. None was for a report that is only being made.
            if not is_new and (earlier := _same_submission(actor, uid, content)) is not None:
                return Acknowledgement(earlier, created=False)
            version = _next_version(
                None if is_new else slot.versions, base=base, moment=moment, due_at=due_moment(branch, day), reason=reason, now=known_from is None
            )
            version.daily_report, version.branch, version.uid, version.note = slot, branch, uid, note
            version.means, version.on_behalf, version.filed_by = means, on_behalf, actor
            _store(version, works, content, business_date=day)
            audit.record(actor, "report.filed", version, branch=str(branch.public_id), day=day.isoformat(), number=version.number, nature=version.nature)
            return Acknowledgement(version, created=True)
    except IntegrityError as error:
        return _after_collision(actor, uid, content, error)


def file_period_report(
    *,
    actor: "User",
    branch: Branch,
    first_day: date,
    last_day: date,
    works: Sequence[Work],
    uid: UUID,
    relation: str = PeriodReport.Relation.ADDS_TO_DAILY,
    undated: bool = False,
    reason: str = "",
    note: str = "",
    means: str = ReportVersion.Means.FORM,
    source: str = "",
    key: str = "",
    known_from: datetime | None = None,
) -> Acknowledgement:
    """File a branch's figures for a span of days; with the same `source` and `key`, as a new version of the same report.

    Without a source, the report of the same branch, span and relation is the one that gets the version.

    Raises:
        Forbidden: `actor` may not file for `branch`.
        Conflict: `uid` came before with other content.
        ValidationError: by metric code, or `last_day`.
    """
    require(actor, Act.FILE, branch)
    moment = known_from or clock.now()
    content = filing_content(branch=branch, first_day=first_day, last_day=last_day, works=works, note=note)
    try:
        with transaction.atomic():
            if last_day < first_day:
                raise ValidationError({"last_day": _("The end is before the start.")})
            refuse_impossible_day(branch, last_day, moment, field="last_day")
            _refuse_before_dawn(first_day, "first_day")
            # The branch's row orders two who file the same span at once: there is no unique span to collide on.
            Branch.objects.select_for_update(no_key=True).get(pk=branch.pk)
            if (earlier := _same_submission(actor, uid, content)) is not None:
                return Acknowledgement(earlier, created=False)
            span = {"branch": branch, "first_day": first_day, "last_day": last_day, "relation": relation, "undated": undated, "source": source, "key": key}
            slot = PeriodReport.objects.filter(**span).first() or PeriodReport.objects.create(**span)
            version = _next_version(slot.versions, base=None, moment=moment, due_at=None, reason=reason, now=known_from is None)
            version.period_report, version.branch, version.uid, version.note = slot, branch, uid, note
            version.means, version.filed_by = means, actor
            _store(version, works, content, business_date=None)
            audit.record(actor, "period_report.filed", version, branch=str(branch.public_id), number=version.number)
            return Acknowledgement(version, created=True)
    except IntegrityError as error:
        return _after_collision(actor, uid, content, error)


def _fingerprint(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(content)).hexdigest()


def _same_submission(actor: "User", uid: UUID, content: Mapping[str, Any]) -> ReportVersion | None:
    """Return the version that `actor` stored under `uid`, if any; refuse the same identifier with other content."""
    submission = Submission.objects.filter(account=actor, uid=uid).first()
    if submission is None:
        return None
    if submission.fingerprint != _fingerprint(content):
        raise Conflict("reused_uid", _("This identifier was used before with other content."))
    return ReportVersion.objects.get(public_id=submission.object_id)


def _after_collision(actor: "User", uid: UUID, content: Mapping[str, Any], error: IntegrityError) -> Acknowledgement:
    """Answer a filing that met another one in the same moment: the same submission, or somebody else's."""
    refusal = as_validation_error(error)
    if refusal.code == "submission_uid_once_per_account" and (earlier := _same_submission(actor, uid, content)) is not None:
        return Acknowledgement(earlier, created=False)
    if refusal.code == "satisfied_are_among_the_valid":
        raise ValidationError({SATISFIED: refusal.messages}) from error
    raise refusal from error


def refuse_impossible_day(branch: Branch, day: date, moment: datetime, field: str = "day") -> None:
    """Refuse a day for which `branch` cannot have a report at `moment`.

    Raises:
        ValidationError: by `field`.
    """
    if day > branch.business_date_at(moment):
        raise ValidationError({field: _("This day is not here yet.")})
    if branch.ended_on is not None and day > branch.ended_on:
        raise ValidationError({field: _("The branch ended before this day.")})
    _refuse_before_dawn(day, field)


def due_moment(branch: Branch, day: date) -> datetime | None:
    """Return until when a report of `branch` for `day` may be supplemented without a reason; None where none is due."""
    return branch.due_at(day) if branch.reports_daily else None


def _refuse_before_dawn(day: date, field: str) -> None:
    """Refuse a day that nobody can mean: on the edge of the calendar, whatever reads it later would fail."""
    if day < DAWN:
        raise ValidationError({field: _("Days lie after 1900.")})


def _daily_slot(branch: Branch, day: date) -> tuple[DailyReport, bool]:
    """Return the report of a day, locked, and whether it is new: then nobody else has seen it, and it has no versions."""
    slot = DailyReport(branch=branch, business_date=day)
    with connection.cursor() as cursor:
        # Waits for whoever is just making the same one.
        cursor.execute(
            "INSERT INTO activities_dailyreport (public_id, branch_id, business_date) VALUES (%s, %s, %s)"
            " ON CONFLICT (branch_id, business_date) DO NOTHING RETURNING id",
            [slot.public_id, branch.pk, day],
        )
        if made := cursor.fetchone():
            slot.pk = made[0]
            return slot, True
    return DailyReport.objects.select_for_update().get(branch=branch, business_date=day), False


def _next_version(versions: Any, *, base: int | None, moment: datetime, due_at: datetime | None, reason: str, now: bool) -> ReportVersion:
    """Close the current one of a locked report's `versions` and return the next one, unsaved; `now` says that `moment` is the clock's."""
    # Locked: a reviewer may be returning the current one, and then it is no longer current.
    held = list(versions.select_for_update().order_by("-number")) if versions is not None else []
    latest = next(iter(held), None)
    current = next((version for version in held if version.is_current), None)
    if base is not None and latest is not None and latest.number > base:
        raise Conflict("stale", STALE, current=latest)
    nature = Nature.FIRST
    if latest is not None:
        nature = Nature.CORRECTION if due_at is not None and moment > due_at else Nature.SUPPLEMENT
    if nature is Nature.CORRECTION and not reason.strip():
        raise ValidationError({"reason": _("The due time has passed: say why the figures change.")})
    if latest is not None and now:
        moment = latest.not_before(moment)
    if current is not None:
        current.state, current.known_until = State.SUPERSEDED, moment
        current.save(update_fields=["state", "known_until"])
    number = latest.number + 1 if latest is not None else 1
    return ReportVersion(number=number, nature=nature, reason=reason.strip(), known_from=moment, due_at=due_at)


def _store(version: ReportVersion, works: Sequence[Work], content: Mapping[str, Any], *, business_date: date | None) -> None:
    """Write the version, its entries, measures and participants, and the client's identifier; end the draft."""
    assert version.filed_by is not None  # noqa: S101 - services always name the actor
    version.receipt = receipt_number(content, version.uid)
    version.save(force_insert=True)
    codes = {figure.metric for work in works for figure in work.figures}
    derived = figures_of(version.branch, business_date, codes) if business_date else None
    rows = entries_of(works, version.branch, business_date or version.known_from.date(), derived)
    values: dict[str, Any] = {
        "version": version.pk,
        "branch": version.branch.pk,
        "day": business_date,
        "entries": json.dumps(rows, default=str),
        "actor": version.filed_by.pk,
        "uid": version.uid,
        "fingerprint": _fingerprint(content),
        "public_id": version.public_id,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CONTENTS, values)
    # What was filed stands; whoever reads next adds up what could not be folded.
    transaction.on_commit(upkeep.fold_when_many, robust=True)
