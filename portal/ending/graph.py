"""Which models hang on a branch, found by following foreign keys: a new model is on record of its branch without anybody naming it here."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.db.models import Field, ForeignKey, Model, Q, QuerySet

from branches.models import Branch
from portal.foundation.sensitive import AtEnd

_PARTS: Final = frozenset({"portal", "branches", "members", "activities"})
# Of what leads straight to a branch these say whose it is; others say where something went.
_OWNERS: Final = ("branch", "origin")


@cache
def hanging() -> Mapping[type[Model], tuple[str, ...]]:
    """Return each model that hangs on a branch with the lookups that lead to it, the nearest models first.

    A model with a key to a branch of its own hangs by that, others by the first model above them that hangs.
    """
    found: dict[type[Model], tuple[str, ...]] = {}
    ours = [model for model in apps.get_models(include_auto_created=True) if model.__module__.split(".")[0] in _PARTS and model is not Branch]
    for model in ours:
        keys = [field.name for field in _keys(model) if field.related_model is Branch]
        if owners := tuple(name for name in keys if name in _OWNERS):
            found[model] = owners
    above = set(found)
    while above:
        reached = {model: path for model in ours if model not in found and (path := _first_path(model, found, above))}
        found |= reached
        above = set(reached)
    return found


def records_of(model: type[Model], branch: Branch) -> "QuerySet[Any, Any]":
    """Return the rows of a model that hang on a branch, in the order of their keys."""
    of_branch = Q()
    for path in hanging()[model]:
        of_branch |= Q(**{path: branch})
    rows: QuerySet[Any, Any] = model._base_manager.filter(of_branch).order_by("pk")
    return rows


def _keys(model: type[Model]) -> list["ForeignKey[Any, Any]"]:
    return [field for field in model._meta.get_fields() if isinstance(field, ForeignKey)]


def _first_path(model: type[Model], found: Mapping[type[Model], tuple[str, ...]], above: set[type[Model]]) -> tuple[str, ...]:
    for field in _keys(model):
        parent = field.related_model
        if parent in above and isinstance(parent, type) and not field.null:
            return tuple(f"{field.name}__{path}" for path in found[parent])
    return ()


def columns_of(model: type[Model]) -> list["Field[Any, Any]"]:
    """Return the fields of a model that its table has columns for, but for the key that is only of use inside."""
    return [field for field in model._meta.concrete_fields if not field.primary_key]


def sensitive_of(model: type[Model]) -> frozenset[str]:
    """Return the names of the fields that the model declares as sensitive."""
    return frozenset(getattr(model, "SENSITIVE", {}))


def withheld_of(model: type[Model]) -> frozenset[str]:
    """Return those of them that only some may read: not the names of people, which whoever prepares the end reads on every page."""
    return frozenset(name for name, declared in getattr(model, "SENSITIVE", {}).items() if declared.at_end is not AtEnd.PSEUDONYM)
