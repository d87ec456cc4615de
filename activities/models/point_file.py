"""Pictures and documents of what an inspection found: how it was, and how it is since it was mended."""

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.models.inspection import InspectionPoint
from activities.querysets import PointFileQuerySet
from portal.foundation.models import Attachment, PublicModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, AtEnd, Basis, Sensitive


class PointFile(PublicModel):
    """A picture or a document of a point to mend. What is taken away leaves its row: who added it, when, and that its content is gone."""

    class Shows(models.TextChoices):
        FOUND = "found", pgettext_lazy("picture", "As found")
        MENDED = "mended", pgettext_lazy("picture", "After mending")

    # Of one point, those that were taken away not counted.
    MOST: Final = 8

    point = models.ForeignKey(InspectionPoint, verbose_name=_("point to mend"), on_delete=models.PROTECT, related_name="files")
    shows = models.CharField(_("what it shows"), max_length=6, choices=Shows)
    file = models.OneToOneField(Attachment, verbose_name=_("file"), on_delete=models.PROTECT, related_name="+")
    # Of a picture, in pixels, so that a page keeps its place; 0 for a document.
    width = models.PositiveSmallIntegerField(_("width, pixels"), default=0)
    height = models.PositiveSmallIntegerField(_("height, pixels"), default=0)

    objects = PointFileQuerySet.as_manager()

    ENDS_WITH = ("point__branch",)
    SENSITIVE = {
        "file": Sensitive(_("seeing what has to be mended and that it was; a picture may show people"), AFTER_THE_BRANCH, Basis.DUTY, at_end=AtEnd.ROW_GOES)
    }

    class Meta:
        verbose_name = _("picture or document of a point")
        verbose_name_plural = _("pictures and documents of points")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="point_file_shows_the_point_found_or_mended",
                condition=Q(shows__in=["found", "mended"]),
                violation_error_message=_("A picture shows the point as found or after mending."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {self.shows}"

    @property
    def is_picture(self) -> bool:
        """Whether it is shown, not saved."""
        return self.width > 0

    @property
    def is_gone(self) -> bool:
        """Whether it was taken away, or its time is over."""
        return self.file.thrown_away_at is not None
