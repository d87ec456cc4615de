"""The custom user, grants with role, scope and dates, and single-use activation codes."""

from datetime import date, timedelta
from functools import cached_property
from typing import ClassVar, Final, Self

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from branches import access
from branches.access import Act, Role
from branches.models import Branch, Region, WorkUnit
from members.models import Person
from portal.foundation import clock
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, AtEnd, Basis, Sensitive, Since, Whose

# How long before its end its holder and its giver are told of a grant.
ENDS_SOON: Final = timedelta(days=14)


class UserQuerySet(models.QuerySet["User"]):
    """Users, by who may see them and who keeps their sign-in."""

    def visible_to(self, actor: object) -> Self:
        """Users whose every live grant lies where `actor` keeps accounts, gives grants, or administers.

        A user without any is seen by the keepers of accounts and of grants, and by an administrator only when there was one in their area.
        """
        seen = Q(pk__in=())
        for act in (Act.KEEP_ACCOUNTS, Act.GIVE_ANY_ROLE):
            if allowed := access.reach(actor, act):
                seen |= ~Q(Exists(_outside(allowed)))
        if allowed := access.reach(actor, Act.ADMINISTER):
            seen |= _administered(allowed)
        return self.filter(seen)

    def kept_by(self, actor: object) -> Self:
        """Users whose sign-in `actor` may reset, close and open, and for whom tokens may be issued; never the actor's own."""
        kept = Q(pk__in=())
        if allowed := access.reach(actor, Act.KEEP_ACCOUNTS):
            kept |= ~Q(Exists(_outside(allowed)))
        if allowed := access.reach(actor, Act.ADMINISTER):
            above = Grant.objects.live(clock.today()).filter(user=OuterRef("pk")).exclude(role__in=access.ADMINISTRATOR_KEEPS)
            kept |= _administered(allowed) & ~Q(Exists(above))
        return self.filter(kept).exclude(pk=getattr(actor, "pk", None))

    def found_by(self, words: str) -> Self:
        """Users whose name or account contains every word."""
        found = self
        for word in words.split():
            found = found.filter(Q(name__icontains=word) | Q(username__icontains=word))
        return found


def _outside(allowed: access.Reach) -> "GrantQuerySet":
    return Grant.objects.live(clock.today()).filter(user=OuterRef("pk")).exclude(pk__in=Grant.objects.filter(access.grants_within(allowed)).values("pk"))


def _administered(allowed: access.Reach) -> Q:
    inside = Grant.objects.filter(access.grants_within(allowed), user=OuterRef("pk"))
    return Q(Exists(inside)) & ~Q(Exists(_outside(allowed)))


class UserManager(DjangoUserManager["User"]):
    """The manager of users, with their queries."""

    use_in_migrations = False

    def get_queryset(self) -> UserQuerySet:
        """Return all users."""
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, actor: object) -> UserQuerySet:
        """Return the users that `actor` may see."""
        return self.get_queryset().visible_to(actor)

    def kept_by(self, actor: object) -> UserQuerySet:
        """Return the users whose sign-in `actor` keeps."""
        return self.get_queryset().kept_by(actor)


_KNOWN: Final = Sensitive(
    _("knowing who filed, decided or looked at something"), AFTER_THE_BRANCH, Basis.DUTY, Whose.ACCOUNT, since=Since.ACCOUNT, at_end=AtEnd.PSEUDONYM
)
_SIGNS_IN: Final = Sensitive(_("signing in, and noticing when somebody else does"), AFTER_THE_BRANCH, Basis.DUTY, Whose.ACCOUNT, since=Since.ACCOUNT)


class User(AbstractUser, PublicModel):
    """Someone, or a machine, that signs in. What they may see and do stands in their grants alone."""

    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("full name"), max_length=60, blank=True)
    person = models.OneToOneField(Person, verbose_name=_("person"), on_delete=models.PROTECT, null=True, blank=True, related_name="user")
    is_machine = models.BooleanField(_("is another system"), default=False)
    must_change_password = models.BooleanField(_("must choose a password"), default=False)
    language = models.CharField(_("language"), max_length=10, blank=True)
    # Kept by portal/accounts/factors.py: every request asks, and has read the account anyway.
    has_second_factor = models.BooleanField(_("has a second factor"), default=False)
    unread_alerts = models.PositiveSmallIntegerField(_("unread alerts"), default=0)
    # Days after the sign-in on which a session or a token was used; written once a day.
    last_used_on = models.DateField(_("last used on"), null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()
    REQUIRED_FIELDS = []

    SENSITIVE: ClassVar = {
        **dict.fromkeys(("name", "username"), _KNOWN),
        **dict.fromkeys(("email", "password", "last_login"), _SIGNS_IN),
    }

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.name or self.username

    def get_full_name(self) -> str:
        """Return the name to show."""
        return str(self)

    @cached_property
    def current_grants(self) -> list["Grant"]:
        """Grants in force today, none of a closed account; read once a request.

        Whether it is closed is asked of the database with them: it may be since this user was read.
        """
        return list(self.grants.in_force(clock.today()).filter(user__is_active=True))


class GrantQuerySet(models.QuerySet["Grant"]):
    """Grants, by the time they are in force."""

    def in_force(self, day: date) -> "GrantQuerySet":
        """Grants that hold on `day`."""
        return self.filter(during__contains=day, revoked_at__isnull=True)

    def ending(self, day: date) -> "GrantQuerySet":
        """Grants in force on `day` that end within 14 days after it, the first to end before the others."""
        until = day + ENDS_SOON + timedelta(days=1)
        return self.in_force(day).filter(during__endswith__lte=until).order_by("during__endswith", "pk")

    def live(self, day: date) -> "GrantQuerySet":
        """Grants that hold on `day` or will later."""
        return self.filter(Q(during__contains=day) | Q(during__startswith__gt=day), revoked_at__isnull=True)


class Grant(PublicModel):
    """A role given to a user over a scope, from a day until a day."""

    user = models.ForeignKey(User, verbose_name=_("user"), on_delete=models.PROTECT, related_name="grants")
    role = models.CharField(_("role"), max_length=20, choices=Role)
    everything = models.BooleanField(_("everything"), default=False)
    region = models.ForeignKey(Region, verbose_name=_("region"), on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    work_unit = models.ForeignKey(WorkUnit, verbose_name=_("work unit"), on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    during = DateRangeField(_("in force"))
    sensitive = models.BooleanField(_("with sensitive fields"), default=False)
    given_by = models.ForeignKey(User, verbose_name=_("given by"), on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    given_at = models.DateTimeField(_("given at"), default=timezone.now)
    revoked_at = models.DateTimeField(_("taken back at"), null=True, blank=True)
    revoked_by = models.ForeignKey(User, verbose_name=_("taken back by"), on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Set once holder and giver were told that it ends; an extension empties it.
    warned_at = models.DateTimeField(_("warned at"), null=True, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        verbose_name = _("grant")
        verbose_name_plural = _("grants")
        indexes = [models.Index(fields=["user"], name="grant_in_force", condition=Q(revoked_at=None))]
        constraints = [
            models.CheckConstraint(
                name="grant_has_one_scope",
                condition=(
                    Q(everything=True, region=None, work_unit=None, branch=None)
                    | Q(everything=False, region__isnull=False, work_unit=None, branch=None)
                    | Q(everything=False, region=None, work_unit__isnull=False, branch=None)
                    | Q(everything=False, region=None, work_unit=None, branch__isnull=False)
                ),
                violation_error_message=_("A grant is for everything, one region, one work unit or one branch."),
            ),
            models.CheckConstraint(
                name="grant_for_a_time",
                condition=Q(during__isempty=False),
                violation_error_message=_("A grant ends after it starts."),
            ),
            models.CheckConstraint(
                name="grant_has_an_end",
                condition=Q(during__upper_inf=False),
                violation_error_message=_("A grant has a last day."),
            ),
            ExclusionConstraint(
                name="separate_roles_for_separate_people",
                expressions=[("user", RangeOperators.EQUAL), ("role", RangeOperators.NOT_EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(role__in=sorted(access.SEPARATE_ROLES), revoked_at=None),
                violation_error_message=_("System keeper, security officer and auditor are different people."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} {self.get_role_display()} {self.scope_name}"

    @property
    def first_day(self) -> date | None:
        """The first day on which it holds; None: always did."""
        first: date | None = self.during.lower
        return first

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds; None only before it is stored, when it has none."""
        until: date | None = self.during.upper
        return until - timedelta(days=1) if until else None

    @property
    def ends_soon(self) -> bool:
        """Whether its last day is within 14 days."""
        return self.last_day is not None and self.last_day <= clock.today() + ENDS_SOON

    @property
    def extended_until(self) -> date:
        """The last day that an extension of today gives it."""
        return clock.today() + timedelta(days=access.GRANT_DAYS[Role(self.role)])

    @property
    def scope_name(self) -> str:
        """The scope in words."""
        scope = self.region or self.work_unit or self.branch
        return str(scope.name) if scope else str(_("everything"))


class ActivationCode(models.Model):
    """A single-use code, printed once, with which a new user chooses a password. Only its hash is kept."""

    user = models.ForeignKey(User, verbose_name=_("user"), on_delete=models.CASCADE, related_name="activation_codes")
    code_hash = models.CharField(_("SHA-256 of the code"), max_length=64, unique=True)
    made_by = models.ForeignKey(User, verbose_name=_("made by"), on_delete=models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(_("made at"), default=timezone.now)
    expires_at = models.DateTimeField(_("expires at"))
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    SENSITIVE: ClassVar = {
        "code_hash": Sensitive(
            _("letting a new user choose a password, once"), timedelta(days=30), Basis.DUTY, Whose.ACCOUNT, since=Since.ROW, at_end=AtEnd.ROW_GOES
        )
    }

    class Meta:
        verbose_name = _("activation code")
        verbose_name_plural = _("activation codes")

    def __str__(self) -> str:
        return f"{self.user} {self.made_at:%Y-%m-%d}"
