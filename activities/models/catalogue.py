"""What can be counted, and in which units: the catalogue that `fixtures/` fills."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class ActivityKind(models.TextChoices):
    """Kinds of work, in the order in which reports print them."""

    CHECKPOINT = "checkpoint", _("checkpoint")
    SHIFT = "shift", _("duty")
    PATROL = "patrol", _("patrol")
    DISINFECTION = "disinfection", _("disinfection")
    DELIVERY = "delivery", _("delivery")
    ERRAND = "errand", _("errands")
    UNLOADING = "unloading", _("unloading")
    SCREENING = "screening", _("screening")
    SURVEY = "survey", _("survey")
    NEED = "need", _("residents' needs")
    HOTLINE = "hotline", _("hotline")
    CARD = "card", _("household cards")
    VISIT = "visit", _("visits")
    TRANSPORT = "transport", _("transport")
    PUBLICITY = "publicity", _("publicity")
    MEETING = "meeting", _("meetings")
    DONATION = "donation", _("donations")
    MEDIATION = "mediation", _("mediation")
    COUNSELLING = "counselling", _("counselling")
    INSPECTION = "inspection", _("inspections")
    RESUMPTION = "resumption", _("resumption of work")


class OverTime(models.TextChoices):
    """How a metric combines over days."""

    SUM = "sum", _("adds up")
    LATEST = "latest", _("the latest value holds")
    DISTINCT = "distinct", _("distinct, never added")
    NONE = "none", _("never added")


class OverPlaces(models.TextChoices):
    """How a metric combines over branches."""

    SUM = "sum", _("adds up")
    NONE = "none", _("never added")


class Dimension(models.TextChoices):
    """What a unit measures; values convert only inside one dimension."""

    EVENTS = "events", _("events")
    PEOPLE = "people", _("people")
    HOUSEHOLDS = "households", _("households")
    GOODS = "goods", _("goods")
    THINGS = "things", _("things")
    WEIGHT = "weight", _("weight")
    VOLUME = "volume", _("volume")
    ROUNDS = "rounds", _("rounds")
    MONEY = "money", _("money")
    LENGTH = "length", _("length")


class Unit(models.Model):
    """A unit of measure. `factor` converts into the base unit of its dimension."""

    code = models.CharField(_("code"), max_length=30, unique=True)
    name_zh = models.CharField(_("name in Chinese"), max_length=20)
    name_en = models.CharField(_("name in English"), max_length=40)
    dimension = models.CharField(_("dimension"), max_length=12, choices=Dimension)
    factor = models.DecimalField(_("factor"), max_digits=12, decimal_places=4)
    aliases = models.JSONField(_("also written"), default=list)

    class Meta:
        verbose_name = _("unit of measure")
        verbose_name_plural = _("units of measure")
        ordering = ["dimension", "factor", "code"]
        constraints = [
            models.CheckConstraint(
                name="unit_factor_is_positive",
                condition=models.Q(factor__gt=0),
                violation_error_message=_("The factor of a unit is above zero."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the language of the page."""
        return self.name_en if get_language() == "en" else self.name_zh


class Metric(models.Model):
    """A figure that can be reported: its kind of work, its unit, and how it adds over time and over places."""

    code = models.CharField(_("code"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=20, choices=ActivityKind)
    name_zh = models.CharField(_("name in Chinese"), max_length=40)
    name_en = models.CharField(_("name in English"), max_length=60)
    unit = models.ForeignKey(Unit, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="metrics")
    unit_zh = models.CharField(_("unit as printed in Chinese"), max_length=20)
    unit_en = models.CharField(_("unit as printed in English"), max_length=40)
    unit_aliases = models.JSONField(_("unit also written"), default=list)
    over_time = models.CharField(_("over time"), max_length=10, choices=OverTime)
    over_places = models.CharField(_("over places"), max_length=10, choices=OverPlaces)
    decimals = models.PositiveSmallIntegerField(_("decimals"), default=0)
    attributable = models.BooleanField(_("can be attributed to work units"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("metric")
        verbose_name_plural = _("metrics")
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                name="metric_has_up_to_3_decimals",
                condition=models.Q(decimals__lte=3),
                violation_error_message=_("A metric has at most three decimals."),
            ),
            models.CheckConstraint(
                name="metric_distinct_is_not_added_over_places",
                condition=~models.Q(over_time__in=["distinct", "none"]) | models.Q(over_places="none"),
                violation_error_message=_("A metric that is never added over time is not added over places either."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the language of the page."""
        return self.name_en if get_language() == "en" else self.name_zh

    @property
    def unit_name(self) -> str:
        """The unit as printed in the language of the page."""
        return self.unit_en if get_language() == "en" else self.unit_zh
