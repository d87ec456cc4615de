"""Statements that took long, as they stand in the code: their values are never part of a line."""

import logging
import re
import time
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings

log = logging.getLogger("portal.slow_statement")
# Values are sent beside a statement; what stands in it all the same may be one.
_LITERAL: Final = re.compile(r"'(?:[^']|'')*'|\b\d{5,}\b")


def noticed(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Run a statement, and write a line when it took longer than SLOW_QUERY_MS; an execute wrapper of Django's connections."""
    began = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        milliseconds = (time.perf_counter() - began) * 1000
        if milliseconds >= settings.SLOW_QUERY_MS:
            statement = _LITERAL.sub("?", " ".join(sql.split())) if isinstance(sql, str) else type(sql).__name__
            log.warning("slow statement", extra={"ms": round(milliseconds), "statement": statement})
