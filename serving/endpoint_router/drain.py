"""How a router leaves: first it is announced, then it ends.

Announced (SIGUSR1, from the preStop hook of its pod): it goes on accepting and following its table, but prefers other
pods and tells clients to close, so that they come back to another router. Ending (SIGTERM): it stops accepting and
finishes. A SIGTERM that nobody announced announces itself, for a short while; a second one, or SIGINT, hurries.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

log = logging.getLogger(__name__)


class Listener(Protocol):
    """What is closed at the end: idle connections at once, busy ones within the grace (seconds), then all."""

    async def close(self, grace_seconds: float = 0.0) -> None: ...


class Drain:
    """Turns signals into the two steps; ``announce`` is called once."""

    def __init__(self, announce: Callable[[], None], *, announce_seconds: float) -> None:
        self._announce = announce
        self._announce_seconds = announce_seconds
        self._is_announced = False
        self._is_asked_to_end = asyncio.Event()
        self._is_in_a_hurry = asyncio.Event()

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take over the process's signals."""
        loop.add_signal_handler(signal.SIGUSR1, self.on_announced)
        loop.add_signal_handler(signal.SIGTERM, self.on_end)
        loop.add_signal_handler(signal.SIGINT, self.on_interrupt)

    def on_announced(self) -> None:
        """The end is near: be somebody's second choice from now on."""
        if not self._is_announced:
            self._is_announced = True
            log.info("draining: other pods are preferred, clients are told to close")
            self._announce()

    def on_end(self) -> None:
        """End in good order; asked twice, at once."""
        if self._is_asked_to_end.is_set():
            self._is_in_a_hurry.set()
        self._is_asked_to_end.set()

    def on_interrupt(self) -> None:
        """Somebody at a terminal: no announcement; requests under way are still answered, unless asked twice."""
        self._announce_seconds = 0.0
        self.on_end()

    async def until_end(self) -> None:
        """Wait until it is time to stop accepting."""
        await self._is_asked_to_end.wait()
        if not self._is_announced:
            self.on_announced()
            await self._unless_hurried(asyncio.sleep(self._announce_seconds))

    async def finish(self, listener: Listener, finish_seconds: float) -> None:
        """Close ``listener``, giving the requests under way up to ``finish_seconds``."""
        log.info("ending: no longer accepting")
        if not await self._unless_hurried(listener.close(finish_seconds)):
            await listener.close(0.0)

    async def _unless_hurried(self, act: Coroutine[Any, Any, None]) -> bool:
        """Whether ``act`` came to its end before somebody was in a hurry."""
        acting = asyncio.ensure_future(act)
        hurry = asyncio.ensure_future(self._is_in_a_hurry.wait())
        await asyncio.wait({acting, hurry}, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not acting.done():
            acting.cancel()
            await asyncio.wait({acting})
            return False
        acting.result()
        return True
