"""What is written down while a branch is brought to its end: how and when, what is left open and why, letters, the narrative, packs for the archive.

What is still to be done is not written down: it is computed from the records each time (`portal/ending/checklist.py`).
"""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Branch, WorkUnit
from portal.foundation import clock
from portal.foundation.models import Attachment, Job, PublicModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, AtEnd, Basis, Sensitive

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager


class BranchEnd(PublicModel):
    """A branch on its way to the end: dissolved, or merged into another, after its last day."""

    class State(models.TextChoices):
        PREPARING = "preparing", pgettext_lazy("end of a branch", "in preparation")
        CONFIRMED = "confirmed", pgettext_lazy("end of a branch", "confirmed")
        REOPENED = "reopened", pgettext_lazy("end of a branch", "opened again")
        STOPPED = "stopped", pgettext_lazy("end of a branch", "stopped")

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="endings")
    last_day = models.DateField(_("last day"))
    merged_into = models.ForeignKey(Branch, verbose_name=_("merged into"), on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PREPARING)
    begun_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("begun by"), on_delete=models.PROTECT, null=True, related_name="+")
    begun_at = models.DateTimeField(_("begun at"), default=clock.now)
    # Where goods and equipment went that were still there: said by whoever prepares the end, for there is no register of stock.
    stock = models.TextField(_("where goods and equipment went"), max_length=1000, blank=True)
    narrative = models.TextField(_("the branch's story"), max_length=10_000, blank=True)
    letters_on = models.DateField(_("date of the letters"), null=True, blank=True)
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("confirmed by"), on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    reopened_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("opened again by"), on_delete=models.PROTECT, null=True, related_name="+")
    reopened_at = models.DateTimeField(_("opened again at"), null=True)
    reason = models.CharField(_("why it was opened again"), max_length=300, blank=True)
    # What the end cut short, by model and key, with until when it lasted before: opening again gives it back.
    cut = models.JSONField(_("what the end cut short"), default=dict, editable=False)

    if TYPE_CHECKING:
        branch_id: int
        left: RelatedManager["LeftOpen"]
        letters: RelatedManager["ServiceLetter"]
        packs: RelatedManager["ArchivePack"]

    objects: models.Manager["BranchEnd"] = models.Manager()

    class Meta:
        verbose_name = _("end of a branch")
        verbose_name_plural = _("ends of branches")
        ordering = ["-begun_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                name="one_end_of_a_branch",
                fields=["branch"],
                condition=Q(state__in=["preparing", "confirmed"]),
                violation_error_message=_("Somebody else prepares the end of this branch already."),
            ),
            models.CheckConstraint(
                name="branch_end_not_into_itself",
                condition=Q(merged_into=None) | ~Q(merged_into=models.F("branch")),
                violation_error_message=_("Choose another branch that is at work."),
            ),
            models.CheckConstraint(
                name="branch_end_confirmed_at_some_time",
                condition=Q(state__in=["preparing", "stopped"], confirmed_at=None) | Q(state__in=["confirmed", "reopened"], confirmed_at__isnull=False),
                violation_error_message=_("An end that is confirmed says when."),
            ),
            models.CheckConstraint(
                name="branch_end_reopened_with_a_reason",
                condition=Q(state="reopened", reopened_at__isnull=False) & ~Q(reason="") | (~Q(state="reopened") & Q(reopened_at=None, reason="")),
                violation_error_message=_("Say why the branch is opened again."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.last_day}"

    @property
    def is_preparing(self) -> bool:
        """Whether it is not confirmed yet."""
        return self.state == self.State.PREPARING

    @property
    def is_merger(self) -> bool:
        """Whether the branch goes into another."""
        return self.merged_into_id is not None


class LeftOpen(PublicModel):
    """Something that stays as it is although the branch ends, with the reason: a day without a report, a point that nobody looked at again."""

    class What(models.TextChoices):
        DAY = "day", _("day without a report that counts")
        POINT = "point", _("point of an inspection")
        SUGGESTION = "suggestion", _("suggestion")

    end = models.ForeignKey(BranchEnd, verbose_name=_("end of a branch"), on_delete=models.CASCADE, related_name="left")
    what = models.CharField(_("what"), max_length=10, choices=What)
    day = models.DateField(_("day"), null=True)
    object_id = models.UUIDField(_("object"), null=True)
    reason = models.CharField(_("reason"), max_length=300)
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("said by"), on_delete=models.PROTECT, null=True, related_name="+")
    said_at = models.DateTimeField(_("said at"), default=clock.now)

    objects: models.Manager["LeftOpen"] = models.Manager()

    class Meta:
        verbose_name = _("left open")
        verbose_name_plural = _("left open")
        ordering = ["what", "day", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="left_open_once",
                fields=["end", "what", "day", "object_id"],
                nulls_distinct=False,
                violation_error_message=_("A reason for this is written down already."),
            ),
            models.CheckConstraint(
                name="left_open_names_one",
                condition=Q(what="day", day__isnull=False, object_id=None) | (~Q(what="day") & Q(day=None, object_id__isnull=False)),
                violation_error_message=_("A reason is about one day or one object."),
            ),
            models.CheckConstraint(name="left_open_with_a_reason", condition=~Q(reason=""), violation_error_message=_("Say why it stays as it is.")),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.day or self.object_id}"


class ServiceLetter(PublicModel):
    """A letter to a unit that sent people: who they were, when and how long. What it says is computed from the records; its number and date stay."""

    end = models.ForeignKey(BranchEnd, verbose_name=_("end of a branch"), on_delete=models.CASCADE, related_name="letters")
    work_unit = models.ForeignKey(WorkUnit, verbose_name=_("to the unit"), on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField(_("number"))

    objects: models.Manager["ServiceLetter"] = models.Manager()

    class Meta:
        verbose_name = _("service letter")
        verbose_name_plural = _("service letters")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(name="one_letter_a_unit", fields=["end", "work_unit"], violation_error_message=_("This unit has its letter already.")),
            models.UniqueConstraint(name="letter_numbered_once", fields=["end", "number"], violation_error_message=_("Another letter has this number.")),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.work_unit}"


class ArchivePack(PublicModel):
    """All that is on record of a branch, in one file for the archive."""

    end = models.ForeignKey(BranchEnd, verbose_name=_("end of a branch"), on_delete=models.PROTECT, related_name="packs")
    # With the fields that only some may read; such a pack is thrown away when their time is over.
    sensitive = models.BooleanField(_("with sensitive fields"), default=False)
    job = models.ForeignKey(Job, verbose_name=_("job"), on_delete=models.SET_NULL, null=True, related_name="+")
    file = models.ForeignKey(Attachment, verbose_name=_("file"), on_delete=models.PROTECT, null=True, related_name="+")
    manifest = models.CharField(_("SHA-256 of the manifest"), max_length=64, blank=True)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("asked by"), on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField(_("asked at"), default=clock.now)
    made_at = models.DateTimeField(_("made at"), null=True)

    objects: models.Manager["ArchivePack"] = models.Manager()

    ENDS_WITH = ("end__branch",)
    SENSITIVE = {
        "file": Sensitive(
            _("handing records over with the fields that are erased; a pack without them stays"), AFTER_THE_BRANCH, Basis.DUTY, at_end=AtEnd.ROW_GOES
        )
    }

    class Meta:
        verbose_name = _("archive pack")
        verbose_name_plural = _("archive packs")
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="pack_made_with_a_file",
                condition=Q(made_at=None, file=None, manifest="") | (Q(made_at__isnull=False, file__isnull=False) & ~Q(manifest="")),
                violation_error_message=_("A pack that is made has a file and a manifest."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.end} {self.asked_at:%Y-%m-%d}"
