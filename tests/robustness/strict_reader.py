"""A reader of HTTP answers that forgives nothing; written apart from the one that it is there to check."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-9][0-9]{2}) [ -~]*\Z")
_FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([ -~\t\x80-\xff]*)\Z")
_NUMBER = re.compile(rb"0|[1-9][0-9]*\Z")


class MalformedAnswerError(Exception):
    """What was read is no series of whole answers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_all(data: bytes, *, may_be_to_head: bool = False) -> list[Answer]:
    """The final answers in ``data``, which must end with the last of them. Raises MalformedAnswerError.

    ``may_be_to_head``: an answer may be one to a HEAD request, whose length announces a body that does not come.
    """
    answers = []
    while data:
        answer, data = _read(data, may_be_to_head)
        if answer.status >= 200:
            answers.append(answer)
    return answers


def length_of(head: bytes) -> int:
    """The length of the body that follows ``head``, which ends in its blank line. Raises MalformedAnswerError."""
    first, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    has_body = first[9:10] != b"1" and first[9:12] not in (b"204", b"304")
    return _length(_headers(lines)) if has_body else 0


def _read(data: bytes, may_be_to_head: bool) -> tuple[Answer, bytes]:
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        raise MalformedAnswerError(f"a head without an end: {head[:100]!r}")
    first, *lines = head.split(b"\r\n")
    status_line = _STATUS_LINE.match(first)
    if status_line is None:
        raise MalformedAnswerError(f"a status line: {first[:100]!r}")
    status = int(status_line[1])
    headers = _headers(lines)
    has_body = status >= 200 and status not in (204, 304)
    if not has_body:
        if "content-length" in headers and headers["content-length"] != "0":
            raise MalformedAnswerError(f"a length with status {status}")
        return Answer(status, headers, b""), rest
    length = _length(headers)
    if may_be_to_head and length and (not rest or rest.startswith(b"HTTP/1.1 ")):
        return Answer(status, headers, b""), rest
    if len(rest) < length:
        raise MalformedAnswerError(f"a body of {len(rest)} bytes that says it has {length}")
    return Answer(status, headers, rest[:length]), rest[length:]


def _headers(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        field = _FIELD.match(line)
        if field is None:
            raise MalformedAnswerError(f"a header line: {line[:100]!r}")
        name = field[1].decode().lower()
        if name in headers:
            raise MalformedAnswerError(f"a repeated header: {name}")
        headers[name] = field[2].decode("latin-1")
    return headers


def _length(headers: Mapping[str, str]) -> int:
    length = headers.get("content-length", "").encode()
    if "transfer-encoding" in headers or not _NUMBER.match(length):
        raise MalformedAnswerError(f"a length: {length[:100]!r}")
    return int(length)
