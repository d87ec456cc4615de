"""Tables of figures that somebody uploaded to be filed as daily reports: the file, what was found in it, and what is wrong with it.

What was found waits here until it is confirmed, row by row as it will be filed; it is in no total. These rows and the uploaded file are thrown away a
month after the last check or the filing, and sooner when their owner gives them up; that there was an import stays, with the file's name and hash.
"""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from activities.figures import Qualifier
from activities.models.catalogue import ActivityKind, Metric, Unit
from activities.models.report import DailyReport
from branches.models import Branch
from portal.foundation.models import Attachment, Job, PublicModel
from portal.foundation.searching import FoldedField
from portal.foundation.sensitive import AtEnd, Basis, Sensitive, Since

KEPT = timedelta(days=30)
_NOTED = Sensitive(_("filing an uploaded note with its report, once it is confirmed"), KEPT, Basis.EMERGENCY, since=Since.ROW, at_end=AtEnd.ROW_GOES)


class ReportImport(PublicModel):
    """An uploaded table on its way to being filed."""

    class State(models.TextChoices):
        READING = "reading", _("being read and checked")
        REFUSED = "refused", _("cannot be read")
        CHECKED = "checked", _("waiting for your confirmation")
        FILING = "filing", _("being filed")
        FILED = "filed", pgettext_lazy("import", "filed")
        DISCARDED = "discarded", pgettext_lazy("import", "thrown away")

    # Something is still to become of these.
    UNFINISHED = (State.READING, State.CHECKED, State.FILING)

    file = models.OneToOneField(Attachment, verbose_name=_("file"), on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("uploaded by"), on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.READING)
    job = models.ForeignKey(Job, verbose_name=_("job"), on_delete=models.SET_NULL, null=True, related_name="+")
    uploaded_at = models.DateTimeField(_("uploaded at"), default=timezone.now)
    # How many of what was found, by name.
    counts = models.JSONField(_("found"), default=dict)
    # Whether what was found changed between being shown and being confirmed, so that it is shown again.
    changed = models.BooleanField(_("changed meanwhile"), default=False)
    filed_at = models.DateTimeField(_("filed at"), null=True)

    # With the notes of its rows; only its owner's jobs read it.
    SENSITIVE = {
        "file": Sensitive(
            _("checking the table anew, and saying what was uploaded when somebody asks"), KEPT, Basis.EMERGENCY, since=Since.ROW, at_end=AtEnd.ROW_GOES
        )
    }

    class Meta:
        verbose_name = _("import of reports")
        verbose_name_plural = _("imports of reports")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["owner", "id"], name="import_by_owner")]
        constraints = [
            models.CheckConstraint(
                name="import_is_filed_at_a_moment",
                condition=models.Q(state="filed", filed_at__isnull=False) | ~models.Q(state="filed") & models.Q(filed_at=None),
                violation_error_message=_("An import that is filed says when."),
            ),
        ]

    def __str__(self) -> str:
        return self.file.name

    @property
    def finding(self) -> str:
        """The name of the last check, by which a page confirms what it showed; empty before the first, and another after each."""
        return str(self.job.public_id) if self.job is not None else ""

    @property
    def is_underway(self) -> bool:
        """Whether a job is at it, or will be."""
        waiting = self.state in (self.State.READING, self.State.FILING)
        return waiting and self.job is not None and self.job.state != Job.State.FAILED

    @property
    def has_failed(self) -> bool:
        """Whether its job gave up."""
        return self.state in (self.State.READING, self.State.FILING) and not self.is_underway

    @property
    def can_be_discarded(self) -> bool:
        """Whether its owner may still throw it away: it is neither filed nor being filed."""
        return self.state in (self.State.READING, self.State.CHECKED, self.State.REFUSED) or self.has_failed


class ImportedReport(models.Model):
    """A branch's day that stands in an uploaded table."""

    class State(models.TextChoices):
        READY = "ready", _("will be filed")
        HELD = "held", _("waits for refused rows")
        PRESENT = "present", _("is filed already")

    of = models.ForeignKey(ReportImport, verbose_name=_("import"), on_delete=models.CASCADE, related_name="reports", db_index=False)
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.CASCADE, related_name="+", db_index=False)
    business_date = models.DateField(_("business date"))
    state = models.CharField(_("state"), max_length=10, choices=State)
    on_behalf = models.BooleanField(_("filed on behalf"), default=False)
    uid = models.UUIDField(_("client's identifier"))
    receipt = models.CharField(_("receipt number"), max_length=20)
    due_at = models.DateTimeField(_("due at"), null=True)
    figures = models.PositiveIntegerField(_("number of figures"))
    # Of one that is filed already: whether the table says something else.
    differs = models.BooleanField(_("says something else"), default=False)
    # The report that it was filed as, or that was there before it.
    report = models.ForeignKey(DailyReport, verbose_name=_("report"), on_delete=models.SET_NULL, null=True, related_name="+", db_index=False)

    class Meta:
        verbose_name = _("imported report")
        verbose_name_plural = _("imported reports")
        ordering = ["of", "branch", "business_date"]
        constraints = [
            models.UniqueConstraint(
                name="imported_report_once",
                fields=["of", "branch", "business_date"],
                violation_error_message=_("This report stands twice in one import."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.business_date}"


class ImportedFigure(models.Model):
    """A figure of an uploaded table, as it will be filed. Written by COPY, read by one statement a table: see `activities/imports/`."""

    pk = models.CompositePrimaryKey("of", "line")
    of = models.ForeignKey(ReportImport, verbose_name=_("import"), on_delete=models.CASCADE, related_name="figures", db_index=False)
    line = models.PositiveIntegerField(_("line"))
    # Checked when it is filed, and short-lived: nothing here is looked up by what it names.
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False)
    business_date = models.DateField(_("business date"))
    kind = models.CharField(_("kind"), max_length=20, choices=ActivityKind)
    metric = models.ForeignKey(Metric, verbose_name=_("metric"), on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False)
    value = models.DecimalField(_("value"), max_digits=18, decimal_places=3)
    qualifier = models.CharField(_("how exact"), max_length=10, choices=Qualifier)
    qualifier_text = models.CharField(_("as printed"), max_length=40)
    value_entered = models.DecimalField(_("value as entered"), max_digits=18, decimal_places=3)
    unit_entered = models.ForeignKey(Unit, verbose_name=_("unit"), on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False)
    unit_text = models.CharField(_("unit as printed"), max_length=20)
    # The note of the whole piece of work, on its first line.
    note = models.TextField(_("note"), blank=True)
    note_folded = FoldedField(_("note, folded"), of="note")

    SENSITIVE = {"note": _NOTED, "note_folded": _NOTED}

    class Meta:
        verbose_name = _("imported figure")
        verbose_name_plural = _("imported figures")

    def __str__(self) -> str:
        return f"{self.of_id}: {self.line}"


class RefusedCell(models.Model):
    """A cell of an uploaded table for which its row cannot be filed, with a sentence in both languages; without a line it is about the whole file."""

    of = models.ForeignKey(ReportImport, verbose_name=_("import"), on_delete=models.CASCADE, related_name="refusals", db_index=False)
    line = models.PositiveIntegerField(_("line"), null=True)
    column = models.CharField(_("column"), max_length=20, blank=True)
    content = models.CharField(_("content of the cell"), max_length=60, blank=True)
    said_zh = models.TextField(_("what is wrong, in Chinese"))
    said_en = models.TextField(_("what is wrong, in English"))

    SENSITIVE: dict[str, Any] = {
        "content": Sensitive(
            _("finding the cell that is to be corrected, by whoever uploaded it"), KEPT, Basis.EMERGENCY, since=Since.ROW, at_end=AtEnd.ROW_GOES
        )
    }

    class Meta:
        verbose_name = _("refused cell")
        verbose_name_plural = _("refused cells")
        ordering = ["of", "line", "pk"]
        indexes = [models.Index(fields=["of", "line", "id"], name="refused_cell_by_line")]

    def __str__(self) -> str:
        return f"{self.of_id}: {self.line} {self.column}"

    @property
    def said(self) -> str:
        """What is wrong, in the language of the page."""
        return self.said_en if get_language() == "en" else self.said_zh
