"""The ledger of needs: how many of a day were recorded and resolved, and how many residents were served by it."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import JSONObject
from django.urls import reverse

from activities.models import Need, NeedEvent
from activities.registers.derived import Derived, counted
from branches.models import Branch

RECORDED: Final = "needs_recorded"
RESOLVED: Final = "needs_resolved"
SERVED: Final = "residents_served"
METRICS: Final = frozenset({RECORDED, RESOLVED, SERVED})


def said(branch: Branch, day: date) -> JSONObject:
    """Ask the ledger of a branch what it says of a day."""
    kept = Need.objects.filter(Q(branch=branch) | Q(origin=branch), recorded_on__lte=day)
    done = Q(branch=branch, state=Need.State.RESOLVED, resolved_on=day)
    # Whatever happens to a need of that day later may change the day: so the newest event of each of them is looked at.
    touched = NeedEvent.objects.filter(branch=branch, business_date=day).order_by().values("need")
    return JSONObject(
        kept=counted(
            kept,
            needs=Count("pk"),
            recorded=Count("pk", filter=Q(origin=branch, recorded_on=day)),
            resolved=Count("pk", filter=done),
            served=Sum("residents", filter=done, default=0),
        ),
        touched=counted(NeedEvent.objects.filter(need__in=touched), newest=Max("pk", default=0)),
    )


def figures(said: Mapping[str, Any], branch: Branch, day: date) -> dict[str, Derived]:
    """Return the figures of a day; none of days before the branch's first need.

    A need counts as resolved on the day of the resolution that holds now, at the branch that resolved it: opened again, it counts no more, until it is
    resolved anew. So no need is ever resolved twice in a total.
    """
    kept, revision = said["kept"], said["touched"]["newest"]
    if not kept["needs"]:
        return {}
    return {
        RECORDED: Derived(Decimal(kept["recorded"]), revision, _listed(branch, day, "recorded")),
        RESOLVED: Derived(Decimal(kept["resolved"]), revision, _listed(branch, day, "resolved")),
        SERVED: Derived(Decimal(kept["served"]), revision, _listed(branch, day, "resolved")),
    }


def _listed(branch: Branch, day: date, counted: str) -> str:
    asked = {"branch": branch.public_id, "since": day.isoformat(), "until": day.isoformat(), "counted": counted}
    return f"{reverse('activities:need_list')}?{urlencode(asked)}"
