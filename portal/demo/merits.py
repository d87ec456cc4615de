"""Invented words of merit for members of the branch of the demo's organiser."""

from datetime import timedelta
from uuid import UUID

from members.services.service_note import write_note
from portal.accounts.models import User
from portal.demo.invention import Invention
from portal.foundation import clock


def add_merits(invention: Invention, organisers: dict[int, User]) -> None:
    """Write words into the records of the first members, of the last days."""
    post = invention.posts[0]
    for place, words in enumerate(invention.words["merits"]):
        uid = UUID(int=invention.chance.getrandbits(128), version=4)
        day = clock.today() - timedelta(days=place)
        write_note(actor=organisers[post.branch.pk], person=post.members[place + 1].person, branch=post.branch, day=day, words=words, uid=uid)
