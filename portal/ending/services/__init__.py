"""Writes on the end of a branch: prepared, confirmed, opened again. Each checks that the actor may, and is audited in the same transaction."""

from portal.ending.services.confirming import confirm
from portal.ending.services.preparing import ask_for_pack, begin, explain, hand_on_needs, issue_letters, save_narrative, save_stock, stop
from portal.ending.services.reopening import reopen

__all__ = [
    "ask_for_pack",
    "begin",
    "confirm",
    "explain",
    "hand_on_needs",
    "issue_letters",
    "reopen",
    "save_narrative",
    "save_stock",
    "stop",
]
