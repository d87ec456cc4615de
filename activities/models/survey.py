"""Surveys: a short form, the answers to it, and which of them count."""

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from activities.querysets import SurveyQuerySet, SurveyResponseQuerySet
from branches.models import Branch
from portal.foundation import clock
from portal.foundation.models import PublicModel, SourcedModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, GONE, Basis, Sensitive, Whose

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager

# What somebody reads on a phone before they answer.
MOST_QUESTIONS = 20
FEWEST_OPTIONS, MOST_OPTIONS = 2, 20
HIGHEST = 5


class Survey(SourcedModel):
    """A form that a branch puts before residents: drafted, opened, and closed by hand or after its last day."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("survey", "in preparation")
        OPEN = "open", pgettext_lazy("survey", "open")
        CLOSED = "closed", pgettext_lazy("survey", "closed")

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="surveys")
    title = models.CharField(_("title"), max_length=60)
    introduction = models.CharField(_("introduction"), max_length=300, blank=True)
    made_on = models.DateField(_("made on"))
    last_day = models.DateField(_("last day"))
    several_a_browser = models.BooleanField(_("several answers from one browser"), default=False)
    # What stands behind the link: who does not have it finds no survey.
    code = models.CharField(_("code of the link"), max_length=12, unique=True, editable=False)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("made by"), on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(_("opened at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    objects = SurveyQuerySet.as_manager()

    if TYPE_CHECKING:
        questions: RelatedManager["SurveyQuestion"]
        responses: RelatedManager["SurveyResponse"]

    class Meta:
        verbose_name = _("survey")
        verbose_name_plural = _("surveys")
        ordering = ["-made_on", "-pk"]
        indexes = [
            models.Index(fields=["-made_on", "-id"], name="survey_by_day"),
            models.Index(fields=["branch", "-made_on", "-id"], name="survey_of_branch_by_day"),
        ]
        constraints = [
            SourcedModel.source_key_constraint("survey_once_per_source"),
            models.CheckConstraint(
                name="survey_closes_after_it_opens",
                condition=Q(closed_at=None) | (Q(opened_at__isnull=False) & Q(closed_at__gte=F("opened_at"))),
                violation_error_message=_("A survey closes after it was opened."),
            ),
            models.CheckConstraint(
                name="survey_has_days",
                condition=Q(last_day__gte=F("made_on")),
                violation_error_message=_("The last day is before the day on which the survey was made."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def name(self) -> str:
        """The title, as other objects that are referred to have a name."""
        return self.title

    @property
    def state(self) -> str:
        """Whether it takes answers now; after its last day it is closed, whoever forgot to."""
        if self.opened_at is None:
            return self.State.DRAFT
        return self.State.CLOSED if self.closed_at is not None or clock.today() > self.last_day else self.State.OPEN

    @property
    def state_label(self) -> str:
        """The state in words."""
        return str(self.State(self.state).label)

    @property
    def is_draft(self) -> bool:
        """Whether its questions may still change."""
        return self.state == self.State.DRAFT

    @property
    def is_open(self) -> bool:
        """Whether answers are taken now."""
        return self.state == self.State.OPEN


class SurveyQuestion(PublicModel):
    """A question of a survey. `satisfied_at` makes it the one that says who is satisfied: up to that option, or from that grade on."""

    class Kind(models.TextChoices):
        ONE = "one", _("one of several")
        SEVERAL = "several", _("as many as apply")
        SCALE = "scale", _("1 to 5")
        WORDS = "words", _("in own words")

    survey = models.ForeignKey(Survey, verbose_name=_("survey"), on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField(_("place in the order"))
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    wording = models.CharField(_("question"), max_length=200)
    options = ArrayField(models.CharField(max_length=60), verbose_name=_("options"), default=list, blank=True)
    required = models.BooleanField(_("must be answered"), default=True)
    satisfied_at = models.PositiveSmallIntegerField(_("satisfied up to, or from"), null=True, blank=True)
    groups = models.BooleanField(_("compare the groups that it makes"), default=False)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                name="question_alone_at_its_place",
                fields=["survey", "position"],
                violation_error_message=_("Another question stands at this place."),
                # Two questions change places in one statement.
                deferrable=models.Deferrable.IMMEDIATE,
            ),
            models.CheckConstraint(
                name="question_has_its_options",
                condition=Q(kind__in=["one", "several"], options__len__gte=FEWEST_OPTIONS, options__len__lte=MOST_OPTIONS)
                | Q(kind__in=["scale", "words"], options__len=0),
                violation_error_message=_("A choice has 2 to 20 options; other questions have none."),
            ),
            models.UniqueConstraint(
                name="one_question_says_who_is_satisfied",
                fields=["survey"],
                condition=Q(satisfied_at__isnull=False),
                violation_error_message=_("Another question of this survey says who is satisfied."),
            ),
            models.CheckConstraint(
                name="satisfied_lies_among_the_answers",
                condition=Q(satisfied_at=None)
                | (
                    Q(required=True, satisfied_at__gte=1)
                    & (Q(kind="one", satisfied_at__lt=F("options__len")) | Q(kind="scale", satisfied_at__range=(2, HIGHEST)))
                ),
                violation_error_message=_("Who is satisfied is said by a question that must be answered, and not by all of its answers."),
            ),
            models.UniqueConstraint(
                name="one_question_makes_groups",
                fields=["survey"],
                condition=Q(groups=True),
                violation_error_message=_("Another question of this survey makes the groups."),
            ),
            models.CheckConstraint(
                name="groups_are_made_by_a_choice",
                condition=Q(groups=False) | Q(kind="one", satisfied_at=None),
                violation_error_message=_("Groups are made by a choice of one, and not by the one that says who is satisfied."),
            ),
        ]

    def __str__(self) -> str:
        return self.wording

    @property
    def labels(self) -> list[str]:
        """What can be chosen, in order; the first is choice 1."""
        return [str(grade) for grade in range(1, HIGHEST + 1)] if self.kind == self.Kind.SCALE else list(self.options)

    def counts_as_satisfied(self, choice: int) -> bool:
        """Whether a choice counts as satisfied: options stand with the best first, grades with the best last."""
        if self.satisfied_at is None:
            return False
        return choice >= self.satisfied_at if self.kind == self.Kind.SCALE else choice <= self.satisfied_at


class SurveyResponse(PublicModel):
    """One filled-in form. What was answered never changes; whether it counts may, with a reason.

    Attributes:
        browser: a random number of the browser's cookie, made for this survey alone; null where several answers are allowed, and on paper.
        revision: grows with every change, over all surveys; set by the database.
    """

    class Channel(models.TextChoices):
        LINK = "link", _("by link")
        PAPER = "paper", _("on paper")

    class State(models.TextChoices):
        VALID = "valid", pgettext_lazy("answer", "valid")
        INVALID = "invalid", pgettext_lazy("answer", "invalid")

    class Reason(models.TextChoices):
        INCOMPLETE = "incomplete", _("not complete")
        TWICE = "twice", _("given twice")
        CONTRADICTORY = "contradictory", _("contradicts itself")
        NOT_FROM_HERE = "not_from_here", _("not from here")
        MACHINE = "machine", _("filled in by a machine")
        OTHER = "other", pgettext_lazy("answer", "another reason")

    survey = models.ForeignKey(Survey, verbose_name=_("survey"), on_delete=models.PROTECT, related_name="responses")
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="+")
    business_date = models.DateField(_("business date"))
    given_at = models.DateTimeField(_("stored at"), default=timezone.now)
    channel = models.CharField(_("how it came"), max_length=10, choices=Channel)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.VALID)
    reason = models.CharField(_("why it does not count"), max_length=15, choices=Reason, blank=True)
    satisfied = models.BooleanField(_("satisfied"), null=True)
    uid = models.UUIDField(_("client's identifier"))
    browser = models.UUIDField(_("browser"), null=True, editable=False)
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("typed in by"), on_delete=models.PROTECT, null=True, related_name="+")
    judged_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("judged by"), on_delete=models.PROTECT, null=True, related_name="+")
    judged_at = models.DateTimeField(_("judged at"), null=True)
    revision = models.BigIntegerField(_("revision"), default=0, editable=False)

    objects = SurveyResponseQuerySet.as_manager()

    SENSITIVE: ClassVar = {
        "browser": Sensitive(_("taking one answer from a browser, and not two"), AFTER_THE_BRANCH, Basis.CONSENT, Whose.RESIDENT, becomes=None)
    }

    if TYPE_CHECKING:
        answers: RelatedManager["SurveyAnswer"]

    class Meta:
        verbose_name = _("answer to a survey")
        verbose_name_plural = _("answers to surveys")
        ordering = ["-business_date", "-pk"]
        indexes = [
            models.Index(fields=["-business_date", "-id"], name="survey_answer_by_day"),
            models.Index(fields=["branch", "-business_date", "-id"], name="survey_answer_of_branch"),
            models.Index(fields=["survey", "-business_date", "-id"], name="survey_answer_of_survey"),
            models.Index(fields=["survey", "given_at"], name="survey_answer_by_moment"),
        ]
        constraints = [
            models.UniqueConstraint(name="answer_stored_once", fields=["survey", "uid"], violation_error_message=_("This answer is stored already.")),
            models.UniqueConstraint(
                name="one_answer_a_browser", fields=["survey", "browser"], violation_error_message=_("This browser has answered the survey already.")
            ),
            models.CheckConstraint(
                name="invalid_answer_has_a_reason",
                condition=Q(state="valid", reason="") | (Q(state="invalid") & ~Q(reason="")),
                violation_error_message=_("Say why an answer does not count; one that counts has no reason."),
            ),
            models.CheckConstraint(
                name="paper_answer_names_who_typed_it",
                condition=Q(channel="paper", entered_by__isnull=False, browser=None) | Q(channel="link", entered_by=None),
                violation_error_message=_("An answer on paper is typed in by somebody; one by link by nobody."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.survey_id} {self.business_date}"

    @property
    def is_valid(self) -> bool:
        """Whether it counts."""
        return self.state == self.State.VALID


class SurveyAnswer(PublicModel):
    """What was answered to one question: the numbers of the choices, or words."""

    response = models.ForeignKey(SurveyResponse, verbose_name=_("answer to a survey"), on_delete=models.CASCADE, related_name="answers")
    question = models.ForeignKey(SurveyQuestion, verbose_name=_("question"), on_delete=models.PROTECT, related_name="answers")
    choices = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("choices"), default=list, blank=True)
    free_text = models.TextField(_("in own words"), blank=True, max_length=500)

    ENDS_WITH: ClassVar = ("response__branch",)
    SENSITIVE: ClassVar = {
        "free_text": Sensitive(
            _("telling the branch alone what residents wrote of their own accord"), AFTER_THE_BRANCH, Basis.CONSENT, Whose.RESIDENT, becomes=GONE
        )
    }

    class Meta:
        verbose_name = _("answer to a question")
        verbose_name_plural = _("answers to questions")
        constraints = [
            models.UniqueConstraint(name="question_answered_once", fields=["response", "question"], violation_error_message=_("This question is answered.")),
            models.CheckConstraint(
                name="answer_is_choices_or_words",
                condition=Q(choices__len__gte=1, free_text="") | (Q(choices__len=0) & ~Q(free_text="")),
                violation_error_message=_("An answer is choices or words."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.question_id} {self.choices}"
