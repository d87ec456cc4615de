"""Where an account is signed in, from which devices it ever was, and what its owner has to be told about that."""

from datetime import date, datetime, timedelta
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models.users import User
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AtEnd, Basis, Sensitive, Since, Whose

# Not seen for so long, a device is forgotten; browsers keep no cookie for longer than 400 days.
DEVICES_KEPT = timedelta(days=365)
ALERTS_KEPT = timedelta(days=180)
SESSIONS_KEPT = timedelta(days=7)
_SEEN_BY_THE_OWNER = _("letting its owner see where the account is signed in, and end what is not theirs")


def _kept(how_long: timedelta) -> Sensitive:
    return Sensitive(_SEEN_BY_THE_OWNER, how_long, Basis.DUTY, Whose.ACCOUNT, since=Since.ROW, at_end=AtEnd.ROW_GOES)


class Session(AbstractBaseSession, PublicModel):
    """A sign-in that holds, as its owner sees it. The key is kept as a hash: who reads this table can use none of them."""

    SENSITIVE = dict.fromkeys(("session_data", "address", "device"), _kept(SESSIONS_KEPT))

    # As Django has it, whose app of sessions, with the Chinese for this, is not installed.
    session_data = models.TextField(_("session data"))
    expire_date = models.DateTimeField(_("expires at"), db_index=True)
    session_key = models.CharField(_("SHA-256 of the key"), max_length=64, primary_key=True)
    account = models.ForeignKey(User, verbose_name=_("user"), on_delete=models.CASCADE, null=True, related_name="sessions")
    started_at = models.DateTimeField(_("started at"), default=timezone.now)
    seen_at = models.DateTimeField(_("last seen at"), default=timezone.now)
    address = models.GenericIPAddressField(_("network address"), null=True)
    device = models.CharField(_("device"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    @classmethod
    def get_session_store_class(cls) -> Any:
        """Return what reads and writes sessions."""
        return import_module(settings.SESSION_ENGINE).SessionStore


class Device(PublicModel):
    """A browser from which an account was signed in; its cookie holds a random token, and this the token's hash."""

    SENSITIVE = dict.fromkeys(("token_hash", "words", "address"), _kept(DEVICES_KEPT))

    account = models.ForeignKey(User, verbose_name=_("user"), on_delete=models.CASCADE, related_name="devices")
    token_hash = models.CharField(_("SHA-256 of the token"), max_length=64, unique=True)
    words = models.CharField(_("device"), max_length=60, blank=True)
    address = models.GenericIPAddressField(_("network address"), null=True)
    first_seen_at = models.DateTimeField(_("first seen at"), default=timezone.now)
    seen_at = models.DateTimeField(_("last seen at"), default=timezone.now)
    trusted_until = models.DateTimeField(_("asked for no code until"), null=True)

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")

    def __str__(self) -> str:
        return f"{self.account} {self.words}"

    def is_trusted(self, now: datetime) -> bool:
        """Say whether a sign-in from it needs no code."""
        return self.trusted_until is not None and self.trusted_until > now


class Alert(PublicModel):
    """Something about an account that its owner should know, until they have read it."""

    SENSITIVE = dict.fromkeys(("address", "details"), _kept(ALERTS_KEPT))

    class Kind(models.TextChoices):
        """What happened."""

        NEW_DEVICE = "new_device", _("sign-in from a device that was not used before")
        LOCKED_OUT = "locked_out", _("locked after wrong passwords")
        CODES_REFUSED = "codes_refused", _("wrong codes of the second factor")
        RECOVERY_USED = "recovery_used", _("recovery code used")
        FACTOR_RESET = "factor_reset", _("second factor reset")
        PASSWORD_RESET = "password_reset", _("password reset")
        TOKEN_ISSUED = "token_issued", _("API token issued")
        RESET_ASKED = "reset_asked", _("a reset waits to be confirmed")
        RESET_CONFIRMED = "reset_confirmed", _("a reset was confirmed")
        GRANT_ENDS = "grant_ends", _("own grant ends soon")
        GRANTS_END = "grants_end", _("grants that one gave end soon")
        REVIEW_DUE = "review_due", _("grants to be reviewed")

    account = models.ForeignKey(User, verbose_name=_("user"), on_delete=models.CASCADE, related_name="alerts")
    kind = models.CharField(_("what happened"), max_length=30, choices=Kind)
    at = models.DateTimeField(_("when"), default=timezone.now)
    address = models.GenericIPAddressField(_("network address"), null=True)
    details = models.JSONField(_("details"), default=dict)
    read_at = models.DateTimeField(_("read at"), null=True)

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        indexes = [models.Index(fields=["account", "-at"], name="alerts_of_an_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.kind}"

    @property
    def last_day(self) -> date | None:
        """The last day of the grant that it tells of."""
        return date.fromisoformat(self.details["last"]) if "last" in self.details else None
