"""Which regions are grids of a branch, and which squads cover them on a day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from branches.models import Branch, Region
from members.models import Squad, SquadGrid

# More places than this say nothing to who has to choose.
MOST_GRIDS: Final = 300


@dataclass(frozen=True)
class Grid:
    """A grid of a branch, with the squads that cover it."""

    region: Region
    coverage: Sequence[SquadGrid]

    @property
    def is_shared(self) -> bool:
        """Whether more than one squad covers it."""
        return len(self.coverage) > 1


def regions_offered(branch: Branch, day: date) -> QuerySet[Region]:
    """Return the regions that squads of a branch may cover: what the branch covers, its host region, and what lies in that on a day."""
    covered = Branch.covers.through._default_manager.filter(branch=branch).values("region")
    found: QuerySet[Region] = Region.objects.filter(Q(pk__in=covered) | Q(pk__in=Region.objects.below(branch.region, day).values("pk")))
    return found


def regions_to_cover(branch: Branch, day: date) -> QuerySet[Region]:
    """Return the grids of a branch: what it covers; where nobody has said that, what lies directly in its host region."""
    covered = Branch.covers.through._default_manager.filter(branch=branch)
    below = Region.objects.children_of(branch.region, day).values("pk")
    return Region.objects.filter(Q(Exists(covered.filter(region=OuterRef("pk")))) | (~Exists(covered) & Q(pk__in=below)))


def grids_of(branch: Branch, day: date) -> list[Grid]:
    """Return the grids of a branch with their squads, those that nobody covers first, and further regions that a squad covers."""
    held: dict[int, list[SquadGrid]] = defaultdict(list)
    rows = SquadGrid.objects.on(day).filter(squad__branch=branch).select_related("squad", "region").order_by("squad__name", "pk")
    regions: dict[int, Region] = {}
    for row in rows:
        held[row.region_id].append(row)
        regions[row.region_id] = row.region
    for region in regions_to_cover(branch, day).order_by("name_key", "pk")[:MOST_GRIDS]:
        regions[region.pk] = region
    grids = [Grid(region, held[pk]) for pk, region in regions.items()]
    return sorted(grids, key=lambda grid: (bool(grid.coverage), grid.region.name_key, grid.region.pk))


def sharing(coverage: "QuerySet[Any, Any]") -> "QuerySet[Any, Any]":
    """Return those of some rows of coverage whose grid another squad of the branch covers on a common day."""
    others = SquadGrid.objects.filter(region=OuterRef("region"), branch=OuterRef("branch"), during__overlap=OuterRef("during")).exclude(squad=OuterRef("squad"))
    return coverage.filter(Exists(others))


def squads_on(branch: Branch, day: date) -> QuerySet[Squad]:
    """Return a branch's squads of a day with how many people and grids they have, as they were founded: by name, the third would stand before the second."""
    found: QuerySet[Squad] = Squad.objects.filter(branch=branch).on(day).with_strength(day).order_by("pk")
    return found
