"""What a survey found: how many answers count, how many of them are satisfied, and what was chosen.

Small groups tell who said what. So a survey with fewer than 5 answers that count shows only its two figures, which the branch reports anyway; of the
groups that a question makes, those with fewer than 5 are hidden, and where that would hide a single one, which the rest gives away, the next
smallest with it. What residents wrote in own words is no result: `activities.views.survey_answers` shows it to the branch alone.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final, NamedTuple

from django.db.models import Count, Exists, Func, OuterRef, Q, QuerySet, SmallIntegerField, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from activities.models import Survey, SurveyAnswer, SurveyQuestion, SurveyResponse

FEWEST: Final = 5


class Tally(NamedTuple):
    """How many answers there are, how many count, and how many of these are satisfied."""

    answers: int = 0
    valid: int = 0
    satisfied: int = 0

    @property
    def invalid(self) -> int:
        """How many do not count."""
        return self.answers - self.valid

    @property
    def is_small(self) -> bool:
        """Whether too few count to say what was chosen."""
        return self.valid < FEWEST

    @property
    def percent(self) -> int | None:
        """The satisfied among those that count, in whole per cent, halves upward; None where none counts."""
        return percent(self.satisfied, self.valid) if self.valid else None


@dataclass(frozen=True)
class OptionLine:
    """What was chosen how often, and by how many of a hundred of those who answered the question."""

    label: str
    count: int
    percent: int


@dataclass(frozen=True)
class QuestionResult:
    """The choices of one question; of one in own words only how many wrote something."""

    question: SurveyQuestion
    answered: int
    lines: Sequence[OptionLine]


@dataclass(frozen=True)
class GroupLine:
    """Those who chose one option; a hidden group has no numbers."""

    label: str
    valid: int | None
    satisfied: int | None

    @property
    def percent(self) -> int | None:
        """The satisfied among them, in whole per cent."""
        return percent(self.satisfied, self.valid) if self.valid and self.satisfied is not None else None


@dataclass(frozen=True)
class Results:
    """All that a survey found."""

    tally: Tally
    measures_satisfaction: bool
    questions: Sequence[QuestionResult]
    groups: Sequence[GroupLine]


def percent(part: int, whole: int) -> int:
    """Return a share in whole per cent, halves upward: 231 of 236 are 98."""
    return int((Decimal(100 * part) / Decimal(whole)).quantize(Decimal(1), ROUND_HALF_UP))


def tallies(surveys: Iterable[Survey]) -> Mapping[int, Tally]:
    """Return the tally of each survey, by its key, in one query."""
    given = [survey.pk for survey in surveys]
    counted = dict.fromkeys(given, Tally())
    for key, *numbers in _tallied(SurveyResponse.objects.filter(survey__in=given).order_by().values("survey")):
        counted[key] = Tally(*numbers)
    return counted


def results_of(survey: Survey) -> Results:
    """Return what a survey found, without what would tell of few."""
    questions = list(survey.questions.all())
    tally = tallies([survey])[survey.pk]
    measures = any(question.satisfied_at is not None for question in questions)
    if tally.is_small:
        return Results(tally, measures, [], [])
    valid = SurveyAnswer.objects.filter(response__survey=survey, response__state=SurveyResponse.State.VALID).order_by()
    answered = dict(valid.values_list("question").annotate(many=Count("pk")))
    chosen = Counter({(key, choice): many for key, choice, many in valid.values_list("question", _Chosen("choices")).annotate(many=Count("pk"))})
    shown = [_of_question(question, answered.get(question.pk, 0), chosen) for question in questions if not question.groups]
    grouping = next((question for question in questions if question.groups), None)
    return Results(tally, measures, shown, _groups(grouping, valid, tally) if grouping and measures else [])


class _Chosen(Func):
    """Each choice of an answer, as a row of its own."""

    function = "unnest"
    set_returning = True
    output_field = SmallIntegerField()


def _tallied(rows: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
    valid = Q(state=SurveyResponse.State.VALID)
    counts = {"n": Count("pk"), "valid": Count("pk", filter=valid), "happy": Count("pk", filter=valid & Q(satisfied=True))}
    tallied: QuerySet[Any, Any] = rows.annotate(**counts).values_list("survey", *counts)
    return tallied


def _of_question(question: SurveyQuestion, answered: int, chosen: Mapping[tuple[int, int], int]) -> QuestionResult:
    counts = [(label, chosen.get((question.pk, number), 0)) for number, label in enumerate(question.labels, 1)]
    return QuestionResult(question, answered, [OptionLine(label, count, percent(count, answered) if answered else 0) for label, count in counts])


def _groups(question: SurveyQuestion, valid: "QuerySet[SurveyAnswer, Any]", whole: Tally) -> list[GroupLine]:
    """Return the groups; those who did not say where they belong are one too, and are hidden like any other."""
    rows = valid.filter(question=question).values_list("choices__0").annotate(many=Count("pk"), happy=Count("pk", filter=Q(response__satisfied=True)))
    counted = {choice: (many, happy) for choice, many, happy in rows}
    lines = [(label, *counted.get(number, (0, 0))) for number, label in enumerate(question.options, 1)]
    silent = whole.valid - sum(many for _label, many, _happy in lines)
    if silent:
        lines.append((_("did not say"), silent, whole.satisfied - sum(happy for _label, _many, happy in lines)))
    hidden = hidden_groups([many for _label, many, _happy in lines])
    return [GroupLine(label, None, None) if at in hidden else GroupLine(label, many, happy) for at, (label, many, happy) in enumerate(lines)]


def hidden_groups(sizes: Sequence[int]) -> frozenset[int]:
    """Return which groups of these sizes are hidden: those below 5, and where that is a single one, the smallest of the others with it."""
    small = {at for at, size in enumerate(sizes) if 0 < size < FEWEST}
    if len(small) == 1:
        others = [at for at, size in enumerate(sizes) if size >= FEWEST]
        small |= {min(others, key=lambda at: sizes[at])} if others else set()
    return frozenset(small)


def with_figures(rows: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
    """Annotate surveys with how many answers they have, how many count and are satisfied, and whether they ask."""
    # Each counted by itself: joined, rows would be grouped before a page of them is cut.
    answers = SurveyResponse.objects.filter(survey=OuterRef("pk")).order_by().values("survey")
    counting, happy = Q(state="valid"), Q(state="valid", satisfied=True)
    found: QuerySet[Any, Any] = rows.annotate(
        asks_for_satisfaction=Exists(SurveyQuestion.objects.filter(survey=OuterRef("pk"), satisfied_at__isnull=False)),
        all_answers=_counted(answers),
        valid=_counted(answers.filter(counting)),
        happy=_counted(answers.filter(happy)),
    )
    return found


def _counted(answers: "QuerySet[Any, Any]") -> Any:
    return Coalesce(Subquery(answers.annotate(many=Count("pk")).values("many")), 0)
