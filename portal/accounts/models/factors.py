"""The second factor of an account: a secret shared with an app on its owner's telephone, and codes on paper for when that is lost."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models.users import User
from portal.foundation.sensitive import AFTER_THE_BRANCH, AtEnd, Basis, Sensitive, Since, Whose

_SHOWN = Sensitive(_("letting nobody in who only learnt the password"), AFTER_THE_BRANCH, Basis.DUTY, Whose.ACCOUNT, since=Since.ACCOUNT, at_end=AtEnd.ROW_GOES)


class SecondFactor(models.Model):
    """A TOTP secret (RFC 6238), sealed; with what keeps its codes from being used twice or guessed."""

    SENSITIVE = {"secret": _SHOWN}

    account = models.OneToOneField(User, verbose_name=_("user"), on_delete=models.CASCADE, related_name="second_factor")
    secret = models.TextField(_("sealed secret"))
    enrolled_at = models.DateTimeField(_("set up at"), default=timezone.now)
    # Of the clock on the telephone, in steps of 30 seconds.
    drift = models.SmallIntegerField(_("drift"), default=0)
    last_step = models.BigIntegerField(_("step of the last code"), default=-1)
    failures = models.PositiveSmallIntegerField(_("wrong codes in a row"), default=0)
    failed_at = models.DateTimeField(_("last wrong code at"), null=True)

    class Meta:
        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        return str(self.account)


class RecoveryCode(models.Model):
    """A code that stands in for the telephone, once. Only its keyed hash is kept."""

    SENSITIVE = {"code_hash": _SHOWN}

    account = models.ForeignKey(User, verbose_name=_("user"), on_delete=models.CASCADE, related_name="recovery_codes")
    code_hash = models.CharField(_("SHA-256 of the code"), max_length=64, unique=True)
    made_at = models.DateTimeField(_("made at"), default=timezone.now)
    used_at = models.DateTimeField(_("used at"), null=True)

    class Meta:
        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")

    def __str__(self) -> str:
        return f"{self.account} {self.made_at:%Y-%m-%d}"
