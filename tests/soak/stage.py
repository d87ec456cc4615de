"""Set up branches with accounts in the database of a running portal: `python -m tests.soak.stage COUNT`, with its DATA_DIR."""

import json
import sys
from datetime import date, timedelta

import django
from django.conf import settings
from django.db import transaction


def main(count: int) -> None:
    """Make `count` branches in a few streets, each with a phone that files for it; print the branches' identifiers and tokens as JSON."""
    django.setup()
    # Models can only be imported once Django is set up.
    from knox.models import AuthToken

    from branches.access import Role
    from tests.factories import make_branch, make_region, make_user

    # Nobody signs in with them, and a hash is slow on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with transaction.atomic():
        district = make_region("示例区", "county")
        streets = [make_region(f"示例街道{number}", "township", district) for number in range(3)]
        staged = []
        for number in range(count):
            branch = make_branch(streets[number % len(streets)], established_on=date(2019, 1, 1))
            user = make_user(f"phone-{number}", (Role.ORGANISER, branch))
            # Longer than any clock is wrong.
            _row, token = AuthToken.objects.create(user=user, expiry=timedelta(days=30))
            staged.append({"branch": str(branch.public_id), "token": token})
    print(json.dumps(staged))


if __name__ == "__main__":
    main(int(sys.argv[1]))
