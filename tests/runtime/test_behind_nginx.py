"""The portal behind nginx with HTTPS, as docs/deploy/nginx.conf sets it up."""

import http.client
import os
import re
import shutil
import socket
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
from tests.runtime.portals import ROOT, Portal, free_port, open_folder, stage, unpacked
from tests.runtime.smuggling import ATTACKS, PLAIN, VICTIM, answers, sent

NGINX, LIBRARIES = unpacked("nginx")
pytestmark = pytest.mark.skipif(not (NGINX and shutil.which("openssl")), reason="needs openssl, and nginx: tools/unpack.sh unpacks it where there is apt")

NAME = "portal.example.org"
SIGN_IN = "/account/sign-in/"
REFUSALS = {400, 405, 413, 414, 431, 501, 505}


@dataclass
class Site:
    """A portal and the nginx before it."""

    portal: Portal
    http: int
    https: int
    certificate: Path

    def ask(self, path: str, *, method: str = "GET", body: str = "", headers: dict[str, str] | None = None) -> tuple[int, Message, str]:
        """Ask nginx over HTTPS, and return status, headers and text."""
        connection = http.client.HTTPSConnection(NAME, self.https, timeout=20)
        connection.sock = self.connect()
        return _ask(connection, method, path, body, headers or {}, self.https)

    def connect(self, name: str = NAME) -> ssl.SSLSocket:
        """Return an encrypted connection to nginx, under the name of the site or another."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        context.check_hostname = name == NAME
        return context.wrap_socket(socket.create_connection(("127.0.0.1", self.https), timeout=20), server_hostname=name)

    def connect_openly(self, port: int) -> socket.socket:
        """Return a plain connection to `port`."""
        return socket.create_connection(("127.0.0.1", port), timeout=20)

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
        ("listen 80 ", f"listen 127.0.0.1:{http_port} "),
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
    words = [str(NGINX), "-e", str(folder / "error.log"), "-c", str(config)]
    nginx = subprocess.Popen(words, stderr=subprocess.PIPE, env=os.environ | {"LD_LIBRARY_PATH": LIBRARIES})
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
    session = next(cookie for cookie in headers.get_all("Set-Cookie", []) if cookie.startswith("__Host-sessionid="))

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


def test_another_name_than_the_configured_one_gets_no_answer(site: Site) -> None:
    with pytest.raises(ssl.SSLError):
        site.connect("elsewhere.example")
    for request in (PLAIN.replace(b"portal.example.org", b"elsewhere.example"), b"GET / HTTP/1.0\r\n\r\n"):
        assert sent(site.connect(), request) == b""


# --- What nginx says by itself ------------------------------------------------------------------------------------------


def test_what_nginx_refuses_by_itself_has_the_same_headers_and_tells_no_version(site: Site) -> None:
    for path, status in (("/metrics", 404), ("/metrics/x", 404), (f"/?q={'x' * 9000}", 414)):
        given, headers, text = site.ask(path)
        assert given == status, path
        assert "nginx/" not in text + headers["Server"]
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_the_headers_of_the_portal_pass_once(site: Site) -> None:
    for path in (SIGN_IN, "/nothing/", "/api/v1/branches/"):
        _status, headers, _text = site.ask(path)
        assert [name for name in set(headers) if len(headers.get_all(name, [])) > 1 and name != "Set-Cookie"] == [], path
        assert "gunicorn" not in headers["Server"]
        assert headers["X-Frame-Options"] == "DENY"


def test_a_body_that_is_too_large_is_refused_in_words_and_one_far_too_large_by_nginx(site: Site) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _headers, text = site.ask(SIGN_IN, method="POST", body="a=" + "x" * (5 * 1024 * 1024), headers=form)
    assert (status, "5.0" in text) == (413, True)

    head = f"POST {SIGN_IN} HTTP/1.1\r\nHost: {NAME}\r\nContent-Length: {22 * 1024 * 1024}\r\nConnection: close\r\n\r\n"
    assert [answer.status for answer in answers(sent(site.connect(), head.encode()))] == [413]


def test_a_thousand_tries_to_sign_in_from_one_address_are_slowed_down(site: Site) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    told = {site.ask(SIGN_IN, method="POST", body="username=a&password=b", headers=form)[0] for _try in range(60)}

    assert 429 in told
    # Reading the page is no try.
    assert site.ask(SIGN_IN)[0] == 200


# --- Requests within requests -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["nginx", "gunicorn"])
def test_nothing_within_a_request_is_ever_answered_as_a_request(site: Site, way: str) -> None:
    def connect() -> socket.socket:
        return site.connect() if way == "nginx" else site.connect_openly(site.portal.port)

    for name, attack in ATTACKS.items():
        came = answers(sent(connect(), attack))
        # Somebody else, right after.
        (other,) = answers(sent(connect(), VICTIM))

        # Refused, with or without a word, or the one request that stands there was answered; and nothing else was.
        assert len(came) <= 1, name
        assert all(answer.status in REFUSALS or (b"honest" in answer.head and b"smuggled" not in answer.head) for answer in came), (name, came)
        assert b"victim" in other.head, name


@pytest.mark.parametrize("way", ["nginx", "gunicorn"])
def test_two_requests_sent_at_once_are_answered_each_in_its_turn(site: Site, way: str) -> None:
    connection = site.connect() if way == "nginx" else site.connect_openly(site.portal.port)

    first, second = answers(sent(connection, PLAIN + VICTIM))

    assert (b"honest" in first.head, b"victim" in first.head) == (True, False)
    assert (b"honest" in second.head, b"victim" in second.head) == (False, True)


@pytest.mark.parametrize("way", ["nginx", "gunicorn"])
def test_headers_that_speak_for_a_proxy_are_believed_of_nobody(site: Site, way: str) -> None:
    claims = b"X-Forwarded-Host: evil.example\r\nForwarded: host=evil.example\r\nX-Original-URL: /smuggled\r\nX-HTTP-Method-Override: DELETE\r\n"
    connection = site.connect() if way == "nginx" else site.connect_openly(site.portal.port)

    (answer,) = answers(sent(connection, VICTIM.replace(b"Connection", claims + b"Connection")))

    assert b"victim" in answer.head
    assert b"evil" not in answer.head + answer.body
