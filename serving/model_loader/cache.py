"""A directory that the loaders of one node share, so that each artefact is fetched once for a node.

A loader asks the store first, with its own credentials, and takes from the cache only what the store said it has:
same place, same ETag, same size; so nobody gets what they may not read. Every namespace has a directory of its own,
entries are verified while they are copied, and any trouble with the cache means to go without it.
"""

import contextlib
import hashlib
import logging
import os
import pathlib
import shutil
import tempfile
import time
from dataclasses import dataclass

from model_loader import artefact

logger = logging.getLogger(__name__)

_UNFINISHED = "unfinished-"
# A loader that was killed left it; none takes so long to write a file.
_ABANDONED_SECONDS = 6 * 3600


@dataclass(frozen=True, slots=True)
class Cache:
    """``directory`` is this namespace's part of it; ``limit`` is the most bytes of all namespaces together."""

    directory: pathlib.Path
    top: pathlib.Path
    limit: int

    def slot(self, identity: str) -> "Slot":
        """Where the file of this identity may be."""
        return Slot(self, identity)

    def make_room(self, size: int, now: float) -> None:
        """Remove what was longest not used until ``size`` bytes more are within the limit."""
        entries = sorted(self._entries(now), key=lambda entry: entry[0])
        total = sum(entry_size for _, entry_size, _ in entries)
        for _, entry_size, path in entries:
            if total + size <= self.limit:
                return
            path.unlink(missing_ok=True)
            total -= entry_size

    def _entries(self, now: float) -> list[tuple[float, int, pathlib.Path]]:
        entries = []
        for path in self.top.glob("*/*"):
            # Other loaders add and remove at the same time.
            with contextlib.suppress(FileNotFoundError):
                found = path.stat()
                if path.name.startswith(_UNFINISHED) and now - found.st_mtime > _ABANDONED_SECONDS:
                    path.unlink()
                else:
                    entries.append((found.st_mtime, found.st_size, path))
        return entries


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of one file in the cache, whatever its version."""

    cache: Cache
    identity: str

    def take(self, e_tag: str, size: int, target: pathlib.Path) -> str | None:
        """Copy the cached version to ``target``; its sha256, or None if it is not there."""
        try:
            for entry in self.cache.directory.glob(f"{self._key(e_tag, size)}-*"):
                sha256 = entry.name.rpartition("-")[2]
                if _copy(entry, target) == sha256:
                    os.utime(entry)
                    return sha256
                logger.warning("the cached file %s is damaged; it is removed", entry)
                entry.unlink(missing_ok=True)
        except OSError as exc:
            logger.warning("the cache can't be read: %s", exc)
        return None

    def put(self, e_tag: str, size: int, sha256: str, source: pathlib.Path) -> None:
        """Keep the file of this version, if the limit allows it."""
        if size > self.cache.limit:
            return
        try:
            self.cache.directory.mkdir(exist_ok=True)
            self.cache.make_room(size, time.time())
            descriptor, name = tempfile.mkstemp(prefix=_UNFINISHED, dir=self.cache.directory)
            os.close(descriptor)
            unfinished = pathlib.Path(name)
            try:
                shutil.copyfile(source, unfinished)
                # Shown whole or not at all; of two loaders with the same file the later one's stays.
                unfinished.rename(self.cache.directory / f"{self._key(e_tag, size)}-{sha256}")
            finally:
                unfinished.unlink(missing_ok=True)
        except OSError as exc:
            logger.warning("the cache can't be written: %s", exc)

    def _key(self, e_tag: str, size: int) -> str:
        return hashlib.sha256("\n".join((self.identity, e_tag, str(size))).encode()).hexdigest()


def _copy(source: pathlib.Path, target: pathlib.Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as from_file, target.open("wb") as to_file:
        while chunk := from_file.read(artefact.CHUNK_SIZE):
            digest.update(chunk)
            to_file.write(chunk)
    return digest.hexdigest()
