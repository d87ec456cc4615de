"""Sent twice, stored once: what a client sent under its own identifier is known again, in the transaction that stores it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from portal.foundation import clock
from portal.foundation.errors import Conflict
from portal.foundation.models import PublicModel, Submission
from portal.foundation.refusals import constraint_of

M = TypeVar("M", bound=PublicModel)

_ONCE: Final = "submission_uid_once_per_account"


def stored_once(*, account: models.Model, uid: UUID, content: Mapping[str, Any], rows: "models.QuerySet[M]", store: Callable[[], M]) -> tuple[M, bool]:
    """Run `store` in a transaction, once for each identifier of an account; return what it stored, and whether this call did.

    Args:
        content: what was sent, as plain JSON types.
        rows: where what was stored is found again.

    Raises:
        Conflict: `reused_uid`, the identifier came before with other content.
    """
    fingerprint = hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    try:
        with transaction.atomic():
            if (earlier := _earlier(account, uid, fingerprint, rows)) is not None:
                return earlier, False
            stored = store()
            Submission.objects.create(account_id=account.pk, uid=uid, fingerprint=fingerprint, object_id=stored.public_id, at=clock.now())
            return stored, True
    except IntegrityError as error:
        # Both were on their way in the same moment: the other one is stored.
        if constraint_of(error) == _ONCE and (earlier := _earlier(account, uid, fingerprint, rows)) is not None:
            return earlier, False
        raise


def _earlier(account: models.Model, uid: UUID, fingerprint: str, rows: "models.QuerySet[M]") -> M | None:
    submission = Submission.objects.filter(account_id=account.pk, uid=uid).first()
    if submission is None:
        return None
    if submission.fingerprint != fingerprint:
        raise Conflict("reused_uid", _("This identifier was used before with other content."))
    return rows.get(public_id=submission.object_id)
