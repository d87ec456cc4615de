"""Several transactions at once, each on a connection of its own."""

from collections.abc import Callable
from threading import Barrier, Thread

from django.db import connection


def at_once(*calls: Callable[[], object]) -> list[str]:
    """Run each call in a thread, all let go together; say how each ended: `done`, or the name of its exception."""
    start = Barrier(len(calls))
    outcomes: list[str] = []

    def run(call: Callable[[], object]) -> None:
        try:
            start.wait()
            call()
            outcomes.append("done")
        except Exception as error:
            outcomes.append(type(error).__name__)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes
