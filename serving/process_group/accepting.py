"""Accepting from a socket that other processes accept from too, so that each gets its share of the connections.

Clients keep their connections: a burst of them that went to one worker would leave the other cores idle for hours. So

1. connections are taken one by one, while another worker may take the next;
2. a worker that has more than another leaves that one a moment to take it;
3. what was left and nobody took is taken, each time twice as many: a worker that stands still holds up nobody.
"""

import asyncio
import logging
import socket
from collections.abc import Callable

from process_group import board

_LEFT_TO_OTHERS_SECONDS = 0.01
"""A worker that can take it does so in much less; on a busy machine it may have to wait for a core."""
_MOST_AT_ONCE = 64
_NEGLIGIBLE = 16
"""A worker has more than another when it has a sixteenth more."""
_PAUSE_SECONDS = 1.0
"""After an error that does not pass by itself, such as too many open files; as asyncio does."""

_log = logging.getLogger(__name__)


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
        self._untaken = 1
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
        return self._count() + len(self._connecting)

    def _on_readable(self) -> None:
        self.note_connections()
        fewest = self._board.fewest_connections()
        if self._mine() > fewest + fewest // _NEGLIGIBLE:
            self._pause(_LEFT_TO_OTHERS_SECONDS)
        else:
            self._untaken = 1
            self._accept(1)

    def _pause(self, seconds: float) -> None:
        self._loop.remove_reader(self._listener)
        self._waiting = self._loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._waiting = None
        self._loop.add_reader(self._listener, self._on_readable)
        self._accept(self._untaken)
        self._untaken = min(_MOST_AT_ONCE, 2 * self._untaken)

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
            task = self._loop.create_task(self._connect(accepted))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
        self.note_connections()

    async def _connect(self, accepted: socket.socket) -> None:
        accepted.setblocking(False)
        try:
            await self._loop.connect_accepted_socket(self._make_protocol, accepted)
        except OSError:
            accepted.close()  # the client has left already
