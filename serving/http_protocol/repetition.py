"""Heads that come again on a connection, but for what makes no difference: they are not read again.

Clients that sign their requests never send the same head twice, yet all that changes are a few values that are not
kept anyway (`fields`), and the body's length. So the last head of a connection is taken apart once, and of the next one
its unchanged parts are compared, and the other values are looked at only for what no value may contain. That takes a
twelfth of reading a head like boto3's, which would be most of a router's work on it.
"""

import re
from typing import Final

from http_protocol import fields, heads

_LENGTH_LINE: Final = re.compile(rb"content-length: *([0-9]+)\Z", re.IGNORECASE)
_REMEMBERED_BYTES: Final = 3072  # also a head with a session's token
_FAILURES: Final = 8
"""So often may taking a head apart come to nothing before it is no longer tried on a connection."""


class LastRequest:
    """The last head of a connection and what it says. ``end`` is where the head that `find` knew ends."""

    __slots__ = (
        "_digits",
        "_failures",
        "_fixed",
        "_head",
        "_length_begin",
        "_length_end",
        "_loose",
        "_request",
        "end",
    )

    def __init__(self) -> None:
        self.end = 0
        self._head = b""
        self._request: heads.Request | None = None
        self._failures = 0
        # The parts of the head, none before it is taken apart; each with where it begins and ends.
        self._fixed: list[tuple[int, int, bytes]] = []
        self._loose: list[tuple[int, int]] = []
        self._length_begin = self._length_end = 0
        self._digits = b""  # the body's length

    def keep(self, head: bytes, request: heads.Request) -> None:
        """``head`` was read and says ``request``."""
        if self._fixed:
            self._fixed = []
            self._failures += 1
        if len(head) <= _REMEMBERED_BYTES:
            self._head, self._request, self.end = head, request, len(head)

    def find(self, data: bytes) -> heads.Request | None:
        """What the head that ``data`` begins with says; None when it has to be read."""
        request = self._request
        if request is None:
            return None
        if not self._fixed:
            if data.startswith(self._head):
                return request
            if self._failures >= _FAILURES:
                return None
            self._take_apart()
        for begin, end, piece in self._fixed:
            if data[begin:end] != piece:
                return None
        for begin, end in self._loose:
            if not fields.is_value(data[begin:end]):
                return None
        self._failures = 0
        digits = data[self._length_begin : self._length_end]
        if digits == self._digits:
            return request
        return request.with_length(heads.content_length(digits)) if digits.isdigit() else None

    def _take_apart(self) -> None:
        head = self._head
        self._loose = []
        self._length_begin = self._length_end = 0
        fixed_from = 0
        position = head.find(b"\r\n") + 2
        for line in head[position:-4].split(b"\r\n"):
            begin, end = position + line.find(b":") + 1, position + len(line)
            digits = _LENGTH_LINE.match(line)
            if digits is not None:
                begin = self._length_begin = position + digits.start(1)
                self._length_end = end
            elif fields.is_dropped(head[position : begin - 1]):
                self._loose.append((begin, end))
            position = end + 2
            if digits is not None or (self._loose and self._loose[-1][1] == end):
                self._fixed.append((fixed_from, begin, head[fixed_from:begin]))
                fixed_from = end
        self._fixed.append((fixed_from, len(head), head[fixed_from:]))
        self._digits = head[self._length_begin : self._length_end]
