"""Who lives at the post, the hotel or the community (连续吃住), and from when until when."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.models import Branch
from members.models.people import Membership
from members.querysets import OnSiteStayQuerySet
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, Basis, Sensitive, Special, Whose


class OnSiteStay(PublicModel):
    """Days on which a member of a branch lives on site; inside the membership, and one at a time.

    Memberships of one person never overlap: so a person, too, lives at one place at a time.
    """

    membership = models.ForeignKey(Membership, verbose_name=_("membership"), on_delete=models.PROTECT, related_name="stays")
    place = models.CharField(_("place"), max_length=60, blank=True)
    during = DateRangeField(_("from, until"))
    # Carried from the membership by the database; written by a trigger, never here.
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, null=True, editable=False, related_name="stays")
    membership_during = DateRangeField(_("time of the membership"), null=True, editable=False)

    objects = OnSiteStayQuerySet.as_manager()

    SENSITIVE = {
        "place": Sensitive(
            _("finding whoever lives on site, for meals, rest and calls at night"), AFTER_THE_BRANCH, Basis.EMERGENCY, Whose.SERVING, Special.WHEREABOUTS
        )
    }

    class Meta:
        verbose_name = _("stay on site")
        verbose_name_plural = _("stays on site")
        ordering = ["pk"]
        constraints = [
            # An empty range has no start either.
            models.CheckConstraint(
                name="stay_for_a_time",
                condition=Q(during__startswith__isnull=False),
                violation_error_message=_("Somebody lives on site from some day on, and until no earlier one."),
            ),
            models.CheckConstraint(
                name="stay_inside_the_membership",
                condition=Q(membership_during=None) | Q(during__contained_by=F("membership_during")),
                violation_error_message=_("Nobody lives on site for a branch in which they are not on those days."),
            ),
            ExclusionConstraint(
                name="one_stay_at_a_time",
                expressions=[("membership", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("This person lives on site in that time already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership} {self.during}"
