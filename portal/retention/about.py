"""What is held about somebody: found by the relations of the models, so that a new model cannot be forgotten.

A row is somebody's own when it points to their person or their account as whose it is, itself or by a row that is theirs: a check-in by its shift, an
office by its membership. What points to an account otherwise is something that they did with the data of others: it is counted, and not shown.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.apps import apps
from django.db import models
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from members.models import Person
from portal.accounts.models import User
from portal.foundation.sensitive import Sensitive, Whose
from portal.foundation.text import mask_name
from portal.retention.declared import label_of, period_of, said_of, title_of

_OURS: Final = frozenset({"portal", "branches", "members", "activities", "knox"})
# How a row says that it is an account's own.
_OWNERS: Final = frozenset({"user", "owner", "account"})
# Nobody is told secrets by which others could sign in.
_SECRET: Final = frozenset(
    {"password", "digest", "code_hash", "token_hash", "token_key", "secret", "session_data", "last_step", "search", "name_key", "fingerprint"}
)
_TOLD_TO_THEMSELVES: Final = frozenset({Whose.SERVING, Whose.ACCOUNT})


@dataclass(frozen=True)
class Link:
    """A way from rows of a model to a person or an account.

    Attributes:
        path: the look-up that leads there; `pk` for the row of the person or the account itself.
        own: whether the rows are theirs, and shown; else they are what somebody did, and only counted.
    """

    model: type[models.Model]
    path: str
    of_person: bool
    own: bool

    @property
    def slug(self) -> str:
        """What names it in an address."""
        return f"{self.model._meta.label_lower}.{self.path}"

    @property
    def title(self) -> str:
        """What the rows are called, and as what somebody stands in them."""
        rows = title_of(self.model)
        first = self.path.partition("__")[0]
        if first in ("pk", "person", *_OWNERS):
            return rows
        return _("%(rows)s: %(role)s") % {"rows": rows, "role": self.model._meta.get_field(first).verbose_name}  # type: ignore[union-attr]

    def rows(self, user: User) -> "QuerySet[Any, Any]":
        """Return the rows of somebody, in the order in which they came."""
        whose = user.person_id if self.of_person else user.pk
        found: QuerySet[Any, Any] = self.model._default_manager.order_by("pk")
        return found.none() if whose is None else found.filter(**{self.path: whose})

    def said(self) -> dict[str, Sensitive]:
        """Return what is declared of the fields that are told, and of secrets, which are kept for a purpose too."""
        return {name: said for name, said in said_of(self.model).items() if said.whose in _TOLD_TO_THEMSELVES}

    def facts(self, row: models.Model, user: User) -> list[tuple[str, str]]:
        """Return what a row says, field by field, in words; without secrets, and without what it says of others."""
        return [(name, value) for name, value in self._facts(row, user) if value]

    def _facts(self, row: models.Model, user: User) -> Iterator[tuple[str, str]]:
        hidden = (said_of(self.model).keys() - self.said().keys()) | _SECRET
        for field in row._meta.concrete_fields:
            if field.primary_key or field.name in hidden or field.name == "public_id":
                continue
            label = label_of(field)
            if not field.is_relation:
                yield label, _words(row, field)
            elif named(field):
                yield label, _name_of(getattr(row, field.name), user)

    def named_fields(self) -> list[str]:
        """Return the relations of which a name is told, to be read with the rows."""
        return [field.name for field in self.model._meta.concrete_fields if field.is_relation and named(field)]


def links() -> list[Link]:
    """Return all ways from rows to a person or an account, the own ones first."""
    found = [Link(Person, "pk", True, True), Link(User, "pk", False, True)]
    for model in apps.get_models():
        if model.__module__.split(".")[0] in _OURS:
            found += _direct(model)
    return sorted(found, key=lambda link: not link.own)


def counted(user: User) -> dict[Link, int]:
    """Return how many rows each way leads to, in one query; ways that lead to none are left out."""
    ways = [link for link in links() if not link.of_person or user.person_id is not None]
    numbers = {f"n{number}": Coalesce(Subquery(_count(link.rows(user))), Value(0)) for number, link in enumerate(ways)}
    row: dict[str, int] = User.objects.get_queryset().filter(pk=user.pk).order_by().annotate(**numbers).values(*numbers)[0]
    return {link: row[f"n{number}"] for number, link in enumerate(ways) if row[f"n{number}"]}


def everything(user: User) -> Iterator[dict[str, Any]]:
    """Yield all that is held about somebody, way by way, as it is handed out."""
    for link, count in counted(user).items():
        said = {name: {"purpose": str(each.purpose), "kept": period_of(each)} for name, each in link.said().items()}
        yield {
            "kind": link.slug,
            "title": link.title,
            "count": count,
            "kept": said,
            "rows": [dict(link.facts(row, user)) for row in link.rows(user).select_related(*link.named_fields())] if link.own else [],
        }


def named(field: "models.Field[Any, Any]") -> bool:
    """Say whether a relation leads to something with a name, other than an account."""
    related = field.related_model
    return isinstance(related, type) and related is not User and any(each.name == "name" for each in related._meta.concrete_fields)


def _direct(model: type[models.Model]) -> list[Link]:
    found = []
    for field in model._meta.concrete_fields:
        if field.related_model is Person and model is not User:
            found.append(Link(model, field.name, True, True))
        elif field.related_model is User:
            found.append(Link(model, field.name, False, field.name in _OWNERS))
    return found if any(link.of_person for link in found) else found + _by_another(model)


def _by_another(model: type[models.Model]) -> list[Link]:
    """Return the ways over a row that is somebody's own."""
    found = []
    for field in model._meta.concrete_fields:
        other = field.related_model
        if not isinstance(other, type) or other in (model, Person, User) or other.__module__.split(".")[0] not in _OURS:
            continue
        if any(each.name == "person" and each.related_model is Person for each in other._meta.concrete_fields):
            found.append(Link(model, f"{field.name}__person", True, True))
    return found


def _count(rows: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
    counted_rows: QuerySet[Any, Any] = rows.order_by().annotate(_one=Value(1)).values("_one").annotate(_count=Count("pk")).values("_count")
    return counted_rows


def _name_of(thing: Any, user: User) -> str:
    if thing is None:
        return ""
    return mask_name(thing.name) if isinstance(thing, Person) and thing.pk != user.person_id else str(thing.name)


def _words(row: models.Model, field: "models.Field[Any, Any]") -> str:
    if getattr(field, "choices", None):
        return str(getattr(row, f"get_{field.name}_display")())
    value = getattr(row, field.name)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    if hasattr(value, "lower") and hasattr(value, "upper") and not isinstance(value, str):
        return " – ".join(_moment(each) for each in (value.lower, value.upper) if each is not None)
    return "" if value in (None, [], {}) else str(value)


def _moment(value: Any) -> str:
    return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT") if isinstance(value, datetime) else str(value)
