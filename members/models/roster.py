"""The roster: posts that a branch staffs, the times of their shifts, shifts, who is on them, and who cannot be.

That the moments of a shift stand on each assignment to it, so that one person's shifts never overlap, is kept by the database: they are carried by a
composite foreign key that cascades on update (see `members/migrations/0007_roster_rules.py`).
"""

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from psycopg2.extras import DateTimeTZRange

from branches.models import Branch
from members.models.people import Person
from members.querysets import DutyPostQuerySet, ShiftQuerySet
from portal.foundation.models import PublicModel, SourcedModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, Basis, Sensitive, Special, Whose

if TYPE_CHECKING:
    from django.db.models.fields.related_descriptors import RelatedManager

LONGEST_SHIFT = timedelta(hours=24)
MOST_PEOPLE = 50


class DutyPost(SourcedModel):
    """Something that a branch staffs in shifts: a gate, a patrol, a round of disinfection, a delivery point."""

    class Duty(models.TextChoices):
        CHECKPOINT = "checkpoint", pgettext_lazy("duty", "checkpoint")
        PATROL = "patrol", pgettext_lazy("duty", "patrol")
        DISINFECTION = "disinfection", pgettext_lazy("duty", "disinfection")
        DELIVERY = "delivery", pgettext_lazy("duty", "delivery")
        OTHER = "other", pgettext_lazy("duty", "other duty")

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="duty_posts")
    name = models.CharField(_("name"), max_length=60)
    duty = models.CharField(_("duty"), max_length=12, choices=Duty, default=Duty.CHECKPOINT)
    people = models.PositiveSmallIntegerField(_("people a shift"), default=1)
    during = DateRangeField(_("from, until"))

    objects = DutyPostQuerySet.as_manager()

    if TYPE_CHECKING:
        times: RelatedManager["ShiftTime"]

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        ordering = ["pk"]
        constraints = [
            SourcedModel.source_key_constraint("duty_post_once_per_source"),
            models.CheckConstraint(name="duty_post_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")),
            models.CheckConstraint(
                name="duty_post_takes_one_to_fifty",
                condition=Q(people__gte=1, people__lte=MOST_PEOPLE),
                violation_error_message=_("A shift takes between 1 and 50 people."),
            ),
            ExclusionConstraint(
                name="one_duty_post_of_a_name_at_a_time",
                expressions=[("branch", RangeOperators.EQUAL), ("name", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("The branch has a post of this name in that time."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ShiftTime(models.Model):
    """A shift of a post's day; one that ends no later than it starts runs over midnight."""

    post = models.ForeignKey(DutyPost, verbose_name=_("post"), on_delete=models.CASCADE, related_name="times")
    starts_at = models.TimeField(_("starts at"))
    ends_at = models.TimeField(_("ends at"))

    objects: models.Manager["ShiftTime"] = models.Manager()

    class Meta:
        verbose_name = _("time of a shift")
        verbose_name_plural = _("times of shifts")
        ordering = ["starts_at"]
        constraints = [
            models.UniqueConstraint(
                name="one_shift_time_a_start", fields=["post", "starts_at"], violation_error_message=_("Two shifts of a post start at the same time.")
            ),
        ]

    def __str__(self) -> str:
        return hours_text(self.starts_at, self.ends_at)

    def on(self, day: date) -> DateTimeTZRange:
        """Return from when until when the shift lasts that starts on a day."""
        ends_on = day + timedelta(days=int(self.ends_at <= self.starts_at))
        return DateTimeTZRange(_moment(day, self.starts_at), _moment(ends_on, self.ends_at))


class Shift(PublicModel):
    """A post to be staffed from a moment until a moment. It belongs to the business date in force at its start."""

    post = models.ForeignKey(DutyPost, verbose_name=_("post"), on_delete=models.PROTECT, related_name="shifts")
    during = DateTimeRangeField(_("from, until"))
    business_date = models.DateField(_("business date"))
    people = models.PositiveSmallIntegerField(_("people needed"), default=1)

    objects = ShiftQuerySet.as_manager()

    if TYPE_CHECKING:
        post_id: int
        assignments: RelatedManager["Assignment"]

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ["during", "pk"]
        indexes = [
            GistIndex(fields=["during"], name="shift_by_time"),
            models.Index(fields=["business_date", "id"], name="shift_by_day"),
        ]
        constraints = [
            models.UniqueConstraint(name="shift_id_and_time", fields=["id", "during"]),
            models.UniqueConstraint(name="shift_once", fields=["post", "during"], violation_error_message=_("The post has this shift already.")),
            models.CheckConstraint(
                name="shift_has_both_ends",
                condition=Q(during__isempty=False) & Q(during__startswith__isnull=False) & Q(during__endswith__isnull=False),
                violation_error_message=_("A shift has a start and, after it, an end."),
            ),
            models.CheckConstraint(
                name="shift_of_a_day_at_most",
                condition=Q(during__endswith__lte=F("during__startswith") + LONGEST_SHIFT),
                violation_error_message=_("A shift lasts 24 hours at most."),
            ),
            models.CheckConstraint(
                name="shift_takes_one_to_fifty",
                condition=Q(people__gte=1, people__lte=MOST_PEOPLE),
                violation_error_message=_("A shift takes between 1 and 50 people."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.post} {self.starts_at:%Y-%m-%d} {self.hours_text}"

    @property
    def starts_at(self) -> datetime:
        """The moment at which it starts, in the portal's time zone."""
        return timezone.localtime(self.during.lower)

    @property
    def ends_at(self) -> datetime:
        """The moment at which it ends, in the portal's time zone."""
        return timezone.localtime(self.during.upper)

    @property
    def hours_text(self) -> str:
        """From when until when, as 16:00–24:00."""
        return hours_text(self.starts_at.time(), self.ends_at.time())

    @property
    def over_midnight(self) -> bool:
        """Whether it reaches into the next day."""
        return self.starts_at.date() != (self.ends_at - timedelta(microseconds=1)).date()


class Assignment(PublicModel):
    """A person on a shift: member, staff, volunteer or resident alike."""

    shift = models.ForeignKey(Shift, verbose_name=_("shift"), on_delete=models.CASCADE, related_name="assignments")
    person = models.ForeignKey(Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="assignments")
    # Carried from the shift by the database; written by a trigger, never here.
    during = DateTimeRangeField(_("time of the shift"), null=True, editable=False)

    objects: models.Manager["Assignment"] = models.Manager()

    class Meta:
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        ordering = ["pk"]
        constraints = [
            ExclusionConstraint(
                name="one_shift_at_a_time",
                expressions=[("person", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("This person is on another shift in that time."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} @ {self.shift}"


class TimeOff(PublicModel):
    """Days on which a person takes no shift."""

    class Reason(models.TextChoices):
        ILL = "ill", _("ill")
        AWAY = "away", _("away")

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.CASCADE, related_name="times_off")
    person = models.ForeignKey(Person, verbose_name=_("person"), on_delete=models.PROTECT, related_name="times_off")
    during = DateRangeField(_("from, until"))
    reason = models.CharField(_("reason"), max_length=4, choices=Reason, default=Reason.AWAY)

    objects: models.Manager["TimeOff"] = models.Manager()

    SENSITIVE = {
        "reason": Sensitive(
            _("leaving whoever is ill or away out of the roster"), AFTER_THE_BRANCH, Basis.EMERGENCY, Whose.SERVING, Special.HEALTH, becomes=Reason.AWAY
        )
    }

    class Meta:
        verbose_name = _("time off")
        verbose_name_plural = _("times off")
        ordering = ["during", "pk"]
        constraints = [
            models.CheckConstraint(name="time_off_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")),
            ExclusionConstraint(
                name="off_once_at_a_time",
                expressions=[("person", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("This person is off in that time already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} {self.during}"


def hours_text(starts_at: time, ends_at: time) -> str:
    """Return the hours of a shift; one that ends at midnight ends at 24:00."""
    return f"{starts_at:%H:%M}–{'24:00' if ends_at == time() else f'{ends_at:%H:%M}'}"


def _moment(day: date, at: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, at))
