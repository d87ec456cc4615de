"""Figures quoted upward, as they were when they were quoted."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from activities.figures import Qualifier
from activities.models.catalogue import Metric
from activities.querysets import CutOff, FrozenFigureQuerySet
from branches.models import Branch, Region, WorkUnit
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AtEnd, Basis, Sensitive, Since


class FrozenFigure(PublicModel):
    """A figure of a region, a work unit or a branch, as it was read when somebody froze it. Never changed and never deleted: triggers see to it.

    `frozen_at` is the cut-off. What counted then is found by it and, exactly, by `snapshot`, the transactions of which the reader saw what they
    wrote: a report may come later with an earlier time.
    """

    region = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.PROTECT, null=True, related_name="+")
    work_unit = models.ForeignKey(WorkUnit, verbose_name=_("work unit"), on_delete=models.PROTECT, null=True, related_name="+")
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, null=True, related_name="+")
    metric = models.ForeignKey(Metric, verbose_name=_("metric"), on_delete=models.PROTECT, related_name="+")
    first_day = models.DateField(_("from"))
    last_day = models.DateField(_("to"))
    # None when the figures behind it must not be added, or when there were none.
    value = models.DecimalField(_("value"), max_digits=30, decimal_places=3, null=True)
    qualifier = models.CharField(_("how exact"), max_length=10, choices=Qualifier, default=Qualifier.EXACT)
    count = models.PositiveBigIntegerField(_("number of figures"))
    inexact = models.PositiveBigIntegerField(_("of them not exact"), default=0)
    due = models.PositiveIntegerField(_("reports due"))
    reported = models.PositiveIntegerField(_("reports that were in"))
    purpose = models.CharField(_("what for"), max_length=200)
    frozen_at = models.DateTimeField(_("frozen at"))
    frozen_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("frozen by"), on_delete=models.PROTECT, related_name="+")
    snapshot = models.TextField(_("transactions seen"), editable=False)
    # The transaction that froze it sees itself as unfinished.
    written_in = models.BigIntegerField(_("written in transaction"), editable=False)

    objects = FrozenFigureQuerySet.as_manager()

    SENSITIVE = {
        "purpose": Sensitive(
            _("saying what a figure was quoted for"),
            None,
            Basis.DUTY,
            since=Since.STANDING,
            at_end=AtEnd.KEPT,
            because=_("a figure that was quoted upward has to be accounted for, and is about no person"),
        )
    }

    class Meta:
        verbose_name = _("frozen figure")
        verbose_name_plural = _("frozen figures")
        ordering = ["-frozen_at", "-pk"]
        indexes = [models.Index(fields=["-frozen_at", "-id"], name="frozen_figure_by_moment")]
        constraints = [
            models.CheckConstraint(
                name="frozen_figure_about_one_thing",
                condition=(
                    Q(region__isnull=False, work_unit=None, branch=None)
                    | Q(region=None, work_unit__isnull=False, branch=None)
                    | Q(region=None, work_unit=None, branch__isnull=False)
                ),
                violation_error_message=_("A figure is about one region, one work unit or one branch."),
            ),
            models.CheckConstraint(
                name="frozen_figure_ends_after_it_starts",
                condition=Q(last_day__gte=F("first_day")),
                violation_error_message=_("The end is before the start."),
            ),
            models.CheckConstraint(
                name="frozen_figure_says_what_for",
                condition=~Q(purpose=""),
                violation_error_message=_("Say what the figure is frozen for."),
            ),
            models.CheckConstraint(
                name="frozen_figure_counts_what_it_adds",
                condition=Q(count__gt=0) | Q(value=None),
                violation_error_message=_("A value has figures behind it."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.about} {self.metric.code} {self.frozen_at:%Y-%m-%d %H:%M}"

    @property
    def about(self) -> Region | WorkUnit | Branch:
        """What the figure is about."""
        thing = self.region or self.work_unit or self.branch
        assert thing is not None  # noqa: S101 - frozen_figure_about_one_thing
        return thing

    @property
    def cut_off(self) -> CutOff:
        """What was known when it was frozen."""
        return CutOff(self.frozen_at, self.snapshot, self.written_in)
