"""Queries in domain words; every scoped one begins with `visible_to`."""

from collections.abc import Callable
from datetime import date
from typing import Any, ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from psycopg2.extras import DateRange

from branches import access
from branches.access import Act
from portal.foundation.among import among
from portal.foundation.searching import holding

M = TypeVar("M", bound=models.Model)


class ScopedQuerySet(models.QuerySet[M]):
    """Rows that belong to a branch, a region, a work unit or a person, and are seen within a reach."""

    scope_path: ClassVar[str] = ""
    scope_filter: ClassVar[Callable[..., Q]] = staticmethod(access.branches_within)
    scope_act: ClassVar[Act] = Act.SEE_BRANCHES

    def visible_to(self, actor: object, act: Act | None = None) -> Self:
        """Rows over which `actor` may do `act`; by default, that they may see."""
        allowed = access.reach(actor, act or self.scope_act)
        if not allowed:
            return self.none()
        return self.filter(type(self).scope_filter(allowed, self.scope_path))

    def found_by(self, words: str) -> Self:
        """Rows whose name, alias or pinyin initials contain every word of `words`, in simplified or traditional characters."""
        return self.filter(holding("search", words))

    def inside(self, region: Any) -> Self:
        """Rows in whose reach a grant over `region` would put them: what lies in it, whoever serves there, and the units that send people there."""
        inside = type(self).scope_filter(access.Reach(regions=frozenset({region.pk})), self.scope_path)
        # Through a sub-query: what reaches a region by two ways would come back twice.
        return self.filter(pk__in=self.model._default_manager.filter(inside).values("pk"))


def places_below(region: Any) -> models.QuerySet[Any]:
    """Return the ids of a region and of all that ever lay below it, as a sub-query."""
    return access.rows("RegionPath").filter(ancestor=region).order_by().values("descendant")


def hosted_below(region: Any) -> models.QuerySet[Any]:
    """Return the ids of the branches that were ever hosted at or below a region, as a sub-query."""
    return access.rows("BranchPlace").filter(among("region", places_below(region))).order_by().values("branch")


class RegionQuerySet(ScopedQuerySet[Any]):
    """Regions."""

    scope_filter = staticmethod(access.regions_within)

    def below(self, region: Any, on: date) -> Self:
        """`region` and all that lies below it on a day."""
        return self.filter(Exists(access.rows("RegionPath").filter(ancestor=region, descendant=OuterRef("pk"), during__contains=on)))

    def above(self, region: Any, on: date) -> Self:
        """The regions in which `region` lies on a day, the widest first, without itself."""
        return self.filter(paths_down__descendant=region, paths_down__during__contains=on, paths_down__depth__gt=0).order_by("-paths_down__depth")

    def children_of(self, region: Any, on: date) -> Self:
        """The regions directly below `region` on a day."""
        return self.filter(parents__parent=region, parents__during__contains=on)


class WorkUnitQuerySet(ScopedQuerySet[Any]):
    """Work units."""

    scope_filter = staticmethod(access.units_within)

    def below(self, work_unit: Any) -> Self:
        """`work_unit` and all below it."""
        return self.filter(Exists(access.rows("WorkUnitPath").filter(ancestor=work_unit, descendant=OuterRef("pk"))))

    def above(self, work_unit: Any) -> Self:
        """The units above `work_unit`, the widest first, without itself."""
        return self.filter(paths_down__descendant=work_unit, paths_down__depth__gt=0).order_by("-paths_down__depth")


class BranchQuerySet(ScopedQuerySet[Any]):
    """Branches."""

    def within(self, region: Any, on: date) -> Self:
        """Branches hosted at or below `region` on a day, by the tree and the host in force on it."""
        below = access.rows("RegionPath").filter(ancestor=region, during__contains=on, descendant=OuterRef("region"))
        hosted = access.rows("BranchPlace").filter(Exists(below), branch=OuterRef("pk"), during__contains=on)
        found = self.filter(Exists(hosted))
        # Its few branches first.
        return found.filter(among("pk", hosted_below(region))) if region.holds_little else found

    def served_by(self, work_unit: Any, first: date | None = None, last: date | None = None) -> Self:
        """Branches to which `work_unit` or a unit below it sends people; from `first` to `last`, where days are given."""
        during = DateRange(first, last, "[]") if first and last else None
        return self.filter(pk__in=access.branches_served_by([work_unit.pk], during))

    def alive_on(self, day: date) -> Self:
        """Branches whose life holds `day`; an unknown start counts as long ago."""
        return self.filter(life__contains=day)

    def still_open(self) -> Self:
        """Branches whose records are not closed."""
        return self.filter(closed_at=None)

    def due_on(self, day: date) -> Self:
        """Branches that owe a report for `day`: alive on it, reporting, and not a command post."""
        return self.alive_on(day).filter(kind__in=["branch", "work_team"]).filter(Q(reports_from=None) | Q(reports_from__lte=day)).exclude(reports_daily=False)

    def by_name(self) -> Self:
        """Branches in the order of their names' pinyin."""
        return self.order_by(F("name_key"), "pk")
