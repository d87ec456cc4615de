"""What a dashboard shows, read in a fixed number of queries; page, workbook, csv and chat text print this and nothing else.

A board has what every dashboard has; what only a region, a work unit or a branch shows stands in a class of its own.
"""

from django.http import QueryDict

from branches.models import Region, WorkUnit
from portal.pages.board.base import Board
from portal.pages.board.branches import BranchBoard
from portal.pages.board.regions import RegionBoard
from portal.pages.board.work_units import WorkUnitBoard
from portal.pages.scopes import View

__all__ = ["Board", "BranchBoard", "RegionBoard", "WorkUnitBoard", "board_of"]


def board_of(view: View, query: QueryDict) -> Board:
    """Return the dashboard of what the reader sees, for the days and the choices that the address asks for."""
    thing = view.scope.object
    if isinstance(thing, Region):
        return RegionBoard(view, query, thing)
    if isinstance(thing, WorkUnit):
        return WorkUnitBoard(view, query, thing)
    return BranchBoard(view, query, thing)
