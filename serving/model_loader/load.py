"""One load from its beginning to its end, as a page."""

import errno
import logging
import pathlib
from collections.abc import Callable

from endpoint_contract import model_identity
from model_loader import archive, data_url, download, errors, identity, model_dir, settings, store, unpack

logger = logging.getLogger(__name__)

_ARCHIVE_NAMES = (".tar.gz", ".tgz")
_READABLE_FILE = 0o644
_READABLE_DIRECTORY = 0o755


def fetched(config: settings.Settings, target: pathlib.Path) -> download.Download:
    """Fetch the artefact as the settings say. Raises DownloadError, SettingsError."""
    return download.fetch(
        lambda: store.open_artefact(config.location, config.aws, stall_timeout=config.stall_timeout),
        target,
        shown=config.location.shown,
        max_size=config.max_artefact_size,
        attempts=config.attempts,
    )


def load(
    config: settings.Settings,
    *,
    fetch: Callable[[settings.Settings, pathlib.Path], download.Download] = fetched,
) -> model_identity.ModelIdentity:
    """Bring the model into the model directory and say which one it is. Raises LoaderError."""
    try:
        return _load(config, fetch)
    except OSError as exc:
        if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise errors.DownloadError(
                f"{config.location.shown}: no space left in {config.model_dir}"
            ) from exc
        raise errors.SettingsError(f"{exc.filename or config.model_dir}: {exc.strerror or exc}") from exc


def _load(
    config: settings.Settings, fetch: Callable[[settings.Settings, pathlib.Path], download.Download]
) -> model_identity.ModelIdentity:
    # 1. Begin clean, whatever an interrupted run left.
    expected = identity.expected(config.identity_file)
    name = data_url.file_name(config.location)
    workplace = model_dir.begin(config.model_dir)
    # 2. Fetch.
    artefact = workplace / "artefact"
    got = fetch(config, artefact)
    # 3. Refuse another model before anything of it is unpacked.
    found = model_identity.ModelIdentity(
        data_url=config.location.shown, e_tag=got.e_tag, sha256=got.sha256, size_bytes=got.size
    )
    identity.check(found, expected)
    # 4. Unpack aside, then show it all at once.
    filled = workplace / "model"
    filled.mkdir(mode=_READABLE_DIRECTORY)
    _fill(config, artefact, name, filled)
    names = model_dir.finish(config.model_dir, filled)
    logger.info("%s holds %s", config.model_dir, ", ".join(names[:20]))
    return found


def _fill(config: settings.Settings, artefact: pathlib.Path, name: str, filled: pathlib.Path) -> None:
    if archive.is_archive(artefact):
        limits = unpack.Limits(unpacked_size=config.max_unpacked_size, files=config.max_files)
        try:
            n_files = unpack.unpack(artefact, filled, limits)
        except errors.ArchiveError as exc:
            raise errors.ArchiveError(f"{config.location.shown}: {exc}") from exc
        logger.info("unpacked %d files", n_files)
    elif name.lower().endswith(_ARCHIVE_NAMES):
        raise errors.ArchiveError(
            f"{config.location.shown}: it is named like an archive but is none, or is damaged"
        )
    else:
        artefact.rename(filled / name)
        (filled / name).chmod(_READABLE_FILE)
