"""Every error of the API is a problem that a person understands."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.throttling import UserRateThrottle

from activities.api import rows
from branches.models import Branch
from portal.accounts.models import User
from portal.api.problems import KINDS
from tests.api.conftest import ROOT, Caller
from tests.personas import MINUTE

pytestmark = pytest.mark.usefixtures("clock")
Call = Callable[..., Caller]


def told(answer: Any, slug: str) -> dict[str, Any]:
    """Check that an answer is a problem of a kind, and return it."""
    assert answer["Content-Type"] == "application/problem+json", answer.content.decode()
    body: dict[str, Any] = answer.json()
    kind = KINDS[slug]
    assert (answer.status_code, body["status"], body["type"]) == (kind.status, kind.status, f"/api/v1/problems/{slug}/")
    assert body["instance"] == answer.request["PATH_INFO"]
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize("path", ["branches/", "reports/", "totals/", "changes/", "token/"])
def test_nobody_is_told_how_to_sign_in_and_not_sent_to_a_page(db: None, call: Call, path: str) -> None:
    answer = call(None).get(path)
    told(answer, "not-signed-in")
    assert answer["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize("header", ["Token", "Token a b", "Token " + "0" * 64, "Token 令牌", "Token \u00ff", "Bearer x"])
def test_a_token_that_is_none_is_refused(db: None, header: str) -> None:
    told(Client().get(f"{ROOT}branches/", headers={"Authorization": header.encode().decode("latin-1")}), "not-signed-in")


def test_a_token_past_its_time_is_refused(call: Call, client_machine: User) -> None:
    caller = call(client_machine)
    AuthToken.objects.update(expiry=timezone.now() - MINUTE)
    told(caller.get("branches/"), "not-signed-in")


@pytest.mark.parametrize("path", ["nothing/", "branches/7/", "branches/01890a5d-ac96-774b-bcce-b302099a8057/", "changes/x/"])
def test_what_is_not_there_is_said_in_json(call: Call, client_machine: User, path: str) -> None:
    told(call(client_machine).get(path), "not-found")


def test_an_address_without_a_resource_is_said_in_json_to_nobody_too(db: None, call: Call) -> None:
    told(call(None).get("nothing/"), "not-found")


def test_a_method_that_is_none_names_those_that_are(call: Call, client_machine: User) -> None:
    answer = call(client_machine).post("branches/", {})
    told(answer, "method")
    assert "GET" in answer["Allow"]


def test_other_formats_and_other_content_are_refused(call: Call, organiser: User) -> None:
    caller = call(organiser)
    told(caller.client.get(f"{ROOT}branches/", headers={**caller.headers, "Accept": "text/csv"}), "not-acceptable")
    told(caller.client.post(f"{ROOT}reports/", {"a": 1}, headers=caller.headers), "media-type")


@pytest.mark.parametrize("body", [b"{", b"\xff", b"NaN", b"[" * 100_000, b'{"a": 1e99999999999999999999}', b"9" * 5000])
def test_what_is_not_json_is_malformed(call: Call, organiser: User, body: bytes) -> None:
    caller = call(organiser)
    told(caller.client.post(f"{ROOT}reports/", body, content_type="application/json", headers=caller.headers), "malformed")


@pytest.mark.parametrize("body", [[], "x", 7, None])
def test_json_that_is_no_object_is_invalid(call: Call, organiser: User, body: Any) -> None:
    caller = call(organiser)
    assert caller.post("reports/", body).status_code in {400, 422}


def test_a_body_beyond_all_measure_is_refused(call: Call, organiser: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "DATA_UPLOAD_MAX_MEMORY_SIZE", 100)
    told(call(organiser).post("reports/", {"note": "x" * 200}), "too-large")


def test_a_runaway_client_is_told_when_to_come_back(call: Call, organiser: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "2/min"})
    caller = call(organiser)
    answers = [caller.get("branches/") for _ in range(3)]
    told(answers[2], "throttled")
    assert 0 < int(answers[2]["Retry-After"]) <= 61


def test_what_nobody_foresaw_is_said_without_its_insides(call: Call, organiser: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("insides")

    monkeypatch.setattr(rows, "measures", broken)
    answer = call(organiser).get("measures/")
    told(answer, "server")
    assert b"insides" not in answer.content


def test_a_session_reads_and_needs_the_security_token_to_write(branch: Branch, organiser: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(organiser, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(f"{ROOT}branches/").status_code == 200
    told(client.post(f"{ROOT}reports/", {}, content_type="application/json"), "csrf")


def test_the_language_is_the_readers_and_chinese_without_one(db: None, call: Call) -> None:
    assert call(None, language="en").get("branches/").json()["title"] == "Sign in first"
    assert call(None, language="zh-CN").get("branches/").json()["title"] == "请先登录"
    assert Client().get(f"{ROOT}branches/").json()["title"] == "请先登录"


@pytest.mark.parametrize("slug", KINDS)
def test_the_type_of_each_problem_is_an_address_that_describes_it(db: None, slug: str) -> None:
    answer = Client().get(f"/api/v1/problems/{slug}/", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    assert answer.json()["title"]


def test_an_unknown_kind_of_problem_is_not_there(db: None) -> None:
    assert Client().get("/api/v1/problems/cheese/").status_code == 404
