"""What stands beside the invented days: reports of whole weeks, and goods received."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from activities.models import PeriodReport, ReportVersion, StockReceipt, Unit
from activities.services import Figure, Work, file_period_report
from branches.models import Branch
from portal.accounts.models import User
from portal.demo.invention import SOURCE, Invention


def add_period_reports(invention: Invention, organisers: dict[int, User]) -> None:
    """File a week's publicity work for every third branch, and one total that includes the daily reports."""
    chance, last = invention.chance, invention.today - timedelta(days=invention.today.weekday() + 1)
    first = last - timedelta(days=6)
    for number, post in enumerate(post for post in invention.posts[::3] if post.branch.ended_on is None and post.branch.kind == Branch.Kind.BRANCH):
        documents, bulletins = Decimal(chance.randrange(1, 6)), Decimal(chance.randrange(1, 8))
        works = [Work("publicity", (Figure("documents_compiled", documents), Figure("bulletins", bulletins)))]
        relation = PeriodReport.Relation.ADDS_TO_DAILY
        if number == 0:
            works, relation = [Work("shift", (Figure("duty_person_times", Decimal(chance.randrange(24, 34))),))], PeriodReport.Relation.INCLUDES_DAILY
        uid = UUID(int=chance.getrandbits(128), version=4)
        file_period_report(
            actor=organisers[post.branch.pk],
            branch=post.branch,
            first_day=first,
            last_day=last,
            works=works,
            uid=uid,
            relation=relation,
            means=ReportVersion.Means.DEMO,
        )


def add_goods(invention: Invention) -> None:
    """Let each branch have received something."""
    chance = invention.chance
    units = {unit.name_zh: unit for unit in Unit.objects.all()}
    receipts = []
    for post in invention.posts:
        for item, unit, low, high in chance.sample(invention.words["goods"], 2):
            received = invention.today - timedelta(days=chance.randrange(1, max(2, invention.days)))
            value = Decimal(round(chance.randrange(low, high), -1))
            receipts.append(
                StockReceipt(source=SOURCE, key=f"{post.branch.key}:{item}", branch=post.branch, item=item, value=value, unit=units[unit], received_on=received)
            )
    StockReceipt.objects.bulk_create(receipts)
