"""Writes to reports: filing, reviewing, withdrawing, and drafts.

Nothing else writes these tables. A version with all inside it is written in one transaction, together with the client's identifier,
the audit row and the end of the draft.
"""

from activities.services.drafts import discard_draft, save_draft
from activities.services.filing import Acknowledgement, due_moment, file_daily_report, file_period_report, refuse_impossible_day
from activities.services.reviewing import accept, confirm, return_to_branch, withdraw
from activities.services.staged import Changed, file_staged
from activities.services.works import Figure, Participation, Work, filing_content, in_own_unit, works_of

__all__ = [
    "Acknowledgement",
    "Changed",
    "Figure",
    "Participation",
    "Work",
    "accept",
    "confirm",
    "discard_draft",
    "due_moment",
    "file_daily_report",
    "file_period_report",
    "file_staged",
    "filing_content",
    "in_own_unit",
    "refuse_impossible_day",
    "return_to_branch",
    "save_draft",
    "withdraw",
    "works_of",
]
