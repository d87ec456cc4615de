"""Who looked whether rights are still needed, and who agreed to what nobody may do alone."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.accounts.models.users import Grant, User
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, Basis, Sensitive, Since, Whose

_WHY = Sensitive(_("telling later why a right was kept or taken back"), AFTER_THE_BRANCH, Basis.DUTY, Whose.ACCOUNT, since=Since.ROW)


class GrantReview(PublicModel):
    """A quarter's review of grants, closed: by whom, when, and what came of it."""

    quarter = models.DateField(_("quarter from"))
    by = models.ForeignKey(User, verbose_name=_("reviewed by"), on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(_("closed at"), default=timezone.now)
    # Whether everything was in reach of whoever reviewed, and not a region or a unit.
    whole = models.BooleanField(_("everything"))
    kept = models.PositiveIntegerField(_("kept"))
    ended = models.PositiveIntegerField(_("ended"))
    in_use = models.PositiveIntegerField(_("in use, left as they are"))

    class Meta:
        verbose_name = _("review of grants")
        verbose_name_plural = _("reviews of grants")
        constraints = [
            models.UniqueConstraint(
                name="one_review_a_quarter_of_an_officer",
                fields=["quarter", "by"],
                violation_error_message=_("You have closed the review of this quarter already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.quarter} {self.by}"


class ReviewedGrant(PublicModel):
    """What was decided about a grant in a quarter."""

    ENDS_WITH = ("at",)
    SENSITIVE = {"reason": _WHY}

    quarter = models.DateField(_("quarter from"))
    grant = models.ForeignKey(Grant, verbose_name=_("grant"), on_delete=models.PROTECT, related_name="reviews")
    kept = models.BooleanField(_("kept"))
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.ForeignKey(User, verbose_name=_("decided by"), on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("reviewed grant")
        verbose_name_plural = _("reviewed grants")
        constraints = [
            models.UniqueConstraint(
                name="one_decision_a_quarter_of_a_grant",
                fields=["quarter", "grant"],
                violation_error_message=_("This grant was decided on in this quarter already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.quarter} {self.grant_id}"


class Reset(PublicModel):
    """A reset of an officer's account: asked for by one, confirmed by another, done by the first."""

    ENDS_WITH = ("asked_at",)
    SENSITIVE = {"reason": _WHY}

    class What(models.TextChoices):
        """What is reset."""

        PASSWORD = "password", _("password")
        FACTOR = "factor", _("second factor")

    account = models.ForeignKey(User, verbose_name=_("user"), on_delete=models.PROTECT, related_name="resets")
    what = models.CharField(_("what"), max_length=10, choices=What)
    reason = models.CharField(_("reason"), max_length=200)
    asked_by = models.ForeignKey(User, verbose_name=_("asked for by"), on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(_("asked for at"), default=timezone.now)
    confirmed_by = models.ForeignKey(User, verbose_name=_("confirmed by"), on_delete=models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True)
    # Done, refused, or over: nothing comes of it any more.
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta:
        verbose_name = _("reset of an account")
        verbose_name_plural = _("resets of accounts")
        constraints = [
            models.CheckConstraint(
                name="a_reset_is_confirmed_by_a_third_person",
                condition=~Q(account=F("asked_by")) & (Q(confirmed_by=None) | (~Q(confirmed_by=F("asked_by")) & ~Q(confirmed_by=F("account")))),
                violation_error_message=_("Nobody confirms a reset that they asked for, or that is about their own account."),
            ),
            models.UniqueConstraint(
                name="one_open_reset_of_an_account",
                fields=["account", "what"],
                condition=Q(closed_at=None),
                violation_error_message=_("This reset is asked for already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.what}"
