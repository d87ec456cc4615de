"""What the published cases say of needs, duty and surveys, entered where it happened: one by one, in the registers.

The day's report takes the figures over without anybody typing them, and dashboard, the branch's page and the API give them back.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any, Final
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from activities import registers
from activities.models import Measure, Need
from activities.services import needs, surveys
from activities.services.needs import NeedFacts
from activities.services.surveys import Form, Given
from branches.models import Branch
from members.models import Shift
from members.services import check_in, roster, squads
from members.services.roster import PostFacts
from members.services.squads import SquadFacts
from portal.accounts.models import User
from tests.activities.report_pages import client_of, form_url, send
from tests.cases.expected import CASE_FILES, Fact, facts_of, read
from tests.cases.printed import Tables, days_in
from tests.cases.seen import figures_on, get
from tests.factories import make_person
from tests.personas import MARCH_6, MARCH_7, City, Clock

ONE_DAY: Final = timedelta(days=1)
THREE_SHIFTS: Final = ((time(0), time(8)), (time(8), time(16)), (time(16), time(0)))
FACTS: Final = [fact for path in CASE_FILES for fact in facts_of(read(path)) if fact.metric in registers.fed()]


def noon(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(12)))


def file_day(branch: Branch, organiser: User, day: date) -> None:
    """File the report of a day as it stands when the form opens: nothing is typed."""
    client = client_of(organiser)
    page = send(client, form_url(branch, day), client.get(form_url(branch, day)), action="preview")
    assert send(client, form_url(branch, day), page, action="file").status_code == 302


def days_of(fact: Fact) -> Iterator[date]:
    """The days of a fact's span, again and again."""
    day = fact.first
    while True:
        yield day
        day = day + ONE_DAY if day < fact.last else fact.first


def write_needs(branch: Branch, organiser: User, city: City, clock: Clock, fact: Fact) -> list[date]:
    """As many needs as were recorded, or as many as so many residents asked for, spread over the days."""
    recorded = fact.metric == "needs_recorded"
    number, residents = (int(fact.value), 1) if recorded else (int(fact.value) // 20, 20)
    days = sorted(islice(days_of(fact), number))
    for day in days:
        clock.move_to(noon(day))
        asked = NeedFacts(channel="phone" if recorded else "hotline", category="goods", residents=residents)
        needs.record_need(actor=organiser, branch=branch, facts=asked, uid=uuid4(), result="" if recorded else "已答复")
    return sorted(set(days))


def write_duty(branch: Branch, organiser: User, city: City, clock: Clock, fact: Fact) -> list[date]:
    """As many people as took duty, in three shifts of the last day, checked in by whoever leads them."""
    number = int(fact.value)
    facts = PostFacts("checkpoint", -(-number // 3), THREE_SHIFTS)
    roster.add_posts(actor=organiser, branch=branch, names=["医院门岗"], facts=facts, first_day=fact.last)
    for serial in range(number):
        make_person(f"值守{serial}", city.company, branch)
    roster.fill_roster(actor=organiser, branch=branch, first_day=fact.last, last_day=fact.last)
    come_all(branch, organiser, clock, fact.last, most=number)
    return [fact.last]


def come_all(branch: Branch, organiser: User, clock: Clock, day: date, most: int = 1000) -> None:
    """Let everybody on the shifts of a day come, in turn; of all of them `most`."""
    for shift in Shift.objects.filter(post__branch=branch, business_date=day).order_by("during"):
        clock.move_to(shift.during.lower)
        here = list(shift.assignments.all())[:most]
        most -= len(here)
        check_in.record_shift(actor=organiser, shift=shift, wanted=dict.fromkeys(here, "present"), seen={})


def write_answers(branch: Branch, organiser: User, city: City, clock: Clock, fact: Fact) -> list[date]:
    """As many answers as were valid or satisfied, from as many browsers."""
    clock.move_to(noon(fact.last))
    made = surveys.make_survey(
        actor=organiser, branch=branch, questions=surveys.satisfaction_survey(), title="满意度", last_day=fact.last + ONE_DAY, uid=uuid4()
    )
    survey = surveys.open_survey(actor=organiser, survey=made)
    question = survey.questions.get(position=1)
    for _each in range(int(fact.value)):
        surveys.answer_survey(survey=survey, form=Form(uuid4(), {question.pk: Given((1,))}), browser=uuid4())
    return [fact.last]


WRITERS: Final[dict[str, Callable[..., list[date]]]] = {
    "needs_recorded": write_needs,
    "residents_served": write_needs,
    "people_on_duty": write_duty,
    "survey_valid": write_answers,
    "survey_satisfied": write_answers,
}


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: f"{fact.branch}-{fact.metric}-{fact.value}")
def test_a_published_figure_comes_out_of_its_register(branch: Branch, organiser: User, city: City, reader: Client, clock: Clock, fact: Fact) -> None:
    days = WRITERS[fact.metric](branch, organiser, city, clock, fact)
    clock.move_to(noon(fact.last) + timedelta(hours=11))
    for day in days:
        file_day(branch, organiser, day)

    filed = Measure.objects.filter(metric__code=fact.metric, entry__branch=branch)
    assert {measure.source for measure in filed} == {Measure.Source.DERIVED}
    first, last = days[0], days[-1]
    span = {"from": first.isoformat(), "to": last.isoformat()}
    for scope, thing in (("branch", branch), ("region", branch.region)):
        page = get(reader, reverse(f"portal:{scope}_dashboard", args=[thing.public_id]), **span)
        assert f"{fact.value:,}" in figures_on(page, first=span["from"], last=span["to"])[fact.metric]
    assert Decimal(get(reader, reverse("api-totals"), branch=branch.public_id, metric=fact.metric, **span)["totals"][0]["value"]) == fact.value
    # The branch's own page leads to its last reports, and a report to its figure.
    linked = reports_on(get(reader, reverse("branches:branch_detail", args=[branch.public_id])))
    assert last in linked
    assert set(linked) <= set(days)
    own = registers.figures_of(branch, last)[fact.metric].value
    assert f"{own:,}" in get(reader, linked[last])
    assert sum(registers.figures_of(branch, day)[fact.metric].value for day in days) == fact.value


def reports_on(page: str) -> dict[date, str]:
    """The addresses of the reports that a page leads to, by day."""
    cells = [cell for row in Tables(page).rows for cell in row.values()]
    return {date(*day): link for cell in cells for link in cell.links if "/reports/" in link for day in days_in(cell.text)}


def test_three_shifts_a_day_and_a_check_in_each_day_become_figures_hours_and_what_the_api_says(
    branch: Branch, organiser: User, city: City, reader: Client, clock: Clock
) -> None:
    """同心路：三班倒排班，每天准时签到."""
    clock.move_to(noon(MARCH_6 - ONE_DAY))
    people = [make_person(f"值守{serial}", city.company, branch) for serial in range(12)]
    roster.add_posts(actor=organiser, branch=branch, names=["同心路口"], facts=PostFacts("checkpoint", 3, THREE_SHIFTS), first_day=MARCH_6)

    outcome = roster.fill_roster(actor=organiser, branch=branch, first_day=MARCH_6, last_day=MARCH_7)
    for day in (MARCH_6, MARCH_7):
        come_all(branch, organiser, clock, day)
        clock.move_to(noon(day) + timedelta(hours=11))
        file_day(branch, organiser, day)

    assert outcome.empty == 0
    span = {"from": "2020-03-06", "to": "2020-03-07"}
    page = get(reader, reverse("portal:branch_dashboard", args=[branch.public_id]), **span)
    assert "18" in figures_on(page, "2020-03-06", "2020-03-07")["duty_person_times"]
    [total] = get(reader, reverse("api-totals"), branch=branch.public_id, metric="duty_person_times", **span)["totals"]
    assert Decimal(total["value"]) == 18
    hours = get(client_of(organiser), reverse("roster:hours"), branch=branch.public_id, first_day="2020-03-06", last_day="2020-03-07")
    assert [person.name for person in people if person.name not in hours] == []


def test_calls_on_the_hotline_are_written_down_one_by_one_called_back_and_looked_up(branch: Branch, organiser: User, reader: Client, clock: Clock) -> None:
    """银城：热线逐条登记，便于回访和查阅."""
    written = []
    for number in range(4):
        asked = NeedFacts(channel="hotline", category="medicine", words=f"降压药{number}盒", phone=f"1990000778{number}")
        need, _created = needs.record_need(actor=organiser, branch=branch, facts=asked, uid=uuid4(), result="已送药")
        written.append(need)
    needs.record_need(actor=organiser, branch=branch, facts=NeedFacts(channel="wechat", category="goods"), uid=uuid4())
    called = needs.call_back(actor=organiser, need=written[0], seen=written[0].revision, answer="solved", note="")

    ledger = client_of(organiser).get(reverse("activities:need_list"), {"channel": "hotline"})
    assert {need.pk for need in ledger.context["page"].items} == {need.pk for need in written}
    assert "降压药3盒" in ledger.content.decode()
    assert called.events.filter(kind="called_back").exists()
    given = get(reader, reverse("activities-api:need-list"), branch=branch.public_id, channel="hotline")["results"]
    assert {row["state"] for row in given} == {Need.State.RESOLVED}
    assert len(given) == 4
    file_day(branch, organiser, MARCH_6)
    page = get(reader, reverse("portal:branch_dashboard", args=[branch.public_id]), **{"from": "2020-03-06", "to": "2020-03-06"})
    assert "4" in figures_on(page, "2020-03-06", "2020-03-06")["residents_served"]


def test_the_four_duties_of_a_rota_are_staffed_and_read_in_the_files_and_pages(branch: Branch, organiser: User, city: City, clock: Clock) -> None:
    """户部巷：消杀、物资运送、防控巡查、卡口值守，15 名党员轮值."""
    clock.move_to(noon(MARCH_6 - ONE_DAY))
    for serial in range(14):
        make_person(f"组员{serial}", city.company, branch)
    duties = {"disinfection": "楼栋消杀", "delivery": "物资运送", "patrol": "防控巡查", "checkpoint": "卡口值守"}
    for duty, name in duties.items():
        roster.add_posts(actor=organiser, branch=branch, names=[name], facts=PostFacts(duty, 2, ((time(8), time(14)),)), first_day=MARCH_6)

    outcome = roster.fill_roster(actor=organiser, branch=branch, first_day=MARCH_6, last_day=MARCH_7)

    assert (outcome.filled, outcome.empty) == (16, 0)
    day = get(client_of(organiser), reverse("roster:roster_day", args=[branch.public_id, MARCH_6]))
    assert [name for name in duties.values() if name not in day] == []
    answer: Any = client_of(organiser, english=False).get(reverse("roster:shift_export", args=["csv"]))
    file = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert [word for word in ("消杀", "配送", "巡查", "卡口") if word not in file] == []


def test_four_patrol_teams_are_founded_found_and_read_by_other_systems(branch: Branch, organiser: User, city: City, reader: Client, clock: Clock) -> None:
    """银城：4 支巡逻队."""
    for number in "一二三四":
        leader = make_person(f"队长{number}", city.company, branch)
        facts = SquadFacts(f"第{number}巡逻队", "patrol")
        squads.found_squad(actor=organiser, branch=branch, facts=facts, first_day=MARCH_6, uid=uuid4(), leader=leader)

    listed = client_of(organiser).get(reverse("squads:squad_list"), {"kind": "patrol"})
    assert [squad.name for squad in listed.context["page"].items] == ["第一巡逻队", "第二巡逻队", "第三巡逻队", "第四巡逻队"]
    assert len(get(reader, reverse("members-api:squad-list"), branch=branch.public_id, kind="patrol")["results"]) == 4
    assert reverse("squads:coverage", args=[branch.public_id]) in get(client_of(organiser), reverse("branches:branch_detail", args=[branch.public_id]))
