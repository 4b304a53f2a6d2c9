"""Writes models of many kinds in every format that the running XGBoost has, with rows and its predictions for them.

``python -m tests.xgboost_versions.write FOLDER``
"""

import pickle
import sys
from pathlib import Path

import numpy as np
import xgboost

from tests.xgboost_versions import recipes

ROWS = 200
ROWS_FILE = "rows.npz"


def main(folder: Path) -> None:
    """One file a recipe and format, named by their numbers; ``rows.npz`` holds rows and predictions by number."""
    folder.mkdir(parents=True, exist_ok=True)
    xgboost.set_config(verbosity=0)
    arrays = {}
    for recipe in recipes.trainable():
        number = recipes.RECIPES.index(recipe)
        trained = recipes.train(recipe, seed=number)
        for form in ("json", "ubj", *(["deprecated"] if recipe.is_in_binary_format else [])):
            (folder / f"{number}.{form}").write_bytes(trained.save_raw(form))
        (folder / f"{number}.pickle").write_bytes(pickle.dumps(trained))
        rows = recipes.rows(recipe, ROWS, seed=number + 1)
        arrays[f"rows{number}"] = rows
        arrays[f"predictions{number}"] = trained.predict(xgboost.DMatrix(rows), validate_features=False)
    np.savez(folder / ROWS_FILE, **arrays)  # type: ignore[arg-type]  # none of them is called allow_pickle


if __name__ == "__main__":
    main(Path(sys.argv[1]))
