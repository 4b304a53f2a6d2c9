"""``xgboost-server convert IN OUT``: a pickle or a binary model becomes a JSON file that every version can serve.

Run on purpose, on one file, by somebody who wants just that; a server never comes here. It keeps the model and leaves
the rest of a pickle behind, and it says so only after the new file has given the same predictions as the old model.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

import numpy as np
import xgboost

from xgboost_server import booster, errors, model_file, pickled_model

STANDARD = "-"
"""Standard input or output."""

_ROWS = 1000
"""Random rows, many of their cells missing, by which the new file is compared."""


@dataclass(frozen=True, slots=True)
class Source:
    """A model file's bytes; ``name`` also says what they were taken out of."""

    name: str
    content: bytes
    feature_names: tuple[str, ...] = ()
    feature_types: tuple[str, ...] = ()


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise errors.SettingsError(message)


def main(arguments: Sequence[str], given: BinaryIO | None = None, out: BinaryIO | None = None) -> int:
    """Convert and tell it on standard error; the exit status. ``given`` and ``out`` are what ``-`` stands for."""
    try:
        options = _parser().parse_args(arguments)
        source = read(options.source, given or sys.stdin.buffer)
        form = _form(options.target)
        with xgboost.config_context(verbosity=0):  # that an old model is old is no news here
            content, model = convert(source, form)
        _write(options.target, content, out or sys.stdout.buffer)
    except (errors.SettingsError, errors.ModelLoadError) as exc:
        sys.stderr.write(f"xgboost-server convert: {' '.join(str(exc).split())}\n")
        return 1
    sys.stderr.write(
        f"{source.name}: {model.kind}, {model.objective}, {model.features} features; now {form} of "
        f"XGBoost {xgboost.__version__}, with the same predictions for {_ROWS} random rows\n"
    )
    return 0


def read(path: str, given: BinaryIO) -> Source:
    """The model in a file, taken out of its pickle if it is in one. Raises ModelLoadError."""
    name = "standard input" if path == STANDARD else Path(path).name
    try:
        content = given.read() if path == STANDARD else Path(path).read_bytes()
    except OSError as exc:
        raise errors.ModelLoadError(f"cannot read {path}: {exc.strerror}") from exc
    if not model_file.is_pickle(content):
        return Source(name, content)
    try:
        pickled = pickled_model.read(content)
    except pickled_model.PickleRefusedError as exc:
        raise errors.ModelLoadError(f"{name} is a pickle that is not converted: {exc}") from exc
    origin = f"the Booster of a pickled {pickled.wrapper}" if pickled.wrapper else "a pickled Booster"
    return Source(f"{name} ({origin})", pickled.content, pickled.feature_names, pickled.feature_types)


def convert(source: Source, form: str) -> tuple[bytes, booster.Summary]:
    """The model as ``form``, json or ubj, and what it says of itself. Raises ModelLoadError."""
    old = booster.load(source.name, source.content)
    named = xgboost.Booster(model_file=bytearray(source.content))
    _name_features(named, source)
    content = bytes(named.save_raw(form))
    new = booster.load(source.name, content)
    random = np.random.default_rng(0)
    rows = random.normal(scale=10, size=(_ROWS, old.features)).astype(np.float32)
    rows[random.random(rows.shape) < 0.3] = np.nan
    if old.predict(rows).tobytes() != new.predict(rows).tobytes():
        raise errors.ModelLoadError(
            f"XGBoost {xgboost.__version__} does not predict the same from {source.name} once it is saved anew"
        )
    return content, old.summary


def _name_features(model: xgboost.Booster, source: Source) -> None:
    """Before 1.3 the names were in the pickle but not in the model."""
    if model.feature_names is None and len(source.feature_names) == model.num_features():
        model.feature_names = list(source.feature_names)
        if len(source.feature_types) == model.num_features():
            model.feature_types = list(source.feature_types)


def _form(target: str) -> str:
    """Raises SettingsError."""
    if target == STANDARD or target.endswith(".json"):
        return "json"
    if target.endswith(".ubj"):
        return "ubj"
    raise errors.SettingsError(f"OUT must end with .json or .ubj, or be -, not {target!r}")


def _write(target: str, content: bytes, out: BinaryIO) -> None:
    """The whole file or none. Raises SettingsError."""
    if target == STANDARD:
        out.write(content)
        out.flush()
        return
    if Path(target).exists():
        raise errors.SettingsError(f"{target} exists: name another file, or remove it first")
    folder = Path(target).parent
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".converted-", delete=False) as partial:
            partial.write(content)
        Path(partial.name).chmod(0o644)
        Path(partial.name).replace(target)
    except OSError as exc:
        raise errors.SettingsError(f"cannot write {target}: {exc.strerror}") from exc


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="xgboost-server convert",
        description="Turn a pickled or binary XGBoost model into JSON (or UBJ), which the server loads. Nothing that a "
        "pickle names is imported or run: only the Booster in it is taken out. What this image's XGBoost "
        f"({xgboost.__version__}) reads can be converted: the binary format up to XGBoost 3.0, pickles of this "
        "version and older ones.",
        epilog="xgboost-server convert - - < xgboost-model > model.json needs no volume when run in a container.",
    )
    parser.add_argument("source", metavar="IN", help="the model file, or - for standard input")
    parser.add_argument(
        "target", metavar="OUT", help="what to write: *.json, *.ubj, or - for JSON on standard output"
    )
    return parser
