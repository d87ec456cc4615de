"""Reports with their versions, and the figures inside them.

A report is the slot (a branch and a day, or a branch and a span); what was filed for it are its versions. A version and all inside it are
written in one transaction and never change afterwards, but for the version's own state: triggers in `activities/migrations/` see to it.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from activities.figures import Qualifier
from activities.models.catalogue import ActivityKind, Metric, Unit
from activities.querysets import DailyReportQuerySet, EntryQuerySet, MeasureQuerySet, PeriodReportQuerySet, ReportVersionQuerySet
from branches.models import Branch, Region, WorkUnit
from members.models import Person
from portal.foundation.models import PublicModel, SourcedModel
from portal.foundation.searching import FoldedField, bigram_index
from portal.foundation.sensitive import AFTER_THE_BRANCH, GONE, AtEnd, Basis, Sensitive, Since

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


# A note, and the words and the day by which it is found; most rows have none, and stand in none of its indexes.
_NOTE = ("note", "note_folded", "note_day")
_NOTED = Q(note_folded__isnull=False)


def note_is_folded(name: str) -> models.CheckConstraint:
    """Return the constraint that a note can be found, and no note is none: whoever writes rows past the models folds their notes too."""
    return models.CheckConstraint(
        name=name,
        condition=Q(note_folded__isnull=False, note_folded__gt="") | Q(note_folded=None) & ~Q(note__regex="[0-9A-Za-z一-龥]"),
        violation_error_message=_("A note is stored together with the text by which it is found."),
    )


class DailyReport(PublicModel):
    """The figures that a branch owes for one business date."""

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, db_index=False, related_name="daily_reports")
    business_date = models.DateField(_("business date"))

    objects = DailyReportQuerySet.as_manager()

    if TYPE_CHECKING:
        versions: RelatedManager["ReportVersion"]

    class Meta:
        verbose_name = _("daily report")
        verbose_name_plural = _("daily reports")
        ordering = ["-business_date", "-pk"]
        indexes = [models.Index(fields=["business_date", "branch"], name="daily_report_by_day")]
        constraints = [
            models.UniqueConstraint(
                name="one_daily_report_a_day",
                fields=["branch", "business_date"],
                violation_error_message=_("The branch has a report for this day already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.business_date}"


class PeriodReport(SourcedModel):
    """Figures of a branch for a span of days; never put on a day."""

    class Relation(models.TextChoices):
        ADDS_TO_DAILY = "adds_to_daily", _("adds to the daily reports")
        INCLUDES_DAILY = "includes_daily", _("includes the daily reports")

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, db_index=False, related_name="period_reports")
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    relation = models.CharField(_("beside the daily reports"), max_length=15, choices=Relation, default=Relation.ADDS_TO_DAILY)
    # The document gave no date: the span is the branch's own up to the day of the document.
    undated = models.BooleanField(_("without a date in the document"), default=False)

    objects = PeriodReportQuerySet.as_manager()

    if TYPE_CHECKING:
        versions: RelatedManager["ReportVersion"]

    class Meta:
        verbose_name = _("period report")
        verbose_name_plural = _("period reports")
        ordering = ["-last_day", "-first_day", "-pk"]
        indexes = [
            models.Index(fields=["branch", "first_day", "last_day"], name="period_report_by_span"),
            models.Index(fields=["last_day"], name="period_report_by_day"),
        ]
        constraints = [
            SourcedModel.source_key_constraint("period_report_once_per_source"),
            models.CheckConstraint(
                name="period_report_ends_after_it_starts",
                condition=Q(last_day__gte=F("first_day")),
                violation_error_message=_("The end is before the start."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.first_day} – {self.last_day}"


class ReportVersion(PublicModel):
    """What was filed at one moment for a report. At most one version of a report is current: filed or accepted."""

    class State(models.TextChoices):
        FILED = "filed", _("filed")
        ACCEPTED = "accepted", _("accepted")
        RETURNED = "returned", _("returned")
        WITHDRAWN = "withdrawn", _("withdrawn")
        SUPERSEDED = "superseded", _("superseded")

    CURRENT = ("filed", "accepted")

    class Nature(models.TextChoices):
        FIRST = "first", _("first filing")
        SUPPLEMENT = "supplement", _("supplement")
        CORRECTION = "correction", _("correction")

    class Means(models.TextChoices):
        FORM = "form", _("form")
        API = "api", _("another system")
        WORKBOOK = "workbook", _("workbook")
        CASE = "case", _("published case")
        DEMO = "demo", _("demo data")

    daily_report = models.ForeignKey(
        DailyReport, verbose_name=_("daily report"), on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="versions"
    )
    period_report = models.ForeignKey(
        PeriodReport, verbose_name=_("period report"), on_delete=models.PROTECT, db_index=False, null=True, blank=True, related_name="versions"
    )
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, db_index=False, related_name="+")
    number = models.PositiveIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.FILED)
    nature = models.CharField(_("nature"), max_length=10, choices=Nature, default=Nature.FIRST)
    reason = models.CharField(_("reason for the correction"), max_length=500, blank=True)
    # Free text is sensitive: a resident may be named in it.
    note = models.TextField(_("note"), blank=True)
    # By which the note is found; and its day: the business date, or the last day of the period. The day is set by a trigger.
    note_folded = FoldedField(_("note, folded"), of="note")
    note_day = models.DateField(_("day of the note"), null=True, editable=False)
    means = models.CharField(_("filed by way of"), max_length=10, choices=Means, default=Means.FORM)
    uid = models.UUIDField(_("client's identifier"))
    receipt = models.CharField(_("receipt number"), max_length=20, db_index=True)
    filed_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("filed by"), on_delete=models.PROTECT, null=True, related_name="+")
    due_at = models.DateTimeField(_("due at"), null=True)
    known_from = models.DateTimeField(_("known from"), default=timezone.now)
    known_until = models.DateTimeField(_("known until"), null=True)
    on_behalf = models.BooleanField(_("filed on behalf, from a telephone call"), default=False)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("confirmed by"), on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("reviewed by"), on_delete=models.PROTECT, null=True, related_name="+")
    reviewed_at = models.DateTimeField(_("reviewed at"), null=True)
    review_note = models.CharField(_("review note"), max_length=500, blank=True)
    # The transaction that wrote the version; nothing is added to it by a later one. Set by a trigger.
    written_in = models.BigIntegerField(_("written in transaction"), default=0, editable=False)

    objects = ReportVersionQuerySet.as_manager()

    # Texts of published cases are public as they are.
    PUBLISHED = Q(means=Means.CASE)
    SENSITIVE = {
        **dict.fromkeys(_NOTE, Sensitive(_("explaining the day's figures to whoever works for the branch"), AFTER_THE_BRANCH, Basis.EMERGENCY)),
        **dict.fromkeys(
            ("reason", "review_note"),
            Sensitive(_("telling why a report was corrected, or what to look at in it"), AFTER_THE_BRANCH, Basis.DUTY, becomes=GONE),
        ),
    }

    if TYPE_CHECKING:
        entries: RelatedManager["Entry"]

    class Meta:
        verbose_name = _("report version")
        verbose_name_plural = _("report versions")
        ordering = ["-known_from", "-pk"]
        indexes = [
            models.Index(fields=["branch", "known_from"], name="report_version_by_branch"),
            bigram_index("note_folded", "version_note_bigrams", _NOTED),
            models.Index(fields=["note_day", "id"], name="version_by_note", condition=_NOTED),
        ]
        constraints = [
            note_is_folded("version_note_is_folded"),
            models.CheckConstraint(
                name="version_of_one_report",
                condition=Q(daily_report=None, period_report__isnull=False) | Q(daily_report__isnull=False, period_report=None),
                violation_error_message=_("A version belongs to a daily or to a period report."),
            ),
            models.UniqueConstraint(
                name="daily_version_numbered_once",
                fields=["daily_report", "number"],
                violation_error_message=_("Somebody else filed this report meanwhile."),
            ),
            models.UniqueConstraint(
                name="period_version_numbered_once",
                fields=["period_report", "number"],
                violation_error_message=_("Somebody else filed this report meanwhile."),
            ),
            models.UniqueConstraint(
                name="one_current_daily_version",
                fields=["daily_report"],
                condition=Q(state__in=("filed", "accepted")),
                violation_error_message=_("Somebody else filed this report meanwhile."),
            ),
            models.UniqueConstraint(
                name="one_current_period_version",
                fields=["period_report"],
                condition=Q(state__in=("filed", "accepted")),
                violation_error_message=_("Somebody else filed this report meanwhile."),
            ),
            models.CheckConstraint(
                name="version_known_until_after_from",
                condition=Q(known_until=None) | Q(known_until__gte=F("known_from")),
                violation_error_message=_("The end is before the start."),
            ),
            models.CheckConstraint(
                name="version_current_is_still_known",
                condition=Q(state__in=("filed", "accepted"), known_until=None) | (~Q(state__in=("filed", "accepted")) & Q(known_until__isnull=False)),
                violation_error_message=_("A version that is no longer current says until when it was."),
            ),
            models.CheckConstraint(
                name="correction_has_a_reason",
                condition=~Q(nature="correction") | ~Q(reason=""),
                violation_error_message=_("A correction after the due time needs a reason."),
            ),
            models.CheckConstraint(
                name="returned_with_a_note",
                condition=~Q(state="returned") | ~Q(review_note=""),
                violation_error_message=_("Say what to look at before you return a report."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report} v{self.number}"

    @property
    def report(self) -> "DailyReport | PeriodReport":
        """The report that this is a version of."""
        report = self.daily_report or self.period_report
        assert report is not None  # noqa: S101 - version_of_one_report
        return report

    @property
    def is_current(self) -> bool:
        """Whether the version's figures count."""
        return self.state in self.CURRENT

    def not_before(self, moment: datetime) -> datetime:
        """Return `moment`, or the version's own where that is later: the clock was set back since, and what follows a version never precedes it."""
        return max(moment, self.known_from)

    @cached_property
    def is_late(self) -> bool:
        """Whether nothing was filed for the report before its due time, neither this version nor one before it.

        A query for a version after the due time, unless it was read `with_lateness()`; lists do that.
        """
        if self.due_at is None or self.known_from <= self.due_at:
            return False
        return not ReportVersion.objects.punctual().filter(daily_report=self.daily_report_id, number__lt=self.number).exists()


class Entry(PublicModel):
    """A piece of work inside a version: its kind, the place as stored at the time, who took part, and its measures."""

    version = models.ForeignKey(ReportVersion, verbose_name=_("version"), on_delete=models.PROTECT, related_name="entries")
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, db_index=False, related_name="+")
    business_date = models.DateField(_("business date"), null=True)
    kind = models.CharField(_("kind"), max_length=20, choices=ActivityKind)
    # As stored at the time: moving a branch does not rewrite history.
    place = models.ForeignKey(Region, verbose_name=_("place"), on_delete=models.PROTECT, db_index=False, related_name="+")
    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True)
    # Free text is sensitive: a resident may be named in it.
    note = models.TextField(_("note"), blank=True)
    # By which the note is found; and its day: the business date, or the last day of the period. The day is set by a trigger.
    note_folded = FoldedField(_("note, folded"), of="note")
    note_day = models.DateField(_("day of the note"), null=True, editable=False)

    objects = EntryQuerySet.as_manager()

    PUBLISHED = Q(version__means=ReportVersion.Means.CASE)
    SENSITIVE = dict.fromkeys(_NOTE, Sensitive(_("explaining a piece of work to whoever works for the branch"), AFTER_THE_BRANCH, Basis.EMERGENCY))

    if TYPE_CHECKING:
        measures: RelatedManager["Measure"]
        participants: RelatedManager["EntryParticipant"]

    class Meta:
        verbose_name = _("entry")
        verbose_name_plural = _("entries")
        ordering = ["-business_date", "-pk"]
        indexes = [
            models.Index(fields=["branch", "business_date", "id"], name="entry_by_branch"),
            models.Index(fields=["place", "business_date"], name="entry_by_place"),
            bigram_index("note_folded", "entry_note_bigrams", _NOTED),
            models.Index(fields=["note_day", "id"], name="entry_by_note", condition=_NOTED),
        ]
        constraints = [
            note_is_folded("entry_note_is_folded"),
            models.CheckConstraint(
                name="entry_ends_after_it_starts",
                condition=Q(ends_at=None) | (Q(starts_at__isnull=False) & Q(ends_at__gte=F("starts_at"))),
                violation_error_message=_("The work ends before it starts."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.business_date} {self.kind}"


class Measure(PublicModel):
    """One figure: a metric's value in its own unit, with what was typed and how exact it is."""

    class Source(models.TextChoices):
        TYPED = "typed", _("typed")
        DERIVED = "derived", _("from a register")
        TALLY = "tally", _("a count without records")

    entry = models.ForeignKey(Entry, verbose_name=_("entry"), on_delete=models.PROTECT, db_index=False, related_name="measures")
    metric = models.ForeignKey(Metric, verbose_name=_("metric"), on_delete=models.PROTECT, db_index=False, related_name="+")
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, db_index=False, related_name="+")
    business_date = models.DateField(_("business date"), null=True)
    value = models.DecimalField(_("value"), max_digits=18, decimal_places=3)
    qualifier = models.CharField(_("how exact"), max_length=10, choices=Qualifier, default=Qualifier.EXACT)
    qualifier_text = models.CharField(_("as printed"), max_length=40, blank=True)
    value_entered = models.DecimalField(_("value as entered"), max_digits=18, decimal_places=3)
    unit_entered = models.ForeignKey(Unit, verbose_name=_("unit as entered"), on_delete=models.PROTECT, related_name="+")
    # The unit's name as printed, when it was another than the unit's own (户 for 户次).
    unit_text = models.CharField(_("unit as printed"), max_length=20, blank=True)
    source = models.CharField(_("comes from"), max_length=10, choices=Source, default=Source.TYPED)
    # What the register said when this was filed; another number than the value where somebody typed over it.
    register_revision = models.BigIntegerField(_("revision of the register"), null=True, blank=True)
    register_value = models.DecimalField(_("value in the register"), max_digits=18, decimal_places=3, null=True, blank=True)

    objects = MeasureQuerySet.as_manager()

    class Meta:
        verbose_name = _("measure")
        verbose_name_plural = _("measures")
        ordering = ["-business_date", "-pk"]
        indexes = [
            models.Index(fields=["metric", "business_date", "id"], name="measure_by_metric", include=["value", "qualifier", "branch", "entry"]),
            models.Index(fields=["branch", "metric", "business_date"], name="measure_by_branch"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="metric_once_an_entry", fields=["entry", "metric"], violation_error_message=_("This figure stands twice in one entry.")
            ),
            models.CheckConstraint(name="measure_not_negative", condition=Q(value__gte=0), violation_error_message=_("A figure cannot be negative.")),
            models.CheckConstraint(
                name="measure_entered_not_negative",
                condition=Q(value_entered__gte=0),
                violation_error_message=_("A figure cannot be negative."),
            ),
            models.CheckConstraint(
                name="derived_measure_is_the_registers",
                condition=~Q(source="derived") | Q(register_value=F("value"), register_revision__isnull=False, qualifier="exact"),
                violation_error_message=_("A figure from a register is the register's, with its revision."),
            ),
            models.CheckConstraint(
                name="register_value_has_a_revision",
                condition=Q(register_value=None, register_revision=None)
                | Q(register_value__isnull=False, register_revision__isnull=False, register_value__gte=0, register_revision__gte=0),
                violation_error_message=_("What a register said has a revision, and is not negative."),
            ),
            models.CheckConstraint(
                name="tally_has_no_register",
                condition=~Q(source="tally") | Q(register_value=None),
                violation_error_message=_("A count without records has no register."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric.code} {self.value}"


class EntryParticipant(PublicModel):
    """Someone who took part in an entry, with the work unit that sent them on that date. One row is one person-shift."""

    entry = models.ForeignKey(Entry, verbose_name=_("entry"), on_delete=models.PROTECT, db_index=False, related_name="participants")
    person = models.ForeignKey(Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="participations")
    home_unit = models.ForeignKey(WorkUnit, verbose_name=_("work unit"), on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    hours = models.DecimalField(_("hours"), max_digits=5, decimal_places=2, null=True, blank=True)

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints = [
            models.UniqueConstraint(
                name="person_once_an_entry", fields=["entry", "person"], violation_error_message=_("This person stands twice in one entry.")
            ),
            models.CheckConstraint(
                name="participant_hours_in_a_day",
                condition=Q(hours=None) | Q(hours__gte=0, hours__lte=24),
                violation_error_message=_("Hours lie between 0 and 24."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.entry_id}"


class ReportDraft(PublicModel):
    """What somebody has typed and not yet filed; never in a total."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("user"), on_delete=models.CASCADE, related_name="+")
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.CASCADE, related_name="drafts")
    business_date = models.DateField(_("business date"))
    # Fields of the form by name, as typed; `base` is the number of the version that the form was opened on, 0 for none.
    data = models.JSONField(_("as typed"), default=dict)
    base = models.PositiveIntegerField(_("opened on version"), default=0)
    saved_at = models.DateTimeField(_("saved at"), default=timezone.now)

    SENSITIVE = {"data": Sensitive(_("keeping what was typed until it is filed"), timedelta(days=30), Basis.EMERGENCY, since=Since.ROW, at_end=AtEnd.ROW_GOES)}

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.UniqueConstraint(
                name="one_draft_a_day",
                fields=["user", "branch", "business_date"],
                violation_error_message=_("You have a draft for this day already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.branch} {self.business_date}"
