"""Forms of surveys: what a survey is, its questions, and the form that is answered."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activities.models import Survey, SurveyQuestion, SurveyResponse
from activities.models.survey import HIGHEST, MOST_OPTIONS
from activities.services.surveys import Asked, Form, Given
from branches.forms import DayField
from portal.foundation import clock

Kind = SurveyQuestion.Kind
# How long a survey usually runs.
_USUAL: Final = timedelta(days=7)
LONGEST_WORDS: Final = 500
# A field that people do not see; what sends every form that it finds fills it in.
TRAP: Final = "website"


class SurveyForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a survey is called and until when it runs; once it is open only what may still change."""

    class Meta:
        model = Survey
        fields = ["title", "introduction", "last_day", "several_a_browser"]
        field_classes = {"last_day": DayField}
        labels = {"title": gettext_lazy("Title"), "introduction": gettext_lazy("Introduction"), "last_day": gettext_lazy("Last day")}
        widgets = {"introduction": forms.Textarea(attrs={"rows": 2, "maxlength": 300})}
        help_texts = {
            "introduction": gettext_lazy("What it is for; shown above the questions."),
            "last_day": gettext_lazy("At its end the survey closes by itself."),
            "several_a_browser": gettext_lazy("For a telephone or a tablet that is handed round; otherwise each browser answers once."),
        }

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["several_a_browser"].label = _("Several people answer on one device")
        self.initial.setdefault("last_day", clock.today() + _USUAL)
        if self.instance.pk is None:
            self.initial.setdefault("title", _("Satisfaction of residents"))
        elif not self.instance.is_draft:
            del self.fields["title"], self.fields["several_a_browser"]

    def _post_clean(self) -> None:
        """Leave the survey as it is: the service writes it, and names what changed."""


class NewSurveyForm(SurveyForm):
    """A new survey: with the ready-made questions, or without any."""

    ready_made = forms.BooleanField(
        label=gettext_lazy("With the ready-made questions about satisfaction"),
        required=False,
        initial=True,
        help_text=gettext_lazy("Four questions; each can still be changed for another before the survey opens."),
    )


class QuestionForm(forms.Form):
    """A question that is added to a survey in preparation."""

    wording = forms.CharField(label=gettext_lazy("Question"), max_length=200)
    kind = forms.ChoiceField(label=gettext_lazy("How it is answered"), choices=Kind.choices, initial=Kind.ONE)
    options = forms.CharField(
        label=gettext_lazy("Options"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("One a line, the best first; only for a choice."),
    )
    required = forms.BooleanField(label=gettext_lazy("Must be answered"), required=False, initial=True)
    satisfied_at = forms.IntegerField(
        label=gettext_lazy("Says who is satisfied"),
        required=False,
        min_value=1,
        max_value=MOST_OPTIONS,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        help_text=gettext_lazy("How many options from the top count as satisfied, or from which grade on (2 to 5). Leave empty for all other questions."),
    )
    groups = forms.BooleanField(
        label=gettext_lazy("Compare the groups that it makes"),
        required=False,
        help_text=gettext_lazy("Such as buildings or streets; groups of fewer than 5 people are hidden."),
    )

    def clean_options(self) -> list[str]:
        """Return the lines that say something, each once."""
        lines = [line.strip() for line in str(self.cleaned_data["options"]).splitlines() if line.strip()]
        if any(len(line) > 60 for line in lines):
            raise ValidationError(_("An option has at most 60 characters."))
        return list(dict.fromkeys(lines))

    def asked(self) -> Asked:
        """Return the question."""
        return Asked(**self.cleaned_data)


class AnswerForm(forms.Form):
    """The form of a survey, made of its questions: `q1` is the first one."""

    uid = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, questions: Sequence[SurveyQuestion], *args: Any, complete: bool = True, **options: Any) -> None:
        """Make the fields; `complete` when whatever must be answered is asked for."""
        super().__init__(*args, **options)
        self.questions = {f"q{number}": question for number, question in enumerate(questions, 1)}
        self.initial.setdefault("uid", uuid4())
        for name, question in self.questions.items():
            self.fields[name] = _field_of(question, required=question.required and complete)

    @property
    def asked(self) -> list[tuple[SurveyQuestion, forms.BoundField]]:
        """Each question with its field."""
        return [(question, self[name]) for name, question in self.questions.items()]

    @property
    def sent_uid(self) -> UUID:
        """The identifier that the page bore; a new one where it bore none."""
        return self.cleaned_data.get("uid") or uuid4()

    def filled_in(self) -> Form:
        """Return what was given."""
        return Form(self.sent_uid, {question.pk: _given(question, self.cleaned_data.get(name)) for name, question in self.questions.items()})


class PaperForm(AnswerForm):
    """The same form as it lies on paper: what is missing there cannot be asked for any more."""

    answered_on = DayField(label=gettext_lazy("Filled in on"))

    def __init__(self, questions: Sequence[SurveyQuestion], *args: Any, **options: Any) -> None:
        super().__init__(questions, *args, complete=False, **options)


class JudgementForm(forms.Form):
    """Whether an answer counts, and if not, why."""

    reason = forms.ChoiceField(
        label=gettext_lazy("This answer"),
        required=False,
        choices=[("", gettext_lazy("counts")), *SurveyResponse.Reason.choices],
        widget=forms.RadioSelect,
    )
    revision = forms.IntegerField(widget=forms.HiddenInput)


def _field_of(question: SurveyQuestion, *, required: bool) -> forms.Field:
    choices = [(str(number), label) for number, label in enumerate(question.labels, 1)]
    label = question.wording
    options: dict[str, Any] = {"required": required, "error_messages": {"required": _("Please answer this question.")}}
    if question.kind == Kind.WORDS:
        widget = forms.Textarea(attrs={"rows": 3, "maxlength": LONGEST_WORDS})
        return forms.CharField(label=label, max_length=LONGEST_WORDS, widget=widget, **options)
    if question.kind == Kind.SEVERAL:
        return forms.MultipleChoiceField(label=label, choices=choices, widget=forms.CheckboxSelectMultiple, **options)
    if question.kind == Kind.SCALE:
        options["help_text"] = _("1 is the worst, %(highest)d the best.") % {"highest": HIGHEST}
    return forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect, **options)


def _given(question: SurveyQuestion, value: Any) -> Given:
    if question.kind == Kind.WORDS:
        return Given(words=str(value or "").strip())
    chosen = value if isinstance(value, list) else [value] if value else []
    return Given(choices=tuple(int(one) for one in chosen))
