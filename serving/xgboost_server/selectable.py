"""Selectable output: what ``SAGEMAKER_INFERENCE_OUTPUT`` asks for, worked out of a prediction.

As AWS's container does it (its serve_utils.py): the keys depend on the objective, one that does not fit it is NaN,
and objectives that are neither regression nor classification have none at all.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xgboost_server import errors, matrix

PREDICTED_LABEL = "predicted_label"
LABELS = "labels"
PROBABILITY = "probability"
PROBABILITIES = "probabilities"
RAW_SCORE = "raw_score"
RAW_SCORES = "raw_scores"
PREDICTED_SCORE = "predicted_score"

KEYS = (PREDICTED_LABEL, LABELS, PROBABILITY, PROBABILITIES, RAW_SCORE, RAW_SCORES, PREDICTED_SCORE)

NOT_APPLICABLE = float("nan")

_Value = Callable[[Any], Any]
"""From a row's prediction, a float or a list of them, to what a key stands for."""


def _not_applicable(prediction: Any) -> float:
    del prediction
    return NOT_APPLICABLE


def _itself(prediction: Any) -> Any:
    return prediction


def _both(prediction: float) -> list[float]:
    return [1.0 - prediction, prediction]


def _best(prediction: list[float]) -> float:
    return max(prediction)


def _winner(prediction: list[float]) -> int:
    return prediction.index(max(prediction))


_CLASS_OR_MARGIN: dict[str, _Value] = {RAW_SCORE: _itself, RAW_SCORES: _both}
_CLASSIFICATION: Mapping[str, Mapping[str, _Value]] = {
    "binary:logistic": {
        PREDICTED_LABEL: lambda prediction: int(prediction > 0.5),
        PROBABILITY: _itself,
        PROBABILITIES: _both,
        **_CLASS_OR_MARGIN,
    },
    "binary:logitraw": {PREDICTED_LABEL: lambda prediction: int(prediction > 0), **_CLASS_OR_MARGIN},
    "binary:hinge": {PREDICTED_LABEL: _itself, **_CLASS_OR_MARGIN},
    "multi:softmax": {PREDICTED_LABEL: _itself, **_CLASS_OR_MARGIN},
    "multi:softprob": {
        PREDICTED_LABEL: _winner,
        PROBABILITY: _best,
        PROBABILITIES: _itself,
        RAW_SCORE: _best,
        RAW_SCORES: _itself,
    },
}
_REGRESSION: Mapping[str, _Value] = {PREDICTED_SCORE: _itself}


class Selection:
    """The keys that answers have, in order, for one model. ``classes`` is 0 for what is not multi-class."""

    __slots__ = ("_objective", "_takes_list", "_values")

    def __init__(self, keys: Sequence[str], *, objective: str, classes: int) -> None:
        self._objective = objective
        self._takes_list = objective == "multi:softprob" or objective.startswith("reg:")
        known = _values(objective, classes)
        self._values: Mapping[str, _Value] | None = None
        if known is not None:
            self._values = {key: known.get(key, _not_applicable) for key in keys}

    @property
    def is_possible(self) -> bool:
        """Whether the objective has any of it; else every answer is a SelectionError."""
        return self._values is not None

    def of(self, predictions: matrix.Matrix) -> list[dict[str, Any]]:
        """A dictionary a row. Raises SelectionError when the model has no such thing."""
        if self._values is None or (predictions.ndim > 1 and not self._takes_list):
            raise errors.SelectionError(self._objective)
        values = self._values.items()
        return [{key: value(row) for key, value in values} for row in predictions.tolist()]


def parse(text: str) -> tuple[str, ...]:
    """The keys in ``SAGEMAKER_INFERENCE_OUTPUT``: ``predicted_label, probabilities``."""
    return tuple(key for key in text.replace(" ", "").lower().split(",") if key)


def _values(objective: str, classes: int) -> Mapping[str, _Value] | None:
    if objective.startswith("reg:"):
        return _REGRESSION
    values = _CLASSIFICATION.get(objective)
    if values is None:
        return None
    labels = list(range(classes or 2))
    return {LABELS: lambda _: labels, **values}
