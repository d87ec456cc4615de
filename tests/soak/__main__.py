"""`make soak MINUTES=5`: see what becomes of reports while everything fails; ends with 1 when a promise was broken."""

import argparse
import random
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from statistics import median

from tests.soak.run import Plan, Result, soaked


def main() -> int:
    """Run, print the figures as a table, and return 1 after a violation."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--reports", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--disk", type=int, default=1536, help="MiB")
    arguments = parser.parse_args()
    plan = Plan(arguments.seed, arguments.minutes, arguments.reports, size=arguments.disk)
    with tempfile.TemporaryDirectory(prefix="portal-soak-") as folder:
        Path(folder).chmod(0o711)
        with soaked(plan, Path(folder)) as (_soak, result):
            print(table(result))
    return 1 if result.violations else 0


def table(result: Result) -> str:
    """Return the figures of a run, in Markdown."""
    verdict, ledger = result.verdict, result.ledger
    lines = [
        f"Seed {result.plan.seed}; {result.plan.phones} phones in {result.plan.processes} processes; {result.disk}; {result.seconds:.0f} s of filing,"
        f" {result.quiet:.1f} s until ready with everything folded.",
        "",
        "| reports | |",
        "|---|---:|",
        f"| sent | {verdict.sent:,} |",
        f"| acknowledged | {verdict.acknowledged:,} |",
        f"| stored | {verdict.stored:,} |",
        f"| **acknowledged and lost** | **{len(verdict.lost)}** |",
        f"| **doubled** | **{len(verdict.doubled)}** |",
        f"| **half-saved** | **{len(verdict.halved)}** |",
        f"| stored and never sent | {len(verdict.invented)} |",
        f"| totals that differ from a recount | {len(result.extra)} |",
        f"| tries | {ledger.answers.total():,} |",
        f"| answers | {', '.join(f'{name} {count:,}' for name, count in ledger.answers.most_common())} |",
        f"| faults on the wire | {', '.join(f'{name} {count:,}' for name, count in sorted(result.wire.items()))} |",
        *(f"| refused | {words}: {count:,} |" for words, count in ledger.refusals.most_common(5)),
        "",
        "| fault | times | longest time without an acknowledgement, s: median | worst |",
        "|---|---:|---:|---:|",
    ]
    silences: dict[str, list[float]] = defaultdict(list)
    for happened in result.happened:
        silences[happened.name].append(happened.silence)
    lines += [f"| {name} | {len(each)} | {median(each):.1f} | {max(each):.1f} |" for name, each in sorted(silences.items())]
    if result.violations:
        lines += ["", "Violations:", *(f"- {violation}" for violation in result.violations[:50])]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
