"""Headers on answers that no page of the matrix gives: errors, static files, other hosts; and cookies under HTTPS.

Every URL name times every role times every method is looked at in `tests/test_access_matrix.py`.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path, reverse

from portal.accounts.models import User
from portal.urls import *  # noqa: F403 - its error pages
from portal.urls import urlpatterns as pages
from tests.headers import wrong_with
from tests.security.attacker import browser


@login_not_required
def _broken(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


urlpatterns = [*pages, path("broken/", _broken), path("api/v1/broken/", _broken)]

ODD: dict[str, dict[str, Any]] = {
    "/healthz": {},
    "/nothing/here/": {},
    "/api/v1/nothing/": {},
    "/account/sign-in/": {"headers": {"host": "evil.example"}},
    "/api/v1/branches/": {"headers": {"host": "evil.example"}},
    "/%ff%fe/": {},
    "/branches": {},
    "/static/nothing.js": {},
    "/api/v1/docs/": {},
    "/api/v1/schema/": {},
    "/account/sign-in/?next=%0d%0aSet-Cookie:%20a=b": {},
}


@pytest.mark.urls(__name__)
@pytest.mark.parametrize("address", [*ODD, "/broken/", "/api/v1/broken/"])
def test_every_answer_tells_the_browser_what_it_may_do(db: None, address: str) -> None:
    response = browser().get(address, **ODD.get(address, {}))

    # A page that says that there is no such file is kept by nobody, wherever it stands.
    assert wrong_with(response, docs="docs" in address) == []
    assert (response.status_code == 500) == ("broken" in address)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace", "head"])
def test_a_method_that_is_not_offered_is_answered_with_the_same_headers(organiser: User, method: str) -> None:
    for address in ("/", "/account/profile/", "/api/v1/branches/", "/healthz"):
        assert wrong_with(getattr(browser(organiser), method)(address)) == [], address


@pytest.mark.parametrize("file", ["portal/css/base.css", "portal/js/copy.js", "portal/icon.svg"])
def test_a_static_file_is_kept_by_browsers_and_runs_nothing(db: None, file: str) -> None:
    response = browser().get(f"/static/{file}")

    assert response.status_code == 200
    assert wrong_with(response, static=True) == []


def test_no_page_keeps_a_session_in_an_open_cookie(organiser: User) -> None:
    response = browser().post(reverse("accounts:sign_in"), {"username": "organiser", "password": "wrong"})
    assert wrong_with(response) == []


# --- Under HTTPS --------------------------------------------------------------------------------------------------------

ASKED = """
import django, json
django.setup()
from django.conf import settings
settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
from django.test import RequestFactory
from django.test.client import ClientHandler
found = []
for secure, host in ((True, "localhost"), (False, "localhost"), (True, "evil.example")):
    request = RequestFactory()._base_environ(PATH_INFO="/account/sign-in/", HTTP_HOST=host, HTTP_X_FORWARDED_PROTO="https" if secure else "http",
                                             HTTP_X_FORWARDED_HOST="evil.example")
    answer = ClientHandler()(request)
    found.append([answer.status_code, dict(answer.headers), {name: cookie.OutputString() for name, cookie in answer.cookies.items()}])
print(json.dumps([found, settings.SESSION_COOKIE_NAME, settings.LANGUAGE_COOKIE_SECURE]))
"""


@pytest.fixture(scope="module")
def under_https(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a portal with HTTPS=1 answers."""
    folder: Path = tmp_path_factory.mktemp("https")
    env = os.environ | {
        "DATA_DIR": str(folder),
        "DATABASE_URL": os.environ["TEST_DATABASE_URL"],
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DEBUG": "1",
        "HTTPS": "1",
        "HSTS_SUBDOMAINS": "1",
        "HSTS_PRELOAD": "1",
    }
    done = subprocess.run([sys.executable, "-c", ASKED], env=env, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_under_https_cookies_belong_to_this_host_alone(under_https: Any) -> None:
    (found, session_name, language_secure) = under_https
    _status, _headers, cookies = found[0]

    assert list(cookies) == ["__Host-csrftoken"]
    for word in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"):
        assert word in cookies["__Host-csrftoken"]
    assert "Domain" not in cookies["__Host-csrftoken"]
    assert (session_name, language_secure) == ("__Host-sessionid", True)


def test_under_https_browsers_are_told_to_stay_there(under_https: Any) -> None:
    (status, headers, _cookies), (moved, plain, _no_cookies), _stranger = under_https[0]

    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert "upgrade-insecure-requests" in headers["Content-Security-Policy"]
    assert (moved, plain["Location"]) == (301, "https://localhost/account/sign-in/")


def test_a_host_that_a_stranger_claims_is_refused_and_one_passed_on_is_not_believed(under_https: Any) -> None:
    found, _name, _secure = under_https

    assert found[2][0] == 400
    assert found[0][0] == 200
    assert "evil" not in json.dumps(found)
