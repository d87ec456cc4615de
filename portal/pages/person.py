"""The page of one person: their time in branches, who sent them, offices, and the work that they took part in."""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from activities.models import Entry, EntryParticipant, ReportVersion
from branches import access
from branches.access import Act
from branches.models import Branch
from members.models import Membership, OfficerTerm, Person, PioneerClaim, PioneerPost, Squad, SquadMember
from portal.accounts.models import User
from portal.foundation import audit, clock
from portal.foundation.text import mask_phone

_SHOWN = 30


@require_safe
def person_detail(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Show a person; the page is also everybody's own."""
    person = get_object_or_404(Person.objects.visible_to(request.user), public_id=person_id)
    is_own = person.pk == getattr(request.user, "person_id", None)
    memberships = list(_memberships(request.user, person, is_own))
    sees_phones = is_own or _sees_sensitive(request.user, person)
    if sees_phones and not is_own and (person.phone or person.duty_phone):
        audit.record(request.user, "person.sensitive_seen", person, address=audit.address_of(request), fields=["phone", "duty_phone"])
    kept, callable_in = _branches_for(request.user, Act.KEEP_PEOPLE, person), _branches_for(request.user, Act.CALL, person)
    return render(
        request,
        "members/person_detail.html",
        {
            "person": person,
            "is_own": is_own,
            "sees_phones": sees_phones,
            "phone": person.phone if sees_phones else mask_phone(person.phone),
            "duty_phone": person.duty_phone if sees_phones else mask_phone(person.duty_phone),
            "can_call": bool(person.duty_phone) and any(held.branch_id in callable_in and clock.today() in held.during for held in memberships),
            "reads_record": Person.objects.recorded_for(request.user).filter(pk=person.pk).exists(),
            "can_edit": any(held.branch_id in kept and clock.today() in held.during for held in memberships),
            "memberships": [(held, held.branch_id in kept) for held in memberships],
            "secondments": person.secondments.select_related("home_unit", "region").order_by("-during"),
            "squads": _squads(request.user, person, is_own),
            "claims": _claims(request.user, person, is_own),
            "participations": _participations(request.user, person, is_own),
        },
    )


def _sees_sensitive(user: User | AnonymousUser, person: Person) -> bool:
    return Person.objects.visible_to(user, Act.SEE_SENSITIVE).filter(pk=person.pk).exists()


def _memberships(user: User | AnonymousUser, person: Person, is_own: bool) -> QuerySet[Membership]:
    """Return the person's time in branches that the reader sees: other branches are not the reader's to know of."""
    held = person.memberships.select_related("branch").prefetch_related(Prefetch("terms", OfficerTerm.objects.order_by("-during"))).order_by("-during")
    return held if is_own else held.filter(branch__in=Branch.objects.visible_to(user))


def _branches_for(user: User | AnonymousUser, act: Act, person: Person) -> set[int]:
    """Return ids of the person's branches over which the reader may do `act`."""
    return set(Branch.objects.visible_to(user, act).filter(memberships__person=person).values_list("pk", flat=True)) if access.may(user, act) else set()


def _squads(user: User | AnonymousUser, person: Person, is_own: bool) -> QuerySet[SquadMember, Any]:
    # Of a branch that they have left, somebody knows the squad and may not open it any more.
    readable = Exists(Squad.objects.visible_to(user).filter(pk=OuterRef("squad")))
    held: QuerySet[SquadMember, Any] = SquadMember.objects.filter(person=person).annotate(readable=readable).select_related("squad__branch").order_by("-during")
    return held if is_own else held.filter(squad__branch__in=Branch.objects.visible_to(user))


def _claims(user: User | AnonymousUser, person: Person, is_own: bool) -> QuerySet[PioneerClaim, Any]:
    readable = Exists(PioneerPost.objects.visible_to(user).filter(pk=OuterRef("post")))
    held: QuerySet[PioneerClaim, Any] = (
        PioneerClaim.objects.filter(person=person).annotate(readable=readable).select_related("post__branch").order_by("-during")
    )
    return held if is_own else held.filter(post__branch__in=Branch.objects.visible_to(user))


def _participations(user: User | AnonymousUser, person: Person, is_own: bool) -> QuerySet[EntryParticipant]:
    """Return the last work of the person, marked with whether the reader may open the entry; one's own work is always listed."""
    readable = Entry.objects.visible_to(user).filter(pk=OuterRef("entry"))
    done = EntryParticipant.objects.filter(person=person, entry__version__state__in=ReportVersion.CURRENT).annotate(readable=Exists(readable))
    seen = done if is_own else done.filter(readable=True)
    day = Coalesce("entry__business_date", "entry__version__period_report__last_day")
    return seen.select_related("entry__branch", "home_unit", "entry__version__period_report").order_by(day.desc(), "-pk")[:_SHOWN]
