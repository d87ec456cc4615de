"""Writes on people and their duties, one subject a module. Each checks that the actor may, and is audited in the same transaction."""

from members.services.people import PersonFacts, add_member, edit_person, end_branch, end_membership, people_kept, set_officer

__all__ = ["PersonFacts", "add_member", "edit_person", "end_branch", "end_membership", "people_kept", "set_officer"]
