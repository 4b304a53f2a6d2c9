"""The columns of the framing tables, and how a row is written down.

``alone`` is what httptools says by itself: where it says something else than we do, a check of ours is why, and
a new version of the parser that changes its mind is seen.
"""

from dataclasses import dataclass

Requests = tuple[tuple[str, str, bytes], ...]
"""Method, target and body of each request, in order."""

GET = b"GET /g HTTP/1.1\r\nHost: h\r\n\r\n"
GOT = ("GET", "/g", b"")
CL5 = "Content-Length: 5"
TE = "Transfer-Encoding: chunked"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
POSTED = ("POST", "/p", b"hello")
EMPTY_POSTED = ("POST", "/p", b"")
TEN_POSTED = ("POST", "/p", b"0123456789")
SMUGGLED = b"GET /admin HTTP/1.1\r\nHost: h\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A row about requests: what a handler sees of ``sent``, the ``status`` of a refusal, if there is one, and whether
    nothing more is read (``closed``); ``waits`` when neither a request nor a refusal comes of it. ``alone`` in words.
    """

    name: str
    sent: bytes
    requests: Requests = ()
    status: int | None = None
    closed: bool = False
    waits: bool = False
    alone: str = ""

    @property
    def ours(self) -> str:
        """What we say, in the words of ``alone``."""
        end = "refused" if self.status is not None else "waits" if self.waits else ""
        return in_words([request_in_words(*request) for request in self.requests], end)

    @property
    def parser_alone(self) -> str:
        """What httptools says by itself: the same as we do, unless the row knows better."""
        return self.alone or self.ours


def in_words(messages: list[str], end: str) -> str:
    """``GET /g, POST /p hello, refused``."""
    return ", ".join([*messages, end] if end else messages)


def request_in_words(method: str, target: str, body: bytes) -> str:
    """``POST /p hello``."""
    return f"{method} {target if len(target) <= 60 else f'{target[:6]}...'}{shown(body)}"


def shown(body: bytes) -> str:
    """A body as it stands in a table."""
    return "" if not body else f" {body.decode('latin-1')}" if len(body) <= 12 else f" {len(body)} bytes"


def accepted(name: str, sent: bytes, *requests: tuple[str, str, bytes], alone: str = "") -> Case:
    """These requests, and the connection stays."""
    return Case(name, sent, requests, alone=alone)


def last(name: str, sent: bytes, *requests: tuple[str, str, bytes], alone: str = "") -> Case:
    """These requests, and nothing after them."""
    return Case(name, sent, requests, closed=True, alone=alone)


def refused(
    name: str, sent: bytes, status: int = 400, *before: tuple[str, str, bytes], alone: str = ""
) -> Case:
    """A refusal, perhaps after good requests; nothing is read after it."""
    return Case(name, sent, before, status, closed=True, alone=alone)


def waiting(name: str, sent: bytes, alone: str = "") -> Case:
    """Too little for a request: a slow client gets 408."""
    return Case(name, sent, waits=True, alone=alone)


def post(
    *lines: str, body: bytes = b"", target: str = "/p", version: str = "HTTP/1.1", host: str = "Host: h"
) -> bytes:
    """A POST with these header lines, all sent as written."""
    head = "\r\n".join((f"POST {target} {version}", *([host] if host else []), *lines))
    return head.encode("latin-1") + b"\r\n\r\n" + body


def get(target: str = "/g", *lines: str, host: str = "Host: h") -> bytes:
    """A GET with these header lines, all sent as written."""
    return "\r\n".join((f"GET {target} HTTP/1.1", *([host] if host else []), *lines, "", "")).encode(
        "latin-1"
    )


def line(request_line: str) -> bytes:
    """A request with this first line."""
    return f"{request_line}\r\nHost: h\r\n\r\n".encode("latin-1")
