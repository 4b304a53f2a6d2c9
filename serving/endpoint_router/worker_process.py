"""Starting the processes that handle requests.

They are new programs and not forks: the parent has threads and an event loop by the time that a worker has to be
replaced, and neither survives a fork. It costs 0.2 s and 15 MB a worker that a fork would share.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from process_group import board


@dataclass(frozen=True, slots=True)
class Launched:
    """A started worker. ``channel`` is our end of its socket pair; ``at`` is a time.monotonic()."""

    process: "subprocess.Popen[bytes]"
    channel: socket.socket
    at: float


@dataclass(frozen=True, slots=True)
class Place:
    """What a worker inherits: descriptors, and its place among so many on the board."""

    channel: int
    listener: int
    board: int
    place: int
    places: int


class Launcher:
    """Starts workers for one listening socket. ``arguments`` are the program's: a worker reads the same settings."""

    def __init__(self, listener: socket.socket, places: int, arguments: Sequence[str]) -> None:
        self.listener = listener
        self.board = board.Board(places)
        self._arguments = tuple(arguments)

    def start(self, place: int) -> Launched:
        """A new worker at ``place``. Raises OSError when the system has no room for it."""
        ours, theirs = socket.socketpair()
        inherited = Place(
            theirs.fileno(), self.listener.fileno(), self.board.descriptor, place, self.board.places
        )
        try:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "endpoint_router.worker", *_words(inherited), *self._arguments],
                pass_fds=(inherited.channel, inherited.listener, inherited.board),
                stdin=subprocess.DEVNULL,
            )
        except OSError:
            ours.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        return Launched(process, ours, time.monotonic())


def parse(arguments: Sequence[str]) -> tuple[Place, Sequence[str]]:
    """A worker's place, and the program's own arguments."""
    return Place(*map(int, arguments[:5])), arguments[5:]


def _words(place: Place) -> list[str]:
    return [str(number) for number in (place.channel, place.listener, place.board, place.place, place.places)]
