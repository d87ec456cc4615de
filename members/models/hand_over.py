"""What one shift leaves to the next: signed by whoever goes and by whoever comes."""

from datetime import UTC

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.models.roster import Shift
from members.querysets import HandOverQuerySet
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, Basis, Sensitive

_WORDS = Sensitive(_("letting the next shift go on with what the last one could not finish"), AFTER_THE_BRANCH, Basis.EMERGENCY)


class HandOver(PublicModel):
    """The hand-over of a shift. Once it is taken over nobody changes it any more: a trigger sees to that."""

    shift = models.ForeignKey(Shift, verbose_name=_("shift"), on_delete=models.PROTECT, related_name="hand_overs")
    open_needs = models.TextField(_("needs still open"), blank=True)
    stock = models.TextField(_("stock"), blank=True)
    notes = models.TextField(_("notes"), blank=True)
    outgoing_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("handed over by"), on_delete=models.PROTECT, related_name="+")
    outgoing_at = models.DateTimeField(_("handed over at"))
    incoming_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("taken over by"), on_delete=models.PROTECT, null=True, related_name="+")
    incoming_at = models.DateTimeField(_("taken over at"), null=True)

    objects = HandOverQuerySet.as_manager()

    STATES = (("to_sign", _("to be signed")), ("signed", _("signed by both")))

    ENDS_WITH = ("shift__post__branch",)
    SENSITIVE = {"open_needs": _WORDS, "stock": _WORDS, "notes": _WORDS}

    class Meta:
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
        constraints = [
            models.UniqueConstraint(name="handed_over_once", fields=["shift"], violation_error_message=_("This shift is handed over already.")),
            models.CheckConstraint(
                name="hand_over_signed_by_two",
                condition=Q(incoming_by=None) | ~Q(incoming_by=F("outgoing_by")),
                violation_error_message=_("Whoever hands over does not take over as well."),
            ),
            models.CheckConstraint(
                name="taken_over_by_somebody_at_some_time",
                condition=Q(incoming_by=None, incoming_at=None) | Q(incoming_by__isnull=False, incoming_at__gte=F("outgoing_at")),
                violation_error_message=_("A hand-over is taken over by somebody, after it was handed over."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shift} > {self.incoming_by_id or '?'}"

    @property
    def as_read(self) -> str:
        """What names the words that somebody read: the moment at which they were signed."""
        return self.outgoing_at.astimezone(UTC).isoformat()

    @property
    def state(self) -> str:
        """Whether the next shift has still to sign, or has signed."""
        return "signed" if self.is_taken else "to_sign"

    @property
    def is_taken(self) -> bool:
        """Whether the incoming shift has signed."""
        return self.incoming_at is not None
