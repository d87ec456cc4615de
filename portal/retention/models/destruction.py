"""Holds, certificates of destruction."""

import json
from datetime import date
from hashlib import sha256
from typing import Any, ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches import access
from branches.access import Act
from branches.models import Branch, Region
from portal.foundation import clock
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AtEnd, Basis, Sensitive, Since

# Bytes of a keyed hash that are kept of each row destroyed: of a million rows no two are taken for one another.
HASH_BYTES: Final = 16


class HoldQuerySet(models.QuerySet["Hold"]):
    """Holds, by who may see them and whether they are in force."""

    def visible_to(self, actor: object) -> Self:
        """Holds over branches for which `actor` places holds or reads certificates."""
        allowed = access.reach_of_any(actor, Act.HOLD_RECORDS, Act.READ_CERTIFICATES)
        return self.filter(access.branches_within(allowed, "branch__")) if allowed else self.none()

    def in_force(self, day: date | None = None) -> Self:
        """Holds that stop erasure on `day`, or today."""
        return self.filter(Q(until=None) | Q(until__gte=day or clock.today()), lifted_at=None)


class Hold(PublicModel):
    """Nothing of a branch is erased while somebody has to look into something: a complaint, a case, an audit. With a reason, and as a rule an end."""

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="holds")
    reason = models.CharField(pgettext_lazy("hold", "reason"), max_length=300)
    until = models.DateField(pgettext_lazy("hold", "until"), null=True, blank=True)
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("placed by"), on_delete=models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(_("placed at"))
    lifted_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("lifted by"), on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(_("lifted at"), null=True)

    objects = HoldQuerySet.as_manager()

    SENSITIVE: ClassVar = {
        "reason": Sensitive(
            _("telling why something was not erased"),
            None,
            Basis.DUTY,
            since=Since.STANDING,
            at_end=AtEnd.KEPT,
            because=_("whoever kept data longer than the rule has to account for it"),
        )
    }

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        ordering = ["-placed_at", "-pk"]
        constraints = [
            models.CheckConstraint(name="hold_has_a_reason", condition=~Q(reason=""), violation_error_message=_("Say why nothing may be erased.")),
            models.CheckConstraint(
                name="hold_lifted_by_somebody_at_some_time",
                condition=Q(lifted_at=None, lifted_by=None) | Q(lifted_at__gte=F("placed_at"), lifted_by__isnull=False),
                violation_error_message=_("A hold is lifted by somebody, after it was placed."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.placed_at:%Y-%m-%d}"

    @property
    def stands(self) -> bool:
        """Whether it stops erasure today."""
        return self.lifted_at is None and (self.until is None or self.until >= clock.today())


class CertificateQuerySet(models.QuerySet["Certificate"]):
    """Certificates, by who may read them."""

    def visible_to(self, actor: object) -> Self:
        """Certificates about branches and places for which `actor` reads them; those about no place only where `actor` reads all."""
        allowed = access.reach(actor, Act.READ_CERTIFICATES)
        if allowed.everything:
            return self
        if not allowed:
            return self.none()
        of_place = Q(branch=None, region__in=access.regions_below(allowed.regions))
        return self.filter(access.branches_within(allowed, "branch__") & Q(branch__isnull=False) | of_place)


class Certificate(PublicModel):
    """What was destroyed in one step of a run, and under which rule. Written in the transaction that destroyed it; rows are only ever added."""

    class Rule(models.TextChoices):
        BRANCH = "branch", _("fields whose branch has ended")
        SITE = "site", _("fields of sites for which nobody answers any more")
        PERSON = "person", _("persons whose branches have all ended")
        ACCOUNT = "account", _("accounts without a role")
        ROW = "row", _("words past their own time")
        REQUEST = "request", _("what a person asked to have erased")

    rule = models.CharField(pgettext_lazy("certificate", "rule"), max_length=10, choices=Rule)
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, null=True, related_name="certificates")
    region = models.ForeignKey(Region, verbose_name=_("place"), on_delete=models.PROTECT, null=True, related_name="+")
    # What had ended before this day was due.
    before = models.DateField(_("what had ended before"))
    made_at = models.DateTimeField(pgettext_lazy("certificate", "made at"), default=timezone.now)
    run = models.UUIDField(pgettext_lazy("certificate", "run"))
    rows = models.PositiveIntegerField(_("number of rows"))
    # How many values of each field, by its name.
    counts = models.JSONField(_("values by field"))
    # Keyed hashes of the identifiers of the rows, sorted, one after the other: whether a row was among them can be told without holding it.
    hashes = models.BinaryField(_("keyed hashes of the rows"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = _("certificate of destruction")
        verbose_name_plural = _("certificates of destruction")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="certificate_of_something", condition=Q(rows__gt=0), violation_error_message=_("A certificate is about at least one row.")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} {self.made_at:%Y-%m-%d}"

    @property
    def content(self) -> dict[str, Any]:
        """What the certificate states, as its SHA-256 is taken of it: JSON, keys in order, no spaces, UTF-8."""
        return {
            "before": self.before.isoformat(),
            "branch": str(self.branch.public_id) if self.branch else None,
            "id": str(self.public_id),
            "made_at": timezone.localtime(self.made_at).isoformat(),
            "place": str(self.region.public_id) if self.region else None,
            "rows": self.rows,
            "rows_sha256": self.rows_sha256,
            "rule": self.rule,
            "run": str(self.run),
            "values": self.counts,
        }

    @property
    def rows_sha256(self) -> str:
        """The SHA-256 of the list of keyed hashes."""
        return sha256(bytes(self.hashes)).hexdigest()

    @property
    def is_intact(self) -> bool:
        """Whether what it states is what it stated when it was written."""
        return self.sha256 == self.digest()

    def digest(self) -> str:
        """Return the SHA-256 of the content."""
        return sha256(json.dumps(self.content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()

    def holds(self, keyed: bytes) -> bool:
        """Say whether a row with this keyed hash was among those destroyed."""
        known = bytes(self.hashes)
        return any(known[start : start + HASH_BYTES] == keyed for start in range(0, len(known), HASH_BYTES))
