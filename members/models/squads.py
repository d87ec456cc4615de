"""Squads: teams of a branch for a task, the people in them, and the grids that they cover, each from a day until a day.

That a squad lies inside the branch's life, whoever is in it in the branch then, and its grids inside its own time, is kept by the database: the outer
span is carried on the inner row by a composite foreign key that cascades on update (see `members/migrations/0016_squad_rules.py`). Which regions are
grids of a branch is the service's to say: what a branch covers changes, and what was covered once stays on record.
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
from members.querysets import DatedQuerySet, SquadQuerySet
from portal.foundation.models import PublicModel, SourcedModel


class Squad(SourcedModel):
    """A dated team inside a branch."""

    class Kind(models.TextChoices):
        SHOCK = "shock", pgettext_lazy("squad", "shock team")
        TASK_FORCE = "task_force", pgettext_lazy("squad", "task force")
        PATROL = "patrol", pgettext_lazy("squad", "patrol team")
        WORK_TEAM = "work_team", pgettext_lazy("squad", "work team")

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="squads")
    name = models.CharField(_("name"), max_length=60)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.WORK_TEAM)
    task = models.CharField(_("task"), max_length=200, blank=True)
    during = DateRangeField(_("from, until"))
    # Carried from the branch by the database; written by a trigger, never here.
    branch_life = DateRangeField(_("life of the branch"), null=True, editable=False)

    objects = SquadQuerySet.as_manager()

    if TYPE_CHECKING:
        branch_id: int
        # Related managers that have the words of DatedQuerySet too.
        members: Any
        grids: Any

    class Meta:
        verbose_name = _("squad")
        verbose_name_plural = _("squads")
        constraints = [
            SourcedModel.source_key_constraint("squad_once_per_source"),
            models.UniqueConstraint(name="squad_id_branch_during", fields=["id", "branch", "during"]),
            models.CheckConstraint(name="squad_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")),
            ExclusionConstraint(
                name="one_squad_of_a_name_at_a_time",
                expressions=[("branch", RangeOperators.EQUAL), ("name", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("The branch has a squad of this name in that time."),
            ),
            models.CheckConstraint(
                name="squad_inside_the_branch_life",
                condition=Q(branch_life=None) | Q(during__contained_by=F("branch_life")),
                violation_error_message=_("The squad must lie inside the life of the branch."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SquadMember(PublicModel):
    """A person's time in a squad, or at its head; squads take members, staff, volunteers and residents of the branch alike."""

    squad = models.ForeignKey(Squad, verbose_name=_("squad"), on_delete=models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="squads")
    leads = models.BooleanField(_("leads the squad"), default=False)
    during = DateRangeField(_("from, until"))
    # Carried from the squad and from the membership in its branch by the database; written by a trigger, never here.
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    squad_during = DateRangeField(_("time of the squad"), null=True, editable=False)
    membership = models.ForeignKey(Membership, verbose_name=_("membership"), on_delete=models.PROTECT, null=True, editable=False, related_name="squads")
    membership_during = DateRangeField(_("time of the membership"), null=True, editable=False)

    objects = DatedQuerySet.as_manager()

    if TYPE_CHECKING:
        person_id: int

    class Meta:
        verbose_name = _("squad member")
        verbose_name_plural = _("squad members")
        constraints = [
            models.CheckConstraint(
                name="squad_member_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")
            ),
            ExclusionConstraint(
                name="in_a_squad_once_at_a_time",
                expressions=[("squad", RangeOperators.EQUAL), ("person", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("This person is in the squad in that time already."),
            ),
            ExclusionConstraint(
                name="one_leader_of_a_squad_at_a_time",
                expressions=[("squad", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(leads=True),
                violation_error_message=_("The squad has a leader in that time already."),
            ),
            models.CheckConstraint(
                name="squad_member_inside_the_squad",
                condition=Q(squad_during=None) | Q(during__contained_by=F("squad_during")),
                violation_error_message=_("Nobody is in a squad before it begins or after it ends."),
            ),
            models.CheckConstraint(
                name="squad_member_is_in_the_branch",
                condition=Q(membership__isnull=False),
                violation_error_message=_("Whoever is in a squad is in its branch in all that time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.squad}"


class SquadGrid(PublicModel):
    """A grid that a squad covers. Two squads may share one; the pages say so."""

    squad = models.ForeignKey(Squad, verbose_name=_("squad"), on_delete=models.CASCADE, related_name="grids")
    region = models.ForeignKey(Region, verbose_name=_("grid"), on_delete=models.PROTECT, related_name="squads")
    during = DateRangeField(_("from, until"))
    # Carried from the squad by the database; written by a trigger, never here.
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    squad_during = DateRangeField(_("time of the squad"), null=True, editable=False)

    objects = DatedQuerySet.as_manager()

    if TYPE_CHECKING:
        region_id: int
        squad_id: int

    class Meta:
        verbose_name = _("grid of a squad")
        verbose_name_plural = _("grids of squads")
        constraints = [
            models.CheckConstraint(name="squad_grid_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")),
            ExclusionConstraint(
                name="squad_covers_a_grid_once_at_a_time",
                expressions=[("squad", RangeOperators.EQUAL), ("region", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("The squad covers this grid in that time already."),
            ),
            models.CheckConstraint(
                name="squad_grid_inside_the_squad",
                condition=Q(squad_during=None) | Q(during__contained_by=F("squad_during")),
                violation_error_message=_("A squad covers nothing before it begins or after it ends."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.squad} @ {self.region}"
