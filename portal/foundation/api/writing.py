"""JSON that PostgreSQL writes: a row comes as the text that is sent, and nothing is made of it on the way.

`format` with one pattern for the whole object: `json_build_object` looks up what each value is for each row, and takes twice as long.
"""

import json
from typing import Any, Final, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, Func, Model, QuerySet, Subquery, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.db.models.lookups import IsNull
from django.http import HttpRequest
from django.urls import reverse
from rest_framework.request import Request

from portal.foundation import clock

_NULL: Final = Value("null", TextField())


class Json(NamedTuple):
    """A piece of JSON: a pattern for `format`, and the expressions whose texts stand in it; none of them may be null."""

    pattern: str
    values: tuple[Combinable, ...]

    def expression(self) -> Combinable:
        """Return the text as an expression."""
        if self.pattern == "%s":
            return self.values[0]
        return Func(Value(self.pattern), *self.values, function="format", output_field=TextField())


class _ToJson(Func):
    template = "to_json(%(expressions)s)::text"
    output_field = TextField()


class _Exact(Func):
    # As ExactField writes it.
    template = "'\"' || trim_scale(%(expressions)s) || '\"'"
    output_field = TextField()


class _Moment(Func):
    # As the framework writes it: microseconds only where there are some.
    template = f"'\"' || replace({clock.moment_sql('%(expressions)s')}, '.000000', '') || '\"'"
    output_field = TextField()


class _LookedUp(Func):
    template = "((SELECT jsonb_object_agg(id, %(column)s) FROM %(table)s) ->> (%(expressions)s)::text)"
    output_field = TextField()


def json_object(**members: Json) -> Json:
    """Return an object with these members, in this order."""
    pattern = ",".join(f'"{name}":{member.pattern}' for name, member in members.items())
    return Json(f"{{{pattern}}}", tuple(value for member in members.values() for value in member.values))


def value(of: Any, *, null: bool = False) -> Json:
    """Return a text, a date or a truth; `of` is a field or an expression."""
    return _written(_ToJson(of), null=null)


def exact(field: str, *, null: bool = False) -> Json:
    """Return a number as a string, to the last digit and without trailing zeros."""
    return _written(_Exact(field), null=null)


def moment(field: str, *, null: bool = False) -> Json:
    """Return a moment in the portal's time zone."""
    return _written(_Moment(field), null=null)


def code(of: str | Combinable) -> Json:
    """Return a word of ours, such as a choice: nothing in it has to be escaped."""
    return Json('"%s"', (F(of) if isinstance(of, str) else of,))


def identifier(field: str = "public_id") -> Json:
    """Return an identifier."""
    return code(field)


def optional(field: str, piece: Json) -> Json:
    """Return a piece, or null where `field` is."""
    return Json("%s", (Case(When(**{f"{field}__isnull": True}, then=_NULL), default=piece.expression()),))


def only_if(condition: Any, piece: Json) -> Json:
    """Return a piece where `condition` holds, else null."""
    return Json("%s", (Case(When(condition, then=piece.expression()), default=_NULL),))


def array(rows: QuerySet[Any, Any], item: Json) -> Json:
    """Return a list with an item for each of `rows`, in their order."""
    items = ArraySubquery(rows.annotate(item=item.expression()).values("item"))
    return Json("[%s]", (Func(items, Value(","), function="array_to_string", output_field=TextField()),))


def mostly_empty(rows: QuerySet[Any, Any], items: Json) -> Json:
    """Return an `array`, which is not even asked for where there are no `rows`."""
    (texts,) = items.values
    # Not EXISTS: for that all rows there are may be read and hashed first, even for a page.
    first = Subquery(rows.values("pk")[:1])
    return Json(items.pattern, (Case(When(IsNull(first, False), then=texts), default=Value("", TextField())),))


def looked_up(model: type[Model], field: str, reference: str | Combinable) -> Func:
    """Return, as text, a field of that one of a few rows to which `reference` points: all are read once a statement, where a join reads them for each row."""
    held: Any = model._meta.get_field(field)
    return _LookedUp(reference, table=model._meta.db_table, column=held.column)


class Addresses:
    """The addresses of objects, as `link` of `fields` makes them."""

    def __init__(self, request: Request | HttpRequest) -> None:
        self._request = request

    def of(self, resource: str, field: str = "public_id") -> Json:
        """Return the address of an object; `resource` is the name of its list."""
        base = json.dumps(self._request.build_absolute_uri(reverse(resource)), ensure_ascii=False)[1:-1]
        return Json(f'"{base.replace("%", "%%")}%s/"', (F(field),))

    def identified(self, resource: str, path: str) -> Json:
        """Return an object without a name that a row points to."""
        return json_object(public_id=identifier(f"{path}__public_id"), url=self.of(resource, f"{path}__public_id"))

    def reference(self, resource: str, path: str) -> Json:
        """Return a named object that a row points to."""
        public_id = f"{path}__public_id"
        return json_object(public_id=identifier(public_id), name=value(f"{path}__name"), url=self.of(resource, public_id))


def _written(expression: Func, *, null: bool) -> Json:
    return Json("%s", (Coalesce(expression, _NULL) if null else expression,))
