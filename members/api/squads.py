"""Squads and pioneer posts as other systems read them: whoever is in them as the reader may know them."""

from typing import Any, Final

from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from branches.access import Act
from branches.api.base import ScopedViewSet, reads_as_a_machine
from branches.api.examples import BRANCH_REFERENCE, ROOT
from branches.api.serializers import BRANCHES, REGIONS
from members.api.examples import PERSON_ID
from members.api.serializers import PERSONS
from members.filters_squads import PioneerPostFilter, SquadFilter
from members.models import Person, PioneerClaim, PioneerPost, Squad, SquadGrid, SquadMember
from portal.foundation import clock
from portal.foundation.api.fields import DaysField, ReferenceField, UrlField, link
from portal.foundation.api.schema import describes_reading
from portal.foundation.text import mask_name

SQUADS: Final = "members-api:squad-list"
PIONEER_POSTS: Final = "members-api:pioneer-post-list"
_SQUAD_ID: Final = "01890a5d-ac96-774b-bcce-b302099a8095"
_POST_ID: Final = "01890a5d-ac96-774b-bcce-b302099a8096"
_REGION: Final[dict[str, str]] = {
    "public_id": "01890a5d-ac96-774b-bcce-b302099a8097",
    "name": "示例第一网格",
    "url": f"{ROOT}regions/01890a5d-ac96-774b-bcce-b302099a8097/",
}
_SINCE: Final[dict[str, Any]] = {"first_day": "2020-02-10", "last_day": None}
_SOMEBODY: Final[dict[str, Any]] = {"name": "示**", "person": f"{ROOT}persons/{PERSON_ID}/", "during": _SINCE}

_SQUAD_EXAMPLE: Final[dict[str, Any]] = {
    "public_id": _SQUAD_ID,
    "url": f"{ROOT}squads/{_SQUAD_ID}/",
    "branch": BRANCH_REFERENCE,
    "name": "第一突击队",
    "kind": "shock",
    "task": "第一网格值守和送药",
    "during": _SINCE,
    "people": 1,
    "members": [{**_SOMEBODY, "leads": True}],
    "grids": [{"region": _REGION, "during": _SINCE}],
}
_POST_EXAMPLE: Final[dict[str, Any]] = {
    "public_id": _POST_ID,
    "url": f"{ROOT}pioneer-posts/{_POST_ID}/",
    "branch": BRANCH_REFERENCE,
    "name": "东门先锋岗",
    "duty": "维持秩序，登记进出",
    "region": _REGION,
    "places": 1,
    "held": 1,
    "during": _SINCE,
    "claims": [_SOMEBODY],
}


class _SomebodySerializer(serializers.Serializer[Any]):
    """Somebody in a squad or at a post. `seen` and `sensitive_seen` on the row say what the reader may know of them."""

    name = serializers.SerializerMethodField(help_text=_("The name; its first character where you do not see the person, or read as another system."))
    person = serializers.SerializerMethodField(help_text=_("Where the person is, if you see them."))
    during = DaysField(help_text=_("On which days."))

    def get_name(self, row: Any) -> str:
        """The name as the reader may see it."""
        in_full = row.sensitive_seen if self.context["machine"] else row.seen
        return str(row.person.name) if in_full else mask_name(row.person.name)

    def get_person(self, row: Any) -> str | None:
        """The address of the person."""
        return link(self.context, PERSONS, row.person.public_id) if row.seen else None


class SquadMemberSerializer(_SomebodySerializer):
    """Somebody in a squad."""

    leads = serializers.BooleanField(help_text=_("Whether they lead it in that time."))


class SquadGridSerializer(serializers.ModelSerializer[SquadGrid]):
    """A grid that a squad covers."""

    region = ReferenceField(REGIONS, help_text=_("The grid."))
    during = DaysField(help_text=_("On which days."))

    class Meta:
        model = SquadGrid
        fields = ["region", "during"]


class SquadSerializer(serializers.ModelSerializer[Squad]):
    """A squad of a branch, with whoever is or was in it and the grids that it covers or covered."""

    url = UrlField(SQUADS)
    branch = ReferenceField(BRANCHES, help_text=_("The branch that founded it."))
    during = DaysField(help_text=_("On which days it is at work."))
    people = serializers.IntegerField(read_only=True, help_text=_("How many people are in it today."))
    members = SquadMemberSerializer(many=True, help_text=_("Who is in it, or was."))
    grids = SquadGridSerializer(many=True, help_text=_("The grids that it covers, or covered."))

    class Meta:
        model = Squad
        fields = ["public_id", "url", "branch", "name", "kind", "task", "during", "people", "members", "grids"]


class PioneerPostSerializer(serializers.ModelSerializer[PioneerPost]):
    """A duty that Party members of a branch claim."""

    url = UrlField(PIONEER_POSTS)
    branch = ReferenceField(BRANCHES, help_text=_("The branch that opened it."))
    region = ReferenceField(REGIONS, allow_null=True, help_text=_("Where it is, if said."))
    held = serializers.IntegerField(read_only=True, help_text=_("How many members hold it today."))
    during = DaysField(help_text=_("On which days it is open."))
    claims = _SomebodySerializer(many=True, help_text=_("Who holds it, or held it."))

    class Meta:
        model = PioneerPost
        fields = ["public_id", "url", "branch", "name", "duty", "region", "places", "held", "during", "claims"]


class _WithPeople(ScopedViewSet):
    """Rows with people in them."""

    act = Act.SEE_BRANCHES

    def somebody(self, rows: Any) -> QuerySet[Any, Any]:
        """Add to rows about people what the reader may know of each."""
        user = self.request.user
        seen, sensitive = Person.objects.visible_to(user), Person.objects.visible_to(user, Act.SEE_SENSITIVE)
        known = {"seen": Exists(seen.filter(pk=OuterRef("person"))), "sensitive_seen": Exists(sensitive.filter(pk=OuterRef("person")))}
        found: QuerySet[Any, Any] = rows.select_related("person").annotate(**known).order_by("pk")
        return found

    def get_serializer_context(self) -> dict[str, Any]:
        """Return the context with whether a machine reads."""
        return {**super().get_serializer_context(), "machine": reads_as_a_machine(self.request and self.request.user)}


@describes_reading(
    many=_("List squads"),
    one=_("Read a squad"),
    about=_("Squads of branches in your scope, who is in them and which grids they cover. Names of people whom you do not see are masked."),
    shown=_SQUAD_EXAMPLE,
    tag="squads",
)
class SquadViewSet(_WithPeople):
    """Squads."""

    queryset = Squad.objects.select_related("branch")
    serializer_class = SquadSerializer
    filterset_class = SquadFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the squads in scope, each with its people and grids."""
        rows: Any = super().seen()
        grids = Prefetch("grids", SquadGrid.objects.select_related("region").order_by("pk"))
        found: QuerySet[Any, Any] = rows.with_strength(clock.today()).prefetch_related(Prefetch("members", self.somebody(SquadMember.objects.all())), grids)
        return found


@describes_reading(
    many=_("List pioneer posts"),
    one=_("Read a pioneer post"),
    about=_("Pioneer posts of branches in your scope, and who holds them. Names of people whom you do not see are masked."),
    shown=_POST_EXAMPLE,
    tag="squads",
)
class PioneerPostViewSet(_WithPeople):
    """Pioneer posts."""

    queryset = PioneerPost.objects.select_related("branch", "region")
    serializer_class = PioneerPostSerializer
    filterset_class = PioneerPostFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the posts in scope, each with its claims."""
        rows: Any = super().seen()
        found: QuerySet[Any, Any] = rows.with_holders(clock.today()).prefetch_related(Prefetch("claims", self.somebody(PioneerClaim.objects.all())))
        return found
