"""The model directory: which files in it are models, and the one predictor that they make together."""

import logging
from pathlib import Path

from xgboost_server import booster, ensemble, errors

_logger = logging.getLogger(__name__)


def load(directory: Path, *, joins_several: bool) -> booster.Model | ensemble.Ensemble:
    """The predictor in ``directory``. Raises ModelLoadError.

    Every file at its top that is not hidden is a model. Several are joined, or, unless ``joins_several``, the first
    by name is taken.
    """
    files = model_files(directory)
    if not joins_several:
        files = files[:1]
    models = {file.name: booster.load(file.name, _content(file)) for file in files}
    predictor = ensemble.join(models)
    summary = predictor.summary
    _logger.info(
        "loaded %s: %s, %s, %d features",
        " + ".join(models),
        summary.kind,
        summary.objective,
        summary.features,
    )
    return predictor


def model_files(directory: Path) -> list[Path]:
    """The model files, by name; one at least. Raises ModelLoadError saying what is there instead."""
    try:
        entries = sorted(directory.iterdir())
    except OSError as exc:
        raise errors.ModelLoadError(f"cannot read the model directory {directory}: {exc.strerror}") from exc
    entries = [entry for entry in entries if not entry.name.startswith(".")]
    files = [entry for entry in entries if entry.is_file()]
    if not files:
        held = ", ".join(f"folder {entry.name}" for entry in entries[:5]) or "nothing"
        raise errors.ModelLoadError(
            f"no model file in {directory} (there is: {held}): the artefact must have the model file at its top"
        )
    return files


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as exc:
        raise errors.ModelLoadError(f"cannot read {file}: {exc.strerror}") from exc
