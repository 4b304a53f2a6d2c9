"""A directory that the loaders of one node share, so that each artefact is fetched once for a node.

A loader asks the store first, with its own credentials, and takes from the cache only what the store said it has:
same place, same ETag, same size; so nobody gets what they may not read. Every namespace has a directory of its own,
entries are verified while they are copied, and any trouble with the cache means to go without it.
"""

import contextlib
import hashlib
import heapq
import logging
import os
import pathlib
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from model_loader import artefact

logger = logging.getLogger(__name__)

_UNFINISHED = "unfinished-"
# A loader that was killed left it; none takes so long to write a file.
_ABANDONED_SECONDS = 6 * 3600
_CHECKSUM_LENGTH = 64

_Entry = tuple[float, int, pathlib.Path]
"""When it was last used, its size, and its path."""


class _Room:
    """What entries there are and how much they hold, as far as this process knows; safe between threads.

    All are looked at once, when the first is to be added: a folder has thousands of files, each of which is added.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._oldest: list[_Entry] | None = None
        self._total = 0
        self._added = 0

    def take(self, size: int, top: pathlib.Path, limit: int, now: float) -> bool:
        """Whether ``size`` bytes more are within the limit, for which what was longest not used is removed.

        They then count as added; what this process added before is not removed for them.
        """
        with self._lock:
            if self._added + size > limit:
                return False
            if self._oldest is None:
                self._oldest = sorted(_entries(top, now))
                self._total = sum(entry_size for _, entry_size, _ in self._oldest)
            while self._oldest and self._total + size > limit:
                self._remove_or_keep(self._oldest)
            self._total += size
            self._added += size
            return True

    def _remove_or_keep(self, oldest: list[_Entry]) -> None:
        used, size, path = heapq.heappop(oldest)
        with contextlib.suppress(FileNotFoundError):
            # It may have been used since all were looked at.
            if (used_since := path.stat().st_mtime) > used:
                heapq.heappush(oldest, (used_since, size, path))
                return
            path.unlink()
        self._total -= size


@dataclass(frozen=True, slots=True)
class Cache:
    """``directory`` is this namespace's part of it; ``limit`` is the most bytes of all namespaces together."""

    directory: pathlib.Path
    top: pathlib.Path
    limit: int
    _room: _Room = field(default_factory=_Room, init=False, repr=False, compare=False)

    def slot(self, identity: str) -> "Slot":
        """Where the file of this identity may be."""
        return Slot(self, identity)

    def make_room(self, size: int, now: float) -> bool:
        """Remove what was longest not used until ``size`` bytes more are within the limit; whether they are."""
        return self._room.take(size, self.top, self.limit, now)


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one file in the cache, whatever its version.

    An entry is the file and after it its sha256, as hex digits: so that its name can be known before the sha256 is.
    """

    cache: Cache
    identity: str

    def take(self, e_tag: str, size: int, target: pathlib.Path) -> str | None:
        """Copy the cached version to ``target``; its sha256, or None if it is not there."""
        entry = self._entry(e_tag, size)
        try:
            sha256 = _copy(entry, size, target)
            if sha256:
                # Others may remove it meanwhile.
                with contextlib.suppress(FileNotFoundError):
                    os.utime(entry)
                return sha256
            logger.warning("the cached file %s is damaged; it is removed", entry)
            entry.unlink(missing_ok=True)
        except FileNotFoundError:
            return None
        except OSError as exc:
            logger.warning("the cache can't be read: %s", exc)
        return None

    def put(self, e_tag: str, size: int, sha256: str, source: pathlib.Path) -> None:
        """Keep the file of this version, if the limit allows it."""
        try:
            if self.cache.make_room(size + _CHECKSUM_LENGTH, time.time()):
                self.cache.directory.mkdir(exist_ok=True)
                self._write(self._entry(e_tag, size), sha256, source)
        except OSError as exc:
            logger.warning("the cache can't be written: %s", exc)

    def _write(self, entry: pathlib.Path, sha256: str, source: pathlib.Path) -> None:
        descriptor, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=self.cache.directory)
        unfinished = pathlib.Path(name)
        try:
            with os.fdopen(descriptor, "wb") as file, source.open("rb") as content:
                shutil.copyfileobj(content, file)
                file.write(sha256.encode())
            # Shown whole or not at all; of two loaders with the same file the later one's stays.
            unfinished.rename(entry)
        finally:
            unfinished.unlink(missing_ok=True)

    def _entry(self, e_tag: str, size: int) -> pathlib.Path:
        key = hashlib.sha256("\n".join((self.identity, e_tag, str(size))).encode()).hexdigest()
        return self.cache.directory / key


def _entries(top: pathlib.Path, now: float) -> Iterator[_Entry]:
    for path in top.glob("*/*"):
        # Other loaders add and remove at the same time.
        with contextlib.suppress(FileNotFoundError):
            found = path.stat()
            if not path.name.startswith(_UNFINISHED):
                yield found.st_mtime, found.st_size, path
            elif now - found.st_mtime > _ABANDONED_SECONDS:
                path.unlink()


def _copy(entry: pathlib.Path, size: int, target: pathlib.Path) -> str:
    """Copy the entry's file; its sha256, "" if the entry does not hold what it was made of."""
    digest = hashlib.sha256()
    with entry.open("rb") as from_file, target.open("wb") as to_file:
        while chunk := from_file.read(min(artefact.CHUNK_SIZE, size - to_file.tell())):
            digest.update(chunk)
            to_file.write(chunk)
        sha256 = digest.hexdigest()
        return sha256 if from_file.read(_CHECKSUM_LENGTH + 1) == sha256.encode() else ""
