"""Reading what is sent."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser as DrfJSONParser


class TooLarge(APIException):
    """More than one request may carry."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The request is too large. Send it in smaller parts.")
    default_code = "too_large"


class JSONParser(DrfJSONParser):
    """JSON of a bounded size, its numbers exact: 0.1 is a tenth and not what a float makes of it."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        """Return what was sent.

        Raises:
            ParseError: it is not JSON.
            TooLarge: it is longer than settings.DATA_UPLOAD_MAX_MEMORY_SIZE.
        """
        most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        body = stream.read(most + 1)
        if len(body) > most:
            raise TooLarge
        try:
            found = json.loads(body.decode(), parse_float=Decimal, parse_constant=_refuse_constant)
            if b"\\u" in body:
                # Half a character passes as an escape, and no answer that repeats it could be sent.
                json.dumps(found, ensure_ascii=False, default=str).encode()
            return found
        # Nesting without end exhausts the reader's stack.
        except (ValueError, RecursionError, ArithmeticError) as error:
            where = f" ({error.lineno}:{error.colno})" if isinstance(error, json.JSONDecodeError) else ""
            raise ParseError(_("The request is not JSON in UTF-8.") + where) from error


def _refuse_constant(text: str) -> None:
    raise ValueError(text)
