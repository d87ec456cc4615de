"""The audit log in words: what its actions, kinds of objects and details say to a reader."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, cast
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
from portal.accounts.models import Reset, User
from portal.ending.checklist import STEPS
from portal.ending.models import LeftOpen
from portal.foundation.models import AuditEntry, PublicModel
from portal.pages.operations import KINDS
from portal.retention.models import Certificate, DataRequest

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# What the log's actions say; one that is not here is shown as written.
ACTIONS: Final[Mapping[str, "StrOrPromise"]] = {
    "account.activated": _("account activated"),
    "account.changed": _("account changed"),
    "account.locked_out": _("account locked after failed sign-ins"),
    "account.password_changed": _("password changed"),
    "account.proof_refused": _("proof of who it is refused"),
    "account.reset": _("account reset"),
    "account.sign_in_failed": _("sign-in failed"),
    "account.signed_in": _("signed in"),
    "account.signed_out": _("signed out"),
    "activation.issued": _("activation code issued"),
    "activation.refused": _("activation code refused"),
    "api.pulled": _("data pulled by another system"),
    "audit.archived": _("a month of the audit log archived"),
    "audit.exported": _("audit log exported"),
    "audit.read": _("audit log read"),
    "backup.failed": _("backup failed"),
    "backup.made": _("backup made"),
    "backup.restored": _("portal restored from a backup"),
    "backup.verified": _("backup opened and checked"),
    "branch.added": _("branch added"),
    "branch.changed": _("branch changed"),
    "branch.closed": _("records of a branch closed"),
    "branch.dissolved": _("branch dissolved"),
    "branch.merged": _("branch merged"),
    "branch.moved": _("branch moved"),
    "branch.reopened": _("branch opened again"),
    "branch.schedule_set": _("times of the report set"),
    "branch.took_over": _("branch took another over"),
    "branch_end.begun": _("end of a branch prepared"),
    "branch_end.explained": _("reason given why something stays open"),
    "branch_end.letters_issued": _("letters to units numbered"),
    "branch_end.narrative_saved": _("story of a branch saved"),
    "branch_end.needs_handed_on": _("open needs of a branch handed on"),
    "branch_end.pack_asked_for": _("archive pack asked for"),
    "branch_end.pack_made": _("archive pack made"),
    "branch_end.pack_taken": _("archive pack downloaded"),
    "branch_end.pack_thrown_away": _("archive pack thrown away"),
    "branch_end.seen": _("words of merit or stock seen at the end of a branch"),
    "branch_end.stock_said": _("said where goods went"),
    "branch_end.stopped": _("end of a branch given up"),
    "case.loaded": _("published case loaded"),
    "certificates.exported": _("certificates of destruction exported"),
    "check_in.recorded": _("somebody checked in, or absent"),
    "check_in.refused": _("wrong code at a post"),
    "clerks.imported": _("branches and clerks imported"),
    "clerks.uploaded": _("workbook of branches and clerks uploaded"),
    "dashboard.exported": _("dashboard exported"),
    "data_request.answered": _("request about one's own data answered"),
    "data_request.asked": _("request about one's own data"),
    "data_request.seen": _("request about one's own data seen"),
    "data_request.listed": _("list of requests about people's own data seen"),
    "demo.loaded": _("demo loaded"),
    "device.forgotten": _("device forgotten"),
    "device.trusted": _("device spared the code for 30 days"),
    "duty_post.added": _("post added"),
    "duty_post.changed": _("post changed"),
    "figure.frozen": _("figure frozen"),
    "grant.extended": _("grant extended"),
    "grant.given": _("grant given"),
    "own_data.exported": _("own data exported"),
    "hold.lifted": _("hold lifted: what is due is erased again"),
    "hold.placed": _("hold placed: nothing is erased"),
    "retention.destroyed": _("data erased whose time was over"),
    "contact_point.added": _("contact point added"),
    "contact_point.closed": _("contact point ended"),
    "contact_point.leader_set": _("leader of a contact point set"),
    "contact_points.exported": _("list of contact points exported"),
    "contact_visit.recorded": _("visit to a contact point recorded"),
    "contact_visits.seen": _("what was found at a contact point seen"),
    "grant.revoked": _("grant taken back"),
    "grants.review_closed": _("review of grants closed"),
    "grants.reviewed": _("grants reviewed"),
    "hand_over.seen": _("hand-over read"),
    "hand_over.taken": _("shift taken over"),
    "hand_over.written": _("shift handed over"),
    "job.retried": _("failed job put into the queue again"),
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
    "point_file.added": _("picture or document of a point added"),
    "point_file.seen": _("picture or document of a point looked at"),
    "point_file.taken_away": _("picture or document of a point taken away"),
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
    "reset.asked": _("reset of an officer asked for"),
    "reset.confirmed": _("reset of an officer confirmed"),
    "reset.refused": _("reset of an officer refused"),
    "roster.copied": _("last week's roster copied"),
    "roster.filled": _("roster filled"),
    "service_letter.read": _("letter to a unit read"),
    "service_note.replaced": _("words of merit changed or taken back"),
    "service_note.written": _("words of merit written"),
    "second_factor.codes_renewed": _("recovery codes made anew"),
    "second_factor.enrolled": _("second factor set up"),
    "second_factor.passed": _("code of the second factor passed"),
    "second_factor.recovered": _("recovery code used"),
    "second_factor.refused": _("code of the second factor refused"),
    "second_factor.removed": _("second factor taken away by its owner"),
    "second_factor.reset": _("second factor reset"),
    "service_record.exported": _("service record exported"),
    "service_record.seen": _("service record of a person seen"),
    "session.ended": _("session ended"),
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
    "names.searched": _("people and places searched by name"),
    "needs.searched": _("words of needs searched"),
    "words.emptied": _("words emptied, 180 days after the branch's end"),
    "check_ins.exported": _("check-ins exported"),
    "hand_overs.exported": _("hand-overs exported"),
    "hours.exported": _("hours served exported"),
    "on_site.exported": _("list of who lives on site exported"),
    "stay.added": _("somebody lives on site"),
    "stay.ended": _("stay on site ended"),
    "stay.seen": _("who lives where on site seen"),
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
    "user.searched": _("sign-ins searched by name"),
    "work_unit.added": _("work unit added"),
}
# The nouns that actions begin with, as headings of the choice.
NOUNS: Final[Mapping[str, "StrOrPromise"]] = {
    "backup": _("Backups"),
    "account": _("sign-in and password"),
    "activation": _("activation codes"),
    "api": _("other systems"),
    "audit": _("the audit log"),
    "branch": _("branches"),
    "branch_end": _("ends of branches"),
    "case": _("published cases"),
    "check_in": _("check-ins"),
    "clerks": _("import of branches and clerks"),
    "dashboard": _("dashboards"),
    "demo": _("the demo"),
    "device": _("devices of an account"),
    "duty_post": _("posts"),
    "figure": _("frozen figures"),
    "contact_point": _("contact points"),
    "contact_points": _("lists of contact points"),
    "contact_visit": _("visits to contact points"),
    "contact_visits": _("what was found at contact points"),
    "certificates": _("certificates of destruction"),
    "data_request": _("requests about one's own data"),
    "names": _("searches by name"),
    "own_data": _("exports of one's own data"),
    "hold": _("holds"),
    "retention": _("erasure of data"),
    "grant": _("grants"),
    "grants": _("reviews of grants"),
    "hand_over": _("hand-overs"),
    "import": _("import of reports"),
    "inspection": _("inspections"),
    "job": _("background jobs"),
    "inspection_point": _("points to mend"),
    "point_file": _("pictures and documents of points"),
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
    "reset": _("resets of accounts"),
    "roster": _("rosters"),
    "service_letter": _("letters to units"),
    "second_factor": _("second factor"),
    "service_note": _("words of merit"),
    "service_record": _("service records"),
    "session": _("sessions"),
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
# How much of a digest a reader compares by eye; all of it is in the export.
_ENOUGH: Final = 12
_DIGESTS: Final = frozenset({"sha256", "manifest"})
# Of what a row is told beside the fields of its object: answers of their survey, words of merit of the person.
_TOLD_WITH: Final[Mapping[str, str]] = {"survey": "surveyanswer", "person": "servicenote"}
# What the details are called; a name that is not here is shown as written.
DETAILS: Final[Mapping[str, "StrOrPromise"]] = {
    "action": _("Action"),
    "attachments": _("Attachments"),
    "branch": _("Branch"),
    "branches": _("Branches"),
    "bytes": _("Size, bytes"),
    "cause": _("Why"),
    "console": _("from the machine's console"),
    "contact_point": _("Contact point"),
    "count": _("Number"),
    "day": _("Day"),
    "day_ends_at": _("the day ends at"),
    "days": _("Days"),
    "done": pgettext_lazy("request", "done"),
    "despite": _("set aside"),
    "due": _("Report due at"),
    "empty": _("places empty"),
    "damaged": _("damaged files"),
    "fields": _("Fields"),
    "file": _("File"),
    "filled": _("places filled"),
    "filters": _("Filters"),
    "first": _("From (date)"),
    "first_day": _("From (date)"),
    "format": _("Format"),
    "from": _("From (date)"),
    "from_day": _("From (date)"),
    "given_back": _("given back"),
    "grids": _("Grids"),
    "handed_to": _("handed on to"),
    "import": _("Import"),
    "kind": _("Kind of object"),
    "last": _("To (date)"),
    "last_day": _("Last day"),
    "left_ended": _("stayed ended"),
    "machine": _("another system"),
    "made_at": _("made at"),
    "manifest": _("SHA-256 of the manifest"),
    "means": _("means"),
    "members": _("members"),
    "membership": _("Membership"),
    "month": _("Month"),
    "merged_into": _("Merged into"),
    "metric": _("Figure"),
    "missing": _("missing files"),
    "nature": _("Kind"),
    "new_device": _("from a new device"),
    "now": pgettext_lazy("of a move", "now"),
    "number": _("Version"),
    "of": _("Data"),
    "office": _("Office"),
    "parameters": _("Filters"),
    "parent": _("Lies in"),
    "people": _("people needed"),
    "person": _("person"),
    "point": _("point to mend"),
    "points": _("points to mend"),
    "pruned": _("deleted by rule"),
    "reason": _("why it does not count"),
    "region": _("Region"),
    "released": _("taken off shifts"),
    "reports": _("Reports"),
    "resource": _("Data"),
    "result": _("result"),
    "role": _("Role"),
    "rule": _("Rule"),
    "rows": _("Rows"),
    "scope": pgettext_lazy("grant", "Over"),
    "scope_id": pgettext_lazy("grant", "Over"),
    "seed": _("seed of the demo"),
    "sensitive": _("with sensitive fields"),
    "sha256": _("SHA-256"),
    "shown": _("Found"),
    "signed_by": _("signed with the key"),
    "source": _("Source"),
    "state": _("state"),
    "step": _("Step"),
    "table": _("Table"),
    "title": _("Title"),
    "to": _("To (date)"),
    "token": _("Token"),
    "tokens_ended": _("tokens ended"),
    "unit": _("Work unit"),
    "until": pgettext_lazy("hold", "Until"),
    "user": _("User"),
    "users": _("Users"),
    "was": pgettext_lazy("of a move", "before"),
    "ended": _("ended"),
    "in_use": _("in use, left as they are"),
    "kept": _("kept"),
    "what": _("what"),
    "why": _("why"),
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
    "rule": dict(Certificate.Rule.choices),
    "what": dict((*Reset.What.choices, *LeftOpen.What.choices)),
    "despite": {Obstacle.REST.value: _("less than 8 hours of rest"), Obstacle.DAYS.value: _("more than 6 days in a row")},
    "step": cast("Mapping[str, StrOrPromise]", STEPS),
    "why": {"idle": _("not used for too long"), "old": _("signed in for too long"), "by its owner": _("by its owner")},
    "resource": {"days": _("Days and their seals"), "history": _("Changes of data")},
    "scope": {"everything": _("everything"), "region": _("region"), "work_unit": _("work unit"), "branch": _("branch")},
}
# As many objects as a line names that a search showed; the file of the log has them all.
_FOUND: Final = 20


@dataclass(frozen=True, slots=True)
class Detail:
    """What a row adds: its name and what it says; `raw` where that is no word but an identifier or a name inside the portal.

    `found` are objects that a search showed, as identifier and what it is called here; `more` is how many others it showed.
    """

    name: str
    words: str
    raw: bool = False
    found: Sequence[tuple[str, str]] = ()
    more: int = 0


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
    found = row.details.get("shown")
    if isinstance(found, list):
        held.pop("shown", None)
    if held.get("scope_id"):
        held.pop("scope", None)
    said = [(name, value, _words(row, name, value, names)) for name, value in held.items()]
    details = [Detail(str(DETAILS.get(name, name)), words, raw=name in _DIGESTS or (words == value and name not in _CHOICES)) for name, value, words in said]
    return [*details, _found(found, names)] if isinstance(found, list) else details


def _found(identifiers: list[str], names: Mapping[str, str]) -> Detail:
    """Return what a search showed; that it showed nothing is told too."""
    # What was written before searches said it in identifiers leads nowhere.
    known = [each for each in identifiers if _identifiers(each)][:_FOUND]
    links = [(each, names.get(each, f"…{each[-12:]}")) for each in known]
    return Detail(str(DETAILS["shown"]), "" if identifiers else gettext("none"), found=links, more=len(identifiers) - len(links))


def _words(row: AuditEntry, name: str, value: Any, names: Mapping[str, str]) -> str:
    if value is True:
        return gettext("yes")
    if isinstance(value, dict):
        # How many rows of each kind, or what a list was filtered by.
        called: Mapping[str, StrOrPromise] = _called() if name == "rows" else DETAILS
        return gettext("; ").join(f"{called.get(key, key)}{gettext(': ')}{_words(row, key, each, names)}" for key, each in value.items())
    if isinstance(value, list):
        return gettext("; ").join(_words(row, name, each, names) for each in value)
    text = str(value)
    if name in _DIGESTS:
        return f"{text[:_ENOUGH]}…"
    if name == "fields":
        return _field(row.model, text)
    if name == "action":
        return str(ACTIONS.get(text, NOUNS.get(text, text)))
    if name == "kind":
        return kinds().get(text) or str(KINDS.get(text) or dict(DataRequest.Kind.choices).get(text, text))
    if name == "of":
        return str(NOUNS.get(text.replace("-", "_"), text))
    return names.get(text) or str(_CHOICES.get(name, {}).get(text, "")) or _day(text)


def _field(model: str, name: str) -> str:
    for found in filter(None, (_models().get(each) for each in (model, _TOLD_WITH.get(model, "")))):
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


def _called() -> dict[str, str]:
    """Return what the rows of any of our models are called, by the model's name: also of those that nobody is led to."""
    return {model._meta.model_name or "": str(model._meta.verbose_name) for model in apps.get_models()}


def _models() -> dict[str, type[PublicModel]]:
    return {model._meta.model_name or "": model for model in apps.get_models() if issubclass(model, PublicModel)}
