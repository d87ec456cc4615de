"""Figures that come from registers: copied when filed, typed over, and corrected when the register has moved on."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import uuid4

import pytest
from django.db.models import Value
from django.db.models.functions import JSONObject
from django.urls import reverse

from activities import registers
from activities.models import DailyReport, Measure, ReportDraft
from activities.registers import Derived
from activities.services import Figure, Work, file_daily_report
from branches.access import Role
from branches.models import Branch
from portal.accounts.models import User
from tests.activities.report_pages import client_of, form_of, form_url, send
from tests.factories import current, file, make_user
from tests.personas import MARCH_5, MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")


@dataclass
class Notebook:
    """A register of needs as short as can be: what it says of each day, and how often it was written in."""

    METRICS: ClassVar[frozenset[str]] = frozenset({"needs_recorded", "needs_resolved"})
    kept: dict[date, dict[str, int]] = field(default_factory=dict)
    revision: int = 0

    def write(self, day: date, **said: int) -> None:
        """Let it say something else."""
        self.kept[day] = said
        self.revision += 1

    def said(self, branch: Branch, day: date) -> JSONObject:
        """What is written there, as the database gives it back."""
        return JSONObject(**{code: Value(value) for code, value in self.kept.get(day, {}).items()})

    def figures(self, said: dict[str, int], branch: Branch, day: date) -> dict[str, Derived]:
        """As figures."""
        return {code: Derived(Decimal(value), self.revision, f"/needs/?day={day}") for code, value in said.items()}


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> Notebook:
    """A register that says 12 of the sixth of March."""
    made = Notebook()
    made.write(MARCH_6, needs_recorded=12)
    monkeypatch.setattr(registers, "REGISTERS", (made,))
    return made


def stored(branch: Branch, day: date = MARCH_6) -> dict[str, tuple[str, str, int | None, str]]:
    """Each figure that counts: its value, where it comes from, the register's revision and value."""
    measures = Measure.objects.filter(entry__version=current(branch, day)).select_related("metric")
    return {
        m.metric.code: (f"{m.value.normalize():f}", m.source, m.register_revision, f"{m.register_value.normalize():f}" if m.register_value is not None else "")
        for m in measures
    }


# --- Filing --------------------------------------------------------------------------------------------------------------


def test_a_figure_that_its_register_says_too_is_filed_as_the_registers(notebook: Notebook, branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, needs_recorded=12, vehicles=3)
    assert stored(branch) == {"needs_recorded": ("12", "derived", 1, "12"), "vehicles": ("3", "typed", None, "")}


def test_another_number_counts_and_the_registers_stays_beside_it(notebook: Notebook, branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, needs_recorded=15)
    assert stored(branch) == {"needs_recorded": ("15", "typed", 1, "12")}


def test_the_same_number_said_inexactly_is_typed(notebook: Notebook, branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, needs_recorded=12, qualifiers={"needs_recorded": "about"})
    assert stored(branch) == {"needs_recorded": ("12", "typed", 1, "12")}


def test_where_the_branch_keeps_no_register_the_figure_is_a_count(notebook: Notebook, branch: Branch, organiser: User) -> None:
    file(branch, MARCH_5, by=organiser, needs_recorded=12)
    assert stored(branch, MARCH_5) == {"needs_recorded": ("12", "tally", None, "")}


def test_a_figure_parted_among_pieces_of_work_was_typed(notebook: Notebook, branch: Branch, organiser: User) -> None:
    works = [Work("need", (Figure("needs_recorded", Decimal(value)),)) for value in (5, 7)]
    file_daily_report(actor=organiser, branch=branch, day=MARCH_6, works=works, uid=uuid4())
    assert set(Measure.objects.values_list("source", "register_value")) == {("typed", None)}


# --- The form ------------------------------------------------------------------------------------------------------------


def test_the_form_holds_the_registers_figure_and_leads_to_its_records(notebook: Notebook, branch: Branch, organiser: User) -> None:
    page = client_of(organiser).get(form_url(branch))
    html, fields = page.content.decode(), form_of(page)
    assert (fields["v_needs_recorded"], fields["d_needs_recorded"]) == ("12", "1")
    assert "readonly" in html[html.index('name="v_needs_recorded"') - 200 : html.index('name="v_needs_recorded"') + 300]
    assert '<a href="/needs/?day=2020-03-06">12 items in the register</a>' in html


def test_a_register_that_moved_on_is_followed_until_the_report_is_filed(notebook: Notebook, branch: Branch, organiser: User) -> None:
    client = client_of(organiser)
    page = send(client, form_url(branch), client.get(form_url(branch)), action="preview")
    notebook.write(MARCH_6, needs_recorded=14)

    page = send(client, form_url(branch), page, action="file")

    assert "The register has changed since: needs recorded." in page.content.decode()
    assert not DailyReport.objects.exists()
    assert send(client, form_url(branch), page, action="file").status_code == 302
    assert stored(branch)["needs_recorded"] == ("14", "derived", 2, "14")


def test_a_second_tap_after_the_register_moved_on_gives_the_same_receipt(notebook: Notebook, branch: Branch, organiser: User) -> None:
    client = client_of(organiser)
    page = send(client, form_url(branch), client.get(form_url(branch)), action="preview")
    first = send(client, form_url(branch), page, action="file")
    notebook.write(MARCH_6, needs_recorded=14)
    assert send(client, form_url(branch), page, action="file").status_code == 409
    assert first.status_code == 302
    assert DailyReport.objects.get().versions.count() == 1


def test_a_figure_is_typed_over_after_asking_for_it(notebook: Notebook, branch: Branch, organiser: User) -> None:
    client = client_of(organiser)
    page = send(client, form_url(branch), client.get(form_url(branch)), action="type:needs_recorded")
    assert "d_needs_recorded" not in form_of(page)

    page = send(client, form_url(branch), page, v_needs_recorded="15", action="preview")
    notebook.write(MARCH_6, needs_recorded=14)
    send(client, form_url(branch), page, action="file")

    assert stored(branch)["needs_recorded"] == ("15", "typed", 2, "14")


def test_the_registers_figure_is_taken_again(notebook: Notebook, branch: Branch, organiser: User) -> None:
    client = client_of(organiser)
    page = send(client, form_url(branch), client.get(form_url(branch)), action="type:needs_recorded")
    page = send(client, form_url(branch), page, v_needs_recorded="15", action="take:needs_recorded")
    assert (form_of(page)["v_needs_recorded"], form_of(page)["d_needs_recorded"]) == ("12", "1")


def test_what_was_typed_before_there_was_a_register_stays_typed(notebook: Notebook, branch: Branch, organiser: User) -> None:
    ReportDraft.objects.create(user=organiser, branch=branch, business_date=MARCH_6, data={"v_needs_recorded": "9"})
    fields = form_of(client_of(organiser).get(form_url(branch)))
    assert fields["v_needs_recorded"] == "9"
    assert "d_needs_recorded" not in fields


def test_a_draft_takes_up_what_the_register_says_since(notebook: Notebook, branch: Branch, organiser: User) -> None:
    client = client_of(organiser)
    send(client, form_url(branch), client.get(form_url(branch)), v_vehicles="3", action="draft")
    notebook.write(MARCH_6, needs_recorded=14)
    assert form_of(client.get(form_url(branch)))["v_needs_recorded"] == "14"


# --- Afterwards ----------------------------------------------------------------------------------------------------------


def detail(branch: Branch) -> str:
    """The address of the report."""
    return reverse("activities:report_detail", args=[DailyReport.objects.get(branch=branch).public_id])


def correct(branch: Branch, user: User, base: str = "") -> int:
    """Tap on the correction; the answer's status."""
    report = DailyReport.objects.get(branch=branch)
    return client_of(user).post(reverse("activities:report_from_registers", args=[report.public_id]), {"base": base}).status_code


def test_a_filed_report_stays_and_says_that_its_register_differs(notebook: Notebook, branch: Branch, organiser: User, city: City) -> None:
    file(branch, MARCH_6, by=organiser, needs_recorded=12)
    notebook.write(MARCH_6, needs_recorded=14)
    official = make_user("", (Role.OFFICIAL, city.north))
    for user, corrects in ((organiser, True), (official, False)):
        html = client_of(user).get(detail(branch)).content.decode()
        assert "14 items in the register" in html
        assert ("Correct it by the registers" in html) is corrects
    assert stored(branch)["needs_recorded"][0] == "12"


def test_what_was_typed_over_on_purpose_does_not_differ_until_the_register_moves(notebook: Notebook, branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, needs_recorded=15)
    assert "Differs from the registers" not in client_of(organiser).get(detail(branch)).content.decode()
    notebook.write(MARCH_6, needs_recorded=14)
    assert "Differs from the registers" in client_of(organiser).get(detail(branch)).content.decode()


def test_one_tap_corrects_it_and_leaves_all_else(notebook: Notebook, branch: Branch, organiser: User, clock: Clock) -> None:
    file(branch, MARCH_6, by=organiser, needs_recorded=12, vehicles=200, qualifiers={"vehicles": "nearly"}, note="见台账")
    notebook.write(MARCH_6, needs_recorded=14)
    clock.move_to(clock.moment.replace(hour=23, minute=45))

    assert correct(branch, organiser, base="1") == 302

    assert stored(branch) == {"needs_recorded": ("14", "derived", 2, "14"), "vehicles": ("200", "typed", None, "")}
    version = current(branch, MARCH_6)
    assert version is not None
    assert (version.number, version.nature, version.reason, version.note) == (2, "correction", "As in the registers: needs recorded", "见台账")
    assert Measure.objects.filter(entry__version=version, qualifier="nearly").count() == 1
    assert correct(branch, organiser, base="1") == 302
    assert current(branch, MARCH_6) == version


def test_a_version_that_nobody_looked_at_is_not_corrected(notebook: Notebook, branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, needs_recorded=12)
    file(branch, MARCH_6, by=organiser, needs_recorded=12, vehicles=5)
    notebook.write(MARCH_6, needs_recorded=14)
    correct(branch, organiser, base="1")
    assert stored(branch)["needs_recorded"][0] == "12"


def test_only_who_files_corrects(notebook: Notebook, branch: Branch, organiser: User, city: City) -> None:
    file(branch, MARCH_6, by=organiser, needs_recorded=12)
    notebook.write(MARCH_6, needs_recorded=14)
    assert correct(branch, make_user("", (Role.OFFICIAL, city.north)), base="1") == 403
    assert correct(branch, make_user("", (Role.ORGANISER, city.south)), base="1") == 404
    assert stored(branch)["needs_recorded"][0] == "12"


def test_the_api_tells_what_the_registers_say_of_a_day(notebook: Notebook, branch: Branch, organiser: User, other_organiser: User) -> None:
    asked = {"branch": str(branch.public_id), "business_date": "2020-03-06"}
    answer = client_of(organiser).get("/api/v1/derived-figures/", asked).json()
    assert answer["figures"] == [
        {"metric": "needs_recorded", "value": "12", "unit": "items", "revision": 1, "records": "http://testserver/needs/?day=2020-03-06"}
    ]
    assert client_of(other_organiser).get("/api/v1/derived-figures/", asked).status_code == 404


@pytest.mark.parametrize(("name", "text"), [("business_date", "6 March"), ("branch", "望江"), ("branch", ""), ("metric", "vehicles")])
def test_the_api_says_what_is_wrong_with_a_question_to_the_registers(notebook: Notebook, branch: Branch, organiser: User, name: str, text: str) -> None:
    answer = client_of(organiser).get("/api/v1/derived-figures/", {"branch": str(branch.public_id), "business_date": "2020-03-06", name: text})
    assert answer.status_code == 422
    assert [error["parameter"] for error in answer.json()["errors"]] == [name]


def test_the_api_tells_what_the_register_said(notebook: Notebook, branch: Branch, organiser: User) -> None:
    file(branch, MARCH_6, by=organiser, needs_recorded=15)
    for address in ("measures", "entries"):
        text = client_of(organiser).get(f"/api/v1/{address}/").content.decode()
        assert '"register_value":"12"' in text
