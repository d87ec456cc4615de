"""The demo: an invented city, marked as such, with something to see on every page."""

import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import F, Q

from activities import rollups
from activities.models import ContactTerm, DailyReport, Entry, EntryParticipant, Measure, Need, PeriodReport, ReportVersion, StockReceipt, Suggestion
from activities.rollups import Scope, Span
from branches.access import Role
from branches.models import Branch, Region, WorkUnit
from members.models import Person
from portal.accounts.models import Grant, User
from portal.demo.loading import load_demo
from portal.demo.sign_ins import FILE
from portal.foundation import clock
from tests.cases.expected import CASE_FILES
from tests.factories import make_branch, make_region

State = ReportVersion.State


@pytest.fixture
def demo(catalogue: None, request: pytest.FixtureRequest) -> None:
    """A small demo: twelve branches, two weeks, while the clock stands."""
    request.getfixturevalue("clock")
    load_demo(seed=7, branches=12, days=14)


def test_everything_invented_is_marked(demo: None) -> None:
    for model in (Region, WorkUnit, Branch):
        assert model._default_manager.exists()
        assert not model._default_manager.exclude(name__startswith="示例").exists()
    assert not Region.objects.exclude(name_en__startswith="Sample").exists()
    # Numbers of this range are nobody's.
    assert not Person.objects.exclude(Q(phone="", contact_terms__isnull=False) | Q(phone__startswith="1990001")).exists()
    assert not ContactTerm.objects.exclude(Q(duty_phone="") | Q(duty_phone__startswith="1990000")).exists()
    assert not Person.objects.exclude(Q(duty_phone="") | Q(duty_phone__startswith="1990000")).exists()
    assert not Region.objects.exclude(Q(code="") | Q(code__startswith="99")).exists()


def test_there_is_something_to_see_of_everything(demo: None) -> None:
    assert set(Branch.objects.values_list("kind", flat=True)) == set(Branch.Kind.values)
    assert Branch.objects.filter(state=Branch.State.DISSOLVED).exists()
    assert {State.FILED, State.ACCEPTED, State.RETURNED, State.SUPERSEDED} == set(ReportVersion.objects.values_list("state", flat=True))
    assert ReportVersion.objects.filter(known_from__gt=F("due_at")).exists()
    assert ReportVersion.objects.filter(nature=ReportVersion.Nature.CORRECTION).exists()
    assert set(PeriodReport.objects.values_list("relation", flat=True)) == set(PeriodReport.Relation.values)
    assert Measure.objects.exclude(qualifier="exact").exists()
    assert Measure.objects.filter(unit_entered__code="jin").exists()
    assert EntryParticipant.objects.filter(home_unit__isnull=False, hours__gt=0).exists()
    assert StockReceipt.objects.exists()
    assert set(Need.objects.values_list("state", flat=True)) == set(Need.State.values)
    assert not Need.objects.exclude(phone__startswith="1990002").exists()
    assert set(Suggestion.objects.values_list("state", flat=True)) == {"open", "passed", "answered"}
    assert Suggestion.objects.filter(for_all=True).exists()
    unit = WorkUnit.objects.filter(parent=None, children__isnull=False).first()
    assert unit is not None
    assert rollups.attributed(unit, Span(clock.today() - timedelta(days=14), clock.today())).person_shifts > 0


def test_the_demo_ends_now(demo: None) -> None:
    today = clock.today()

    assert not DailyReport.objects.filter(business_date__gt=today).exists()
    assert not ReportVersion.objects.filter(known_from__gt=clock.now()).exists()
    assert not Entry.objects.filter(business_date__lt=today, ends_at__gt=clock.now()).exists()
    city = Region.objects.get(level="prefecture")
    due = rollups.completeness(Scope(region=city), today - timedelta(days=2))
    assert 0 < due.reported <= due.due


def test_the_organiser_s_report_of_yesterday_came_back(demo: None) -> None:
    [grant] = Grant.objects.filter(user__username="demo-organiser")
    yesterday = clock.today() - timedelta(days=1)

    version = ReportVersion.objects.get(daily_report__branch=grant.branch, daily_report__business_date=yesterday)

    assert version.state == State.RETURNED
    assert version.review_note
    assert not DailyReport.objects.filter(branch=grant.branch, business_date=clock.today()).exists()


def test_each_role_signs_in_with_a_password_that_only_this_machine_has(demo: None) -> None:
    path = Path(settings.DATA_DIR) / FILE

    sign_ins: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {sign_in["role"] for sign_in in sign_ins} == set(Role.values)
    assert len({sign_in["password"] for sign_in in sign_ins}) == len(sign_ins)
    assert sign_ins[0].keys() == {"role", "label_zh", "label_en", "username", "password"}
    user = User.objects.get(username=sign_ins[-1]["username"])
    assert user.check_password(sign_ins[-1]["password"])
    assert list(user.grants.values_list("role", flat=True)) == [sign_ins[-1]["role"]]
    assert not any(branch.has_usable_password() for branch in User.objects.filter(username__startswith="demo-branch-"))


def test_the_demo_is_not_loaded_twice(demo: None) -> None:
    with pytest.raises(CommandError):
        call_command("load_demo", "--force", verbosity=0)


def test_a_database_with_branches_of_its_own_is_left_alone_unless_forced(catalogue: None) -> None:
    make_branch(make_region("自有社区", "community"))

    with pytest.raises(CommandError, match="--force"):
        call_command("load_demo", "--branches", "2", "--days", "7", verbosity=0)

    assert Branch.objects.count() == 1
    call_command("load_demo", "--branches", "2", "--days", "7", "--force", "--no-cases", verbosity=0)
    assert Branch.objects.filter(source="demo").count() == 4


def test_the_published_cases_come_with_it(catalogue: None) -> None:
    call_command("load_demo", "--branches", "1", "--days", "7", verbosity=0)

    assert set(Branch.objects.exclude(source="demo").values_list("source", flat=True)) == {f"case:{path.stem}" for path in CASE_FILES}


def test_the_same_seed_invents_the_same_city(catalogue: None, clock: Any) -> None:
    def invented() -> list[Any]:
        return list(Measure.objects.order_by("pk").values_list("branch__name", "business_date", "metric__code", "value"))

    first = _once(lambda: (load_demo(seed=3, branches=2, days=7), invented())[1])
    second = _once(lambda: (load_demo(seed=3, branches=2, days=7), invented())[1])
    other = _once(lambda: (load_demo(seed=4, branches=2, days=7), invented())[1])

    assert first == second
    assert first != other


def _once(act: Any) -> Any:
    """Do something and undo it."""
    with transaction.atomic():
        result = act()
        transaction.set_rollback(True)
    return result
