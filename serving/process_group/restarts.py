"""When a worker that ended is started again, and when one that runs is given up. Pure: no clock, no process."""

import signal

STUCK_AFTER = 30
"""Looks, a second apart, at a worker that gives no sign of life. Looks and not seconds: when the whole group stood
still, as on a frozen node, no worker is to blame."""


class Restarts:
    """Of one worker: the first restart comes soon, each further one after twice as long; a long life starts anew."""

    __slots__ = ("_failures", "first", "long_life", "longest")

    def __init__(self, *, first: float = 0.1, longest: float = 5.0, long_life: float = 10.0) -> None:
        self.first = first
        self.longest = longest
        self.long_life = long_life
        self._failures = 0

    def wait(self, lived: float) -> float:
        """Seconds until a worker that ended after ``lived`` seconds is started again."""
        self._failures = 1 if lived >= self.long_life else self._failures + 1
        return min(self.longest, self.first * 2.0 ** min(self._failures - 1, 16))


class Pulse:
    """Whether a worker still does something, by a number that grows as long as it does."""

    __slots__ = ("_last", "_looks")

    def __init__(self) -> None:
        self._last = -1
        self._looks = 0

    def is_stuck(self, number: int) -> bool:
        """To be asked once a second."""
        self._looks = self._looks + 1 if number == self._last else 0
        self._last = number
        return self._looks >= STUCK_AFTER


def how_it_ended(code: int) -> str:
    """An exit code in words; negative for a signal's number."""
    return f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
