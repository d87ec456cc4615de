"""`manage.py migrate`: Django's, as the owner of the tables; afterwards every table has its history, and the application what it may do with them."""

from typing import Any

from django.core.management.commands import migrate
from django.db import transaction

from portal.foundation import ownership, row_history


class Command(migrate.Command):
    """Migrate as the owner, have each table audited, and let the application's role use what is there."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate, then set triggers and privileges."""
        application = ownership.current_role()
        with ownership.as_owner():
            super().handle(*args, **options)
            with transaction.atomic():
                row_history.keep_triggers()
                if application != ownership.current_role():
                    ownership.let_use(application)
