"""Pictures and documents of what an inspection found: added and taken away. `portal/retention/` throws them away when their time is over."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from activities.models import InspectionPoint, PointFile
from branches import access
from branches.access import Act
from branches.models import Branch
from portal.foundation import attachments, audit, locks, pictures
from portal.foundation.errors import Forbidden
from portal.foundation.submissions import stored_once

if TYPE_CHECKING:
    from portal.accounts.models import User

MODEL: Final = "pointfile"


def add_file(*, actor: "User", point: InspectionPoint, content: bytes, name: str, shows: str, uid: UUID, at: datetime | None = None) -> tuple[PointFile, bool]:
    """Add a picture or a document to a point; return it, and whether this call stored it.

    Sending the same `uid` and content again returns the first one and stores nothing.

    Raises:
        Forbidden: pictures of the branch are not the actor's to see.
        Conflict: `uid` came before with another file.
        ValidationError: by field; it is no picture or document, or too large; the point was withdrawn, or has as many as it may have.
    """
    if not access.can(actor, Act.SEE_PICTURES, point.branch):
        raise Forbidden
    try:
        cleaned = pictures.clean(content, name)
    except ValidationError as error:
        raise ValidationError({"file": error.messages}) from error

    def store() -> PointFile:
        held = InspectionPoint.objects.select_for_update(of=("self",)).get(pk=point.pk)
        if held.state == InspectionPoint.State.DROPPED:
            raise ValidationError({"file": _("This point was withdrawn: nothing is added to it any more.")})
        if held.files.filter(file__thrown_away_at=None).count() >= PointFile.MOST:
            raise ValidationError({"file": _("A point has at most %(most)s pictures and documents. Take one away first.") % {"most": PointFile.MOST}})
        told: dict[str, Any] = {"name": cleaned.name, "content_type": cleaned.content_type, "model": MODEL, "object_id": held.public_id, "at": at}
        kept = attachments.store(content=cleaned.content, added_by=actor, limit=pictures.LIMIT, **told)
        added = PointFile.objects.create(point=held, shows=shows, file=kept, width=cleaned.width, height=cleaned.height)
        audit.record(actor, "point_file.added", added, point=str(held.public_id))
        return added

    sent = {"point": str(point.public_id), "shows": shows, "sha256": sha256(content).hexdigest()}
    return stored_once(account=actor, uid=uid, content=sent, rows=PointFile.objects.all(), store=store)


def may_take_away(actor: object, branch: Branch) -> Callable[[PointFile], bool]:
    """Return what says of a picture or document of `branch` whether `actor` may take it away: who added it, and who checks points of the branch."""
    checks, sees = access.can(actor, Act.CHECK_POINTS, branch), access.can(actor, Act.SEE_PICTURES, branch)
    return lambda row: checks or (sees and row.file.added_by_id == getattr(actor, "pk", None))


@transaction.atomic
def take_away(*, actor: "User", row: PointFile) -> None:
    """Take a picture or document away; its row stays, and says who added it and when. Sent twice, it is done once.

    Raises:
        Forbidden: it is neither the actor's own, nor does the actor check points of the branch.
        ValidationError: a hold stands over the branch.
    """
    if not may_take_away(actor, row.point.branch)(row):
        raise Forbidden
    # Nobody destroys, while something is looked into, what may tell of it: whoever is placing a hold is waited for. By name: retention stands above.
    locks.hold(locks.ERASING)
    holds: Any = apps.get_model("retention", "Hold")._default_manager
    if holds.in_force().filter(branch=row.point.branch).exists():
        raise ValidationError(_("Something is looked into, and data of this branch is kept meanwhile: nothing can be taken away now."))
    held = locks.row(PointFile, row.pk, "file")
    if not held.is_gone:
        attachments.throw_away(held.file)
        audit.record(actor, "point_file.taken_away", held)
