"""A city with every register, whose branches have ended."""

from datetime import timedelta
from typing import Final

from axes.models import AccessAttempt

from activities.models import ReportDraft
from activities.services.contacts import close
from activities.services.inspections import withdraw
from activities.services.needs import resolve
from activities.services.suggestions import answer
from members.models import Secondment
from members.services import end_branch
from members.services.check_in import record_shift
from portal.accounts import alerts
from portal.accounts.models import Alert, ReviewedGrant, Session, User
from portal.foundation import clock
from portal.foundation.jobs import run_next
from portal.retention.services.requesting import answer as answer_request
from tests.accounts.telephone import enrolled
from tests.matrix_world import INSIDE, World, build_world
from tests.personas import MARCH_6, City, Clock

LAST: Final = MARCH_6 + timedelta(days=1)


def build_ended(city: City, held: Clock) -> World:
    """Build both sides of the world of the access matrix, let everything happen that can, and end both branches."""
    world = build_world(city)
    Secondment.objects.update(job="办事员")
    for name, side in world.sides.items():
        reviewer = User.objects.get(username="x-reviewer" if name == INSIDE else "caller-2")
        for assignment in side.current.assignments.all():
            record_shift(actor=side.clerk, shift=side.current, wanted={assignment: "present"}, seen={})
        resolve(actor=side.clerk, need=side.need, seen=1, result="已送到")
        answer(actor=reviewer, suggestion=side.suggestion, seen=2, answer="明日送到")
        withdraw(actor=reviewer, inspection=side.inspection, why="写错了")
        answer_request(actor=side.clerk, request=side.asked, done=True, words="已删除")
        ReportDraft.objects.create(user=side.clerk, branch=side.branch, business_date=MARCH_6, data={"note": "草稿"})
        close(actor=reviewer, point=side.contact, last_day=MARCH_6)
        while run_next() is not None:
            pass
        keeper = User.objects.get(username="x-administrator" if name == INSIDE else "keeper-2")
        end_branch(actor=keeper, branch=side.branch, last_day=LAST)
    person = User.objects.get(username="x-reviewer")
    enrolled(person)
    alerts.tell(person, Alert.Kind.LOCKED_OUT, address="192.0.2.7")
    ReviewedGrant.objects.create(quarter=MARCH_6.replace(month=1, day=1), grant=person.grants.get(), kept=True, reason="仍在负责", by=person)
    Session.objects.create(session_key="planted", session_data="x", expire_date=clock.now())
    texts = dict.fromkeys(("get_data", "post_data", "path_info", "http_accept", "user_agent"), "")
    AccessAttempt.objects.create(username="x", ip_address="10.0.0.1", failures_since_start=1, **texts)
    held.move_to(held.now() + timedelta(days=2))
    return world
