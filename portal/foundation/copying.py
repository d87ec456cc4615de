"""What a query finds, as PostgreSQL itself writes it, handed on while it comes: any number of rows in little memory."""

import os
from collections.abc import Iterator
from threading import Thread
from typing import Any, Final

from django.db import connection, transaction

# As much as a pipe holds.
_CHUNK: Final = 1 << 16


def copied(statement: str, params: Any = ()) -> Iterator[bytes]:
    """Yield what `COPY ... TO STDOUT` sends: one statement, so of one moment. Whoever closes the iterator ends it and has the connection back.

    Until then nothing else can be asked of the database.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        copying = _Copying(cursor.cursor, cursor.mogrify(statement, params))
        copying.start()
        try:
            while chunk := copying.read():
                yield chunk
        finally:
            copying.end()
        with connection.wrap_database_errors:
            copying.check()


class _Copying(Thread):
    """A COPY of a connection that nobody else uses meanwhile.

    The driver cannot be asked for the next rows: it writes until there are no more. So it writes into a pipe, in a thread of its own, and waits
    where the pipe is full.
    """

    def __init__(self, cursor: Any, statement: bytes) -> None:
        super().__init__(daemon=True)
        self._cursor, self._statement = cursor, statement
        self._from, self._to = os.pipe()
        self._read_all = False
        self._error: BaseException | None = None

    def run(self) -> None:
        """Write all rows."""
        try:
            with open(self._to, "wb", buffering=_CHUNK) as pipe:
                self._cursor.copy_expert(self._statement, pipe)
        except BaseException as error:
            self._error = error

    def read(self) -> bytes:
        """Return what came next; nothing at the end."""
        piece = os.read(self._from, _CHUNK)
        self._read_all = not piece
        return piece

    def end(self) -> None:
        """Stop the statement unless all was read, and leave the connection as it was."""
        try:
            # Not when it has ended: a pooler may pass a late word on to whoever has the connection next.
            if not self._read_all:
                self.cancel()
            # What is on its way has to be taken from the driver, or the connection would be of no more use.
            while self.read():
                pass
            self.join()
        finally:
            os.close(self._from)

    def cancel(self) -> None:
        """Ask the server to stop the statement."""
        self._cursor.connection.cancel()

    def check(self) -> None:
        """Raise what the database raised."""
        if self._error is not None:
            raise self._error
