"""The model that all servers serve, and the rows that they are asked about: 69 features, 100 trees."""

import random
import subprocess
from pathlib import Path

FEATURES = 69

_TRAIN = """
import sys, numpy, xgboost
random = numpy.random.default_rng(7)
rows = random.normal(size=(2000, int(sys.argv[2]))).astype("float32")
label = rows[:, :5].sum(axis=1) > 0
booster = xgboost.train({"objective": "binary:logistic", "max_depth": 5}, xgboost.DMatrix(rows, label), 100)
booster.save_model(sys.argv[1])
"""


def train(python: Path, folder: Path) -> Path:
    """Train it with the XGBoost of ``python``: the oldest one that serves it. The model's folder."""
    models = folder / "model"
    models.mkdir(exist_ok=True)
    subprocess.run([python, "-c", _TRAIN, models / "model.json", str(FEATURES)], check=True)
    return models


def batches(rows: int, count: int) -> list[list[list[float]]]:
    """``count`` batches of ``rows`` rows of three decimals, the same in every run."""
    chance = random.Random(1)
    return [
        [[round(chance.gauss(0, 1), 3) for _ in range(FEATURES)] for _ in range(rows)] for _ in range(count)
    ]
