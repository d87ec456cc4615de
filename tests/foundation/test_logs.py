"""What a line of a log holds, and what it never does."""

import json
import logging
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from io import StringIO
from uuid import UUID

import pytest
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import include, path

from portal.accounts.models import User
from portal.foundation import jobs, logs
from portal.foundation.models import Job

NAME, PHONE, WORD = "詹某某", "13800138000", "Geheim-4711"
SECRETS = (NAME, PHONE, WORD, "%E8%A9%B9", "\\u8a79")
PUBLIC = UUID("01890000-0000-7000-8000-000000000001")


class Written:
    """The lines that were written since the last look."""

    def __init__(self) -> None:
        self.stream = StringIO()

    def text(self) -> str:
        """Everything, as it stands in the file."""
        return self.stream.getvalue()

    def lines(self, logger: str = "") -> list[dict[str, object]]:
        """The lines of a logger, read; every line has to be an object."""
        read = [json.loads(line) for line in self.text().splitlines()]
        return [line for line in read if line["logger"].startswith(logger)]

    def holds_nothing(self) -> None:
        """Fail when a secret is in it."""
        found = [secret for secret in SECRETS if secret in self.text()]
        assert not found, self.text()


@pytest.fixture
def written() -> Iterator[Written]:
    """All that is logged, whoever logs it at whichever level, as the portal writes it."""
    held = Written()
    handler = logging.StreamHandler(held.stream)
    handler.setFormatter(logs.Lines())
    root, silent = logging.getLogger(), logging.getLogger("faker")
    before, level = root.level, silent.level
    silent.setLevel(logging.WARNING)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield held
    root.removeHandler(handler)
    root.setLevel(before)
    silent.setLevel(level)


def _a_row_refused(_request: HttpRequest) -> HttpResponse:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE held (phone text UNIQUE, name text) ON COMMIT DROP")
        cursor.execute("INSERT INTO held VALUES (%s, %s), (%s, %s)", [PHONE, NAME, PHONE, NAME])
    return HttpResponse()


def _a_value_refused(_request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::integer", [f"{NAME}{PHONE}"])
    return HttpResponse()


def _a_bug(request: HttpRequest) -> HttpResponse:
    password = request.POST["password"]
    try:
        {"known": 1}[password]
    except KeyError as error:
        raise ValueError(f"{request.POST['name']} with {password}") from error
    return HttpResponse()


def _a_chatty_library(request: HttpRequest) -> HttpResponse:
    foreign = logging.getLogger("somebody.else")
    foreign.warning("called %s", request.GET["q"])
    foreign.warning(f"called {request.GET['q']}")
    foreign.warning("called %(q)s", {"q": request.GET["q"]})
    foreign.error({"q": request.GET["q"]})
    foreign.warning("told", extra={"q": request.GET["q"], "route": request.GET["q"], "account": request.GET["q"], "request": request})
    warnings.warn(request.GET["q"], stacklevel=1)
    return HttpResponse()


_VIEWS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "row": _a_row_refused,
    "value": _a_value_refused,
    "bug": _a_bug,
    "library": _a_chatty_library,
}
urlpatterns = [path("", include("portal.urls")), *(path(f"faults/{name}/", login_not_required(view), name=name) for name, view in _VIEWS.items())]
handler500 = "portal.errors.server_error"


@pytest.mark.parametrize("fault", sorted(_VIEWS))
@pytest.mark.django_db(transaction=True)
@override_settings(ROOT_URLCONF=__name__)
def test_an_error_is_written_with_its_kind_and_place_and_without_what_was_typed(fault: str, written: Written) -> None:
    logging.captureWarnings(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            response = Client(raise_request_exception=False).post(f"/faults/{fault}/?q={NAME}{PHONE}", {"name": NAME, "phone": PHONE, "password": WORD})
    finally:
        logging.captureWarnings(False)
    written.holds_nothing()
    assert response.status_code == (200 if fault == "library" else 500)
    (answered,) = written.lines("portal.request")
    assert (answered["route"], answered["method"], answered["status"]) == (fault, "POST", response.status_code)
    if fault != "library":
        (error,) = [line for line in written.lines("django.request") if line["level"] == "error"]
        assert (error["message"], error["status_code"]) == ("…: …", 500)
        kinds = {
            "row": "psycopg2.errors.UniqueViolation (23505 held held_phone_key)",
            "value": "InvalidTextRepresentation (22P02)",
            "bug": "ValueError < KeyError",
        }
        assert kinds[fault] in str(error["error"])
        assert f"_a_{'bug' if fault == 'bug' else fault + '_refused'}" in str(error["through"])


def test_what_is_typed_into_real_pages_is_in_no_line(written: Written, organiser: User) -> None:
    client = Client(raise_request_exception=False)
    client.post("/account/sign-in/", {"username": NAME, "password": WORD})
    for _number in range(6):
        client.post("/account/sign-in/", {"username": organiser.username, "password": f"{WORD}{PHONE}"})
    client.get(f"/{NAME}/{PHONE}/")
    client.get("/search/", {"q": NAME}, headers={"Host": f"{PHONE}.example", "User-Agent": NAME, "Referer": f"/?q={NAME}"})
    client.force_login(organiser)
    client.get("/search/", {"q": f"{NAME} {PHONE}"})
    client.get("/people/", {"q": NAME})
    client.post("/api/v1/reports/", data=f'{{"name": "{NAME}', content_type="application/json")
    client.post("/api/v1/reports/", data={"uid": WORD, "branch": PHONE, "figures": [NAME]}, content_type="application/json")
    written.holds_nothing()
    routes = [line["route"] for line in written.lines("portal.request")]
    assert {"accounts:sign_in", "nowhere", "portal:search", "activities-api:report-list"} <= set(routes)


def test_a_line_of_a_request_names_the_page_and_the_account_and_not_the_address(written: Written, organiser: User) -> None:
    client = Client()
    client.force_login(organiser)
    answer = client.get("/dashboard/", {"q": WORD})
    (line,) = written.lines("portal.request")
    assert line.keys() >= {"time", "level", "logger", "message", "route", "method", "status", "ms", "account"}
    assert (line["route"], line["account"], line["level"]) == ("portal:dashboard", str(organiser.public_id), "info")
    assert (line["request"], line["means"]) == (answer["X-Request-ID"], "web")
    assert "/dashboard" not in written.text()


def test_a_visitor_makes_no_line_longer_by_methods_and_addresses(written: Written, db: None) -> None:
    client = Client(raise_request_exception=False)
    for number in range(20):
        client.generic(f"{WORD}{number}", f"/{WORD}{number}/")
    assert {(line["route"], line["method"]) for line in written.lines("portal.request")} == {("nowhere", "OTHER")}
    written.holds_nothing()


def test_numbers_and_identifiers_stay_readable(written: Written) -> None:
    log = logging.getLogger("portal.example")
    log.warning("job %s failed after %d tries (%.1f%%) of %s", PUBLIC, 3, 99.5, NAME)
    (line,) = written.lines("portal.example")
    assert line["message"] == f"job {PUBLIC} failed after 3 tries (99.5%) of …"
    assert str(line["source"]).startswith("tests/foundation/test_logs.py:")


def test_a_job_that_fails_says_why_without_its_words(written: Written, monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    monkeypatch.setattr("portal.foundation.jobs.handlers", lambda: {"odd": f"{__name__}.fail"})
    job = Job.objects.create(kind="odd", payload={"name": NAME}, attempts=2)
    jobs.run_next()
    job.refresh_from_db()
    assert (job.state, job.error) == (Job.State.FAILED, "ValueError")
    written.holds_nothing()
    assert any(line.get("error") == "ValueError" and str(job.public_id) in str(line["message"]) for line in written.lines("portal.foundation.jobs"))


def fail(job: Job, _progress: object) -> dict[str, object]:
    """Do a job badly."""
    raise ValueError(f"no such person: {job.payload['name']}")


def log_for_somebody(message: str, *values: object) -> None:
    """Log as libraries do, in a function of their own."""
    logging.getLogger("somebody.else").warning(message, *values)


def test_what_a_library_logs_for_its_caller_is_known_where_the_caller_wrote_it(written: Written) -> None:
    log_for_somebody("took %d steps", 7)
    log_for_somebody(f"called {NAME}")
    first, second = written.lines("somebody.else")
    assert (first["message"], second["message"]) == ("took 7 steps", "…")
    assert str(first["source"]).startswith("tests/foundation/test_logs.py:")


def test_what_nobody_catches_is_a_line_too(written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    logs.catch_the_rest()
    try:
        raise RuntimeError(NAME)
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    thread = threading.Thread(target=lambda: (_ for _ in ()).throw(RuntimeError(NAME)))
    thread.start()
    thread.join()
    written.holds_nothing()
    assert [line["error"] for line in written.lines("portal.uncaught")] == ["RuntimeError", "RuntimeError"]


def test_a_slow_statement_is_written_as_it_stands_in_the_code(written: Written, client: Client, db: None) -> None:
    with override_settings(SLOW_QUERY_MS=0):
        client.post("/account/sign-in/", {"username": PHONE, "password": WORD})
    statements = [str(line["statement"]) for line in written.lines("portal.slow_statement")]
    assert any("accounts_user" in statement and "%s" in statement for statement in statements)
    written.holds_nothing()


def test_a_full_disk_makes_no_line_that_spills_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    class Full(StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "No space left on device")

    handler = logs.ToTheConsole(Full())
    handler.setFormatter(logs.Lines())
    handler.handle(logging.makeLogRecord({"msg": "called %s", "args": (NAME,), "name": "x"}))
    assert capsys.readouterr().err == ""


def test_the_configuration_is_the_one_that_django_and_gunicorn_use() -> None:
    assert logs.settings() == settings.LOGGING
