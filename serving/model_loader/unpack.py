"""Unpacks an archive that nobody vouches for: files and directories below one directory, nothing else.

No member is handed to tarfile's own extraction: every path is checked and every file created here, so links,
devices, owners, set-uid bits and times never come into being.
"""

import os
import pathlib
import tarfile
from dataclasses import dataclass
from typing import IO

from model_loader import archive, errors

_DEEPEST = 64
_LONGEST_NAME = 255
# As long as a key of S3 or Google Cloud Storage; with a directory before it, well below what Linux opens.
_LONGEST_PATH = 1024
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a named pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}
# Readable by every user: the model server may run as any.
_DIRECTORY_MODE = 0o755
_FILE_MODE = 0o644
_PROGRAM_MODE = 0o755


@dataclass(frozen=True, slots=True)
class Limits:
    """Most unpacked bytes, headers and padding included, and most members."""

    unpacked_size: int
    files: int


def unpack(source: pathlib.Path, target: pathlib.Path, limits: Limits) -> int:
    """Unpack the archive into the existing empty directory; the number of files. Raises ArchiveError."""
    n_members = n_files = 0
    with archive.opened(source, limits.unpacked_size) as (tar, reader):
        for member in archive.members(tar, reader):
            n_members += 1
            if n_members > limits.files:
                raise errors.ArchiveError(
                    f"it has more than the {limits.files} members that MODEL_LOADER_MAX_FILES allows"
                )
            n_files += _place(tar, member, target)
        # tarfile takes a damaged header for the end; the real end is marked by a block of zeros.
        if reader.last_block != bytes(tarfile.BLOCKSIZE):
            raise errors.ArchiveError("it is damaged or cut off")
        reader.drain()
    if not n_files:
        raise errors.ArchiveError("it holds no file")
    return n_files


def member_path(name: str) -> tuple[str, ...]:
    """The parts of a member's path, () for the top itself. Raises ArchiveError if it leads elsewhere."""
    parts = tuple(part for part in name.split("/") if part not in {"", "."})
    if name.startswith("/") or ".." in parts or "\0" in name:
        raise errors.ArchiveError(f"{_quoted(name)} leads out of the model directory")
    if _is_too_long(parts):
        raise errors.ArchiveError(f"{_quoted(name)} is too long a path")
    return parts


def _is_too_long(parts: tuple[str, ...]) -> bool:
    lengths = [len(os.fsencode(part)) for part in parts]
    return len(parts) > _DEEPEST or max(lengths, default=0) > _LONGEST_NAME or sum(lengths) > _LONGEST_PATH


def _place(tar: tarfile.TarFile, member: tarfile.TarInfo, target: pathlib.Path) -> int:
    parts = member_path(member.name)
    path = target.joinpath(*parts)
    if member.isdir():
        _make_directory(path, member)
        return 0
    if not member.isreg() or member.issparse():
        kind = _KINDS.get(tarfile.GNUTYPE_SPARSE if member.issparse() else member.type, "of an unknown kind")
        raise errors.ArchiveError(
            f"{_quoted(member.name)} is {kind}; only files and directories are unpacked"
        )
    content = tar.extractfile(member)
    if content is None or not parts or member.size < 0:
        raise errors.ArchiveError(f"{_quoted(member.name)} is no proper file")
    _make_directory(path.parent, member)
    _write(path, content, member)
    return 1


def _make_directory(path: pathlib.Path, member: tarfile.TarInfo) -> None:
    try:
        path.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as exc:
        raise errors.ArchiveError(f"{_quoted(member.name)} is both a file and a directory") from exc


def _write(path: pathlib.Path, content: IO[bytes], member: tarfile.TarInfo) -> None:
    mode = _PROGRAM_MODE if member.mode & 0o100 else _FILE_MODE
    try:
        # Exclusively: which of two members of one name would be the model?
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    except FileExistsError as exc:
        raise errors.ArchiveError(f"{_quoted(member.name)} is in it twice") from exc
    with os.fdopen(descriptor, "wb") as file:
        while chunk := content.read(archive.CHUNK):
            file.write(chunk)


def _quoted(name: str) -> str:
    return ascii(name if len(name) <= 100 else f"{name[:100]}...")
