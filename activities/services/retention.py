"""The end of words about residents: 180 days after the end of a branch what was told, and who told it, is emptied. Numbers, states and days stay.

Triggers let nobody change these rows otherwise, and not before that day: see `activities/migrations/0024_words_after_the_branch.py`.
"""

from typing import Any, Final

from django.db import transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from activities.models import Need, NeedEvent, SurveyAnswer
from branches.models import Branch
from members.models import OnSiteStay
from portal.foundation import audit, clock
from portal.foundation.sensitive import AFTER_THE_BRANCH, GONE

_EMPTY: Final = ("", GONE)


@transaction.atomic
def empty_words() -> int:
    """Empty the words of needs and of answers to surveys, and the places where people lived on site, of branches that ended so long ago; return how many rows.

    One step, and one row of the audit log that says how many of each.
    """
    over = Branch.objects.filter(ended_on__lt=timezone.localdate(clock.now()) - AFTER_THE_BRANCH).values("pk")
    # Whoever recorded a need goes on reading it: it waits for both ends.
    needs = Need.objects.filter(branch__in=over, origin__in=over)
    emptied: dict[str, Any] = {
        "events": _emptied(NeedEvent.objects.filter(branch__in=over, need__branch__in=over, need__origin__in=over), "note"),
        "needs": needs.filter(_told()).update(words=_gone("words"), result=_gone("result"), words_folded=None, household="", contact="", phone=""),
        "answers": _emptied(SurveyAnswer.objects.filter(response__branch__in=over), "free_text"),
        "stays": OnSiteStay.objects.filter(branch__in=over).exclude(place="").update(place=""),
    }
    if any(emptied.values()):
        audit.record(None, "words.emptied", **emptied)
    return sum(emptied.values())


def _told() -> Q:
    """Return the filter for needs that still say something."""
    return ~Q(words__in=_EMPTY) | ~Q(result__in=_EMPTY) | ~Q(household="") | ~Q(contact="") | ~Q(phone="")


def _emptied(rows: "QuerySet[Any, Any]", field: str) -> int:
    return rows.exclude(**{f"{field}__in": _EMPTY}).update(**{field: GONE})


def _gone(field: str) -> Case:
    """Return what stands in place of a text: a mark where there was one, for a need is told, and resolved, with words."""
    return Case(When(**{field: ""}, then=Value("")), default=Value(GONE))
