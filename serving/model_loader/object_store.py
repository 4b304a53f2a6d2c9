"""Reads artefacts from object stores and web servers; the only code that asks obstore for anything."""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import obstore
from obstore import exceptions

from model_loader import artefact, errors, store_errors, store_settings

if TYPE_CHECKING:
    from obstore import GetOptions

_FAILURES = (exceptions.BaseError, OSError, ValueError)
# The store has another version, cannot begin in the middle, or has nothing there any more.
_ANEW = (exceptions.PreconditionError, exceptions.NotSupportedError)
_RANGE_REFUSED = "status code: 416"


class ObjectStore:
    """One object, one web file, or all objects below a prefix; ``stall_timeout`` in seconds."""

    def __init__(self, settings: store_settings.StoreSettings, stall_timeout: float) -> None:
        self._settings = settings
        self._stall_timeout = stall_timeout

    @property
    def identity(self) -> str:
        return self._settings.identity

    def open(self, name: str, *, begin_at: int, e_tag: str) -> artefact.Artefact:
        options: GetOptions = {"range": {"offset": begin_at}, "if_match": e_tag} if begin_at else {}
        try:
            with store_errors.panics_told(self._shown(name)):
                answer = obstore.get(self._settings.store, self._settings.key + name, options=options)
                stream = iter(answer.stream(min_chunk_size=artefact.CHUNK_SIZE))
        except _FAILURES as exc:
            if begin_at and (isinstance(exc, _ANEW) or _RANGE_REFUSED in str(exc)):
                raise self._changed(name) from exc
            raise self._translated(exc, name) from exc
        # Not every store heeds If-Match.
        if begin_at and answer.meta["e_tag"] != e_tag:
            raise self._changed(name)
        return artefact.Artefact(
            size=answer.meta["size"],
            e_tag=answer.meta["e_tag"] or "",
            chunks=self._chunks(stream, name),
        )

    def is_folder(self) -> bool:
        return self._settings.is_prefix

    def listing(self) -> Iterator[artefact.Listed]:
        prefix = self._settings.key
        try:
            with store_errors.panics_told(self._shown("")):
                pages = obstore.list(self._settings.store, prefix)
                for entry in itertools.chain.from_iterable(pages):
                    # The prefix itself may exist as a mark that some tools make for a folder.
                    if entry["path"].startswith(prefix):
                        yield artefact.Listed(path=entry["path"][len(prefix) :], size=entry["size"])
        except _FAILURES as exc:
            raise self._translated(exc, "") from exc

    def _chunks(self, stream: Iterator[bytes], name: str) -> Iterator[bytes]:
        try:
            with store_errors.panics_told(self._shown(name)):
                yield from stream
        except _FAILURES as exc:
            raise self._translated(exc, name) from exc

    def _shown(self, name: str) -> str:
        return f"{self._settings.shown}{name}"

    def _changed(self, name: str) -> errors.ResumeRefusedError:
        return errors.ResumeRefusedError(
            f"{self._shown(name)}: it changed while it was fetched, or can't be fetched in parts"
        )

    def _translated(self, exc: Exception, name: str) -> errors.DownloadError:
        error = store_errors.translate(
            exc,
            shown=self._shown(name),
            host=self._settings.host,
            stall_timeout=self._stall_timeout,
        )
        return errors.AbsentError(str(error)) if isinstance(exc, FileNotFoundError) else error
