"""All that is declared sensitive, in one place: what the models of the portal say, and what has to be said for models that come with libraries."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from django.apps import apps
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.foundation.sensitive import AtEnd, Basis, Sensitive, Since, Whose

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_GUESSES: Final = Sensitive(
    gettext_lazy("locking out whoever guesses passwords"), timedelta(days=1), Basis.DUTY, Whose.ACCOUNT, since=Since.ROW, at_end=AtEnd.ROW_GOES
)
_TOKENS: Final = Sensitive(
    gettext_lazy("letting another system read until its token expires"), timedelta(days=365), Basis.DUTY, Whose.ACCOUNT, since=Since.ROW, at_end=AtEnd.ROW_GOES
)
# What their rows and fields are called on pages; the libraries' own names are for programmers, and in English.
_CALLED: Final[dict[str, tuple["StrOrPromise", "StrOrPromise"]]] = {
    "sessions.Session": (gettext_lazy("sign-ins that last"), gettext_lazy("who is signed in, and in which language")),
    "axes.AccessAttempt": (gettext_lazy("failed sign-ins"), gettext_lazy("network address, browser and user name")),
    "knox.AuthToken": (gettext_lazy("API tokens"), gettext_lazy("hash of the token")),
}
_FIELDS: Final[dict[tuple[str, str], "StrOrPromise"]] = {
    ("knox.AuthToken", "created"): gettext_lazy("made at"),
    ("knox.AuthToken", "expiry"): gettext_lazy("expires at"),
}
# Models of libraries cannot say it themselves.
OTHERS: Final[dict[str, dict[str, Sensitive]]] = {
    "axes.AccessAttempt": dict.fromkeys(("user_agent", "ip_address", "username", "http_accept", "path_info", "get_data", "post_data"), _GUESSES),
    "knox.AuthToken": {"digest": _TOKENS},
}


@dataclass(frozen=True)
class Declared:
    """A field of a model with what is said about it."""

    model: type[models.Model]
    field: "models.Field[object, object]"
    sensitive: Sensitive

    @property
    def name(self) -> str:
        """What names the field anywhere, as in `members.Person.phone`."""
        return f"{self.model._meta.label}.{self.field.name}"

    @property
    def is_computed(self) -> bool:
        """Whether it holds another field's words again, for sorting and searching."""
        return is_computed(self.field.name)

    @property
    def words(self) -> str:
        """What the field is called on pages."""
        called = _CALLED.get(self.model._meta.label)
        return capfirst(str(called[1] if called else self.field.verbose_name))


@dataclass(frozen=True)
class Group:
    """Fields of one model that are kept for the same purpose, as a reader is told of them."""

    model: type[models.Model]
    fields: tuple[Declared, ...]
    sensitive: Sensitive

    @property
    def title(self) -> str:
        """What the rows are called."""
        return title_of(self.model)

    @property
    def names(self) -> str:
        """What the fields are called, each once; what is computed from another of them, for sorting and searching, is no news to a reader."""
        told = [each for each in self.fields if not each.is_computed] or self.fields
        return _(", ").join(dict.fromkeys(each.words for each in told))

    @property
    def period(self) -> str:
        """How long they are kept."""
        return period_of(self.sensitive)


def is_computed(name: str) -> bool:
    """Say whether a field of this name holds another field's words again, for sorting and searching."""
    return name in ("name_key", "search") or name.endswith("_folded")


def title_of(model: type[models.Model]) -> str:
    """Return what the rows of a model are called on pages."""
    called = _CALLED.get(model._meta.label)
    return capfirst(str(called[0] if called else model._meta.verbose_name_plural))


def label_of(field: "models.Field[Any, Any]") -> str:
    """Return what a field is called on pages."""
    return capfirst(str(_FIELDS.get((field.model._meta.label, field.name)) or field.verbose_name))


def period_of(sensitive: Sensitive) -> str:
    """Return in words how long a field is kept."""
    if sensitive.kept_for is None:
        return str(sensitive.since.words)
    days = ngettext("%(count)d day", "%(count)d days", sensitive.kept_for.days) % {"count": sensitive.kept_for.days}
    return _("%(days)s %(since)s") % {"days": days, "since": sensitive.since.words}


def declared() -> Iterator[Declared]:
    """Yield every field that is declared sensitive, model by model."""
    for model in apps.get_models():
        for name, sensitive in said_of(model).items():
            yield Declared(model, model._meta.get_field(name), sensitive)  # type: ignore[arg-type]


def said_of(model: type[models.Model]) -> dict[str, Sensitive]:
    """Return what is declared of a model's fields."""
    said: dict[str, Sensitive] = getattr(model, "SENSITIVE", None) or OTHERS.get(model._meta.label, {})
    return said


def groups(whose: Whose) -> list[Group]:
    """Return what is kept about some people: fields of a model and a purpose together."""
    rows = sorted((each for each in declared() if each.sensitive.whose is whose), key=lambda each: (each.model._meta.label, str(each.sensitive.purpose)))
    found = []
    for _key, some in groupby(rows, key=lambda each: (each.model, each.sensitive)):
        fields = tuple(some)
        found.append(Group(fields[0].model, fields, fields[0].sensitive))
    return found


def heading_of(whose: Whose) -> "StrOrPromise":
    """Return the heading above what is kept about some people."""
    return capfirst(str(whose.words))
