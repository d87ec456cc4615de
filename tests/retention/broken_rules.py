"""What PostgreSQL keeps of holds, certificates of destruction and requests about one's own data, broken on purpose: cases of `tests/test_every_rule.py`."""

from uuid import uuid4

from branches.models import Branch
from portal.foundation import clock
from portal.retention.models import Certificate, DataRequest, Hold
from tests.factories import make_branch, make_region, make_user
from tests.rules import Add, Break, Cases, Remove, alter

CASES = Cases("retention")


def a_branch() -> Branch:
    return make_branch(make_region("示例社区", "community"))


def hold(reason: str = "有投诉待查") -> Hold:
    return Hold(branch=a_branch(), reason=reason, placed_by=make_user(), placed_at=clock.now())


def certificate(rows: int = 1) -> Certificate:
    return Certificate(rule="row", before=clock.today(), run=uuid4(), rows=rows, counts={"foundation.Attachment.name": 1}, hashes=b"1" * 32, sha256="a" * 64)


def request(**said: object) -> DataRequest:
    return DataRequest(**{"kind": "tell", "subject": "示例居民", "asked_at": clock.now(), "due_on": clock.today(), "recorded_by": make_user()} | said)


@CASES.breaks("hold_has_a_reason")
def a_hold_without_a_reason() -> Break:
    return Break(Add(hold(reason="")))


@CASES.breaks("hold_lifted_by_somebody_at_some_time")
def a_hold_lifted_by_nobody() -> Break:
    placed = hold()
    placed.lifted_at = clock.now()
    return Break(Add(placed))


@CASES.breaks("hold_is_kept")
def a_hold_thrown_away() -> Break:
    placed = hold()
    placed.save()
    return Break(Remove(placed))


@CASES.breaks("certificate_of_something")
def a_certificate_of_nothing() -> Break:
    return Break(Add(certificate(rows=0)))


@CASES.breaks("certificate_is_kept")
def a_certificate_changed() -> Break:
    written = certificate()
    written.save()
    return Break(alter(written, rows=2))


@CASES.breaks("data_request_of_somebody")
def a_request_of_nobody() -> Break:
    return Break(Add(request(subject="")))


@CASES.breaks("data_request_answered_in_words")
def a_request_done_in_silence() -> Break:
    return Break(Add(request(state="done", answered_at=clock.now(), answered_by=make_user())))


@CASES.breaks("data_request_is_kept")
def a_request_thrown_away() -> Break:
    asked = request()
    asked.save()
    return Break(Remove(asked))
