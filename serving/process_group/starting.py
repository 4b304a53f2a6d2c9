"""The time before a program listens for signals itself."""

import os
import signal
from typing import NoReturn


def end_when_told() -> None:
    """End at once, with exit code 0, on a SIGTERM that comes before the program handles it.

    As process 1 of a container a program doesn't get signals that it has no handler for, and an end that was asked for
    while it starts would wait for the whole grace period. There is nothing yet to end in good order, and an exception
    is no way out: raised while the interpreter runs a callback of its own, as it does after each import, it is lost.
    """
    signal.signal(signal.SIGTERM, _end)


def _end(_number: int, _frame: object) -> NoReturn:
    os._exit(0)
