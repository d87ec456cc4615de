"""Surveys: how many answers of a day count, and how many of these are satisfied."""

from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Max, Q
from django.urls import reverse

from activities.models import Survey, SurveyResponse
from activities.registers.derived import Derived
from branches.models import Branch

VALID: Final = "survey_valid"
SATISFIED: Final = "survey_satisfied"
METRICS: Final = frozenset({VALID, SATISFIED})


def figures(branch: Branch, day: date) -> dict[str, Derived]:
    """Return what the answers of a branch's day say; nothing on days on which no survey about satisfaction runs.

    A survey of something else tells nobody's satisfaction: its answers would lower the share of those who are satisfied.
    """
    counts = {"valid": Count("pk", filter=Q(state="valid")), "happy": Count("pk", filter=Q(state="valid", satisfied=True))}
    said = SurveyResponse.objects.filter(branch=branch, business_date=day, satisfied__isnull=False).aggregate(**counts, newest=Max("revision"))
    if said["newest"] is None and not _runs(branch, day):
        return {}
    asked = {"branch": str(branch.public_id), "since": day.isoformat(), "until": day.isoformat(), "state": "valid"}
    revision = said["newest"] or 0
    return {
        VALID: Derived(Decimal(said["valid"]), revision, _listed(asked, "said")),
        SATISFIED: Derived(Decimal(said["happy"]), revision, _listed(asked, "yes")),
    }


def _runs(branch: Branch, day: date) -> bool:
    """Whether a survey about satisfaction ran on a day; it ends on its last day, or on the one on which it was closed."""
    running = Survey.objects.filter(branch=branch, made_on__lte=day, last_day__gte=day, opened_at__date__lte=day, questions__satisfied_at__isnull=False)
    return running.filter(Q(closed_at=None) | Q(closed_at__date__gte=day)).exists()


def _listed(asked: dict[str, Any], satisfied: str) -> str:
    return f"{reverse('surveys:answer_list')}?{urlencode(asked | {'satisfied': satisfied})}"
