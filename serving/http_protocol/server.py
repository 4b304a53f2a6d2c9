"""The HTTP server: a listening socket, its connections, and the one exchange that each of them has at a time.

A program passes a handler, called once for every complete request, and a function that renders refusals. The
handler returns at once; the answer may come later, by `Exchange.respond`. No task is made for a request.
"""

import asyncio
import functools
import logging
from collections.abc import Callable
from email.utils import formatdate
from typing import Protocol, cast

from http_protocol import budget, exchanges, heads, limits, server_connection

_logger = logging.getLogger(__name__)

IS_COMPILED = not (heads.__file__ or "").endswith(".py")
"""Whether the modules that each request runs through are the compiled ones, as in the images."""

Request = heads.Request
Exchange = exchanges.Exchange
Handler = Callable[[Exchange], None]
Refuse = Callable[[int, str, str], tuple[bytes, bytes]]


class Listener(Protocol):
    """What accepts connections: an `asyncio.Server`, or what stands in for one."""

    def close(self) -> None: ...

    async def wait_closed(self) -> None: ...


Open = Callable[[Callable[[], asyncio.Protocol], Callable[[], int]], Listener]
"""Begins to accept: given what makes the protocol of a connection, and what counts the open ones."""


class Server:
    """A listening server on ``port``. ``drain`` asks clients to leave, ``close`` ends."""

    def __init__(self, site: exchanges.Site, listener: Listener, port: int) -> None:
        self._site = site
        self._listener = listener
        self.port = port
        self._sweep: asyncio.Handle = asyncio.get_running_loop().call_soon(self._look_at_deadlines)

    def __repr__(self) -> str:
        return f"<Server port={self.port} connections={len(self._site.connections)} busy={self.busy}>"

    @property
    def connections(self) -> int:
        """How many connections are open."""
        return len(self._site.connections)

    @property
    def busy(self) -> int:
        """How many requests are being received or answered now."""
        return sum(not connection.is_idle for connection in self._site.connections)

    def drain(self) -> None:
        """From now on every answer says ``Connection: close``; new connections are still accepted."""
        self._site.draining = True

    async def close(self, grace_seconds: float = 0.0) -> None:
        """Stop listening, close idle connections, wait for others up to ``grace_seconds``, cut the rest."""
        self.drain()
        self._listener.close()
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace_seconds
        for connection in list(self._site.connections):
            if connection.is_idle:
                connection.close()
        while self._site.connections and (left := deadline - loop.time()) > 0:
            self._site.emptied.clear()
            try:
                await asyncio.wait_for(self._site.emptied.wait(), left)
            except TimeoutError:
                break
        self._sweep.cancel()
        for connection in list(self._site.connections):
            connection.abort()
        await self._listener.wait_closed()

    def _look_at_deadlines(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._site.date_line = f"Date: {formatdate(usegmt=True)}\r\n".encode()
        for connection in list(self._site.connections):
            connection.look_at_deadline(now)
        self._sweep = loop.call_later(self._site.limits.tick_seconds(), self._look_at_deadlines)


async def listen(
    handler: Handler,
    host: str,
    port: int,
    *,
    refuse: Refuse,
    bounds: limits.Limits | None = None,
    unread: budget.Budget | None = None,
    backlog: int = 1024,
) -> Server:
    """Listen on ``host``:``port`` (0 = any free one). Raises OSError when that is not possible.

    ``refuse(status, reason, path)`` gives header lines and body of the answer to a request that never reaches the
    handler (400, 408, 413, 417, 431, 503) or whose handler raised (500); the path is empty unless its head was read
    and its body was not. Answers that clients do not read are counted in ``unread``, or else together with the
    bodies of requests.
    """
    site = exchanges.Site(handler, refuse, bounds or limits.Limits(), asyncio.get_running_loop(), unread)
    listener = await asyncio.get_running_loop().create_server(
        functools.partial(_connection, site), host, port, backlog=backlog, reuse_address=True
    )
    return Server(site, listener, listener.sockets[0].getsockname()[1])


def _connection(site: exchanges.Site) -> asyncio.Protocol:
    # It has a protocol's methods, which is all that event loops ask for, but not the base class.
    return cast(asyncio.Protocol, server_connection.Connection(site))


def serve(
    handler: Handler,
    begin: Open,
    port: int,
    *,
    refuse: Refuse,
    bounds: limits.Limits | None = None,
    unread: budget.Budget | None = None,
) -> Server:
    """As `listen`, but ``begin`` accepts, at ``port``."""
    site = exchanges.Site(handler, refuse, bounds or limits.Limits(), asyncio.get_running_loop(), unread)
    listener = begin(functools.partial(_connection, site), lambda: len(site.connections))
    return Server(site, listener, port)
