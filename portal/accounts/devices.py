"""Browsers that an account was signed in from: known again by a random token in a cookie, which is bound to the account."""

import secrets
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from branches import access
from portal.accounts.models import Device, User
from portal.accounts.models.sign_in import DEVICES_KEPT
from portal.accounts.sessions import hash_of, session_of
from portal.accounts.user_agents import device_words
from portal.foundation import audit, clock

TRUSTED_FOR: Final = timedelta(days=30)


def words_of(request: HttpRequest) -> str:
    """Return what the request's browser says it is."""
    return device_words(request.headers.get("User-Agent", ""))


def known_device(request: HttpRequest, user: User) -> Device | None:
    """Return the device that the request comes from, if `user` was signed in on it before."""
    token = request.COOKIES.get(_cookie_of(user), "")
    return Device.objects.filter(account=user, token_hash=hash_of(token)).first() if token else None


def remember(request: HttpRequest, response: HttpResponse, user: User, *, trusted: bool = False) -> Device:
    """Note that `user` signed in on this device; `trusted` spares the code for 30 days. The token is a new one each time."""
    device, token, now = known_device(request, user) or Device(account=user, first_seen_at=clock.now()), secrets.token_urlsafe(32), clock.now()
    device.token_hash, device.words, device.address, device.seen_at = hash_of(token), words_of(request), audit.address_of(request), now
    if trusted and may_be_trusted(user):
        device.trusted_until = now + TRUSTED_FOR
    device.save()
    response.set_cookie(
        _cookie_of(user), token, max_age=int(DEVICES_KEPT.total_seconds()), secure=settings.HTTPS, httponly=True, samesite="Lax", path="/account/"
    )
    return device


def may_be_trusted(user: User) -> bool:
    """Say whether a device of theirs may be spared the code: whoever holds a separate role types it every time."""
    return not any(grant.role in access.SEPARATE_ROLES for grant in user.current_grants)


def is_trusted(device: Device | None, user: User) -> bool:
    """Say whether a sign-in of `user` from a device needs no code today."""
    return device is not None and device.is_trusted(clock.now()) and may_be_trusted(user)


def is_secured(request: HttpRequest, user: User) -> bool:
    """Say whether a session needs no code any more: one was typed in it, or a device of theirs may be spared it, also by the roles they hold by now."""
    session = session_of(request)
    return session.is_secured and (not session.is_spared or may_be_trusted(user))


def _cookie_of(user: User) -> str:
    # By account: in an office, several sign in at one desk.
    return f"device_{user.public_id.hex[-12:]}"
