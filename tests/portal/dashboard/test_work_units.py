"""The dashboard of a work unit: its own people, and apart from them the branches where they serve."""

from datetime import timedelta
from decimal import Decimal
from html import unescape
from uuid import uuid4

import pytest

from activities.rollups import Span
from activities.services import Figure, Participation, Work, file_daily_report
from branches.models import Branch
from portal.accounts.models import User
from portal.pages.scopes import dashboard_url, records_url
from tests.factories import make_person
from tests.personas import MARCH_5, MARCH_6, City
from tests.portal.dashboard.reading import DAY, page, words

pytestmark = pytest.mark.usefixtures("clock")


def test_a_unit_sees_its_own_people_and_the_branch_apart(liaison: User, organiser: User, branch: Branch, city: City) -> None:
    ours, theirs = make_person("甲", city.company, branch), make_person("别家的人", city.bureau, branch)
    works = (
        Work("shift", (Figure("duty_person_times", Decimal(5)),), participants=(Participation(ours, Decimal(6)),)),
        Work("checkpoint", (Figure("vehicles", Decimal(777)),), participants=(Participation(ours, Decimal(2)), Participation(theirs, Decimal(2)))),
    )
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, uid=uuid4(), works=works)

    html = page(liaison, dashboard_url(city.group, DAY))
    own, of_branches = html.split("本单位人员所在支部", 1)
    shifts = page(liaison, records_url(city.group, DAY, of="shifts"))

    assert "777" not in words(own)
    assert "777" in words(of_branches)
    assert "别家的人" not in html + shifts
    assert words(shifts.split('class="big num">')[1].split("</p>")[0]).strip() == "2 人次"


def test_a_unit_without_work_is_told_so_in_place_of_empty_bars(liaison: User, organiser: User, branch: Branch, city: City) -> None:
    assert "这几日没有本单位人员参与的记录" in words(page(liaison, dashboard_url(city.group, DAY)))
    ours = make_person("甲", city.company, branch)
    work = Work("shift", (), participants=(Participation(ours, Decimal(6)),))
    file_daily_report(actor=organiser, branch=branch, day=MARCH_5, uid=uuid4(), works=(work,))

    assert "这几日没有本单位人员参与的记录" not in words(page(liaison, dashboard_url(city.group, DAY)))
    later = page(liaison, dashboard_url(city.group, Span.day(MARCH_6 + timedelta(days=20))))
    assert dashboard_url(city.group, Span.day(MARCH_5)) in unescape(later)
