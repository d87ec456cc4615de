"""Set up branches with accounts in the database of a running portal: `python -m tests.runtime.stage COUNT`, with its DATA_DIR."""

import json
import sys
from datetime import date, timedelta

import django
from django.db import transaction


def main(count: int) -> None:
    """Make `count` branches, each with a system that files for it, and an auditor; print the branches' identifiers and tokens as JSON."""
    django.setup()
    # Models can only be imported once Django is set up.
    from knox.models import AuthToken

    from branches.access import Role
    from tests.factories import make_branch, make_region, make_user

    with transaction.atomic():
        street = make_region("示例街道", "township")
        make_user("gate-auditor", (Role.AUDITOR, None))
        staged = []
        for number in range(count):
            branch = make_branch(street, established_on=date(2020, 2, 1))
            user = make_user(f"gate-{number}", (Role.ORGANISER, branch))
            _row, token = AuthToken.objects.create(user=user, expiry=timedelta(days=1))
            staged.append({"branch": str(branch.public_id), "token": token})
    print(json.dumps(staged))


if __name__ == "__main__":
    main(int(sys.argv[1]))
