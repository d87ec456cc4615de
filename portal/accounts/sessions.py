"""The session engine: Django's own, in a table that says whose a session is, since when, from where and on what.

All of that stands in the row that every request reads anyway, so that no page asks the database more often for it.
"""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, cast

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils import timezone

from portal.accounts.models import Session
from portal.foundation import clock

# What a session holds beside Django's own: when its owner last proved who they are, whether with a second factor, and whether a device was spared it.
PROVED, SECURED, SPARED = "proved", "secured", "spared"


class SessionStore(db.SessionStore):
    """One session, with its row."""

    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.row: Session | None = None
        self._address: str | None = None
        self._device = ""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        """Return the model of the rows."""
        return Session

    def signed_in_from(self, address: str | None, device: str) -> None:
        """Note where a sign-in came from; stored with the session."""
        self._address, self._device = address, device
        self.modified = True

    @property
    def proved_at(self) -> datetime:
        """When the account's owner last typed their password or a code; signing in is typing it."""
        if PROVED in self:
            return datetime.fromtimestamp(self[PROVED], tz=UTC)
        return self.row.started_at if self.row is not None else clock.now()

    @property
    def is_secured(self) -> bool:
        """Whether a second factor was shown, or the device is remembered from the last time."""
        return bool(self.get(SECURED))

    @property
    def is_spared(self) -> bool:
        """Whether it is no more than remembered: no code was typed in this session."""
        return bool(self.get(SPARED))

    def prove(self) -> None:
        """Note that the owner proved just now who they are."""
        self[PROVED] = clock.now().timestamp()

    def secure(self) -> None:
        """Note that a second factor was shown; the key changes, as at every sign-in that gives more than the one before."""
        self[SECURED], self[SPARED] = True, False
        self.cycle_key()

    def _get_session_from_db(self) -> Session | None:
        self.row = Session.objects.filter(session_key=hash_of(self.session_key or ""), expire_date__gt=timezone.now()).first()
        if self.row is None:
            self._session_key = None
        return self.row

    def exists(self, session_key: str) -> bool:
        """Say whether there is a session of this key."""
        return Session.objects.filter(session_key=hash_of(session_key)).exists()

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        """Return the row to store: the one that was read, or a new one that goes on where the one before a change of key stood."""
        key, now = hash_of(self._get_or_create_session_key()), clock.now()  # type: ignore[attr-defined]
        account = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        row, before = self.row, self.row
        if row is None or row.session_key != key:
            row = Session(session_key=key, started_at=now, seen_at=now)
            if before is not None:
                row.started_at, row.account_id, row.address, row.device = before.started_at, before.account_id, before.address, before.device
        if account is not None and account != row.account_id:
            row.account_id, row.started_at, row.seen_at = account, now, now
        if self._address or self._device:
            row.address, row.device = self._address, self._device
        row.session_data, row.expire_date = self.encode(data), self.get_expiry_date()
        self.row = row
        return row

    def delete(self, session_key: str | None = None) -> None:
        """Forget a session, its own where none is named."""
        if key := session_key or self.session_key:
            Session.objects.filter(session_key=hash_of(key)).delete()


def hash_of(key: str) -> str:
    """Return how a session's key, or a device's token, is stored; both are random enough that nobody guesses them back."""
    return sha256(key.encode()).hexdigest()


def session_of(request: HttpRequest) -> SessionStore:
    """Return the session of a request."""
    return cast(SessionStore, request.session)
