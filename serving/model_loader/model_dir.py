"""The directory that the model server reads: emptied of an earlier attempt, filled aside, shown all at once.

An init container may be killed at any moment and run again on the same volume. The mark says that what is
here came from the loader and may go; a directory with anything else in it is never touched.
"""

import pathlib
import shutil

from model_loader import errors

MARK = ".model-loader"
# Some volumes are born with it.
_IGNORED = frozenset({"lost+found"})
_READABLE_DIRECTORY = 0o755


def begin(directory: pathlib.Path) -> pathlib.Path:
    """Empty the directory; return a place inside it, so on its volume, to work in. Raises SettingsError."""
    try:
        directory.mkdir(mode=_READABLE_DIRECTORY, parents=True, exist_ok=True)
        entries = [entry for entry in directory.iterdir() if entry.name not in _IGNORED]
    except OSError as exc:
        raise errors.SettingsError(f"model directory {directory}: {exc.strerror}") from exc
    mark = directory / MARK
    if entries and mark not in entries:
        raise errors.SettingsError(f"model directory {directory} is not empty, and not from an earlier load")
    # The mark goes last, so that a run that ends in between leaves a directory which is still known as ours.
    for entry in sorted(entries, key=lambda entry: entry == mark):
        _remove(entry)
    mark.mkdir(mode=_READABLE_DIRECTORY)
    return mark


def finish(directory: pathlib.Path, filled: pathlib.Path) -> list[str]:
    """Move what ``filled`` holds to the top of the directory and tidy up; the names that were moved."""
    names = sorted(entry.name for entry in filled.iterdir())
    if MARK in names:
        raise errors.ArchiveError(f"{MARK} is a name that the loader keeps for itself")
    for name in names:
        (filled / name).rename(directory / name)
    for entry in (directory / MARK).iterdir():
        _remove(entry)
    return names


def _remove(entry: pathlib.Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
