"""Where, and who answers: regions, work units, branches and their life.

Rules that a single row can break are constraints here; rules over several tables are triggers in `branches/migrations/`.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches.querysets import BranchQuerySet, RegionQuerySet, WorkUnitQuerySet
from portal.foundation import clock
from portal.foundation.models import SearchableModel, SourcedModel

if TYPE_CHECKING:
    from django_stubs_ext.db.models.manager import RelatedManager


class Level(models.TextChoices):
    """Levels of the territorial tree, from the widest; levels may be skipped."""

    PROVINCE = "province", _("province")
    PREFECTURE = "prefecture", _("prefecture")
    COUNTY = "county", _("county")
    TOWNSHIP = "township", _("township")
    COMMUNITY = "community", _("community")
    COMPOUND = "compound", _("compound")
    SITE = "site", _("site")

    @property
    def rank(self) -> int:
        """0 for a province, growing downwards."""
        return list(Level).index(self)

    @classmethod
    def above(cls, level: "Level") -> "tuple[Level, ...]":
        """Return the levels above `level`, from the widest."""
        return tuple(cls)[: level.rank]


class Region(SearchableModel, SourcedModel):
    """A node of the territorial tree. Its parents are dated: see `RegionParent`."""

    level = models.CharField(_("level"), max_length=12, choices=Level)
    name = models.CharField(_("name"), max_length=100)
    name_en = models.CharField(_("name in English"), max_length=100, blank=True)
    aliases = ArrayField(models.CharField(max_length=100), verbose_name=_("also called"), default=list, blank=True)
    # GB/T 2260: 6 digits; with street and community 12 digits (National Bureau of Statistics).
    code = models.CharField(
        _("code"), max_length=12, blank=True, validators=[RegexValidator(r"^(\d{6}|\d{9}|\d{12})$", _("A region code has 6, 9 or 12 digits."))]
    )
    households = models.PositiveIntegerField(_("households"), null=True, blank=True)
    residents = models.PositiveIntegerField(_("residents"), null=True, blank=True)
    buildings = models.PositiveIntegerField(_("buildings"), null=True, blank=True)
    gates = models.PositiveIntegerField(_("gates"), null=True, blank=True)
    gates_open = models.PositiveIntegerField(_("gates open"), null=True, blank=True)
    unmanaged = models.BooleanField(_("unmanaged"), default=False)

    objects = RegionQuerySet.as_manager()

    class Meta(SearchableModel.Meta):
        abstract = False
        verbose_name = _("region")
        verbose_name_plural = _("regions")
        ordering = ["name_key", "pk"]
        constraints = [
            SourcedModel.source_key_constraint("region_once_per_source"),
            models.UniqueConstraint(
                name="region_code_once", fields=["code"], condition=~Q(code=""), violation_error_message=_("Another region has this code.")
            ),
            models.CheckConstraint(
                name="region_code_has_6_9_or_12_digits",
                condition=Q(code="") | Q(code__regex=r"^(\d{6}|\d{9}|\d{12})$"),
                violation_error_message=_("A region code has 6, 9 or 12 digits."),
            ),
            models.CheckConstraint(
                name="region_opens_no_more_gates_than_it_has",
                condition=Q(gates=None) | Q(gates_open=None) | Q(gates_open__lte=F("gates")),
                violation_error_message=_("There are more open gates than gates."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def holds_much(self) -> bool:
        """Whether it holds so much of what there is that a list comes upon its rows on the way."""
        return Level(self.level).rank <= Level.PREFECTURE.rank

    @property
    def holds_little(self) -> bool:
        """Whether it holds so little that rows of a big table are sought by its places."""
        return Level(self.level).rank >= Level.TOWNSHIP.rank

    def searched_parts(self) -> tuple[str, ...]:
        """Name, aliases, code."""
        return (self.name, *self.aliases, self.name_en, self.code)


class RegionParent(models.Model):
    """The region that a region lies in during a span of days."""

    region = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.PROTECT, related_name="parents")
    parent = models.ForeignKey(Region, verbose_name=_("lies in"), on_delete=models.PROTECT, related_name="children")
    during = DateRangeField(_("from, until"))

    class Meta:
        verbose_name = _("place in the tree")
        verbose_name_plural = _("places in the tree")
        constraints = [
            ExclusionConstraint(
                name="region_in_one_parent_at_a_time",
                expressions=[("region", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("This region lies in another region in that time."),
            ),
            models.CheckConstraint(name="region_not_in_itself", condition=~Q(region=F("parent")), violation_error_message=_("A region cannot lie in itself.")),
            models.CheckConstraint(
                name="region_parent_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region} < {self.parent}"


class RegionPath(models.Model):
    """The closure of the dated tree: `descendant` lies `depth` levels below `ancestor` during those days. Kept by a trigger."""

    ancestor = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="paths_down")
    descendant = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="paths_up")
    depth = models.PositiveSmallIntegerField()
    during = DateRangeField()

    class Meta:
        verbose_name = _("path in the tree")
        verbose_name_plural = _("paths in the tree")
        indexes = [
            models.Index(fields=["ancestor", "descendant"], name="region_path_down"),
            models.Index(fields=["descendant", "ancestor"], name="region_path_up"),
        ]

    def __str__(self) -> str:
        return f"{self.ancestor_id} > {self.descendant_id}"


class WorkUnit(SearchableModel, SourcedModel):
    """A unit that sends people down; a tree of its own (group, company)."""

    name = models.CharField(_("name"), max_length=100)
    parent = models.ForeignKey("self", verbose_name=_("belongs to"), on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    external_ids = models.JSONField(_("identifiers elsewhere"), default=dict, blank=True)

    objects = WorkUnitQuerySet.as_manager()

    class Meta(SearchableModel.Meta):
        abstract = False
        verbose_name = _("work unit")
        verbose_name_plural = _("work units")
        ordering = ["name_key", "pk"]
        constraints = [
            SourcedModel.source_key_constraint("work_unit_once_per_source"),
            models.CheckConstraint(
                name="work_unit_not_in_itself",
                condition=Q(parent=None) | ~Q(parent=F("id")),
                violation_error_message=_("A work unit cannot belong to itself."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def searched_parts(self) -> tuple[str, ...]:
        """The name."""
        return (self.name,)


class WorkUnitPath(models.Model):
    """The closure of the tree of work units. Kept by a trigger."""

    ancestor = models.ForeignKey(WorkUnit, on_delete=models.CASCADE, related_name="paths_down")
    descendant = models.ForeignKey(WorkUnit, on_delete=models.CASCADE, related_name="paths_up")
    depth = models.PositiveSmallIntegerField()

    class Meta:
        verbose_name = _("path among units")
        verbose_name_plural = _("paths among units")
        constraints = [
            models.UniqueConstraint(
                name="work_unit_path_once",
                fields=["ancestor", "descendant"],
                violation_error_message=_("This unit lies below the other one already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ancestor_id} > {self.descendant_id}"


class Branch(SearchableModel, SourcedModel):
    """A temporary branch: formed for a task, led by a secretary, made of people whom work units sent down."""

    class Kind(models.TextChoices):
        BRANCH = "branch", _("branch")
        WORK_TEAM = "work_team", _("work team")
        COMMAND_POST = "command_post", _("command post")

    class State(models.TextChoices):
        FORMING = "forming", _("forming")
        ACTIVE = "active", pgettext_lazy("branch", "active")
        MERGED = "merged", _("merged")
        DISSOLVED = "dissolved", _("dissolved")
        ARCHIVED = "archived", _("archived")

    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=12, choices=Kind, default=Kind.BRANCH)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ACTIVE)
    # The host now; dated hosts are in BranchPlace, kept in step by a trigger.
    region = models.ForeignKey(Region, verbose_name=_("host region"), on_delete=models.PROTECT, related_name="branches")
    covers = models.ManyToManyField(Region, verbose_name=_("covers"), related_name="covered_by", blank=True)
    sending_units = models.ManyToManyField(WorkUnit, verbose_name=_("members come from"), related_name="branches", blank=True)
    guided_by = models.CharField(_("guided by"), max_length=100, blank=True)
    established_on = models.DateField(_("established on"), null=True, blank=True)
    started_work_on = models.DateField(_("started work on"), null=True, blank=True)
    ended_on = models.DateField(_("ended on"), null=True, blank=True)
    merged_into = models.ForeignKey("self", verbose_name=_("merged into"), on_delete=models.PROTECT, null=True, blank=True, related_name="merged")
    life = models.GeneratedField(
        expression=Func(Coalesce(F("started_work_on"), F("established_on")), F("ended_on"), Value("[]"), function="daterange"),
        output_field=DateRangeField(),
        db_persist=True,
        verbose_name=_("life"),
    )
    # From then on nothing of the branch is written any more: see `branches/closing.py`.
    closed_at = models.DateTimeField(_("records closed at"), null=True, blank=True, editable=False)
    reports_daily = models.BooleanField(_("owes daily reports"), default=True)
    reports_from = models.DateField(_("owes daily reports from"), null=True, blank=True)
    external_ids = models.JSONField(_("identifiers elsewhere"), default=dict, blank=True)

    objects = BranchQuerySet.as_manager()

    if TYPE_CHECKING:
        places: RelatedManager["BranchPlace"]
        schedules: RelatedManager["BranchSchedule"]

    class Meta(SearchableModel.Meta):
        abstract = False
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        ordering = ["name_key", "pk"]
        indexes = [*SearchableModel.Meta.indexes, GistIndex(fields=["life"], name="branch_by_life")]
        constraints = [
            SourcedModel.source_key_constraint("branch_once_per_source"),
            models.UniqueConstraint(name="branch_id_and_life", fields=["id", "life"]),
            models.CheckConstraint(
                name="branch_ends_after_it_starts",
                condition=Q(ended_on=None)
                | ((Q(started_work_on=None) | Q(ended_on__gte=F("started_work_on"))) & (Q(established_on=None) | Q(ended_on__gte=F("established_on")))),
                violation_error_message=_("The branch ends before it starts."),
            ),
            models.CheckConstraint(
                name="branch_merged_into_another",
                condition=(Q(state="merged", merged_into__isnull=False) | (~Q(state="merged") & (Q(merged_into=None) | Q(state="archived"))))
                & (Q(merged_into=None) | ~Q(merged_into=F("id"))),
                violation_error_message=_("A merged branch names the branch that it went into."),
            ),
            models.CheckConstraint(
                name="branch_over_has_an_end",
                condition=~Q(state__in=["merged", "dissolved", "archived"]) | Q(ended_on__isnull=False),
                violation_error_message=_("A branch that is over has an end date."),
            ),
            models.CheckConstraint(
                name="branch_closed_is_over",
                condition=Q(closed_at=None) | Q(state__in=["merged", "dissolved", "archived"]),
                violation_error_message=_("The records of a branch are closed when it is over, not before."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def searched_parts(self) -> tuple[str, ...]:
        """The name."""
        return (self.name,)

    @property
    def day_shown(self) -> date:
        """Today; of a branch that is over, its last day: pages show what it was then."""
        return min(clock.today(), self.ended_on or date.max)

    def schedule_on(self, day: date) -> "BranchSchedule":
        """Return when the branch's day ends and its report is due on `day`; midnight and 23:30 unless it set otherwise."""
        schedules: Iterable[BranchSchedule] = self.schedules.all()
        for schedule in schedules:
            if (schedule.during.lower is None or schedule.during.lower <= day) and (schedule.during.upper is None or day < schedule.during.upper):
                return schedule
        return BranchSchedule(branch=self)

    def due_at(self, day: date) -> datetime:
        """Return the moment until which the report for `day` may be supplemented without a reason."""
        return self.schedule_on(day).due_moment(day)

    def business_date_at(self, moment: datetime) -> date:
        """Return the business date in force at `moment`."""
        local = timezone.localtime(moment)
        return self.schedule_on(local.date()).business_date(local)


class BranchPlace(models.Model):
    """The host region of a branch during a span of days."""

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.CASCADE, related_name="places")
    region = models.ForeignKey(Region, verbose_name=_("host region"), on_delete=models.PROTECT, related_name="+")
    during = DateRangeField(_("from, until"))

    class Meta:
        verbose_name = _("place of a branch")
        verbose_name_plural = _("places of branches")
        constraints = [
            ExclusionConstraint(
                name="branch_in_one_place_at_a_time",
                expressions=[("branch", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("The branch has another host region in that time."),
            ),
            models.CheckConstraint(
                name="branch_place_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} @ {self.region}"


class BranchSchedule(models.Model):
    """When a branch's day ends and its report is due, during a span of days."""

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.CASCADE, related_name="schedules")
    during = DateRangeField(_("from, until"))
    day_ends_at = models.TimeField(_("day ends at"), default=time(0, 0))
    due_time = models.TimeField(_("report due at"), default=time(23, 30))
    due_next_day = models.BooleanField(_("due on the next day"), default=False)

    class Meta:
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        ordering = ["during"]
        constraints = [
            ExclusionConstraint(
                name="branch_one_schedule_at_a_time",
                expressions=[("branch", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                violation_error_message=_("The branch has other times set for these days."),
            ),
            # An empty span has no bounds, and would read as one without end.
            models.CheckConstraint(
                name="branch_schedule_for_a_time", condition=Q(during__isempty=False), violation_error_message=_("The end is before the start.")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.day_ends_at:%H:%M} {self.due_time:%H:%M}"

    def due_moment(self, day: date) -> datetime:
        """Return the due moment for business date `day`, with offset."""
        return timezone.make_aware(datetime.combine(day + timedelta(days=int(self.due_next_day)), self.due_time))

    def business_date(self, local: datetime) -> date:
        """Return the business date of a local moment: a day that ends before noon runs into the next morning, one that ends later closes early."""
        ends = self.day_ends_at
        if ends < time(12, 0):
            return local.date() - timedelta(days=int(local.time() < ends))
        return local.date() + timedelta(days=int(local.time() >= ends))


class DeclaredCount(models.Model):
    """A head count or number of grids or squads that a branch declares, beside what is counted from rows, never instead of it."""

    class What(models.TextChoices):
        MEMBERS = "members", _("members")
        GRIDS = "grids", _("grids")
        SQUADS = "squads", _("squads")

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.CASCADE, related_name="declared_counts")
    what = models.CharField(_("what"), max_length=10, choices=What)
    value = models.PositiveIntegerField(_("number"))
    as_of = models.DateField(_("as of"), null=True, blank=True)

    class Meta:
        verbose_name = _("declared count")
        verbose_name_plural = _("declared counts")
        constraints = [
            models.UniqueConstraint(
                name="declared_count_once_a_day",
                fields=["branch", "what", "as_of"],
                nulls_distinct=False,
                violation_error_message=_("This number is declared already for that day."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.what} {self.value}"


class Wave(models.Model):
    """A group sent down to a branch together, as declared."""

    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.CASCADE, related_name="waves")
    ordinal = models.PositiveSmallIntegerField(_("wave"))
    head_count = models.PositiveIntegerField(_("people"))
    sent_down_on = models.DateField(_("sent down on"), null=True, blank=True)

    class Meta:
        verbose_name = _("wave")
        verbose_name_plural = _("waves")
        ordering = ["branch", "ordinal"]
        constraints = [
            models.UniqueConstraint(name="wave_once", fields=["branch", "ordinal"], violation_error_message=_("This wave is declared already.")),
        ]

    def __str__(self) -> str:
        return f"{self.branch} {self.ordinal}"
