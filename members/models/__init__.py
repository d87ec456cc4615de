"""People and their duties, one subject a module."""

from members.models.check_in import CheckIn
from members.models.hand_over import HandOver
from members.models.on_site import OnSiteStay
from members.models.people import Membership, OfficerTerm, Person, Secondment
from members.models.pioneers import PioneerClaim, PioneerPost
from members.models.roster import Assignment, DutyPost, Shift, ShiftTime, TimeOff
from members.models.service_note import ServiceNote
from members.models.squads import Squad, SquadGrid, SquadMember
from members.models.swap import Swap

__all__ = [
    "Assignment",
    "CheckIn",
    "DutyPost",
    "HandOver",
    "Membership",
    "OfficerTerm",
    "OnSiteStay",
    "Person",
    "PioneerClaim",
    "PioneerPost",
    "Secondment",
    "ServiceNote",
    "Shift",
    "ShiftTime",
    "Squad",
    "SquadGrid",
    "SquadMember",
    "Swap",
    "TimeOff",
]
