"""How often and after which pauses something that fails for a passing reason is tried again."""

import logging
import random
import time
from collections.abc import Callable

from model_loader import errors

logger = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0


class Retries:
    """Counts the attempts in a row that came to nothing, and waits after each of them."""

    def __init__(
        self,
        attempts: int,
        *,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._attempts = attempts
        self._sleep = sleep
        self._chance = chance
        self._failed = 0

    def wait_after(self, exc: errors.TransientDownloadError, *, came_further: bool = False) -> None:
        """Wait before the next attempt. Raises DownloadError when the last one was made.

        An attempt that came further is the first of a new row.
        """
        self._failed = 1 if came_further else self._failed + 1
        if self._failed >= self._attempts:
            plural = "" if self._failed == 1 else "s"
            raise errors.DownloadError(f"{exc}; gave up after {self._failed} attempt{plural}") from exc
        seconds = pause(self._failed, self._chance())
        logger.warning(
            "%s; attempt %d of %d, trying again in %.1f s", exc, self._failed, self._attempts, seconds
        )
        self._sleep(seconds)


def pause(attempt: int, chance: float) -> float:
    """Seconds to wait after the given attempt (1, 2, …): doubling, with jitter; ``chance`` is in 0..1."""
    longest: float = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1))
    return longest * (0.5 + chance / 2)
