"""Trains one churn model with the XGBoost of the interpreter that runs it: ``train.py ROWS.npz MODEL.json``.

Runs in a virtual environment of its own, so it imports nothing of the project.
"""

import sys

import numpy as np
import xgboost


def main(rows: str, model: str, seed: str) -> None:
    """Trains on the arrays ``features`` and ``churned`` of ``rows`` and writes ``model`` as XGBoost JSON."""
    data = np.load(rows)
    matrix = xgboost.DMatrix(data["features"], label=data["churned"])
    parameters = {
        "objective": "binary:logistic",
        "max_depth": 5,
        "eta": 0.1,
        "subsample": 0.8,
        "min_child_weight": 3,
        "nthread": 2,
        "seed": int(seed),
    }
    xgboost.train(parameters, matrix, num_boost_round=100).save_model(model)
    print(
        f"XGBoost {xgboost.__version__}: {len(data['churned'])} customers, {data['churned'].mean():.1%} left"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
