"""Requests that two servers in a row may read differently (RFC 9112, section 11), written byte by byte."""

import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

HOST: Final = b"Host: portal.example.org\r\n"
# Nobody is signed in: the answer leads to the sign-in page and back to what was asked, and so tells which request it answers.
PLAIN: Final = b"GET /branches/?honest HTTP/1.1\r\n" + HOST + b"\r\n"
VICTIM: Final = b"GET /branches/?victim HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
_INSIDE: Final = b"GET /branches/?smuggled HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
_CHUNKED: Final = b"0\r\n\r\n" + _INSIDE


def _post(headers: bytes, body: bytes, target: bytes = b"/branches/?honest", version: bytes = b" HTTP/1.1") -> bytes:
    return b"POST " + target + version + b"\r\n" + HOST + headers + b"Connection: close\r\n\r\n" + body


def _length(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n" % len(body)


ATTACKS: Final = {
    "CL.TE": _post(_length(_CHUNKED) + b"Transfer-Encoding: chunked\r\n", _CHUNKED),
    "TE.CL": _post(b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", b"%x\r\n%s\r\n0\r\n\r\n" % (len(_INSIDE), _INSIDE)),
    "TE.TE": _post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", _CHUNKED),
    "TE with another name": _post(b"Transfer-Encoding: xchunked\r\n", _CHUNKED),
    "TE behind a space": _post(_length(_CHUNKED) + b"Transfer-Encoding : chunked\r\n", _CHUNKED),
    "TE behind a tab": _post(_length(_CHUNKED) + b"Transfer-Encoding:\tchunked\r\n", _CHUNKED),
    "TE after a vertical tab": _post(_length(_CHUNKED) + b"Transfer-Encoding: \x0bchunked\r\n", _CHUNKED),
    "TE in HTTP/1.0": _post(_length(_CHUNKED) + b"Transfer-Encoding: chunked\r\n", _CHUNKED, version=b" HTTP/1.0"),
    "two lengths": _post(_length(_INSIDE) + b"Content-Length: 0\r\n", _INSIDE),
    "two lengths in one": _post(b"Content-Length: %d, 0\r\n" % len(_INSIDE), _INSIDE),
    "a length with a sign": _post(b"Content-Length: +0\r\n", _INSIDE),
    "a length in other digits": _post("Content-Length: \u0661\r\n".encode(), _INSIDE),
    "a negative length": _post(b"Content-Length: -1\r\n", _INSIDE),
    "a chunk of no number": _post(b"Transfer-Encoding: chunked\r\n", b"0x0\r\n\r\n" + _INSIDE),
    "a chunk of a negative number": _post(b"Transfer-Encoding: chunked\r\n", b"-1\r\n\r\n" + _INSIDE),
    "a chunk without an end": _post(b"Transfer-Encoding: chunked\r\n", b"1\r\nAA0\r\n\r\n" + _INSIDE),
    "a chunk of a huge number": _post(b"Transfer-Encoding: chunked\r\n", b"ffffffffffffffffff\r\n" + _INSIDE),
    "a folded header": _post(b"X-Folded: a\r\n Transfer-Encoding: chunked\r\n" + _length(_CHUNKED), _CHUNKED),
    "a line feed alone": b"GET /branches/?honest HTTP/1.1\n" + HOST + b"X-Odd: a\rGET /branches/?smuggled HTTP/1.1\r\nConnection: close\r\n\r\n",
    "a name with a space": b"GET /branches/?honest HTTP/1.1\r\n" + HOST + b"X Odd: a\r\nConnection: close\r\n\r\n",
    "two hosts": b"GET /branches/?honest HTTP/1.1\r\n" + HOST + b"Host: smuggled.example\r\nConnection: close\r\n\r\n",
    "a whole address": b"GET http://smuggled.example/branches/?honest HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    "HTTP/0.9": b"GET /branches/?smuggled\r\n\r\n",
    "HTTP/2 in clear": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _INSIDE,
    "an upgrade": b"GET /branches/?honest HTTP/1.1\r\n"
    + HOST
    + b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings, close\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
    "a script's name": b"GET /branches/?honest HTTP/1.1\r\n" + HOST + b"SCRIPT_NAME: /smuggled\r\nConnection: close\r\n\r\n",
    "a line of megabytes": b"GET /branches/?" + b"smuggled" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
    "a thousand headers": b"GET /branches/?honest HTTP/1.1\r\n" + HOST + b"X-A: smuggled\r\n" * 1000 + b"Connection: close\r\n\r\n",
    "a NUL in the line": b"GET /branches/?honest\0 HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    "a NUL in a header": b"GET /branches/?honest HTTP/1.1\r\n" + HOST + b"X-A: a\0b\r\nConnection: close\r\n\r\n",
}


@dataclass
class Answer:
    """What a server answered to one request."""

    head: bytes
    body: bytes

    @property
    def status(self) -> int:
        """The status code."""
        return int(self.head.split(b" ", 2)[1])


def sent(connection: socket.socket, request: bytes) -> bytes:
    """Send a request as it is, and return all that comes until the server closes the connection; the request asks it to."""
    found = b""
    with connection:
        try:
            connection.sendall(request)
            while piece := connection.recv(65536):
                found += piece
        except OSError:  # a server that refuses need not wait for the rest
            pass
    return found


def answers(content: bytes) -> list[Answer]:
    """Cut what came into answers."""
    return list(_answers(content))


def _answers(content: bytes) -> Iterator[Answer]:
    while content:
        head, end, rest = content.partition(b"\r\n\r\n")
        assert end, content
        if length := re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head):
            yield Answer(head, rest[: int(length[1])])
            content = rest[int(length[1]) :]
        elif re.search(rb"(?i)\r\ntransfer-encoding: *chunked", head):
            body, end, content = rest.rpartition(b"0\r\n\r\n") if rest.count(b"HTTP/1.") == 0 else rest.partition(b"0\r\n\r\n")
            assert end, rest
            yield Answer(head, body)
        else:
            yield Answer(head, rest)
            return
