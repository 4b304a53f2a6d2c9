"""A model of several files, and what a directory or a listing of such files comes to."""

import hashlib
import pathlib

FILES = {"xgboost-model": b"{}", "code/inference.py": b"pass", "code/deep/b c#%20+é": b"odd"}


def content(directory: pathlib.Path) -> dict[str, bytes]:
    """All files below the directory, by path."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def listing_checksum(files: dict[str, bytes]) -> str:
    """As ``sha256sum`` and ``sort`` make it."""
    lines = [f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files, key=str.encode)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()
