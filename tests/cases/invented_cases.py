"""Case files that hypothesis makes: odd levels, no dates, all qualifiers, zero, ten-digit values, spans that overlap."""

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.cases.expected import METRICS, read_csv

FIRST, REPORTED_ON = date(2019, 12, 20), date(2020, 4, 10)
DAYS = (REPORTED_ON - FIRST).days
LEVELS = ["province", "prefecture", "county", "township", "community", "compound", "site"]
UNITS = {row["code"]: row for row in read_csv("units.csv").values()}
# No surrogates and nothing that a database cannot keep; otherwise whatever people type.
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
QUALIFIERS = st.sampled_from([None, None, "nearly", "over", "about", "at_least"])


def iso(days: int) -> str:
    """The day so many days after the first."""
    return (FIRST + timedelta(days=days)).isoformat()


@st.composite
def regions(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A forest in which each region lies in an earlier one of a wider level, any levels left out, or in none."""
    rows: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 6))):
        level = draw(st.sampled_from(LEVELS))
        wider = [row["key"] for row in rows if LEVELS.index(row["level"]) < LEVELS.index(level)]
        row: dict[str, Any] = {"key": f"r{number}", "level": level, "name": f"示例{number}", "parent": draw(st.sampled_from([None, *wider]))}
        if draw(st.booleans()):
            row |= {"households": draw(st.integers(0, 2**31 - 1)), "gates": 3, "gates_open": draw(st.integers(0, 3))}
        rows.append(row)
    return rows


@st.composite
def branches(draw: st.DrawFn, places: list[str], units: list[str]) -> list[dict[str, Any]]:
    """Branches with and without dates, of all kinds."""
    rows: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 3))):
        row: dict[str, Any] = {"key": f"b{number}", "name": f"示例{number}支部", "region": draw(st.sampled_from(places))}
        row["covers"] = draw(st.lists(st.sampled_from(places), unique=True, max_size=3))
        row["units"] = [unit for unit in units if draw(st.booleans())]
        for key in ("established_on", "started_work_on"):
            if draw(st.booleans()):
                row[key] = iso(draw(st.integers(0, DAYS)))
        if draw(st.booleans()):
            row["kind"] = draw(st.sampled_from(["branch", "work_team"]))
        officer: dict[str, Any] = {"name": f"某{number}", "office": draw(st.sampled_from(["secretary", "team_leader"]))}
        sent = draw(st.booleans())
        if units and sent:
            officer |= {"unit": draw(st.sampled_from(units)), "sent_down_on": iso(draw(st.integers(0, DAYS)))}
        row["officers"] = [officer]
        rows.append(row)
    return rows


@st.composite
def facts(draw: st.DrawFn, branch: str) -> dict[str, Any]:
    """One figure; a standing value has a day of its own and no note, so that no two can hold at once."""
    metric = METRICS[draw(st.sampled_from(sorted(set(METRICS) - {"survey_satisfied", "survey_valid"})))]
    row: dict[str, Any] = {"branch": branch, "kind": metric["kind"], "metric": metric["code"]}
    start = draw(st.integers(0, DAYS))
    if draw(st.booleans()):
        row["on"] = iso(start)
        if draw(st.booleans()):
            row["start"] = f"{draw(st.integers(0, 23)):02d}:{draw(st.integers(0, 59)):02d}"
    else:
        row |= {"from": iso(start), "to": iso(draw(st.integers(start, DAYS)))}
        if draw(st.booleans()):
            row |= {"undated": True}
    row |= draw(values(metric))
    if (qualifier := draw(QUALIFIERS)) is not None:
        row |= {"qualifier": qualifier, "qualifier_text": draw(WORDS)}
    if draw(st.booleans()):
        row["note"] = draw(WORDS)
    return row


@st.composite
def values(draw: st.DrawFn, metric: dict[str, str]) -> dict[str, Any]:
    """A value with a printed unit: zero, small, and up to ten digits, as fine as the metric is in that unit."""
    unit = draw(st.sampled_from(["公斤", "斤", "吨", "千克"])) if metric["unit"] == "kg" else printed(draw, metric)
    whole: int = draw(st.one_of(st.just(0), st.integers(1, 500), st.integers(10**9, 10**10 - 1)))
    if metric["unit"] == "kg" and draw(st.booleans()):
        return {"value": whole + 0.5, "unit": unit}
    return {"value": whole, "unit": unit}


def printed(draw: st.DrawFn, metric: dict[str, str]) -> str:
    """The unit's name, or one of its aliases."""
    aliases = [*metric["unit_aliases_zh"].split(";"), *UNITS[metric["unit"]]["aliases_zh"].split(";")]
    return draw(st.sampled_from([metric["unit_zh"], *(alias for alias in aliases if alias)]))


def one_standing_value_a_span(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what the loader refuses: a second value of a `latest` metric for the same days."""
    seen: set[tuple[Any, ...]] = set()
    kept = []
    for row in rows:
        same = (row["branch"], row["metric"], row.get("on"), row.get("from"), row.get("to"), row.get("undated", False))
        if METRICS[row["metric"]]["over_time"] == "latest" and same in seen:
            continue
        seen.add(same)
        kept.append(row)
    return kept


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """A whole case without a fault."""
    places = draw(regions())
    units: list[dict[str, Any]] = [
        {"key": f"u{number}", "name": f"示例单位{number}", "parent": f"u{number - 1}" if number else None} for number in range(draw(st.integers(0, 3)))
    ]
    listed = draw(branches([row["key"] for row in places], [row["key"] for row in units]))
    figures = draw(st.lists(st.sampled_from([row["key"] for row in listed]).flatmap(facts), max_size=14))
    return {
        "title": draw(WORDS),
        "title_en": "An invented case",
        "reported_on": REPORTED_ON.isoformat(),
        "regions": places,
        "units": units,
        "branches": listed,
        "facts": one_standing_value_a_span(figures),
    }
