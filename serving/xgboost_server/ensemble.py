"""Several models that answer as one: the mean of their predictions, or the commonest class."""

from collections.abc import Sequence

import numpy as np

from xgboost_server import booster, errors, matrix


class Ensemble:
    """Two models or more of one objective and width. Looks like a `booster.Model`."""

    __slots__ = ("_join", "_models", "features", "is_concurrent", "summary")

    def __init__(self, models: Sequence[booster.Model]) -> None:
        self._models = tuple(models)
        self.summary = models[0].summary
        self.features = self.summary.features
        self.is_concurrent = all(model.is_concurrent for model in models)
        self._join = commonest if self.summary.objective in booster.LABELS_ONLY else mean

    def predict(self, rows: matrix.Matrix) -> matrix.Matrix:
        """As `booster.Model.predict`."""
        return self._join(np.stack([model.predict(rows) for model in self._models]))


def join(models: dict[str, booster.Model]) -> booster.Model | Ensemble:
    """The models, by file name, as one. Raises ModelLoadError when they differ in what they take or give."""
    (first_name, first), *others = models.items()
    for name, model in others:
        ours, theirs = first.summary, model.summary
        if ours.objective != theirs.objective:
            raise _mismatch(first_name, name, f"objective {ours.objective} and {theirs.objective}")
        if ours.features != theirs.features:
            raise _mismatch(first_name, name, f"{ours.features} and {theirs.features} features")
        if ours.classes != theirs.classes:
            raise _mismatch(first_name, name, f"{ours.classes} and {theirs.classes} classes")
        if _outputs(first) != _outputs(model):
            raise _mismatch(first_name, name, "another number of outputs")
    return Ensemble(list(models.values())) if others else first


def mean(predictions: matrix.Matrix) -> matrix.Matrix:
    """Of n_models × n_rows (× n_outputs), over the models, in float32 as AWS's container does it."""
    averaged: matrix.Matrix = np.mean(predictions, axis=0)
    return averaged


def commonest(predictions: matrix.Matrix) -> matrix.Matrix:
    """The value that most models give for a row; of equally common ones the smallest."""
    ordered = np.sort(predictions, axis=0)
    votes = (ordered[:, None] == ordered[None, :]).sum(axis=1)
    winner = np.argmax(votes, axis=0, keepdims=True)
    chosen: matrix.Matrix = np.take_along_axis(ordered, winner, axis=0)[0]
    return chosen


def _outputs(model: booster.Model) -> tuple[int, ...]:
    return model.predict(np.full((1, model.features), np.nan, dtype=np.float32)).shape


def _mismatch(first: str, second: str, what: str) -> errors.ModelLoadError:
    return errors.ModelLoadError(
        f"{first} and {second} do not fit together ({what}): keep one model in the artefact, "
        "or set SAGEMAKER_INFERENCE_ENSEMBLE=false to serve the first by name"
    )
