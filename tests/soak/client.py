"""Phones in a process of their own: `python -m tests.soak.client`, told what to do as JSON on standard input.

What happens is written to standard output, a line of JSON each, before anything else is done: `sent` names a report before its first try, `ack` its receipt
when the portal has acknowledged it. Nothing is read from the portal but its answers.
"""

import http.client
import json
import random
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

METRICS: Final = ("vehicles", "person_entries", "temperature_checks", "goods_unloaded", "calls_taken")
FIRST_DAY: Final = date(2020, 3, 1)
# Seconds. A page of the portal gives up its request after as many, and tries again; what is held back is tried less and less often.
PATIENCE: Final = 15.0
LONGEST_PAUSE: Final = 4.0
# A report that nobody takes for as long is given up, and counted as such.
GIVE_UP: Final = 240.0

_says = threading.Lock()


def say(what: str, **values: Any) -> None:
    """Write a line."""
    with _says:
        sys.stdout.write(json.dumps({"what": what, **values}) + "\n")
        sys.stdout.flush()


class Phone(threading.Thread):
    """One branch's phone: files a report a day, sends each until it is acknowledged, sometimes once more, sometimes a correction."""

    def __init__(self, place: dict[str, str], config: dict[str, Any], stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._place, self._config, self._stop_asked = place, config, stop
        self._random = random.Random(f"{config['seed']} {place['branch']} {config['number']}")

    def run(self) -> None:
        """File until there is nothing left or somebody says stop."""
        for report in self._reports():
            if self._stop_asked.is_set():
                return
            say("sent", **report)
            receipt = self._send(report)
            if receipt is None:
                say("given up", uid=report["uid"])
                continue
            # Nobody saw the answer, so it is sent again: it has to be the same report.
            if self._random.random() < 0.1 and (again := self._send(report)) not in (None, receipt):
                say("wrong", uid=report["uid"], words=f"the second time its receipt was {again}, the first time {receipt}")
            time.sleep(self._random.uniform(0, self._config["pause"]))

    def _reports(self) -> Iterator[dict[str, Any]]:
        for number in range(self._config["reports"]):
            # Now and then the day on which it is sent, by the phone's clock, which is right.
            day = date.today() if number % 50 == 49 else FIRST_DAY + timedelta(days=number)  # noqa: DTZ011
            # The same day may have been filed before, and its due time be over.
            yield self._report(day, "补报" if number > 50 and number % 50 == 49 else "")
            if self._random.random() < 0.05:
                yield self._report(day, "数错了")

    def _report(self, day: date, reason: str) -> dict[str, Any]:
        chosen = self._random.sample(METRICS, self._random.randint(2, len(METRICS)))
        figures = {metric: str(self._random.randint(0, 9999)) for metric in sorted(chosen)}
        uid = str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        return {"uid": uid, "branch": self._place["branch"], "day": day.isoformat(), "reason": reason, "figures": figures}

    def _send(self, report: dict[str, Any]) -> str | None:
        body = {
            "uid": report["uid"],
            "branch": report["branch"],
            "business_date": report["day"],
            "reason": report["reason"],
            "figures": [{"metric": metric, "value": value} for metric, value in report["figures"].items()],
        }
        until = time.monotonic() + GIVE_UP
        pause = 0.2
        while time.monotonic() < until:
            status, content = self._try(json.dumps(body).encode())
            if status in (200, 201):
                say("ack", uid=report["uid"], receipt=content["receipt"], status=status, at=time.monotonic())
                return str(content["receipt"])
            say("try", uid=report["uid"], answer=status, words=str(content.get("errors") or content.get("detail") or ""))
            if status == 409:
                say("wrong", uid=report["uid"], words=f"refused as different: {content}")
                return None
            time.sleep(self._random.uniform(pause / 2, pause))
            pause = min(LONGEST_PAUSE, pause * 1.6)
        return None

    def _try(self, body: bytes) -> tuple[Any, dict[str, Any]]:
        connection = http.client.HTTPConnection("127.0.0.1", self._config["port"], timeout=PATIENCE)
        headers = {"Authorization": f"Token {self._place['token']}", "Content-Type": "application/json"}
        try:
            connection.request("POST", "/api/v1/reports/", body, headers)
            answer = connection.getresponse()
            content = answer.read()
            # Python takes headers that end in the middle for all of them; a browser does not.
            if answer.headers["Content-Length"] is None:
                return "headers cut short", {}
            # Cut short, the number of bytes does not agree, and that raises.
            return answer.status, json.loads(content) if answer.headers.get_content_subtype().endswith("json") else {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            return type(error).__name__, {}
        finally:
            connection.close()


def main() -> None:
    """Run the phones that the configuration names; a line on standard input, or its end, means stop."""
    config = json.loads(sys.stdin.readline())
    stop = threading.Event()
    phones = [Phone(place, config, stop) for place in config["places"]]
    for phone in phones:
        phone.start()

    def wait_for_the_word() -> None:
        sys.stdin.readline()
        stop.set()

    threading.Thread(target=wait_for_the_word, daemon=True).start()
    for phone in phones:
        phone.join()
    say("done")


if __name__ == "__main__":
    main()
