"""What a hold keeps: pictures, packs, requests and names of files, also from whoever acts in the same moment."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from activities.models import PointFile
from activities.services.pictures import take_away
from branches.models import Branch
from portal.accounts import importing
from portal.accounts.models import ReviewedGrant, User
from portal.ending import services as ending
from portal.ending.models import ArchivePack
from portal.ending.services.preparing import queue_pack
from portal.foundation import attachments, jobs
from portal.foundation.sensitive import GONE
from portal.retention.models import Certificate, DataRequest, Hold
from portal.retention.services.erasing import erase_all
from portal.retention.services.holding import lift_hold, place_hold
from portal.retention.services.requesting import answer, write_down
from portal.watching import figures
from tests.accounts.threads import at_once
from tests.activities.drawn import a_picture
from tests.activities.inspected import a_point
from tests.ending.ended import prepared, work_off
from tests.personas import MARCH_6, Clock
from tests.rules import outcome_of_second

LONG = timedelta(days=182)

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def picture(branch: Branch, reviewer: User, organiser: User) -> PointFile:
    """A picture of a point of the branch."""
    return a_picture(a_point(branch, reviewer), organiser)


@pytest.mark.django_db(transaction=True)
def test_whoever_takes_a_picture_away_waits_for_a_hold_that_is_being_placed_and_is_refused(picture: PointFile, organiser: User, security: User) -> None:
    refused: list[str] = []

    def taking() -> None:
        try:
            take_away(actor=organiser, row=picture)
        except ValidationError as refusal:
            refused.extend(refusal.messages)

    assert outcome_of_second(lambda: place_hold(actor=security, branch=picture.point.branch, reason="信访复核"), taking) is None
    assert len(refused) == 1
    picture.file.refresh_from_db()
    assert not picture.is_gone
    assert attachments.is_there(picture.file.sha256)


@pytest.mark.django_db(transaction=True)
def test_a_hold_waits_for_whoever_takes_a_picture_away(picture: PointFile, organiser: User, security: User) -> None:
    def holding() -> None:
        place_hold(actor=security, branch=picture.point.branch, reason="信访复核")

    assert outcome_of_second(lambda: take_away(actor=organiser, row=picture), holding) is None
    assert not attachments.is_there(picture.file.sha256)
    assert Hold.objects.in_force().count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_picture_that_two_take_away_at_once_goes_once(picture: PointFile, organiser: User) -> None:
    assert at_once(*[lambda: take_away(actor=organiser, row=picture)] * 2) == ["done", "done"]
    assert not attachments.is_there(picture.file.sha256)


@pytest.fixture
def over(picture: PointFile, administrator: User, organiser: User, branch: Branch, clock: Clock) -> Branch:
    """The branch, ended long ago, with the picture, a pack with sensitive fields, one without, and a request that was answered."""
    asked = write_down(actor=organiser, branch=branch, kind="erase", subject="李奶奶", contact="3栋501", words="请删除电话")
    answer(actor=organiser, request=asked, done=True, words="已删")
    end = prepared(branch, administrator)
    queue_pack(end, administrator, sensitive=True)
    work_off()
    ending.confirm(actor=administrator, end=end)
    work_off()
    clock.move_to(clock.now() + LONG)
    return branch


def kept(branch: Branch) -> tuple[int, int, bool, bool, bool]:
    """Return how many packs with sensitive fields are there, how many without, and whether picture, name of its file, and request are."""
    packs = ArchivePack.objects.filter(end__branch=branch, file__thrown_away_at=None)
    picture = PointFile.objects.get().file
    told = DataRequest.objects.get().words != GONE
    return packs.filter(sensitive=True).count(), packs.filter(sensitive=False).count(), picture.thrown_away_at is None, picture.name != GONE, told


@pytest.mark.django_db
def test_a_pack_with_sensitive_fields_goes_with_them_and_with_a_certificate(over: Branch) -> None:
    assert kept(over) == (1, 2, True, True, True)
    erase_all(uuid4())
    assert kept(over) == (0, 2, False, False, False)
    (one,) = [each for each in Certificate.objects.filter(branch=over) if "ending.ArchivePack.file" in each.counts]
    assert one.counts == {"ending.ArchivePack.file": 1}


@pytest.mark.django_db
def test_a_hold_keeps_packs_pictures_requests_and_names_of_files(over: Branch, security: User) -> None:
    hold = place_hold(actor=security, branch=over, reason="审计调阅")
    erase_all(uuid4())
    assert kept(over) == (1, 2, True, True, True)
    assert not Certificate.objects.filter(branch=over).exists()
    lift_hold(actor=security, hold=hold)
    erase_all(uuid4())
    assert kept(over) == (0, 2, False, False, False)


@pytest.mark.django_db
def test_a_pack_of_an_end_that_was_given_up_goes_with_its_time_unless_it_is_held(branch: Branch, administrator: User, security: User, clock: Clock) -> None:
    end = prepared(branch, administrator)
    queue_pack(end, administrator, sensitive=True)
    work_off()
    ending.stop(actor=administrator, end=end)
    clock.move_to(clock.now() + LONG)
    hold = place_hold(actor=security, branch=branch, reason="审计调阅")
    erase_all(uuid4())
    assert ArchivePack.objects.filter(sensitive=True, file__thrown_away_at=None).count() == 1
    lift_hold(actor=security, hold=hold)
    erase_all(uuid4())
    assert ArchivePack.objects.filter(sensitive=True, file__thrown_away_at=None).count() == 0
    assert ArchivePack.objects.filter(sensitive=False, file__thrown_away_at=None).count() == 1
    # The branch goes on: it is not said to be over.
    assert [one.rule for one in Certificate.objects.filter(branch=branch) if "ending.ArchivePack.file" in one.counts] == ["row"]


@pytest.mark.django_db
def test_a_hold_keeps_why_a_right_over_the_branch_was_kept(branch: Branch, organiser: User, security: User, clock: Clock) -> None:
    decided = ReviewedGrant.objects.create(quarter=MARCH_6.replace(month=1, day=1), grant=organiser.grants.get(), kept=True, reason="仍在负责", by=security)
    ReviewedGrant.objects.filter(pk=decided.pk).update(at=clock.now())
    clock.move_to(clock.now() + LONG)
    hold = place_hold(actor=security, branch=branch, reason="审计调阅")
    for told in ("仍在负责", ""):
        erase_all(uuid4())
        decided.refresh_from_db()
        assert decided.reason == told
        if told:
            lift_hold(actor=security, hold=hold)


@pytest.mark.django_db(transaction=True)
def test_a_night_that_fails_has_thrown_away_whole_files_and_rows_or_neither(
    branch: Branch, administrator: User, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> dict[str, int]:
        raise RuntimeError

    kept = attachments.store(content=b"names", name="a.xlsx", content_type="text/plain", model=importing.IMPORT, added_by=administrator, at=clock.now())
    clock.move_to(clock.now() + LONG)
    monkeypatch.setattr(figures, "sizes", fail)
    jobs.ask_for("housekeeping")
    job = jobs.run_next()
    assert job is not None
    assert (job.state, job.error) == ("queued", "RuntimeError")
    kept.refresh_from_db()
    assert (kept.thrown_away_at is None) == attachments.is_there(kept.sha256)
