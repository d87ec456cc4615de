"""Contact points and visits to them, for other systems: which site, since when, when somebody came; never what was found, nor names or telephones."""

from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from activities.filters_contacts import ContactPointFilter, ContactVisitFilter
from activities.models import ContactPoint, ContactTerm, ContactVisit
from branches.access import Act
from branches.api.base import ScopedViewSet
from branches.api.examples import COMMUNITY, ROOT
from branches.api.serializers import REGIONS
from portal.foundation import clock
from portal.foundation.api.fields import IdField, ReferenceField, UrlField
from portal.foundation.api.schema import describes_reading

CONTACT_POINTS: Final = "activities-api:contact-point-list"
CONTACT_VISITS: Final = "activities-api:contact-visit-list"
_POINT_ID: Final = "01890a5d-ac96-774b-bcce-b302099a8150"
_VISIT_ID: Final = "01890a5d-ac96-774b-bcce-b302099a8151"


class ContactPointSerializer(serializers.ModelSerializer[ContactPoint]):
    """A site for which a leader answers."""

    url = UrlField(CONTACT_POINTS)
    region = ReferenceField(REGIONS, help_text=_("The place."))
    has_leader = serializers.BooleanField(help_text=_("Whether a leader answers for it today."))
    last_visit = serializers.DateField(allow_null=True, help_text=_("The day of the last visit; null where nobody has come."))

    class Meta:
        model = ContactPoint
        fields = ["public_id", "url", "region", "spot", "made_on", "closed_on", "has_leader", "last_visit"]


class ContactVisitSerializer(serializers.ModelSerializer[ContactVisit]):
    """A visit of a leader to a site."""

    url = UrlField(CONTACT_VISITS)
    contact_point = IdField(CONTACT_POINTS, source="point", help_text=_("The site."))
    by_leader = serializers.SerializerMethodField(help_text=_("Whether the leader came, and nobody in their place."))

    class Meta:
        model = ContactVisit
        fields = ["public_id", "url", "contact_point", "visited_at", "visited_on", "by_leader", "recorded_at"]

    def get_by_leader(self, visit: ContactVisit) -> bool:
        """Whether nobody else came."""
        return not visit.stand_in


EXAMPLE: Final[dict[str, Any]] = {
    "public_id": _POINT_ID,
    "url": f"{ROOT}contact-points/{_POINT_ID}/",
    "region": COMMUNITY,
    "spot": "东门菜场",
    "made_on": "2020-02-12",
    "closed_on": None,
    "has_leader": True,
    "last_visit": "2020-03-05",
}
VISIT_EXAMPLE: Final[dict[str, Any]] = {
    "public_id": _VISIT_ID,
    "url": f"{ROOT}contact-visits/{_VISIT_ID}/",
    "contact_point": {"public_id": _POINT_ID, "url": f"{ROOT}contact-points/{_POINT_ID}/"},
    "visited_at": "2020-03-05T15:20:00+08:00",
    "visited_on": "2020-03-05",
    "by_leader": True,
    "recorded_at": "2020-03-05T18:02:00+08:00",
}


@describes_reading(
    many=_("List contact points"),
    one=_("Read a contact point"),
    about=_("Sites for which a leader answers, and when each was last visited. Names and telephones are never among it."),
    shown=EXAMPLE,
    tag="registers",
)
class ContactPointViewSet(ScopedViewSet):
    """Contact points."""

    act = Act.SEE_CONTACT_POINTS
    queryset = ContactPoint.objects.all()
    serializer_class = ContactPointSerializer
    filterset_class = ContactPointFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the contact points in scope, with their last visit."""
        present = ContactTerm.objects.filter(point=OuterRef("pk"), during__contains=clock.today())
        rows: QuerySet[Any, Any] = ContactPoint.objects.visible_to(self.request.user).with_visits()
        found: QuerySet[Any, Any] = rows.annotate(has_leader=Exists(present)).select_related("region")
        return found


@describes_reading(
    many=_("List visits to contact points"),
    one=_("Read a visit to a contact point"),
    about=_("When a leader came to a site. What was found is never among it."),
    shown=VISIT_EXAMPLE,
    tag="registers",
)
class ContactVisitViewSet(ScopedViewSet):
    """Visits to contact points."""

    act = Act.SEE_CONTACT_POINTS
    queryset = ContactVisit.objects.all()
    serializer_class = ContactVisitSerializer
    filterset_class = ContactVisitFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the visits to the contact points in scope."""
        rows: QuerySet[Any, Any] = ContactVisit.objects.visible_to(self.request.user)
        return rows.select_related("point")
