"""How long a session holds: without a request (idle), and at all. The strictest role of an account decides.

NIST SP 800-63B (AAL2) and ASVS ask for half an hour idle and twelve hours; whoever has the separate roles sits in an office and has less. An organiser
stands at a gate with a telephone that locks itself, a report half typed between two cars: theirs last a shift, and a week.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from branches import access
from branches.access import Role
from portal.accounts.models import User


@dataclass(frozen=True)
class Limits:
    """How long a session may be idle, and how long it may last."""

    idle: timedelta
    absolute: timedelta

    def __and__(self, other: "Limits") -> "Limits":
        return Limits(min(self.idle, other.idle), min(self.absolute, other.absolute))


AT_THE_GATE: Final = Limits(timedelta(hours=12), timedelta(days=7))
AT_A_DESK: Final = Limits(timedelta(minutes=30), timedelta(hours=12))
SEPARATE: Final = Limits(timedelta(minutes=15), timedelta(hours=8))
_AT_A_DESK: Final = access.SECOND_FACTOR_ROLES | {Role.ADMINISTRATOR, Role.LIAISON, Role.CLIENT}
OF_ROLE: Final = {role: SEPARATE if role in access.SEPARATE_ROLES else AT_A_DESK if role in _AT_A_DESK else AT_THE_GATE for role in Role}


def limits_of(user: User) -> Limits:
    """Return how long a session of `user` holds, by the grants in force now."""
    found = AT_THE_GATE
    for grant in user.current_grants:
        found &= OF_ROLE[Role(grant.role)]
    return found
