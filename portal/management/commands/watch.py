"""`manage.py watch`: count requests and serve `/metrics` on METRICS_PORT, until told to stop."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from portal.foundation import logs
from portal.watching import exposing


class Command(BaseCommand):
    """The watch."""

    help = "Serve /metrics for Prometheus on 127.0.0.1, port METRICS_PORT, until interrupted. `make run` starts it where METRICS_PORT is set."

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            CommandError: METRICS_PORT is not set, or taken.
        """
        if not settings.METRICS_PORT:
            raise CommandError("Set METRICS_PORT to the port of 127.0.0.1 that Prometheus asks.")
        logs.catch_the_rest()
        try:
            server = exposing.server(settings.METRICS_PORT, exposing.registry())
        except OSError as error:
            raise CommandError(f"Cannot listen on port {settings.METRICS_PORT} of 127.0.0.1 ({error.strerror}): set METRICS_PORT to a free one.") from error
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
        server.serve_forever(poll_interval=0.5)
        server.server_close()
