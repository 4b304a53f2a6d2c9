"""Which key is worked on when: coalescing, one worker a key, bounded, with back-off and delayed re-adds.

1. A key is in the queue once, at the earliest time that anybody asked for.
2. A key that is being worked on is not started again; asked for meanwhile, it runs once more afterwards.
3. A failure brings the key back after a back-off that doubles, with jitter; an explicit `add` does not wait
   for it.
4. A success forgets the failures; the handler may say in how many seconds it wants to look again.
5. Nothing is kept of a key that is neither waiting nor running nor failing.
"""

import asyncio
import contextlib
import heapq
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

logger = logging.getLogger(__name__)

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class BackOff:
    """Seconds from the first failure's delay up to the longest; ``jitter`` is the random part of each."""

    first: float = 0.2
    longest: float = 60.0
    jitter: float = 0.3


def delay_after(failures: int, back_off: BackOff, chance: float) -> float:
    """Seconds until the next try after ``failures`` (≥ 1) in a row; ``chance`` is in [0, 1)."""
    full = min(back_off.longest, back_off.first * 2.0 ** min(failures - 1, 30))
    return full * (1 - back_off.jitter * chance)


class TryLaterError(Exception):
    """The handler could not finish for a reason that is normal; logged in one line and tried again."""


class KeyedQueue(Generic[Key]):
    """Calls ``handle(key)`` in its own tasks while `run` runs; `add` may be called at any time in its loop.

    ``handle`` answers the seconds after which it wants the key again, or None, or raises TryLaterError.
    ``clock`` is monotonic, seconds; ``chance`` answers a number in [0, 1).
    """

    def __init__(
        self,
        handle: Callable[[Key], Awaitable[float | None]],
        *,
        concurrency: int,
        clock: Callable[[], float],
        chance: Callable[[], float],
        back_off: BackOff = BackOff(),
    ) -> None:
        self._handle = handle
        self._concurrency = concurrency
        self._clock = clock
        self._chance = chance
        self._back_off = back_off
        # What waits: the time of each key, and a heap of (time, order, key) in which outdated entries are
        # skipped.
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._order = 0
        # What runs, when it was asked for again meanwhile, and what failed how often in a row.
        self._running: dict[Key, asyncio.Task[None]] = {}
        self._due_after: dict[Key, float] = {}
        self._failures: dict[Key, int] = {}
        self._changed = asyncio.Event()
        self._is_open = False

    def __repr__(self) -> str:
        counts = f"waiting={len(self._due)} running={len(self._running)} failing={len(self._failures)}"
        return f"<KeyedQueue {counts}>"

    def add(self, key: Key, after: float = 0.0) -> None:
        """Ask for ``key`` in ``after`` seconds at the latest. Ignored while `run` does not run."""
        if not self._is_open:
            return
        due = self._clock() + after
        waiting = self._due_after if key in self._running else self._due
        if key in waiting and waiting[key] <= due:
            return
        waiting[key] = due
        if waiting is self._due:
            self._order += 1
            heapq.heappush(self._heap, (due, self._order, key))
            self._changed.set()

    async def run(self) -> None:
        """Work until cancelled; then everything that runs is cancelled and awaited, and the queue is
        empty."""
        self._is_open = True
        try:
            while True:
                self._changed.clear()
                self._start_what_is_due()
                await self._wait_for_change()
        finally:
            self._is_open = False
            await self._stop()

    def _start_what_is_due(self) -> None:
        while len(self._running) < self._concurrency and (key := self._first()) is not None:
            if self._due[key] > self._clock():
                return
            heapq.heappop(self._heap)
            del self._due[key]
            self._running[key] = asyncio.create_task(self._work(key), name=f"worker of {key}")

    def _first(self) -> Key | None:
        while self._heap:
            due, _, key = self._heap[0]
            if self._due.get(key) == due:
                return key
            heapq.heappop(self._heap)
        return None

    async def _wait_for_change(self) -> None:
        # A full house is woken by the end of a worker only.
        key = self._first() if len(self._running) < self._concurrency else None
        timeout = None if key is None else max(0.0, self._due[key] - self._clock())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._changed.wait()

    async def _work(self, key: Key) -> None:
        again: float | None = None
        try:
            again = await self._handle(key)
            self._failures.pop(key, None)
        except TryLaterError as exc:
            again = self._note_failure(key)
            logger.warning("%s: %s; again in %.1f s", key, exc, again)
        except Exception:
            # Whatever it was: one endpoint's trouble must never end the others' work.
            logger.exception("working on %s failed", key)
            again = self._note_failure(key)
        finally:
            self._finish(key, again)

    def _finish(self, key: Key, again: float | None) -> None:
        del self._running[key]
        asked = self._due_after.pop(key, None)
        if asked is not None:
            self.add(key, max(0.0, asked - self._clock()))
        if again is not None:
            self.add(key, again)
        self._changed.set()

    def _note_failure(self, key: Key) -> float:
        self._failures[key] = self._failures.get(key, 0) + 1
        return delay_after(self._failures[key], self._back_off, self._chance())

    async def _stop(self) -> None:
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        self._due.clear()
        self._due_after.clear()
        self._heap.clear()
        self._failures.clear()
