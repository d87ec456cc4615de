"""Writes on who lives on site. Each checks that the actor may, and is audited."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from psycopg2.extras import DateRange

from branches.models import Branch
from branches.services import refusals_beside
from members.models import Membership, OnSiteStay, Person
from members.querysets import OnSiteStayQuerySet
from members.services.roster import Actor, require
from portal.foundation import audit

_DAY: Final = timedelta(days=1)
# The field of a form beside which a refusal of the database stands.
_FIELDS: Final = {
    "one_stay_at_a_time": "people",
    "stay_inside_the_membership": "people",
    "stay_for_a_time": "last_day",
}


def add_stays(*, actor: Actor, branch: Branch, people: Sequence[Person], first_day: date, last_day: date | None = None, place: str = "") -> list[OnSiteStay]:
    """Write down that people of a branch live on site from a day on, or until a day; all of them or none.

    Whoever leaves the branch sooner lives on site until then.

    Raises:
        Forbidden: the roster is not the actor's to keep.
        ValidationError: by field, naming who lives on site already, or is not in the branch on the first day.
    """
    require(actor, branch)
    if last_day is not None and last_day < first_day:
        raise ValidationError({"last_day": _("The end is before the start.")})
    with refusals_beside(_FIELDS):
        # Whoever ends a membership meanwhile waits, and ends these stays with it.
        rows = Membership.objects.select_for_update(of=("self",)).select_related("person").filter(branch=branch, person__in=people)
        held = {membership.person_id: membership for membership in rows.on(first_day)}
        _refuse(_("Not in the branch on that day: %(names)s."), [person for person in people if person.pk not in held])
        stays = [OnSiteStay(membership=held[person.pk], place=place, during=_within(held[person.pk], first_day, last_day)) for person in people]
        _refuse(_("On site in that time already: %(names)s."), _taken(stays))
        OnSiteStay.objects.bulk_create(stays)
        for stay in stays:
            audit.record(actor, "stay.added", stay, branch=str(branch.public_id), person=str(stay.membership.person.public_id))
    return stays


def end_stays(*, actor: Actor, branch: Branch, stays: Iterable[OnSiteStay], last_day: date) -> int:
    """End people's time on site after a day and return how many ended: one that had not begun by then is taken back, one that was over stays as it is.

    Raises:
        Forbidden: the roster is not the actor's to keep.
    """
    require(actor, branch)
    with refusals_beside(_FIELDS):
        ended = _end(OnSiteStay.objects.filter(branch=branch, pk__in=[stay.pk for stay in stays]), last_day)
        for stay in ended:
            audit.record(actor, "stay.ended", stay, last_day=last_day.isoformat())
    return len(ended)


def release(*, branch: Branch, membership: Membership | None, last_day: date) -> None:
    """End whoever lives on site after a day: of a membership, or of the whole branch.

    For services that end a membership or a branch, inside their transaction.
    """
    rows = OnSiteStay.objects.filter(branch=branch)
    _end(rows if membership is None else rows.filter(membership=membership), last_day)


def _end(stays: OnSiteStayQuerySet, last_day: date) -> list[OnSiteStay]:
    ended: list[OnSiteStay] = list(stays.reaching_past(last_day).select_for_update())
    for stay in ended:
        if stay.during.lower > last_day:
            OnSiteStay.objects.filter(pk=stay.pk).delete()
        else:
            stay.during = DateRange(stay.during.lower, last_day + _DAY)
            stay.save(update_fields=["during"])
    return ended


def _within(membership: Membership, first_day: date, last_day: date | None) -> DateRange:
    ends = [day for day in (last_day + _DAY if last_day else None, membership.during.upper) if day is not None]
    return DateRange(first_day, min(ends, default=None))


def _taken(stays: Sequence[OnSiteStay]) -> list[Person]:
    """Return who lives on site in that time already; who comes in between is refused by the database."""
    after = min((stay.during.lower for stay in stays), default=date.max)
    before = OnSiteStay.objects.filter(membership__in=[stay.membership for stay in stays]).reaching_past(after - _DAY)
    spans = {stay.membership_id: stay.during for stay in stays}
    taken = {old.membership_id for old in before if spans[old.membership_id].upper is None or old.during.lower < spans[old.membership_id].upper}
    return [stay.membership.person for stay in stays if stay.membership_id in taken]


def _refuse(sentence: str, people: Sequence[Person]) -> None:
    if people:
        raise ValidationError({"people": sentence % {"names": pgettext("between names", ", ").join(person.name for person in people)}})
