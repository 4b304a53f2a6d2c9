"""Fetches all files below a prefix or directory; together they are the artefact.

Its sha256 is that of the listing that ``sha256sum`` prints of the files, ordered by path, so that anybody can
compute it: ``find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum``.
"""

import hashlib
import logging
import os
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent import futures

from model_loader import artefact, download, errors, retries, sizes, unpack

logger = logging.getLogger(__name__)

FetchFile = Callable[[str, pathlib.Path], download.Download]
"""Fetches the file of a path below the prefix to a place."""

_AT_ONCE = 8


def listed(
    list_files: Callable[[], Iterable[artefact.Listed]],
    *,
    shown: str,
    max_files: int,
    max_size: int,
    patience: retries.Retries,
) -> dict[str, int]:
    """The paths to fetch, in order, and their sizes. Raises DownloadError, ArchiveError as `chosen` does."""
    while True:
        try:
            return chosen(list_files(), shown=shown, max_files=max_files, max_size=max_size)
        except errors.TransientDownloadError as exc:
            patience.wait_after(exc)


def chosen(
    listing: Iterable[artefact.Listed], *, shown: str, max_files: int, max_size: int
) -> dict[str, int]:
    """The paths to fetch, in order, and their sizes. Raises DownloadError if there are none or too many,
    ArchiveError if one leads out."""
    found: dict[str, int] = {}
    total = 0
    for listed in listing:
        found[listed.path] = listed.size
        total += listed.size
        if len(found) > max_files:
            raise errors.DownloadError(
                f"{shown}: more than the {max_files} files that MODEL_LOADER_MAX_FILES allows"
            )
        if total > max_size:
            raise errors.DownloadError(f"{shown}: {download.too_large(max_size)}")
        _check(listed.path, shown)
    for folder in _folders(found):
        # An empty object of a folder's name is the mark that some tools make for the folder.
        if found.get(folder) == 0:
            del found[folder]
        elif folder in found:
            raise errors.ArchiveError(f"{shown}: {folder!a} is both a file and a directory")
    if not found:
        raise _nothing(shown)
    return {path: found[path] for path in sorted(found, key=os.fsencode)}


def fetch(
    wanted: Mapping[str, int], fetch_file: FetchFile, target: pathlib.Path, *, shown: str
) -> download.Download:
    """Fetch the files of these paths into the directory ``target``; what they are together. Raises LoaderError."""
    for folder in sorted(_folders(wanted)):
        (target / folder).mkdir(mode=0o755)
    with futures.ThreadPoolExecutor(_AT_ONCE) as pool:
        running = {
            path: pool.submit(_fetched, fetch_file, path, target / path, size)
            for path, size in wanted.items()
        }
        try:
            results = {path: each.result() for path, each in running.items()}
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    files = {path: each for path, each in results.items() if each is not None}
    if not files:
        raise _nothing(shown)
    paths, got = [*files], [*files.values()]
    logger.info("fetched %d files, %s", len(got), sizes.in_megabytes(sum(each.size for each in got)))
    return together(paths, got)


def _fetched(fetch_file: FetchFile, path: str, target: pathlib.Path, size: int) -> download.Download | None:
    try:
        return fetch_file(path, target)
    except errors.AbsentError:
        if size:
            raise
        # The mark of a folder ends in a slash, but is listed without it: there is no such file.
        return None


def together(paths: Sequence[str], got: Sequence[download.Download]) -> download.Download:
    """Many files as one artefact; its ETag is made of theirs, and is "" if one has none."""
    listing = "".join(f"{each.sha256}  {path}\n" for path, each in zip(paths, got, strict=True))
    e_tags = "\n".join(f"{each.e_tag} {path}" for path, each in zip(paths, got, strict=True))
    e_tag = f'"{hashlib.sha256(os.fsencode(e_tags)).hexdigest()[:32]}-{len(got)}"'
    return download.Download(
        size=sum(each.size for each in got),
        sha256=hashlib.sha256(os.fsencode(listing)).hexdigest(),
        e_tag=e_tag if all(each.e_tag for each in got) else "",
    )


def _nothing(shown: str) -> errors.DownloadError:
    return errors.DownloadError(f"{shown}: no file is there")


def _check(path: str, shown: str) -> None:
    try:
        parts = unpack.member_path(path)
    except errors.ArchiveError as exc:
        raise errors.ArchiveError(f"{shown}: {exc}") from exc
    if not parts or "/".join(parts) != path:
        raise errors.ArchiveError(f"{shown}: {path!a} is no proper path")


def _folders(paths: Iterable[str]) -> set[str]:
    return {str(folder) for path in paths for folder in pathlib.PurePosixPath(path).parents} - {"."}
