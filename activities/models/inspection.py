"""Inspections (督查) of a branch, and what each found to be mended (整改问题).

An inspection stays as it was recorded; one recorded by mistake is withdrawn, with a reason. A point changes together with an event that says what
was done, as a need does (`portal/foundation/event_log.py`).
"""

from datetime import date
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models.contact import ContactVisit
from activities.querysets import InspectionPointEventQuerySet, InspectionPointQuerySet, InspectionQuerySet
from branches.models import Branch
from members.models import Person
from portal.foundation import clock
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, GONE, Basis, Sensitive

_FOUND: Final = Sensitive(_("knowing what was found at a branch and has to be mended; may tell of people"), AFTER_THE_BRANCH, Basis.DUTY, becomes=GONE)
_CAME: Final = Sensitive(_("knowing who inspected the branch, should there be a question"), AFTER_THE_BRANCH, Basis.DUTY, becomes=GONE)


class Inspection(PublicModel):
    """Somebody from outside looked at how a branch works. One of several branches is one of each: each mends its own points and counts it."""

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="inspections")
    business_date = models.DateField(_("day of the inspection"))
    inspector = models.CharField(_("who inspected"), max_length=100)
    looked_at = models.TextField(_("what was looked at"), max_length=500)
    result = models.TextField(pgettext_lazy("inspection", "result"), max_length=500)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("recorded by"), on_delete=models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_on = models.DateField(_("recorded on"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("withdrawn by"), on_delete=models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    withdrawn_why = models.TextField(_("why it was withdrawn"), max_length=500, blank=True)

    objects = InspectionQuerySet.as_manager()

    SENSITIVE = {"inspector": _CAME, "looked_at": _FOUND, "result": _FOUND, "withdrawn_why": _FOUND}

    class Meta:
        verbose_name = _("inspection")
        verbose_name_plural = _("inspections")
        ordering = ["-business_date", "-pk"]
        indexes = [
            models.Index(fields=["business_date", "id"], name="inspection_by_day"),
            models.Index(fields=["branch", "business_date", "id"], name="inspection_of_branch_by_day"),
        ]
        constraints = [
            # For the points to refer to, together with their branch.
            models.UniqueConstraint(name="inspection_id_branch", fields=["id", "branch"]),
            models.CheckConstraint(
                name="inspection_was_before_it_was_recorded",
                condition=Q(business_date__lte=F("recorded_on")),
                violation_error_message=_("An inspection is recorded when it has been."),
            ),
            models.CheckConstraint(
                name="inspection_says_who_what_and_how",
                condition=~Q(inspector="") & ~Q(looked_at="") & ~Q(result=""),
                violation_error_message=_("Say who inspected, what was looked at, and with what result."),
            ),
            models.CheckConstraint(
                name="inspection_withdrawn_with_a_reason",
                condition=(Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_why=""))
                | Q(withdrawn_at=None, withdrawn_by=None, withdrawn_why=""),
                violation_error_message=_("An inspection is withdrawn with a reason, and only then has one."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.inspector} {self.business_date}"

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was recorded by mistake."""
        return self.withdrawn_at is not None


class InspectionPoint(PublicModel):
    """Something that an inspection, or a leader's visit to a contact point, found to be mended: by whom, until when, and how far it is."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("point", "To be mended")
        MENDED = "mended", pgettext_lazy("point", "To be checked")
        CHECKED = "checked", pgettext_lazy("point", "Mended and checked")
        DROPPED = "dropped", pgettext_lazy("point", "Withdrawn")

    # What somebody still has to do something about.
    WAITING: Final = (State.OPEN, State.MENDED)

    # One of these found it.
    inspection = models.ForeignKey(Inspection, verbose_name=_("inspection"), on_delete=models.PROTECT, null=True, blank=True, related_name="points")
    visit = models.ForeignKey(ContactVisit, verbose_name=_("visit to a contact point"), on_delete=models.PROTECT, null=True, blank=True, related_name="points")
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="inspection_points", db_index=False)
    what = models.TextField(_("what is to be mended"), max_length=500)
    # None: whoever the branch finds.
    owner = models.ForeignKey(
        Person, verbose_name=_("who sees to it"), on_delete=models.PROTECT, null=True, blank=True, related_name="inspection_points", db_index=False
    )
    found_on = models.DateField(_("found on"))
    due_on = models.DateField(_("to be mended by"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    opened_at = models.DateTimeField(_("recorded at"))
    mended_at = models.DateTimeField(_("mended at"), null=True, blank=True)
    checked_at = models.DateTimeField(_("checked at"), null=True, blank=True)
    # The number of its latest event: what a page was opened on.
    revision = models.PositiveIntegerField(_("revision"), default=1)

    objects = InspectionPointQuerySet.as_manager()

    SENSITIVE = {"what": _FOUND}

    class Meta:
        verbose_name = _("point to mend")
        verbose_name_plural = _("points to mend")
        ordering = ["due_on", "pk"]
        indexes = [
            models.Index(fields=["due_on", "id"], name="inspection_point_by_due", condition=Q(state__in=["open", "mended"])),
            models.Index(fields=["branch", "due_on"], name="inspection_point_of_branch", condition=Q(state__in=["open", "mended"])),
            models.Index(fields=["found_on", "id"], name="inspection_point_by_day"),
        ]
        constraints = [
            models.CheckConstraint(
                name="inspection_point_of_one_finding",
                condition=Q(inspection__isnull=False, visit=None) | Q(inspection=None, visit__isnull=False),
                violation_error_message=_("A point was found by an inspection, or on a visit to a contact point."),
            ),
            models.CheckConstraint(
                name="inspection_point_is_told",
                condition=~Q(what=""),
                violation_error_message=_("Say what is to be mended."),
            ),
            models.CheckConstraint(
                name="inspection_point_due_after_it_was_found",
                condition=Q(due_on__gte=F("found_on")),
                violation_error_message=_("What was found is to be mended on that day or later."),
            ),
            models.CheckConstraint(
                name="inspection_point_state_has_its_times",
                condition=Q(state="open", mended_at=None, checked_at=None)
                | Q(state="mended", mended_at__isnull=False, checked_at=None)
                | Q(state="checked", mended_at__isnull=False, checked_at__isnull=False)
                | Q(state="dropped", checked_at=None),
                violation_error_message=_("A point is mended before it is checked, and each has its time."),
            ),
            models.CheckConstraint(
                name="inspection_point_times_follow_each_other",
                condition=(Q(mended_at=None) | Q(mended_at__gte=F("opened_at"))) & (Q(checked_at=None) | Q(checked_at__gte=F("mended_at"))),
                violation_error_message=_("A point is recorded, then mended, then checked."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.found_on} {self.state}"

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been mended by now."""
        return self.state == self.State.OPEN and self.due_on < clock.today()

    @property
    def waits(self) -> bool:
        """Whether it is still to be mended or to be checked."""
        return self.state in self.WAITING

    @property
    def days_left(self) -> int:
        """How many days it may still take; negative when it is overdue."""
        return (self.due_on - clock.today()).days

    @property
    def days_over(self) -> int:
        """How many days it is over."""
        return -self.days_left


class InspectionPointEvent(PublicModel):
    """Something that happened to a point. Rows are only ever added: a trigger refuses everything else."""

    class Kind(models.TextChoices):
        OPENED = "opened", pgettext_lazy("point", "Found")
        ASSIGNED = "assigned", pgettext_lazy("point", "Assigned")
        MENDED = "mended", pgettext_lazy("point", "Reported as mended")
        PASSED = "passed", pgettext_lazy("point", "Checked: it is mended")
        SENT_BACK = "sent_back", pgettext_lazy("point", "Checked: it is not mended yet")
        DROPPED = "dropped", pgettext_lazy("point", "Withdrawn with its inspection")

    point = models.ForeignKey(InspectionPoint, verbose_name=_("point to mend"), on_delete=models.PROTECT, related_name="events", db_index=False)
    number = models.PositiveIntegerField(_("serial number"))
    kind = models.CharField(_("what happened"), max_length=12, choices=Kind)
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="+", db_index=False)
    business_date = models.DateField(_("business date"))
    at = models.DateTimeField(_("when"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("who"), on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, verbose_name=_("who sees to it"), on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    due_on: "models.DateField[date | None, date | None]" = models.DateField(_("to be mended by"), null=True)
    note = models.TextField(_("note"), blank=True, max_length=500)

    objects = InspectionPointEventQuerySet.as_manager()

    SENSITIVE = {"note": _FOUND}

    class Meta:
        verbose_name = _("event of a point")
        verbose_name_plural = _("events of points")
        ordering = ["point", "number"]
        constraints = [
            models.UniqueConstraint(
                name="inspection_point_event_once",
                fields=["point", "number"],
                violation_error_message=_("Somebody else has changed this point meanwhile."),
            ),
            models.CheckConstraint(
                name="inspection_point_event_is_told",
                condition=Q(kind__in=["opened", "assigned", "passed"]) | ~Q(note=""),
                violation_error_message=_("Say what was done, or what is still missing."),
            ),
            models.CheckConstraint(
                name="inspection_point_event_sets_a_deadline",
                condition=Q(kind__in=["opened", "sent_back"], due_on__isnull=False) | (~Q(kind__in=["opened", "sent_back"]) & Q(due_on=None)),
                violation_error_message=_("What is found, or sent back, has a day by which it is to be mended; nothing else has."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.number} {self.kind}"
