"""How PostgreSQL writes the JSON of an entry: for lists, single entries, entries inside versions, and all of them at once.

The serializers describe the same for the schema; a test holds the two together.
"""

from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, IntegerField, OuterRef
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from activities.api.serializers import ENTRIES, MEASURES, VERSIONS
from activities.models import EntryParticipant, Measure, Metric, Unit
from activities.querysets import counting
from branches.api.base import notes_seen
from branches.api.serializers import BRANCHES, REGIONS, WORK_UNITS
from members.api.serializers import PERSONS
from members.models import Person
from portal.foundation.api import writing as w
from portal.foundation.api.writing import Addresses, Json, json_object


def entry(request: Any) -> Combinable:
    """Return an entry with where and when it belongs."""
    at = Addresses(request)
    period = json_object(first_day=w.value("version__period_report__first_day"), last_day=w.value("version__period_report__last_day"))
    return json_object(
        **_work(request.user, at),
        branch=at.reference(BRANCHES, "branch"),
        business_date=w.value("business_date", null=True),
        period=w.optional("version__period_report", period),
        version=at.identified(VERSIONS, "version"),
        counted=w.value(ExpressionWrapper(counting(prefix="version__"), BooleanField())),
    ).expression()


def entry_of_a_version(request: Any) -> Combinable:
    """Return an entry as it stands inside its version."""
    return json_object(**_work(request.user, Addresses(request))).expression()


def _work(user: Any, at: Addresses) -> dict[str, Json]:
    return {
        "public_id": w.identifier(),
        "url": at.of(ENTRIES),
        "kind": w.code("kind"),
        "place": at.reference(REGIONS, "place"),
        "starts_at": w.moment("starts_at", null=True),
        "ends_at": w.moment("ends_at", null=True),
        "note": w.only_if(notes_seen(user), w.value("note")),
        "measures": _measures(at),
        "participants": _participants(user, at),
    }


def _measures(at: Addresses) -> Json:
    position = Cast(w.looked_up(Metric, "position", "metric_id"), IntegerField())
    item = json_object(
        public_id=w.identifier(),
        url=at.of(MEASURES),
        metric=w.code(w.looked_up(Metric, "code", "metric_id")),
        value=w.exact("value"),
        unit=w.code(w.looked_up(Unit, "code", w.looked_up(Metric, "unit", "metric_id"))),
        qualifier=w.code("qualifier"),
        qualifier_text=w.value("qualifier_text"),
        value_entered=w.exact("value_entered"),
        unit_entered=w.code(w.looked_up(Unit, "code", "unit_entered_id")),
        unit_text=w.value("unit_text"),
        source=w.code("source"),
        register_value=w.exact("register_value", null=True),
    )
    return w.array(Measure.objects.filter(entry=OuterRef("pk")).order_by(position, "pk"), item)


def _participants(user: Any, at: Addresses) -> Json:
    everybody = EntryParticipant.objects.filter(entry=OuterRef("pk"))
    home_unit = w.optional("home_unit", at.reference(WORK_UNITS, "home_unit"))
    item = json_object(person=at.identified(PERSONS, "person"), home_unit=home_unit, hours=w.exact("hours", null=True))
    return w.mostly_empty(everybody, w.array(everybody.filter(person__in=Person.objects.visible_to(user)).order_by("pk"), item))
