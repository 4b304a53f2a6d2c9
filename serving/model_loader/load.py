"""One load from its beginning to its end, as a page."""

import errno
import logging
import pathlib
from collections.abc import Callable

from endpoint_contract import model_identity
from model_loader import (
    archive,
    artefact,
    data_url,
    download,
    errors,
    identity,
    model_dir,
    retries,
    settings,
    store,
    tree,
    unpack,
)

logger = logging.getLogger(__name__)

_ARCHIVE_NAMES = (".tar.gz", ".tgz")
_READABLE_FILE = 0o644
_READABLE_DIRECTORY = 0o755


def opened(config: settings.Settings) -> artefact.Store:
    """The store of the settings' location. Raises SettingsError."""
    return store.opened(config.location, config.environment, stall_timeout=config.stall_timeout)


def load(
    config: settings.Settings,
    *,
    open_store: Callable[[settings.Settings], artefact.Store] = opened,
) -> model_identity.ModelIdentity:
    """Bring the model into the model directory and say which one it is. Raises LoaderError."""
    try:
        return _load(config, open_store(config))
    except OSError as exc:
        if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise errors.DownloadError(
                f"{config.location.shown}: no space left in {config.model_dir}"
            ) from exc
        raise errors.SettingsError(f"{exc.filename or config.model_dir}: {exc.strerror or exc}") from exc


def _load(config: settings.Settings, source: artefact.Store) -> model_identity.ModelIdentity:
    # 1. Begin clean, whatever an interrupted run left.
    expected = identity.expected(config.identity_file)
    workplace = model_dir.begin(config.model_dir)
    filled = workplace / "model"
    filled.mkdir(mode=_READABLE_DIRECTORY)
    # 2. Fetch one file, or all files of a folder.
    is_folder = source.is_folder()
    name = "" if is_folder else data_url.file_name(config.location)
    fetched = workplace / "artefact"
    got = _fetch_tree(config, source, filled) if is_folder else _fetch_file(config, source, "", fetched)
    # 3. Refuse another model before anything of it is unpacked.
    found = model_identity.ModelIdentity(
        data_url=config.location.shown, e_tag=got.e_tag, sha256=got.sha256, size_bytes=got.size
    )
    identity.check(found, expected)
    # 4. Unpack aside, then show it all at once.
    if not is_folder:
        _fill(config, fetched, name, filled)
    names = model_dir.finish(config.model_dir, filled)
    logger.info("%s holds %s", config.model_dir, ", ".join(names[:20]))
    return found


def _fetch_file(
    config: settings.Settings, source: artefact.Store, name: str, target: pathlib.Path
) -> download.Download:
    shown = config.location.shown
    done = download.fetch(
        lambda begin_at, e_tag: source.open(name, begin_at=begin_at, e_tag=e_tag),
        target,
        shown=f"{shown.rstrip('/')}/{name}" if name else shown,
        max_size=config.max_artefact_size,
        patience=retries.Retries(config.attempts),
        cached=config.cache.slot(f"{source.identity}{name}") if config.cache and source.identity else None,
    )
    target.chmod(_READABLE_FILE)
    return done


def _fetch_tree(config: settings.Settings, source: artefact.Store, filled: pathlib.Path) -> download.Download:
    shown = config.location.shown
    sizes = tree.listed(
        source.listing,
        shown=shown,
        max_files=config.max_files,
        max_size=config.max_artefact_size,
        patience=retries.Retries(config.attempts),
    )
    return tree.fetch(
        sizes, lambda path, target: _fetch_file(config, source, path, target), filled, shown=shown
    )


def _fill(config: settings.Settings, fetched: pathlib.Path, name: str, filled: pathlib.Path) -> None:
    if archive.is_archive(fetched):
        limits = unpack.Limits(unpacked_size=config.max_unpacked_size, files=config.max_files)
        try:
            n_files = unpack.unpack(fetched, filled, limits)
        except errors.ArchiveError as exc:
            raise errors.ArchiveError(f"{config.location.shown}: {exc}") from exc
        logger.info("unpacked %d files", n_files)
    elif name.lower().endswith(_ARCHIVE_NAMES):
        raise errors.ArchiveError(
            f"{config.location.shown}: it is named like an archive but is none, or is damaged"
        )
    else:
        fetched.rename(filled / name)
