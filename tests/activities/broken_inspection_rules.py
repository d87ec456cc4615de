"""Each rule of inspections and their points, broken on purpose: cases of `tests/test_every_rule.py`."""

from datetime import timedelta
from typing import Any

from activities.models import Inspection, InspectionPoint, InspectionPointEvent, PointFile
from portal.foundation.models import Attachment
from tests.activities.broken_rules import CASES
from tests.activities.rows import HOUR, NINE, a_branch, stored
from tests.factories import make_user
from tests.personas import MARCH_5, MARCH_6, MARCH_7
from tests.rules import Add, Break, Remove, alter, both

DAY = timedelta(days=1)


def inspection(**values: Any) -> Inspection:
    """An inspection of 6 March, not stored."""
    given = {"business_date": MARCH_6, "recorded_on": MARCH_6, "recorded_at": NINE, "inspector": "督查组", "looked_at": "值守", "result": "良好"}
    return Inspection(**given | {"branch": values.pop("branch", None) or a_branch(), "recorded_by": make_user()} | values)


def point(of: Inspection | None = None, **values: Any) -> InspectionPoint:
    """A point of a stored inspection, not stored."""
    of = of or stored(inspection())
    given = {"inspection": of, "branch": of.branch, "what": "登记缺项", "found_on": MARCH_6, "due_on": MARCH_7, "opened_at": NINE}
    return InspectionPoint(**given | values)


def event(of: InspectionPoint, number: int = 1, kind: str = "opened", **values: Any) -> InspectionPointEvent:
    """Something that happened to a stored point, not stored."""
    told = {"due_on": MARCH_7} if kind in ("opened", "sent_back") else {}
    given = {"point": of, "number": number, "kind": kind, "branch": of.branch, "business_date": MARCH_6, "at": NINE, "actor": make_user(), "note": "已办"}
    return InspectionPointEvent(**given | told | values)


def kept() -> InspectionPoint:
    """A point with its first event, stored."""
    found = stored(point())
    stored(event(found))
    return found


@CASES.breaks("inspection_was_before_it_was_recorded")
def an_inspection_that_is_still_to_come() -> Break:
    return Break(Add(inspection(business_date=MARCH_7)))


@CASES.breaks("inspection_says_who_what_and_how")
def an_inspection_by_nobody() -> Break:
    return Break(Add(inspection(inspector="")))


@CASES.breaks("inspection_says_who_what_and_how")
def an_inspection_without_a_result() -> Break:
    return Break(Add(inspection(result="")))


@CASES.breaks("inspection_withdrawn_with_a_reason")
def an_inspection_withdrawn_without_a_reason() -> Break:
    held = stored(inspection())
    return Break(alter(held, withdrawn_at=NINE, withdrawn_by=make_user()))


@CASES.breaks("inspection_withdrawn_with_a_reason")
def a_standing_inspection_with_a_reason_to_withdraw_it() -> Break:
    return Break(Add(inspection(withdrawn_why="错了")))


@CASES.breaks("inspection_stays_as_recorded")
def an_inspection_with_another_result() -> Break:
    return Break(alter(stored(inspection()), result="很差"))


@CASES.breaks("inspection_stays_as_recorded")
def an_inspection_with_another_result_when_it_is_withdrawn() -> Break:
    return Break(alter(stored(inspection()), result="很差", withdrawn_at=NINE, withdrawn_by=make_user(), withdrawn_why="错了"))


@CASES.breaks("inspection_stays_as_recorded")
def an_inspection_that_stands_again() -> Break:
    held = stored(inspection(withdrawn_at=NINE, withdrawn_by=make_user(), withdrawn_why="错了"))
    return Break(alter(held, withdrawn_at=None, withdrawn_by=None, withdrawn_why=""))


@CASES.breaks("inspection_stays_as_recorded", collides=True)
def an_inspection_withdrawn_by_two() -> Break:
    held = stored(inspection())
    first, second = make_user(), make_user()
    return Break(
        alter(held, withdrawn_at=NINE, withdrawn_by=second, withdrawn_why="也错了"),
        after=alter(held, withdrawn_at=NINE, withdrawn_by=first, withdrawn_why="错了"),
    )


@CASES.breaks("inspection_is_kept")
def an_inspection_removed() -> Break:
    return Break(Remove(stored(inspection())))


@CASES.breaks("inspection_point_is_told")
def a_point_that_says_nothing() -> Break:
    return Break(Add(point(what="")))


@CASES.breaks("inspection_point_due_after_it_was_found")
def a_point_due_before_it_was_found() -> Break:
    return Break(Add(point(due_on=MARCH_5)))


@CASES.breaks("inspection_point_state_has_its_times")
def an_open_point_that_was_mended() -> Break:
    return Break(Add(point(mended_at=NINE)))


@CASES.breaks("inspection_point_state_has_its_times")
def a_point_checked_but_never_mended() -> Break:
    return Break(Add(point(state="checked", checked_at=NINE)))


@CASES.breaks("inspection_point_times_follow_each_other")
def a_point_mended_before_it_was_found() -> Break:
    return Break(Add(point(state="mended", mended_at=NINE - HOUR)))


@CASES.breaks("inspection_point_times_follow_each_other")
def a_point_checked_before_it_was_mended() -> Break:
    return Break(Add(point(state="checked", mended_at=NINE + 2 * HOUR, checked_at=NINE + HOUR)))


@CASES.breaks("inspection_point_of_its_branch")
def a_point_of_another_branch() -> Break:
    return Break(Add(point(branch=a_branch())))


@CASES.breaks("inspection_point_keeps_its_beginning")
def a_point_that_says_something_else() -> Break:
    return Break(alter(kept(), what="别的", revision=2))


@CASES.breaks("inspection_point_keeps_its_beginning")
def a_point_found_on_another_day() -> Break:
    return Break(alter(kept(), found_on=MARCH_5, revision=2))


@CASES.breaks("inspection_point_changes_with_an_event")
def a_deadline_moved_in_silence() -> Break:
    return Break(alter(kept(), due_on=MARCH_7 + DAY))


@CASES.breaks("inspection_point_changes_with_an_event")
def a_deadline_moved_with_an_event_that_is_not_there() -> Break:
    return Break(alter(kept(), due_on=MARCH_7 + DAY, revision=2))


@CASES.breaks("inspection_point_changes_with_an_event", collides=True)
def two_changes_of_a_point_with_one_number() -> Break:
    held = kept()
    first = both(alter(held, state="mended", mended_at=NINE, revision=2), Add(event(held, 2, "mended")))
    return Break(alter(held, state="mended", mended_at=NINE + HOUR, revision=2), after=first)


@CASES.breaks("inspection_point_is_kept")
def a_point_removed() -> Break:
    return Break(Remove(kept()))


@CASES.breaks("inspection_point_event_once", collides=True)
def a_second_event_of_a_points_number() -> Break:
    held = kept()
    return Break(Add(event(held, 2, "assigned")), after=Add(event(held, 2, "mended")))


@CASES.breaks("inspection_point_event_is_told")
def a_point_mended_without_a_word() -> Break:
    return Break(Add(event(kept(), 2, "mended", note="")))


@CASES.breaks("inspection_point_event_sets_a_deadline")
def a_point_sent_back_without_a_day() -> Break:
    return Break(Add(event(kept(), 2, "sent_back", due_on=None)))


@CASES.breaks("inspection_point_event_sets_a_deadline")
def an_assignment_with_a_day() -> Break:
    return Break(Add(event(kept(), 2, "assigned", due_on=MARCH_7)))


@CASES.breaks("inspection_point_event_is_only_added")
def an_event_of_a_point_with_another_note() -> Break:
    return Break(alter(kept().events.get(), note="改过"))


@CASES.breaks("inspection_point_event_is_only_added")
def an_event_of_a_point_removed() -> Break:
    return Break(Remove(kept().events.get()))


def point_file(**values: Any) -> PointFile:
    """A picture of a stored point, not stored."""
    held = Attachment.objects.create(sha256="0" * 64, name="a.jpg", content_type="image/jpeg", size=1, model="pointfile", added_by=make_user())
    return PointFile(**{"point": kept(), "shows": "found", "file": held, "width": 4, "height": 3} | values)


@CASES.breaks("point_file_shows_the_point_found_or_mended")
def a_picture_of_something_else() -> Break:
    return Break(Add(point_file(shows="person")))


@CASES.breaks("point_file_stays_as_added")
def a_picture_said_to_show_something_else() -> Break:
    return Break(alter(stored(point_file()), shows="mended"))
