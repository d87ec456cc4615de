"""What the owner of an account is told in the portal; how many are unread stands on the account, which every page has read anyway."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from portal.accounts.models import Alert, User
from portal.foundation import clock


@transaction.atomic
def tell(account: User, kind: Alert.Kind, *, address: str | None = None, **details: Any) -> Alert:
    """Leave a notice for the owner of an account; the audit log has its own row of what happened."""
    alert = Alert.objects.create(account=account, kind=kind, at=clock.now(), address=address, details=details)
    User.objects.filter(pk=account.pk).update(unread_alerts=F("unread_alerts") + 1)
    return alert


def was_told(account: User, kind: Alert.Kind, *, since: datetime) -> bool:
    """Say whether the owner has an unread notice of this kind already: tries during a lock are one story."""
    return Alert.objects.filter(account=account, kind=kind, at__gte=since, read_at=None).exists()


@transaction.atomic
def mark_read(account: User) -> None:
    """Note that the owner has read all of them."""
    User.objects.filter(pk=account.pk).update(unread_alerts=0)
    Alert.objects.filter(account=account, read_at=None).update(read_at=clock.now())
