"""Surveys: how many answers of a day count, and how many of these are satisfied."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Exists, Max, Q, QuerySet
from django.db.models.functions import JSONObject
from django.urls import reverse

from activities.models import Survey, SurveyResponse
from activities.registers.derived import Derived, counted
from branches.models import Branch

VALID: Final = "survey_valid"
SATISFIED: Final = "survey_satisfied"
METRICS: Final = frozenset({VALID, SATISFIED})


def said(branch: Branch, day: date) -> JSONObject:
    """Ask the surveys of a branch what they say of a day.

    A survey of something else tells nobody's satisfaction: its answers would lower the share of those who are satisfied.
    """
    return JSONObject(
        answers=counted(
            SurveyResponse.objects.filter(branch=branch, business_date=day, satisfied__isnull=False),
            valid=Count("pk", filter=Q(state="valid")),
            satisfied=Count("pk", filter=Q(state="valid", satisfied=True)),
            newest=Max("revision"),
        ),
        runs=Exists(_running(branch, day)),
    )


def figures(said: Mapping[str, Any], branch: Branch, day: date) -> dict[str, Derived]:
    """Return the figures of a day; none on days on which no survey about satisfaction runs."""
    answers = said["answers"]
    if answers["newest"] is None and not said["runs"]:
        return {}
    asked = {"branch": str(branch.public_id), "since": day.isoformat(), "until": day.isoformat(), "state": "valid"}
    revision = answers["newest"] or 0
    return {
        VALID: Derived(Decimal(answers["valid"]), revision, _listed(asked, "said")),
        SATISFIED: Derived(Decimal(answers["satisfied"]), revision, _listed(asked, "yes")),
    }


def _running(branch: Branch, day: date) -> QuerySet[Survey]:
    """Return the surveys about satisfaction that ran on a day; one ends on its last day, or on the one on which it was closed."""
    running = Survey.objects.filter(branch=branch, made_on__lte=day, last_day__gte=day, opened_at__date__lte=day, questions__satisfied_at__isnull=False)
    return running.filter(Q(closed_at=None) | Q(closed_at__date__gte=day))


def _listed(asked: dict[str, Any], satisfied: str) -> str:
    return f"{reverse('surveys:answer_list')}?{urlencode(asked | {'satisfied': satisfied})}"
