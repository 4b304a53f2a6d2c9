"""What every place that holds artefacts can be asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

CHUNK_SIZE = 1 << 20
"""Bytes that are held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Artefact:
    """An opened file: its whole size in bytes, its ETag ("" if it has none), and its bytes in order.

    The bytes begin where they were asked for. Iterating raises DownloadError.
    """

    size: int
    e_tag: str
    chunks: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of many: its path below the location, parted by ``/``, and its size in bytes."""

    path: str
    size: int


class Store(Protocol):
    """One location, opened. ``name`` is a path that `listing` told, or "" for the location itself."""

    @property
    def identity(self) -> str:
        """What tells this location from all others in the world, without secrets; "" if nothing does."""

    def open(self, name: str, *, begin_at: int, e_tag: str) -> Artefact:
        """Begin to read at byte ``begin_at``, if not 0 then only of the version that has this ETag.

        Raises DownloadError; AbsentError when nothing is there, ResumeRefusedError when it can only be read from
        the beginning.
        """

    def is_folder(self) -> bool:
        """Whether the location means all files below it. Raises DownloadError."""

    def listing(self) -> Iterator[Listed]:
        """The files below the location, in any order. Iterating raises DownloadError."""
