#!/usr/bin/env python
"""`make bench`: measure what docs and issues promise about speed, beside the plain way of doing it, on the same data in the same run.

    make bench                                          both sizes, every row
    make bench ARGS="--sizes 1000000 --only dashboard"  one of them
    make bench ARGS=--quick                             small and once; fails when a result is wrong, never because it was slow

A PostgreSQL of its own is started, with production's settings; each size is filled once, and kept with `--keep`. Each measurement is a process of
its own. The table goes to standard output and to `benchmarks/RESULTS.md`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Final

# Run as a script, Python looks beside it only.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import database, machine, report
from benchmarks.database import ROOT
from benchmarks.growth import grown
from benchmarks.measuring import RUNS, Measured, Work, Wrong, measure

RESULTS: Final = ROOT / "benchmarks" / "RESULTS.md"
SIZES: Final = (1_000_000, 10_000_000)
# The smaller one shows how cost grows; both have the branches of the larger.
QUICK: Final = (20_000, 200_000)
QUICK_BRANCHES: Final = 1_000
# Those of which rows touched are counted and compared between sizes.
GROWING: Final = ("totals", "lists", "dashboard")
# By the name under which `--only` chooses them. Those of a size share a copy of its data: first those that only read, then those that file.
SUBJECTS: Final = ("hot", "totals", "lists", "notes", "exports", "pull", "dashboard", "filing", "imports", "crowd", "feed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write the table; 1 when a result is wrong."""
    asked = _asked(arguments)
    if asked.measure:
        return _measure_here(asked.measure, asked.entries, quick=asked.quick, runs=asked.runs)
    sizes = sorted(asked.sizes)
    branches = asked.branches or (QUICK_BRANCHES if asked.quick else _branches(max(sizes)))
    rows: list[Measured] = []
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="bench-") if asked.keep is None else nullcontext(str(asked.keep)) as folder:
        # A server of root's runs as another user, who must reach its files.
        Path(folder).mkdir(parents=True, exist_ok=True)
        Path(folder).chmod(0o711)
        # Plans are the same without fsync, and nobody keeps the times of a quick run.
        durable = asked.keep is not None or not (asked.quick or asked.only == ["hot"])
        with database.server(Path(folder) / "var", durable=durable) as running:
            _collect_static(database.environment(running, "postgres"))
            for entries in sizes:
                with database.filled(database.Size(entries, branches), running, kept=asked.keep is not None) as env:
                    for subject in _at(entries, asked):
                        found = _in_own_process(subject, entries, env, quick=asked.quick, runs=asked.runs)
                        rows += found if isinstance(found, list) else []
                        wrong += [found] if isinstance(found, str) else []
            settings = database.settings_of(running)
    growth = grown(rows)
    wrong += [row.wrong for row in growth if row.wrong]
    table = report.written(rows, growth, machine.described(json.loads(settings)), _left_out(asked), command=_command(asked))
    print(table)
    if asked.results:
        asked.results.write_text(table, encoding="utf-8")
    for each in wrong:
        print(f"WRONG: {each}", file=sys.stderr)
    return 1 if wrong else 0


def measured(subject: str, entries: int, *, quick: bool = False, runs: int = RUNS) -> list[Measured]:
    """Measure a subject on the database at hand.

    Raises:
        Wrong: a result is not what it has to be.
    """
    # Only in the process that measures: the one that starts the server has no database.
    from benchmarks.subjects import crowd, dashboard, exports, feed, filing, hot, imports, lists, notes, pull, totals

    several = 10 if quick else filing.REPORTS
    works: dict[str, Callable[[], list[Work]]] = {
        "dashboard": lambda: dashboard.works(200 if quick else dashboard.REPORTS),
        "totals": totals.works,
        "filing": lambda: filing.works(runs, several),
        "imports": lambda: imports.works(runs, 5_000 if quick else imports.ROWS),
        "lists": lists.works,
        "notes": notes.works,
    }
    if subject in works:
        rows = [measure(work, entries, runs=runs) for work in works[subject]()]
    elif subject == "crowd":
        rows = crowd.measured(entries, runs=runs)
    elif subject == "exports":
        rows = exports.measured(entries, runs=runs, rows=20_000 if quick else exports.ROWS)
    elif subject == "pull":
        rows = pull.measured(entries, runs=runs, some=1_000 if quick else pull.SOME)
    else:
        rows = {"feed": feed, "hot": hot}[subject].measured(entries)
    return [replace(row, row=f"{subject} {number}") for number, row in enumerate(rows)]


def _measure_here(subject: str, entries: int, *, quick: bool, runs: int) -> int:
    """Print what was measured as JSON; on the last line, for whatever may have been printed before."""
    import django

    django.setup()
    try:
        rows = measured(subject, entries, quick=quick, runs=runs)
    except Wrong as error:
        print(json.dumps({"wrong": str(error)}))
        return 1
    print(json.dumps({"rows": [row.to_json() for row in rows]}))
    return 0


def _in_own_process(subject: str, entries: int, env: dict[str, str], *, quick: bool, runs: int) -> list[Measured] | str:
    """Return the rows of a subject, or what is wrong with them; one that could not be measured at all takes no other with it."""
    print(f"{subject}, {entries:,} entries …", file=sys.stderr, flush=True)
    options = {"--measure": subject, "--entries": str(entries), "--runs": str(runs)}
    command = [
        sys.executable,
        "-W",
        "ignore::RuntimeWarning",
        __file__,
        *(word for option in options.items() for word in option),
        *(["--quick"] if quick else []),
    ]
    done = subprocess.run(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if not done.stdout.strip():
        return f"{subject}, {entries:,} entries: could not be measured"
    said = json.loads(done.stdout.strip().splitlines()[-1])
    return said["wrong"] if "wrong" in said else [Measured.from_json(row) for row in said["rows"]]


def _collect_static(env: dict[str, str]) -> None:
    """Name the pages' files after their content, as in production: a page refers to them so."""
    subprocess.run([sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"], env=env, cwd=ROOT, check=True)


def _branches(entries: int) -> int:
    """Return how many branches stand behind every size of a run: as many as the generator gives the largest."""
    from benchmarks.generate import branches_for

    return branches_for(entries)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the portal beside plain ways of doing the same.")
    parser.add_argument("--quick", action="store_true", help="200,000 entries of 1,000 branches, one run; fails only when a result is wrong")
    parser.add_argument("--sizes", type=_numbers, help="entries, parted by commas (1000000,10000000)")
    parser.add_argument("--branches", type=int, help="branches at every size (as many as the generator gives the largest)")
    parser.add_argument("--only", type=_names, help=f"of {', '.join(SUBJECTS)}")
    parser.add_argument("--runs", type=int, help=f"how often each side runs ({RUNS}; once with --quick)")
    parser.add_argument("--keep", type=Path, help="a folder where filled databases stay for the next run")
    parser.add_argument("--results", type=Path, help=f"where the table goes ({RESULTS.name}; nowhere with --quick)")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--entries", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    asked.sizes = asked.sizes or (QUICK if asked.quick else SIZES)
    asked.only = asked.only or _subjects(quick=asked.quick)
    asked.runs = asked.runs or (1 if asked.quick else RUNS)
    asked.results = asked.results or (None if asked.quick else RESULTS)
    return asked


def _subjects(*, quick: bool) -> list[str]:
    """Return what is measured unless some are named; the planner reads a small table as it likes, so nothing small is explained."""
    return [subject for subject in SUBJECTS if subject != "hot" or not quick]


def _command(asked: argparse.Namespace) -> str:
    """Return the command that does the same; folders are of no concern to a reader."""
    sizes = None if tuple(asked.sizes) in (SIZES, QUICK) else f"--sizes {','.join(map(str, asked.sizes))}"
    runs = None if asked.runs == (1 if asked.quick else RUNS) else f"--runs {asked.runs}"
    branches = f"--branches {asked.branches}" if asked.branches else None
    words = [
        "--quick" if asked.quick else None,
        sizes,
        branches,
        runs,
        None if asked.only == _subjects(quick=asked.quick) else f"--only {','.join(asked.only)}",
    ]
    said = " ".join(word for word in words if word)
    return f'make bench ARGS="{said}"' if said else "make bench"


def _at(entries: int, asked: argparse.Namespace) -> list[str]:
    """Return the subjects of a size; of a quick run the smaller one is only there to see how cost grows."""
    growing_only = asked.quick and entries < max(asked.sizes)
    return [subject for subject in SUBJECTS if subject in asked.only and (subject in GROWING or not growing_only)]


def _left_out(asked: argparse.Namespace) -> dict[str, str]:
    """Return the sizes and subjects of a full run that were not asked for."""
    sizes = [f"{size:,} entries" for size in SIZES if size not in asked.sizes]
    return dict.fromkeys([*sizes, *(subject for subject in SUBJECTS if subject not in asked.only)], "not asked for in this run")


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _names(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - set(SUBJECTS):
        raise argparse.ArgumentTypeError(f"there is no {', '.join(sorted(unknown))}")
    return names


if __name__ == "__main__":
    sys.exit(main())
