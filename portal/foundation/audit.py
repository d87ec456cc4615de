"""The audit log: one function writes it."""

import re
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.http import HttpRequest, QueryDict

from portal.foundation import clock
from portal.foundation.models import AuditEntry, PublicModel

_NAME: Final = re.compile(r"[a-z_]{1,30}")
_SEARCHED: Final = frozenset({"q", "name", "person", "words"})
_NO_WORDS: Final = re.compile(r"|[a-z_]{1,30}|[0-9]{1,4}|\d{4}-\d\d-\d\d|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
# Bits of an IPv6 address that all of one line share.
_LINE: Final = 64


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


def told(query: QueryDict) -> QueryDict:
    """Return of a query what the log may keep for ever: days, identifiers, choices and small numbers, and `…` for whatever may be words or a telephone.

    A file is named by its filters. Anybody may write another parameter behind them, and what is searched for is now and then a name.
    """
    kept = query.copy()
    for name, values in query.lists():
        if _NAME.fullmatch(name):
            kept.setlist(name, [value if name not in _SEARCHED and _NO_WORDS.fullmatch(value) else "…" for value in values])
        else:
            del kept[name]
    return kept


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


def sender_of(request: HttpRequest) -> str | None:
    """Return by what tries at passwords are counted: the client's address, of IPv6 the network of it that one line is given.

    Any line has 2^64 addresses there, and would have five tries from each.
    """
    address = address_of(request)
    if address is None or not isinstance(ip_address(address), IPv6Address):
        return address
    mapped = IPv6Address(address).ipv4_mapped
    return str(mapped) if mapped else str(ip_network((address, _LINE), strict=False).network_address)
