"""Make the first accounts of an empty production database."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from branches.access import Role
from portal.accounts.services import CODE_HOLDS, create_first_account

ROLES = (Role.ADMINISTRATOR, Role.SYSTEM, Role.SECURITY, Role.AUDITOR)


class Command(BaseCommand):
    """Create an account over everything and print its activation code, once."""

    help = "Create an account with one role over everything and print its activation code. Run it once for each: security, system, auditor, administrator."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the account and its role."""
        parser.add_argument("--username", help="The account; asked for when left out.")
        parser.add_argument("--name", default="", help="The person's name.")
        parser.add_argument("--role", choices=[str(role) for role in ROLES], default=str(Role.ADMINISTRATOR))

    def handle(self, *args: Any, **options: Any) -> None:
        """Create and print."""
        username = options["username"] or input("Account: ").strip()
        try:
            issued = create_first_account(username=username, name=options["name"], role=options["role"])
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"Account {issued.user.username}, role {options['role']}, over everything.")
        self.stdout.write(f"Activation code: {issued.code}")
        self.stdout.write(f"Open /account/activate/ within {CODE_HOLDS.days} days. The code works once and is not stored.")
