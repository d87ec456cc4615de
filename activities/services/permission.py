"""Who may write a report."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from branches import access
from branches.access import Act
from branches.models import Branch
from portal.foundation.errors import Forbidden

if TYPE_CHECKING:
    from portal.accounts.models import User


def require(actor: "User", act: Act, branch: Branch) -> None:
    """Refuse who may not do `act` for `branch`.

    Raises:
        Forbidden: they may not.
    """
    if not access.can(actor, act, branch):
        raise Forbidden(_("You may not file for this branch.") if act is not Act.REVIEW else _("You do not review this branch."))
