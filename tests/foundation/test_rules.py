"""What the rules of the audit log, jobs and submissions allow: what lies just inside."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from portal.foundation.models import AuditEntry, Job, Submission
from tests.factories import make_user
from tests.foundation.broken_rules import entry
from tests.rules import assert_says, check_deferred_rules


@pytest.mark.django_db
def test_the_audit_log_is_never_emptied() -> None:
    held = entry()
    check_deferred_rules()
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE foundation_auditentry")
    assert_says(refusal.value, "audit_is_append_only")
    assert AuditEntry.objects.filter(pk=held.pk).exists()


@pytest.mark.django_db
def test_two_accounts_may_use_one_identifier() -> None:
    uid = uuid4()
    for _ in range(2):
        Submission.objects.create(account=make_user(), uid=uid, fingerprint="a" * 64, object_id=uuid4())


@pytest.mark.django_db
def test_a_job_may_be_done_wholly() -> None:
    Job.objects.create(kind="export", progress=100)
