"""Connections on transports and clocks of the test's own: no sockets, and time passes only when told."""

import asyncio
from collections.abc import Callable

from http_protocol import budget, client_connection, exchanges, heads, limits, server_connection

GET = b"GET /g HTTP/1.1\r\nHost: h\r\n\r\n"
HEAD_OF_POST = b"POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n"
BOUNDS = limits.Limits(
    body_bytes=100_000,
    idle_seconds=70,
    head_seconds=10,
    body_seconds=30,
    write_seconds=40,
    linger_seconds=2,
    connections=3,
)
"""Each differs from the others, so that a test sees which one was met."""


class ManualLoop:
    """``call_soon`` queues until `run`; ``time`` is set by the test."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._queue: list[Callable[[], None]] = []

    def time(self) -> float:
        return self.now

    def call_soon(self, callback: Callable[[], None], /) -> None:
        self._queue.append(callback)

    def run(self) -> None:
        """Run what was queued, and what that queues."""
        while self._queue:
            self._queue.pop(0)()


class ManualTransport(asyncio.Transport):
    """Keeps what is written; `unsent` is what the kernel has not taken yet; `when_full` is told of it by a write."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.unsent = 0
        self.when_full: Callable[[], None] = lambda: None
        self._is_paused = False
        self.is_aborted = False
        self._has_sent_eof = False
        self._is_closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._is_closing:
            self.written += bytes(data)
            if self.unsent:
                self.when_full()

    def write_eof(self) -> None:
        self._has_sent_eof = True

    def can_write_eof(self) -> bool:
        return True

    def close(self) -> None:
        self._is_closing = True

    def abort(self) -> None:
        self._is_closing = self.is_aborted = True

    def is_closing(self) -> bool:
        return self._is_closing

    def pause_reading(self) -> None:
        self._is_paused = True

    def resume_reading(self) -> None:
        self._is_paused = False

    def is_reading(self) -> bool:
        return not self._is_paused

    def has_sent_eof(self) -> bool:
        """Whether our side is shut."""
        return self._has_sent_eof

    def get_write_buffer_size(self) -> int:
        return self.unsent


class ServedClient:
    """One client's connection to a server that echoes ``METHOD target body`` unless it is told to hold back."""

    def __init__(
        self,
        *,
        bounds: limits.Limits | None = None,
        holds_back: bool = False,
        beside: "ServedClient | None" = None,
    ) -> None:
        self.loop = ManualLoop()
        self.site = exchanges.Site(self._handle, _refuse, bounds or limits.Limits(), self.loop)
        if beside is not None:
            self.site.budget = self.site.unread = beside.site.budget
        self.connection = server_connection.Connection(self.site)
        self.transport = ManualTransport()
        self.requests: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[bytes, bytes]] = []
        self.held: list[exchanges.Exchange] = []
        self._holds_back = holds_back
        self.connection.connection_made(self.transport)

    def send(self, *pieces: bytes) -> None:
        """Bytes from the client; nothing arrives once our side is closed or does not read."""
        for piece in pieces:
            if not self.transport.is_closing():
                self.connection.data_received(piece)
                self.loop.run()

    def send_byte_by_byte(self, data: bytes) -> None:
        """The same, in the worst of all splits."""
        self.send(*(data[i : i + 1] for i in range(len(data))))

    def pass_time(self, seconds: float) -> None:
        """Let time pass and have deadlines looked at."""
        self.loop.now += seconds
        self.connection.look_at_deadline(self.loop.now)
        self.loop.run()

    def answer_held(self) -> None:
        """Answer the oldest request that was held back."""
        self._echo(self.held.pop(0))
        self.loop.run()

    @property
    def statuses(self) -> list[int]:
        """The statuses of all answers so far, interim ones too."""
        lines = self.transport.written.split(b"HTTP/1.1 ")[1:]
        return [int(line[:3]) for line in lines]

    def _handle(self, exchange: exchanges.Exchange) -> None:
        request = exchange.request
        self.requests.append((request.method, request.target, exchange.body))
        self.headers.append(dict(request.headers))
        if self._holds_back:
            self.held.append(exchange)
        else:
            self._echo(exchange)

    @staticmethod
    def _echo(exchange: exchanges.Exchange) -> None:
        request = exchange.request
        exchange.respond(200, b"", f"{request.method} {request.target} ".encode() + exchange.body)


def a_client(*, holds_back: bool = False) -> ServedClient:
    """A client of a server that keeps to `BOUNDS`."""
    return ServedClient(bounds=BOUNDS, holds_back=holds_back)


def _refuse(status: int, reason: str, path: str) -> tuple[bytes, bytes]:
    return b"Content-Type: text/plain\r\n", f"{status} {path} {reason}".encode()


class CalledServer:
    """Our connection to an upstream server whose every byte the test sends."""

    def __init__(self, *, limit: int = limits.BODY_BYTES, memory: budget.Budget | None = None) -> None:
        self.freed: list[client_connection.Connection] = []
        self.lost: list[client_connection.Connection] = []
        self.connection = client_connection.Connection(
            self.freed.append, self.lost.append, limit, memory or budget.Budget(limits.HELD_BYTES)
        )
        self.transport = ManualTransport()
        self.connection.connection_made(self.transport)

    def call(
        self, *, head: bytes = b"POST /invocations HTTP/1.1\r\nHost: m\r\n\r\n", body: bytes = b""
    ) -> "Outcome":
        """Send a request; what becomes of it."""
        outcome = Outcome()
        outcome.call = client_connection.Call(head, body, outcome, deadline=59.0)
        self.connection.begin(outcome.call)
        return outcome

    def answer(self, *pieces: bytes) -> None:
        """Bytes from the server, as long as we have not hung up."""
        for piece in pieces:
            if not self.transport.is_closing():
                self.connection.data_received(piece)

    @property
    def is_reusable(self) -> bool:
        """Whether the connection went back to its pool and is open."""
        return bool(self.freed) and not self.transport.is_closing()


class Outcome:
    """The receiver of one call."""

    def __init__(self) -> None:
        self.answers: list[tuple[heads.Answer, bytes]] = []
        self.failures: list[client_connection.Failure] = []
        self.when_answered: Callable[[], None] = lambda: None
        self.call: client_connection.Call

    def answered(self, answer: heads.Answer, body: bytes) -> None:
        self.answers.append((answer, body))
        self.when_answered()

    def failed(self, failure: client_connection.Failure, reason: str) -> None:
        assert reason
        self.failures.append(failure)

    @property
    def verdict(self) -> object:
        """Status and body of the answer, or the failure; exactly one of them, or None while there is neither."""
        ends: list[object] = [(answer.status, body) for answer, body in self.answers]
        ends += self.failures
        assert len(ends) <= 1, ends
        return ends[0] if ends else None
