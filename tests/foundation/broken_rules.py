"""What PostgreSQL keeps of the audit log, jobs and submissions, broken on purpose: cases of `tests/test_every_rule.py`."""

from datetime import date, timedelta
from itertools import count
from uuid import uuid4

from portal.foundation import audit, clock
from portal.foundation.models import AlarmSpell, AuditArchive, AuditEntry, DaySeal, Job, RowChange, SealedBlock, Submission
from tests.factories import make_user
from tests.rules import Add, Break, Cases, Remove, alter

CASES = Cases("foundation")
_numbers = count()


def entry() -> AuditEntry:
    audit.record(make_user(), "report.filed", day="2020-03-06")
    return AuditEntry.objects.latest("pk")


@CASES.breaks("audit_is_append_only")
def an_audit_entry_changed() -> Break:
    return Break(alter(entry(), action="report.read"))


@CASES.breaks("audit_is_append_only")
def an_audit_entry_changed_in_no_way() -> Break:
    return Break(alter(entry(), action="report.filed"))


@CASES.breaks("audit_is_append_only")
def an_audit_entry_deleted() -> Break:
    return Break(Remove(entry()))


@CASES.breaks("history_is_append_only")
def a_line_of_the_history_changed() -> Break:
    line = RowChange.objects.create(at=clock.now(), transaction=1, table="none", operation="D", key="1")
    return Break(alter(line, operation="U"))


@CASES.breaks("history_is_append_only")
def a_line_of_the_history_deleted() -> Break:
    return Break(Remove(RowChange.objects.create(at=clock.now(), transaction=1, table="none", operation="D", key="1")))


@CASES.breaks("seals_are_append_only")
def a_seal_changed() -> Break:
    return Break(alter(sealed(), entries=8))


@CASES.breaks("seals_are_append_only")
def a_block_of_a_seal_deleted() -> Break:
    return Break(Remove(SealedBlock.objects.create(seal=sealed(), log="entries", number=0, ids=[7], marks=b"7" * 32)))


@CASES.breaks("seals_are_append_only")
def an_archived_month_forgotten() -> Break:
    month = {"month": date(2020 + next(_numbers), 1, 1), "name": "2020-01.jsonl.gz", "sha256": "a" * 64}
    return Break(Remove(AuditArchive.objects.create(**month, entries=0, changes=0, made_at=clock.now())))


def sealed() -> DaySeal:
    return DaySeal.objects.create(day=date(2020, 1, 1) + timedelta(days=next(_numbers)), entries=0, changes=0, digest="a" * 64, sealed_at=clock.now())


@CASES.breaks("job_progress_is_a_percentage")
def a_job_done_more_than_wholly() -> Break:
    return Break(Add(Job(kind="export", progress=101)))


@CASES.breaks("submission_uid_once_per_account", collides=True)
def an_identifier_sent_twice() -> Break:
    account, uid = make_user(), uuid4()
    return Break(
        Add(Submission(account=account, uid=uid, fingerprint="b" * 64, object_id=uuid4())),
        after=Add(Submission(account=account, uid=uid, fingerprint="a" * 64, object_id=uuid4())),
    )


@CASES.breaks("alarm_rings_once", collides=True)
def an_alarm_noted_twice() -> Break:
    return Break(Add(AlarmSpell(name="worker", began_at=clock.now())), after=Add(AlarmSpell(name="worker", began_at=clock.now())))
