"""Days as addresses have them, and moments as SQL writes them: those that Python means."""

from datetime import UTC, date, datetime
from json import dumps

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.fields import DateTimeField

from portal.foundation.api.writing import moment
from portal.foundation.clock import moment_sql, read_day
from portal.foundation.models import Job

# In the summer of 1986 the clocks of Shanghai were an hour ahead.
MOMENTS = [
    datetime(2020, 3, 6, 13, 0, tzinfo=UTC),
    datetime(2020, 3, 6, 16, 0, 0, 123400, tzinfo=UTC),
    datetime(2019, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    datetime(1986, 7, 1, tzinfo=UTC),
]


@pytest.mark.parametrize(
    "text", ["", "2020-W10-4", "20200306", "2020-3-6", "2020-02-30", "1899-12-31", "3000-01-01", "0001-01-01", "9999-12-31", "２０２０-03-06", "2020-03-06 "]
)
def test_what_is_no_day_of_ours_is_read_as_none(text: str) -> None:
    assert read_day(text) is None


def test_a_day_is_read_as_it_stands_in_an_address() -> None:
    assert read_day("2020-02-29") == date(2020, 2, 29)


@pytest.mark.django_db
@pytest.mark.parametrize("at", MOMENTS)
def test_files_and_the_api_write_the_same_moment_the_api_without_microseconds_that_are_none(at: datetime) -> None:
    job = Job.objects.create(kind="x", asked_at=at)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {moment_sql('asked_at')} FROM foundation_job")

        assert cursor.fetchone() == (timezone.localtime(at).isoformat(timespec="microseconds"),)
    assert Job.objects.annotate(written=moment("asked_at").expression()).get(pk=job.pk).written == dumps(DateTimeField().to_representation(at))


def test_no_rule_of_the_database_counts_days_in_another_time_zone(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(r"SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosrc ~* '\m(current_date|localtimestamp)\M'")
        assert cursor.fetchall() == []
        cursor.execute("SELECT portal_today(), now()")
        today, now = cursor.fetchone()
        assert today == timezone.localdate(now)
