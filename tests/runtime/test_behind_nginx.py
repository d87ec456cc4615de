"""The portal behind nginx with HTTPS, as docs/deploy/nginx.conf sets it up."""

import http.client
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from urllib.parse import urlencode

import pytest

from portal.runtime.postgres import wait_for
from tests.factories import PASSWORD
from tests.runtime.portals import ROOT, Portal, free_port, open_folder, stage

pytestmark = pytest.mark.skipif(not (shutil.which("nginx") and shutil.which("openssl")), reason="needs nginx and openssl")

NAME = "portal.example.org"
SIGN_IN = "/account/sign-in/"


@dataclass
class Site:
    """A portal and the nginx before it."""

    portal: Portal
    http: int
    https: int
    certificate: Path

    def ask(self, path: str, *, method: str = "GET", body: str = "", headers: dict[str, str] | None = None) -> tuple[int, Message, str]:
        """Ask nginx over HTTPS, and return status, headers and text."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = False  # it is issued to NAME, and reached by its address
        return _ask(http.client.HTTPSConnection("127.0.0.1", self.https, timeout=20, context=context), method, path, body, headers or {}, self.https)

    def ask_openly(self, port: int, path: str) -> tuple[int, Message, str]:
        """Ask `port` over plain HTTP."""
        return _ask(http.client.HTTPConnection("127.0.0.1", port, timeout=20), "GET", path, "", {}, port)


def _ask(connection: http.client.HTTPConnection, method: str, path: str, body: str, headers: dict[str, str], port: int) -> tuple[int, Message, str]:
    connection.request(method, path, body or None, {"Host": f"{NAME}:{port}", **headers})
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, text


@pytest.fixture(scope="module")
def site(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The documented set-up, on ports and with a certificate of its own."""
    folder = open_folder(tmp_path_factory.mktemp("site"))
    subprocess.run(["cp", "-a", prepared, folder / "var"], check=True)
    portal = Portal(folder / "var", free_port(), HTTPS="1", PROXY_COUNT="1", ALLOWED_HOSTS=NAME).ready()
    http_port, https_port = free_port(), free_port()
    certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-days", "2"]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, *subject], check=True, capture_output=True)
    documented = (ROOT / "docs" / "deploy" / "nginx.conf").read_text()
    for mine, theirs in (
        ("listen 80;", f"listen 127.0.0.1:{http_port};"),
        ("listen 443 ", f"listen 127.0.0.1:{https_port} "),
        ("127.0.0.1:8000", f"127.0.0.1:{portal.port}"),
        ("/etc/ssl/portal/fullchain.pem", str(certificate)),
        ("/etc/ssl/portal/privkey.pem", str(key)),
    ):
        assert mine in documented
        documented = documented.replace(mine, theirs)
    own = "".join(f"{name}_temp_path {folder}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = folder / "nginx.conf"
    config.write_text(f"daemon off;\npid {folder}/nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\n{own}{documented}}}\n")
    nginx = subprocess.Popen(["nginx", "-e", str(folder / "error.log"), "-c", str(config)], stderr=subprocess.PIPE)
    try:
        running = Site(portal, http_port, https_port, certificate)
        assert wait_for(lambda: _listens(running), 10), nginx.stderr and nginx.stderr.read1()  # type: ignore[attr-defined]
        yield running
    finally:
        nginx.terminate()
        nginx.communicate(timeout=10)
        portal.stop()
        portal.close()


def _listens(site: Site) -> bool:
    try:
        return site.ask_openly(site.http, "/")[0] == 301
    except OSError:
        return False


def test_signing_in_through_nginx_is_encrypted_and_logged_with_the_address_that_nginx_saw(site: Site) -> None:
    stage(site.portal, 1)
    status, headers, page = site.ask(SIGN_IN)
    cookie = str(headers["Set-Cookie"])
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)

    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Secure" in cookie
    assert token is not None

    form = urlencode({"csrfmiddlewaretoken": token[1], "username": "gate-0", "password": PASSWORD})
    sent = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": cookie.partition(";")[0],
        "Origin": f"https://{NAME}:{site.https}",
        "X-Forwarded-For": "192.0.2.7",  # a client's own claim
        "X-Forwarded-Proto": "http",
    }
    status, headers, _page = site.ask(SIGN_IN, method="POST", body=form, headers=sent)
    session = next(cookie for cookie in headers.get_all("Set-Cookie", []) if cookie.startswith("sessionid="))

    assert status == 302
    assert "Secure" in session
    assert "HttpOnly" in session
    assert site.portal.query("SELECT host(address) FROM foundation_auditentry WHERE action = 'account.signed_in'") == [("127.0.0.1",)]
    assert site.ask("/", headers={"Cookie": session.partition(";")[0]})[0] in {200, 302}


def test_plain_http_is_sent_on_to_https_by_nginx_and_by_the_portal(site: Site) -> None:
    for port in (site.http, site.portal.port):
        status, headers, _text = site.ask_openly(port, f"{SIGN_IN}?next=/")

        assert status == 301
        assert str(headers["Location"]).startswith(f"https://{NAME}")
        assert str(headers["Location"]).endswith(f"{SIGN_IN}?next=/")


def test_health_is_answered_to_the_machine_itself_without_https(site: Site) -> None:
    assert site.portal.health() == (200, {"status": "ok"})


def test_another_name_than_the_configured_one_is_refused(site: Site) -> None:
    assert site.ask(SIGN_IN, headers={"Host": "elsewhere.example"})[0] == 400
