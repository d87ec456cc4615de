"""Who acts in a measurement, on which branches and days, and what they file."""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from unittest.mock import patch

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.test import Client

from activities import services
from activities.models import Metric
from activities.rollups import Span
from activities.rollups import upkeep as rollup_upkeep
from branches.access import Role
from branches.models import Branch, Level, Region
from portal.accounts.models import Grant

# Ten pieces of work with two figures each, of every rule: sums, values that hold, people counted once, decimals.
KINDS: Final = (
    ("checkpoint", "vehicles", "person_entries"),
    ("shift", "duty_person_times", "people_on_duty"),
    ("patrol", "patrol_rounds", "stalls_moved_on"),
    ("disinfection", "buildings_disinfected", "household_visits_disinfected"),
    ("delivery", "parcels_delivered", "group_buy_chats"),
    ("errand", "errands", "errand_households"),
    ("unloading", "goods_unloaded", "parcels_carried"),
    ("screening", "households_screened", "home_isolated"),
    ("need", "needs_recorded", "needs_resolved"),
    ("publicity", "documents_compiled", "bulletins"),
)


@dataclass(frozen=True)
class Filing:
    """A daily report that nobody has filed yet, with the account that files it."""

    actor: Any
    branch: Branch
    day: date
    works: tuple[services.Work, ...]
    uid: uuid.UUID

    def by_service(self) -> services.Acknowledgement:
        """File it as the pages and the API do."""
        return services.file_daily_report(actor=self.actor, branch=self.branch, day=self.day, works=self.works, uid=self.uid)


def province() -> Region:
    """Return the widest region."""
    found: Region = Region.objects.get(level=Level.PROVINCE)
    return found


def span(days: int) -> Span:
    """Return the last `days` days of the data, the last report's included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(business_date) FROM activities_dailyreport")
        last = cursor.fetchone()[0]
    return Span(date.fromordinal(last.toordinal() - days + 1), last)


def account(role: Role, region: Region | None = None, *, sensitive: bool = False) -> Any:
    """Make an account with a role over a region, or over everything."""
    user = get_user_model()._default_manager.create(username=f"bench-{uuid.uuid4().hex[:12]}", name="基准")
    Grant.objects.create(user=user, role=role, region=region, everything=region is None, during=DateRange(None, date(2999, 1, 1)), sensitive=sensitive)
    return user


def client_of(user: Any) -> Client:
    """Return a client that is signed in and fails where the page fails."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client


def page(client: Client, address: str) -> str:
    """Return a page's text, with everything that it loads for itself afterwards."""
    response = client.get(address)
    if response.status_code != 200:
        raise RuntimeError(f"{address}: {response.status_code}")
    streamed = getattr(response, "streaming_content", None)
    return (b"".join(streamed) if streamed is not None else response.content).decode()


def filings(count: int, *, seed: int = 1, region: Region | None = None) -> Iterator[Filing]:
    """Yield reports to file on the latest days on which branches at work have filed none, each branch with its own organiser."""
    open_days = _open_days(count, region)
    branches = Branch.objects.select_related("region").in_bulk({branch for branch, _organiser, _day in open_days})
    users = get_user_model()._default_manager.in_bulk({organiser for _branch, organiser, _day in open_days})
    for branch, organiser, day in open_days:
        chance = random.Random(f"{seed}:{branch}:{day}")  # noqa: S311 - invention, not secrets
        yield Filing(users[organiser], branches[branch], day, works(chance), identifier(chance))


def identifier(chance: random.Random) -> uuid.UUID:
    """Return a client's identifier."""
    return uuid.UUID(int=chance.getrandbits(128), version=4)


def works(chance: random.Random) -> tuple[services.Work, ...]:
    """Return ten pieces of work with twenty figures."""
    return tuple(
        services.Work(kind=kind, figures=tuple(services.Figure(metric, Decimal(chance.randint(1, 300))) for metric in metrics), note=f"第{n + 1}项，东门")
        for n, (kind, *metrics) in enumerate(KINDS)
    )


def wait_in_line(count: int) -> int:
    """File `count` reports whose changes of the totals are not folded yet; return how many changes wait."""
    # In one transaction, for speed; what is committed is the same.
    with patch.object(rollup_upkeep, "MANY", 10**9), transaction.atomic():
        for filing in filings(count, seed=7):
            filing.by_service()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE activities_rollupdelta")
        cursor.execute("SELECT count(*) FROM activities_rollupdelta")
        waiting: int = cursor.fetchone()[0]
    return waiting


def catalogue() -> list[Metric]:
    """Return the metrics."""
    return list(Metric.objects.select_related("unit"))


def _open_days(count: int, region: Region | None) -> list[tuple[int, int, date]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT held.branch_id, held.user_id, day::date FROM accounts_grant held
            JOIN branches_branch branch ON branch.id = held.branch_id AND branch.kind <> 'command_post'
            CROSS JOIN (SELECT max(business_date) AS last, min(business_date) AS first FROM activities_dailyreport) AS data
            CROSS JOIN LATERAL generate_series(data.last::timestamp, data.first, '-1 day') AS day
            WHERE held.role = 'organiser' AND branch.life @> day::date
                AND (%(region)s::bigint IS NULL OR branch.region_id IN (SELECT descendant_id FROM branches_regionpath WHERE ancestor_id = %(region)s))
                AND NOT EXISTS (SELECT FROM activities_dailyreport report WHERE report.branch_id = branch.id AND report.business_date = day::date)
            ORDER BY row_number() OVER (PARTITION BY branch.id ORDER BY day DESC), branch.id LIMIT %(count)s
            """,
            {"region": region.pk if region else None, "count": count},
        )
        found = cursor.fetchall()
    if len(found) < count:
        raise RuntimeError(f"only {len(found)} of {count} reports are left to file")
    return [(branch, user, day) for branch, user, day in found]
