"""Static files named after their content: a phone at a gate fetches each once, and after an upgrade only what changed."""

import hashlib
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Tables from minified code back to its source: 6 MB that only the makers of those packages read.
LEFT_OUT = ["*.map"]
APPS = ("portal", "branches", "members", "activities")


class HashedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise is untyped
    """Files under a name that holds their hash, compressed; stylesheets and our ES modules name the others by it."""

    # Django's own, for our scripts only: it would also take comments in those of other packages for imports, and source maps, which are left out.
    patterns = (
        ("*.css", (r"""(?P<matched>url\(['"]{0,1}\s*(?P<url>.*?)["']{0,1}\))""",)),
        *((f"{app}/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]) for app in APPS),
    )


def collect() -> bool:
    """Bring STATIC_ROOT up to date; return False when it was, which is found out without writing anything."""
    stamp = Path(settings.STATIC_ROOT).with_name("static.sha256")
    wanted = _fingerprint()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
        return False
    # Files of earlier versions stay: pages that are open on a phone still name them.
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=LEFT_OUT)
    stamp.write_text(wanted, encoding="ascii")
    return True


def _fingerprint() -> str:
    """Return a hash over the name and content of every source file, and over what turns them into the stored ones."""
    digest = hashlib.sha256()
    for part in (Path(__file__).read_bytes(), version("django").encode(), version("whitenoise").encode()):
        digest.update(part)
    found: list[tuple[str, Any]] = [pair for finder in get_finders() for pair in finder.list(LEFT_OUT)]
    for name, storage in sorted(found, key=lambda pair: pair[0]):
        with storage.open(name) as file:
            digest.update(f"\0{name}\0".encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
