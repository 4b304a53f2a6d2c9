"""A worker's clock tick: ten times a second, what it counted and how many connections it has go to the board."""

import asyncio
from collections.abc import Callable

from process_group import accepting, board

TICK_SECONDS = 0.1
"""What a killed worker's last counts may lack, and how old what others read of a worker may be."""


class Reporter:
    """Posts ``document()`` at ``place``, at once and from then on; `close` does it once more."""

    def __init__(
        self, shared: board.Board, place: int, document: Callable[[], bytes], acceptor: accepting.Acceptor
    ) -> None:
        self._board = shared
        self._place = place
        self._document = document
        self._acceptor = acceptor
        self._loop = asyncio.get_running_loop()
        self._next: asyncio.TimerHandle
        self._tick()

    def post(self) -> None:
        """Post now."""
        self._board.post(self._place, self._document())

    def close(self) -> None:
        """Post for the last time."""
        self._next.cancel()
        self.post()

    def _tick(self) -> None:
        self.post()
        self._acceptor.note_connections()
        self._next = self._loop.call_later(TICK_SECONDS, self._tick)
