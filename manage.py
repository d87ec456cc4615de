#!/usr/bin/env python
"""Django's command line for the portal."""

import os
import sys


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.management import execute_from_command_line

    from portal.foundation.acting import acting

    with acting(f"command:{sys.argv[1] if len(sys.argv) > 1 else 'help'}"):
        execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
