"""Words about residents end 180 days after the branch; what was counted stays."""

from datetime import timedelta
from uuid import uuid4

import pytest

from activities import registers
from activities.models import Need, NeedEvent, SurveyAnswer
from activities.services import surveys
from activities.services.contacts import close
from activities.services.inspections import mend
from activities.services.needs import hand_on, resolve
from activities.services.suggestions import answer
from activities.services.surveys import Form, Given
from branches.models import Branch
from members.models import OnSiteStay
from members.services import end_branch
from members.services.on_site import add_stays
from members.services.service_note import write_note
from portal.accounts.models import User
from portal.foundation.jobs import run_next
from portal.foundation.models import AuditEntry
from portal.foundation.sensitive import GONE
from portal.management.commands.work import plan_nightly
from portal.retention.models import Certificate
from portal.retention.services.erasing import erase_all
from tests.activities.contacted import contact, visited
from tests.activities.inspected import a_point, inspection_of
from tests.activities.needs import recorded
from tests.activities.suggestions import suggested
from tests.personas import MARCH_6, City, Clock

pytestmark = pytest.mark.usefixtures("clock")
LONG = timedelta(days=180)


def erased() -> int:
    """Run the erasure, and return how many rows it was about; persons and accounts are another test's matter."""
    before = Certificate.objects.count()
    erase_all(uuid4())
    return sum(one.rows for one in Certificate.objects.order_by("pk")[before:] if one.rule in ("branch", "site"))


@pytest.fixture
def told(branch: Branch, organiser: User, administrator: User) -> Need:
    """A need that was resolved, a survey with a word, a place to live on site; the branch has ended since."""
    need = recorded(branch, organiser, category="other")
    resolve(actor=organiser, need=need, seen=1, result="已送到3栋")
    survey = surveys.make_survey(actor=organiser, branch=branch, title="问", last_day=MARCH_6, questions=surveys.satisfaction_survey(), uid=uuid4())
    surveys.open_survey(actor=organiser, survey=survey)
    first, *_others, last = survey.questions.all()
    surveys.answer_survey(survey=survey, form=Form(uuid4(), {first.pk: Given((1,)), last.pk: Given(words="李家老人无人照看")}), browser=uuid4())
    add_stays(actor=organiser, branch=branch, people=[branch.memberships.get().person], first_day=MARCH_6, place="居委会二楼")
    end_branch(actor=administrator, branch=branch, last_day=MARCH_6)
    return need


def test_until_then_every_word_stays(told: Need, clock: Clock) -> None:
    clock.move_to(clock.now() + LONG)
    assert erased() == 0
    told.refresh_from_db()
    assert (told.words, told.household, told.phone) == ("降压药两盒", "3栋2单元501", "19900007788")


def test_then_words_go_in_one_step_and_figures_stay(told: Need, branch: Branch, clock: Clock) -> None:
    before = {code: figure.value for code, figure in registers.figures_of(branch, MARCH_6).items()}
    clock.move_to(clock.now() + LONG + timedelta(days=1))

    plan_nightly()
    done = [run_next(), run_next()]

    assert [(job.kind, job.state) for job in done if job] == [("housekeeping", "done"), ("retention", "done")]
    need = Need.objects.get(pk=told.pk)
    assert (need.words, need.result, need.household, need.contact, need.phone, need.words_folded) == (GONE, GONE, "", "", "", None)
    assert (need.state, need.category, need.revision) == ("resolved", "other", 2)
    assert list(NeedEvent.objects.order_by("number").values_list("note", flat=True)) == ["", GONE]
    assert list(SurveyAnswer.objects.exclude(free_text="").values_list("free_text", flat=True)) == [GONE]
    assert OnSiteStay.objects.get().place == ""
    assert {code: figure.value for code, figure in registers.figures_of(branch, MARCH_6).items()} == before
    certificate = Certificate.objects.get(rule="branch")
    assert (certificate.branch, certificate.run, certificate.rows) == (branch, done[1].public_id if done[1] else None, 5)
    assert certificate.counts == {
        "activities.Need.contact": 1,
        "activities.Need.household": 1,
        "activities.Need.phone": 1,
        "activities.Need.result": 1,
        "activities.Need.words": 1,
        "activities.Need.words_folded": 1,
        "activities.NeedEvent.note": 1,
        "activities.SurveyAnswer.free_text": 1,
        "activities.SurveyResponse.browser": 1,
        "members.OnSiteStay.place": 1,
    }
    said = AuditEntry.objects.get(action="retention.destroyed", object_id=certificate.public_id)
    assert (said.actor, said.details) == (None, {"rule": "branch", "rows": 5, "sha256": certificate.sha256})
    # The next night there is nothing left to do, and nothing to certify.
    count = Certificate.objects.count()
    assert erase_all(uuid4()) == {"certificates": 0, "rows": 0}
    assert Certificate.objects.count() == count


def test_a_need_waits_for_both_branches_that_may_read_it(branch: Branch, other_branch: Branch, organiser: User, administrator: User, clock: Clock) -> None:
    need = recorded(branch, organiser)
    hand_on(actor=organiser, need=need, seen=1, to=other_branch)
    end_branch(actor=administrator, branch=branch, last_day=MARCH_6)
    clock.move_to(clock.now() + 2 * LONG)
    erased()
    need.refresh_from_db()
    assert need.words == "降压药两盒"


def test_words_of_suggestions_and_of_merit_go_too_and_their_course_stays(
    branch: Branch, organiser: User, reviewer: User, administrator: User, city: City, clock: Clock
) -> None:
    held = answer(actor=reviewer, suggestion=suggested(branch, organiser, to=city.street), seen=2, answer="明日送到")
    waiting = suggested(branch, organiser)
    person = branch.memberships.get().person
    write_note(actor=organiser, person=person, branch=branch, day=MARCH_6, words="冒雨连守两班", uid=uuid4())
    end_branch(actor=administrator, branch=branch, last_day=MARCH_6)
    clock.move_to(clock.now() + LONG + timedelta(days=1))

    assert erased() == 4
    for suggestion in (held, waiting):
        suggestion.refresh_from_db()
    assert [(each.words, each.answer, each.state) for each in (held, waiting)] == [(GONE, GONE, "answered"), (GONE, "", "open")]
    assert list(held.events.order_by("number").values_list("kind", "note")) == [("recorded", ""), ("passed", ""), ("answered", GONE)]
    assert person.service_notes.get().words == GONE
    assert not person.service_notes.standing().exists()
    assert erased() == 0


def test_words_of_inspections_go_too_and_those_of_visits_when_nobody_answers_for_the_site(
    branch: Branch, organiser: User, reviewer: User, official: User, administrator: User, city: City, clock: Clock
) -> None:
    point = a_point(branch, official)
    mend(actor=organiser, point=point, seen=1, note="已补")
    over, kept = (contact(city.community, reviewer, spot=spot, name=spot) for spot in ("东门", "西门"))
    for site in (over, kept):
        visited(site, reviewer)
    close(actor=reviewer, point=over, last_day=MARCH_6)
    clock.move_to(clock.now() + LONG + timedelta(days=1))
    # The visit of the site that is over, and the leader's office and telephone; the branch is at work.
    assert erased() == 2
    end_branch(actor=administrator, branch=branch, last_day=MARCH_6)

    assert erased() == 3

    point.refresh_from_db()
    inspection = inspection_of(point)
    assert (point.what, point.state, inspection.looked_at, inspection.result, inspection.withdrawn_why) == (GONE, "mended", GONE, GONE, "")
    assert list(point.events.order_by("number").values_list("note", flat=True)) == ["", GONE]
    assert [site.visits.get().found == GONE for site in (over, kept)] == [True, False]
    assert erased() == 0
