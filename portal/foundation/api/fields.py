"""Fields that the API writes the same way everywhere."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail


def link(context: dict[str, Any], resource: str, public_id: UUID | str) -> str:
    """Return the absolute address of an object; `resource` is the name of its list, as in `branches-api:branch-list`.

    An object's address is its list's address and its identifier, so one resolution serves a thousand rows.
    """
    bases: dict[str, str] = context.setdefault("addresses", {})
    if resource not in bases:
        bases[resource] = context["request"].build_absolute_uri(reverse(resource))
    return f"{bases[resource]}{public_id}/"


class ExactField(serializers.DecimalField):
    """A number as a string, to the last digit and without trailing zeros: `"11.5"`, `"200"`."""

    def __init__(self, max_digits: int = 18, decimal_places: int = 3, **kwargs: Any) -> None:
        super().__init__(max_digits=max_digits, decimal_places=decimal_places, **kwargs)

    def to_representation(self, value: Any) -> str:
        """Write the number."""
        digits = f"{Decimal(value):f}"
        return digits.rstrip("0").rstrip(".") if "." in digits else digits


# Not the format `time` of JSON Schema, which wants an offset: these hold for every day.
@extend_schema_field({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$"})
class ClockField(serializers.TimeField):
    """A time of day on the portal's own clock."""


@extend_schema_field({"type": "string", "format": "uri", "readOnly": True})
class UrlField(serializers.Field[Any, Any, str, Any]):
    """The object's own address."""

    def __init__(self, resource: str, **kwargs: Any) -> None:
        self.resource = resource
        super().__init__(read_only=True, source="public_id", **kwargs)

    def to_representation(self, value: UUID) -> str:
        """Write the address."""
        return link(self.context, self.resource, value)


class DaysSerializer(serializers.Serializer[Any]):
    """Days from the first to the last, both included; null where open."""

    first_day = serializers.DateField(allow_null=True, help_text=_("The first day; null when not known."))
    last_day = serializers.DateField(allow_null=True, help_text=_("The last day, included; null while it goes on."))


@extend_schema_field(DaysSerializer)
class DaysField(serializers.Field[Any, Any, Any, Any]):
    """A range of dates, its last day included."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> dict[str, Any]:
        """Write both ends."""
        # PostgreSQL keeps the day after the last.
        last = value.upper - timedelta(days=1) if value.upper is not None else None
        return {"first_day": value.lower and value.lower.isoformat(), "last_day": last and last.isoformat()}


class ReferenceSerializer(serializers.Serializer[Any]):
    """Another object: its identifier, its name and where it is."""

    public_id = serializers.UUIDField()
    name = serializers.CharField()
    url = serializers.URLField()


@extend_schema_field(ReferenceSerializer)
class ReferenceField(serializers.Field[Any, Any, Any, Any]):
    """A named object that this one points to."""

    def __init__(self, resource: str, **kwargs: Any) -> None:
        self.resource = resource
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> dict[str, Any]:
        """Write the reference."""
        return {"public_id": str(value.public_id), "name": value.name, "url": link(self.context, self.resource, value.public_id)}


class IdSerializer(serializers.Serializer[Any]):
    """Another object without a name: its identifier and where it is."""

    public_id = serializers.UUIDField()
    url = serializers.URLField()


@extend_schema_field(IdSerializer)
class IdField(serializers.Field[Any, Any, Any, Any]):
    """An object without a name that this one points to."""

    def __init__(self, resource: str, **kwargs: Any) -> None:
        self.resource = resource
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: Any) -> dict[str, Any]:
        """Write the reference."""
        return {"public_id": str(value.public_id), "url": link(self.context, self.resource, value.public_id)}


class StrictSerializer(serializers.Serializer[Any]):
    """Input that refuses what it does not know: a misspelt field must not pass as a missing one."""

    def to_internal_value(self, data: Any) -> Any:
        """Read the input.

        Raises:
            ValidationError: by field; unknown ones too.
        """
        unknown = sorted(str(key) for key in data if key not in self.fields) if isinstance(data, dict) else []
        errors: dict[str, Any] = {key: [ErrorDetail(str(_("There is no such field.")), code="unknown")] for key in unknown}
        try:
            value = super().to_internal_value(data)
        except serializers.ValidationError as error:
            known = error.detail
            raise serializers.ValidationError({**known, **errors} if isinstance(known, dict) else known) from error
        if errors:
            raise serializers.ValidationError(errors)
        return value
