"""People and their duties, one subject a module."""

from members.models.people import Membership, OfficerTerm, Person, Secondment, Squad, SquadMember

__all__ = ["Membership", "OfficerTerm", "Person", "Secondment", "Squad", "SquadMember"]
