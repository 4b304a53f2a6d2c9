"""Made the files beside it, with XGBoost versions that no image has: ``record.py FOLDER`` under XGBoost 0.90 and 1.2.1.

SageMaker's containers of these versions save what is pickled here. Runs in their environments, so it imports nothing of
the project.
"""

import json
import pathlib
import pickle
import sys

import numpy as np
import xgboost


def main(folder: pathlib.Path) -> None:
    """A pickled Booster, the same as a file, and what it predicts for the rows that are in the same JSON file."""
    random = np.random.RandomState(7)
    rows = random.normal(size=(60, 4)).astype(np.float32).round(2)
    rows[random.rand(*rows.shape) < 0.2] = np.nan
    label = (np.nansum(rows, axis=1) > 0).astype(np.float32)
    names = ["age", "plan", "calls", "minutes"]
    data = xgboost.DMatrix(rows, label, feature_names=names)
    parameters = {
        "objective": "binary:logistic",
        "base_score": 0.3,
        "seed": 1,
        "booster": "dart",
        "max_depth": 3,
        "rate_drop": 0.5,
    }
    trained = xgboost.train(parameters, data, 4)
    stem = folder / f"xgboost-{xgboost.__version__}"
    trained.save_model(str(stem) + ".bin")
    pathlib.Path(str(stem) + ".pickle").write_bytes(pickle.dumps(trained, protocol=2))
    cells = [[None if np.isnan(cell) else float(cell) for cell in row] for row in rows]
    # All trees: without the limit, 0.90 leaves some of DART's out at random.
    predictions = [float(value) for value in trained.predict(data, ntree_limit=4)]
    pathlib.Path(str(stem) + ".json").write_text(json.dumps({"rows": cells, "predictions": predictions}))


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
