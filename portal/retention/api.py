"""What is kept about people and what was destroyed, as other systems and whoever audits read it: the same that the pages say."""

from typing import Any, Final

import django_filters
from django.db.models import F, Func, QuerySet, TextField, Value
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from branches.access import Act
from branches.api.base import ScopedViewSet
from branches.api.examples import BRANCH_REFERENCE, ROOT
from branches.api.serializers import BRANCHES, REGIONS
from branches.models import Branch
from portal.foundation.api.fields import ReferenceField, UrlField
from portal.foundation.api.filters import refuse_unknown
from portal.foundation.api.schema import describes_reading, example
from portal.foundation.sensitive import Whose
from portal.retention.declared import Group, groups
from portal.retention.models import Certificate

CERTIFICATES: Final = "retention-api:certificate-list"
_ID: Final = "01890a5d-ac96-774b-bcce-b302099a80c0"
_CERTIFICATE: Final[dict[str, Any]] = {
    "public_id": _ID,
    "url": f"{ROOT}destruction-certificates/{_ID}/",
    "rule": "branch",
    "branch": BRANCH_REFERENCE,
    "region": None,
    "before": "2020-09-12",
    "made_at": "2020-09-12T02:10:00+08:00",
    "run": "01890a5d-ac96-774b-bcce-b302099a80c1",
    "rows": 5,
    "rows_sha256": "5" * 64,
    "values": {"activities.Need.phone": 5},
    "sha256": "a" * 64,
}
_KEPT: Final[dict[str, Any]] = {
    "about": "serving",
    "names": ["members.Person.phone", "members.Person.duty_phone"],
    "called": "Private phone, Duty phone",
    "of": "Persons",
    "purpose": "reaching a member of the branch while it is at work",
    "ground": "needed to meet a public health emergency (article 13, item 4)",
    "special": None,
    "days": 180,
    "period": "180 days after the end of the last branch in which the person served",
    "then": "erased",
    "because": "",
}


class CertificateFilter(django_filters.FilterSet):  # type: ignore[misc]
    """Certificates by rule and branch."""

    rule = django_filters.ChoiceFilter(label=_("Under which rule"), choices=Certificate.Rule.choices)
    branch = django_filters.ModelChoiceFilter(
        label=_("Branch"), queryset=lambda request: Branch.objects.visible_to(request.user, Act.READ_CERTIFICATES), to_field_name="public_id"
    )


class CertificateSerializer(serializers.ModelSerializer[Certificate]):
    """A certificate of destruction."""

    url = UrlField(CERTIFICATES)
    branch = ReferenceField(BRANCHES, allow_null=True, help_text=_("The branch whose rows these were."))
    region = ReferenceField(REGIONS, allow_null=True, help_text=_("The place whose rows these were."))
    rows_sha256 = serializers.CharField(source="digest_of_rows", help_text=_("The SHA-256 of the keyed hashes of the rows."))
    values = serializers.DictField(source="counts", child=serializers.IntegerField(), help_text=_("How many values of each field."))
    sha256 = serializers.CharField(help_text=_("The SHA-256 of what the certificate states, as its page shows it."))

    class Meta:
        model = Certificate
        fields = ["public_id", "url", "rule", "branch", "region", "before", "made_at", "run", "rows", "rows_sha256", "values", "sha256"]


@describes_reading(
    many=_("List certificates of destruction"),
    one=_("Read a certificate of destruction"),
    about=_(
        "What was erased when its time was over: under which rule, how many rows and values, and hashes to prove it by. "
        "For auditors, security officers and officials."
    ),
    shown=_CERTIFICATE,
    tag="retention",
)
class CertificateViewSet(ScopedViewSet):
    """Certificates of destruction."""

    act = Act.READ_CERTIFICATES
    queryset = Certificate.objects.select_related("branch", "region")
    serializer_class = CertificateSerializer
    filterset_class = CertificateFilter

    def seen(self) -> QuerySet[Any, Any]:
        """Return the certificates of the reader's area. Their hashes stay in the database: of a large branch they are megabytes."""
        digest = Func(Func(F("hashes"), function="sha256"), Value("hex"), function="encode", output_field=TextField())
        return Certificate.objects.visible_to(self.request.user).select_related("branch", "region").defer("hashes").annotate(digest_of_rows=digest)


class KeptSerializer(serializers.Serializer[Any]):
    """Sensitive fields of one kind of row that are kept for one purpose."""

    about = serializers.CharField(help_text=_("Whom they are about: serving, resident, named or account."))
    names = serializers.ListField(child=serializers.CharField(), help_text=_("The fields, by their names in the database."))
    called = serializers.CharField(help_text=_("What the fields are called on the pages."))
    of = serializers.CharField(help_text=_("What the rows are called."))
    purpose = serializers.CharField(help_text=_("What for."))
    ground = serializers.CharField(help_text=_("The ground of article 13 of the Personal Information Protection Law."))
    special = serializers.CharField(allow_null=True, help_text=_("What makes them sensitive in the sense of article 28."))
    days = serializers.IntegerField(allow_null=True, help_text=_("For how many days; null as long as the reason stands."))
    period = serializers.CharField(help_text=_("How long, and since when."))
    then = serializers.CharField(help_text=_("What is done when the time is over."))
    because = serializers.CharField(help_text=_("Why they are kept on, where they are."))


class AllKeptSerializer(serializers.Serializer[Any]):
    """Everything that is kept about people."""

    results = KeptSerializer(many=True, help_text=_("One for each kind of row and purpose."))


class KeptView(APIView):
    """What is kept about people, why and how long."""

    @extend_schema(
        summary=_("Read what is kept about people"),
        description=_(
            "Every field that is declared sensitive: what for, on what ground, how long, and what is done at the end. "
            "The same as the page, in the language of the reader."
        ),
        responses=AllKeptSerializer,
        examples=[example({"results": [_KEPT]}, response_only=True)],
        tags=["retention"],
    )
    def get(self, request: Request) -> Response:
        """Return all declarations."""
        refuse_unknown(request, frozenset())
        return Response(AllKeptSerializer({"results": [_told(whose, group) for whose in Whose for group in groups(whose)]}).data)


def _told(whose: Whose, group: Group) -> dict[str, Any]:
    said = group.sensitive
    return {
        "about": whose.value[0],
        "names": [field.name for field in group.fields],
        "called": group.names,
        "of": group.title,
        "purpose": said.purpose,
        "ground": said.basis.words if said.basis else "",
        "special": said.special.words if said.special else None,
        "days": said.kept_for.days if said.kept_for else None,
        "period": group.period,
        "then": said.at_end.words,
        "because": said.because,
    }
