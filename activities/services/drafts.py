"""What somebody has typed for a day and not yet filed."""

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from activities.models import ReportDraft
from branches import access
from branches.access import Act
from branches.models import Branch
from portal.foundation import clock
from portal.foundation.errors import Forbidden

if TYPE_CHECKING:
    from portal.accounts.models import User


def save_draft(*, user: "User", branch: Branch, day: date, data: Mapping[str, str], base: int) -> ReportDraft:
    """Keep what `user` has typed for a day, field by field as typed; it is in no total.

    Raises:
        Forbidden: `user` may not file for `branch`.
    """
    if not (access.can(user, Act.FILE, branch) or access.can(user, Act.FILE_ON_BEHALF, branch)):
        raise Forbidden(_("You may not file for this branch."))
    draft, _created = ReportDraft.objects.update_or_create(
        user=user, branch=branch, business_date=day, defaults={"data": dict(data), "base": base, "saved_at": clock.now()}
    )
    return draft


def discard_draft(*, user: "User", branch: Branch, day: date) -> None:
    """Forget what `user` has typed for a day."""
    ReportDraft.objects.filter(user=user, branch=branch, business_date=day).delete()
