"""What a published text says about a branch, a work unit or a region: compared with the portal's own figure, never added."""

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from activities.figures import Qualifier
from branches.models import Branch, Region, WorkUnit
from portal.foundation.models import SourcedModel


class Statement(SourcedModel):
    """A number that a published text states. `computes` names the portal's own figure to show beside it.

    `computes` is `sum:metric+metric`, `latest:metric`, `ratio_percent:metric/metric` (rounded half up), `households`, `residents`, or empty.
    """

    region = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.PROTECT, null=True, blank=True, related_name="statements")
    work_unit = models.ForeignKey(WorkUnit, verbose_name=_("work unit"), on_delete=models.PROTECT, null=True, blank=True, related_name="statements")
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, null=True, blank=True, related_name="statements")
    what_zh = models.CharField(_("what, in Chinese"), max_length=200)
    what_en = models.CharField(_("what, in English"), max_length=200)
    value = models.DecimalField(_("value"), max_digits=18, decimal_places=3)
    qualifier = models.CharField(_("how exact"), max_length=10, choices=Qualifier, default=Qualifier.EXACT)
    computes = models.CharField(_("computed as"), max_length=200, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    stated_on = models.DateField(_("stated on"))
    title = models.CharField(_("text"), max_length=200)

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        ordering = ["pk"]
        constraints = [
            SourcedModel.source_key_constraint("statement_once_per_source"),
            models.CheckConstraint(
                name="statement_about_one_thing",
                condition=(
                    Q(region__isnull=False, work_unit=None, branch=None)
                    | Q(region=None, work_unit__isnull=False, branch=None)
                    | Q(region=None, work_unit=None, branch__isnull=False)
                ),
                violation_error_message=_("A statement is about one region, one work unit or one branch."),
            ),
            models.CheckConstraint(name="statement_not_negative", condition=Q(value__gte=0), violation_error_message=_("A figure cannot be negative.")),
        ]

    def __str__(self) -> str:
        return self.what

    @property
    def what(self) -> str:
        """What is stated, in the language of the page."""
        return self.what_en if get_language() == "en" else self.what_zh
