"""Totals kept ready for regions above a community: signed deltas that triggers append, folded into a row per region, day and series.

Written by the triggers of `activities/migrations/0005_rollups.py` and by `activities/rollups/upkeep.py`, read by `activities/rollups/stored.py`.
"""

from enum import IntEnum

from django.db import models
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from activities.models.catalogue import ActivityKind
from branches.models import Level, Region

# The levels for which totals are kept; below, there are few enough records to add them up when asked.
ROLLED_LEVELS = Level.above(Level.COMMUNITY)


class Series(IntEnum):
    """What is counted beside the metrics, whose series is their key: reports here, and entries by kind below `ENTRIES`.

    `DUE` and the metrics whose latest value holds are kept as steps: the sum of all steps up to a day is the value on that day.
    """

    DUE = -1
    REPORTED = -2
    LATE = -3
    CORRECTED = -4
    WAITING = -5
    ENTRIES = -100

    @classmethod
    def of_kind(cls, kind: ActivityKind) -> int:
        """Return the series that counts the entries of a kind of work."""
        return cls.ENTRIES - list(ActivityKind).index(kind)


class Counters(models.Model):
    """What of a figure adds up.

    `owners` and `owner_squares` are the sums of the branches' keys and of their squares: all figures are of one branch exactly when
    count x squares = owners x owners.
    """

    day = models.DateField(_("day"))
    days = models.IntegerField(_("length of the period that ends on the day"), default=1)
    series = models.IntegerField(_("series"))
    value = models.DecimalField(_("value"), max_digits=30, decimal_places=3, default=0)
    count = models.BigIntegerField(_("number of figures"), default=0)
    n_nearly = models.IntegerField(default=0)
    n_over = models.IntegerField(default=0)
    n_about = models.IntegerField(default=0)
    n_at_least = models.IntegerField(default=0)
    owners = models.DecimalField(max_digits=30, decimal_places=0, default=0)
    owner_squares = models.DecimalField(max_digits=40, decimal_places=0, default=0)
    known = models.DateTimeField(_("last changed at"), null=True)

    class Meta:
        abstract = True


class Rollup(Counters):
    """Everything folded so far of one region with all below it, one day, and one series."""

    # No foreign key checks: rows are written by the thousand, for regions that triggers have just read.
    node = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    pk = models.CompositePrimaryKey("node", "day", "series", "days")

    class Meta:
        verbose_name = _("kept total")
        verbose_name_plural = _("kept totals")

    def __str__(self) -> str:
        return f"{self.node_id} {self.day} {self.series}: {self.value}"


class RollupDelta(Counters):
    """A change that waits to be folded: of the region and all that it lies in on `tree_day`, or, when `alone`, of the region itself."""

    place = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    alone = models.BooleanField(_("of this region alone"), default=False)
    tree_day = models.DateField(_("day of the tree"))

    class Meta:
        verbose_name = _("change of totals")
        verbose_name_plural = _("changes of totals")
        ordering = [F("id")]

    def __str__(self) -> str:
        return f"{self.place_id} {self.day} {self.series}: {self.value:+}"
