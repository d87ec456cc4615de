"""The audit log: one function writes it."""

from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.http import HttpRequest

from portal.foundation import clock
from portal.foundation.models import AuditEntry, PublicModel


def record(actor: models.Model | AnonymousUser | None, action: str, about: PublicModel | None = None, *, address: str | None = None, **details: Any) -> None:
    """Add a row to the audit log, in the caller's transaction.

    Args:
        actor: the user who acted; None for the machine itself.
        action: noun and verb in dots, as in `report.filed`.
        about: the object acted upon.
        address: the network address that the request came from.
        details: what else a reader of the log needs, without personal data; JSON types only.
    """
    AuditEntry.objects.create(
        at=clock.now(),
        actor_id=getattr(actor, "pk", None),
        action=action,
        model=about._meta.model_name or "" if about is not None else "",
        object_id=about.public_id if about is not None else None,
        details=details,
        address=address,
    )


def address_of(request: HttpRequest) -> str | None:
    """Return the client's address, as django-axes sees it too.

    Behind `PROXY_COUNT` proxies it is what the outermost of them saw: each adds the address it was called from at the end of
    `X-Forwarded-For`, so that whatever a client writes there itself stands before it.
    """
    hops = [part.strip() for part in str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")]
    count = settings.PROXY_COUNT
    seen = hops[-count] if 0 < count <= len(hops) else str(request.META.get("REMOTE_ADDR", ""))
    try:
        return str(ip_address(seen))
    except ValueError:  # a Unix socket has no address
        return None
