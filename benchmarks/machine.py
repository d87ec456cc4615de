"""On what a run was made: the machine without its name, versions, and the commit."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import django

from portal.runtime import tuning

ROOT = Path(__file__).resolve().parent.parent


def described(settings: dict[str, str]) -> list[str]:
    """Return lines that say what the figures were measured on."""
    machine = tuning.this_machine()
    shown = ", ".join(f"`{name}` {value}" for name, value in settings.items() if name != "server_version")
    return [
        f"{machine.cores} cores, {machine.memory / 1024:.0f} GiB of memory, {_processor()}, load {os.getloadavg()[0]:.1f} at the end",
        f"Python {platform.python_version()}, Django {django.get_version()}, PostgreSQL {settings['server_version']}: {shown}",
        f"commit {commit()}, {datetime.now(UTC):%Y-%m-%d}",
    ]


def commit() -> str:
    """Return the commit, and whether files differ from it."""
    name = _git("rev-parse", "--short", "HEAD")
    return f"{name} with changes" if _git("status", "--porcelain", "--untracked-files=no") else name


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
