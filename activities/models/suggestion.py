"""Suggestions (社情民意): what residents or members say that only a higher level can settle, passed upward and answered there.

A suggestion is changed together with an event that says what was done; events are only ever added. Both are kept by triggers: `activities/migrations/`.
"""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.querysets import SuggestionQuerySet
from branches.models import Branch, Region, WorkUnit
from portal.foundation import clock
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, GONE, Basis, Sensitive

_SAID: Final = Sensitive(
    _("letting whoever can settle a matter know of it, and answering; names nobody by purpose, but is written freely"),
    AFTER_THE_BRANCH,
    Basis.DUTY,
    becomes=GONE,
)


class Suggestion(PublicModel):
    """Something said to a branch that a township, a county or a work unit has to settle. It is at its branch, with one of those, or answered."""

    class Topic(models.TextChoices):
        SUPPLIES = "supplies", _("Food and supplies")
        MEDICAL = "medical", pgettext_lazy("suggestion", "Medicine and doctors")
        PASSAGE = "passage", _("Going out and passes")
        HOUSING = "housing", _("Compound and property management")
        FAMILIES = "families", _("The old, children and schooling")
        WORK = "work", _("Going back to work and business")
        DUTY = "duty", _("People on duty and their protection")
        OTHER = "other", pgettext_lazy("suggestion", "Other")

    class Voice(models.TextChoices):
        RESIDENTS = "residents", pgettext_lazy("suggestion", "residents")
        MEMBERS = "members", _("members of the branch")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("suggestion", "At the branch")
        PASSED = "passed", _("Waits for an answer")
        ANSWERED = "answered", _("Answered")
        CLOSED = "closed", pgettext_lazy("suggestion", "Laid aside")

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="suggestions")
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_on = models.DateField(_("recorded on"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("recorded by"), on_delete=models.PROTECT, related_name="+", db_index=False)
    topic = models.CharField(_("topic"), max_length=10, choices=Topic)
    voice = models.CharField(_("who says so"), max_length=10, choices=Voice, default=Voice.RESIDENTS)
    words = models.TextField(_("what is suggested"), max_length=1000)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    # Who has it to answer, or has answered it.
    with_unit = models.ForeignKey(WorkUnit, verbose_name=_("with the unit"), on_delete=models.PROTECT, null=True, blank=True, related_name="suggestions")
    with_region = models.ForeignKey(Region, verbose_name=_("with the region"), on_delete=models.PROTECT, null=True, blank=True, related_name="suggestions")
    passed_at = models.DateTimeField(_("passed there at"), null=True, blank=True)
    answer = models.TextField(_("answer"), blank=True, max_length=1000)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    # Whether all branches below whoever answered may read topic and answer; never the words or whose they are.
    for_all = models.BooleanField(_("for all below"), default=False)
    # The number of its latest event: what a page was opened on.
    revision = models.PositiveIntegerField(_("revision"), default=1)

    objects = SuggestionQuerySet.as_manager()

    SENSITIVE = {"words": _SAID, "answer": _SAID}

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        ordering = ["-recorded_on", "-pk"]
        indexes = [
            models.Index(fields=["passed_at", "id"], name="suggestion_by_wait", condition=Q(state="passed")),
            models.Index(fields=["recorded_on", "id"], name="suggestion_by_day"),
        ]
        constraints = [
            models.CheckConstraint(name="suggestion_says_something", condition=~Q(words=""), violation_error_message=_("Write what is suggested.")),
            models.CheckConstraint(
                name="suggestion_is_with_one",
                condition=Q(state__in=("passed", "answered"), passed_at__isnull=False)
                & (Q(with_unit__isnull=False, with_region=None) | Q(with_unit=None, with_region__isnull=False))
                | Q(state__in=("open", "closed"), with_unit=None, with_region=None, passed_at=None),
                violation_error_message=_("A suggestion is passed to one region or to one work unit."),
            ),
            models.CheckConstraint(
                name="suggestion_answered_in_words",
                condition=(Q(state="answered", answered_at__isnull=False) & ~Q(answer=""))
                | (~Q(state="answered") & Q(answered_at=None, answer="", for_all=False)),
                violation_error_message=_("A suggestion is answered in words, and only then has an answer."),
            ),
            models.CheckConstraint(
                name="suggestion_times_follow_each_other",
                condition=(Q(passed_at=None) | Q(passed_at__gte=F("recorded_at"))) & (Q(answered_at=None) | Q(answered_at__gte=F("passed_at"))),
                violation_error_message=_("A suggestion is recorded, then passed on, then answered."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_topic_display()} {self.recorded_on}"

    @property
    def is_with(self) -> Region | WorkUnit | None:
        """The region or the work unit that has it to answer, or has answered it."""
        return self.with_region or self.with_unit

    @property
    def age(self) -> timedelta:
        """How long it waits, or waited, where it was passed to last."""
        return (self.answered_at or clock.now()) - (self.passed_at or self.recorded_at)


class SuggestionEvent(PublicModel):
    """Something that happened to a suggestion. Rows are only ever added: a trigger refuses everything else."""

    class Kind(models.TextChoices):
        RECORDED = "recorded", _("Recorded")
        CHANGED = "changed", _("Corrected")
        PASSED = "passed", _("Passed on")
        GIVEN_BACK = "given_back", _("Back at the branch")
        ANSWERED = "answered", _("Answered")
        CLOSED = "closed", pgettext_lazy("suggestion", "Laid aside")

    suggestion = models.ForeignKey(Suggestion, verbose_name=_("suggestion"), on_delete=models.PROTECT, related_name="events", db_index=False)
    number = models.PositiveIntegerField(_("serial number"))
    kind = models.CharField(_("what happened"), max_length=10, choices=Kind)
    at = models.DateTimeField(_("when"))
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("who"), on_delete=models.PROTECT, related_name="+", db_index=False)
    # Who had it when it happened; neither while it was at its branch.
    by_region = models.ForeignKey(Region, verbose_name=_("by the region"), on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    by_unit = models.ForeignKey(WorkUnit, verbose_name=_("by the unit"), on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    to_region = models.ForeignKey(Region, verbose_name=_("to the region"), on_delete=models.PROTECT, null=True, related_name="+")
    to_unit = models.ForeignKey(WorkUnit, verbose_name=_("to the unit"), on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(_("note"), blank=True, max_length=1000)

    objects: models.Manager["SuggestionEvent"] = models.Manager()

    ENDS_WITH = ("suggestion__branch",)
    SENSITIVE = {"note": _SAID}

    class Meta:
        verbose_name = _("event of a suggestion")
        verbose_name_plural = _("events of suggestions")
        ordering = ["suggestion", "number"]
        constraints = [
            models.UniqueConstraint(
                name="suggestion_event_once",
                fields=["suggestion", "number"],
                violation_error_message=_("Somebody else has changed this suggestion meanwhile."),
            ),
            models.CheckConstraint(
                name="suggestion_event_passes_to_one",
                condition=Q(kind="passed", to_unit__isnull=False, to_region=None)
                | Q(kind="passed", to_unit=None, to_region__isnull=False)
                | (~Q(kind="passed") & Q(to_unit=None, to_region=None)),
                violation_error_message=_("A suggestion is passed to one region or to one work unit."),
            ),
            models.CheckConstraint(
                name="suggestion_event_says_why",
                condition=~Q(kind__in=("given_back", "answered", "closed")) | ~Q(note=""),
                violation_error_message=_("Whoever answers a suggestion, gives it back or lays it aside says so in words."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.suggestion_id} {self.number} {self.kind}"

    @property
    def to(self) -> Region | WorkUnit | None:
        """What the suggestion was passed to."""
        return self.to_region or self.to_unit

    @property
    def by(self) -> Region | WorkUnit | None:
        """Who had the suggestion; None while it was at its branch."""
        return self.by_region or self.by_unit
