"""The table from a file that is read again whenever it changes: the router without Kubernetes."""

import asyncio
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from endpoint_contract import route_table
from endpoint_router import routing

POLL_SECONDS = 0.1
_YOUNG_SECONDS = 2.0
"""A file changed this recently is read again though it looks the same: a second write within one tick of the
file system's clock leaves the same time stamp."""

log = logging.getLogger(__name__)


class FileSourceError(Exception):
    """The file can't be read; the message names it."""


class FileSource:
    """Follows one file, also when it is replaced by a rename or behind a link, as a mounted ConfigMap is."""

    def __init__(self, path: Path, on_snapshot: Callable[[routing.Snapshot], None]) -> None:
        self._path = path
        self._on_snapshot = on_snapshot
        self._stamp: tuple[int, int, int] | None = None
        self._content: bytes | None = None
        self._complaint = ""

    def load(self) -> None:
        """Read the file for the first time. Raises FileSourceError or RouteTableError."""
        self._read()

    async def run(self) -> NoReturn:
        """Hand on every table that the file comes to hold. A bad one is logged once; the last good stays."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            self._look()

    def _look(self) -> None:
        try:
            self._read()
        except (FileSourceError, route_table.RouteTableError) as exc:
            self._complain(str(exc))

    def _read(self) -> None:
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            is_young = abs(time.time() - found.st_mtime) < _YOUNG_SECONDS
            if stamp == self._stamp and not is_young:
                return
            content = self._path.read_bytes()
        except OSError as exc:
            raise FileSourceError(f"can't read {self._path}: {os.strerror(exc.errno or 0)}") from exc
        self._stamp = stamp
        if content != self._content:
            self._content = content
            self._on_snapshot(routing.Snapshot(route_table.parse(content)))
            self._complaint = ""

    def _complain(self, message: str) -> None:
        if message != self._complaint:
            self._complaint = message
            log.error("the route table stays as it is: %s", message)
