"""Heads of requests and answers: bytes that end in a blank line in, checked values out; no I/O, no state.

Header lines are read by `fields`, with httptools. The start line and whatever could be read in two ways are checked
here, because httptools lets through other versions, doubled blanks, absent or repeated Host, codings before ``chunked``
and ``Transfer-Encoding`` on HTTP/1.0.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

import httptools

from http_protocol import fields, limits, refusals

RefusedError = refusals.RefusedError

END: Final = b"\r\n\r\n"

_REQUEST_LINE = re.compile(rb"([A-Z]{1,20}) (/[!\"$-~]*) HTTP/1\.([01])\Z")
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [\t -~\x80-\xff]*)?\Z")
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\Z")
_FIELD_VALUE = re.compile(r"[\t -~\x80-\xff]*\Z")
_HOST_CHARACTERS = b"!$%&'()*+-.0123456789:;=ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~"
_METHODS = {name.encode(): name for name in ("GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH")}

# What was read before is looked up, which costs a fifth. Emptied when full, so that nobody can fill memory.
_TABLE_ENTRIES: Final = 256
_request_lines: Final[dict[bytes, tuple[str, str, bool]]] = {}
_hosts: Final[set[bytes]] = set()
_lengths: Final[dict[bytes, int]] = {}

_STATUS_LINES: Final[dict[int, bytes]] = {
    item.value: f"HTTP/1.1 {item.value} {item.phrase}\r\n".encode() for item in HTTPStatus
}
_LENGTH_LINES: Final[list[bytes]] = [b"Content-Length: %d\r\n" % length for length in range(1024)]

REMEMBERED_BYTES: Final = 1024
"""Longer heads are not remembered: they are rare, and their sum would count."""

NO_LENGTH: Final = -1
"""The length of a body whose head does not say it."""


class Request:
    """One request without its body. ``headers`` maps lower-case names to values without outer blanks, repeated ones
    joined; those are left out of which nobody asks the value (`fields`), and Content-Length.

    ``target`` is the request target as sent, a path with its query. ``content_length`` is 0 when there is no body,
    NO_LENGTH when it is chunked. Requests with the same head share this, so it must stay as it is; but for
    ``relayed``, empty at first, where a proxy keeps what it made of the headers for the other side.
    """

    __slots__ = (
        "chunked", "content_length", "headers", "is_http_1_1", "keep_alive", "method", "relayed", "target",
    )  # fmt: skip

    def __init__(self, method: str, target: str, headers: dict[bytes, bytes], is_http_1_1: bool) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.is_http_1_1 = is_http_1_1
        self.keep_alive = is_http_1_1
        self.content_length = 0
        self.chunked = False
        self.relayed = b""

    def with_length(self, length: int) -> "Request":
        """The same request with a body of another length."""
        other = Request(self.method, self.target, self.headers, self.is_http_1_1)
        other.keep_alive = self.keep_alive
        other.content_length = length
        other.relayed = self.relayed
        return other

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


class Answer:
    """One answer of an upstream server without its body; all as in `Request`, shared likewise."""

    __slots__ = ("chunked", "content_length", "headers", "keep_alive", "relayed", "status")

    def __init__(
        self,
        status: int,
        headers: Mapping[bytes, bytes],
        content_length: int = NO_LENGTH,
        chunked: bool = False,
        keep_alive: bool = False,
    ) -> None:
        self.status = status
        self.headers = headers
        self.content_length = content_length
        self.chunked = chunked
        self.keep_alive = keep_alive
        self.relayed = b""


def parse_request(head: bytes) -> Request:
    """The request whose head, up to and with its blank line, is ``head``. Raises RefusedError (400, 431)."""
    line = head[: head.find(b"\r\n")]
    method, target, is_http_1_1 = _request_lines.get(line) or _request_line(line)
    headers = fields.read(head, httptools.HttpRequestParser, 400)
    request = Request(method, target, headers, is_http_1_1)
    host = headers.get(b"host")
    if host is None:
        if is_http_1_1:
            raise RefusedError(400, "the header Host is missing")
    elif host not in _hosts:
        _check_host(host)
    _frame_request(request, headers)
    return request


def _request_line(line: bytes) -> tuple[str, str, bool]:
    """Method, target and whether it is HTTP/1.1."""
    match = _REQUEST_LINE.match(line)
    if match is None or len(line) + 2 > limits.LINE_BYTES:
        raise _refused_request_line(line)
    method, target, minor = match.groups()
    found = _METHODS.get(method) or method.decode(), target.decode(), minor == b"1"
    if len(line) <= REMEMBERED_BYTES:
        if len(_request_lines) >= _TABLE_ENTRIES:
            _request_lines.clear()
        _request_lines[line] = found
    return found


def _check_host(host: bytes) -> None:
    if host.translate(None, _HOST_CHARACTERS):  # what is left, without the time that an expression takes
        raise RefusedError(400, "the header Host is malformed")
    if len(_hosts) >= _TABLE_ENTRIES:
        _hosts.clear()
    if len(host) <= REMEMBERED_BYTES:
        _hosts.add(host)


def _refused_request_line(line: bytes) -> RefusedError:
    if len(line) + 2 > limits.LINE_BYTES:
        return RefusedError(431, f"the request line is over {limits.LINE_BYTES} bytes")
    if re.fullmatch(rb"[A-Z]+ \S+ HTTP/[0-9.]+", line) and not line.endswith((b"HTTP/1.1", b"HTTP/1.0")):
        return RefusedError(400, "the HTTP version must be 1.1 or 1.0")
    return RefusedError(400, "the request line must be: METHOD /path HTTP/1.1")


def _frame_request(request: Request, headers: dict[bytes, bytes]) -> None:
    length = headers.pop(b"content-length", None)
    if length is not None:
        request.content_length = content_length(length)
    coding = headers.get(b"transfer-encoding")
    if coding is not None:
        if length is not None or not request.is_http_1_1 or coding.lower() != b"chunked":
            raise RefusedError(400, "Transfer-Encoding must be chunked, without Content-Length, on HTTP/1.1")
        request.chunked = True
        request.content_length = NO_LENGTH
    connection = headers.get(b"connection")
    if connection is not None:
        request.keep_alive = _keeps_alive(connection, request.is_http_1_1)


def parse_answer(head: bytes, *, to_head_request: bool = False) -> Answer:
    """The answer whose head is ``head``. Raises RefusedError (502) when it is malformed or reads in two ways.

    ``content_length`` is then the body's exact length, 0 where the status or the method forbid one, or
    NO_LENGTH when the body is chunked or ends with the connection.
    """
    if to_head_request or len(head) > REMEMBERED_BYTES:
        return _answer(head, to_head_request)
    return _remembered_answer(head)


def _answer(head: bytes, to_head_request: bool = False) -> Answer:
    line = _STATUS_LINE.match(head[: head.find(b"\r\n")])
    if line is None:
        raise RefusedError(502, "the status line is malformed")
    minor, status = line.groups()
    answer = Answer(int(status), fields.read(head, httptools.HttpResponseParser, 502))
    _frame_answer(answer, minor == b"1", to_head_request)
    return answer


# Upstream servers send the same few heads again until their Date moves on by a second. Parsing one is a tenth of the
# router's work for a request; that the same bytes read the same is all this relies on.
_remembered_answer = functools.lru_cache(maxsize=128)(_answer)


def _frame_answer(answer: Answer, is_http_1_1: bool, has_no_body: bool) -> None:
    headers = answer.headers
    length, coding = headers.get(b"content-length"), headers.get(b"transfer-encoding")
    if length is not None and coding is not None:
        raise RefusedError(502, "the length of the body can be read in two ways")
    connection = headers.get(b"connection")
    answer.keep_alive = is_http_1_1 if connection is None else _keeps_alive(connection, is_http_1_1)
    if has_no_body or answer.status < 200 or answer.status in (204, 304):
        answer.content_length = 0
        if not has_no_body and (coding is not None or length not in (None, b"0")):
            # a body may follow all the same, and must not be the next caller's answer
            answer.keep_alive = False
    elif coding is not None:
        if coding.lower() != b"chunked" or not is_http_1_1:
            raise RefusedError(502, "Transfer-Encoding must be chunked, on HTTP/1.1")
        answer.chunked = True
    elif length is not None:
        answer.content_length = content_length(length)
    else:
        answer.keep_alive = False


def content_length(value: bytes) -> int:
    """The value of Content-Length. Raises RefusedError (400)."""
    known = _lengths.get(value)
    if known is not None:
        return known
    if not value.isdigit() or len(value) > 18:
        raise RefusedError(400, "Content-Length must be a whole number")
    if len(_lengths) >= _TABLE_ENTRIES:
        _lengths.clear()
    length = _lengths[value] = int(value)
    return length


def _keeps_alive(connection: bytes, is_http_1_1: bool) -> bool:
    if connection == b"keep-alive":  # what most say who say anything
        return True
    options = [option.strip(b" \t") for option in connection.lower().split(b",")]
    if b"close" in options:
        return False
    return is_http_1_1 or b"keep-alive" in options


def answer_head(
    status: int, header_lines: bytes, length: int, date_line: bytes, connection_line: bytes
) -> bytes:
    """The head of the answer that a server gives; ``length`` is the body's, whether or not that is sent."""
    status_line = _STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status
    length_line = b"" if status in (204, 304) else render_length(length)
    return b"".join([status_line, header_lines, length_line, date_line, connection_line, b"\r\n"])


def render_length(length: int) -> bytes:
    """The header line that says the length of a body; formatting it would cost five times the look-up."""
    return _LENGTH_LINES[length] if length < len(_LENGTH_LINES) else b"Content-Length: %d\r\n" % length


def render(fields: Iterable[tuple[str, str]]) -> bytes:
    """Header lines of ``fields``, ready to be sent. Raises ValueError on a name or value HTTP forbids."""
    lines = []
    for name, value in fields:
        if not _FIELD_NAME.match(name) or not _FIELD_VALUE.match(value):
            raise ValueError(f"not an HTTP header: {name!r}: {value!r}")
        lines.append(f"{name}: {value}\r\n")
    return "".join(lines).encode("latin-1")
