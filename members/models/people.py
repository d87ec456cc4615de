"""People: persons, secondments, memberships and officer terms.

That a membership lies inside the branch's life, and a term inside the membership, is kept by the database: the outer span is carried on
the inner row by a composite foreign key that cascades on update, and checked there (see `members/migrations/`).
"""

from typing import ClassVar, Final

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from branches.models import Branch, Region, WorkUnit
from members.querysets import DatedQuerySet, PersonQuerySet
from portal.foundation.models import SearchableModel, SourcedModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, AtEnd, Basis, Sensitive, Since, Whose

_NAMED: Final = Sensitive(
    _("knowing who is in the branch, who serves when, and whom to thank"),
    AFTER_THE_BRANCH,
    Basis.EMERGENCY,
    Whose.SERVING,
    since=Since.PERSON,
    at_end=AtEnd.PSEUDONYM,
)
_CALLED: Final = Sensitive(_("reaching a member of the branch while it is at work"), AFTER_THE_BRANCH, Basis.EMERGENCY, Whose.SERVING, since=Since.PERSON)


class Person(SearchableModel, SourcedModel):
    """Someone at work for a branch. Many are not Party members: `kind` says which."""

    class Kind(models.TextChoices):
        MEMBER = "member", _("Party member")
        STAFF = "staff", _("staff")
        VOLUNTEER = "volunteer", _("volunteer")
        RESIDENT = "resident", _("resident")

    name = models.CharField(_("full name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.MEMBER)
    veteran = models.BooleanField(_("veteran"), default=False)
    # Seen whole by organisers in scope, masked for others.
    phone = models.CharField(_("private phone"), max_length=20, blank=True)
    duty_phone = models.CharField(_("duty phone"), max_length=20, blank=True)
    # Since when a pseudonym stands in place of the name; nothing leads back.
    unnamed_at = models.DateTimeField(_("under a pseudonym since"), null=True, editable=False)

    objects = PersonQuerySet.as_manager()

    SENSITIVE = {
        **dict.fromkeys(("name", "name_key", "search"), _NAMED),
        "phone": _CALLED,
        "duty_phone": _CALLED,
    }

    class Meta(SearchableModel.Meta):
        abstract = False
        verbose_name = _("person")
        verbose_name_plural = _("persons")
        ordering = ["name_key", "pk"]
        constraints = [SourcedModel.source_key_constraint("person_once_per_source")]

    def __str__(self) -> str:
        return self.name

    def searched_parts(self) -> tuple[str, ...]:
        """The name."""
        return (self.name,)


class Secondment(SourcedModel):
    """A person sent by a work unit to a place, from a day until a day."""

    class Channel(models.TextChoices):
        TEAM = "team", _("work team")
        RESIDENCE = "residence", _("registered where they live")

    person = models.ForeignKey(Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="secondments")
    home_unit = models.ForeignKey(WorkUnit, verbose_name=_("sent by"), on_delete=models.PROTECT, related_name="secondments")
    region = models.ForeignKey(Region, verbose_name=_("sent to"), on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    channel = models.CharField(_("channel"), max_length=10, choices=Channel, default=Channel.TEAM)
    job = models.CharField(_("post at the unit"), max_length=60, blank=True)
    during = DateRangeField(_("from, until"))

    SENSITIVE: ClassVar = {
        "job": Sensitive(
            _("knowing what somebody can do and to whom they answer at home"), AFTER_THE_BRANCH, Basis.EMERGENCY, Whose.SERVING, since=Since.PERSON
        )
    }

    class Meta:
        verbose_name = _("secondment")
        verbose_name_plural = _("secondments")
        constraints = [
            SourcedModel.source_key_constraint("secondment_once_per_source"),
            models.CheckConstraint(name="secondment_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")),
            # So that a person's work on a day belongs to one unit.
            ExclusionConstraint(
                name="sent_by_one_unit_at_a_time",
                expressions=[("person", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("This person is sent by a work unit in that time already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} < {self.home_unit}"


class Membership(SourcedModel):
    """A person's time in a branch; the person's work unit sent them, the branch leads them."""

    person = models.ForeignKey(Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="memberships")
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="memberships")
    during = DateRangeField(_("from, until"))
    # Carried from the branch by the database; written by a trigger, never here.
    branch_life = DateRangeField(_("life of the branch"), null=True, editable=False)

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            SourcedModel.source_key_constraint("membership_once_per_source"),
            models.UniqueConstraint(name="membership_id_branch_during", fields=["id", "branch", "during"]),
            models.CheckConstraint(name="membership_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")),
            ExclusionConstraint(
                name="one_membership_at_a_time",
                expressions=[("person", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("This person is a member of another branch in that time."),
            ),
            models.CheckConstraint(
                name="membership_inside_the_branch_life",
                condition=Q(branch_life=None) | Q(during__contained_by=F("branch_life")),
                violation_error_message=_("The membership must lie inside the life of the branch."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.branch}"


class OfficerTerm(SourcedModel):
    """An office held in a branch, inside a membership."""

    class Office(models.TextChoices):
        SECRETARY = "secretary", _("secretary")
        DEPUTY_SECRETARY = "deputy_secretary", _("deputy secretary")
        COMMITTEE_MEMBER = "committee_member", _("committee member")
        TEAM_LEADER = "team_leader", _("team leader")

    membership = models.ForeignKey(Membership, verbose_name=_("membership"), on_delete=models.PROTECT, related_name="terms")
    office = models.CharField(_("office"), max_length=20, choices=Office)
    during = DateRangeField(_("from, until"))
    # Carried from the membership by the database; written by a trigger, never here.
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, null=True, editable=False, related_name="terms")
    membership_during = DateRangeField(_("time of the membership"), null=True, editable=False)

    objects: models.Manager["OfficerTerm"] = models.Manager()

    class Meta:
        verbose_name = _("officer term")
        verbose_name_plural = _("officer terms")
        constraints = [
            SourcedModel.source_key_constraint("officer_term_once_per_source"),
            models.CheckConstraint(
                name="officer_term_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")
            ),
            models.CheckConstraint(
                name="officer_term_inside_the_membership",
                condition=Q(membership_during=None) | Q(during__contained_by=F("membership_during")),
                violation_error_message=_("The term of office must lie inside the membership."),
            ),
            ExclusionConstraint(
                name="one_secretary_at_a_time",
                expressions=[("branch", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(office="secretary"),
                violation_error_message=_("The branch has a secretary in that time already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.membership.person} {self.office}"
