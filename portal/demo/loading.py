"""The whole demo, in one transaction: an invented city, its people and days, and the accounts to look at them."""

from django.db import transaction
from django.utils.translation import gettext as _

from branches.models import Branch
from portal.accounts.models import User
from portal.cases.places import PREFIX
from portal.demo.beside import add_goods, add_period_reports
from portal.demo.city import build_city
from portal.demo.contacts import add_contact_points
from portal.demo.days import Chronicle
from portal.demo.endings import add_endings
from portal.demo.inspections import add_inspections
from portal.demo.invention import SOURCE, Invention
from portal.demo.merits import add_merits
from portal.demo.needs import add_needs
from portal.demo.people import build_people
from portal.demo.rosters import add_rosters
from portal.demo.sign_ins import add_branch_accounts, add_sign_ins
from portal.demo.squads import add_squads
from portal.demo.suggestions import add_suggestions
from portal.demo.surveys import add_surveys
from portal.foundation import audit, locks

FEWEST_BRANCHES, FEWEST_DAYS = 1, 7


class DemoRefused(Exception):  # noqa: N818 - it is a state of the database, not a fault
    """The database is not one to put a demo into; the text says why."""


@transaction.atomic
def load_demo(*, seed: int, branches: int, days: int, force: bool = False) -> Invention:
    """Invent and store a city with `branches` branches and `days` days of reports up to now.

    Raises:
        DemoRefused: the demo is there already, or (unless `force`) the database holds branches other than those of published cases.
    """
    locks.hold("portal.demo")
    _refuse(force=force)
    if branches < FEWEST_BRANCHES or days < FEWEST_DAYS:
        raise DemoRefused(_("A demo has at least %(branches)d branch and %(days)d days.") % {"branches": FEWEST_BRANCHES, "days": FEWEST_DAYS})
    invention = Invention(seed=seed, days=days)
    build_city(invention, branches)
    build_people(invention)
    organisers = add_branch_accounts(invention)
    sign_ins = add_sign_ins(invention)
    Chronicle(invention, organisers, sign_ins["demo-reviewer"]).write()
    add_period_reports(invention, organisers)
    add_goods(invention)
    add_needs(invention, organisers)
    add_rosters(invention, organisers)
    add_surveys(invention, organisers)
    add_suggestions(invention, organisers, sign_ins)
    add_merits(invention, organisers)
    add_squads(invention, organisers)
    add_inspections(invention, organisers, sign_ins["demo-reviewer"])
    add_contact_points(invention, sign_ins["demo-reviewer"])
    add_endings(invention, sign_ins["demo-administrator"])
    audit.record(None, "demo.loaded", seed=seed, branches=branches, days=days)
    return invention


def _refuse(*, force: bool) -> None:
    if Branch.objects.filter(source=SOURCE).exists() or User.objects.filter(username__startswith="demo-").exists():
        raise DemoRefused(_("The demo is loaded already."))
    if not force and Branch.objects.exclude(source__startswith=PREFIX).exists():
        raise DemoRefused(_("This database holds branches of its own: the demo belongs into an empty one. --force loads it all the same."))
