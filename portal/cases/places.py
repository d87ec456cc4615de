"""Regions and work units of a case. Several files name the same province: it exists once, and they must agree about it."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import TypeVar

from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from branches.models import Region, RegionParent, WorkUnit
from portal.cases.changes import Changes
from portal.cases.shape import RegionRow, UnitRow

R = TypeVar("R", RegionRow, UnitRow)
# Sources of this loader begin so.
PREFIX = "case:"
# As PostgreSQL gives it back: without an end, the end is open.
ALWAYS = DateRange(None, None, "()")
NUMBERS = ("households", "residents", "buildings", "gates", "gates_open")


def since(first: date | None, until: date | None = None) -> DateRange:
    """Return the span from `first`, before `until`, either open when None, as PostgreSQL gives it back."""
    return DateRange(first, until, "()" if first is None else "[)")


def store_regions(rows: Iterable[RegionRow], changes: Changes) -> dict[str, Region]:
    """Store or find each region, parents first; return them by key."""
    stored: dict[str, Region] = {}
    for row in _parents_first({row.key: row for row in rows}):
        parent = stored.get(row.parent or "")
        own = Region.objects.filter(source=changes.source, key=row.key).first()
        if own is not None:
            stored[row.key] = _correct(own, row, parent, changes)
        elif (found := _elsewhere(row, parent)) is not None:
            stored[row.key] = _agree(found, row, parent, changes)
        else:
            stored[row.key] = _add(row, parent, changes)
    return stored


def store_units(rows: Iterable[UnitRow], changes: Changes) -> dict[str, WorkUnit]:
    """Store or find each work unit, parents first; return them by key. Other cases' units are found by name and parent."""
    stored: dict[str, WorkUnit] = {}
    for row in _parents_first({row.key: row for row in rows}):
        parent = stored.get(row.parent or "")
        own = WorkUnit.objects.filter(source=changes.source, key=row.key).first()
        if own is not None:
            changes.update(own, name=row.name, parent=parent)
        else:
            own = WorkUnit.objects.filter(source__startswith=PREFIX, name=row.name, parent=parent).exclude(source=changes.source).first()
        stored[row.key] = own or changes.add(WorkUnit(source=changes.source, key=row.key, name=row.name, parent=parent))
    return stored


def _parents_first(rows: Mapping[str, R]) -> list[R]:
    """Order rows so that each comes after its parent; the file has no circle."""
    ordered: dict[str, R] = {}

    def place(row: R) -> None:
        if row.parent is not None and row.parent not in ordered:
            place(rows[row.parent])
        ordered[row.key] = row

    for row in rows.values():
        if row.key not in ordered:
            place(row)
    return list(ordered.values())


def _elsewhere(row: RegionRow, parent: Region | None) -> Region | None:
    """Find the region under another source: by its code, else by its name in the same place."""
    coded: Region | None = Region.objects.filter(code=row.code).first() if row.code else None
    if coded is not None:
        return coded
    named = Region.objects.filter(name=row.name, level=row.level)
    if row.code:
        named = named.filter(code="")
    here = named.filter(parents__parent=parent, parents__during=ALWAYS) if parent else named.filter(parents=None)
    found: Region | None = here.first()
    return found


def _add(row: RegionRow, parent: Region | None, changes: Changes) -> Region:
    numbers = {name: getattr(row, name) for name in NUMBERS}
    region = changes.add(Region(source=changes.source, key=row.key, level=row.level, name=row.name, code=row.code, unmanaged=row.unmanaged, **numbers))
    if parent is not None:
        changes.add(RegionParent(region=region, parent=parent, during=ALWAYS))
    return region


def _correct(region: Region, row: RegionRow, parent: Region | None, changes: Changes) -> Region:
    """Bring a region of this file to what the file says now."""
    taken = Region.objects.filter(code=row.code).exclude(pk=region.pk).first() if row.code else None
    if taken is not None:
        changes.note(f"{row.path}.code", _("“%(name)s” has this code already.") % {"name": taken.name})
        return region
    numbers = {name: getattr(row, name) for name in NUMBERS}
    changes.update(region, level=row.level, name=row.name, code=row.code, unmanaged=row.unmanaged, **numbers)
    links = list(region.parents.all())
    if len(links) > 1 or any(link.during != ALWAYS for link in links):
        # Somebody has moved it by date since; the file knows only one place.
        if parent is not None and all(link.parent_id != parent.pk for link in links):
            changes.note(f"{row.path}.parent", _("“%(name)s” has been moved in the portal; correct its place there.") % {"name": region.name})
    elif links and parent is None:
        changes.remove(links[0])
    elif links and parent is not None:
        changes.update(links[0], parent=parent)
    elif parent is not None:
        changes.add(RegionParent(region=region, parent=parent, during=ALWAYS))
    return region


def _agree(region: Region, row: RegionRow, parent: Region | None, changes: Changes) -> Region:
    """Take a region that another source brought: fill what it leaves open, note where the two contradict each other."""
    words = {"name": region.name}
    if row.name != region.name and row.name not in region.aliases:
        changes.note(f"{row.path}.name", _("The portal knows this region as “%(name)s”.") % words)
    if row.level != region.level:
        changes.note(f"{row.path}.level", _("The portal has “%(name)s” on another level.") % words)
    links = list(region.parents.all())
    if parent is not None and links and all(link.parent_id != parent.pk for link in links):
        changes.note(f"{row.path}.parent", _("In the portal “%(name)s” lies elsewhere.") % words)
    elif parent is not None and not links:
        changes.add(RegionParent(region=region, parent=parent, during=ALWAYS))
    filled: dict[str, object] = {}
    for name in NUMBERS:
        ours, theirs = getattr(row, name), getattr(region, name)
        if ours is not None and theirs is None:
            filled[name] = ours
        elif ours is not None and ours != theirs:
            changes.note(f"{row.path}.{name}", _("The portal has %(number)d for “%(name)s”.") % {"number": theirs, **words})
    if row.code and not region.code:
        filled["code"] = row.code
    if row.unmanaged and not region.unmanaged:
        filled["unmanaged"] = True
    changes.update(region, **filled)
    return region
