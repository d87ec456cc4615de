"""Who signs in, what they hold, and how they prove who they are; one subject a file."""

from portal.accounts.models.factors import RecoveryCode, SecondFactor
from portal.accounts.models.oversight import GrantReview, Reset, ReviewedGrant
from portal.accounts.models.sign_in import Alert, Device, Session
from portal.accounts.models.users import ActivationCode, Grant, GrantQuerySet, User, UserManager, UserQuerySet

__all__ = [
    "ActivationCode",
    "Alert",
    "Device",
    "Grant",
    "GrantQuerySet",
    "GrantReview",
    "RecoveryCode",
    "Reset",
    "ReviewedGrant",
    "SecondFactor",
    "Session",
    "User",
    "UserManager",
    "UserQuerySet",
]
