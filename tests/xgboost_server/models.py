"""Small XGBoost models and rows for them, made on the spot; needs nothing but numpy and xgboost."""

from pathlib import Path

import numpy as np
import xgboost

from xgboost_server import matrix

OBJECTIVES = ("binary:logistic", "reg:squarederror", "multi:softprob")


def some_rows(count: int, columns: int, *, seed: int = 0, missing: float = 0.2) -> matrix.Matrix:
    """Normally distributed numbers, some of them missing."""
    random = np.random.default_rng(seed)
    rows: matrix.Matrix = random.normal(size=(count, columns)).astype(np.float32)
    rows[random.random(rows.shape) < missing] = np.nan
    return rows


def a_booster(
    objective: str = "binary:logistic",
    *,
    columns: int = 5,
    seed: int = 0,
    kind: str = "gbtree",
    rounds: int = 6,
    classes: int = 3,
) -> xgboost.Booster:
    """A trained model of ``columns`` features."""
    rows = some_rows(200, columns, seed=seed, missing=0.1)
    score = np.nansum(rows, axis=1)
    parameters: dict[str, object] = {"objective": objective, "booster": kind, "nthread": 1, "seed": seed}
    if kind != "gblinear":
        parameters["max_depth"] = 4
    if objective.startswith("multi:"):
        parameters["num_class"] = classes
        label = np.digitize(score, [-1, 1])
    else:
        label = score if objective.startswith("reg:") else score > 0
    return xgboost.train(parameters, xgboost.DMatrix(rows, label, nthread=1), rounds)


def content(booster: xgboost.Booster, form: str = "json") -> bytes:
    """The model as the bytes of its file; ``form`` is json or ubj."""
    return bytes(booster.save_raw(form))


def a_model_dir(folder: Path, *boosters: xgboost.Booster, form: str = "json") -> Path:
    """A model directory with files named as SageMaker names them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, booster in enumerate(boosters):
        name = "xgboost-model" if number == 0 else f"xgboost-model-{number}"
        (folder / name).write_bytes(content(booster, form))
    return folder


def expected(booster: xgboost.Booster, rows: matrix.Matrix) -> matrix.Matrix:
    """The oracle: Booster.predict over the rows, padded to the model's width with missing values."""
    padded = np.full((len(rows), booster.num_features()), np.nan, dtype=np.float32)
    padded[:, : rows.shape[1]] = rows
    predictions: matrix.Matrix = booster.predict(xgboost.DMatrix(padded, nthread=1), validate_features=False)
    return predictions


def content_array(booster: xgboost.Booster, form: str) -> bytearray:
    """As `content`, in the type that XGBoost reads from memory."""
    return bytearray(content(booster, form))
