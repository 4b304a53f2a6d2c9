"""A small model for every objective that XGBoost has; needs nothing but numpy and xgboost."""

from typing import Any

import numpy as np
import xgboost

from tests.xgboost_server import models
from xgboost_server import matrix

COLUMNS = 5
_SINCE = {"reg:quantileerror": (2, 0)}
RUNNING = tuple(int(part) for part in xgboost.__version__.split(".")[:2])

SEVERAL_TARGETS = "reg:squarederror, two targets"
SEVERAL_LABELS = "binary:logistic, two labels"
QUANTILES = "reg:quantileerror"

_ALL = (
    *("reg:squarederror", "reg:squaredlogerror", "reg:logistic", "reg:pseudohubererror", "reg:absoluteerror"),
    *("reg:gamma", "reg:tweedie", QUANTILES, SEVERAL_TARGETS),
    *("binary:logistic", "binary:logitraw", "binary:hinge", SEVERAL_LABELS),
    *("multi:softmax", "multi:softprob"),
    *("count:poisson", "rank:pairwise", "rank:ndcg", "rank:map", "survival:cox", "survival:aft"),
)
NAMES = tuple(name for name in _ALL if _SINCE.get(name, (0, 0)) <= RUNNING)


def objective(name: str) -> str:
    """XGBoost's name of it."""
    return name.partition(",")[0]


def train(name: str) -> xgboost.Booster:
    """A model of COLUMNS features and a few trees."""
    rows = models.some_rows(200, COLUMNS, seed=3, missing=0.1)
    score = np.nansum(rows, axis=1)
    parameters: dict[str, Any] = {"objective": objective(name), "max_depth": 3, "nthread": 1}
    if name == QUANTILES:
        parameters["quantile_alpha"] = [0.1, 0.5, 0.9]
    if name.startswith("multi:"):
        parameters["num_class"] = 3
    return xgboost.train(parameters, _labelled(name, rows, score), 5)


def _labelled(name: str, rows: matrix.Matrix, score: matrix.Matrix) -> xgboost.DMatrix:
    data = xgboost.DMatrix(rows, nthread=1)
    if name == "survival:aft":
        data.set_float_info("label_lower_bound", np.exp(score / 4))
        data.set_float_info("label_upper_bound", np.exp(score / 4) + 1)
        return data
    if name.startswith("rank:"):
        data.set_group([20] * 10)
    data.set_label(_label(name, score))
    return data


def _label(name: str, score: matrix.Matrix) -> Any:
    if name == SEVERAL_TARGETS:
        return np.stack([score, -score], axis=1)
    if name == SEVERAL_LABELS:
        return np.stack([score > 0, score < 1], axis=1)
    if name.startswith("multi:"):
        return np.digitize(score, [-1, 1])
    if name.startswith(("binary:", "rank:")):
        return score > 0
    if name == "reg:logistic":
        return 1 / (1 + np.exp(-score))
    if name in ("reg:gamma", "reg:tweedie", "count:poisson", "survival:cox", "reg:squaredlogerror"):
        return np.round(np.exp(score / 4)) + 1
    return score
