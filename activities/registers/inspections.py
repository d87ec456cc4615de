"""Inspections: how many a branch received on a day."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Count, Max, Q
from django.db.models.functions import Extract, Greatest, JSONObject
from django.urls import reverse

from activities.models import Inspection
from activities.registers.derived import Derived, counted
from branches.models import Branch

RECEIVED: Final = "inspections_received"
METRICS: Final = frozenset({RECEIVED})


def said(branch: Branch, day: date) -> JSONObject:
    """Ask the inspections of a branch what they say of a day."""
    on_day = Q(business_date=day)
    return JSONObject(
        inspections=counted(
            Inspection.objects.filter(branch=branch, business_date__lte=day),
            kept=Count("pk"),
            received=Count("pk", filter=on_day & Q(withdrawn_at=None)),
            # A withdrawal changes the day as well: it is the newest of both that may have changed it.
            changed=Max(Extract(Greatest("recorded_at", "withdrawn_at"), "epoch"), filter=on_day),
        )
    )


def figures(said: Mapping[str, Any], branch: Branch, day: date) -> dict[str, Derived]:
    """Return how many inspections of a business date stand; nothing of days before the first one that is written down."""
    found = said["inspections"]
    if not found["kept"]:
        return {}
    asked = {"branch": branch.public_id, "since": day.isoformat(), "until": day.isoformat(), "withdrawn": "no"}
    revision = int(found["changed"] * 1000) if found["changed"] else 0
    return {RECEIVED: Derived(Decimal(found["received"]), revision, f"{reverse('inspections:inspection_list')}?{urlencode(asked)}")}
