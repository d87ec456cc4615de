"""The audit log in words: what its actions, kinds of objects and details say to a reader."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import F, Value
from django.db.models.functions import Coalesce, NullIf
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from activities.models import ReportVersion, SurveyResponse
from branches.access import Role
from branches.models import Branch, Region, WorkUnit
from members.models import CheckIn, OfficerTerm
from members.rostering import Obstacle
from portal.accounts.models import User
from portal.foundation.models import AuditEntry, PublicModel

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# What the log's actions say; one that is not here is shown as written.
ACTIONS: Final[Mapping[str, "StrOrPromise"]] = {
    "account.activated": _("account activated"),
    "account.changed": _("account changed"),
    "account.locked_out": _("account locked after failed sign-ins"),
    "account.password_changed": _("password changed"),
    "account.reset": _("account reset"),
    "account.sign_in_failed": _("sign-in failed"),
    "account.signed_in": _("signed in"),
    "account.signed_out": _("signed out"),
    "activation.issued": _("activation code issued"),
    "activation.refused": _("activation code refused"),
    "api.pulled": _("data pulled by another system"),
    "audit.exported": _("audit log exported"),
    "audit.read": _("audit log read"),
    "branch.added": _("branch added"),
    "branch.changed": _("branch changed"),
    "branch.dissolved": _("branch dissolved"),
    "branch.merged": _("branch merged"),
    "branch.moved": _("branch moved"),
    "branch.schedule_set": _("times of the report set"),
    "case.loaded": _("published case loaded"),
    "check_in.recorded": _("somebody checked in, or absent"),
    "check_in.refused": _("wrong code at a post"),
    "clerks.imported": _("branches and clerks imported"),
    "clerks.uploaded": _("workbook of branches and clerks uploaded"),
    "dashboard.exported": _("dashboard exported"),
    "demo.loaded": _("demo loaded"),
    "duty_post.added": _("post added"),
    "duty_post.changed": _("post changed"),
    "figure.frozen": _("figure frozen"),
    "grant.given": _("grant given"),
    "contact_point.added": _("contact point added"),
    "contact_point.closed": _("contact point ended"),
    "contact_point.leader_set": _("leader of a contact point set"),
    "contact_points.exported": _("list of contact points exported"),
    "contact_visit.recorded": _("visit to a contact point recorded"),
    "contact_visits.seen": _("what was found at a contact point seen"),
    "grant.revoked": _("grant taken back"),
    "hand_over.seen": _("hand-over read"),
    "hand_over.taken": _("shift taken over"),
    "hand_over.written": _("shift handed over"),
    "import.confirmed": _("import of reports confirmed"),
    "import.discarded": _("table of figures thrown away"),
    "import.filed": _("imported reports filed"),
    "import.uploaded": _("table of figures uploaded"),
    "inspection.recorded": _("inspection recorded"),
    "inspection.seen": _("what an inspection found seen"),
    "inspection.withdrawn": _("inspection withdrawn"),
    "inspection_point.assigned": _("point to mend assigned"),
    "inspection_point.dropped": _("point to mend withdrawn with its inspection"),
    "inspection_point.mended": _("point reported as mended"),
    "inspection_point.passed": _("point checked: it is mended"),
    "inspection_point.seen": _("point to mend seen"),
    "inspection_point.sent_back": _("point checked: it is not mended yet"),
    "inspections.exported": _("list of inspections exported"),
    "inspections.seen": _("points to mend seen in a list"),
    "membership.added": _("somebody added to a branch"),
    "membership.ended": _("somebody left a branch"),
    "need.assigned": _("need assigned"),
    "need.called_back": _("resident called back about a need"),
    "need.changed": _("need corrected"),
    "need.code_issued": _("code of a need given out"),
    "need.code_refused": _("code of a need refused"),
    "need.handed_on": _("need handed on"),
    "need.recorded": _("need recorded"),
    "need.reopened": _("need opened again"),
    "need.resolved": _("need resolved"),
    "need.seen": _("words and household of a need seen"),
    "need.taken_back": _("need brought back to its branch"),
    "needs.exported": _("list of needs exported"),
    "needs.seen": _("words and households of needs seen in a list"),
    "note.seen": _("notes seen"),
    "notes.searched": _("notes searched"),
    "office.given": _("office given"),
    "period_report.filed": _("report for a span of days filed"),
    "person.changed": _("person corrected"),
    "person.sensitive_seen": _("telephone numbers of a person seen"),
    "phone.called": _("duty phone called"),
    "pioneer_post.changed": _("pioneer post changed"),
    "pioneer_post.claimed": _("pioneer post claimed"),
    "pioneer_post.closed": _("pioneer post closed"),
    "pioneer_post.opened": _("pioneer post opened"),
    "pioneer_post.released": _("pioneer post released"),
    "pioneer_posts.exported": _("pioneer posts exported"),
    "records.exported": _("records exported"),
    "region.added": _("region added"),
    "region.moved": _("region moved in the tree"),
    "report.accepted": _("report accepted"),
    "report.confirmed": _("report filed on behalf confirmed"),
    "report.filed": _("report filed"),
    "report.returned": _("report returned"),
    "report.withdrawn": _("report withdrawn"),
    "roster.copied": _("last week's roster copied"),
    "roster.filled": _("roster filled"),
    "service_note.replaced": _("words of merit changed or taken back"),
    "service_note.written": _("words of merit written"),
    "service_record.exported": _("service record exported"),
    "service_record.seen": _("service record of a person seen"),
    "shift.changed": _("shift changed"),
    "shift.put_on": _("somebody put on a shift"),
    "shift.taken_off": _("somebody taken off a shift"),
    "shifts.exported": _("shifts exported"),
    "squad.changed": _("squad changed"),
    "squad.covers": _("grids given to a squad"),
    "squad.ended": _("squad ended"),
    "squad.founded": _("squad founded"),
    "squad.joined": _("people put into a squad"),
    "squad.led": _("squad put under a leader"),
    "squad.left": _("somebody left a squad"),
    "squad.uncovers": _("grid taken from a squad"),
    "squads.exported": _("squads exported"),
    "swap.agreed": _("swap of shifts agreed to"),
    "swap.asked": _("swap of shifts asked for"),
    "swap.declined": _("swap of shifts declined"),
    "swap.withdrawn": _("swap of shifts withdrawn"),
    "time_off.added": _("time off written down"),
    "time_off.ended": _("time off ended"),
    "suggestion.answered": _("suggestion answered"),
    "suggestion.changed": _("suggestion corrected"),
    "suggestion.closed": _("suggestion laid aside"),
    "suggestion.given_back": _("suggestion brought back to its branch"),
    "suggestion.passed": _("suggestion passed on"),
    "suggestion.recorded": _("suggestion recorded"),
    "suggestion.seen": _("words of a suggestion seen"),
    "suggestions.exported": _("list of suggestions exported"),
    "suggestions.seen": _("words of suggestions seen in a list"),
    "needs.searched": _("words of needs searched"),
    "words.emptied": _("words emptied, 180 days after the branch's end"),
    "check_ins.exported": _("check-ins exported"),
    "hand_overs.exported": _("hand-overs exported"),
    "hours.exported": _("hours served exported"),
    "on_site.exported": _("list of who lives on site exported"),
    "stay.added": _("somebody lives on site"),
    "stay.ended": _("stay on site ended"),
    "survey.changed": _("survey changed"),
    "survey.closed": _("survey closed"),
    "survey.made": _("survey made"),
    "survey.opened": _("survey opened"),
    "survey.words_seen": _("what residents wrote in a survey seen"),
    "survey_answer.judged": _("answer to a survey judged"),
    "surveys.exported": _("surveys exported"),
    "token.issued": _("API token issued"),
    "token.revoked": _("API token taken back"),
    "user.closed": _("sign-in closed"),
    "user.created": _("sign-in created"),
    "user.opened": _("sign-in opened again"),
    "work_unit.added": _("work unit added"),
}
# The nouns that actions begin with, as headings of the choice.
NOUNS: Final[Mapping[str, "StrOrPromise"]] = {
    "account": _("sign-in and password"),
    "activation": _("activation codes"),
    "api": _("other systems"),
    "audit": _("the audit log"),
    "branch": _("branches"),
    "case": _("published cases"),
    "check_in": _("check-ins"),
    "clerks": _("import of branches and clerks"),
    "dashboard": _("dashboards"),
    "demo": _("the demo"),
    "duty_post": _("posts"),
    "figure": _("frozen figures"),
    "contact_point": _("contact points"),
    "contact_points": _("lists of contact points"),
    "contact_visit": _("visits to contact points"),
    "contact_visits": _("what was found at contact points"),
    "grant": _("grants"),
    "hand_over": _("hand-overs"),
    "import": _("import of reports"),
    "inspection": _("inspections"),
    "inspection_point": _("points to mend"),
    "inspections": _("lists of inspections"),
    "membership": _("memberships"),
    "need": _("needs of residents"),
    "needs": _("lists of needs"),
    "note": _("notes of reports"),
    "notes": _("search in notes"),
    "office": _("offices"),
    "period_report": _("reports for a span of days"),
    "person": _("persons"),
    "phone": _("duty phones"),
    "pioneer_post": _("pioneer posts"),
    "pioneer_posts": _("lists of pioneer posts"),
    "records": _("records behind figures"),
    "region": _("regions"),
    "report": _("daily reports"),
    "roster": _("rosters"),
    "service_note": _("words of merit"),
    "service_record": _("service records"),
    "shift": _("shifts"),
    "shifts": _("lists of shifts"),
    "squad": _("squads"),
    "squads": _("lists of squads"),
    "swap": _("swaps of shifts"),
    "time_off": _("times off"),
    "suggestion": _("suggestions"),
    "suggestions": _("lists of suggestions"),
    "words": _("words whose time is over"),
    "check_ins": _("lists of check-ins"),
    "hand_overs": _("lists of hand-overs"),
    "hours": _("hours served"),
    "on_site": _("lists of who lives on site"),
    "stay": _("stays on site"),
    "survey": _("surveys"),
    "survey_answer": _("answers to surveys"),
    "surveys": _("lists of surveys"),
    "token": _("API tokens"),
    "user": _("users"),
    "work_unit": _("work units"),
}
# What the details are called; a name that is not here is shown as written.
DETAILS: Final[Mapping[str, "StrOrPromise"]] = {
    "action": _("Action"),
    "branch": _("Branch"),
    "branches": _("Branches"),
    "console": _("from the machine's console"),
    "day": _("Day"),
    "day_ends_at": _("the day ends at"),
    "days": _("Days"),
    "despite": _("set aside"),
    "due": _("Report due at"),
    "empty": _("places empty"),
    "fields": _("Fields"),
    "filled": _("places filled"),
    "filters": _("Filters"),
    "first": _("From (date)"),
    "first_day": _("From (date)"),
    "format": _("Format"),
    "from": _("From (date)"),
    "from_day": _("From (date)"),
    "grids": _("Grids"),
    "import": _("Import"),
    "kind": _("Kind of object"),
    "last": _("To (date)"),
    "last_day": _("Last day"),
    "machine": _("another system"),
    "means": _("means"),
    "membership": _("Membership"),
    "metric": _("Figure"),
    "nature": _("Kind"),
    "now": pgettext_lazy("of a move", "now"),
    "number": _("Version"),
    "office": _("Office"),
    "parameters": _("Filters"),
    "parent": _("Lies in"),
    "people": _("people needed"),
    "person": _("person"),
    "reason": _("why it does not count"),
    "released": _("taken off shifts"),
    "reports": _("Reports"),
    "resource": _("Data"),
    "result": _("result"),
    "role": _("Role"),
    "rows": _("Rows"),
    "scope": pgettext_lazy("grant", "Over"),
    "scope_id": pgettext_lazy("grant", "Over"),
    "sensitive": _("with sensitive fields"),
    "shown": _("Found"),
    "source": _("Source"),
    "state": _("state"),
    "table": _("Table"),
    "title": _("Title"),
    "to": _("To (date)"),
    "token": _("Token"),
    "user": _("User"),
    "users": _("Users"),
    "was": pgettext_lazy("of a move", "before"),
    "whole": _("All rows at once"),
}
_CHOICES: Final[Mapping[str, Mapping[str, "StrOrPromise"]]] = {
    "role": dict(Role.choices),
    "nature": dict(ReportVersion.Nature.choices),
    "office": dict(OfficerTerm.Office.choices),
    "means": dict(CheckIn.Means.choices),
    "result": dict(CheckIn.Result.choices),
    "state": dict(SurveyResponse.State.choices),
    "reason": dict(SurveyResponse.Reason.choices),
    "despite": {Obstacle.REST.value: _("less than 8 hours of rest"), Obstacle.DAYS.value: _("more than 6 days in a row")},
    "scope": {"everything": _("everything"), "region": _("region"), "work_unit": _("work unit"), "branch": _("branch")},
}


@dataclass(frozen=True, slots=True)
class Detail:
    """What a row adds: its name and what it says; `raw` where that is no word but an identifier or a name inside the portal."""

    name: str
    words: str
    raw: bool


def kinds() -> dict[str, str]:
    """Return what kinds of objects the log speaks of, by the name that it writes, in the reader's language."""
    return {name: str(model._meta.verbose_name) for name, model in _models().items()}


def action_choices() -> list[tuple[str, Any]]:
    """Return the actions by noun, each noun with a choice of its own for all that was done to such things."""
    grouped: dict[str, list[tuple[str, str]]] = {}
    for action, words in ACTIONS.items():
        noun = action.partition(".")[0]
        heading = str(NOUNS[noun])
        grouped.setdefault(heading, [(noun, gettext("%(noun)s: all") % {"noun": heading})]).append((action, str(words)))
    return [("", gettext("All actions")), *sorted((heading, [*held[:1], *sorted(held[1:], key=lambda pair: pair[1])]) for heading, held in grouped.items())]


def names_in(rows: Iterable[AuditEntry]) -> dict[str, str]:
    """Return the names of the branches, regions, work units and accounts that rows speak of, by identifier; one query.

    Of persons, reports and notes nothing is looked up: the log leads its reader to no data of a case.
    """
    held = list(rows)
    wanted = {str(row.object_id) for row in held if row.object_id} | {text for row in held for text in _identifiers(row.details)}
    if not wanted:
        return {}
    account = Coalesce(NullIf(F("name"), Value("")), F("username"))
    named = [model.objects.filter(public_id__in=wanted).order_by().values_list("public_id", "name") for model in (Branch, Region, WorkUnit)]
    accounts = User.objects.filter(public_id__in=wanted).order_by().values_list("public_id", account)
    return {str(public_id): name for public_id, name in accounts.union(*named, all=True)}


def details_of(row: AuditEntry, names: Mapping[str, str]) -> list[Detail]:
    """Return what a row adds in words; nothing for what is empty or not so."""
    held = {name: value for name, value in row.details.items() if value not in ({}, [], "", None, False)}
    if held.get("scope_id"):
        held.pop("scope", None)
    said = [(name, value, _words(row, name, value, names)) for name, value in held.items()]
    return [Detail(str(DETAILS.get(name, name)), words, raw=words == value and name not in _CHOICES) for name, value, words in said]


def _words(row: AuditEntry, name: str, value: Any, names: Mapping[str, str]) -> str:
    if value is True:
        return gettext("yes")
    if isinstance(value, dict):
        # How many rows of each kind, or what a list was filtered by.
        called: Mapping[str, StrOrPromise] = kinds() if name == "rows" else DETAILS
        return gettext("; ").join(f"{called.get(key, key)}{gettext(': ')}{_words(row, key, each, names)}" for key, each in value.items())
    if isinstance(value, list):
        return gettext("; ").join(_words(row, name, each, names) for each in value)
    text = str(value)
    if name == "fields":
        return _field(row.model, text)
    if name == "action":
        return str(ACTIONS.get(text, NOUNS.get(text, text)))
    if name == "kind":
        return kinds().get(text, text)
    return names.get(text) or str(_CHOICES.get(name, {}).get(text, "")) or _day(text)


def _field(model: str, name: str) -> str:
    # What residents wrote in answers is told of their survey.
    for found in filter(None, (_models().get(model), _models().get("surveyanswer") if model == "survey" else None)):
        try:
            return str(getattr(found._meta.get_field(name), "verbose_name", name))
        except FieldDoesNotExist:
            continue
    return name


def _day(text: str) -> str:
    try:
        return date_format(date.fromisoformat(text), "DATE_FORMAT") if len(text) == len("2020-03-06") else text
    except ValueError:
        return text


def _identifiers(value: Any) -> list[str]:
    """Return the identifiers anywhere inside the details of a row."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in _identifiers(each)]
    if isinstance(value, list):
        return [text for each in value for text in _identifiers(each)]
    try:
        return [str(UUID(value))] if isinstance(value, str) and len(value) == len(str(UUID(int=0))) else []
    except ValueError:
        return []


def _models() -> dict[str, type[PublicModel]]:
    return {model._meta.model_name or "": model for model in apps.get_models() if issubclass(model, PublicModel)}
