"""One collection of the Kubernetes API, kept in step: list, watch from there, resume, list again when told.

1. A list sets the items and the resource version from which to watch.
2. Each event changes one item and moves the version on; a bookmark only moves the version.
3. A watch that ends or breaks is resumed from the last version: nothing is missed, nothing is listed again.
4. When the API says that the version is too old (410, or an ERROR event), when it talks nonsense, or when
   resuming keeps failing, what is known is kept and listed anew.
"""

import asyncio
import contextlib
import json
import logging
import random
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, NoReturn, TypeVar

from endpoint_router.route_table_source import api_server

T = TypeVar("T")

log = logging.getLogger(__name__)

MAX_EVENT_BYTES = 16 * 1024 * 1024
RESUMES_BEFORE_LIST = 3


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. A watch is asked to last between half of ``watch`` and all of it, so that routers spread out;
    one that lasted less than ``stable_after`` counts as a failure."""

    watch: float = 60.0
    silence_beyond_watch: float = 5.0
    first_wait: float = 0.1
    longest_wait: float = 5.0
    stable_after: float = 0.5


@dataclass(frozen=True, slots=True)
class Selection(Generic[T]):
    """Which objects to follow; ``decode`` gives what to keep, or LookupError, TypeError or ValueError."""

    path: str
    query: Mapping[str, str]
    decode: Callable[[Mapping[str, Any]], T]


@dataclass(slots=True)
class Collection(Generic[T]):
    """Calls ``on_items`` with all items by name: after each list and, as soon as it arrives, each change."""

    server: api_server.ApiServer
    selection: Selection[T]
    on_items: Callable[[Mapping[str, T]], None]
    timing: Timing = field(default_factory=Timing)
    chance: random.Random = field(default_factory=random.Random)
    # What is known
    _items: dict[str, T] = field(default_factory=dict, init=False)
    _version: str | None = field(default=None, init=False)
    # How the API does
    _failures: int = field(default=0, init=False)
    _accepted_at: float | None = field(default=None, init=False)
    _has_complained: bool = field(default=False, init=False)

    async def run(self) -> NoReturn:
        """Follow the collection until cancelled, whatever the API does meanwhile."""
        while True:
            try:
                async with self.server.session() as session:
                    while True:
                        await self._round(session)
            except api_server.ApiError as exc:
                await asyncio.sleep(self._note_failure(exc, asyncio.get_running_loop().time()))

    async def _round(self, session: api_server.Session) -> None:
        loop = asyncio.get_running_loop()
        if self._version is None:
            self._replace(await session.list(self.selection.path, self.selection.query))
        seconds = max(1, round(self.timing.watch * self.chance.uniform(0.5, 1.0)))
        query = {
            **self.selection.query,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version or "",
            "timeoutSeconds": str(seconds),
        }
        silence = seconds + self.timing.silence_beyond_watch
        async with session.watch(self.selection.path, query, silence=silence) as chunks:
            accepted_at = loop.time()
            self._note_accepted(accepted_at)
            log.debug("%s: watching from version %s for %d s", self.selection.path, self._version, seconds)
            async for line in lines(chunks):
                self._take(line)
        if loop.time() - accepted_at < self.timing.stable_after:
            raise api_server.ApiError("the API ended the watch as soon as it began")

    def _replace(self, document: dict[str, Any]) -> None:
        with _nonsense_is_expired():
            items = {_name(item): self.selection.decode(item) for item in document.get("items") or ()}
            version = str(document["metadata"]["resourceVersion"])
        self._items, self._version = items, version
        log.debug("%s: listed %d at version %s", self.selection.path, len(items), version)
        self.on_items(self._items)

    def _take(self, line: bytes) -> None:
        with _nonsense_is_expired():
            event = json.loads(line)
            kind, subject = event["type"], event["object"]
            if kind == "ERROR":
                raise api_server.ExpiredError(f"the API ended the watch: {subject.get('message') or subject}")
            version = str(subject["metadata"]["resourceVersion"])
            if kind in ("ADDED", "MODIFIED"):
                self._items[_name(subject)] = self.selection.decode(subject)
            elif kind == "DELETED":
                self._items.pop(_name(subject), None)
        self._version = version
        if kind != "BOOKMARK":
            self.on_items(self._items)

    def _note_accepted(self, now: float) -> None:
        self._accepted_at = now
        if self._has_complained:
            log.info("%s: the API answers again", self.selection.path)
        self._has_complained = False

    def _note_failure(self, error: api_server.ApiError, now: float) -> float:
        """Seconds to wait before the next try. A watch that had lasted a while starts the count anew."""
        if self._accepted_at is not None and now - self._accepted_at >= self.timing.stable_after:
            self._failures = 0
        self._accepted_at = None
        if not self._has_complained:
            log.warning("%s: %s; going on with what is known", self.selection.path, error)
        self._has_complained = True
        self._failures += 1
        if isinstance(error, api_server.ExpiredError) or self._failures % RESUMES_BEFORE_LIST == 0:
            self._version = None
        longest = min(self.timing.longest_wait, self.timing.first_wait * 2.0 ** min(self._failures - 1, 16))
        return longest * self.chance.uniform(0.5, 1.0)


async def lines(chunks: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """The complete lines in a stream of chunks; an unfinished last one is dropped.

    Raises ExpiredError for a line over 16 MiB.
    """
    unfinished = bytearray()
    async for chunk in chunks:
        unfinished += chunk
        if b"\n" in chunk:
            *complete, rest = bytes(unfinished).split(b"\n")
            unfinished = bytearray(rest)
            for line in complete:
                if line.strip():
                    yield line
        if len(unfinished) > MAX_EVENT_BYTES:
            raise api_server.ExpiredError(f"an event of more than {MAX_EVENT_BYTES} bytes")


@contextlib.contextmanager
def _nonsense_is_expired() -> Iterator[None]:
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError) as exc:
        raise api_server.ExpiredError(f"the API sent nonsense: {type(exc).__name__} {exc}") from exc


def _name(document: Mapping[str, Any]) -> str:
    return str(document["metadata"]["name"])
