"""Logs as lines of JSON, without personal data by construction.

Whoever writes a line cannot be trusted to leave a name, a phone or a password out of it: libraries log addresses with their queries, and PostgreSQL
puts the row into its message. So nothing is filtered; only what is known to be harmless gets in:

- the message, when it is a constant of the source file that logged it, with its numbers and identifiers filled in and everything else as `…`;
- the fields named below, where they look like a word of ours;
- of an exception its type, what PostgreSQL and the system call it, and the lines of code that it came through: never its own words.
"""

import ast
import errno
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final
from uuid import UUID

from pythonjsonlogger.json import JsonFormatter

from portal.foundation.acting import current

ROOT: Final = Path(__file__).resolve().parents[2]
LEFT_OUT: Final = "…"
# What a line may say beside its message, given as `extra`.
FIELDS: Final = ("route", "method", "status", "ms", "account", "job", "kind", "alarm", "statement", "times", "status_code")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,79}")
_PLACE: Final = re.compile(r"%(?:\((?P<name>[^)]*)\))?[-#0 +]*\d*(?:\.\d+)?[a-zA-Z%]")
_DEEPEST: Final = 40
_HIGHEST: Final = 20
_LONGEST: Final = 2000


def settings(level: str = "INFO") -> dict[str, Any]:
    """Return the configuration of logging: for Django's `LOGGING`, and for gunicorn before there is a Django."""
    own = {name: {"level": level} for name in ("portal", "branches", "members", "activities")}
    others: dict[str, Any] = {
        # Django's own sends mail to administrators; ours end in the same lines as everything.
        "django": {"handlers": [], "level": "WARNING"},
        # Refusals are lines of `portal.request` already; hosts that nobody serves are asked for by scanners all day.
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
        "gunicorn.error": {"handlers": [], "level": "INFO", "propagate": True},
        "gunicorn.access": {"handlers": [], "level": "WARNING", "propagate": False},
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "portal.foundation.logs.Lines"}},
        "handlers": {"console": {"class": "portal.foundation.logs.ToTheConsole", "formatter": "json"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {**own, **others},
    }


class ToTheConsole(logging.StreamHandler[Any]):
    """Standard error, which the supervisor leads into a file."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- named by the base
        """Lose the line when the disk is full: Python's own complaint would hold the arguments in the clear."""


class Lines(JsonFormatter):
    """A record as one line of JSON.

    It has `time`, `level`, `logger`, `message`, of a request or job `request` and `means`, the fields that were given, from a warning on `source`,
    and of an exception `error` and `through`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; never raises for what a record holds."""
        origin = origin_of(record)
        data: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record, known=origin is not None),
        }
        if (now := current()) is not None:
            data |= {"request": str(now.request_id), "means": now.means}
        data |= fields_of(record)
        if record.levelno >= logging.WARNING:
            path, line = origin or (record.pathname, record.lineno)
            data["source"] = f"{_short(path)}:{line}"
        if record.exc_info and record.exc_info[1] is not None:
            data |= described(record.exc_info[1])
        return self.jsonify_log_record(data)

    def jsonify_log_record(self, log_data: Mapping[str, Any]) -> str:
        """Return the object on one line, Chinese readable."""
        return json.dumps(log_data, ensure_ascii=False)


def origin_of(record: logging.LogRecord) -> tuple[str, int] | None:
    """Return file and line whose source holds the message as a constant; None where it was put together while running.

    Libraries have functions of their own that log for others: then it stands further up, among those who called.
    """
    template = record.msg
    if not isinstance(template, str):
        return None
    if template in _constants_of(record.pathname):
        return record.pathname, record.lineno
    frame: FrameType | None = sys._getframe(1)
    for _step in range(_HIGHEST):
        if frame is None:
            break
        if frame.f_code.co_filename != __file__ and template in _constants_of(frame.f_code.co_filename):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back
    return None


def message_of(record: logging.LogRecord, *, known: bool) -> str:
    """Return what the record says, with its numbers and identifiers; `…` where it is not `known` to be a constant."""
    template = record.msg
    if not known or not isinstance(template, str):
        return LEFT_OUT
    given = record.args or ()
    positional = iter(given if isinstance(given, tuple) else ())

    def fill(found: re.Match[str]) -> str:
        if found[0].endswith("%"):
            return "%"
        value = given.get(found["name"]) if isinstance(given, Mapping) else next(positional, None)
        return _harmless(value)

    return _PLACE.sub(fill, template) if given else template


def fields_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields that were given with the record, each a number, an identifier or a word of ours."""
    found: dict[str, Any] = {}
    for name in FIELDS:
        value = record.__dict__.get(name)
        if value is None or value == "":
            continue
        if name == "statement":
            found[name] = str(value)[:_LONGEST]
        elif isinstance(value, int | float):
            found[name] = value
        else:
            found[name] = str(value) if isinstance(value, UUID) or (isinstance(value, str) and _is_word(value)) else LEFT_OUT
    return found


def described(error: BaseException) -> dict[str, Any]:
    """Return `error`, the types from the outermost to the cause with their codes, and `through`, the lines of code, the innermost last."""
    return {"error": named(error), "through": list(_frames(error.__traceback__))[-_DEEPEST:]}


def named(error: BaseException) -> str:
    """Return an exception without its own words: types and codes, from the outermost to the cause."""
    return " < ".join(_named(each) for each in _chain(error))


def written(error: BaseException) -> str:
    """Return an exception as text for a file: what it is, and the lines of code that it came through, of each cause."""
    parts = [f"{_named(each)}\n" + "".join(f"  {line}\n" for line in _frames(each.__traceback__)) for each in _chain(error)]
    return "caused by ".join(parts)


def catch_the_rest() -> None:
    """Write what nobody caught as a line too: Python would print its words, with whatever row or form they hold."""
    log = logging.getLogger("portal.uncaught")

    def of_the_process(_kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical("uncaught", exc_info=(type(error), error, trace))

    def of_a_thread(caught: threading.ExceptHookArgs) -> None:
        if caught.exc_value is not None:
            log.critical("uncaught in a thread", exc_info=(caught.exc_type, caught.exc_value, caught.exc_traceback))

    sys.excepthook = of_the_process
    threading.excepthook = of_a_thread


def _harmless(value: Any) -> str:
    """Return what may stand in a line, else `…`: numbers and public identifiers lead to nobody without the database."""
    if value is None or isinstance(value, int | float | UUID):
        return str(value)
    if isinstance(value, BaseException):
        return _named(value)
    return LEFT_OUT


def _is_word(text: str) -> bool:
    """Tell whether a text is a word of code, as the name of a view is, or an identifier."""
    if _WORD.fullmatch(text):
        return True
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _named(error: BaseException) -> str:
    kind = type(error)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    diagnostics = getattr(error, "diag", None)
    codes = [getattr(error, "pgcode", None), getattr(diagnostics, "table_name", None), getattr(diagnostics, "constraint_name", None)]
    if isinstance(error, OSError) and error.errno is not None:
        codes.append(errno.errorcode.get(error.errno, str(error.errno)))
    told = " ".join(code for code in codes if isinstance(code, str))
    return f"{name} ({told})" if told else name


def _frames(trace: TracebackType | None) -> Iterator[str]:
    while trace is not None:
        code = trace.tb_frame.f_code
        yield f"{_short(code.co_filename)}:{trace.tb_lineno} {code.co_name}"
        trace = trace.tb_next


def _short(path: str) -> str:
    """Return a file's path without where on this machine it lies."""
    _before, found, after = path.rpartition("site-packages/")
    if found:
        return after
    return path.removeprefix(f"{ROOT}/") if path.startswith(f"{ROOT}/") else "/".join(Path(path).parts[-2:])


@lru_cache(maxsize=256)
def _constants_of(path: str) -> frozenset[str]:
    """Return the texts that stand in a source file, those joined from several lines too."""
    try:
        tree = ast.parse(Path(path).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return frozenset()
    return frozenset(islice((node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)), 100_000))
