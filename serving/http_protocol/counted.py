"""A body whose length is known: its pieces are kept as they come and joined once.

One buffer that grows to 6 MiB is copied again and again, and every copy is new memory that the kernel has to clear.
"""

_SMALL_BYTES = 4096


class CountedBody:
    """Collects ``length`` bytes. It is used as `chunks.ChunkedBody` is."""

    __slots__ = ("_length", "_missing", "_pieces", "_small")

    def __init__(self, length: int) -> None:
        self._length = self._missing = length
        self._pieces: list[bytes | bytearray] = []
        self._small: bytearray | None = None  # the last piece, when it is one of many small ones

    @property
    def room(self) -> int:
        """Bytes of memory that it takes."""
        return self._length

    @property
    def received(self) -> int:
        """Bytes of it that are there."""
        return self._length - self._missing

    @property
    def is_complete(self) -> bool:
        """Whether all of it is there."""
        return self._missing == 0

    def take(self, buffer: bytearray) -> None:
        """Move from ``buffer`` what belongs to this body."""
        if self._missing:
            taken = self.feed(bytes(memoryview(buffer)[: self._missing]))
            del buffer[:taken]

    def feed(self, data: bytes) -> int:
        """Take the next bytes; how many of them, at most all, belong to this body."""
        taken = min(len(data), self._missing)
        piece = data if taken == len(data) else data[:taken]
        self._missing -= taken
        if taken >= _SMALL_BYTES:
            self._pieces.append(piece)
            self._small = None
        elif self._small is None:
            self._small = bytearray(piece)
            self._pieces.append(self._small)
        else:
            self._small += piece  # a client that sends two bytes at a time would cost fifty for each
        return taken

    def whole(self) -> bytes:
        """The body."""
        return b"".join(self._pieces)
