"""How operations are described: a summary, plain words and an example each."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, PolymorphicProxySerializer, extend_schema, extend_schema_view
from rest_framework import serializers

V = TypeVar("V", bound=type)
F = TypeVar("F", bound=Callable[..., Any])
Text = str | Promise
NDJSON: Final = "application/x-ndjson"


class LastLineSerializer(serializers.Serializer[Any]):
    """The end of a pull; where it is missing, so are rows."""

    rows = serializers.IntegerField(help_text=_("How many lines came before this one."))
    changes = serializers.URLField(help_text=_("Where the changes begin that these rows may not show."))


def example(value: Any, **kwargs: Any) -> OpenApiExample:
    """Return an example of a request or an answer."""
    return OpenApiExample("example", value=value, **kwargs)


def describes_reading(*, many: Text, one: Text, about: Text, shown: Any, tag: str, parameters: Sequence[OpenApiParameter] = ()) -> Callable[[V], V]:
    """Describe the list and the detail of a read-only resource by what they return and an example object."""
    examples = [example(shown, response_only=True)]
    common: dict[str, Any] = {"description": _lazy(about), "examples": examples, "tags": [tag], "parameters": [*parameters]}
    operations = {"list": extend_schema(summary=_lazy(many), **common)}
    if one:
        operations["retrieve"] = extend_schema(summary=_lazy(one), filters=False, **common)
    decorate: Callable[[V], V] = extend_schema_view(**operations)
    return decorate


def describes_pulling(*, title: Text, about: Text, line: type[serializers.Serializer[Any]], shown: Any, tag: str) -> Callable[[F], F]:
    """Describe the pull of a resource by its lines and an example of each."""
    last = {"rows": 1, "changes": "https://portal.example/api/v1/changes/?cursor=biw5MDAsMA"}
    lines = PolymorphicProxySerializer(component_name="Line", serializers=[line, LastLineSerializer], resource_type_field_name=None)
    examples = [OpenApiExample(name, value=value, response_only=True, media_type=NDJSON) for name, value in (("line", shown), ("last line", last))]
    about_it: dict[str, Any] = {"summary": title, "description": about, "tags": [tag], "filters": True, "examples": examples}
    decorate: Callable[[F], F] = extend_schema(responses={(200, NDJSON): lines}, **about_it)
    return decorate


def _lazy(text: Text) -> str:
    """Return the text for a signature that says `str`; lazy ones are written in the language of the reader."""
    return text  # type: ignore[return-value]
