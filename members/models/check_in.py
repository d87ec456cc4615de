"""Who came to a shift, when, and how that is known."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.models.roster import Assignment
from members.querysets import CheckInQuerySet
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, AtEnd, Basis, Sensitive, Special, Whose


class CheckIn(PublicModel):
    """Whether somebody came to the shift that they are on. One for each assignment; corrected in place, each change in the audit log."""

    class Result(models.TextChoices):
        PRESENT = "present", pgettext_lazy("at a shift", "on time")
        LATE = "late", pgettext_lazy("at a shift", "late")
        ABSENT = "absent", pgettext_lazy("at a shift", "absent")

    class Means(models.TextChoices):
        CODE = "code", _("code at the post")
        QR = "qr", _("QR code at the post")
        LEADER = "leader", _("by the shift leader")

    assignment = models.ForeignKey(Assignment, verbose_name=_("assignment"), on_delete=models.PROTECT, related_name="check_ins")
    result = models.CharField(_("result"), max_length=7, choices=Result)
    means = models.CharField(_("means"), max_length=6, choices=Means)
    arrived_at = models.DateTimeField(_("arrived at"), null=True)
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("recorded by"), on_delete=models.PROTECT, related_name="+")

    objects = CheckInQuerySet.as_manager()

    ENDS_WITH = ("assignment__shift__post__branch",)
    SENSITIVE = {
        "arrived_at": Sensitive(
            _("telling which posts are covered and how many hours were served"),
            AFTER_THE_BRANCH,
            Basis.EMERGENCY,
            Whose.SERVING,
            Special.WHEREABOUTS,
            at_end=AtEnd.UNNAMED,
            because=_("hours served are counted from it"),
        )
    }

    class Meta:
        verbose_name = _("check-in")
        verbose_name_plural = _("check-ins")
        constraints = [
            models.UniqueConstraint(name="checked_in_once", fields=["assignment"], violation_error_message=_("This person is checked in already.")),
            models.CheckConstraint(
                name="arrived_unless_absent",
                condition=Q(result="absent", arrived_at=None) | (~Q(result="absent") & Q(arrived_at__isnull=False)),
                violation_error_message=_("Whoever came arrived at some time; whoever is absent did not."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assignment} {self.result}"
