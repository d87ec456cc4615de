"""Pioneer posts (党员先锋岗): duties that a branch opens, and the Party members who claim them for a time.

That no more members hold a post than it has places, that each is a Party member and in the branch then, and that nobody holds a post that is not open,
is kept by the database (see `members/migrations/0016_squad_rules.py`).
"""

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.models import Branch, Region
from members.models.people import Membership, Person
from members.querysets import DatedQuerySet, PioneerPostQuerySet
from portal.foundation.models import PublicModel, SourcedModel

MOST_PLACES = 20


class PioneerPost(SourcedModel):
    """A duty in words that Party members of the branch claim. `places` says how many hold it at a time."""

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="pioneer_posts")
    name = models.CharField(_("name"), max_length=60)
    duty = models.CharField(pgettext_lazy("pioneer post", "duty"), max_length=200)
    region = models.ForeignKey(Region, verbose_name=_("place"), on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    places = models.PositiveSmallIntegerField(_("members at a time"), default=1)
    during = DateRangeField(_("from, until"))
    # Carried from the branch by the database; written by a trigger, never here.
    branch_life = DateRangeField(_("life of the branch"), null=True, editable=False)

    objects = PioneerPostQuerySet.as_manager()

    if TYPE_CHECKING:
        branch_id: int
        # A related manager that has the words of DatedQuerySet too.
        claims: Any

    class Meta:
        verbose_name = _("pioneer post")
        verbose_name_plural = _("pioneer posts")
        constraints = [
            SourcedModel.source_key_constraint("pioneer_post_once_per_source"),
            models.UniqueConstraint(name="pioneer_post_id_branch_places_during", fields=["id", "branch", "places", "during"]),
            models.CheckConstraint(
                name="pioneer_post_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")
            ),
            models.CheckConstraint(
                name="pioneer_post_for_one_to_twenty",
                condition=Q(places__gte=1, places__lte=MOST_PLACES),
                violation_error_message=_("A post is for between 1 and 20 members at a time."),
            ),
            ExclusionConstraint(
                name="one_pioneer_post_of_a_name_at_a_time",
                expressions=[("branch", RangeOperators.EQUAL), ("name", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("The branch has a pioneer post of this name in that time."),
            ),
            models.CheckConstraint(
                name="pioneer_post_inside_the_branch_life",
                condition=Q(branch_life=None) | Q(during__contained_by=F("branch_life")),
                violation_error_message=_("The post must lie inside the life of the branch."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PioneerClaim(PublicModel):
    """A Party member's time at a post. Released, it ends and stays on record."""

    post = models.ForeignKey(PioneerPost, verbose_name=_("pioneer post"), on_delete=models.PROTECT, related_name="claims")
    person = models.ForeignKey(Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="pioneer_claims")
    during = DateRangeField(_("from, until"))
    # Which of the post's places, from 1 on: so that the database sees when all are taken.
    seat = models.PositiveSmallIntegerField(_("place of the post"), default=1)
    # Carried from the post and from the membership in its branch by the database; written by a trigger, never here.
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    post_places = models.PositiveSmallIntegerField(_("places of the post"), null=True, editable=False)
    post_during = DateRangeField(_("time of the post"), null=True, editable=False)
    membership = models.ForeignKey(Membership, verbose_name=_("membership"), on_delete=models.PROTECT, null=True, editable=False, related_name="pioneer_claims")
    membership_during = DateRangeField(_("time of the membership"), null=True, editable=False)

    objects = DatedQuerySet.as_manager()

    if TYPE_CHECKING:
        post_id: int
        person_id: int

    class Meta:
        verbose_name = _("claim of a post")
        verbose_name_plural = _("claims of posts")
        constraints = [
            models.CheckConstraint(
                name="pioneer_claim_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")
            ),
            ExclusionConstraint(
                name="one_holder_of_a_place_at_a_time",
                expressions=[("post", RangeOperators.EQUAL), ("seat", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("Somebody else holds this place of the post in that time."),
            ),
            ExclusionConstraint(
                name="post_claimed_once_at_a_time",
                expressions=[("post", RangeOperators.EQUAL), ("person", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("This member holds the post in that time already."),
            ),
            models.CheckConstraint(
                name="pioneer_claim_takes_a_place_of_the_post",
                condition=Q(seat__gte=1) & (Q(post_places=None) | Q(seat__lte=F("post_places"))),
                violation_error_message=_("So many members hold the post, or held it. To have fewer, close it and open another."),
            ),
            models.CheckConstraint(
                name="pioneer_claim_inside_the_post",
                condition=Q(post_during=None) | Q(during__contained_by=F("post_during")),
                violation_error_message=_("The post is not open in all that time."),
            ),
            models.CheckConstraint(
                name="pioneer_claimant_is_in_the_branch",
                condition=Q(membership__isnull=False),
                violation_error_message=_("Whoever holds a post is in its branch in all that time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} @ {self.post}"
