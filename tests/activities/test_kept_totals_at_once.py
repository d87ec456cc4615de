"""Eight writers, a compactor and a verifier at the same time: each snapshot's kept totals equal its records."""

import os
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from threading import Event, Thread
from typing import Any, Final
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction

from activities.models import ReportVersion
from activities.rollups import upkeep
from activities.services import Figure, Work, accept, file_daily_report, file_period_report, return_to_branch, withdraw
from branches.access import Role
from branches.models import Branch, Region
from branches.services import move_branch, reparent_region
from portal.accounts.models import User
from portal.foundation.errors import Conflict
from tests.activities.test_kept_totals import DAYS, KINDS, LAST, assert_exact
from tests.factories import make_branch, make_user
from tests.personas import City, Clock, make_city

# Seconds; the environment may ask for more.
LASTING: Final = float(os.environ.get("KEPT_TOTALS_SECONDS", "60"))
WRITERS: Final = 8
REVIEWS: Final = ("accepted", "returned", "withdrawn")
EVERY_KIND: Final = {"filed", "filed for a period", *REVIEWS, "changed", "moved", "moved in the tree", "taken back", "folded", "verified"}


class Roll(Exception):  # noqa: N818  # Nothing is wrong: the transaction is taken back.
    """A transaction that is taken back."""


class Stage:
    """What the threads share."""

    def __init__(self, city: City, actor: User, branches: list[Branch]) -> None:
        self.city, self.actor, self.branches = city, actor, branches
        self.stop = Event()
        self.done: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self, work: Callable[[random.Random], str], seed: int) -> None:
        """Do something again and again; a refusal or a lost race is part of the work, anything else is wrong, a deadlock too."""
        chance = random.Random(seed)
        try:
            while not self.stop.is_set():
                self.done[self.tried(work, chance)] += 1
        except Exception as error:  # Told by the test, which cannot see into its threads.
            self.wrong.append(repr(error))
        finally:
            connection.close()

    def tried(self, work: Callable[[random.Random], str], chance: random.Random) -> str:
        """Do it once, and say how it went."""
        try:
            return work(chance)
        except Roll:
            return "taken back"
        except (ValidationError, Conflict):
            return "refused"

    def write(self, chance: random.Random) -> str:
        """Do one of the things that change totals, and take every tenth back."""
        with transaction.atomic():
            what = self._write(chance)
            if chance.random() < 0.1:
                raise Roll
        return what

    def _write(self, chance: random.Random) -> str:
        branch = Branch.objects.get(pk=chance.choice(self.branches).pk)
        day, roll = chance.choice(DAYS), chance.random()
        if roll < 0.6:
            works = self._works(chance)
            file_daily_report(actor=self.actor, branch=branch, day=day, works=works, uid=uuid4(), reason="示例")
            return "filed"
        if roll < 0.7:
            first = min(day, LAST - timedelta(days=2))
            works = self._works(chance)
            options: dict[str, Any] = {"first_day": first, "last_day": first + timedelta(days=2), "uid": uuid4(), "reason": "示例"}
            file_period_report(actor=self.actor, branch=branch, works=works, **options)
            return "filed for a period"
        if roll < 0.9:
            return self._review(chance)
        if roll < 0.96:
            Branch.objects.filter(pk=branch.pk).update(reports_from=chance.choice([None, day]), ended_on=chance.choice([None, None, LAST]))
            return "changed"
        if roll < 0.98:
            move_branch(actor=self.actor, branch=branch, region=chance.choice([self.city.community, self.city.other_community]), from_day=day)
            return "moved"
        street = chance.choice([self.city.street, self.city.other_street])
        reparent_region(actor=self.actor, region=street, parent=chance.choice([self.city.north, self.city.south]), from_day=day)
        return "moved in the tree"

    def _works(self, chance: random.Random) -> list[Work]:
        places: list[Region | None] = [None, self.city.community, self.city.other_street]
        codes = chance.sample(sorted(KINDS), k=3)
        return [Work(KINDS[code], (Figure(code, Decimal(chance.randrange(9))),), place=chance.choice(places)) for code in sorted(codes)]

    def _review(self, chance: random.Random) -> str:
        version = ReportVersion.objects.current().order_by("?").first()
        if version is None:
            return "nothing to review"
        what = chance.choice(REVIEWS)
        if what == "accepted":
            accept(actor=self.actor, version=version)
        elif what == "returned":
            return_to_branch(actor=self.actor, version=version, note="请核对")
        else:
            withdraw(actor=self.actor, version=version, reason="误报")
        return what

    def compact(self, chance: random.Random) -> str:
        """Fold some of what waits, and cut some of the folds off before they commit."""
        with transaction.atomic():
            folded = upkeep.fold(chance.choice([5, 100, upkeep.BATCH]))
            if chance.random() < 0.2:
                raise Roll
        time.sleep(0.02)
        return "folded" if folded else "nothing to fold"

    def verify(self, chance: random.Random) -> str:
        """Compare the kept totals of a snapshot with its records."""
        found = upkeep.check()
        if found.differing:
            self.wrong.append(f"{found.differing} of {found.rows} differ: {found.differences[:3]}")
            self.stop.set()
        time.sleep(chance.random() / 10)
        return "verified"


@pytest.mark.django_db(transaction=True)
def test_every_snapshot_is_exact_while_writers_and_the_compactor_work(clock: Clock) -> None:
    call_command("load_reference", verbosity=0)
    city = make_city()
    clock.move_to(clock.moment + timedelta(days=3))
    actor = make_user("everything", *((role, None) for role in (Role.ORGANISER, Role.REVIEWER, Role.ADMINISTRATOR)))
    branches = [make_branch(chosen) for chosen in (city.community, city.other_community, city.street, city.south) for _ in range(3)]
    stage = Stage(city, actor, branches)
    work = [stage.write] * WRITERS + [stage.compact, stage.verify]
    threads = [Thread(target=stage.run, args=(each, seed)) for seed, each in enumerate(work)]
    for thread in threads:
        thread.start()
    stage.stop.wait(LASTING)
    stage.stop.set()
    for thread in threads:
        thread.join()
    assert not stage.wrong
    # Each kind of work was really done; otherwise nothing was shown.
    for what in (
        "filed",
        "filed for a period",
        "accepted",
        "returned",
        "withdrawn",
        "changed",
        "moved",
        "moved in the tree",
        "taken back",
        "folded",
        "verified",
    ):
        assert stage.done[what], what
    while upkeep.fold():
        pass
    assert upkeep.check().differing == 0
    assert_exact()
