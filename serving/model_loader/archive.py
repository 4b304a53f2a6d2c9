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
# tarfile reads the header blocks of a long name or of PAX attributes in one go, whatever size they claim.
_LARGEST_READ = 1 << 20

# tarfile lets through what its own parsing of sparse maps and numbers raises.
DAMAGE = (tarfile.TarError, EOFError, gzip.BadGzipFile, zlib.error, ValueError, IndexError, OverflowError)


class _Seekable(Protocol):
    def read(self, size: int, /) -> bytes: ...
    def seek(self, offset: int, /) -> int: ...
    def tell(self) -> int: ...


class BoundedReader:
    """Unpacked bytes; raises ArchiveError beyond ``limit`` of them, and at an outsized header."""

    def __init__(self, stream: _Seekable, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self.last_block = b""
        """The last block that was read alone: after the last member, the archive's end mark."""

    def read(self, size: int) -> bytes:
        if not 0 <= size <= _LARGEST_READ:
            raise errors.ArchiveError("a header is larger than 1 MiB")
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
        while self.read(_LARGEST_READ):
            pass

    def _check(self, position: int) -> None:
        if position > self._limit:
            limit = sizes.in_megabytes(self._limit)
            raise errors.ArchiveError(f"it unpacks to more than the {limit} that --max-unpacked-size allows")


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
        except RecursionError as exc:
            # tarfile reads a header that belongs to the next one by calling itself.
            raise errors.ArchiveError("a member has too many headers") from exc
        except DAMAGE as exc:
            raise errors.ArchiveError(f"it is damaged ({str(exc).rstrip('.').lower()})") from exc


def _decompressed(file: BinaryIO) -> contextlib.AbstractContextManager[_Seekable]:
    is_gzip = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    file.seek(0)
    return gzip.GzipFile(fileobj=file, mode="rb") if is_gzip else contextlib.nullcontext(file)
