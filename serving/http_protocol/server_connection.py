"""One client's connection: bytes to requests, one at a time and in order, and answers back to bytes.

The rules, in the order in which a connection meets them:

1. A head is parsed when all of it is there, and a body is whole before the handler sees the request.
2. While a request is with the handler, what arrives is kept unparsed; when that is more than `_AHEAD_BYTES`,
   reading stops. Nothing is parsed while the client does not read its answers.
3. After a refusal, or an answer with ``Connection: close``, nothing is parsed any more: our side is shut, and
   input is read and dropped while it comes, as closing at once would destroy an answer that is still on its way.
4. A client that shuts only its sending side after a complete request gets its answer; a lost connection
   aborts the exchange (`probing` tells them apart).
5. Large bodies are read while there is memory for them (`budget`); who waits for it does not wait for slow ones.
6. No state is without a deadline but the one in which the handler has the request.
"""

import asyncio
import logging
import math
import time
from typing import Final, cast

from http_protocol import budget, chunks, counted, exchanges, heads, limits, probing, repetition

_logger = logging.getLogger(__name__)

_AHEAD_BYTES: Final = 64 * 1024
_TURN_REQUESTS: Final = 32  # of one connection, answered in one turn: a pipeline does not starve the others
_JOINED_BYTES: Final = 64 * 1024  # bodies up to this go out in one write with their head

_clock = time.monotonic  # finer than the loop's time, which stands still within one turn

_HEAD: Final = 0
_BODY: Final = 1
_HANDLING: Final = 2
_LINGERING: Final = 3
_CLOSED: Final = 4
_NEVER: Final = math.inf


class Connection:
    """The protocol of one accepted connection. It has no base class, so that mypyc can lay it out."""

    __slots__ = (
        "_advancing", "_body", "_buffer", "_deadline", "_exchange", "_is_after_empty_line", "_is_read_shut",
        "_last", "_linger_until", "_loop", "_probe", "_request", "_scanned", "_share", "_site", "_state",
        "_transport", "_unread", "_write_deadline",
    )  # fmt: skip

    def __init__(self, site: exchanges.Site) -> None:
        # per connection
        self._site = site
        self._loop = site.loop
        self._transport: asyncio.Transport
        self._unread = budget.Share(site.unread)
        self._state = _HEAD
        self._advancing = False
        self._is_read_shut = False
        self._last = repetition.LastRequest()
        # timeouts, in the loop's time
        self._deadline = _NEVER
        self._linger_until = _NEVER
        self._write_deadline = _NEVER
        # per request
        self._buffer = bytearray()  # received and not yet parsed
        self._scanned = 0  # bytes of it in which no head ends
        self._is_after_empty_line = False
        self._request: heads.Request | None = None
        self._body: chunks.ChunkedBody | counted.CountedBody | None = None
        self._exchange: exchanges.Exchange | None = None
        self._probe: probing.Probe | None = None
        self._share = budget.Share(site.budget)

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's has another base class
        site = self._site
        site.connections.add(self)
        if len(site.connections) > site.limits.connections:
            self._refuse(503, "too many connections")
            self._linger_until = self._deadline
        else:
            self._deadline = self._loop.time() + site.limits.idle_seconds

    def data_received(self, data: bytes) -> None:
        if self._state == _HEAD and not self._buffer and self._write_deadline == _NEVER:
            if self._take_whole(data, _clock()) or self._state == _LINGERING:  # done, or refused
                return
        elif self._state >= _LINGERING:
            self._deadline = min(self._loop.time() + self._site.limits.linger_seconds, self._linger_until)
            return
        if isinstance(self._body, counted.CountedBody) and not self._buffer:
            data = data[self._body.feed(data) :]  # without a copy in the buffer first
        self._buffer += data
        if self._state == _HANDLING or self._write_deadline != _NEVER:
            if len(self._buffer) > _AHEAD_BYTES:
                self._transport.pause_reading()
            return
        self._advance()

    def eof_received(self) -> bool:
        self._is_read_shut = True
        if self._state == _HANDLING:
            return True
        if self._buffer:
            self._loop.call_soon(self._advance)
            return True
        self.close()
        return False

    def connection_lost(self, _: Exception | None) -> None:
        self._state = _CLOSED
        self._site.connections.discard(self)
        if not self._site.connections:
            self._site.emptied.set()
        self._share.give()
        self._unread.give()
        exchange, self._exchange = self._exchange, None
        if exchange is not None:
            exchange.abort()

    def pause_writing(self) -> None:
        self._write_deadline = self._loop.time() + self._site.limits.write_seconds

    def resume_writing(self) -> None:
        self._write_deadline = _NEVER
        self._unread.give()
        if self._state < _HANDLING:
            self._transport.resume_reading()
            self._loop.call_soon(self._advance)

    # Called by the server, the exchange and the budget

    def admit(self) -> None:
        """There is room for the body that comes."""
        if self._state == _BODY:
            self._deadline = self._loop.time() + self._site.limits.body_seconds
            self._transport.resume_reading()

    @property
    def is_idle(self) -> bool:
        """Whether no byte of a request was received that was not answered."""
        return self._state == _HEAD and not self._buffer

    def look_at_deadline(self, now: float) -> None:
        """Act when the client was too slow."""
        if now >= self._write_deadline or (self._state == _CLOSED and now >= self._deadline):
            self.abort()
        elif now >= self._deadline:
            if self._state == _LINGERING or self.is_idle:
                self.close()
            elif self._share.is_waiting:
                self._refuse(503, "too many large bodies at a time")
            else:
                self._refuse(408, "the request did not arrive in time")
        elif self._state == _BODY and self._is_in_the_way(now):
            self._refuse(408, "the request came too slowly while others waited")
        elif self._is_read_shut and self._state == _HANDLING and self._write_deadline == _NEVER:
            self._ask_whether_it_reads()

    def _is_in_the_way(self, now: float) -> bool:
        seconds = now - (self._deadline - self._site.limits.body_seconds)
        return self._body is not None and self._share.is_in_the_way(seconds, self._body.received)

    def close(self) -> None:
        """Close when what was written is sent, or when that takes too long."""
        self._state = _CLOSED
        self._deadline = self._loop.time() + self._site.limits.write_seconds
        self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._state = _CLOSED
        self._transport.abort()

    def answer(self, request: heads.Request, status: int, header_lines: bytes, body: bytes) -> None:
        """Send the answer to the request that is being handled, then go on to the next one."""
        if self._state != _HANDLING:
            return
        self._exchange = None
        if self._share.held:
            self._share.give()
        if self._probe is not None:
            self._probe.end()
            self._probe = None
        is_last = self._site.draining or (self._is_read_shut and not self._buffer)
        keeps = request.keep_alive and not is_last
        if not keeps:
            connection_line = b"Connection: close\r\n"
        elif request.is_http_1_1:
            connection_line = b""
        else:
            connection_line = b"Connection: keep-alive\r\n"
        self._write(status, header_lines, body, connection_line, has_no_body=request.method == "HEAD")
        if not keeps:
            self._linger()
            return
        self._state = _HEAD
        self._deadline = self._loop.time() + self._site.limits.idle_seconds
        if self._buffer and not self._advancing:
            self._transport.resume_reading()
            self._loop.call_soon(self._advance)

    # From bytes to requests

    def _take_whole(self, data: bytes, received_at: float) -> bool:
        """The usual case: one read is one request. False when it is more or less than that, or refused."""
        request, end = self._last.find(data), self._last.end
        if request is None:
            end = data.find(heads.END, 0, limits.HEAD_BYTES) + 4
            if end < 4 or data[0] == 13:
                return False
            head = data[:end]
            try:
                request = heads.parse_request(head)
            except heads.RefusedError as exc:
                self._refuse(exc.status, exc.reason)
                return False
            if b"expect" in request.headers:
                return False
            self._last.keep(head, request)
        if request.content_length != len(data) - end or len(data) - end > self._site.limits.body_bytes:
            return False
        self._dispatch(request, data[end:], received_at)
        return True

    def _advance(self) -> None:
        """Parse and dispatch what is in the buffer, as far as the rules allow."""
        if self._advancing:
            return
        self._advancing = True
        try:
            for _ in range(_TURN_REQUESTS):
                if not self._step():
                    if self._is_read_shut and self._state < _HANDLING and self._write_deadline == _NEVER:
                        self.close()  # nothing more can come
                    break
            else:
                self._loop.call_soon(self._advance)
        except heads.RefusedError as exc:
            self._refuse(exc.status, exc.reason)
        finally:
            self._advancing = False

    def _step(self) -> bool:
        """Whether one more request was dispatched and answered."""
        if self._write_deadline != _NEVER:
            return False
        if self._state == _HEAD and not self._read_head():
            return False
        if self._state == _BODY:
            assert self._body is not None
            self._body.take(self._buffer)
            if self._body.is_complete:
                request, body = self._request, self._body.whole()
                assert request is not None
                self._request = self._body = None
                self._dispatch(request, body, _clock())
                return self._state == _HEAD
            if not self._share.take(self, self._body.room):
                self._transport.pause_reading()
        return False

    def _read_head(self) -> bool:
        buffer = self._buffer
        if not self._is_after_empty_line and buffer.startswith(b"\r\n"):
            del buffer[:2]
            self._scanned = 0
            self._is_after_empty_line = True  # one is forgiven, a second one is not
        if not buffer:
            return False
        end = buffer.find(heads.END, max(0, self._scanned - 3), limits.HEAD_BYTES)
        if end < 0:
            if len(buffer) >= limits.HEAD_BYTES:
                raise heads.RefusedError(431, f"the head is over {limits.HEAD_BYTES} bytes")
            if self._scanned == 0:
                self._deadline = self._loop.time() + self._site.limits.head_seconds
            self._scanned = len(buffer)
            return False
        head = bytes(buffer[: end + 4])
        del buffer[: end + 4]
        self._scanned = 0
        self._begin_body(heads.parse_request(head))
        return True

    def _begin_body(self, request: heads.Request) -> None:
        self._request = request
        limit, size = self._site.limits.body_bytes, request.content_length
        if size > limit:
            raise heads.RefusedError(413, f"the body is over {limit} bytes")
        if probing.is_expected(request) and not self._buffer and size != 0:
            self._transport.write(probing.INTERIM)
        self._state = _BODY
        self._body = chunks.ChunkedBody(limit) if request.chunked else counted.CountedBody(size)
        self._deadline = self._loop.time() + self._site.limits.body_seconds

    def _dispatch(self, request: heads.Request, body: bytes, received_at: float) -> None:
        self._state = _HANDLING
        self._is_after_empty_line = False
        self._deadline = _NEVER
        if len(body) > budget.LARGE_BYTES and not self._share.held:
            self._share.force(len(body))  # it came in one piece: there was nothing to hold back
        exchange = self._exchange = exchanges.Exchange(self, request, body, received_at)
        try:
            self._site.handler(exchange)
        except Exception:
            _logger.exception("the handler of a request failed")
            if not exchange.is_over:
                exchange.is_over = True
                self._refuse(500, "internal error")

    # From answers to bytes

    def _write(self, status: int, lines: bytes, body: bytes, connection: bytes, *, has_no_body: bool) -> None:
        head = heads.answer_head(status, lines, len(body), self._site.date_line, connection)
        if has_no_body or status in (204, 304):
            body = b""
        if len(body) <= _JOINED_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))
            if self._write_deadline != _NEVER:
                self._unread.force(len(body))  # all of it stays until the last byte is sent

    def _refuse(self, status: int, reason: str) -> None:
        header_lines, body = self._site.refuse(status, reason, self._request.path if self._request else "")
        self._exchange = None
        self._share.give()
        self._write(status, header_lines, body, b"Connection: close\r\n", has_no_body=False)
        self._linger()

    def _linger(self) -> None:
        self._state = _LINGERING
        self._buffer.clear()
        self._request = self._body = None
        if self._is_read_shut:
            self.close()
            return
        now = self._loop.time()
        self._deadline = now + self._site.limits.linger_seconds
        self._linger_until = now + self._site.limits.body_seconds
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()
        self._transport.resume_reading()

    def _ask_whether_it_reads(self) -> None:
        if self._exchange is not None and self._exchange.request.is_http_1_1:
            self._probe = self._probe or probing.Probe(self._transport)
            self._probe.go_on()
