"""Every recipe's model served by our code against Booster.predict, to the bit, on the XGBoost that runs this script.

``python -m tests.xgboost_versions.oracle ROWS`` prints a line of JSON a recipe; exit 1 at the first difference.
"""

import json
import sys

import numpy as np
import xgboost

from tests.xgboost_versions import recipes
from xgboost_server import booster, dataplane, matrix

_SINGLES = 25


def compare(recipe: recipes.Recipe, count: int, *, seed: int) -> int:
    """How many rows' predictions were compared. Raises AssertionError naming the recipe and the way."""
    trained = recipes.train(recipe, seed=seed)
    rows = recipes.rows(recipe, count, seed=seed + 1)
    forms = ("json", "ubj", *(["deprecated"] if recipe.is_in_binary_format else []))
    compared = 0
    for form in forms:
        content = bytes(trained.save_raw(form))
        reference = xgboost.Booster(model_file=bytearray(content))
        reference.set_param({"nthread": 1})
        right = reference.predict(xgboost.DMatrix(rows, nthread=1), validate_features=False)
        model = booster.load("model", content)
        compared += _same_every_way(f"{recipe.name}, {form}", model, rows, right)
    return compared


def _same_every_way(name: str, model: booster.Model, rows: recipes.Rows, right: recipes.Rows) -> int:
    plane = dataplane.Dataplane(model, dataplane.Cost(1e-5, 1e-4), threads=2)
    blocks = [rows[:3], rows[3:]]
    ways = {
        "at once": model.predict(rows),
        "one by one": np.concatenate([model.predict(rows[i : i + 1]) for i in range(_SINGLES)]),
        "spread": plane.predict_blocks(blocks, lambda: True),
    }
    plane.close()
    for way, found in ways.items():
        assert found is not None
        assert found.dtype == np.float32, f"{name}, {way}: {found.dtype}"
        assert found.shape[1:] == right.shape[1:], f"{name}, {way}: {found.shape} is not {right.shape}"
        same = found.tobytes() == right[: len(found)].tobytes()
        assert same, f"XGBoost {xgboost.__version__}, {name}, {way}: differs from Booster.predict"
    narrow = rows.copy()
    narrow[:, -2:] = np.nan
    widened = matrix.widen(rows[:, :-2].copy(), model.features)
    assert widened.tobytes() == narrow.tobytes()
    return len(rows)


def main(count: int) -> int:
    """Compare every recipe; the exit status."""
    xgboost.set_config(verbosity=0)
    for number, recipe in enumerate(recipes.trainable()):
        try:
            compared = compare(recipe, count, seed=number)
        except AssertionError as exc:
            print(exc, file=sys.stderr)
            return 1
        print(json.dumps({"recipe": recipe.name, "rows": compared}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
