"""The dashboard of a branch."""

from dataclasses import replace
from functools import cached_property

from django.http import QueryDict

from activities import chat
from activities.rollups import Line
from branches.models import Branch
from portal.pages.board.base import Board
from portal.pages.scopes import View


class BranchBoard(Board):
    """The figures of a branch; of a value that holds from earlier its chat and its page do not say that it stayed the same."""

    def __init__(self, view: View, query: QueryDict, branch: Branch) -> None:
        """Take the branch that the view is of."""
        super().__init__(view, query)
        self.branch = branch

    @cached_property
    def lines(self) -> list[Line]:
        """Every metric that was ever reported."""
        given = chat.last_given(self.branch, self.span)
        return [line if line.metric.code not in given else replace(line, compared=given[line.metric.code].is_compared(self.span)) for line in super().lines]
