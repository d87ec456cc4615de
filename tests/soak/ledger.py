"""What the phones know, and what the database has: compared row by row, with nothing of the portal in between."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

Query = Callable[[str], list[tuple[Any, ...]]]

_VERSIONS: Final = """
    SELECT v.uid::text, v.receipt, v.state, b.public_id::text, r.business_date::text
    FROM activities_reportversion v JOIN activities_dailyreport r ON r.id = v.daily_report_id JOIN branches_branch b ON b.id = r.branch_id
"""
_FIGURES: Final = """
    SELECT v.uid::text, k.code, m.value FROM activities_measure m JOIN activities_entry e ON e.id = m.entry_id
    JOIN activities_reportversion v ON v.id = e.version_id JOIN activities_metric k ON k.id = m.metric_id
"""
# What would be a report in halves, each with what it is called.
_HALVES: Final = {
    "an entry without figures": "SELECT count(*) FROM activities_entry e WHERE NOT EXISTS (SELECT FROM activities_measure m WHERE m.entry_id = e.id)",
    "a report without a version": "SELECT count(*) FROM activities_dailyreport r"
    " WHERE NOT EXISTS (SELECT FROM activities_reportversion v WHERE v.daily_report_id = r.id)",
    "a version without its submission": "SELECT count(*) FROM activities_reportversion v"
    " WHERE NOT EXISTS (SELECT FROM foundation_submission s WHERE s.uid = v.uid)",
    "a submission without its version": "SELECT count(*) FROM foundation_submission s"
    " WHERE NOT EXISTS (SELECT FROM activities_reportversion v WHERE v.uid = s.uid)",
    "a version without its line in the audit log": "SELECT abs((SELECT count(*) FROM activities_reportversion)"
    " - (SELECT count(*) FROM foundation_auditentry WHERE action = 'report.filed'))",
    "a report with other than one current version": "SELECT count(*) FROM activities_dailyreport r"
    " WHERE (SELECT count(*) FROM activities_reportversion v WHERE v.daily_report_id = r.id AND v.state IN ('filed', 'accepted')) <> 1",
}


@dataclass
class Ledger:
    """What the phones said, in the order in which they did."""

    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    receipts: dict[str, str] = field(default_factory=dict)
    answers: Counter[str] = field(default_factory=Counter)
    # Refused as a request that makes no sense, which may be while the clock is wrong and not when all is over.
    refusals: Counter[str] = field(default_factory=Counter)
    given_up: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    # Moments of the monotonic clock at which something was acknowledged.
    moments: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, line: dict[str, Any]) -> None:
        """Note what a phone said."""
        with self.lock:
            match line["what"]:
                case "sent":
                    self.sent[line["uid"]] = line
                case "ack":
                    self.answers[str(line["status"])] += 1
                    self.moments.append(time.monotonic())
                    if self.receipts.setdefault(line["uid"], line["receipt"]) != line["receipt"]:
                        self.wrong.append(f"{line['uid']} has two receipts")
                case "try":
                    self.answers[str(line["answer"])] += 1
                    if isinstance(line["answer"], int) and line["answer"] < 500:
                        self.refusals[f"{line['answer']} {line['words']}"] += 1
                case "given up":
                    self.given_up.append(line["uid"])
                case "wrong":
                    self.wrong.append(f"{line['uid']}: {line['words']}")


@dataclass(frozen=True)
class Verdict:
    """What became of the reports; `violations` is empty when every promise was kept."""

    sent: int
    acknowledged: int
    stored: int
    lost: list[str]
    doubled: list[str]
    halved: list[str]
    invented: list[str]
    other: list[str]

    @property
    def violations(self) -> list[str]:
        """Every broken promise in words."""
        named = {"lost": self.lost, "doubled": self.doubled, "half-saved": self.halved, "never sent": self.invented, "": self.other}
        return [f"{word}: {each}" if word else each for word, found in named.items() for each in found]


def compare(ledger: Ledger, query: Query) -> Verdict:
    """Compare what was acknowledged with what is stored, now that nobody writes."""
    versions = query(_VERSIONS)
    stored: dict[str, list[tuple[Any, ...]]] = {}
    for row in versions:
        stored.setdefault(row[0], []).append(row)
    figures: dict[str, list[tuple[str, Decimal]]] = {}
    for uid, metric, value in query(_FIGURES):
        figures.setdefault(uid, []).append((metric, value))
    halved = [f"{name}, {count} times" for name, statement in _HALVES.items() if (count := query(statement)[0][0])]
    other = [*ledger.wrong, *(f"nobody took {uid} for four minutes" for uid in ledger.given_up)]
    for uid, rows in stored.items():
        if (report := ledger.sent.get(uid)) is None:
            continue
        if sorted(figures.get(uid, ())) != sorted((metric, Decimal(value)) for metric, value in report["figures"].items()):
            halved.append(f"{uid} was sent with {report['figures']} and has {figures.get(uid)}")
        if {(row[3], row[4]) for row in rows} != {(report["branch"], report["day"])}:
            other.append(f"{uid} is stored for another branch or day")
        if uid in ledger.receipts and {row[1] for row in rows} != {ledger.receipts[uid]}:
            other.append(f"{uid} is stored under another receipt than the phone holds")
    return Verdict(
        sent=len(ledger.sent),
        acknowledged=len(ledger.receipts),
        stored=len(versions),
        lost=sorted(ledger.receipts.keys() - stored.keys()),
        doubled=[uid for uid, rows in stored.items() if len(rows) > 1],
        halved=halved,
        invented=sorted(stored.keys() - ledger.sent.keys()),
        other=other,
    )
