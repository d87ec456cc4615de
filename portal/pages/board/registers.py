"""What the registers of a region or a branch say, as tiles of its dashboard, each of which opens the records that were counted."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from activities.rollups import Span, Standing
from branches.models import Branch, Region
from portal.pages.board.lines import RegisterTile
from portal.pages.scopes import answers_url, overdue_url, short_url, squads_url, to_mend_url, unvisited_url, waiting_url
from portal.templatetags.ui import number as printed


def tiles_of(said: Standing, thing: Region | Branch, span: Span, *, sees_roster: bool) -> list[RegisterTile]:
    """Return a tile for each register that has something to say: what is overdue, where people lack, how satisfied residents are, what waits above.

    Where people lack is for whoever may see the roster of the scope.
    """
    found = [
        _overdue(said, thing),
        _short(said, thing) if sees_roster else None,
        _satisfied(said, thing, span),
        _waiting(said, thing),
        _to_mend(said, thing),
        _unvisited(said, thing),
        _squads(said, thing),
    ]
    return [tile for tile in found if tile is not None]


def _overdue(said: Standing, thing: Region | Branch) -> RegisterTile | None:
    number = sum(said.overdue.values())
    if not number:
        return None
    unit, note = pgettext("of needs", "items"), _("now, whatever the days shown")
    return RegisterTile(_("Overdue needs of residents"), printed(number), unit, note, overdue_url(thing), [(_("Overdue needs, now"), number)])


def _short(said: Standing, thing: Region | Branch) -> RegisterTile | None:
    now, soon = said.short_now, said.short_soon
    if not now and not soon:
        return None
    note = _("%(number)s more in the next 24 hours") % {"number": printed(soon)} if soon else ""
    rows = [(_("Shifts short of people, now"), now), (_("Shifts short of people, in the next 24 hours"), soon)]
    return RegisterTile(_("Short of people"), printed(now), ngettext("shift now", "shifts now", now), note, short_url(thing), rows)


def _satisfied(said: Standing, thing: Region | Branch, span: Span) -> RegisterTile | None:
    if said.percent is None:
        return None
    of = ngettext("%(satisfied)s of %(number)s valid answer", "%(satisfied)s of %(number)s valid answers", said.valid)
    note = of % {"satisfied": printed(said.satisfied), "number": printed(said.valid)}
    rows = [(_("Valid answers to surveys"), said.valid), (_("Satisfied among them"), said.satisfied)]
    return RegisterTile(_("Residents' satisfaction"), f"{said.percent}%", pgettext("of residents", "satisfied"), note, answers_url(thing, span), rows)


def _waiting(said: Standing, thing: Region | Branch) -> RegisterTile | None:
    if not said.suggestions:
        return None
    rows = [(_("Suggestions that wait for an answer, now"), said.suggestions)]
    note, unit = _("now, whatever the days shown"), pgettext("of suggestions", "waiting for an answer")
    return RegisterTile(_("Suggestions"), printed(said.suggestions), unit, note, waiting_url(thing), rows)


def _to_mend(said: Standing, thing: Region | Branch) -> RegisterTile | None:
    if not said.points:
        return None
    rows = [(_("Points to mend that are overdue, now"), said.points)]
    note, unit = _("found by inspections and visits"), pgettext("of points to mend", "overdue")
    return RegisterTile(_("Points to mend"), printed(said.points), unit, note, to_mend_url(thing), rows)


def _unvisited(said: Standing, thing: Region | Branch) -> RegisterTile | None:
    if not said.sites:
        return None
    rows = [(_("Contact points not visited for 7 days"), said.sites)]
    return RegisterTile(_("Contact points"), printed(said.sites), pgettext("of contact points", "not visited for 7 days"), "", unvisited_url(thing), rows)


def _squads(said: Standing, thing: Region | Branch) -> RegisterTile | None:
    if not said.squads:
        return None
    return RegisterTile(
        _("Squads"), printed(said.squads), pgettext("of squads", "at work today"), "", squads_url(thing), [(_("Squads at work, today"), said.squads)]
    )
