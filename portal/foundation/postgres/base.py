"""What Django loads as the backend."""

from typing import Any

from django.db.backends.postgresql import base

from portal.foundation import acting


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that tells who acts, whoever opened it: a request, the worker, a command or a test."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.execute_wrappers.append(acting.tell)
