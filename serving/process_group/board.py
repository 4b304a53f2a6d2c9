"""Memory that the processes of a group share: each worker has a place that only it writes, and all may read.

A post is written beside the one before it, with a checksum: who reads always finds a whole one, also when the
writer was killed in the middle.
"""

import mmap
import os
import struct
import zlib
from collections.abc import Iterator

_POST_BYTES = 4 * 1024 * 1024
"""Room for one post; memory that is never written takes no room."""
_HEADER = struct.Struct("QII")  # number, length, checksum; in native order, so that each is written in one go
_LOAD = struct.Struct("QQ")  # connections, process id
_NOT_ACCEPTING = 2**64 - 1


class Board:
    """``places`` places. ``descriptor`` is the memory of a board that another process made."""

    def __init__(self, places: int, descriptor: int | None = None) -> None:
        self.places = places
        self.parent = os.getpid() if descriptor is None else os.getppid()
        size = places * (mmap.PAGESIZE + 2 * _POST_BYTES)
        self.descriptor = os.memfd_create("board") if descriptor is None else descriptor
        os.ftruncate(self.descriptor, size)
        self._memory = mmap.mmap(self.descriptor, size)
        if descriptor is None:
            for place in range(places):
                self.leave(place)

    def post(self, place: int, document: bytes) -> None:
        """Replace what stands at ``place``. Raises ValueError for a document over 4 MiB."""
        if len(document) > _POST_BYTES - _HEADER.size:
            raise ValueError(f"{len(document)} bytes do not fit on the board")
        number = self.posts(place) + 1
        start = self._start(place, number)
        body = start + _HEADER.size
        self._memory[body : body + len(document)] = document
        _HEADER.pack_into(self._memory, start, number, len(document), _checksum(number, document))

    def read(self, place: int) -> bytes:
        """The last document that was posted at ``place``, empty when there is none."""
        return self._last(place)[1]

    def posts(self, place: int) -> int:
        """How many documents were posted at ``place`` so far: as long as it grows, the writer lives."""
        return self._last(place)[0]

    def note_connections(self, place: int, count: int) -> None:
        """Say that this process is at ``place`` and how many connections it has."""
        _LOAD.pack_into(self._memory, place * mmap.PAGESIZE, count, os.getpid())

    def leave(self, place: int) -> None:
        """Say that nobody at ``place`` accepts connections."""
        _LOAD.pack_into(self._memory, place * mmap.PAGESIZE, _NOT_ACCEPTING, 0)

    def fewest_connections(self) -> int:
        """How many the least loaded worker has that accepts connections."""
        return min(count for count, _ in self._loads())

    def pids(self) -> list[int]:
        """The processes that accept connections."""
        return [pid for _, pid in self._loads() if pid]

    def _loads(self) -> Iterator[tuple[int, int]]:
        for place in range(self.places):
            count, pid = _LOAD.unpack_from(self._memory, place * mmap.PAGESIZE)
            yield count, pid

    def _last(self, place: int) -> tuple[int, bytes]:
        return max(self._whole(place, 0), self._whole(place, 1))

    def _whole(self, place: int, parity: int) -> tuple[int, bytes]:
        """Number and document of one of the two posts; those before the first when it is not whole."""
        start = self._start(place, parity)
        number, length, checksum = _HEADER.unpack_from(self._memory, start)
        if number == 0 or length > _POST_BYTES:
            return 0, b""
        document = self._memory[start + _HEADER.size : start + _HEADER.size + length]
        return (number, document) if checksum == _checksum(number, document) else (0, b"")

    def _start(self, place: int, number: int) -> int:
        return self.places * mmap.PAGESIZE + (2 * place + number % 2) * _POST_BYTES


def _checksum(number: int, document: bytes) -> int:
    return zlib.crc32(document, number & 0xFFFFFFFF)
