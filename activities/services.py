"""Writes to reports: filing, reviewing, withdrawing, and drafts.

Nothing else writes these tables. A version with all inside it is written in one transaction, together with the client's identifier,
the audit row and the end of the draft.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.figures import NumberError, Qualifier, convert
from activities.models import DailyReport, Entry, EntryParticipant, Measure, Metric, PeriodReport, ReportDraft, ReportVersion, Unit
from activities.receipts import canonical, receipt_number
from activities.rollups import upkeep
from activities.rollups.scope import DAWN
from branches import access
from branches.access import Act
from branches.models import Branch, Region
from members.models import Person, Secondment
from portal.foundation import audit, clock
from portal.foundation.errors import Conflict, Forbidden
from portal.foundation.models import Submission
from portal.foundation.refusals import as_validation_error

if TYPE_CHECKING:
    from portal.accounts.models import User

State = ReportVersion.State
Nature = ReportVersion.Nature

# The figure that the rule of `satisfied_are_among_the_valid` is about.
SATISFIED: Final = "survey_satisfied"
# What a figure is checked and converted by.
_CATALOGUE: Final = Metric.objects.select_related("unit").only("code", "kind", "decimals", "unit__dimension", "unit__factor")
STALE = gettext_lazy("Somebody else filed this report meanwhile.")


@dataclass(frozen=True)
class Figure:
    """A figure as entered: `value` in `unit` (a unit's code; empty for the metric's own)."""

    metric: str
    value: Decimal
    unit: str = ""
    qualifier: str = Qualifier.EXACT
    qualifier_text: str = ""
    unit_text: str = ""
    source: str = Measure.Source.TYPED


@dataclass(frozen=True)
class Participation:
    """Someone who took part, and for how many hours where known."""

    person: Person
    hours: Decimal | None = None


@dataclass(frozen=True)
class Work:
    """A piece of work to file: becomes an entry with its measures and participants. Without a place it is the branch's host."""

    kind: str
    figures: tuple[Figure, ...]
    place: Region | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    note: str = ""
    participants: tuple[Participation, ...] = ()


@dataclass(frozen=True)
class Acknowledgement:
    """Proof of arrival: the stored version, and whether this call stored it."""

    version: ReportVersion
    created: bool

    @property
    def receipt(self) -> str:
        """The receipt number."""
        return self.version.receipt


def works_of(figures: Iterable[Figure]) -> tuple[Work, ...]:
    """Group figures into one piece of work a kind, in the order of the catalogue.

    Raises:
        ValidationError: a metric is not in the catalogue; keyed by its code.
    """
    given = list(figures)
    metrics = {metric.code: metric for metric in Metric.objects.filter(code__in={figure.metric for figure in given})}
    _refuse_unknown(given, metrics)
    by_kind: dict[str, list[Figure]] = defaultdict(list)
    for figure in sorted(given, key=lambda figure: metrics[figure.metric].position):
        by_kind[metrics[figure.metric].kind].append(figure)
    return tuple(Work(kind=kind, figures=tuple(figures)) for kind, figures in by_kind.items())


def filing_content(*, branch: Branch, first_day: date, last_day: date, works: Sequence[Work], note: str) -> dict[str, Any]:
    """Return what a receipt stands for, as plain JSON types: the same whoever computes it, the server or the phone.

    Figures that only differ in how they were ordered give the same content.
    """
    return {
        "branch": str(branch.public_id),
        "from": first_day.isoformat(),
        "to": last_day.isoformat(),
        "note": note,
        "works": sorted((_work_content(work) for work in works), key=canonical),
    }


def _work_content(work: Work) -> dict[str, Any]:
    figures = [
        {"metric": figure.metric, "value": figure.value, "unit": figure.unit, "qualifier": str(figure.qualifier), "text": figure.qualifier_text}
        for figure in work.figures
    ]
    return {
        "kind": work.kind,
        "figures": sorted(figures, key=canonical),
        "place": str(work.place.public_id) if work.place else "",
        "starts": work.starts_at.isoformat() if work.starts_at else "",
        "ends": work.ends_at.isoformat() if work.ends_at else "",
        "note": work.note,
        "people": sorted(f"{part.person.public_id} {part.hours or ''}" for part in work.participants),
    }


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
    _require(actor, Act.FILE_ON_BEHALF if on_behalf else Act.FILE, branch)
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
            due_at = branch.due_at(day) if branch.reports_daily else None
            version = _next_version(None if is_new else slot.versions, base=base, moment=moment, due_at=due_at, reason=reason)
            version.daily_report, version.branch, version.uid, version.note = slot, branch, uid, note
            version.means, version.on_behalf, version.filed_by = means, on_behalf, actor
            _store(version, works, content, business_date=day)
            ReportDraft.objects.filter(user=actor, branch=branch, business_date=day).delete()
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
    _require(actor, Act.FILE, branch)
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
            version = _next_version(slot.versions, base=None, moment=moment, due_at=None, reason=reason)
            version.period_report, version.branch, version.uid, version.note = slot, branch, uid, note
            version.means, version.filed_by = means, actor
            _store(version, works, content, business_date=None)
            audit.record(actor, "period_report.filed", version, branch=str(branch.public_id), number=version.number)
            return Acknowledgement(version, created=True)
    except IntegrityError as error:
        return _after_collision(actor, uid, content, error)


@transaction.atomic
def accept(*, actor: "User", version: ReportVersion) -> ReportVersion:
    """Accept a filed version.

    Raises:
        Forbidden: `actor` does not review the branch.
        Conflict: the version is no longer the filed one.
    """
    _require(actor, Act.REVIEW, version.branch)
    held = _held(version, State.FILED)
    held.state, held.reviewed_by, held.reviewed_at = State.ACCEPTED, actor, clock.now()
    held.save(update_fields=["state", "reviewed_by", "reviewed_at"])
    audit.record(actor, "report.accepted", held)
    return held


@transaction.atomic
def return_to_branch(*, actor: "User", version: ReportVersion, note: str) -> ReportVersion:
    """Return a version to its branch: it counts as missing until a new one is filed.

    Raises:
        Forbidden: `actor` does not review the branch.
        Conflict: the version is no longer current.
        ValidationError: `note` is empty.
    """
    _require(actor, Act.REVIEW, version.branch)
    if not note.strip():
        raise ValidationError({"note": _("Say what to look at before you return a report.")})
    held = _held(version, State.FILED, State.ACCEPTED)
    held.state, held.reviewed_by, held.review_note = State.RETURNED, actor, note.strip()
    held.reviewed_at = held.known_until = clock.now()
    held.save(update_fields=["state", "reviewed_by", "reviewed_at", "review_note", "known_until"])
    audit.record(actor, "report.returned", held)
    return held


@transaction.atomic
def withdraw(*, actor: "User", version: ReportVersion, reason: str) -> ReportVersion:
    """Withdraw a version that should not have been filed; the day counts as missing again.

    Raises:
        Forbidden: `actor` does not file for the branch.
        Conflict: the version is no longer current.
        ValidationError: `reason` is empty.
    """
    _require(actor, Act.FILE, version.branch)
    if not reason.strip():
        raise ValidationError({"reason": _("Say why the report is withdrawn.")})
    held = _held(version, State.FILED, State.ACCEPTED)
    held.state, held.review_note, held.known_until = State.WITHDRAWN, reason.strip(), clock.now()
    held.save(update_fields=["state", "review_note", "known_until"])
    audit.record(actor, "report.withdrawn", held)
    return held


@transaction.atomic
def confirm(*, actor: "User", version: ReportVersion) -> ReportVersion:
    """Confirm, as the branch's organiser, what a reviewer filed on its behalf.

    Raises:
        Forbidden: `actor` does not file for the branch.
        Conflict: it is not waiting to be confirmed.
    """
    _require(actor, Act.FILE, version.branch)
    held = _held(version, State.FILED, State.ACCEPTED)
    if not held.on_behalf or held.confirmed_at is not None:
        raise Conflict("state", _("This report does not wait to be confirmed."), current=held)
    held.confirmed_by, held.confirmed_at = actor, clock.now()
    held.save(update_fields=["confirmed_by", "confirmed_at"])
    audit.record(actor, "report.confirmed", held)
    return held


def save_draft(*, user: "User", branch: Branch, day: date, data: Mapping[str, str], base: int) -> ReportDraft:
    """Keep what `user` has typed for a day, field by field as typed; it is in no total.

    Raises:
        Forbidden: `user` may not file for `branch`.
    """
    if not (access.can(user, Act.FILE, branch) or access.can(user, Act.FILE_ON_BEHALF, branch)):
        raise Forbidden(_("You may not file for this branch."))
    draft, _created = ReportDraft.objects.update_or_create(
        user=user, branch=branch, business_date=day, defaults={"data": dict(data), "base": base, "saved_at": clock.now()}
    )
    return draft


def discard_draft(*, user: "User", branch: Branch, day: date) -> None:
    """Forget what `user` has typed for a day."""
    ReportDraft.objects.filter(user=user, branch=branch, business_date=day).delete()


def _require(actor: "User", act: Act, branch: Branch) -> None:
    if not access.can(actor, act, branch):
        raise Forbidden(_("You may not file for this branch.") if act is not Act.REVIEW else _("You do not review this branch."))


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


def _next_version(versions: Any, *, base: int | None, moment: datetime, due_at: datetime | None, reason: str) -> ReportVersion:
    """Close the current one of a locked report's `versions` and return the next one, unsaved."""
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
    if current is not None:
        current.state, current.known_until = State.SUPERSEDED, moment
        current.save(update_fields=["state", "known_until"])
    number = latest.number + 1 if latest is not None else 1
    return ReportVersion(number=number, nature=nature, reason=reason.strip(), known_from=moment, due_at=due_at)


def _store(version: ReportVersion, works: Sequence[Work], content: Mapping[str, Any], *, business_date: date | None) -> None:
    """Write the version, its entries, measures and participants, and the client's identifier."""
    assert version.filed_by is not None  # noqa: S101 - services always name the actor
    version.receipt = receipt_number(content, version.uid)
    version.save(force_insert=True)
    branch = version.branch
    entries = [
        Entry(
            version=version,
            branch=branch,
            business_date=business_date,
            kind=work.kind,
            place=work.place or branch.region,
            starts_at=work.starts_at,
            ends_at=work.ends_at,
            note=work.note,
        )
        for work in works
    ]
    measures = _measures(works, entries)
    Entry.objects.bulk_create(entries)
    Measure.objects.bulk_create(measures)
    EntryParticipant.objects.bulk_create(_participants(works, entries, business_date or version.known_from.date()))
    if any(measure.metric.code == SATISFIED for measure in measures):
        with connection.cursor() as cursor:
            # Refused here, where there is still somebody to tell, and not at a commit further out.
            cursor.execute("SET CONSTRAINTS satisfied_are_among_the_valid IMMEDIATE; SET CONSTRAINTS satisfied_are_among_the_valid DEFERRED")
    Submission.objects.create(account=version.filed_by, uid=version.uid, fingerprint=_fingerprint(content), object_id=version.public_id)
    # What was filed stands; whoever reads next adds up what could not be folded.
    transaction.on_commit(upkeep.fold_when_many, robust=True)


def _measures(works: Sequence[Work], entries: Sequence[Entry]) -> list[Measure]:
    figures = [figure for work in works for figure in work.figures]
    metrics = {metric.code: metric for metric in _CATALOGUE.filter(code__in={figure.metric for figure in figures})}
    entered = {figure.unit for figure in figures if figure.unit}
    units = {unit.code: unit for unit in Unit.objects.filter(code__in=entered)} if entered else {}
    _refuse_unknown(figures, metrics)
    errors: dict[str, list[Any]] = {}
    measures = []
    for work, entry in zip(works, entries, strict=True):
        for figure in work.figures:
            try:
                measures.append(_measure(figure, entry, metrics[figure.metric], units))
            except ValidationError as error:
                errors.setdefault(figure.metric, []).extend(error.error_list)
    if errors:
        raise ValidationError(errors)
    return measures


def _refuse_unknown(figures: Iterable[Figure], metrics: Mapping[str, Metric]) -> None:
    unknown = {figure.metric for figure in figures} - metrics.keys()
    if unknown:
        raise ValidationError(
            {code: ValidationError(_("There is no figure called “%(code)s”."), code="unknown_metric", params={"code": code}) for code in sorted(unknown)}
        )


def _measure(figure: Figure, entry: Entry, metric: Metric, units: Mapping[str, Unit]) -> Measure:
    entered = units.get(figure.unit, metric.unit) if figure.unit else metric.unit
    if (figure.unit and figure.unit not in units) or entered.dimension != metric.unit.dimension:
        raise ValidationError(_("This unit does not fit the figure."), code="unit")
    if metric.kind != entry.kind:
        raise ValidationError(_("This figure belongs to another kind of work."), code="kind")
    if figure.value < 0:
        raise ValidationError(_("A figure cannot be negative."), code="negative")
    if figure.value >= Decimal(10) ** 15:
        raise NumberError("too_large", _("This figure is too large to be true."))
    value = in_own_unit(figure.value, entered, metric)
    if value != round(value, metric.decimals):
        raise NumberError("decimals", _("This figure has more decimals than it may have; counts are whole numbers."))
    return Measure(
        entry=entry,
        metric=metric,
        branch=entry.branch,
        business_date=entry.business_date,
        value=value,
        qualifier=figure.qualifier,
        qualifier_text=figure.qualifier_text,
        value_entered=figure.value,
        unit_entered=entered,
        unit_text=figure.unit_text,
        source=figure.source,
    )


def in_own_unit(value: Decimal, entered: Unit, metric: Metric) -> Decimal:
    """Return `value`, given in unit `entered`, in the metric's own unit, with three decimals.

    Raises:
        NumberError: a digit would be lost.
    """
    return convert(value, entered.factor / metric.unit.factor)


def _participants(works: Sequence[Work], entries: Sequence[Entry], day: date) -> list[EntryParticipant]:
    people = {part.person.pk for work in works for part in work.participants}
    if not people:
        return []
    sent_by = dict(Secondment.objects.filter(person__in=people, during__contains=day).values_list("person", "home_unit"))
    return [
        EntryParticipant(entry=entry, person=part.person, home_unit_id=sent_by.get(part.person.pk), hours=part.hours)
        for work, entry in zip(works, entries, strict=True)
        for part in work.participants
    ]


def _held(version: ReportVersion, *states: str) -> ReportVersion:
    """Lock and return the version as it stands now; refuse when it is in none of `states`."""
    held: ReportVersion = ReportVersion.objects.select_for_update(of=("self",)).select_related("branch").get(pk=version.pk)
    if held.state not in states:
        raise Conflict("state", _("Somebody else has dealt with this version meanwhile."), current=held)
    return held
