"""Follow every link that the pages offer, as each role, and add the records up again."""

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit
from uuid import uuid4

import pytest
from django.urls import resolve, reverse
from pytest_django import DjangoDbBlocker

import portal.foundation.paging
from activities.models import Metric
from activities.services import Figure, file_daily_report, works_of
from branches.access import Role
from portal.accounts.models import User
from tests.factories import file, make_branch, make_user
from tests.light_client import Browser, session_of
from tests.matrix_world import ANONYMOUS, CLOSED, INSIDE, OUTSIDE, World, build_world
from tests.personas import MARCH_5, MARCH_6, City, one_city, settle
from tests.test_access_matrix import NAMES

pytestmark = pytest.mark.django_db

ROLES: Final = tuple(role.value for role in Role)
# Beside one account a role: whoever reads the whole city, for the ways down the tree, and whoever holds nothing.
CITY_OFFICIAL: Final = "city official"
CRAWLERS: Final = (ANONYMOUS, "nobody", *ROLES, CITY_OFFICIAL)
# Their work is accounts and grants: names of branches stand there as scopes, telephone numbers nowhere.
UNSCOPED: Final = frozenset({"system", "security", "auditor"})
# The same page is opened for so many spans of days, so many pictures of a chart and so many exports: more would only ask the same again.
SPANS, VARIANTS = 2, 1
# A roster may be looked at for any day to come.
FIRST_DAY, LAST_DAY = date(2020, 3, 3), date(2020, 3, 10)
PAGE_SIZE: Final = 3
# Addresses of one page, by what it is of, its filters and its pages: the nearest.
OF_ONE_PAGE: Final = 8

# Pages that no link leads to, and why.
NOT_LINKED: Final = {
    "healthz": "for load balancers",
    "security_txt": "for whoever found a hole",
    "livez": "for load balancers",
    "readyz": "for load balancers",
    "set_language": "answers a form",
    "accounts:sign_out": "answers a form",
    "accounts:code_print": "answers a form",
    "accounts:token_add": "answers a form",
    "accounts:token_revoke": "answers a form",
    "accounts:user_reset": "answers a form",
    "accounts:second_step": "stands behind the sign-in",
    "accounts:prove": "stands before some acts",
    "accounts:second_remove": "answers a form",
    "branches:end_pack_again": "answers a form",
    "branches:end_reopen": "linked from an ended branch alone, of which this world has none",
    "accounts:recovery_renew": "answers a form",
    "accounts:factor_reset": "answers a form",
    "accounts:grant_extend": "answers a form",
    "accounts:reset_answer": "answers a form",
    "accounts:reset_ask": "answers a form",
    "accounts:review_close": "answers a form",
    "accounts:alerts_read": "answers a form",
    "accounts:session_end": "answers a form",
    "accounts:sessions_end": "answers a form",
    "accounts:device_forget": "answers a form",
    "accounts:user_set_active": "answers a form",
    "activities:draft_save": "answers a script",
    "activities:need_act": "answers a form",
    "activities:need_code": "answers a form",
    "activities:need_done": "answers a form",
    "suggestions:suggestion_act": "answers a form",
    "activities:report_confirm": "answers a form",
    "activities:report_from_registers": "answers a form",
    "activities:report_withdraw": "answers a form",
    "activities:review_act": "answers a form",
    "contacts:contact_call": "answers a form",
    "contacts:contact_close": "answers a form",
    "inspections:file_add": "answers a form",
    "inspections:file_take_away": "answers a form",
    "inspections:inspection_withdraw": "answers a form",
    "inspections:point_act": "answers a form",
    "portal:duty_phone": "answers a form",
    "portal:job_retry": "answers a form",
    "portal:follow": "stands on a resident's slip",
    "retention:hold_lift": "answers a form",
    "roster:roster_copy": "answers a form",
    "roster:hand_over_take": "answers a form",
    "roster:on_site_end": "answers a form",
    "roster:shift_change": "answers a form",
    "roster:swap_answer": "answers a form",
    "roster:shift_record": "answers a form",
    "roster:time_off_end": "answers a form",
    "squads:grid_cover": "answers a form",
    "squads:squad_lead": "answers a form",
    "squads:post_claim": "answers a form",
    "surveys:answer": "given out to residents, as a text to copy and a code to scan",
    "surveys:answered": "answers a form",
    "surveys:question_act": "answers a form",
    "surveys:question_add": "answers a form",
    "surveys:survey_act": "answers a form",
}


# Offered beside each figure, for all its days: one of them stands for the others.
_ASKED_OF_FIGURES: Final = ("portal:as_of", "portal:frozen_new")
_FILES: Final = (
    "portal:dashboard_export",
    "portal:records_export",
    "activities:need_export",
    "roster:shift_export",
    "suggestions:suggestion_export",
    "members:service_record_export",
    "roster:on_site_export",
    "roster:hours_export",
    "roster:check_in_export",
    "roster:hand_over_export",
    "squads:squad_export",
    "squads:post_export",
    "surveys:survey_export",
    "surveys:answer_export",
    "contacts:contact_export",
    "inspections:file_show",
    "inspections:point_export",
    "retention:certificate_export",
    "retention:mine_export",
    "inspections:inspection_export",
)


@dataclass
class Shown:
    """A figure that a page shows, and the address behind it."""

    href: str
    metric: str
    value: Decimal | None
    count: int


@dataclass
class Record:
    """A record behind a figure."""

    branch: str
    day: str
    value: Decimal


class Page(HTMLParser):
    """What a page offers: its links, the forms that ask, its figures and records."""

    def __init__(self, address: str, text: str) -> None:
        super().__init__()
        self.address = address
        self.links: list[str] = []
        self.figures: list[Shown] = []
        self.shifts: list[tuple[str, int]] = []
        self.records: list[Record] = []
        self.rows_of_shifts: list[int] = []
        self.total: Shown | None = None
        self.total_of_shifts: int | None = None
        self.next = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read a tag."""
        found = {name: value or "" for name, value in attrs}
        href = urljoin(self.address, found["href"]) if tag == "a" and found.get("href") else ""
        if href and "download" not in found:
            self.links.append(href)
            if found.get("rel") == "next":
                self.next = href
        if tag == "form" and found.get("method", "get").lower() == "get":
            self.links.append(urljoin(self.address, found.get("action") or self.address))
        if "data-metric" in found:
            value = Decimal(found["data-value"]) if found["data-value"] else None
            figure = Shown(href, found["data-metric"], value, int(found["data-count"]))
            if tag == "a":
                self.figures.append(figure)
            else:
                self.total = figure
        elif "data-branch" in found:
            self.records.append(Record(found["data-branch"], found["data-day"], Decimal(found["data-value"])))
        if "data-shifts" in found:
            if tag == "a":
                self.shifts.append((href, int(found["data-shifts"])))
            elif tag == "tr":
                self.rows_of_shifts.append(int(found["data-shifts"]))
            else:
                self.total_of_shifts = int(found["data-shifts"])


@dataclass
class Crawl:
    """Where one role came, and what was wrong there."""

    actor: str
    browser: Browser
    forbidden: tuple[str, ...]
    names: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    pages: dict[str, Page] = field(default_factory=dict)
    counted: dict[tuple[str, ...], set[str]] = field(default_factory=dict)

    def run(self, *starts: str) -> None:
        """Follow all links, the nearest first."""
        waiting = deque((start, "the start") for start in starts)
        seen: set[str] = set()
        while waiting:
            address, origin = waiting.popleft()
            address = urldefrag(address)[0]
            if address in seen or not self.wants(address):
                continue
            seen.add(address)
            page = self.read(address, origin)
            waiting.extend((link, address) for link in (page.links if page else []))

    def wants(self, address: str) -> bool:
        """Say whether an address is ours and no more of the same: other days, another picture, another file."""
        parts = urlsplit(address)
        if parts.netloc not in {"", "testserver"} or parts.scheme not in {"", "http"} or parts.path.startswith(("/static/", "/api/")):
            return False
        match = resolve(parts.path)
        query = dict(parse_qsl(parts.query))
        days = [query.get("day", ""), query.get("from", ""), str(match.kwargs.get("day", ""))]
        if any(re.match(r"\d{4}-\d\d-\d\d$", day) and not FIRST_DAY <= date.fromisoformat(day) <= LAST_DAY for day in days[::2]):
            return False
        if match.view_name in {"portal:region_dashboard", "portal:unit_dashboard", "portal:branch_dashboard", *_FILES, *_ASKED_OF_FIGURES}:
            picture = {name: value for name, value in query.items() if name not in {"from", "to"}}
            if not self._few(("spans", parts.path, picture.get("table", "")), str([query.get("from"), query.get("to")]), SPANS):
                return False
            if picture and not self._few(("pictures", parts.path, picture.get("table", "")), str((picture, query.get("to"))), VARIANTS):
                return False
        # What lists are filtered by multiplies, and every page of the log that is read adds a row to it: their addresses have no end.
        return self._few(("addresses", match.view_name), address, OF_ONE_PAGE)

    def _few(self, of: tuple[str, ...], one: str, most: int) -> bool:
        known = self.counted.setdefault(of, set())
        if len(known) < most:
            known.add(one)
        return one in known

    def read(self, address: str, origin: str) -> Page | None:
        """Open a page; a redirect is followed by the crawl."""
        parts = urlsplit(address)
        response: Any = self.browser.get(parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)))
        self.names.add(resolve(parts.path).view_name)
        text = b"".join(response).decode(errors="replace") if response.streaming else response.content.decode(errors="replace")
        shown = [word for word in self.forbidden if word in text]
        self.wrong += [f"{self.actor}: {address} (from {origin}) shows {word}" for word in shown]
        if response.status_code == 302:
            goal = response.headers["Location"]
            page = Page(address, "")
            page.links.append(urljoin(address, goal))
            return page
        if response.status_code != 200:
            self.wrong.append(f"{self.actor}: {address} (offered by {origin}) is {response.status_code}")
            return None
        if not response.headers["Content-Type"].startswith("text/html"):
            return None
        self.pages[address] = Page(address, text)
        return self.pages[address]


@dataclass
class Stage:
    """The world with small pages, and who crawls it."""

    world: World
    users: dict[str, User | None]
    crawls: dict[str, Crawl] = field(default_factory=dict)

    def crawl(self, actor: str) -> Crawl:
        """Crawl as somebody, once."""
        if actor not in self.crawls:
            self.crawls[actor] = self._crawl(actor)
        return self.crawls[actor]

    def _crawl(self, actor: str) -> Crawl:
        user = self.users[actor]
        crawl = Crawl(actor, Browser(session_of(user) if user else ""), self._forbidden(actor))
        starts = ["/", "/search/?q=" + "%E4%B8%B4"]
        if actor == "administrator":
            # An upload leads there.
            starts.append(reverse("accounts:import_detail", args=[self.world.sides[INSIDE].workbook.public_id]))
        if actor == ANONYMOUS:
            starts = [reverse("accounts:sign_in")]
        crawl.run(*starts)
        # Now, while the session lasts: it goes with the test that made it.
        for href in {href for page in crawl.pages.values() for href in [*(each.href for each in page.figures), *(href for href, _count in page.shifts)]}:
            list(pages_of(crawl, href))
        return crawl

    def _forbidden(self, actor: str) -> tuple[str, ...]:
        inside, outside = self.world.sides[INSIDE], self.world.sides[OUTSIDE]
        phones = (inside.person.phone, inside.person.duty_phone, outside.person.phone, outside.person.duty_phone)
        if actor == CITY_OFFICIAL or actor in UNSCOPED:
            return phones
        if actor in {ANONYMOUS, "nobody"}:
            return (*outside.private_words, *inside.private_words)
        # An organiser sees the branch's telephones; an administrator keeps the numbers of the duty phones, and no others.
        hidden = {"organiser": (), "administrator": (inside.person.phone,)}.get(actor, phones)
        return (*outside.private_words, *hidden)


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Stage]:
    """One world for the whole module, inside a transaction that is rolled back; lists have three rows a page, so that each has several."""
    with one_city(django_db_blocker) as city, pytest.MonkeyPatch.context() as patch:
        patch.setattr(portal.foundation.paging, "PAGE_SIZE", PAGE_SIZE)
        world = build_world(city)
        fill(city, world)
        users = {actor: user for actor, user in world.actors.items() if actor != CLOSED}
        stage = Stage(world, {**users, CITY_OFFICIAL: make_user("x-city", (Role.OFFICIAL, city.city))})
        settle()
        yield stage


def fill(city: City, world: World) -> None:
    """File more: sums with and without exactness, latest and distinct figures, on both sides; a missing branch; a correction."""
    for side in world.sides.values():
        file(side.branch, MARCH_6, by=side.clerk, vehicles=180, home_isolated=5, people_on_duty=8, qualifiers={"vehicles": "nearly"})
        file(side.branch, MARCH_6, by=side.clerk, vehicles=182, home_isolated=6, people_on_duty=8, qualifiers={"vehicles": "nearly"})
        for number in range(1, 4):
            another = make_branch(side.community, f"{side.branch.name}{number}号楼")
            by = make_user("", (Role.ORGANISER, another))
            for day in (MARCH_5, MARCH_6)[: number % 3]:
                figures = [Figure("vehicles", Decimal(number)), Figure("home_isolated", Decimal(number)), Figure("people_on_duty", Decimal(2))]
                file_daily_report(actor=by, branch=another, day=day, works=works_of(figures), uid=uuid4(), reason="补报")


@pytest.mark.parametrize("actor", CRAWLERS)
def test_no_offered_link_fails_or_leads_outside_of_the_scope(actor: str, stage: Stage) -> None:
    crawl = stage.crawl(actor)

    assert crawl.pages
    assert not crawl.wrong, "\n".join(crawl.wrong[:40])


@pytest.mark.parametrize("actor", ["official", "organiser", "community", "shift_leader", "reviewer", "client", CITY_OFFICIAL])
def test_each_figure_is_what_its_records_make(actor: str, stage: Stage) -> None:
    crawl, rules = stage.crawl(actor), {metric.code: metric for metric in Metric.objects.all()}
    figures = {(each.href, each.value): each for page in crawl.pages.values() for each in page.figures}
    assert figures
    assert {rules[each.metric].over_time for each in figures.values()} == {"sum", "latest", "distinct"}

    wrong = []
    for each in figures.values():
        records, total = records_behind(crawl, each.href)
        made = MADE[rules[each.metric].over_time](records, rules[each.metric])
        if made != each.value or total is None or total.value != each.value or not each.count == total.count == len(records):
            wrong.append(f"{each} is made by {len(records)} records to {made}; their page says {total}")

    assert not wrong, "\n".join(wrong[:30])


def test_what_a_unit_s_people_did_is_what_its_records_add_up_to(stage: Stage) -> None:
    crawl = stage.crawl("liaison")
    shown = {each for page in crawl.pages.values() for each in page.shifts}

    assert {count for _href, count in shown} > {0} or any(count for _href, count in shown)
    for href, count in shown:
        pages = list(pages_of(crawl, href))
        assert sum(sum(page.rows_of_shifts) for page in pages) == count == pages[0].total_of_shifts


def test_all_roles_together_come_to_every_page_of_the_site_map(stage: Stage) -> None:
    came_to = set().union(*(stage.crawl(actor).names for actor in CRAWLERS))
    pages = {name for name in NAMES if "api" not in name.partition(":")[0].split("-")}

    assert sorted(NOT_LINKED.keys() & came_to) == []
    assert sorted(pages - NOT_LINKED.keys() - came_to) == []
    assert came_to <= pages


def pages_of(crawl: Crawl, href: str) -> Iterator[Page]:
    """Return the page of an address and all that follow it."""
    address = urldefrag(href)[0]
    while address:
        page = crawl.pages.get(address) or crawl.read(address, "a figure")
        assert page is not None, address
        yield page
        address = page.next


def records_behind(crawl: Crawl, href: str) -> tuple[list[Record], Shown | None]:
    """Return the records of all pages behind a figure, and the figure as those pages show it."""
    pages = list(pages_of(crawl, href))
    return [record for page in pages for record in page.records], pages[0].total


def the_sum(records: list[Record], metric: Metric) -> Decimal | None:
    """Sums add over days and branches."""
    return sum((record.value for record in records), Decimal(0)) if records else None


def the_latest(records: list[Record], metric: Metric) -> Decimal | None:
    """One record a branch, its last; together they add where the metric adds over places."""
    assert len({record.branch for record in records}) == len(records)
    return the_sum(records, metric) if len(records) == 1 or metric.over_places == "sum" else None


def not_added(records: list[Record], metric: Metric) -> Decimal | None:
    """Figures that count everybody once stand alone."""
    return records[0].value if len(records) == 1 else None


MADE: Final[dict[str, Callable[[list[Record], Metric], Decimal | None]]] = {
    "sum": the_sum,
    "latest": the_latest,
    "distinct": not_added,
    "none": not_added,
}
