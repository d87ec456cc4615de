"""Contact points (包保联系点): sites for which a leader answers, who answered when, and what the leader found there."""

from typing import Final

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from activities.querysets import ContactPointQuerySet, ContactVisitQuerySet
from branches.models import Region
from members.models import Person
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, GONE, Basis, Sensitive, Since, Whose

# A site is of no branch: its words go so long after the last day on which a leader answered for it.
_FOUND: Final = Sensitive(
    _("knowing what a leader found at a site and what has to be mended there; may tell of people"),
    AFTER_THE_BRANCH,
    Basis.DUTY,
    since=Since.SITE,
    becomes=GONE,
)
_ANSWERS: Final = Sensitive(
    _("knowing which leader answers for a site, and who came in their place"), AFTER_THE_BRANCH, Basis.DUTY, Whose.SERVING, since=Since.SITE
)


class ContactPoint(PublicModel):
    """A site for which a leader answers: a region, as a rule a compound or a community, or a named spot in it."""

    region = models.ForeignKey(Region, verbose_name=_("place"), on_delete=models.PROTECT, related_name="contact_points")
    spot = models.CharField(_("spot"), max_length=60, blank=True)
    made_on = models.DateField(_("answered for since"))
    closed_on = models.DateField(_("answered for until"), null=True, blank=True)

    objects = ContactPointQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact point")
        verbose_name_plural = _("contact points")
        ordering = ["made_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="contact_point_once_at_a_place",
                fields=["region", "spot"],
                condition=Q(closed_on=None),
                violation_error_message=_("This site is a contact point already."),
            ),
            models.CheckConstraint(
                name="contact_point_ends_after_it_began",
                condition=Q(closed_on=None) | Q(closed_on__gte=F("made_on")),
                violation_error_message=_("The end is before the start."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The place, and the spot in it."""
        return f"{self.region.name} · {self.spot}" if self.spot else self.region.name


class ContactTerm(PublicModel):
    """A leader's time of answering for a site. The leader need not be in a branch."""

    point = models.ForeignKey(ContactPoint, verbose_name=_("contact point"), on_delete=models.PROTECT, related_name="terms")
    leader = models.ForeignKey(Person, verbose_name=_("leader"), on_delete=models.PROTECT, related_name="contact_terms")
    office = models.CharField(_("office of the leader"), max_length=60, blank=True)
    # Of the office, not of the person: given out to be called; masked, and each call logged.
    duty_phone = models.CharField(_("duty phone"), max_length=20, blank=True)
    during = DateRangeField(_("from, until"))

    ENDS_WITH = ("during__fully_lt",)
    SENSITIVE = {"office": _ANSWERS, "duty_phone": _ANSWERS}

    class Meta:
        verbose_name = _("time of a leader")
        verbose_name_plural = _("times of leaders")
        ordering = ["-during"]
        constraints = [
            models.CheckConstraint(
                name="contact_term_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")
            ),
            ExclusionConstraint(
                name="contact_point_one_leader_at_a_time",
                expressions=[("point", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("Another leader answers for this site in that time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.leader} {self.point}"


class ContactVisit(PublicModel):
    """A leader came to look at a site. Rows are only ever added: a trigger refuses everything else."""

    point = models.ForeignKey(ContactPoint, verbose_name=_("contact point"), on_delete=models.PROTECT, related_name="visits", db_index=False)
    leader = models.ForeignKey(Person, verbose_name=_("leader"), on_delete=models.PROTECT, related_name="contact_visits", db_index=False)
    # Who came in the leader's place.
    stand_in = models.CharField(_("who came in their place"), max_length=60, blank=True)
    visited_at = models.DateTimeField(_("visited at"))
    visited_on = models.DateField(_("visited on"))
    found = models.TextField(_("what was found"), max_length=500)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("recorded by"), on_delete=models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField(_("recorded at"))

    objects = ContactVisitQuerySet.as_manager()

    ENDS_WITH = ("point__closed_on__lt",)
    SENSITIVE = {"found": _FOUND, "stand_in": _ANSWERS}

    class Meta:
        verbose_name = _("visit to a contact point")
        verbose_name_plural = _("visits to contact points")
        ordering = ["-visited_at", "-pk"]
        indexes = [
            models.Index(fields=["point", "visited_on", "id"], name="contact_visit_by_day"),
            models.Index(fields=["visited_on", "id"], name="visit_by_day"),
        ]
        constraints = [
            models.CheckConstraint(name="contact_visit_says_what_was_found", condition=~Q(found=""), violation_error_message=_("Say what was found.")),
            models.CheckConstraint(
                name="contact_visit_was_before_it_was_recorded",
                condition=Q(visited_at__lte=F("recorded_at")),
                violation_error_message=_("A visit is recorded when it has been."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.point} {self.visited_on}"
