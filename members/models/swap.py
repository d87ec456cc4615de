"""A shift that somebody would rather not serve, offered to a colleague."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.models.people import Person
from members.models.roster import Shift
from portal.foundation.models import PublicModel


class Swap(PublicModel):
    """Somebody asks a colleague to take a shift, for one of theirs or for none; nothing changes before the colleague agrees."""

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("of a swap", "asked")
        AGREED = "agreed", pgettext_lazy("of a swap", "agreed")
        DECLINED = "declined", pgettext_lazy("of a swap", "declined")
        WITHDRAWN = "withdrawn", pgettext_lazy("of a swap", "withdrawn")

    shift = models.ForeignKey(Shift, verbose_name=_("shift"), on_delete=models.CASCADE, related_name="swaps")
    person = models.ForeignKey(Person, verbose_name=_("asked by"), on_delete=models.PROTECT, related_name="swaps_asked")
    other = models.ForeignKey(Person, verbose_name=_("asked of"), on_delete=models.PROTECT, related_name="swaps_offered")
    in_return = models.ForeignKey(Shift, verbose_name=_("shift in return"), on_delete=models.CASCADE, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=9, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField(_("asked at"))
    answered_at = models.DateTimeField(_("answered at"), null=True)

    objects: models.Manager["Swap"] = models.Manager()

    class Meta:
        verbose_name = _("swap")
        verbose_name_plural = _("swaps")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                name="one_open_swap_of_a_shift",
                fields=["shift", "person"],
                condition=Q(state="asked"),
                violation_error_message=_("A colleague is asked already to take this shift. Withdraw that first."),
            ),
            models.CheckConstraint(
                name="swap_with_somebody_else", condition=~Q(person=F("other")), violation_error_message=_("Nobody swaps a shift with themselves.")
            ),
            models.CheckConstraint(
                name="swap_answered_at_some_time",
                condition=Q(state="asked", answered_at=None) | (~Q(state="asked") & Q(answered_at__isnull=False)),
                violation_error_message=_("A swap that was answered was answered at some time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shift}: {self.person} > {self.other}"
