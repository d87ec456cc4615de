"""Figures for Prometheus, alarms, and the operator's page: one definition, and nothing of a case in any of them."""

import json
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.db import OperationalError, connection, connections
from django.test import Client, override_settings
from prometheus_client import CollectorRegistry, generate_latest

from branches.models import Branch
from portal.accounts.models import User
from portal.foundation import clock, heartbeats
from portal.foundation.models import AlarmSpell, AuditEntry, DaySeal, Job
from portal.watching import alarms, counting, exposing, figures, slowest
from portal.watching.figures import Standing
from tests.runtime.portals import DIRECT, free_port

RULES = Path(settings.BASE_DIR) / "docs" / "deploy" / "prometheus-rules.yml"
GUIDE = Path(settings.BASE_DIR) / "docs" / "operations.md"
OPERATIONS = "/operations/"


def exposed() -> str:
    found = CollectorRegistry()
    found.register(exposing.Now())
    counting.Counts(found).hear(json.dumps(["portal:home", "GET", 200, 0.1]).encode())
    return generate_latest(found).decode()


def names(text: str) -> set[str]:
    return {re.split(r"[ {]", line)[0] for line in text.splitlines() if line and not line.startswith("#")}


@pytest.fixture
def everything(db: None, tmp_path: Path) -> Iterator[None]:
    """All that may be set up, so that every figure is there."""
    certificate(tmp_path / "shown.pem", 40)
    for days, size in ((3, 1_000_000), (1, 2_000_000)):
        result = {"bytes_of_database": size, "bytes_of_attachments": 0}
        Job.objects.create(kind="housekeeping", state=Job.State.DONE, finished_at=clock.now() - timedelta(days=days), result=result)
    heartbeats.beat(heartbeats.WORKER)
    with override_settings(CERTIFICATES=[str(tmp_path / "shown.pem")], BACKUP_RECIPIENT="age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"):
        yield


def certificate(path: Path, days: int) -> None:
    """Write a certificate that ends in so many days."""
    key, name, now = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portal.example")]), datetime.now(UTC)
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    signed = built.not_valid_before(now - timedelta(days=300)).not_valid_after(now + timedelta(days=days)).sign(key, hashes.SHA256())
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))


def test_every_alarm_speaks_of_a_figure_that_is_exposed(everything: None, db: None) -> None:
    there = names(exposed())
    for alarm in alarms.alarms():
        asked = set(re.findall(r"\bportal_\w+", alarm.promql()))
        assert asked <= there, alarm.name
        assert asked or "up{" in alarm.promql()
    assert set(exposing.HELP) <= there


def test_the_rules_in_the_repository_are_the_alarms_of_the_code() -> None:
    assert RULES.read_text(encoding="utf-8") == alarms.rules()


def test_no_setting_changes_the_rules_and_the_figure_beside_them_follows_it(everything: None) -> None:
    with override_settings(DISK_FLOOR=10**9, AUDIT_KEPT_MONTHS=60, BACKUP_KEEP=(1, 1, 1), SLOW_QUERY_MS=1):
        assert RULES.read_text(encoding="utf-8") == alarms.rules()
        assert figures.read().figures["portal_disk_floor_bytes"] == 10**9 * 1024 * 1024
        assert "DiskNearlyFull" in {alarm.name for alarm in alarms.ringing(figures.read().figures)}


def test_the_guide_says_for_each_alarm_what_it_means_and_what_to_do() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    for alarm in alarms.alarms():
        part = guide.partition(f"### {alarm.name}\n")[2].partition("\n#")[0]
        assert len(part.split()) > 25, alarm.name
        assert "Means" in part, alarm.name
        assert "Do" in part, alarm.name
    assert len({alarm.name for alarm in alarms.alarms()}) == len(alarms.alarms())


@pytest.mark.parametrize(
    ("figure", "value", "rings"),
    [
        ("portal_worker_age_seconds", 30.0, set()),
        ("portal_worker_age_seconds", figures.NEVER, {"WorkerGone"}),
        ("portal_disk_free_bytes", 1.0, {"DiskNearlyFull"}),
        ("portal_backup_age_seconds", 27 * 3600.0, {"BackupOld"}),
        ("portal_certificate_days", -1.0, {"CertificateEnds"}),
        ("portal_certificate_days", 15.0, set()),
        ("portal_jobs_failed", 1.0, {"JobsFailed"}),
        ("portal_failed_sign_ins", 101.0, {"SignInsFail"}),
        ("portal_rollup_deltas", 50_001.0, {"TotalsWait"}),
    ],
)
def test_an_alarm_rings_beyond_its_limit_and_not_for_what_is_not_set_up(figure: str, value: float, rings: set[str]) -> None:
    assert {alarm.name for alarm in alarms.ringing({figure: value})} == rings
    assert alarms.ringing({}) == []


def test_spells_of_alarms_are_kept_with_beginning_and_end(db: None) -> None:
    alarms.note({"portal_jobs_failed": 1})
    alarms.note({"portal_jobs_failed": 2})
    (spell,) = AlarmSpell.objects.all()
    assert (spell.name, spell.ended_at) == ("JobsFailed", None)
    # As short as that, nobody is told.
    assert alarms.recent() == []
    AlarmSpell.objects.update(began_at=clock.now() - timedelta(minutes=6))
    assert [(alarm.name, held.ended_at) for alarm, held in alarms.recent()] == [("JobsFailed", None)]
    alarms.note({"portal_jobs_failed": 0})
    alarms.note({"portal_jobs_failed": 0})
    assert AlarmSpell.objects.get().ended_at is not None


def test_the_audit_log_is_old_since_its_last_seal_or_since_its_first_row(db: None) -> None:
    def rings() -> bool:
        return "SealOld" in {alarm.name for alarm in alarms.ringing(figures.read().figures)}

    assert not rings()
    AuditEntry.objects.create(action="account.signed_out", at=clock.now() - timedelta(hours=27))
    assert rings()
    seal = {"day": clock.today() - timedelta(days=2), "entries": 1, "changes": 0, "digest": "a" * 64}
    DaySeal.objects.create(**seal, sealed_at=clock.now() - timedelta(hours=27))
    assert rings()
    DaySeal.objects.create(**seal | {"day": clock.today() - timedelta(days=1)}, sealed_at=clock.now() - timedelta(hours=3))
    assert not rings()


def test_days_left_come_from_how_the_data_grew(everything: None, db: None) -> None:
    assert figures.days_left(5_000_000) == pytest.approx(10.0, rel=0.01)
    Job.objects.filter(result__bytes_of_database=1_000_000).delete()
    assert figures.days_left(5_000_000) is None


def test_a_certificate_that_cannot_be_read_counts_as_ended(tmp_path: Path, db: None) -> None:
    (tmp_path / "broken.pem").write_text("no certificate")
    certificate(tmp_path / "good.pem", 90)
    with override_settings(CERTIFICATES=[str(tmp_path / "good.pem")]):
        assert 89 < figures.read().figures["portal_certificate_days"] <= 90
    with override_settings(CERTIFICATES=[str(tmp_path / "good.pem"), str(tmp_path / "broken.pem")]):
        assert figures.read().figures["portal_certificate_days"] < 0


def test_labels_stay_as_few_as_pages_whatever_visitors_ask_for(db: None, tmp_path: Path) -> None:
    heard: list[bytes] = []
    client = Client(raise_request_exception=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "_socket", lambda _process: type("Ear", (), {"sendto": lambda _self, sent, _address: heard.append(sent)})())
        with override_settings(METRICS_PORT=1):
            for number in range(30):
                client.generic(f"ODD{number}", f"/{number}/{number}?q={number}")
                client.get(f"/dashboard/branches/{Job().public_id}/")
    found = CollectorRegistry()
    counts = counting.Counts(found)
    for datagram in [*heard, b"nonsense", b"[1]", b'["a", "b", "c", "d"]']:
        counts.hear(datagram)
    series = [line for line in generate_latest(found).decode().splitlines() if line.startswith("portal_requests_total{")]
    assert len(series) == 2
    assert sum(float(line.rpartition(" ")[2]) for line in series) == 60


class Served:
    """`/metrics` on a port of this test."""

    def __init__(self) -> None:
        found = CollectorRegistry()
        found.register(exposing.Now(lambda: Standing(clock.now(), {"portal_jobs_waiting": 3.0}, {"portal": "1"}, [], clock.now(), None)))  # type: ignore[arg-type]
        self.server = exposing.server(free_port(), found)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def ask(self, path: str = "/metrics", **headers: str) -> tuple[int, str]:
        """Ask, and return status and text."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.server.server_port}{path}", headers=headers)
        try:
            with DIRECT.open(request, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""


@pytest.fixture
def served() -> Iterator[Served]:
    """The server, ended after the test."""
    held = Served()
    yield held
    held.server.shutdown()
    held.thread.join()
    held.server.server_close()
    connections.close_all()


def test_figures_are_served_on_their_own_port_and_by_token_where_there_is_one(served: Served) -> None:
    assert served.ask()[0] == 200
    assert "portal_jobs_waiting 3.0" in served.ask()[1]
    assert served.ask("/")[0] == 404
    assert served.server.server_address[0] == "127.0.0.1"
    with override_settings(METRICS_TOKEN="a-long-token"):
        assert served.ask()[0] == 401
        assert served.ask(Authorization="Bearer another")[0] == 401
        assert served.ask(Authorization="Bearer a-long-token")[0] == 200


@pytest.mark.parametrize("path", ["/metrics", "/metrics/"])
def test_the_main_port_knows_no_metrics(path: str, db: None) -> None:
    assert Client().get(path).status_code == 404


def test_without_a_database_the_figures_say_so(db: None) -> None:
    def fail() -> Standing:
        raise OperationalError

    found = CollectorRegistry()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "close", lambda: None)
        found.register(exposing.Now(fail))
        assert names(generate_latest(found).decode()) == {exposing.UP}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_operator_sees_how_things_stand_and_nothing_of_a_case(system_keeper: User, branch: Branch, everything: None) -> None:
    person = branch.terms.get().membership.person
    Job.objects.create(
        kind="import.file", payload={"name": person.name}, state="failed", error=f"ValueError: {person.name}", finished_at=clock.now(), attempts=3
    )
    page = signed_in(system_keeper).get(OPERATIONS)
    text = page.content.decode()
    assert page.status_code == 200
    assert "ValueError" in text
    assert person.name not in text
    assert branch.name not in text
    assert "shown.pem" in text
    assert "JobsFailed" in text


def test_the_operator_reads_whether_the_worker_runs(system_keeper: User) -> None:
    assert "后台进程尚未运行" in signed_in(system_keeper).get(OPERATIONS).content.decode()
    heartbeats.beat(heartbeats.WORKER)
    assert "后台进程运行中" in signed_in(system_keeper).get(OPERATIONS).content.decode()


@pytest.mark.parametrize("role", ["organiser", "official", "administrator", "security", "auditor"])
def test_nobody_else_sees_it(role: str, request: pytest.FixtureRequest) -> None:
    assert signed_in(request.getfixturevalue(role)).get(OPERATIONS).status_code == 403


def test_a_failed_job_is_done_again_once_and_the_log_says_who_asked(system_keeper: User) -> None:
    job = Job.objects.create(kind="housekeeping", state="failed", error="ValueError", finished_at=clock.now(), attempts=3)
    address = f"/operations/jobs/{job.public_id}/retry/"
    client = signed_in(system_keeper)
    for _time in range(2):
        assert client.post(address).status_code == 302
    job.refresh_from_db()
    assert (job.state, job.attempts, job.error, job.finished_at) == ("queued", 0, "", None)
    assert AuditEntry.objects.filter(action="job.retried", actor=system_keeper, object_id=job.public_id).count() == 1


def test_statements_are_shown_by_their_shape_without_values(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM accounts_user WHERE username = %s", ["Geheim-4711"])
    shapes: Any = slowest.slowest()
    # A server that does not count says so on the page; it never shows a value.
    assert shapes is None or all("Geheim-4711" not in shape.text for shape in shapes)
