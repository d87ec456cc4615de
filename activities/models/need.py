"""The ledger of residents' needs (居民需求台账): each need, whose it is now, and all that happened to it.

A need is changed together with an event that says what was done; events are only ever added. Both are kept by triggers: `activities/migrations/`.
"""

from datetime import timedelta
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.querysets import NeedEventQuerySet, NeedQuerySet
from branches.models import Branch, Region, WorkUnit
from members.models import Person
from portal.foundation import clock
from portal.foundation.models import PublicModel
from portal.foundation.searching import FoldedField, bigram_index
from portal.foundation.sensitive import AFTER_THE_BRANCH, GONE, AtEnd, Basis, Sensitive, Since, Special, Whose

_TO_HELP: Final = Sensitive(
    _("bringing the help to whoever asked for it, and asking afterwards whether it came"), AFTER_THE_BRANCH, Basis.EMERGENCY, Whose.RESIDENT
)
_TOLD: Final = Sensitive(
    _("knowing what is needed and what was done about it; may tell of health or want"),
    AFTER_THE_BRANCH,
    Basis.EMERGENCY,
    Whose.RESIDENT,
    Special.HEALTH,
    becomes=GONE,
)


class Need(PublicModel):
    """Something that a resident asked for: recorded by one branch, answered for by the branch that holds it now."""

    class Channel(models.TextChoices):
        WECHAT = "wechat", _("WeChat")
        PHONE = "phone", pgettext_lazy("channel", "Phone")
        IN_PERSON = "in_person", _("In person")
        HOTLINE = "hotline", _("Hotline")

    class Category(models.TextChoices):
        FOOD = "food", _("Food and groceries")
        MEDICINE = "medicine", _("Medicine")
        MEDICAL = "medical", _("Seeing a doctor")
        CARE = "care", _("Care of the old, the young or the ill")
        GOODS = "goods", _("Parcels and daily goods")
        REPAIR = "repair", _("Water, power and repairs")
        PASSAGE = "passage", _("Passes and going out")
        QUESTION = "question", _("A question")
        OTHER = "other", pgettext_lazy("need", "Other")

    class Urgency(models.TextChoices):
        URGENT = "urgent", _("Urgent")
        SOON = "soon", _("Today")
        NORMAL = "normal", _("Can wait")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("need", "Open")
        HANDED_ON = "handed_on", _("Handed on")
        RESOLVED = "resolved", _("Resolved")

    # Within which it is to be resolved: what cannot wait, within two hours; the rest day by day (逐日解决), or within three.
    ALLOWED: Final = {Urgency.URGENT: timedelta(hours=2), Urgency.SOON: timedelta(hours=24), Urgency.NORMAL: timedelta(hours=72)}
    UNRESOLVED: Final = (State.OPEN, State.HANDED_ON)

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="needs")
    origin = models.ForeignKey(Branch, verbose_name=_("recorded by the branch"), on_delete=models.PROTECT, related_name="needs_recorded")
    recorded_at = models.DateTimeField(_("recorded at"))
    recorded_on = models.DateField(_("recorded on"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("recorded by"), on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.CharField(pgettext_lazy("need", "channel"), max_length=10, choices=Channel)
    category = models.CharField(_("category"), max_length=10, choices=Category)
    urgency = models.CharField(_("urgency"), max_length=10, choices=Urgency, default=Urgency.SOON)
    words = models.TextField(_("what is needed"), blank=True, max_length=500)
    words_folded = FoldedField(_("what is needed, folded"), of="words")
    household = models.CharField(_("household"), max_length=60, blank=True)
    contact = models.CharField(_("name of the resident"), max_length=30, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    residents = models.PositiveSmallIntegerField(_("residents"), default=1)
    due_at = models.DateTimeField(_("due at"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    assignee = models.ForeignKey(Person, verbose_name=_("assigned to"), on_delete=models.PROTECT, null=True, blank=True, related_name="needs", db_index=False)
    with_unit = models.ForeignKey(WorkUnit, verbose_name=_("handed on to the unit"), on_delete=models.PROTECT, null=True, blank=True, related_name="needs")
    with_region = models.ForeignKey(Region, verbose_name=_("handed on to the region"), on_delete=models.PROTECT, null=True, blank=True, related_name="needs")
    result = models.TextField(_("result"), blank=True, max_length=500)
    resolved_at = models.DateTimeField(_("resolved at"), null=True, blank=True)
    resolved_on = models.DateField(_("resolved on"), null=True, blank=True)
    # The number of its latest event: what a page was opened on.
    revision = models.PositiveIntegerField(_("revision"), default=1)

    objects = NeedQuerySet.as_manager()

    # Whoever recorded a need goes on reading it: it waits for both ends.
    ENDS_WITH = ("branch", "origin")
    SENSITIVE = {"words": _TOLD, "words_folded": _TOLD, "household": _TO_HELP, "contact": _TO_HELP, "phone": _TO_HELP, "result": _TOLD}

    class Meta:
        verbose_name = _("need")
        verbose_name_plural = _("needs")
        ordering = ["due_at", "pk"]
        indexes = [
            bigram_index("words_folded", "need_word_bigrams", Q(words_folded__isnull=False)),
            models.Index(fields=["due_at", "id"], name="need_by_due", condition=~Q(state="resolved")),
            models.Index(fields=["branch", "due_at"], name="need_of_branch_by_due", condition=~Q(state="resolved")),
            models.Index(fields=["recorded_on", "id"], name="need_by_day"),
            models.Index(fields=["resolved_on", "id"], name="need_by_day_resolved", condition=Q(state="resolved")),
        ]
        constraints = [
            models.CheckConstraint(
                name="need_closing_needs_a_result",
                condition=(Q(state="resolved", resolved_at__isnull=False, resolved_on__isnull=False) & ~Q(result=""))
                | (~Q(state="resolved") & Q(resolved_at=None, resolved_on=None, result="")),
                violation_error_message=_("A need is resolved with a result, and only then has one."),
            ),
            models.CheckConstraint(
                name="need_handed_on_to_one",
                condition=Q(state="handed_on", with_unit__isnull=False, with_region=None)
                | Q(state="handed_on", with_unit=None, with_region__isnull=False)
                | (~Q(state="handed_on") & Q(with_unit=None, with_region=None)),
                violation_error_message=_("A need is handed on to one work unit or to one region."),
            ),
            models.CheckConstraint(
                name="need_times_follow_each_other",
                condition=Q(due_at__gte=F("recorded_at")) & (Q(resolved_at=None) | Q(resolved_at__gte=F("recorded_at"))),
                violation_error_message=_("A need is due, and resolved, after it was recorded."),
            ),
            models.CheckConstraint(
                name="need_of_one_resident_or_more",
                condition=Q(residents__gte=1, residents__lte=999),
                violation_error_message=_("A need is of one to 999 residents."),
            ),
            models.CheckConstraint(
                name="need_words_are_folded",
                condition=Q(words_folded__isnull=False, words_folded__gt="") | Q(words_folded=None) & ~Q(words__regex="[0-9A-Za-z一-龥]"),
                violation_error_message=_("What is needed is stored together with the text by which it is found."),
            ),
            models.CheckConstraint(
                name="need_of_another_kind_is_told",
                condition=~Q(category="other") | ~Q(words=""),
                violation_error_message=_("Say what is needed: “other” alone says nothing."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()} {self.recorded_on}"

    @property
    def is_resolved(self) -> bool:
        """Whether it is resolved."""
        return self.state == self.State.RESOLVED

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been resolved by now."""
        return not self.is_resolved and self.due_at < clock.now()

    @property
    def age(self) -> timedelta:
        """How long whoever asked has waited, or had to wait."""
        return (self.resolved_at or clock.now()) - self.recorded_at

    @property
    def is_with(self) -> Region | WorkUnit | None:
        """The region or the work unit that it was handed on to."""
        return self.with_region or self.with_unit


class NeedEvent(PublicModel):
    """Something that happened to a need. Rows are only ever added: a trigger refuses everything else."""

    class Kind(models.TextChoices):
        RECORDED = "recorded", _("Recorded")
        CHANGED = "changed", _("Corrected")
        ASSIGNED = "assigned", _("Assigned")
        HANDED_ON = "handed_on", _("Handed on")
        TAKEN_BACK = "taken_back", _("Back at the branch")
        RESOLVED = "resolved", _("Resolved")
        CALLED_BACK = "called_back", _("Called back")
        REOPENED = "reopened", _("Opened again")

    class Answer(models.TextChoices):
        SOLVED = "solved", _("Solved, says the resident")
        UNSOLVED = "unsolved", _("Not solved, says the resident")
        NOT_REACHED = "not_reached", _("Nobody answered")

    need = models.ForeignKey(Need, verbose_name=_("need"), on_delete=models.PROTECT, related_name="events", db_index=False)
    number = models.PositiveIntegerField(_("serial number"))
    kind = models.CharField(_("what happened"), max_length=12, choices=Kind)
    # The branch that held the need then, and that branch's business date.
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="+", db_index=False)
    business_date = models.DateField(_("business date"))
    at = models.DateTimeField(_("when"))
    # None when the resident did it, with the code.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("who"), on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    person = models.ForeignKey(Person, verbose_name=_("assigned to"), on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    to_branch = models.ForeignKey(Branch, verbose_name=_("to the branch"), on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    to_unit = models.ForeignKey(WorkUnit, verbose_name=_("to the unit"), on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    to_region = models.ForeignKey(Region, verbose_name=_("to the region"), on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    answer = models.CharField(_("answer"), max_length=12, choices=Answer, blank=True)
    # Which fields were corrected; never what stood in them.
    fields = ArrayField(models.CharField(max_length=20), verbose_name=_("fields"), default=list)
    note = models.TextField(_("note"), blank=True, max_length=500)

    objects = NeedEventQuerySet.as_manager()

    ENDS_WITH: ClassVar = ("branch", "need__branch", "need__origin")
    SENSITIVE: dict[str, Any] = {"note": _TOLD}

    class Meta:
        verbose_name = _("event of a need")
        verbose_name_plural = _("events of needs")
        ordering = ["need", "number"]
        indexes = [models.Index(fields=["branch", "business_date", "need"], name="need_event_by_day")]
        constraints = [
            models.UniqueConstraint(
                name="need_event_once",
                fields=["need", "number"],
                violation_error_message=_("Somebody else has changed this need meanwhile."),
            ),
            models.CheckConstraint(
                name="need_event_hands_on_to_one",
                condition=(
                    Q(kind="handed_on", to_branch__isnull=False, to_unit=None, to_region=None)
                    | Q(kind="handed_on", to_branch=None, to_unit__isnull=False, to_region=None)
                    | Q(kind="handed_on", to_branch=None, to_unit=None, to_region__isnull=False)
                    | (~Q(kind="handed_on") & Q(to_branch=None, to_unit=None, to_region=None))
                ),
                violation_error_message=_("A need is handed on to one branch, one work unit or one region."),
            ),
            models.CheckConstraint(
                name="need_event_answers_a_call",
                condition=Q(kind="called_back") & ~Q(answer="") | (~Q(kind="called_back") & Q(answer="")),
                violation_error_message=_("A call-back has an answer, and nothing else has."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.need_id} {self.number} {self.kind}"

    @property
    def corrected(self) -> list[str]:
        """The names of the fields that were corrected."""
        return [str(Need._meta.get_field(name).verbose_name) for name in self.fields]  # type: ignore[union-attr]

    @property
    def to(self) -> Branch | Region | WorkUnit | None:
        """What the need was handed on to."""
        return self.to_branch or self.to_unit or self.to_region


class NeedCode(models.Model):
    """The code by which a resident follows a need; only its hash is kept. It dies 30 days after the need was resolved."""

    LIVES_ON: Final = timedelta(days=30)

    need = models.OneToOneField(Need, verbose_name=_("need"), on_delete=models.CASCADE, related_name="code")
    code_hash = models.CharField(pgettext_lazy("need", "SHA-256 of the code"), max_length=64, unique=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("made by"), on_delete=models.PROTECT, related_name="+", db_index=False)
    made_at = models.DateTimeField(_("made at"))

    SENSITIVE: ClassVar = {
        "code_hash": Sensitive(
            _("letting a resident see what became of a need"), LIVES_ON, Basis.EMERGENCY, Whose.RESIDENT, since=Since.ROW, at_end=AtEnd.ROW_GOES
        )
    }

    class Meta:
        verbose_name = _("code of a need")
        verbose_name_plural = _("codes of needs")

    def __str__(self) -> str:
        return f"{self.need_id}"
