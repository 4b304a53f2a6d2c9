"""The chunked transfer coding, decoded strictly; it knows to the byte where the message ends.

httptools does not tell where in the bytes it was given a message ended. A server that answers requests one by
one must know, so this is our own.
"""

import re

from http_protocol import budget, heads, limits

_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t -~\x80-\xff]*)?\Z")
_TRAILER_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t -~\x80-\xff]*\Z")
_LINE_BYTES = 4096
_PIECE_BYTES = 16 * 1024

_SIZE, _DATA, _DATA_END, _TRAILERS, _DONE = range(5)


class ChunkedBody:
    """Collects one chunked body of at most ``limit`` bytes; trailers are checked, counted and dropped."""

    __slots__ = ("_framing", "_limit", "_missing", "_rest", "_state", "data", "trailers")

    def __init__(self, limit: int) -> None:
        self.data = bytearray()
        self.trailers = 0
        self._limit = limit
        self._framing = 0  # bytes received that are not data
        self._missing = 0  # bytes of the current chunk still to come
        self._rest = b""  # the beginning of a line whose end has not come yet
        self._state = _SIZE

    def whole(self) -> bytes:
        """The body."""
        return bytes(self.data)

    @property
    def room(self) -> int:
        """Bytes of memory that it may take: all there may be, once it turns out to be no small one."""
        return self._limit if len(self.data) > budget.LARGE_BYTES else 0

    @property
    def received(self) -> int:
        """Bytes of it that are there."""
        return len(self.data)

    @property
    def is_complete(self) -> bool:
        """Whether the last chunk and the blank line after it were read."""
        return self._state == _DONE

    def take(self, buffer: bytearray) -> None:
        """Move from ``buffer`` what belongs to this body; otherwise as `feed`, piece by piece: more may follow it."""
        while buffer and self._state != _DONE:
            taken = self.feed(bytes(memoryview(buffer)[:_PIECE_BYTES]))
            del buffer[:taken]

    def feed(self, data: bytes) -> int:
        """Take the next bytes; how many of them, at most all, belong to this body.

        Raises RefusedError: 400 on bad framing, 413 when the body or its framing is too large.
        """
        before = len(self._rest)
        if before:
            data = self._rest + data
            self._rest = b""
        position = 0
        while position < len(data) and self._state != _DONE:
            if self._state == _DATA:
                position = self._take_data(data, position)
                continue
            end = data.find(b"\r\n", position)
            if end < 0:
                self._keep(data[position:])
                return len(data) - before
            self._framing += end + 2 - position
            if self._framing > limits.FRAMING_BYTES + len(self.data):
                raise heads.RefusedError(413, "the chunked body spends too many bytes on its framing")
            self._take_line(data[position:end])
            position = end + 2
        return position - before

    def _take_data(self, data: bytes, position: int) -> int:
        end = min(position + self._missing, len(data))
        self.data += memoryview(data)[position:end]
        self._missing -= end - position
        if self._missing:
            return end
        if data.startswith(
            b"\r\n", end
        ):  # nearly always: the way of a line would take as long as all the rest
            self._framing += 2
            self._state = _SIZE
            return end + 2
        self._state = _DATA_END
        return end

    def _keep(self, rest: bytes) -> None:
        if len(rest) > _LINE_BYTES or (self._state == _DATA_END and rest != b"\r"):
            raise heads.RefusedError(400, "the chunked body is malformed")
        self._rest = rest

    def _take_line(self, line: bytes) -> None:
        if self._state == _SIZE:
            self._begin_chunk(line)
        elif self._state == _DATA_END:
            if line:
                raise heads.RefusedError(400, "a chunk does not end where its size says")
            self._state = _SIZE
        elif not line:
            self._state = _DONE
        elif _TRAILER_LINE.match(line) and len(line) <= _LINE_BYTES:
            self.trailers += 1
        else:
            raise heads.RefusedError(400, "a trailer of the chunked body is malformed")

    def _begin_chunk(self, line: bytes) -> None:
        size_line = _SIZE_LINE.match(line)
        if size_line is None or len(line) > _LINE_BYTES:
            raise heads.RefusedError(400, "a chunk size is malformed")
        self._missing = int(size_line.group(1), 16)
        if len(self.data) + self._missing > self._limit:
            raise heads.RefusedError(413, f"the body is over {self._limit} bytes")
        self._state = _DATA if self._missing else _TRAILERS
