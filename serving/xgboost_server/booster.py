"""One XGBoost model, and the fastest way of asking it that answers the same to the bit as Booster.predict."""

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import xgboost

from xgboost_server import errors, in_place, matrix, model_file

RUNNING_VERSION = tuple(int(part) for part in xgboost.__version__.split(".")[:3] if part.isdigit())

PREDICTION_ERRORS = (xgboost.core.XGBoostError, ValueError)

LABELS_ONLY = frozenset({"multi:softmax", "binary:hinge"})
"""Objectives whose prediction is a class, so that a mean of several makes no sense."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a model says of itself. ``kind`` is gbtree, dart or gblinear; ``classes`` is 0 unless multi-class."""

    objective: str
    kind: str
    features: int
    classes: int = 0


class Model:
    """A loaded model. ``predict`` may be called from several threads at a time.

    OpenMP is kept out: its threads spin while they wait for each other, and two of them took 2 to 10 ms on two
    busy cores for what one does in 0.2 ms. Several cores are used by calling from several threads.

    Trees are asked in place. gblinear refuses that way, and DART differs by it in the last bits: both go through
    a DMatrix. XGBoost promises thread safety for trees; gblinear takes turns.
    """

    __slots__ = ("_booster", "_turn", "features", "is_concurrent", "predict", "summary")

    def __init__(self, booster: xgboost.Booster) -> None:
        booster.set_param({"nthread": 1})
        self._booster = booster
        self._turn = threading.Lock()
        self.summary = _summary(booster)
        self.features = self.summary.features
        self.is_concurrent = self.summary.kind in ("gbtree", "dart")
        if self.summary.kind == "gbtree":
            self.predict = in_place.InPlace(booster).predict
        else:
            self.predict = self._predict_by_dmatrix if self.is_concurrent else self._predict_by_turns

    def _predict_by_dmatrix(self, rows: matrix.Matrix) -> matrix.Matrix:
        data = xgboost.DMatrix(rows, nthread=1)
        predictions: matrix.Matrix = self._booster.predict(data, validate_features=False)
        return predictions

    def _predict_by_turns(self, rows: matrix.Matrix) -> matrix.Matrix:
        with self._turn:
            return self._predict_by_dmatrix(rows)


def load(name: str, content: bytes) -> Model:
    """The model in a file's content, which has predicted once. Raises ModelLoadError, whose message names ``name``."""
    writer = model_file.check(name, content, RUNNING_VERSION)
    booster = xgboost.Booster()
    doing = "read"
    try:
        booster.load_model(bytearray(content))
        model = Model(booster)
        # What loads may still not predict: a model without trees that 1.7 wrote, in 2.0 and later.
        doing = "predict with"
        model.predict(np.full((1, model.features), np.nan, dtype=np.float32))
    except (xgboost.core.XGBoostError, ValueError, KeyError, TypeError) as exc:
        reason = next((line for line in str(exc).splitlines() if line.strip()), type(exc).__name__)
        raise errors.ModelLoadError(
            f"XGBoost {xgboost.__version__} cannot {doing} {name}, written by XGBoost {writer}: {reason}"
        ) from exc
    return model


def _summary(booster: xgboost.Booster) -> Summary:
    learner: dict[str, Any] = orjson.loads(booster.save_config())["learner"]
    return Summary(
        objective=learner["objective"]["name"],
        kind=learner["gradient_booster"]["name"],
        features=booster.num_features(),
        classes=int(learner["learner_model_param"].get("num_class", 0)),
    )
