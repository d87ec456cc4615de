"""`python -m portal.runtime`: what `make run` starts once the environment is there."""

import argparse
import os
import signal
import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from portal.runtime import sentences
from portal.runtime.processes import die_with_parent
from portal.runtime.sentences import CannotStartError
from portal.runtime.supervisor import ROOT, serve


def main() -> int:
    """Serve the portal; return 1 after a sentence on standard error when it cannot be."""
    parser = argparse.ArgumentParser(prog="python -m portal.runtime", description="Serve the portal on 127.0.0.1.")
    parser.add_argument("--port", default="8000")
    parser.add_argument("--data-dir", type=Path, default=ROOT / "var")
    parser.add_argument("--die-with-parent", action="store_true", help="stop when the program that started this one ends, as make does")
    arguments = parser.parse_args()
    if arguments.die_with_parent:
        die_with_parent(signal.SIGTERM)
    data_dir = arguments.data_dir.expanduser().resolve()
    # Settings read these; so do the processes that we start.
    os.environ["DATA_DIR"] = str(data_dir)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    os.environ.setdefault("DEMO", "1")
    try:
        serve(data_dir, port_number(arguments.port), parent=os.getppid() if arguments.die_with_parent else None)
    except (CannotStartError, ImproperlyConfigured) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def port_number(text: str) -> int:
    """Return the port that `text` names, or raise CannotStartError."""
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 65536):
        raise sentences.no_port(text)
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
