"""How operations are described: a summary, plain words and an example each."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.utils.functional import Promise
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view

V = TypeVar("V", bound=type)
Text = str | Promise


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


def _lazy(text: Text) -> str:
    """Return the text for a signature that says `str`; lazy ones are written in the language of the reader."""
    return text  # type: ignore[return-value]
