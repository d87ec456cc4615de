"""Goods that came in."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from activities.figures import Qualifier
from activities.models.catalogue import Unit
from branches.models import Branch
from branches.querysets import ScopedQuerySet
from portal.foundation.models import SourcedModel


class BranchOwnedQuerySet(ScopedQuerySet["StockReceipt"]):
    """Rows of a branch."""

    scope_path = "branch__"


class StockReceipt(SourcedModel):
    """Goods received by a branch: an item, how much, in which unit. Different items and units are never added."""

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, related_name="stock_receipts")
    item = models.CharField(_("item"), max_length=100)
    value = models.DecimalField(_("quantity"), max_digits=18, decimal_places=3)
    unit = models.ForeignKey(Unit, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+")
    unit_text = models.CharField(_("unit as printed"), max_length=20, blank=True)
    qualifier = models.CharField(_("how exact"), max_length=10, choices=Qualifier, default=Qualifier.EXACT)
    received_on = models.DateField(_("received on"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = BranchOwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("goods received")
        verbose_name_plural = _("goods received")
        ordering = ["-received_on", "pk"]
        constraints = [
            SourcedModel.source_key_constraint("stock_receipt_once_per_source"),
            models.CheckConstraint(name="stock_receipt_not_negative", condition=Q(value__gte=0), violation_error_message=_("A figure cannot be negative.")),
        ]

    def __str__(self) -> str:
        return f"{self.item} {self.value}"
