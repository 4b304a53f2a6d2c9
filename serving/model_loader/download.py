"""Streams one file to disk in constant memory, with its checksum.

A fetch that fails for a passing reason is tried again, where it broke off if the store still has the same version.
"""

import hashlib
import logging
import pathlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from model_loader import artefact, cache, errors, retries, sizes

logger = logging.getLogger(__name__)

OpenAt = Callable[[int, str], artefact.Artefact]
"""Opens the file at a position in bytes, held to an ETag unless the position is 0."""

_PROGRESS_EVERY = 5.0
# An attempt that brought so many bytes counts as none: a big artefact may need many over a bad network.
_WORTHWHILE = 8 << 20


@dataclass(frozen=True, slots=True)
class Download:
    """What was written: size in bytes, sha256 as 64 hex digits, the store's ETag or ""."""

    size: int
    sha256: str
    e_tag: str


def fetch(
    open_at: OpenAt,
    target: pathlib.Path,
    *,
    shown: str,
    max_size: int,
    patience: retries.Retries,
    cached: cache.Slot | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Download:
    """Write the file, of at most ``max_size`` bytes, to ``target``. Raises DownloadError when no further attempt
    makes sense."""
    transfer = _Transfer(target, shown, max_size, cached, clock)
    try:
        return _persist(transfer, open_at, patience)
    except errors.DownloadError as exc:
        if transfer.written:
            raise errors.DownloadError(f"{exc}; {transfer.progress()} had come") from exc
        raise


def _persist(transfer: "_Transfer", open_at: OpenAt, patience: retries.Retries) -> Download:
    while True:
        written = transfer.written
        try:
            return transfer.run(open_at)
        except errors.TransientDownloadError as exc:
            patience.wait_after(exc, came_further=transfer.written - written >= _WORTHWHILE)
            if isinstance(exc, errors.ResumeRefusedError):
                transfer.begin_anew()


def too_large(max_size: int) -> str:
    """What an artefact is that is over the limit, in bytes."""
    return f"more than the {sizes.in_megabytes(max_size)} that MODEL_LOADER_MAX_ARTEFACT_SIZE allows"


class _Transfer:
    """What came so far, over all attempts."""

    def __init__(
        self,
        target: pathlib.Path,
        shown: str,
        max_size: int,
        cached: cache.Slot | None,
        clock: Callable[[], float],
    ) -> None:
        self._target = target
        self._shown = shown
        self._max_size = max_size
        self._cached = cached
        self._clock = clock
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget what came, since the store has something else now."""
        self.written = 0
        self._size = 0
        self._e_tag = ""
        self._digest = hashlib.sha256()

    def run(self, open_at: OpenAt) -> Download:
        """Fetch what is missing."""
        if self.written and not _is_strong(self._e_tag):
            self.begin_anew()
        opened = open_at(self.written, self._e_tag if self.written else "")
        if opened.size > self._max_size:
            raise errors.DownloadError(
                f"{self._shown}: {sizes.in_megabytes(opened.size)}, {too_large(self._max_size)}"
            )
        self._size, self._e_tag = opened.size, opened.e_tag
        if not self.written and (hit := self._from_cache()):
            return hit
        logger.info("fetching %s, %s", self._shown, self.progress() if self.written else self._whole())
        with self._target.open("r+b" if self.written else "wb") as file:
            file.seek(self.written)
            self._copy(opened, file)
        return self._finished()

    def progress(self) -> str:
        """How much came of how much."""
        share = self.written / self._size if self._size else 1.0
        return f"{sizes.in_megabytes(self.written)} of {self._whole()} ({share:.0%})"

    def _copy(self, opened: artefact.Artefact, file: BinaryIO) -> None:
        began, before = self._clock(), self.written
        due = began + _PROGRESS_EVERY
        for chunk in opened.chunks:
            if self.written + len(chunk) > self._max_size:
                raise errors.DownloadError(f"{self._shown}: {too_large(self._max_size)}")
            file.write(chunk)
            self._digest.update(chunk)
            self.written += len(chunk)
            # A line every few seconds, so that a long fetch does not look like a dead one.
            if (now := self._clock()) >= due:
                due = now + _PROGRESS_EVERY
                speed = (self.written - before) / (now - began)
                logger.info("%s, %s/s", self.progress(), sizes.in_megabytes(int(speed)))

    def _finished(self) -> Download:
        if self.written != self._size:
            raise errors.TransientDownloadError(f"{self._shown}: {self.written} of {self._size} bytes came")
        done = Download(size=self.written, sha256=self._digest.hexdigest(), e_tag=self._e_tag)
        if self._cached and _is_strong(self._e_tag):
            self._cached.put(self._e_tag, done.size, done.sha256, self._target)
        return done

    def _from_cache(self) -> Download | None:
        if not self._cached or not _is_strong(self._e_tag):
            return None
        sha256 = self._cached.take(self._e_tag, self._size, self._target)
        if sha256 is None:
            return None
        logger.info("%s, %s, comes from this node's cache", self._shown, self._whole())
        return Download(size=self._size, sha256=sha256, e_tag=self._e_tag)

    def _whole(self) -> str:
        return sizes.in_megabytes(self._size)


def _is_strong(e_tag: str) -> bool:
    # A weak one only says that two versions mean the same, not that their bytes are.
    return bool(e_tag) and not e_tag.startswith("W/")
