"""What another system sends to file, and how it becomes the services' arguments.

A refusal of the services names a metric or a field; `pointers` says where in the request that stands.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as Refusal
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from activities.figures import STORED_DECIMALS, Qualifier, parse_number
from activities.models import ActivityKind, PeriodReport
from activities.rollups import DAWN
from activities.services import Figure, Participation, Work, works_of
from branches.models import Region
from members.models import Person
from portal.foundation.api.fields import StrictSerializer

# More than any day holds; a request beyond it is a mistake.
MOST = 500
# Numbers far outside of what can be stored are refused before they are written out.
_LARGEST_EXPONENT = 40


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}]})
class NumberField(serializers.Field[Any, Any, Any, Any]):
    """A number as a string, or as a JSON number; read as the forms read it, so １２３ and 1,234 pass too."""

    default_error_messages = {"invalid": gettext_lazy('Send the number as a string, such as "200" or "11.5".')}

    def to_internal_value(self, data: Any) -> Decimal:
        """Read the number.

        Raises:
            ValidationError: with the sentence that the form would show.
        """
        if isinstance(data, bool) or not isinstance(data, str | int | Decimal) or (isinstance(data, str) and (not data.strip() or len(data) > 100)):
            self.fail("invalid")
        if isinstance(data, Decimal) and (not data.is_finite() or abs(data.adjusted()) > _LARGEST_EXPONENT):
            self.fail("invalid")
        try:
            number = parse_number(f"{data:f}" if isinstance(data, Decimal) else str(data), decimals=STORED_DECIMALS)
        except Refusal as error:
            raise serializers.ValidationError(error.messages, code=error.code) from error
        if number is None:
            self.fail("invalid")
        return number


class FigureInput(StrictSerializer):
    """A figure to file."""

    metric = serializers.CharField(max_length=40, help_text=gettext_lazy("The figure's code in the catalogue."))
    value = NumberField(help_text=gettext_lazy("The value, as a string. Zero is a figure; what is not known is left out."))
    unit = serializers.CharField(
        max_length=30, required=False, allow_blank=True, default="", help_text=gettext_lazy("The code of the unit of the value; without it, the figure's own.")
    )
    qualifier = serializers.ChoiceField(Qualifier.choices, required=False, default=Qualifier.EXACT, help_text=gettext_lazy("How exact it is."))
    qualifier_text = serializers.CharField(max_length=40, required=False, allow_blank=True, default="", help_text=gettext_lazy("The words as printed."))
    unit_text = serializers.CharField(max_length=20, required=False, allow_blank=True, default="", help_text=gettext_lazy("The unit as printed."))


class ParticipantInput(StrictSerializer):
    """Someone who took part."""

    person = serializers.UUIDField(help_text=gettext_lazy("The person's identifier."))
    hours = serializers.DecimalField(max_digits=4, decimal_places=2, min_value=Decimal(0), max_value=Decimal(24), required=False, allow_null=True, default=None)


class MomentField(serializers.DateTimeField):
    """A moment in a year that work may have been done in: before the first year the database keeps moments that nobody can read back."""

    def to_internal_value(self, value: Any) -> datetime:
        """Read the moment.

        Raises:
            ValidationError: it is none, or lies before those years.
        """
        moment: datetime = super().to_internal_value(value)
        if moment.date() < DAWN:
            raise serializers.ValidationError(_("Days lie after 1900."), code="out_of_range")
        return moment


class EntryInput(StrictSerializer):
    """A piece of work to file."""

    kind = serializers.ChoiceField(ActivityKind.choices, help_text=gettext_lazy("The kind of work; all its figures are of this kind."))
    place = serializers.UUIDField(
        required=False, allow_null=True, default=None, help_text=gettext_lazy("The region where it was done; without it, the branch's host region.")
    )
    starts_at = MomentField(required=False, allow_null=True, default=None)
    ends_at = MomentField(required=False, allow_null=True, default=None)
    note = serializers.CharField(max_length=5000, required=False, allow_blank=True, default="")
    figures: Any = serializers.ListSerializer(child=FigureInput(), allow_empty=False, max_length=MOST)
    participants: Any = serializers.ListSerializer(child=ParticipantInput(), required=False, default=list, max_length=MOST)


class _FilingInput(StrictSerializer):
    """What every filing has."""

    uid = serializers.UUIDField(help_text=gettext_lazy("Your own identifier for this filing. Send it again after a lost answer: it is stored once."))
    branch = serializers.UUIDField(help_text=gettext_lazy("The branch's identifier."))
    reason = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default="", help_text=gettext_lazy("Why figures change after the due time; needed for a correction.")
    )
    note = serializers.CharField(
        max_length=5000,
        required=False,
        allow_blank=True,
        default="",
        help_text=gettext_lazy("Free text; treated as personal: a resident may be named in it."),
    )
    figures: Any = serializers.ListSerializer(
        child=FigureInput(),
        required=False,
        max_length=MOST,
        help_text=gettext_lazy("All figures of the report; each kind of work becomes an entry. Or send entries."),
    )
    entries: Any = serializers.ListSerializer(
        child=EntryInput(), required=False, max_length=MOST, help_text=gettext_lazy("Pieces of work, with place, time and people. Or send figures.")
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require figures in exactly one of the two ways.

        Raises:
            ValidationError: neither was sent, or both.
        """
        if bool(attrs.get("figures")) == bool(attrs.get("entries")):
            raise serializers.ValidationError({"figures": [_("Send either figures or entries, with at least one figure.")]}, code="figures_or_entries")
        return attrs


class DailyReportInput(_FilingInput):
    """A daily report to file."""

    business_date = serializers.DateField(help_text=gettext_lazy("The day."))
    base = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=0,
        max_value=2**31 - 1,
        help_text=gettext_lazy("The number of the version that you saw last, 0 for none. A newer one refuses yours with 409; without it, yours replaces it."),
    )
    on_behalf = serializers.BooleanField(
        required=False, default=False, help_text=gettext_lazy("Filed by a reviewer from a telephone call; the organiser confirms it.")
    )


class PeriodReportInput(_FilingInput):
    """A report for a span of days to file."""

    first_day = serializers.DateField(help_text=gettext_lazy("The first day."))
    last_day = serializers.DateField(help_text=gettext_lazy("The last day, included."))
    relation = serializers.ChoiceField(
        PeriodReport.Relation.choices,
        required=False,
        default=PeriodReport.Relation.ADDS_TO_DAILY,
        help_text=gettext_lazy("Whether it adds to the daily reports of these days or includes them; the latter is compared, never added."),
    )
    undated = serializers.BooleanField(required=False, default=False, help_text=gettext_lazy("The document gave no date."))


class NoteInput(StrictSerializer):
    """Why a version is returned."""

    note = serializers.CharField(max_length=500, allow_blank=True, help_text=gettext_lazy("What the branch is to look at."))


class ReasonInput(StrictSerializer):
    """Why a version is withdrawn."""

    reason = serializers.CharField(max_length=500, allow_blank=True, help_text=gettext_lazy("Why it should not have been filed."))


class NothingInput(StrictSerializer):
    """An empty object."""


def pointers(data: dict[str, Any], fields: dict[str, str]) -> dict[str, str]:
    """Return where in the request each metric and field stands, as JSON pointers; `fields` maps the services' names to the request's.

    A metric that stands in several entries is pointed at where it stands first.
    """
    found = {name: f"#/{field}" for name, field in fields.items()}
    lists = [("#/figures", data.get("figures") or []), *((f"#/entries/{n}/figures", entry["figures"]) for n, entry in enumerate(data.get("entries") or []))]
    for path, figures in lists:
        for number, figure in enumerate(figures):
            found.setdefault(figure["metric"], f"{path}/{number}")
    return found


def works(data: dict[str, Any], user: Any) -> tuple[Work, ...]:
    """Return the pieces of work that were sent.

    Raises:
        ValidationError: a place or a person is not there, or not in the sender's scope; or a metric is not in the catalogue.
    """
    if data.get("figures"):
        return works_of(Figure(**figure) for figure in data["figures"])
    entries: list[dict[str, Any]] = data["entries"]
    places = _found(Region.objects.visible_to(user), {entry["place"] for entry in entries} - {None})
    people = _found(Person.objects.visible_to(user), {part["person"] for entry in entries for part in entry["participants"]})
    errors: dict[Any, Any] = {}
    for number, entry in enumerate(entries):
        if entry["place"] is not None and entry["place"] not in places:
            errors.setdefault(number, {})["place"] = [_not_found()]
        absent = {index: {"person": [_not_found()]} for index, part in enumerate(entry["participants"]) if part["person"] not in people}
        if absent:
            errors.setdefault(number, {})["participants"] = absent
    if errors:
        refused: Any = {"entries": errors}
        raise serializers.ValidationError(refused)
    return tuple(_work(entry, places, people) for entry in entries)


def _work(entry: dict[str, Any], places: dict[UUID, Any], people: dict[UUID, Any]) -> Work:
    figures = tuple(Figure(**figure) for figure in entry["figures"])
    participants = tuple(Participation(people[part["person"]], part["hours"]) for part in entry["participants"])
    when = {"starts_at": entry["starts_at"], "ends_at": entry["ends_at"]}
    return Work(kind=entry["kind"], figures=figures, place=places.get(entry["place"]), note=entry["note"], participants=participants, **when)


def _found(rows: Any, identifiers: set[UUID]) -> dict[UUID, Any]:
    return {row.public_id: row for row in rows.filter(public_id__in=identifiers)} if identifiers else {}


def _not_found() -> ErrorDetail:
    return ErrorDetail(_("This is not there, or not in your scope."), code="not_found")
