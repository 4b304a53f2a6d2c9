"""Opens a tar archive, compressed or not, behind a reader that no archive can make read without end."""

import contextlib
import gzip
import pathlib
import tarfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Protocol, cast

from model_loader import errors, sizes

_GZIP_MAGIC = b"\x1f\x8b"
_BLOCK = tarfile.BLOCKSIZE
_TAR_MAGIC = slice(257, 262)
# tarfile reads a long name, PAX attributes and sparse maps into memory, whatever size they claim.
_MOST_HEADERS = 1 << 16
# They hold for all members that follow, so tarfile keeps them.
_MOST_GLOBAL_HEADERS = 64
CHUNK = 1 << 18
"""Bytes of an archive that are in memory at a time."""

# tarfile lets through what its own parsing of sparse maps and numbers raises.
DAMAGE = (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, ValueError, IndexError, OverflowError)


class _Seekable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, /) -> int: ...
    def tell(self) -> int: ...


class BoundedReader:
    """Unpacked bytes; raises ArchiveError beyond ``limit`` of them, and at outsized headers.

    What is read belongs to a member's headers, as at the beginning, until `expect_content`.
    """

    def __init__(self, stream: _Seekable, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._headers_left: int | None = _MOST_HEADERS
        self.last_block = b""
        """The last block that was read alone: after the last member, the archive's end mark."""

    def expect_headers(self) -> None:
        """What is read from now on belongs to the headers of one member."""
        self._headers_left = _MOST_HEADERS

    def expect_content(self) -> None:
        """What is read from now on is asked for in small pieces."""
        self._headers_left = None

    def read(self, size: int) -> bytes:
        if self._headers_left is not None:
            if not 0 <= size <= self._headers_left:
                raise errors.ArchiveError(
                    f"the headers of a member are larger than {_MOST_HEADERS >> 10} KiB"
                )
            self._headers_left -= size
        data = self._stream.read(size)
        if size == _BLOCK:
            self.last_block = data
        self._check(self._stream.tell())
        return data

    def seek(self, offset: int) -> int:
        self._check(offset)
        return self._stream.seek(offset)

    def tell(self) -> int:
        return self._stream.tell()

    def drain(self) -> None:
        """Read to the end, which makes gzip verify its checksum."""
        self.expect_content()
        while self.read(CHUNK):
            pass

    def _check(self, position: int) -> None:
        if position > self._limit:
            limit = sizes.in_megabytes(self._limit)
            raise errors.ArchiveError(
                f"it unpacks to more than the {limit} that MODEL_LOADER_MAX_UNPACKED_SIZE allows"
            )


def is_archive(path: pathlib.Path) -> bool:
    """Whether the file is a tar archive, compressed or not; names are not asked."""
    with path.open("rb") as file, _decompressed(file) as stream:
        try:
            head = stream.read(_BLOCK)
        except DAMAGE:
            return False
    return head[_TAR_MAGIC] == b"ustar"


@contextlib.contextmanager
def opened(path: pathlib.Path, limit: int) -> Iterator[tuple[tarfile.TarFile, BoundedReader]]:
    """The archive and the reader below it; ``limit`` in bytes, headers included. Raises ArchiveError."""
    with path.open("rb") as file, _decompressed(file) as stream:
        reader = BoundedReader(stream, limit)
        try:
            with tarfile.open(fileobj=cast(BinaryIO, reader), mode="r:") as archive:
                yield archive, reader
        except DAMAGE as exc:
            raise errors.ArchiveError(f"it is damaged ({str(exc).rstrip('.').lower()})") from exc


def members(tar: tarfile.TarFile, reader: BoundedReader) -> Iterator[tarfile.TarInfo]:
    """Each member once, its content to be read before the next. Raises ArchiveError at outsized headers."""
    while True:
        reader.expect_headers()
        if (member := tar.next()) is None:
            return
        if len(tar.pax_headers) > _MOST_GLOBAL_HEADERS:
            raise errors.ArchiveError(f"it has more than {_MOST_GLOBAL_HEADERS} global headers")
        reader.expect_content()
        yield member
        # Else tarfile would keep all members with their headers.
        tar.members.clear()  # type: ignore[attr-defined]


def _decompressed(file: BinaryIO) -> contextlib.AbstractContextManager[_Seekable]:
    is_gzip = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    file.seek(0)
    return gzip.GzipFile(fileobj=file, mode="rb") if is_gzip else contextlib.nullcontext(file)
