"""Serves what other XGBoosts have written by the one that runs this, or says why not.

``python -m tests.xgboost_versions.read FOLDER...`` prints a line of JSON a file.
"""

import dataclasses
import io
import json
import sys
from pathlib import Path

import numpy as np
import xgboost

from tests.xgboost_versions import recipes, write
from xgboost_server import booster, convert, errors


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """``refusal`` is empty when the file was loaded; then ``is_equal`` is to Booster.predict here, to the bit, and
    ``difference`` to the writer's predictions, relative."""

    folder: str
    file: str
    refusal: str = ""
    is_equal: bool = False
    difference: float = 0.0


def outcome(file: Path, rows: recipes.Rows, theirs: recipes.Rows) -> Outcome:
    """What comes of one file; a pickle is converted first."""
    folder, name = file.parent.name, file.name
    content = file.read_bytes()
    try:
        if file.suffix == ".pickle":
            content, _ = convert.convert(convert.read(str(file), io.BytesIO()), "json")
        ours = booster.load(name, content).predict(rows)
    except errors.ModelLoadError as exc:
        return Outcome(folder, name, str(exc))
    reference = xgboost.Booster(model_file=bytearray(content))
    right = reference.predict(xgboost.DMatrix(rows, nthread=1), validate_features=False)
    finite = np.isfinite(ours) & np.isfinite(theirs)
    difference = np.abs(ours - theirs)[finite] / np.maximum(np.abs(theirs[finite]), 1e-3)
    # Where one is infinite, as an exponential of a large margin can be, the other must be too.
    same_infinities = bool((ours[~finite] == theirs[~finite]).all())
    return Outcome(
        folder,
        name,
        "",
        ours.tobytes() == right.tobytes() and same_infinities,
        float(difference.max(initial=0)),
    )


def main(folders: list[Path]) -> None:
    """All files of all folders."""
    xgboost.set_config(verbosity=0)
    for folder in folders:
        arrays = np.load(folder / write.ROWS_FILE)
        for file in sorted(path for path in folder.iterdir() if path.name != write.ROWS_FILE):
            rows, theirs = (arrays[name + file.stem] for name in ("rows", "predictions"))
            print(json.dumps(dataclasses.asdict(outcome(file, rows, theirs))))


if __name__ == "__main__":
    main([Path(argument) for argument in sys.argv[1:]])
