"""Reads artefacts from a file system: a mounted PersistentVolumeClaim, or files of the machine itself."""

import os
import pathlib
from collections.abc import Iterator

from model_loader import artefact, data_url, errors


class LocalStore:
    """A file, or a directory with all regular files below it. Nothing outside of the volume is read.

    Whoever writes the volume could otherwise have a link fetch this process's environment, credentials included.
    """

    identity = ""

    def __init__(self, location: data_url.LocalFile) -> None:
        self._shown = location.shown
        self._path = pathlib.Path(location.path)
        self._top = pathlib.Path(os.path.realpath(location.top))

    def open(self, name: str, *, begin_at: int, e_tag: str) -> artefact.Artefact:  # noqa: ARG002
        path = self._path / name if name else self._path
        if begin_at:
            raise errors.ResumeRefusedError(f"{self._named(name)}: a local file is read from its beginning")
        try:
            if not self._is_inside(path):
                raise errors.DownloadError(f"{self._named(name)}: it leads out of the volume")
            size = path.stat().st_size
            if not path.is_file():
                raise errors.DownloadError(f"{self._named(name)}: not a regular file")
        except OSError as exc:
            raise self._error(exc, name) from exc
        # A local file has no ETag that would mean the same on another machine.
        return artefact.Artefact(size=size, e_tag="", chunks=self._chunks(path, name))

    def is_folder(self) -> bool:
        try:
            return self._is_inside(self._path) and self._path.is_dir()
        except OSError as exc:
            raise self._error(exc, "") from exc

    def listing(self) -> Iterator[artefact.Listed]:
        def refused(exc: OSError) -> None:
            raise self._error(exc, "") from exc

        for directory, directories, files in os.walk(self._path, onerror=refused):
            # Some volumes are born with it, and only root may look into it.
            directories[:] = sorted(set(directories) - {"lost+found"})
            for entry in [*files, *directories]:
                path = pathlib.Path(directory) / entry
                if path.is_symlink() and path.is_dir():
                    name = path.relative_to(self._path).as_posix()
                    raise errors.DownloadError(f"{self._named(name)}: a link to a directory is not followed")
            for entry in files:
                path = pathlib.Path(directory) / entry
                name = path.relative_to(self._path).as_posix()
                try:
                    size = path.stat().st_size
                except OSError as exc:
                    raise self._error(exc, name) from exc
                yield artefact.Listed(path=name, size=size)

    def _chunks(self, path: pathlib.Path, name: str) -> Iterator[bytes]:
        try:
            with path.open("rb") as file:
                while chunk := file.read(artefact.CHUNK_SIZE):
                    yield chunk
        except OSError as exc:
            raise self._error(exc, name) from exc

    def _is_inside(self, path: pathlib.Path) -> bool:
        return pathlib.Path(os.path.realpath(path)).is_relative_to(self._top)

    def _named(self, name: str) -> str:
        return f"{self._shown.rstrip('/')}/{name}" if name else self._shown

    def _error(self, exc: OSError, name: str) -> errors.DownloadError:
        reason = (exc.strerror or str(exc)).lower()
        if isinstance(exc, PermissionError):
            reason += f" for user {os.geteuid()}, as which the loader runs"
        return errors.DownloadError(f"{self._named(name)}: {reason}")
