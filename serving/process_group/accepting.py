"""Accepting from a socket that other processes accept from too, so that each gets its share of the connections.

Clients keep their connections: a burst of them that went to one worker would leave the other cores idle for hours. So

1. connections are taken one by one, while another worker may take the next;
2. a worker that has more than another leaves that one a moment to take it;
3. what was left and nobody took is taken, each time twice as many as long as that one takes none: a worker that
   stands still holds up nobody.
"""

import asyncio
import logging
import select
import socket
from collections.abc import Callable

from process_group import board

_LEFT_SECONDS = 0.01
"""For how long a connection is left to others: on a busy machine a worker may have to wait for a core."""
_LOOK_SECONDS = 0.001
"""How often is looked meanwhile whether it is still there, and still for another to take."""
_MOST_AT_ONCE = 64
_NEGLIGIBLE = 16
"""A worker has more than another when it has a sixteenth more."""
_PAUSE_SECONDS = 1.0
"""After an error that does not pass by itself, such as too many open files; as asyncio does."""

_log = logging.getLogger(__name__)


class Courtesy:
    """Decides how many connections a worker takes when some wait. Pure."""

    __slots__ = ("_at_once", "_fewest", "_left_at")

    def __init__(self) -> None:
        self._at_once = 1
        self._fewest = 0
        self._left_at: float | None = None  # since when some are left to others

    def take(self, mine: int, fewest: int, now: float) -> int:
        """How many, for one that has ``mine`` when the least loaded has ``fewest``; 0 to look again in a moment."""
        if mine <= fewest + fewest // _NEGLIGIBLE:
            self._at_once = 1
            self._left_at = None
            return 1
        if fewest != self._fewest:  # somebody does take some
            self._at_once = 1
            self._left_at = None
            self._fewest = fewest
        if self._left_at is None:
            self._left_at = now
        if now - self._left_at < _LEFT_SECONDS:
            return 0
        self._left_at = None
        count = self._at_once
        self._at_once = min(_MOST_AT_ONCE, 2 * count)
        return count

    def none_waits(self) -> None:
        """What was left has been taken, or its client has gone."""
        self._left_at = None


class Acceptor:
    """Looks like the part of an `asyncio.Server` that a server needs. ``count`` is how many connections it has."""

    def __init__(
        self,
        listener: socket.socket,
        make_protocol: Callable[[], asyncio.Protocol],
        *,
        count: Callable[[], int],
        shared: board.Board,
        place: int,
    ) -> None:
        self._listener = listener
        self._make_protocol = make_protocol
        self._count = count
        self._board = shared
        self._place = place
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.TimerHandle | None = None
        self._courtesy = Courtesy()
        self._readable = select.poll()
        self._readable.register(listener, select.POLLIN)
        self._unmade = 0
        self._connecting: set[asyncio.Task[None]] = set()
        self.note_connections()
        self._loop.add_reader(listener, self._on_readable)

    def note_connections(self) -> None:
        """Tell the other workers how many connections there are; to be called now and then, as some close."""
        if self._listener.fileno() >= 0:
            self._board.note_connections(self._place, self._mine())

    def close(self) -> None:
        """Stop accepting."""
        if self._listener.fileno() < 0:
            return
        self._board.leave(self._place)
        if self._waiting is None:
            self._loop.remove_reader(self._listener)
        else:
            self._waiting.cancel()
        self._listener.close()

    async def wait_closed(self) -> None:
        """Wait for the connections that were just being taken."""
        await asyncio.gather(*self._connecting, return_exceptions=True)

    def _mine(self) -> int:
        return self._count() + self._unmade

    def _on_readable(self) -> None:
        self.note_connections()
        count = self._courtesy.take(self._mine(), self._board.fewest_connections(), self._loop.time())
        if count:
            self._accept(count)
        else:
            self._pause(_LOOK_SECONDS)

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._waiting = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._waiting = None
        self._loop.add_reader(self._listener, self._on_readable)
        if self._readable.poll(0):
            self._on_readable()
        else:
            self._courtesy.none_waits()

    def _accept(self, at_most: int) -> None:
        for _ in range(at_most):
            try:
                accepted, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as exc:
                _log.error("can't accept connections for %g s: %s", _PAUSE_SECONDS, exc)
                self._pause(_PAUSE_SECONDS)
                return
            self._unmade += 1
            task = self._loop.create_task(self._connect(accepted))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
        self.note_connections()

    async def _connect(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        try:
            await self._loop.connect_accepted_socket(self._make, accepted)
        except OSError:
            accepted.close()  # the client has left already

    def _make(self) -> asyncio.Protocol:
        # Just before the protocol hears of its connection, and is counted: counted twice it would look like one more
        # than others have.
        self._loop.call_soon(self._made)
        return self._make_protocol()

    def _made(self) -> None:
        self._unmade -= 1
