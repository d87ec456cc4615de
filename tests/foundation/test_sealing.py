"""A day of the log is sealed when it is over, and whatever is done to it afterwards is found and named."""

import gzip
import os
import subprocess
import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from activities.models import Entry, EntryParticipant
from branches.models import Branch
from portal.foundation import archiving, sealing, verifying
from portal.foundation.models import AuditArchive, AuditEntry, DaySeal, RowChange
from tests.activities.rows import entry as entry_of_a_report
from tests.activities.rows import stored
from tests.factories import make_person
from tests.personas import Clock

MARCH_3, MARCH_4, MARCH_5 = date(2020, 3, 3), date(2020, 3, 4), date(2020, 3, 5)


def noon(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time())) + timedelta(hours=12)


def entry(day: date, action: str = "test.done") -> AuditEntry:
    return AuditEntry.objects.create(at=noon(day), action=action, details={"number": "1.50", "words": "数字"})


def change(day: date) -> RowChange:
    return RowChange.objects.create(at=noon(day), transaction=1, table="none", operation="U", key="1", before={"a": 1.5}, after={"a": None})


def found() -> list[tuple[date, str, int, str]]:
    return [(fault.day, fault.log, fault.id, fault.what) for fault in verifying.faults()]


def tampered(statement: str, *values: Any) -> list[tuple[date, str, int, str]]:
    """Return what is found after a superuser has gone past triggers; nothing of it stays."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(statement, values)
        faults = found()
        transaction.set_rollback(True)
    return faults


@pytest.mark.django_db(transaction=True)
def test_each_way_to_change_a_sealed_day_is_found_with_its_day_and_its_row(clock: Clock) -> None:
    first, other, changed = entry(MARCH_3), entry(MARCH_3, "other.done"), change(MARCH_3)
    entry(MARCH_5)
    today = entry(clock.today())
    seals = sealing.seal_due()
    assert [(seal.day, seal.entries, seal.changes) for seal in seals] == [(MARCH_3, 2, 1), (MARCH_4, 0, 0), (MARCH_5, 1, 0)]
    assert [seal.previous for seal in seals] == ["", seals[0].digest, seals[1].digest]
    assert found() == []

    assert tampered("UPDATE foundation_auditentry SET details = '{}' WHERE id = %s", first.pk) == [(MARCH_3, "entries", first.pk, "changed")]
    assert tampered("UPDATE foundation_rowchange SET actor_id = 1 WHERE id = %s", changed.pk) == [(MARCH_3, "changes", changed.pk, "changed")]
    assert tampered("DELETE FROM foundation_auditentry WHERE id = %s", other.pk) == [(MARCH_3, "entries", other.pk, "missing")]
    assert tampered("UPDATE foundation_auditentry SET at = %s WHERE id = %s", noon(MARCH_4), first.pk) == [
        (MARCH_3, "entries", first.pk, "missing"),
        (MARCH_4, "entries", first.pk, "added"),
    ]
    late = "INSERT INTO foundation_auditentry (id, at, action, model, details) VALUES (900001, %s, 'x', '', '{}')"
    assert tampered(late, noon(MARCH_4)) == [(MARCH_4, "entries", 900001, "added")]
    swap = (
        "UPDATE foundation_auditentry SET id = -id WHERE id IN ({0}, {1});"
        "UPDATE foundation_auditentry SET id = CASE id WHEN -{0} THEN {1} ELSE {0} END WHERE id < 0"
    )
    assert tampered(swap.format(first.pk, other.pk)) == [(MARCH_3, "entries", first.pk, "changed"), (MARCH_3, "entries", other.pk, "changed")]
    # What is not sealed yet may still come and go; the rest of the chain stands.
    assert tampered("DELETE FROM foundation_auditentry WHERE id = %s", today.pk) == []


@pytest.mark.django_db(transaction=True)
def test_a_seal_that_is_changed_and_a_day_that_is_cut_out_are_found(clock: Clock) -> None:
    entry(MARCH_3)
    entry(MARCH_4)
    sealing.seal_due()
    assert (MARCH_3, "seal", 0, "seal") in tampered("UPDATE foundation_dayseal SET entries = 0 WHERE day = %s", MARCH_3)
    assert (MARCH_4, "seal", 0, "chain") in tampered("UPDATE foundation_dayseal SET digest = repeat('0', 64) WHERE day = %s", MARCH_3)
    of_it = "WHERE seal_id IN (SELECT id FROM foundation_dayseal WHERE day = '2020-03-03')"
    cut = f"DELETE FROM foundation_sealedblock {of_it}; DELETE FROM foundation_dayseal WHERE day = '2020-03-03'"
    assert (MARCH_4, "seal", 0, "chain") in tampered(cut)
    for table in ("foundation_dayseal", "foundation_sealedblock", "foundation_auditarchive"):
        with pytest.raises(DatabaseError, match="refuses"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {table} CASCADE")


@pytest.mark.django_db(transaction=True)
def test_a_seal_of_a_day_to_come_and_rows_older_than_all_seals_are_found(clock: Clock) -> None:
    """The application may add seals and rows of the log: whoever got in there must not stop the sealing, or write into what was never sealed."""
    entry(MARCH_4)
    last = sealing.seal_due()[-1]
    to_come = date(2099, 1, 1)
    counts = {"entries": 0, "changes": 0}
    DaySeal.objects.create(
        day=to_come, previous=last.digest, digest=sealing.digest_of(to_come, last.digest, counts, []), sealed_at=noon(date(2099, 1, 2)), **counts
    )
    old = entry(date(2019, 5, 1))
    assert found() == [(date(2019, 5, 1), "entries", old.pk, "unsealed"), (to_come, "seal", 0, "early"), (to_come, "seal", 0, "gap")]


@pytest.mark.django_db(transaction=True)
def test_a_digest_noted_elsewhere_finds_a_chain_that_was_made_anew(clock: Clock) -> None:
    entry(MARCH_4)
    (seal, _next) = sealing.seal_due()
    out = StringIO()
    call_command("audit", "verify", expect=[(MARCH_4, seal.digest)], stdout=out)
    assert f"{MARCH_5}:" in out.getvalue()
    with pytest.raises(CommandError, match=r"1 faults.*\n.*共 1 处"):
        call_command("audit", "verify", expect=[(MARCH_4, "0" * 64)], stdout=out)
    assert "2020-03-04: the digest is not the one that was noted elsewhere / 摘要与另行记录的不一致" in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_day_is_sealed_only_when_nobody_still_writes_to_it(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "_PAUSE", 0.01)
    written, sealed_before = Event(), Event()

    def write_for_long() -> None:
        try:
            with transaction.atomic():
                entry(MARCH_5)
                written.set()
                sealed_before.wait(20)
        finally:
            connection.close()

    entry(MARCH_4)
    writer = Thread(target=write_for_long)
    writer.start()
    assert written.wait(20)
    assert sealing.seal_due() == []
    sealed_before.set()
    writer.join(20)
    assert [seal.entries for seal in sealing.seal_due()] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_more_rows_than_fit_a_block_are_sealed_in_several(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BLOCK", 3)
    made = [entry(MARCH_5) for _number in range(7)]
    (seal,) = sealing.seal_due()
    assert [len(block.ids) for block in seal.blocks.all()] == [3, 3, 1]
    assert found() == []
    assert tampered("DELETE FROM foundation_auditentry WHERE id = %s", made[3].pk) == [(MARCH_5, "entries", made[3].pk, "missing")]


@pytest.fixture
def work(catalogue: None, branch: Branch) -> Entry:
    """A piece of work with somebody who took part."""
    made = stored(entry_of_a_report())
    stored(EntryParticipant(entry=made, person=make_person(), hours=Decimal("4.00")))
    return made


@pytest.mark.django_db
def test_rows_behind_a_line_that_stands_for_many_are_compared(work: Entry) -> None:
    assert found() == []
    line = RowChange.objects.get(table="activities_entryparticipant", operation="I")
    (participant,) = EntryParticipant.objects.filter(entry=work)
    gone = tampered("DELETE FROM activities_entryparticipant WHERE id = %s", participant.pk)
    assert [(each[1], each[2], each[3]) for each in gone] == [("changes", line.pk, "rows")]
    more = tampered("UPDATE activities_entryparticipant SET hours = 9 WHERE id = %s", participant.pk)
    assert [each[2:] for each in more] == [(line.pk, "rows")]
    # What emptied words is not: they are not in the digest.
    assert tampered("UPDATE activities_entry SET note = '—' WHERE id = %s", work.pk) == []


@pytest.mark.django_db
def test_a_change_that_has_a_line_of_its_own_is_undone_before_rows_are_compared(work: Entry) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE activities_entryparticipant DISABLE TRIGGER USER")
        for name in _audit_triggers(cursor):
            cursor.execute(f"ALTER TABLE activities_entryparticipant ENABLE TRIGGER {name}")
        cursor.execute("UPDATE activities_entryparticipant SET hours = 3.5 WHERE entry_id = %s", [work.pk])
        cursor.execute("UPDATE activities_entryparticipant SET hours = 7 WHERE entry_id = %s", [work.pk])
        assert found() == []
        cursor.execute("DELETE FROM activities_entryparticipant WHERE entry_id = %s", [work.pk])
    assert found() == []


def _audit_triggers(cursor: Any) -> list[str]:
    cursor.execute("SELECT tgname FROM pg_trigger WHERE tgrelid = 'activities_entryparticipant'::regclass AND tgname LIKE 'audit\\_%'")
    return [name for (name,) in cursor.fetchall()]


@pytest.mark.django_db(transaction=True)
def test_months_that_are_old_enough_go_to_a_file_that_is_verified_as_the_tables_were(clock: Clock, settings: Any) -> None:
    settings.AUDIT_KEPT_MONTHS = 6
    old, kept_on = entry(date(2019, 7, 20)), entry(date(2019, 7, 21), action="report.accepted")
    changed, young = change(date(2019, 7, 31)), entry(date(2019, 9, 1))
    sealing.seal_due()
    out = StringIO()
    call_command("audit", "archive", stdout=out)

    july, august = AuditArchive.objects.all()
    assert [(held.name, held.entries, held.changes) for held in (july, august)] == [("2019-07.jsonl.gz", 2, 1), ("2019-08.jsonl.gz", 0, 0)]
    assert f"2019-07.jsonl.gz {july.sha256}" in out.getvalue()
    assert set(AuditEntry.objects.filter(pk__in=[old.pk, kept_on.pk, young.pk]).values_list("pk", flat=True)) == {kept_on.pk, young.pk}
    assert not RowChange.objects.filter(pk=changed.pk).exists()
    assert AuditEntry.objects.get(action="audit.archived", details__month="2019-07").details["sha256"] == july.sha256
    assert found() == []
    assert archiving.due() == []

    assert tampered("UPDATE foundation_auditentry SET details = '{}' WHERE id = %s", kept_on.pk) == [(date(2019, 7, 21), "entries", kept_on.pk, "changed")]
    path = archiving.folder() / july.name
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()).replace("数字".encode(), "文字".encode())))
    assert found() == [
        (date(2019, 7, 1), "archive", 0, "archive"),
        (date(2019, 7, 20), "entries", old.pk, "changed"),
        (date(2019, 7, 21), "entries", kept_on.pk, "changed"),
    ]
    path.unlink()
    assert (date(2019, 7, 31), "changes", changed.pk, "missing") in found()


def test_no_setting_keeps_the_log_for_less_than_six_months(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import portal.settings"],
        env=os.environ | {"AUDIT_KEPT_MONTHS": "5", "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "AUDIT_KEPT_MONTHS must be 6 or more" in done.stderr
