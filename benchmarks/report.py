"""The table, as Markdown."""

from collections.abc import Iterable, Sequence

from benchmarks.growth import Grown
from benchmarks.measuring import Measured, Timing

HEAD = "| work | entries | ours | baseline | ratio | target | |\n|---|---:|---|---|---:|---|---|"


def written(rows: Sequence[Measured], grown: Sequence[Grown], machine: Iterable[str], missing: dict[str, str], *, command: str) -> str:
    """Return what a run found."""
    sections = [
        "# What was measured",
        f"By `{command}`. Each row is a ratio inside one run; times are medians of {_runs(rows)} with (least..most)."
        " Every result was compared before it was timed.",
        "\n".join(f"- {line}" for line in machine),
        "\n".join([HEAD, *map(_row, rows)]),
        *(["## How cost grows", *[_growth(grown)]] if grown else []),
        "## What is compared",
        "\n".join(dict.fromkeys(f"- {row.name.split(',')[0]}: {row.ours}; baseline: {row.theirs}." for row in rows if row.theirs)),
        *(["## Not measured", "\n".join(f"- {what}: {why}" for what, why in missing.items())] if missing else []),
    ]
    return "\n\n".join(sections) + "\n"


def _row(row: Measured) -> str:
    verdict = {True: "reached", False: "**missed**", None: ""}[row.reached]
    ratio = f"{row.ratio:,.2f}x" if row.ratio is not None and row.ratio < 10 else f"{row.ratio:,.0f}x" if row.ratio is not None else ""
    remarks = "; ".join(filter(None, (verdict, *row.notes)))
    return f"| {row.name} | {row.entries:,} | {_time(row.subject)} | {_time(row.baseline)} | {ratio} | {row.wanted} | {remarks} |"


def _growth(grown: Sequence[Grown]) -> str:
    head = "| work | entries | statements | rows touched | time | verdict |\n|---|---|---|---|---:|---|"
    return "\n".join([head, *(_grown(row) for row in grown)])


def _grown(row: Grown) -> str:
    entries = " → ".join(f"{size:,}" for size in row.entries)
    statements = " → ".join(f"{cost.queries}" for cost in row.costs)
    touched = " → ".join(f"{cost.rows:,}" for cost in row.costs)
    return f"| {row.name} | {entries} | {statements} | {touched} | {row.time:.2f}x | {row.verdict} |"


def _time(timing: Timing | None) -> str:
    if timing is None:
        return ""
    return f"{_told(timing.median)} ({_told(min(timing.seconds))}..{_told(max(timing.seconds))})"


def _told(seconds: float) -> str:
    return f"{seconds:,.2f} s" if seconds >= 1 else f"{seconds * 1000:,.1f} ms" if seconds >= 0.01 else f"{seconds * 1000:,.2f} ms"


def _runs(rows: Iterable[Measured]) -> int:
    return min((len(row.subject.seconds) for row in rows if row.subject and row.baseline), default=0)
