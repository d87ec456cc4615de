"""Lists at depth: the page in the middle of all rows beside the first one."""

import re
from typing import Any, Final
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from activities import rollups
from activities.models import DailyReport, Metric, OverTime, ReportVersion
from activities.rollups import Scope
from benchmarks import world
from benchmarks.measuring import Work
from benchmarks.world import client_of, page
from branches.access import Role
from portal.foundation import epochs
from portal.foundation.api.pagination import Cursor
from portal.foundation.paging import Turn
from portal.pages.records import FETCHED, question_of
from portal.pages.scopes import records_url

PAGE: Final = 50
DAYS: Final = 90
API_PAGE: Final = 100
_ENTRY: Final = re.compile(r'href="/reports/entries/([0-9a-f-]{36})/')
_REPORT: Final = re.compile(r'href="/reports/daily/([0-9a-f-]{36})/')


def works() -> list[Work]:
    """Return the rows: the list of reports, the records behind a figure, and the entries of the API."""
    official = client_of(world.account(Role.OFFICIAL))
    return [_reports(official), *_records(official), _entries(official)]


def _reports(client: Client) -> Work:
    listed = DailyReport.objects.order_by("-business_date", "-branch").filter(Exists(ReportVersion.objects.filter(daily_report=OuterRef("pk"))))
    total = listed.count()
    # The row before the page, by OFFSET; the page goes on behind it.
    (day, branch, _report), *following = listed[total // 2 : total // 2 + PAGE + 1].values_list("business_date", "branch", "public_id")
    first = reverse("activities:report_list")
    deep = f"{first}?{urlencode({'after': f'{day}.{branch}'})}"
    return Work(
        name=f"list of reports, page at depth {total // 2:,}",
        ours="keyset",
        theirs="page 1",
        subject=lambda: page(client, deep),
        baseline=lambda: page(client, first),
        found=lambda: _linked(_REPORT, page(client, deep)),
        expected=lambda: [str(report) for *_place, report in following],
        most=1.5,
        grows=False,
    )


def _records(client: Client) -> list[Work]:
    """Return the page in the middle by keyset and by number, of the records behind the figure that has most."""
    scope, span = Scope.of(world.province()), world.span(DAYS)
    counts = {metric: total.count for metric in world.catalogue() if metric.over_time == OverTime.SUM for total in _total(scope, span, metric)}
    metric = max(counts, key=lambda each: counts[each])
    number = counts[metric] // PAGE // 2
    rows = rollups.records(scope, span, metric).order_by("-day", "-pk")
    offset = rows[(number - 1) * PAGE : number * PAGE].values_list("day", "pk", "entry__public_id")
    (day, key, _entry), *_rest = rows[(number - 1) * PAGE - 1 : (number - 1) * PAGE].values_list("day", "pk", "entry__public_id")
    first = records_url(scope.object, span, metric)
    deep = f"{first}&{urlencode({'after': f'{day}.{key}'})}"
    depth = f"records behind a figure, page at depth {number * PAGE:,}"

    def listed(address: str) -> list[str]:
        return _linked(_ENTRY, page(client, address))

    def entries() -> list[str]:
        return list(dict.fromkeys(str(entry) for *_place, entry in offset.all()))

    question = question_of(world.account(Role.OFFICIAL), QueryDict(first.partition("?")[2]))

    def by_number() -> list[int]:
        return [measure.pk for measure in question.page(Turn(number=number)).items]

    def by_offset() -> list[int]:
        return [measure.pk for measure in rows.select_related(*FETCHED)[(number - 1) * PAGE : number * PAGE]]

    return [
        Work(depth, "keyset", "page 1", lambda: page(client, deep), lambda: page(client, first), lambda: listed(deep), entries, most=1.5, grows=False),
        # The rows alone: what is around them on the page is the same either way.
        Work(
            name=f"{depth}, jump",
            ours="by number, its query of days included",
            theirs="OFFSET",
            subject=by_number,
            baseline=by_offset,
            found=by_number,
            expected=by_offset,
            target=75,
        ),
    ]


def _total(scope: Scope, span: rollups.Span, metric: Metric) -> list[rollups.Total]:
    return list(rollups.totals(scope, span, [metric]).values())


def _linked(pattern: re.Pattern[str], html: str) -> list[str]:
    return list(dict.fromkeys(pattern.findall(html)))


def _entries(client: Client) -> Work:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM activities_entry")
        total = cursor.fetchone()[0]
        cursor.execute("SELECT id FROM activities_entry ORDER BY id OFFSET %s LIMIT 1", [total // 2])
        mark = cursor.fetchone()[0]
        cursor.execute(
            "SELECT entry.public_id::text FROM activities_entry entry JOIN activities_reportversion version ON version.id = entry.version_id"
            " WHERE entry.id > %s AND version.state IN ('filed', 'accepted') ORDER BY entry.id LIMIT %s",
            [mark, API_PAGE],
        )
        following = [row for (row,) in cursor.fetchall()]
    address = reverse("activities-api:entry-list")
    first = f"{address}?{urlencode({'page_size': API_PAGE})}"
    deep = f"{first}&{urlencode({'cursor': Cursor((mark,), epochs.current()).encode()})}"
    return Work(
        name=f"API, entries, page at depth {total // 2:,}",
        ours="keyset",
        theirs="page 1",
        subject=lambda: page(client, deep),
        baseline=lambda: page(client, first),
        found=lambda: [row["public_id"] for row in _json(client, deep)["results"]],
        expected=lambda: following,
        most=1.5,
        grows=False,
    )


def _json(client: Client, address: str) -> Any:
    return client.get(address).json()
