"""Which rows are due, and what is to become of them: read off the declarations of the models, so that whatever is declared is done."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

from django.db import models
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from activities.models import PointFile
from branches.models import Branch
from portal.accounts.models import ReviewedGrant
from portal.ending.models import ArchivePack
from portal.foundation import clock
from portal.foundation.models import Attachment
from portal.foundation.sensitive import GONE, AtEnd, Since
from portal.retention.declared import Declared, declared
from portal.retention.models import DataRequest, Hold

_EMPTY: Final = ("", GONE)


@dataclass(frozen=True)
class FieldRule:
    """A field that is erased, and what stands in its place."""

    field: "models.Field[Any, Any]"
    becomes: Any

    @property
    def told(self) -> Q:
        """The filter for rows in which it still says something."""
        name = self.field.name
        if self.field.null:
            return Q(**{f"{name}__isnull": False})
        return ~Q(**{f"{name}__in": _EMPTY}) if self.becomes in _EMPTY else ~Q(**{name: self.becomes})

    @property
    def value(self) -> Any:
        """What is written: nothing where nothing can stand, else the mark where something stood."""
        if self.field.null:
            return None
        if self.becomes == GONE:
            return Case(When(**{self.field.name: ""}, then=Value("")), default=Value(GONE))
        return self.becomes


@dataclass(frozen=True)
class ModelRule:
    """Fields of one model that end together.

    Attributes:
        fields: what is erased.
    """

    model: type[models.Model]
    since: Since
    kept_for: timedelta
    fields: tuple[FieldRule, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """What leads to the end: to branches, by a look-up to the last day at a site, or to the row's own moment."""
        paths: tuple[str, ...] = getattr(self.model, "ENDS_WITH", ("branch",))
        return paths

    @property
    def unit(self) -> str:
        """What a certificate is about: the path to the branch, or to the site."""
        return self.paths[0] if self.since is Since.BRANCH else "point"

    @property
    def before(self) -> date:
        """The day before which something must have ended to be due."""
        return timezone.localdate(clock.now()) - self.kept_for

    def due(self) -> "QuerySet[Any, Any]":
        """Return the rows whose time is over and that still say something."""
        rows: QuerySet[Any, Any] = self.model._default_manager.order_by()
        if self.since is Since.BRANCH:
            over = branches_over(self.before).values("pk")
            rows = rows.filter(**{f"{path}__in": over for path in self.paths})
        elif self.since is Since.SITE:
            rows = rows.filter(**{self.paths[0]: (self.before, None) if self.paths[0].endswith("fully_lt") else self.before})
        else:
            rows = rows.filter(**{f"{self.paths[0]}__lt": clock.now() - self.kept_for})
        told = Q(pk__in=())
        for field in self.fields:
            told |= field.told
        return rows.filter(told).exclude(getattr(self.model, "PUBLISHED", Q(pk__in=()))).exclude(_held(self.model))


def _held(model: type[models.Model]) -> Q:
    """Return the filter for rows that go by their own age, and are about a branch that is held."""
    held = Hold.objects.in_force().values("branch")
    if model is DataRequest:
        return Q(branch__in=held)
    if model is ReviewedGrant:
        return Q(grant__branch__in=held)
    if model is Attachment:
        packs = ArchivePack.objects.filter(end__branch__in=held, file__isnull=False)
        return Q(pk__in=PointFile.objects.filter(point__branch__in=held).values("file")) | Q(pk__in=packs.values("file"))
    return Q(pk__in=())


def branches_over(before: date) -> "QuerySet[Branch]":
    """Return the branches that ended before a day and are held by nobody."""
    return Branch.objects.filter(ended_on__lt=before).exclude(pk__in=Hold.objects.in_force().values("branch")).order_by()


def model_rules(*since: Since) -> Iterator[ModelRule]:
    """Yield what is erased field by field and counted from one of `since`."""
    wanted = [each for each in declared() if each.sensitive.at_end is AtEnd.ERASED and each.sensitive.since in since]
    for (model, start, kept_for), some in groupby(wanted, key=_kind):
        yield ModelRule(model, start, kept_for, tuple(FieldRule(each.field, each.sensitive.becomes) for each in some))


def _kind(each: Declared) -> tuple[type[models.Model], Since, timedelta]:
    assert each.sensitive.kept_for is not None  # noqa: S101 - whatever is erased has a period: a test sees to it
    return each.model, each.sensitive.since, each.sensitive.kept_for
