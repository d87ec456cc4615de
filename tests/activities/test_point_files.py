"""Pictures and documents of what an inspection found: who adds, sees and takes away; how they are sent, counted, logged and thrown away."""

import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from activities.models import InspectionPoint, PointFile
from activities.services import pictures as services
from branches.access import Role
from branches.models import Branch
from members.services.people import end_branch
from portal.accounts.models import User
from portal.foundation.models import AuditEntry
from portal.retention.models import Certificate
from portal.retention.services.erasing import erase_all
from portal.retention.services.holding import lift_hold, place_hold
from tests.activities.drawn import a_picture, drawn
from tests.activities.inspected import a_point
from tests.factories import make_user
from tests.foundation.test_pictures import DOCUMENT
from tests.headers import wrong_with
from tests.personas import Clock
from tests.security.attacker import browser

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def point(branch: Branch, reviewer: User) -> InspectionPoint:
    """Something to mend."""
    return a_point(branch, reviewer)


def add(client: Client, point: InspectionPoint, content: bytes, name: str = "gate.jpg", **more: str) -> int:
    """Send a file as the form does; return the status."""
    typed = {"file": SimpleUploadedFile(name, content, "text/html"), "shows": "found", "uid": str(uuid4())} | more
    return client.post(reverse("inspections:file_add", args=[point.public_id]), typed).status_code


def shown(row: PointFile) -> str:
    """The address of a picture or document."""
    return reverse("inspections:file_show", args=[row.public_id])


def page_of(point: InspectionPoint) -> str:
    """The address of a point."""
    return reverse("inspections:point_detail", args=[point.public_id])


def test_a_picture_from_a_telephone_is_shown_on_the_page_and_nowhere_to_be_kept(organiser: User, reviewer: User, point: InspectionPoint) -> None:
    assert add(browser(organiser), point, drawn((4000, 3000), "JPEG")) == 302
    row = point.files.get()

    for user in (organiser, reviewer):
        assert shown(row) in browser(user).get(page_of(point)).content.decode()
    answer = browser(reviewer).get(shown(row))
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"].startswith("inline")
    assert b"".join(answer).startswith(b"\xff\xd8\xff")
    assert wrong_with(answer) == []
    assert AuditEntry.objects.filter(action="point_file.seen", actor=reviewer, object_id=row.public_id).count() == 1


def test_a_document_is_saved_never_opened_whatever_it_was_called(organiser: User, point: InspectionPoint) -> None:
    assert add(browser(organiser), point, DOCUMENT, "整改\u202efdp.html") == 302
    answer = browser(organiser).get(shown(point.files.get()))

    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["Content-Disposition"].endswith(".pdf")
    assert "%E2%80%AE" not in answer["Content-Disposition"]
    assert "sandbox" in answer["Content-Security-Policy"]
    assert b"".join(answer) == DOCUMENT


@pytest.mark.parametrize("content", [b"<script>alert(1)</script>", b"\xff\xd8\xff", b""])
def test_anything_else_is_refused_beside_the_field_and_leaves_nothing(organiser: User, point: InspectionPoint, content: bytes) -> None:
    assert add(browser(organiser), point, content) == 422
    assert not PointFile.objects.exists()


def test_sent_twice_it_is_there_once(organiser: User, point: InspectionPoint) -> None:
    uid = str(uuid4())
    assert [add(browser(organiser), point, drawn(), uid=uid) for _time in range(2)] == [302, 302]
    assert point.files.count() == 1
    assert add(browser(organiser), point, drawn(colour="navy"), uid=uid) == 409


def test_a_point_has_so_many_and_no_more_until_one_is_taken_away(organiser: User, point: InspectionPoint) -> None:
    for number in range(PointFile.MOST):
        a_picture(point, organiser, content=drawn((10 + number, 10)))
    assert add(browser(organiser), point, drawn()) == 422
    services.take_away(actor=organiser, row=point.files.all()[0])
    assert add(browser(organiser), point, drawn()) == 302


def test_what_is_too_large_is_refused_before_it_is_read(organiser: User, point: InspectionPoint) -> None:
    assert add(browser(organiser), point, drawn(kind="JPEG") + b"\0" * (10 * 1024 * 1024)) == 422
    assert add(browser(organiser), point, b"\0" * (11 * 1024 * 1024)) == 413


def test_who_neither_mends_nor_checks_sees_no_picture_and_learns_of_none(
    branch: Branch, reviewer: User, liaison: User, community_secretary: User, shift_leader: User, other_organiser: User, point: InspectionPoint
) -> None:
    row = a_picture(point, reviewer)
    machine = make_user("machine", (Role.CLIENT, branch))
    machine.grants.update(sensitive=True)
    for user in (liaison, community_secretary, shift_leader, other_organiser, machine):
        client = browser(user)
        assert client.get(shown(row)).status_code == 404, user
        assert shown(row) not in client.get(page_of(point)).content.decode(), user
        assert client.post(reverse("inspections:file_take_away", args=[row.public_id])).status_code == 404, user
    assert add(browser(liaison), point, drawn()) == 403
    assert add(browser(other_organiser), point, drawn()) == 404
    assert not AuditEntry.objects.filter(action="point_file.seen").exists()


def test_a_grant_taken_back_hides_pictures_at_once(organiser: User, reviewer: User, point: InspectionPoint, clock: Clock) -> None:
    row, client = a_picture(point, reviewer), browser(organiser)
    assert client.get(shown(row)).status_code == 200
    organiser.grants.update(revoked_at=clock.now(), revoked_by=reviewer)
    assert client.get(shown(row)).status_code == 404


def test_nothing_is_taken_away_while_a_hold_stands_over_the_branch(organiser: User, security: User, point: InspectionPoint) -> None:
    client, row = browser(organiser), a_picture(point, organiser)
    hold = place_hold(actor=security, branch=point.branch, reason="信访复核")

    refused = client.post(reverse("inspections:file_take_away", args=[row.public_id]), follow=True)
    assert "nothing can be taken away now" in refused.content.decode()
    assert client.get(shown(row)).status_code == 200
    assert not AuditEntry.objects.filter(action="point_file.taken_away").exists()

    lift_hold(actor=security, hold=hold)
    client.post(reverse("inspections:file_take_away", args=[row.public_id]))
    assert client.get(shown(row)).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_what_is_taken_away_is_gone_and_its_row_says_so(organiser: User, reviewer: User, point: InspectionPoint) -> None:
    theirs, own = a_picture(point, reviewer), a_picture(point, organiser, content=drawn(colour="navy"))
    client = browser(organiser)
    assert client.post(reverse("inspections:file_take_away", args=[theirs.public_id])).status_code == 403
    assert [client.post(reverse("inspections:file_take_away", args=[own.public_id])).status_code for _time in range(2)] == [302, 302]

    assert client.get(shown(own)).status_code == 404
    assert "Taken away" in client.get(page_of(point)).content.decode()
    assert not (Path(settings.MEDIA_ROOT) / own.file.sha256[:2] / own.file.sha256).exists()
    assert AuditEntry.objects.filter(action="point_file.taken_away").count() == 1


def test_pictures_go_180_days_after_the_end_of_the_branch(branch: Branch, reviewer: User, administrator: User, point: InspectionPoint, clock: Clock) -> None:
    row = a_picture(point, reviewer)
    end_branch(actor=administrator, branch=branch, last_day=clock.today())
    for days, gone in ((180, False), (1, True)):
        clock.move_to(clock.now() + timedelta(days=days))
        erase_all(uuid4())
        assert PointFile.objects.get(pk=row.pk).is_gone is gone
    assert Certificate.objects.filter(branch=branch, counts={"activities.PointFile.file": 1}).exists()


def test_a_form_without_a_picture_says_so_and_keeps_the_rest(organiser: User, point: InspectionPoint) -> None:
    answer = browser(organiser).post(reverse("inspections:file_add", args=[point.public_id]), {"shows": "mended", "uid": str(uuid4())})
    assert answer.status_code == 422
    (ticked,) = re.findall(r'<input type="radio" name="shows" value="(\w+)"[^>]* checked', answer.content.decode())
    assert ticked == "mended"
