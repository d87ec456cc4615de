"""What people ask about their own data: to have it corrected, or erased. Asked by themselves, or written down for those without an account."""

from datetime import date, timedelta
from typing import ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from branches import access
from branches.access import Act
from branches.models import Branch, Region
from members.models import Person
from portal.foundation import clock
from portal.foundation.models import PublicModel
from portal.foundation.sensitive import AFTER_THE_BRANCH, GONE, Basis, Sensitive, Since, Whose

# Within which a request is answered: the portal's own promise, where the law says "in good time" (article 50).
ANSWERED_WITHIN: Final = timedelta(days=15)

_ASKED: Final = Sensitive(
    _("answering what somebody asks about their own data"),
    AFTER_THE_BRANCH,
    Basis.DUTY,
    Whose.NAMED,
    since=Since.ROW,
    becomes=GONE,
)
_WHO: Final = Sensitive(_("telling whoever asked what became of it"), AFTER_THE_BRANCH, Basis.DUTY, Whose.NAMED, since=Since.ROW)


class DataRequestQuerySet(models.QuerySet["DataRequest"]):
    """Requests, by who answers them."""

    def visible_to(self, actor: object) -> Self:
        """Requests that `actor` answers: of their branches and places, and of no place for whoever keeps accounts; never their own."""
        allowed = access.reach(actor, Act.ANSWER_REQUESTS)
        seen = Q(pk__in=())
        if allowed:
            seen |= Q(branch__isnull=False) & access.branches_within(allowed, "branch__")
            seen |= Q(branch=None, region__in=access.regions_below(allowed.regions))
        if access.may(actor, Act.KEEP_ACCOUNTS):
            seen |= Q(branch=None, region=None)
        return self.filter(seen).exclude(account=getattr(actor, "pk", None))

    def waiting(self) -> Self:
        """Requests that nobody has answered."""
        return self.filter(state=DataRequest.State.OPEN)

    def by_urgency(self) -> Self:
        """The open ones first, those that are due first before the others."""
        return self.annotate(is_open=models.Case(models.When(state="open", then=0), default=1)).order_by("is_open", "due_on", "pk")


class DataRequest(PublicModel):
    """Somebody wants what is held about them corrected or erased, or to be told of it. Answered within 15 days: done, or refused with a reason."""

    class Kind(models.TextChoices):
        TELL = "tell", _("tell what is held")
        CORRECT = "correct", _("correct something")
        ERASE = "erase", _("erase what may go")

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("request", "waits for an answer")
        DONE = "done", pgettext_lazy("request", "done")
        REFUSED = "refused", pgettext_lazy("request", "refused")

    kind = models.CharField(pgettext_lazy("request", "what is asked"), max_length=10, choices=Kind)
    # Whose data it is: somebody who signs in, somebody among the people, or a name as it was told.
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=_("account"), on_delete=models.PROTECT, null=True, blank=True, related_name="data_requests"
    )
    person = models.ForeignKey(Person, verbose_name=_("person"), on_delete=models.PROTECT, null=True, blank=True, related_name="data_requests")
    subject = models.CharField(pgettext_lazy("request", "who asks"), max_length=60, blank=True)
    contact = models.CharField(pgettext_lazy("request", "how to reach them"), max_length=100, blank=True)
    branch = models.ForeignKey(Branch, verbose_name=_("branch"), on_delete=models.PROTECT, null=True, blank=True, related_name="data_requests")
    region = models.ForeignKey(Region, verbose_name=_("place"), on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    words = models.TextField(pgettext_lazy("request", "in their words"), max_length=1000, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    asked_at = models.DateTimeField(pgettext_lazy("request", "asked at"))
    due_on = models.DateField(pgettext_lazy("request", "to be answered by"))
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("recorded by"), on_delete=models.PROTECT, related_name="+")
    answer = models.TextField(pgettext_lazy("request", "answer"), max_length=1000, blank=True)
    answered_at = models.DateTimeField(pgettext_lazy("request", "answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, verbose_name=pgettext_lazy("request", "answered by"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = DataRequestQuerySet.as_manager()

    ENDS_WITH: ClassVar = ("answered_at",)
    SENSITIVE: ClassVar = {"words": _ASKED, "answer": _ASKED, "subject": _WHO, "contact": _WHO}

    class Meta:
        verbose_name = _("request about one's own data")
        verbose_name_plural = _("requests about one's own data")
        indexes = [models.Index(fields=["due_on", "id"], name="data_request_open", condition=Q(state="open"))]
        constraints = [
            models.CheckConstraint(
                name="data_request_of_somebody",
                condition=Q(account__isnull=False) | Q(person__isnull=False) | ~Q(subject="") | Q(answered_at__isnull=False),
                violation_error_message=_("Say who asks."),
            ),
            models.CheckConstraint(
                name="data_request_answered_in_words",
                condition=Q(state="open", answered_at=None, answered_by=None, answer="")
                | (~Q(state="open") & Q(answered_at__gte=F("asked_at"), answered_by__isnull=False) & ~Q(answer="")),
                violation_error_message=_("A request is answered in words, by somebody."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.due_on}"

    @property
    def is_overdue(self) -> bool:
        """Whether it should have been answered."""
        return self.state == self.State.OPEN and self.due_on < clock.today()

    @property
    def who(self) -> str:
        """Who asks, by name."""
        return self.subject or (self.person.name if self.person else "") or (str(self.account) if self.account else "")


def due_after(day: date) -> date:
    """Return the day by which a request of a day is to be answered."""
    return day + ANSWERED_WITHIN
