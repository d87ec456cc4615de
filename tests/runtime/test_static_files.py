"""Style sheets and scripts, as a phone with a poor network fetches them."""

import gzip
import json
import re
import urllib.error
import urllib.request
from urllib.parse import urljoin

import pytest

from portal.static_files import APPS
from tests.runtime.conftest import Start
from tests.runtime.portals import DIRECT, Portal


def fetch(portal: Portal, path: str) -> tuple[dict[str, str], str]:
    """Return headers, by lower-case name, and text of `path`, asked for as browsers do."""
    request = urllib.request.Request(f"http://127.0.0.1:{portal.port}{path}", headers={"Accept-Encoding": "gzip"})
    with DIRECT.open(request, timeout=20) as answer:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        body = answer.read()
    return headers, (gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body).decode()


def test_every_file_of_a_page_is_kept_for_ever_and_sent_compressed(start: Start) -> None:
    portal = start().ready()
    _headers, page = fetch(portal, "/account/sign-in/")
    paths = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page))

    assert any(path.endswith(".css") for path in paths)
    assert any(path.endswith(".js") for path in paths)
    for path in paths:
        headers, text = fetch(portal, path)
        assert "immutable" in headers["cache-control"], path
        assert headers.get("content-encoding") == "gzip" or len(text) < 2000, path


def test_every_module_that_a_script_of_ours_imports_is_named_by_its_content_too(start: Start) -> None:
    portal = start().ready()
    manifest = json.loads((portal.data_dir / "static" / "staticfiles.json").read_text())["paths"]
    scripts = [stored for name, stored in manifest.items() if name.endswith(".js") and name.partition("/")[0] in APPS]
    imported = set()
    for stored in scripts:
        _headers, text = fetch(portal, f"/static/{stored}")
        names = re.findall(r"""(?:from|import)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""", text)
        imported |= {urljoin(f"/static/{stored}", name) for name in names}

    assert imported
    assert imported <= {f"/static/{stored}" for stored in scripts}


def test_a_second_start_collects_nothing_and_a_lost_stamp_collects_again(start: Start) -> None:
    portal = start().ready()
    stamp, manifest = portal.data_dir / "static.sha256", portal.data_dir / "static" / "staticfiles.json"
    before = manifest.stat().st_mtime_ns
    portal.stop()
    again = start().ready()
    second = manifest.stat().st_mtime_ns
    again.stop()

    stamp.unlink()
    start().ready()

    assert second == before
    assert manifest.stat().st_mtime_ns > before


def test_the_source_names_are_not_served(start: Start) -> None:
    portal = start().ready()

    with pytest.raises(urllib.error.HTTPError) as refused:
        fetch(portal, "/static/portal/css/base.css")

    assert refused.value.code == 404
