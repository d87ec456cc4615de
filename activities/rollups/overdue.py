"""Needs of residents that should have been resolved by now: of a scope, and of what lies below a region.

They are counted from the ledger itself: what is overdue changes by the minute, and there are never many.
"""

from datetime import datetime

from django.db.models import Count, F
from django.utils import timezone

from activities.models import Need
from activities.rollups.children import child_of_branch, lists_branches
from activities.rollups.scope import Scope
from branches.access import regions_below


def overdue_needs(scope: Scope, moment: datetime) -> int:
    """Return how many needs of a branch are overdue at `moment`."""
    return Need.objects.overdue(moment).filter(branch=scope.branch).count() if scope.branch else 0


def overdue_by_child(scope: Scope, moment: datetime) -> dict[int | None, int]:
    """Return for each line of the table below a region how many needs are overdue at `moment`, by where their branches are hosted then; one query.

    A line without any is absent; that of None holds what is hosted at the region itself.
    """
    if scope.region is None:
        return {}
    below = Need.objects.overdue(moment).filter(branch__region__in=regions_below([scope.region.pk])).order_by()
    child = F("branch") if lists_branches(scope) else child_of_branch(scope.region, timezone.localdate(moment))
    return dict(below.annotate(child=child).values("child").annotate(number=Count("pk")).values_list("child", "number"))
