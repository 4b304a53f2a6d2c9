"""Streams an artefact to disk in constant memory, with its checksum, and tries again where that may help."""

import hashlib
import logging
import pathlib
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from model_loader import errors, store

logger = logging.getLogger(__name__)

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 10.0
_PROGRESS_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Download:
    """What was written: size in bytes, sha256 as 64 hex digits, the store's ETag or ""."""

    size: int
    sha256: str
    e_tag: str


def fetch(
    open_artefact: Callable[[], store.Artefact],
    target: pathlib.Path,
    *,
    shown: str,
    max_size: int,
    attempts: int,
    sleep: Callable[[float], None] = time.sleep,
    chance: Callable[[], float] = random.random,
) -> Download:
    """Write the artefact to ``target``. Raises DownloadError when no further attempt makes sense."""
    for attempt in range(1, attempts):
        try:
            return _fetch_once(open_artefact(), target, shown, max_size)
        except errors.TransientDownloadError as exc:
            seconds = pause(attempt, chance())
            logger.warning("%s; attempt %d of %d, trying again in %.1f s", exc, attempt, attempts, seconds)
            sleep(seconds)
    return _fetch_once(open_artefact(), target, shown, max_size)


def pause(attempt: int, chance: float) -> float:
    """Seconds to wait after the given attempt (1, 2, …): doubling, with jitter; ``chance`` is in 0..1."""
    longest: float = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (attempt - 1))
    return longest * (0.5 + chance / 2)


def _fetch_once(artefact: store.Artefact, target: pathlib.Path, shown: str, max_size: int) -> Download:
    if artefact.size > max_size:
        raise errors.DownloadError(
            f"{shown}: {artefact.size} bytes, more than the {max_size} that are allowed"
        )
    logger.info("fetching %s, %s", shown, in_megabytes(artefact.size))
    digest = hashlib.sha256()
    progress = _Progress(artefact.size)
    written = 0
    with target.open("wb") as file:
        for chunk in artefact.chunks:
            written += len(chunk)
            if written > max_size:
                raise errors.DownloadError(f"{shown}: more than the {max_size} bytes that are allowed")
            digest.update(chunk)
            file.write(chunk)
            progress.tell(written)
    if written != artefact.size:
        raise errors.TransientDownloadError(f"{shown}: {written} of {artefact.size} bytes came")
    return Download(size=written, sha256=digest.hexdigest(), e_tag=artefact.e_tag)


class _Progress:
    """A line in the log every few seconds, so that a long fetch does not look like a dead one."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._next = time.monotonic() + _PROGRESS_EVERY

    def tell(self, written: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _PROGRESS_EVERY
            logger.info("%s of %s", in_megabytes(written), in_megabytes(self._size))


def in_megabytes(size: int) -> str:
    """A size in bytes as people read it."""
    return f"{size / 1e6:.1f} MB"
