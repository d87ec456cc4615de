"""What was acknowledged is stored, once, whatever is killed meanwhile. Real processes, real kills."""

import contextlib
import json
import os
import random
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import psycopg2

from portal.runtime.postgres import wait_for
from tests.runtime.conftest import Start
from tests.runtime.portals import DIRECT, Portal, stage
from tests.runtime.victims import VICTIMS

CLIENTS, DAYS, CORRECTIONS = 20, 8, 2
FILINGS = DAYS + CORRECTIONS
MOST_KILLS = 12
# Days of the reports; long past, so that a second version is a correction and needs its reason.
FIRST_DAY = date(2020, 3, 1)
METRICS = ("vehicles", "person_entries", "temperature_checks", "goods_unloaded", "calls_taken")
# Seconds; a busy machine needs far more than a quiet one.
PATIENCE = 30.0
LONGEST_PAUSE = 1.5
UP_AGAIN = 120.0
GIVE_UP = 480.0


@dataclass
class Filing:
    """A report as its client means it, and what came back."""

    client: int
    day: date
    uid: str
    figures: dict[str, str]
    reason: str = ""
    receipt: str = ""
    tries: int = 0


@dataclass
class Outcome:
    """What the clients saw, written by their threads, and how far the killing is."""

    kills: int = 0
    filings: list[Filing] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, what: str) -> None:
        """Count an answer, or the lack of one."""
        with self.lock:
            self.answers[what] = self.answers.get(what, 0) + 1

    def acknowledged(self) -> int:
        """Return how many filings were acknowledged so far, those sent again included."""
        with self.lock:
            return self.answers.get("200", 0) + self.answers.get("201", 0)


class Client(threading.Thread):
    """A gate with a bad network: sends each filing until it is acknowledged, hangs up early now and then, and sometimes sends again all the same."""

    def __init__(self, number: int, place: dict[str, str], port: int, seed: int, outcome: Outcome) -> None:
        super().__init__(name=f"client {number}", daemon=True)
        self._number, self._place, self._port = number, place, port
        self._random = random.Random(f"{seed}-{number}")
        self._outcome = outcome
        self._end = time.monotonic() + GIVE_UP

    def run(self) -> None:
        """File all, one after the other, spread over the kills."""
        done: list[Filing] = []
        for number, filing in enumerate(self._filings()):
            while done and self._outcome.kills < number * len(VICTIMS) // FILINGS and time.monotonic() < self._end:
                self._send_again(self._random.choice(done))
            filing.receipt = self._file(filing)
            if not filing.receipt:
                return
            done.append(filing)
            with self._outcome.lock:
                self._outcome.filings.append(filing)
            if self._random.random() < 0.2:
                self._send_again(filing)
            time.sleep(self._random.uniform(0, LONGEST_PAUSE))

    def _send_again(self, filing: Filing) -> None:
        if self._file(filing) not in (filing.receipt, ""):
            self._outcome.wrong.append(f"{filing} has another receipt the second time")
        time.sleep(self._random.uniform(0, LONGEST_PAUSE))

    def _filings(self) -> Iterator[Filing]:
        days = [FIRST_DAY + timedelta(days=number) for number in range(DAYS)]
        for day in days:
            yield Filing(self._number, day, self._uid(), self._figures())
        for day in self._random.sample(days, CORRECTIONS):
            yield Filing(self._number, day, self._uid(), self._figures(), reason="数错了")

    def _uid(self) -> str:
        return str(UUID(int=self._random.getrandbits(128), version=4))

    def _figures(self) -> dict[str, str]:
        chosen = self._random.sample(METRICS, self._random.randint(2, len(METRICS)))
        return {metric: str(self._random.randint(0, 9999)) for metric in chosen}

    def _file(self, filing: Filing) -> str:
        """Send until there is an acknowledgement; return its receipt, empty when there was none in time."""
        body = {
            "uid": filing.uid,
            "branch": self._place["branch"],
            "business_date": filing.day.isoformat(),
            "reason": filing.reason,
            "figures": [{"metric": metric, "value": value} for metric, value in filing.figures.items()],
        }
        headers = {"Authorization": f"Token {self._place['token']}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/api/v1/reports/", json.dumps(body).encode(), headers)
        while time.monotonic() < self._end:
            filing.tries += 1
            # Hanging up in the middle: the report may have been stored, and the client does not know.
            patience = self._random.uniform(0.02, 0.3) if self._random.random() < 0.2 else PATIENCE
            try:
                with DIRECT.open(request, timeout=patience) as answer:
                    self._outcome.saw(str(answer.status))
                    return str(json.load(answer)["receipt"])
            except urllib.error.HTTPError as error:
                self._outcome.saw(str(error.code))
                if error.code < 500:
                    self._outcome.wrong.append(f"{filing}: {error.code} {error.read().decode()}")
                    return ""
            except (OSError, ValueError, urllib.error.URLError) as error:
                # Refused, cut off, cut off within an answer, or hung up ourselves.
                self._outcome.saw(type(error).__name__)
            except Exception as error:
                self._outcome.saw(type(error).__name__)
            time.sleep(self._random.uniform(0.05, 0.5))
        self._outcome.wrong.append(f"{filing} was not acknowledged in time")
        return ""


def kill_at_random(portal: Portal, start: Start, clients: list[Client], outcome: Outcome, dice: random.Random) -> tuple[Portal, list[str]]:
    """Kill each victim once, in random order at random moments, then any, while `clients` file.

    Return the portal that is left and who was killed.
    """
    order = dice.sample(list(VICTIMS), len(VICTIMS))
    killed: list[str] = []
    while outcome.kills < MOST_KILLS and any(client.is_alive() for client in clients):
        name = order[outcome.kills] if outcome.kills < len(order) else dice.choice(order)
        # By what got through and not by the clock, or a slow machine would never come to answer. Now and then before anything did.
        goal = outcome.acknowledged() + dice.choice([0, 3, 6, 10, 15])
        wait_for(lambda goal=goal: outcome.acknowledged() >= goal, UP_AGAIN)  # type: ignore[misc]
        time.sleep(dice.uniform(0, 1))
        if not wait_for(partial(kill, portal, name), UP_AGAIN):
            outcome.wrong.append(f"{name} did not come up again")
            outcome.kills = len(VICTIMS)
            break
        killed.append(name)
        outcome.kills += 1
        if name == "the portal":
            portal.process.communicate(timeout=30)
            portal = start()  # as a service manager would
    return portal, killed


def kill(portal: Portal, name: str) -> bool:
    """Kill the victim called `name`; return False when it is down already, for another reason."""
    try:
        os.kill(VICTIMS[name](portal), signal.SIGKILL)
    except (StopIteration, OSError, ValueError, IndexError):
        return False
    return True


def asked(portal: Portal, statement: str) -> list[tuple[Any, ...]]:
    """Ask the database, which may only be coming back from the last kill."""
    answers: list[list[tuple[Any, ...]]] = []

    def is_answered() -> bool:
        with contextlib.suppress(psycopg2.OperationalError):
            answers.append(portal.query(statement))
        return bool(answers)

    assert wait_for(is_answered, UP_AGAIN)
    return answers[0]


def stored(portal: Portal) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Decimal]]]:
    """Return, straight from the tables, the versions by the client's identifier, and their figures."""
    rows = asked(
        portal,
        "SELECT v.uid, v.receipt, v.state, v.number, r.business_date, b.public_id, count(*) OVER (PARTITION BY v.uid)"
        " FROM activities_reportversion v JOIN activities_dailyreport r ON r.id = v.daily_report_id JOIN branches_branch b ON b.id = r.branch_id",
    )
    names = ("uid", "receipt", "state", "number", "day", "branch", "times")
    versions = {str(row[0]): dict(zip(names, row, strict=True)) for row in rows}
    figures: dict[str, dict[str, Decimal]] = {}
    measures = asked(
        portal,
        "SELECT v.uid, k.code, m.value FROM activities_measure m JOIN activities_entry e ON e.id = m.entry_id"
        " JOIN activities_reportversion v ON v.id = e.version_id JOIN activities_metric k ON k.id = m.metric_id",
    )
    for uid, metric, value in measures:
        assert metric not in figures.setdefault(str(uid), {}), "a figure is stored twice"
        figures[str(uid)][metric] = value
    return versions, figures


def test_what_was_acknowledged_is_stored_once_while_everything_is_killed_at_random(start: Start) -> None:
    seed = int(os.environ.get("FAULTS_SEED", random.randrange(10**6)))
    print(f"FAULTS_SEED={seed}")
    portal = start().ready()
    places = stage(portal, CLIENTS)
    outcome = Outcome()
    clients = [Client(number, place, portal.port, seed, outcome) for number, place in enumerate(places)]

    for client in clients:
        client.start()
    portal, killed = kill_at_random(portal, start, clients, outcome, random.Random(seed))
    for client in clients:
        client.join(GIVE_UP + PATIENCE)
    portal.ready()
    versions, figures = stored(portal)

    print(f"killed: {killed}; answers: {outcome.answers}")
    assert not outcome.wrong
    assert set(killed) == set(VICTIMS)
    filings = {filing.uid: filing for filing in outcome.filings}
    assert len(filings) == CLIENTS * FILINGS
    assert sum(filing.tries for filing in filings.values()) > len(filings), "nobody was interrupted"
    # Exactly these, once, as they were sent, under the receipt that the client holds.
    assert versions.keys() == filings.keys()
    assert {version["times"] for version in versions.values()} == {1}
    for uid, filing in filings.items():
        assert versions[uid]["receipt"] == filing.receipt
        assert (str(versions[uid]["branch"]), versions[uid]["day"]) == (places[filing.client]["branch"], filing.day)
        assert figures[uid] == {metric: Decimal(value) for metric, value in filing.figures.items()}
    # One current version a branch and day: the one acknowledged last.
    latest = {(filing.client, filing.day): filing.uid for filing in outcome.filings}
    assert {uid for uid, version in versions.items() if version["state"] == "filed"} == set(latest.values())
    assert {version["state"] for version in versions.values()} == {"filed", "superseded"}
    # Nothing half-saved beside them, and one line in the log for each.
    assert asked(portal, "SELECT count(*) FROM activities_entry e LEFT JOIN activities_measure m ON m.entry_id = e.id WHERE m.id IS NULL") == [(0,)]
    assert asked(portal, "SELECT count(*) FROM activities_dailyreport") == [(CLIENTS * DAYS,)]
    assert asked(portal, "SELECT count(*), count(DISTINCT uid) FROM foundation_submission") == [(len(filings), len(filings))]
    assert asked(portal, "SELECT count(*) FROM foundation_auditentry WHERE action = 'report.filed'") == [(len(filings),)]
