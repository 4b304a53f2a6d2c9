"""Builds archives, good and hostile, member by member."""

import gzip
import io
import pathlib
import tarfile
from typing import Self

_BLOCK = tarfile.BLOCKSIZE


class Archive:
    """``an_archive().with_file("xgboost-model", b"{}").packed()``."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w:", format=tarfile.PAX_FORMAT)  # noqa: SIM115

    def with_file(self, name: str, content: bytes = b"x", *, mode: int = 0o600) -> Self:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(content), mode
        self._tar.addfile(member, io.BytesIO(content))
        return self

    def with_directory(self, name: str) -> Self:
        return self.with_special(name, tarfile.DIRTYPE)

    def with_special(self, name: str, kind: bytes, *, target: str = "") -> Self:
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.mode = kind, target, 0o700
        self._tar.addfile(member)
        return self

    def with_raw(self, blocks: bytes) -> Self:
        """Blocks that tarfile would not write itself."""
        assert len(blocks) % tarfile.BLOCKSIZE == 0
        self._buffer.write(blocks)
        self._tar.offset += len(blocks)
        return self

    def with_attributes(self, **attributes: bytes) -> Self:
        """A PAX header that overrules what the next member's own header says; ``__`` stands for a dot."""
        records = b"".join(_record(name.replace("__", "."), value) for name, value in attributes.items())
        return self.with_extension(tarfile.XHDTYPE, records)

    def with_extension(self, kind: bytes, content: bytes, *, claimed_size: int | None = None) -> Self:
        """A header of a kind that tells about the next member."""
        header = tarfile.TarInfo("extension")
        header.type = kind
        header.size = len(content) if claimed_size is None else claimed_size
        return self.with_raw(
            header.tobuf(format=tarfile.GNU_FORMAT) + content + bytes(-len(content) % _BLOCK)
        )

    def plain(self) -> bytes:
        self._tar.close()
        return self._buffer.getvalue()

    def packed(self) -> bytes:
        return gzip.compress(self.plain())

    def packed_in(self, directory: pathlib.Path, name: str = "model.tar.gz") -> pathlib.Path:
        path = directory / name
        path.write_bytes(self.packed())
        return path


def _record(name: str, value: bytes) -> bytes:
    rest = b" " + name.encode() + b"=" + value + b"\n"
    # The length counts its own digits.
    length = len(rest) + len(str(len(rest)))
    return str(len(rest) + len(str(length))).encode() + rest


def an_archive() -> Archive:
    return Archive()
