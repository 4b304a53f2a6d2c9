"""Memory for large bodies, shared by all connections of a server: who finds none left waits, in order of arrival.

A body is held until it is answered. Forty clients that send 6 MiB at a time would end a program that may use 256 MiB,
and everybody's requests with it; waiting costs them a moment, as nothing is read from them meanwhile.
"""

from typing import Final, Protocol

LARGE_BYTES: Final = 64 * 1024
"""Bodies up to this size are not counted: a connection holds as much anyway."""

_PATIENCE_SECONDS: Final = 10.0
_BYTES_A_SECOND: Final = 64 * 1024  # half of what 6 MiB need to be there in time


class Waiting(Protocol):
    """Who is told that there is room."""

    def admit(self) -> None: ...


class Budget:
    """``limit`` bytes in all. A body larger than that has its turn when nothing else is held."""

    __slots__ = ("_limit", "_waiting", "held")

    def __init__(self, limit: int) -> None:
        self.held = 0
        self._limit = limit
        self._waiting: dict[Share, tuple[Waiting, int]] = {}

    def __repr__(self) -> str:
        return f"<Budget held={self.held} of={self._limit} waiting={len(self._waiting)}>"

    def has_room(self, size: int) -> bool:
        """Whether ``size`` bytes more fit in."""
        return self.held == 0 or self.held + size <= self._limit

    def wait(self, share: "Share", who: Waiting, size: int) -> None:
        """Queue ``share``, once."""
        self._waiting.setdefault(share, (who, size))

    def is_awaited_by(self, share: "Share") -> bool:
        """Whether ``share`` is in the queue."""
        return share in self._waiting

    def is_awaited(self) -> bool:
        """Whether anybody is."""
        return bool(self._waiting)

    def leave(self, share: "Share") -> None:
        """Queue ``share`` no more, and let in those for whom there is room."""
        self._waiting.pop(share, None)
        while self._waiting:
            first = next(iter(self._waiting))
            who, size = self._waiting[first]
            if not self.has_room(size):
                return
            del self._waiting[first]
            first.force(size)
            who.admit()


class Share:
    """What one connection holds."""

    __slots__ = ("_budget", "held")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.held = 0

    @property
    def is_waiting(self) -> bool:
        """Whether it asked for room and has none."""
        return self._budget.is_awaited_by(self)

    def take(self, who: Waiting, size: int) -> bool:
        """Whether there is room for a body of ``size`` bytes, which is asked for once; else ``who`` is told later."""
        if size <= LARGE_BYTES or self.held:
            return True
        if self._budget.is_awaited() or not self._budget.has_room(size):
            self._budget.wait(self, who, size)
            return False
        self.force(size)
        return True

    def is_in_the_way(self, seconds: float, received: int) -> bool:
        """Whether a body for which there is room, of which so much came within so many seconds, holds up others.

        A dozen clients that send a head and no more would keep everybody else's large bodies waiting for a minute.
        """
        is_slow = seconds >= _PATIENCE_SECONDS + received / _BYTES_A_SECOND
        return is_slow and self.held > 0 and self._budget.is_awaited()

    def force(self, size: int) -> None:
        """Hold ``size`` bytes more, which are there already, whether there is room or not."""
        self.held += size
        self._budget.held += size

    def give(self) -> None:
        """Hold nothing, and wait for nothing."""
        self._budget.held -= self.held
        self.held = 0
        self._budget.leave(self)
