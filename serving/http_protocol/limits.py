"""How much and how long a peer may take; every number is counted on received bytes or on the loop's clock."""

from dataclasses import dataclass

HEAD_BYTES = 32 * 1024
LINE_BYTES = 8 * 1024
HEADER_COUNT = 100
BODY_BYTES = 6 * 1024 * 1024
"""SageMaker's payload limit, both ways."""

HELD_BYTES = 1024 * 1024 * 1024
"""For large bodies that are held at a time, where nothing is known of the memory that there is."""

FRAMING_BYTES = 64 * 1024
"""What a chunked body may spend on chunk sizes, extensions and trailers beyond as much again as its data: a million
chunks of one byte would keep everybody else waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of a server. Sizes in bytes, times in seconds.

    ``head_seconds`` and ``body_seconds`` bound the time from the first byte to the last; a slower client gets
    408. ``idle_seconds`` bounds the wait between two requests, ``write_seconds`` a client that does not read,
    ``held_bytes`` bounds the bodies over 64 KiB and the unread answers of all clients together,
    ``linger_seconds`` the wait for what still comes after the last answer, at most ``body_seconds`` in all.
    """

    body_bytes: int = BODY_BYTES
    idle_seconds: float = 75.0
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    write_seconds: float = 60.0
    linger_seconds: float = 2.0
    connections: int = 4096
    held_bytes: int = HELD_BYTES

    def tick_seconds(self) -> float:
        """How often deadlines are looked at: a fraction of the shortest, at most half a second."""
        shortest = min(
            self.idle_seconds, self.head_seconds, self.body_seconds, self.write_seconds, self.linger_seconds
        )
        return min(0.5, max(0.01, shortest / 4))
