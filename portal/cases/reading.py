"""A case file judged as a whole: every fault is named by its path, and nothing is stored from a file that has one.

Pure: the catalogue of metrics and units is handed in, the database is not asked.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date, time
from decimal import Decimal
from fractions import Fraction

from django.utils.translation import gettext as _

from activities.figures import LIMIT, Qualifier
from activities.models import ActivityKind, OverTime
from branches.models import Branch, Level
from members.models import OfficerTerm
from portal.cases import shape
from portal.cases.nodes import CaseFileError, Node, Problem, parse

TOP = ({"title", "title_en", "reported_on", "regions", "units", "branches", "facts"}, {"note", "supplies", "statements", "practices"})
REGION = ({"key", "level", "name", "parent"}, {"code", "households", "residents", "buildings", "gates", "gates_open", "unmanaged"})
UNIT = ({"key", "name", "parent"}, set[str]())
BRANCH = (
    {"key", "name", "region"},
    {"kind", "covers", "established_on", "started_work_on", "guided_by", "member_count", "waves", "units", "officers", "grids", "squads"},
)
WAVE = ({"count"}, {"sent_down_on"})
OFFICER = ({"name", "office"}, {"unit", "job", "veteran", "sent_down_on"})
FACT = ({"branch", "kind", "metric", "value", "unit"}, {"on", "from", "to", "qualifier", "qualifier_text", "start", "note", "undated"})
SUPPLY = ({"branch", "item", "value", "unit"}, {"qualifier"})
STATEMENT = ({"about", "what", "what_zh", "value", "computes"}, {"qualifier", "note"})

# No word means exact.
QUALIFIERS = tuple(qualifier.value for qualifier in Qualifier if qualifier is not Qualifier.EXACT)
# Columns of the models, in characters; a key stands with a prefix in theirs.
NAME, KEY, PERSON, ITEM, WORDS, NOTE = 100, 60, 60, 100, 200, 300
DECIMALS = 3

_CODE = re.compile(r"\d{6}|\d{9}|\d{12}", re.ASCII)
_COMPUTES = re.compile(r"(?P<how>sum|latest|ratio_percent):(?P<metrics>.+)", re.ASCII)


def read_case(data: bytes, catalogue: shape.Catalogue, today: date) -> shape.Case:
    """Read and judge a whole case file.

    Raises:
        CaseFileError: the file has faults; all of them, in the order of the file's sections.
    """
    reader = _Reader(catalogue, today)
    case = reader.case(parse(data))
    if reader.problems:
        raise CaseFileError(reader.problems)
    return case


class _Reader:
    """Reads one file section by section, so that each knows the keys of those before it."""

    def __init__(self, catalogue: shape.Catalogue, today: date) -> None:
        self.problems: list[Problem] = []
        self.catalogue = catalogue
        self.today = today
        self.reported_on = today
        self.keys: dict[str, set[str]] = {"region": set(), "unit": set(), "branch": set()}

    def case(self, value: object) -> shape.Case:
        """Read the file's object."""
        top = Node.read(self.problems, "", value, *TOP)
        title, title_en, note = top.text("title", WORDS), top.text("title_en", WORDS), top.text("note")
        self.reported_on = top.day("reported_on") or self.today
        if self.reported_on > self.today:
            top.note("reported_on", _("This day is still to come."))
        lists = {section: top.nodes(section, *keys) for section, keys in (("regions", REGION), ("units", UNIT), ("branches", BRANCH))}
        for what, section in (("region", "regions"), ("unit", "units"), ("branch", "branches")):
            self.keys[what] = self._keys(lists[section])
        regions = tuple(self._region(node) for node in lists["regions"])
        self._judge_tree(regions, {region.key: region.parent for region in regions})
        self._judge_regions(regions)
        units = tuple(self._unit(node) for node in lists["units"])
        self._judge_tree(units, {unit.key: unit.parent for unit in units})
        branches = tuple(self._branch(node) for node in lists["branches"])
        self._judge_officers(branches)
        facts = tuple(fact for node in top.nodes("facts", *FACT) if (fact := self._fact(node)))
        self._judge_facts(facts)
        supplies = tuple(supply for node in top.nodes("supplies", *SUPPLY) if (supply := self._supply(node)))
        statements = tuple(statement for node in top.nodes("statements", *STATEMENT) if (statement := self._statement(node)))
        return shape.Case(title, title_en, self.reported_on, note, regions, units, branches, facts, supplies, statements, top.texts("practices"))

    def _note(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))

    def _keys(self, nodes: Iterable[Node]) -> set[str]:
        """Collect the keys of a section's rows; each stands there once."""
        keys: set[str] = set()
        for node in nodes:
            key = node.text("key", KEY)
            if key in keys:
                node.note("key", _("“%(key)s” is the key of an earlier row.") % {"key": key})
            elif key:
                keys.add(key)
        return keys

    # --- Regions and units ----------------------------------------------------------------------------------------------

    def _region(self, node: Node) -> shape.RegionRow:
        code = node.text("code")
        if code and not _CODE.fullmatch(code):
            node.note("code", _("A region code has 6, 9 or 12 digits."))
        gates, gates_open = node.count("gates"), node.count("gates_open")
        if gates is not None and gates_open is not None and gates_open > gates:
            node.note("gates_open", _("There are more open gates than gates."))
        return shape.RegionRow(
            path=node.path,
            key=_key(node),
            level=node.choice("level", Level.values),
            name=node.text("name", NAME),
            code=code,
            parent=node.reference("parent", self.keys["region"], nullable=True),
            households=node.count("households"),
            residents=node.count("residents"),
            buildings=node.count("buildings"),
            gates=gates,
            gates_open=gates_open,
            unmanaged=node.flag("unmanaged"),
        )

    def _unit(self, node: Node) -> shape.UnitRow:
        return shape.UnitRow(node.path, _key(node), node.text("name", NAME), node.reference("parent", self.keys["unit"], nullable=True))

    def _judge_tree(self, rows: Iterable[shape.RegionRow | shape.UnitRow], parents: Mapping[str, str | None]) -> None:
        """Note each row that lies below itself."""
        for row in rows:
            above, seen = parents.get(row.key), set[str]()
            while above is not None and above != row.key and above not in seen:
                seen.add(above)
                above = parents.get(above)
            if above is not None and above == row.key:
                self._note(f"{row.path}.parent", _("“%(key)s” would lie below itself.") % {"key": row.key})

    def _judge_regions(self, regions: Iterable[shape.RegionRow]) -> None:
        """Note codes and names written twice, and parents of a narrower level."""
        by_key = {region.key: region for region in regions}
        codes: dict[str, str] = {}
        names: dict[tuple[str, str | None], str] = {}
        for region in regions:
            if region.code and codes.setdefault(region.code, region.key) != region.key:
                self._note(f"{region.path}.code", _("“%(key)s” has this code already.") % {"key": codes[region.code]})
            if region.name and names.setdefault((region.name, region.parent), region.key) != region.key:
                self._note(f"{region.path}.name", _("“%(key)s” has this name in the same place already.") % {"key": names[(region.name, region.parent)]})
            parent = by_key.get(region.parent or "")
            if parent and parent.level and region.level and Level(parent.level).rank > Level(region.level).rank:
                self._note(f"{region.path}.parent", _("“%(key)s” is of a narrower level than this region.") % {"key": parent.key})

    # --- Branches -------------------------------------------------------------------------------------------------------

    def _branch(self, node: Node) -> shape.BranchRow:
        return shape.BranchRow(
            path=node.path,
            key=_key(node),
            name=node.text("name", NAME),
            kind=node.choice("kind", Branch.Kind.values, Branch.Kind.BRANCH),
            region=node.reference("region", self.keys["region"]) or "",
            covers=node.references("covers", self.keys["region"]),
            established_on=self._past_day(node, "established_on"),
            started_work_on=self._past_day(node, "started_work_on"),
            guided_by=node.text("guided_by", NAME),
            member_count=node.count("member_count"),
            grids=node.count("grids"),
            squads=node.count("squads"),
            waves=tuple(shape.WaveRow(wave.count("count") or 0, self._past_day(wave, "sent_down_on")) for wave in node.nodes("waves", *WAVE)),
            units=node.references("units", self.keys["unit"]),
            officers=tuple(self._officer(officer) for officer in node.nodes("officers", *OFFICER)),
        )

    def _officer(self, node: Node) -> shape.OfficerRow:
        return shape.OfficerRow(
            path=node.path,
            name=node.text("name", PERSON),
            office=node.choice("office", OfficerTerm.Office.values),
            unit=node.reference("unit", self.keys["unit"]),
            job=node.text("job", PERSON),
            veteran=node.flag("veteran"),
            sent_down_on=self._past_day(node, "sent_down_on"),
        )

    def _past_day(self, node: Node, key: str) -> date | None:
        """Read a day that the text can speak of: not after the one up to which it reports."""
        day = node.day(key)
        if day is not None and day > self.reported_on:
            node.note(key, _("This day is after the day up to which the case reports."))
        return day

    def _judge_officers(self, branches: Iterable[shape.BranchRow]) -> None:
        """Note two secretaries of a branch, and a person in two branches: no end is known, so their times overlap."""
        homes: dict[tuple[str, str], str] = {}
        for branch in branches:
            held: set[tuple[str, str]] = set()
            sent: dict[str, tuple[str | None, date | None]] = {}
            for officer in branch.officers:
                if officer.office == OfficerTerm.Office.SECRETARY and any(office == officer.office for _name, office in held):
                    self._note(f"{officer.path}.office", _("The branch has a secretary in that time already."))
                elif (officer.name, officer.office) in held:
                    self._note(f"{officer.path}.office", _("“%(name)s” holds this office already.") % {"name": officer.name})
                held.add((officer.name, officer.office))
                if sent.setdefault(officer.name, (officer.unit, officer.sent_down_on)) != (officer.unit, officer.sent_down_on):
                    self._note(f"{officer.path}.name", _("“%(name)s” stands here twice, sent in two ways.") % {"name": officer.name})
                home = homes.setdefault((officer.name, officer.unit), branch.key) if officer.unit else branch.key
                if home != branch.key:
                    message = _("“%(name)s” is an officer of “%(branch)s” in that time.") % {"name": officer.name, "branch": home}
                    self._note(f"{officer.path}.name", message)

    # --- Figures --------------------------------------------------------------------------------------------------------

    def _fact(self, node: Node) -> shape.FactRow | None:
        """Read a figure; None when a part is missing without which the others cannot be judged."""
        span = self._span(node)
        branch = node.reference("branch", self.keys["branch"])
        kind = node.choice("kind", ActivityKind.values)
        metric = self._metric(node)
        if metric and kind and metric.kind != kind:
            message = _("“%(metric)s” is a figure of kind “%(own)s”, not “%(kind)s”.") % {"metric": metric.code, "own": metric.kind, "kind": kind}
            node.note("kind", message)
        value = self._value(node)
        printed = node.text("unit", 20)
        unit = self._fitting_unit(node, metric, printed) if metric and printed else None
        if metric and unit and value is not None:
            self._judge_conversion(node, value, unit, metric)
        qualifier, qualifier_text, note = self._qualifier(node), node.text("qualifier_text", 40), node.text("note")
        start = node.time_of_day("start")
        undated = node.flag("undated")
        if start is not None and not node.has("on"):
            node.note("start", _("A time of day goes with “on”."))
        if undated and node.has("on"):
            node.note("undated", _("A figure with a day is not undated."))
        if span is None or branch is None or metric is None or unit is None or value is None:
            return None
        unit_text = "" if printed == self.catalogue.units[unit.code].name_zh else printed
        return shape.FactRow(
            node.path, branch, *span, node.has("on"), undated, kind, metric.code, value, unit.code, unit_text, qualifier, qualifier_text, start, note
        )

    def _metric(self, node: Node) -> shape.MetricInfo | None:
        """Read a metric's code."""
        code = node.text("metric")
        if code and code not in self.catalogue.metrics:
            node.note("metric", _("“%(code)s” is not a known metric.") % {"code": code})
        return self.catalogue.metrics.get(code)

    def _span(self, node: Node) -> tuple[date, date] | None:
        """Read `on`, or `from` and `to`."""
        on, first, last = self._past_day(node, "on"), self._past_day(node, "from"), self._past_day(node, "to")
        ranged = node.has("from") or node.has("to")
        if node.has("on") and ranged:
            node.note("on", _("A figure has either “on”, or “from” and “to”."))
        elif ranged and not (node.has("from") and node.has("to")):
            node.note("to" if node.has("from") else "from", _("“from” and “to” go together."))
        elif not ranged and not node.has("on") and node.data:
            node.note("on", _("This key is missing; “from” and “to” may stand in its place."))
        if first is not None and last is not None and last < first:
            node.note("to", _("The end is before the start."))
            return None
        if on is not None:
            return on, on
        return (first, last) if first is not None and last is not None else None

    def _value(self, node: Node) -> Decimal | None:
        """Read a number from 0 to below 10^15, with up to three decimals."""
        value = node.number("value")
        if value is None:
            return None
        if value < 0:
            node.note("value", _("A figure cannot be negative."))
        elif value >= LIMIT:
            node.note("value", _("This number is too large. Figures stay below 1,000,000,000,000,000."))
        # The size first: the fraction of 1e-999999999 would not fit into memory.
        elif value and (value.adjusted() < -DECIMALS or not _as_fine_as(Fraction(value), DECIMALS)):
            node.note("value", _("A figure has at most three decimals."))
        else:
            return value or Decimal(0)
        return None

    def _fitting_unit(self, node: Node, metric: shape.MetricInfo, printed: str) -> shape.UnitInfo | None:
        """Return the unit that the printed word means for this metric.

        The metric's own unit goes by its name and aliases (户 is printed for 户次); failing that it is a unit of the same dimension, by its
        name before its aliases. Print is loose (36件 for 36项): the metric decides what was counted, the word is kept.
        """
        own = self.catalogue.units[metric.unit]
        if printed in {metric.unit_zh, own.name_zh, *metric.unit_aliases, *own.aliases}:
            return own
        named = self._units_called(printed)
        for unit in named:
            if unit.dimension == own.dimension:
                return unit
        words = {"unit": printed, "metric": metric.code, "own": metric.unit_zh}
        node.note("unit", (_("“%(unit)s” does not fit “%(metric)s”, which counts %(own)s.") if named else _("“%(unit)s” is not a known unit.")) % words)
        return None

    def _judge_conversion(self, node: Node, value: Decimal, unit: shape.UnitInfo, metric: shape.MetricInfo) -> None:
        """Note a value that the metric's own unit cannot hold."""
        stored = Fraction(value) * Fraction(unit.factor) / Fraction(self.catalogue.units[metric.unit].factor)
        if not _as_fine_as(stored, metric.decimals):
            node.note("value", _("“%(metric)s” has at most %(count)d decimals.") % {"metric": metric.code, "count": metric.decimals})
        elif stored >= LIMIT:
            node.note("value", _("This number is too large. Figures stay below 1,000,000,000,000,000."))

    def _qualifier(self, node: Node) -> Qualifier:
        return Qualifier(node.choice("qualifier", QUALIFIERS, Qualifier.EXACT))

    def _judge_facts(self, facts: Iterable[shape.FactRow]) -> None:
        """Note what single figures do not show: two latest values for one span, more satisfied answers than valid ones."""
        last: dict[tuple[object, ...], shape.FactRow] = {}
        valid: dict[tuple[object, ...], shape.FactRow] = {}
        for fact in facts:
            span = (fact.branch, fact.first, fact.last, fact.dated, fact.undated)
            if self.catalogue.metrics[fact.metric].over_time == OverTime.LATEST and last.setdefault((*span, fact.metric), fact) is not fact:
                message = _("%(path)s gives this figure for the same days; only one value can hold.") % {"path": last[(*span, fact.metric)].path}
                self._note(fact.path, message)
            if fact.metric == "survey_valid" and fact.qualifier is Qualifier.EXACT:
                valid.setdefault((*span, *entry_of(fact)), fact)
        for fact in facts:
            span = (fact.branch, fact.first, fact.last, fact.dated, fact.undated)
            whole = valid.get((*span, *entry_of(fact)))
            if fact.metric == "survey_satisfied" and fact.qualifier is Qualifier.EXACT and whole is not None and fact.value > whole.value:
                self._note(f"{fact.path}.value", _("There cannot be more satisfied answers than valid ones."))

    # --- Goods and statements -------------------------------------------------------------------------------------------

    def _supply(self, node: Node) -> shape.SupplyRow | None:
        branch, item, value, qualifier = node.reference("branch", self.keys["branch"]), node.text("item", ITEM), self._value(node), self._qualifier(node)
        printed = node.text("unit", 20)
        unit = self._unit_of_goods(node, printed) if printed else None
        if branch is None or value is None or unit is None:
            return None
        return shape.SupplyRow(node.path, branch, item, value, unit.code, "" if printed == unit.name_zh else printed, qualifier)

    def _unit_of_goods(self, node: Node, printed: str) -> shape.UnitInfo | None:
        """Return the unit with this name or, failing that, this alias."""
        named = self._units_called(printed)
        if not named:
            node.note("unit", _("“%(unit)s” is not a known unit.") % {"unit": printed})
        return named[0] if named else None

    def _units_called(self, printed: str) -> list[shape.UnitInfo]:
        """Return the units with this name, then those with this alias."""
        units = self.catalogue.units.values()
        return [unit for unit in units if printed == unit.name_zh] + [unit for unit in units if printed in unit.aliases]

    def _statement(self, node: Node) -> shape.StatementRow | None:
        about = self._about(node)
        value = self._value(node)
        what, what_zh, note = node.text("what", WORDS), node.text("what_zh", WORDS), node.text("note", NOTE)
        computes, qualifier = self._computes(node), self._qualifier(node)
        if about is None or value is None:
            return None
        return shape.StatementRow(node.path, about, what, what_zh, value, qualifier, computes, note)

    def _about(self, node: Node) -> tuple[str, str] | None:
        """Read what a statement is about, as in `branch:lingyun-1`."""
        text = node.text("about")
        if not text:
            return None
        what, _colon, key = text.partition(":")
        if what not in self.keys:
            node.note("about", _("This begins with “branch:”, “unit:” or “region:”."))
        elif key not in self.keys[what]:
            node.note("about", _("“%(value)s” is not a key in this file.") % {"value": key})
        else:
            return what, key
        return None

    def _computes(self, node: Node) -> str:
        """Read which own figure stands beside a statement; empty for null."""
        if node.data.get("computes") is None:
            return ""
        text = node.text("computes", WORDS)
        if text in {"", "households", "residents"}:
            return text
        match = _COMPUTES.fullmatch(text)
        codes = re.split(r"[+/]", match["metrics"]) if match else []
        if match is None or not _well_formed(match["how"], match["metrics"]):
            node.note("computes", _("This is null, “households”, “residents”, “sum:a+b”, “latest:a” or “ratio_percent:a/b” with codes of metrics."))
            return ""
        for code in codes:
            if code not in self.catalogue.metrics:
                node.note("computes", _("“%(code)s” is not a known metric.") % {"code": code})
        return self._judge_computes(node, text, match["how"], [self.catalogue.metrics[code] for code in codes if code in self.catalogue.metrics])

    def _judge_computes(self, node: Node, text: str, how: str, metrics: list[shape.MetricInfo]) -> str:
        """Note a figure that cannot be computed: a sum of what is never added, or of several units; a latest value of what adds."""
        wanted = OverTime.LATEST if how == "latest" else OverTime.SUM
        for metric in metrics:
            if how != "ratio_percent" and metric.over_time != wanted:
                node.note(
                    "computes", _("“%(code)s” cannot be computed like this: its way over time is “%(way)s”.") % {"code": metric.code, "way": metric.over_time}
                )
        if how == "sum" and len({metric.unit for metric in metrics}) > 1:
            node.note("computes", _("Figures in several units cannot be added."))
        return text


def entry_of(fact: shape.FactRow) -> tuple[str, time | None, str]:
    """Return what figures of one report share when they stand in one entry."""
    return fact.kind, fact.start, fact.note


def _key(node: Node) -> str:
    """Return a row's key; `_keys` has judged it."""
    key = node.data.get("key", "")
    return key if isinstance(key, str) else ""


def _as_fine_as(value: Fraction, decimals: int) -> bool:
    return int((value * 10**decimals).denominator) == 1


def _well_formed(how: str, metrics: str) -> bool:
    name = r"[a-z0-9_]+"
    forms: dict[str, str] = {"sum": rf"{name}(\+{name})*", "latest": name, "ratio_percent": rf"{name}/{name}"}
    return re.fullmatch(forms[how], metrics) is not None
