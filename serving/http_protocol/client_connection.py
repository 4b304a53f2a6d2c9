"""One connection to an upstream server: one call at a time, and never a byte that belongs to no call.

1. A connection goes back to its pool only when the answer is complete and allows it, the whole request was
   written and no byte is left over. Otherwise it is closed, and the answer, if complete, still counts.
2. Any byte, or the end of the stream, on a connection without a call closes it: it could only be mistaken for
   the answer to somebody else's request. (One that comes when the next call has begun already cannot be told from
   its answer: HTTP/1.1 has nothing to tell them by.)
3. A call ends once: answered, failed or cancelled.
4. Large answers are read while there is memory for them (`budget`); until then their servers are held back.
"""

import asyncio
import enum
import math
from typing import TYPE_CHECKING, Final, Protocol, cast

from http_protocol import budget, chunks, counted, heads, limits

if TYPE_CHECKING:
    from collections.abc import Callable

_INTERIM_ANSWERS: Final = 8
_JOINED_BYTES: Final = 64 * 1024


class Failure(enum.Enum):
    """Why there is no answer. Only after NOT_SENT can no byte of the request have reached the server."""

    NOT_SENT = "not sent"
    BROKEN = "broken"
    GARBAGE = "garbage"
    TOO_LARGE = "too large"
    TIMED_OUT = "timed out"
    NO_ROOM = "no room"  # in our own memory: no fault of the server


class Receiver(Protocol):
    """Who waits for the outcome of a call."""

    def answered(self, answer: heads.Answer, body: bytes) -> None:
        """The answer is complete."""

    def failed(self, failure: Failure, reason: str) -> None:
        """There will be no answer."""


class Call:
    """A request on its way. ``head`` ends in a blank line; ``deadline`` is in the loop's time."""

    __slots__ = ("body", "connection", "deadline", "head", "is_over", "receiver", "to_head_request")

    def __init__(self, head: bytes, body: bytes, receiver: Receiver, deadline: float) -> None:
        self.head = head
        self.body = body
        self.receiver = receiver
        self.deadline = deadline
        self.to_head_request = head.startswith(b"HEAD ")
        self.connection: Connection | None = None
        self.is_over = False

    def cancel(self) -> None:
        """Give up: the receiver hears nothing more, and the connection, if any, is cut."""
        self.is_over = True
        if self.connection is not None:
            self.connection.abort()

    def fail(self, failure: Failure, reason: str) -> None:
        """Tell the receiver, unless the call is over."""
        if not self.is_over:
            self.is_over = True
            self.connection = None
            self.receiver.failed(failure, reason)


class Connection:
    """The protocol of one connection. ``freed`` takes it back, ``lost`` is told when it is gone.

    It has no base class, so that mypyc can lay it out.
    """

    __slots__ = (
        "_answer", "_body", "_buffer", "_call", "_freed", "_interim", "_last_answer", "_last_head", "_limit",
        "_lost", "_memory", "_scanned", "_share", "_transport", "idle_since",
    )  # fmt: skip

    def __init__(
        self,
        freed: "Callable[[Connection], None]",
        lost: "Callable[[Connection], None]",
        limit: int,
        memory: budget.Budget,
    ) -> None:
        # per connection
        self._freed = freed
        self._lost = lost
        self._limit = limit
        self._memory = memory
        self._last_head = b""
        self._last_answer: heads.Answer | None = None  # what it says
        self._transport: asyncio.Transport
        self.idle_since = math.inf
        # per call
        self._call: Call | None = None
        self._buffer = bytearray()
        self._scanned = 0
        self._answer: heads.Answer | None = None
        self._body: chunks.ChunkedBody | counted.CountedBody | None = None  # none: until the end
        self._interim = 0
        self._share: budget.Share | None = None  # of a large answer that comes in pieces

    # Called by the pool

    @property
    def is_closing(self) -> bool:
        """Whether it can take no call any more."""
        return self._transport.is_closing()

    def begin(self, call: Call) -> None:
        """Send the request of ``call``."""
        self._call = call
        call.connection = self
        if len(call.body) <= _JOINED_BYTES:
            self._transport.write(call.head + call.body)
        else:
            self._transport.writelines((call.head, call.body))

    def look_at_deadline(self, now: float) -> None:
        """Fail the call when it took too long."""
        if self._call is not None and now >= self._call.deadline:
            if self._share is not None and self._share.is_waiting:
                self._fail(Failure.NO_ROOM, "too many large answers at a time")
            else:
                self._fail(Failure.TIMED_OUT, "no complete answer in time")

    def close(self) -> None:
        """Close when idle, at once."""
        self._transport.close()

    def abort(self) -> None:
        """Cut the connection whatever it does."""
        self._call = None
        self._let_go()
        self._transport.abort()

    # Called by the budget

    def admit(self) -> None:
        """There is room for the answer that comes."""
        self._transport.resume_reading()

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has another base class

    def data_received(self, data: bytes) -> None:
        if self._call is None:
            self._transport.abort()
            return
        try:
            if (
                self._answer is None
                and not self._buffer
                and self._take_whole(data, self._call.to_head_request)
            ):
                return
            if self._body is not None and not self._buffer:
                data = data[self._body.feed(data) :]  # without a copy in the buffer first
            self._buffer += data
            self._advance()
            if self._answer is not None and self._share is None:
                self._find_room()
        except heads.RefusedError as exc:
            failure = Failure.TOO_LARGE if exc.status == 413 else Failure.GARBAGE
            self._fail(failure, exc.reason)

    def eof_received(self) -> bool:
        answer, call = self._answer, self._call
        if call is not None:
            if answer is not None and not answer.chunked and answer.content_length == heads.NO_LENGTH:
                body = bytes(self._buffer)
                self._buffer.clear()
                self._finish(answer, body, is_clean=False)
            else:
                self._fail(Failure.BROKEN, "the connection was closed before the answer was complete")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(self)
        self._let_go()
        if self._call is not None:
            call, self._call = self._call, None
            call.fail(Failure.BROKEN, f"the connection was lost: {exc or 'closed'}")

    def pause_writing(self) -> None:
        """There is nothing to hold back: all of the request was written at once."""

    def resume_writing(self) -> None:
        """Nor anything to go on with; but event loops log an error where these are missing."""

    # From bytes to an answer

    def _take_whole(self, data: bytes, to_head_request: bool) -> bool:
        """The usual case: one read is one answer. False when it is more or less than that."""
        answer = self._last_answer
        if answer is not None and data.startswith(self._last_head) and not to_head_request:
            end = len(self._last_head)  # the same bytes read the same, until their Date moves on
        else:
            end = data.find(heads.END, 0, limits.HEAD_BYTES) + 4
            if end < 4:
                return False
            head = data[:end]
            answer = heads.parse_answer(head, to_head_request=to_head_request)
            if answer.status < 200:
                return False
            if end <= heads.REMEMBERED_BYTES and not to_head_request:
                self._last_answer, self._last_head = answer, head
        if answer.content_length != len(data) - end or len(data) - end > self._limit:
            return False
        self._finish(answer, data[end:], is_clean=True)
        return True

    def _advance(self) -> None:
        while self._answer is None:
            if not self._read_head():
                return
        answer, buffer = self._answer, self._buffer
        if self._body is not None:
            self._body.take(buffer)
            if self._body.is_complete:
                self._finish(answer, self._body.whole(), is_clean=not buffer)
        elif len(buffer) > self._limit:
            raise heads.RefusedError(413, f"the body is over {self._limit} bytes")

    def _read_head(self) -> bool:
        """Whether a head was there, interim answers included, which are skipped."""
        call, buffer = self._call, self._buffer
        assert call is not None
        end = buffer.find(heads.END, max(0, self._scanned - 3), limits.HEAD_BYTES)
        if end < 0:
            if len(buffer) >= limits.HEAD_BYTES:
                raise heads.RefusedError(502, f"the head is over {limits.HEAD_BYTES} bytes")
            self._scanned = len(buffer)
            return False
        head = bytes(buffer[: end + 4])
        del buffer[: end + 4]
        self._scanned = 0
        answer = heads.parse_answer(head, to_head_request=call.to_head_request)
        if answer.status < 200:
            self._interim += 1
            if answer.status == 101 or self._interim > _INTERIM_ANSWERS:
                raise heads.RefusedError(502, f"an interim answer that nobody asked for: {answer.status}")
            return True
        if answer.content_length > self._limit:
            raise heads.RefusedError(413, f"the body is over {self._limit} bytes")
        self._answer = answer
        if answer.chunked:
            self._body = chunks.ChunkedBody(self._limit)
        elif answer.content_length != heads.NO_LENGTH:
            self._body = counted.CountedBody(answer.content_length)
        return True

    def _finish(self, answer: heads.Answer, body: bytes, *, is_clean: bool) -> None:
        call, self._call = self._call, None
        assert call is not None
        self._answer = self._body = None
        self._interim = 0
        transport = self._transport
        # The pool looks whether it is closing when it next takes it.
        if is_clean and answer.keep_alive and not transport.get_write_buffer_size():
            self._freed(self)
        else:
            transport.abort()  # closing would wait, perhaps for ever, until the server has read its request
        if not call.is_over:
            call.is_over = True
            call.connection = None
            call.receiver.answered(answer, body)
        if self._share is not None:
            self._let_go()  # only now: who did not take it at once has counted it by himself

    def _find_room(self) -> None:
        """Count the answer, of which there is more to come, and hold the server back while there is no room for it."""
        if self._body is not None:
            room = self._body.room
        else:
            room = self._limit if len(self._buffer) > budget.LARGE_BYTES else 0
        if room > budget.LARGE_BYTES:
            self._share = budget.Share(self._memory)
            if not self._share.take(self, room):
                self._transport.pause_reading()

    def _let_go(self) -> None:
        share, self._share = self._share, None
        if share is not None:
            share.give()

    def _fail(self, failure: Failure, reason: str) -> None:
        call, self._call = self._call, None
        self._let_go()
        self._transport.abort()
        if call is not None:
            call.fail(failure, reason)
