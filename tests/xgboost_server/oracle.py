"""Random models and rows against Booster.predict, to the bit, on whatever XGBoost runs this: a script, for any version.

``python -m tests.xgboost_server.oracle`` prints how many rows it compared; exit 1 at the first mismatch.
"""

import itertools
import sys

import numpy as np
import xgboost

from tests.xgboost_server import models
from xgboost_server import booster, dataplane

CASES = (
    *itertools.product(models.OBJECTIVES, ("gbtree", "dart"), ("json", "ubj")),
    *itertools.product(("reg:squarederror", "binary:logistic"), ("gblinear",), ("json", "ubj")),
)
ROWS = 200


def compare(objective: str, kind: str, form: str, *, seed: int) -> int:
    """How many predictions were compared. Raises AssertionError naming the case that differs."""
    columns = 1 + seed % 9
    trained = models.a_booster(objective, columns=columns, seed=seed, kind=kind)
    model = booster.load("model", models.content(trained, form))
    plane = dataplane.Dataplane(model, dataplane.Cost(1e-5, 1e-4), threads=2)
    reloaded = xgboost.Booster(model_file=models.content_array(trained, form))
    reloaded.set_param({"nthread": 1})
    rows = models.some_rows(ROWS, columns, seed=seed + 1)
    narrow = rows[:, : max(1, columns - 2)]
    compared = 0
    for sent in (rows, narrow):
        right = models.expected(reloaded, sent)
        singles = np.concatenate([plane.predict([sent[i : i + 1]]) for i in range(20)])
        spread = plane.predict_blocks([sent[:1], sent[1:]], lambda: True)
        assert spread is not None
        for found in (plane.predict([sent]), singles, spread):
            same = found.tobytes() == right[: len(found)].tobytes()
            assert same, f"{objective} {kind} {form} seed {seed}: differs from Booster.predict"
            compared += len(found)
    plane.close()
    return compared


def main() -> int:
    """Compare every case with a few seeds."""
    total = sum(compare(*case, seed=seed) for case in CASES for seed in range(2))
    print(f"XGBoost {xgboost.__version__}: {total} predictions equal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
