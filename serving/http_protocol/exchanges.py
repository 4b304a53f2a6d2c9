"""A request that waits for its answer, and what all connections of a server share."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from http_protocol import budget, heads, limits

if TYPE_CHECKING:
    from http_protocol import server_connection


class Loop(Protocol):
    """What a connection needs of the event loop; time is in seconds."""

    def time(self) -> float: ...

    def call_soon(self, callback: Callable[[], None], /) -> object: ...


class Site:
    """What all connections of one server share."""

    __slots__ = (
        "budget",
        "connections",
        "date_line",
        "draining",
        "emptied",
        "handler",
        "limits",
        "loop",
        "refuse",
        "unread",
    )

    def __init__(
        self,
        handler: "Callable[[Exchange], None]",
        refuse: Callable[[int, str, str], tuple[bytes, bytes]],
        bounds: limits.Limits,
        loop: Loop,
        unread: budget.Budget | None = None,
    ) -> None:
        self.handler = handler
        self.refuse = refuse
        self.limits = bounds
        self.loop = loop
        self.connections: set[server_connection.Connection] = set()
        self.draining = False
        self.emptied = asyncio.Event()
        self.date_line = b""
        self.budget = budget.Budget(bounds.held_bytes)
        self.unread = unread or self.budget  # where answers that clients do not read are counted


class Exchange:
    """A request that waits for its answer. ``on_abort`` is called, once, when the client leaves before it.

    ``body`` is complete. ``received_at`` is the time.monotonic() at which the request was complete.
    """

    __slots__ = ("_connection", "body", "is_over", "on_abort", "received_at", "request")

    def __init__(
        self,
        connection: "server_connection.Connection",
        request: heads.Request,
        body: bytes,
        received_at: float,
    ) -> None:
        self.request = request
        self.body = body
        self.received_at = received_at
        self.on_abort: Callable[[], None] | None = None
        self.is_over = False
        self._connection = connection

    def respond(self, status: int, header_lines: bytes, body: bytes) -> None:
        """Answer, exactly once; nothing happens when the client has left.

        ``header_lines`` are lines ending in CRLF, as `heads.render` makes them, without Content-Length, Date
        and Connection, which are the server's.
        """
        if not self.is_over:
            self.is_over = True
            self.on_abort = None  # it refers back to this exchange
            self._connection.answer(self.request, status, header_lines, body)

    def abort(self) -> None:
        """The client left, perhaps before its answer."""
        if not self.is_over:
            self.is_over = True
            # As above, or its body would stay until the collector comes.
            on_abort, self.on_abort = self.on_abort, None
            if on_abort is not None:
                on_abort()
