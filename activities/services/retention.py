"""The end of words about people: 180 days after the end of a branch what was told, and who told it, is emptied. Numbers, states and days stay.

Triggers let nobody change these rows otherwise, and not before that day: see `activities/migrations/0024_words_after_the_branch.py` and those after it.
"""

from typing import Any, Final

from django.db import transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from activities.models import ContactVisit, Inspection, InspectionPoint, InspectionPointEvent, Need, NeedEvent, Suggestion, SuggestionEvent, SurveyAnswer
from branches.models import Branch
from members.models import OnSiteStay, ServiceNote
from portal.foundation import audit, clock
from portal.foundation.sensitive import AFTER_THE_BRANCH, GONE

_EMPTY: Final = ("", GONE)


@transaction.atomic
def empty_words() -> int:
    """Empty the words of branches that ended so long ago, and the places where people lived on site; return how many rows.

    Those of needs, answers to surveys, suggestions, merit and inspections; and of visits to contact points for which nobody has answered for as long.
    One step, and one row of the audit log that says how many of each.
    """
    day = timezone.localdate(clock.now()) - AFTER_THE_BRANCH
    over = Branch.objects.filter(ended_on__lt=day).values("pk")
    # Whoever recorded a need goes on reading it: it waits for both ends.
    needs = Need.objects.filter(branch__in=over, origin__in=over)
    emptied: dict[str, Any] = {
        "events": _emptied(NeedEvent.objects.filter(branch__in=over, need__branch__in=over, need__origin__in=over), "note"),
        "needs": needs.filter(_told()).update(words=_gone("words"), result=_gone("result"), words_folded=None, household="", contact="", phone=""),
        "answers": _emptied(SurveyAnswer.objects.filter(response__branch__in=over), "free_text"),
        "suggestion_events": _emptied(SuggestionEvent.objects.filter(suggestion__branch__in=over), "note"),
        "suggestions": Suggestion.objects.filter(~Q(words=GONE) | ~Q(answer__in=_EMPTY), branch__in=over).update(words=GONE, answer=_gone("answer")),
        "inspections": Inspection.objects.filter(~Q(looked_at__in=_EMPTY) | ~Q(result__in=_EMPTY) | ~Q(withdrawn_why__in=_EMPTY), branch__in=over).update(
            looked_at=_gone("looked_at"), result=_gone("result"), withdrawn_why=_gone("withdrawn_why")
        ),
        "points": _emptied(InspectionPoint.objects.filter(branch__in=over), "what"),
        "point_events": _emptied(InspectionPointEvent.objects.filter(branch__in=over), "note"),
        "visits": _emptied(ContactVisit.objects.filter(point__closed_on__lt=day), "found"),
        "merits": _emptied(ServiceNote.objects.filter(branch__in=over), "words"),
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
