"""Which model is better: the usual figures of a yes-or-no classifier for each variant, on the same customers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All figures from 0 to 1; the curve's two arrays have one length."""

    variant: str
    accuracy: float
    precision: float
    recall: float
    f1: float
    roc_auc: float
    false_positive_rate: NDArray[np.float64]
    true_positive_rate: NDArray[np.float64]


def evaluate(variant: str, churned: NDArray[np.int64], scores: Sequence[float]) -> Evaluation:
    """The figures for one variant's ``scores`` of the customers whose truth is ``churned``; threshold 0.5."""
    predicted = np.asarray(scores) > THRESHOLD
    false_positives, true_positives, _ = metrics.roc_curve(churned, scores)
    return Evaluation(
        variant=variant,
        accuracy=float(metrics.accuracy_score(churned, predicted)),
        precision=float(metrics.precision_score(churned, predicted)),
        recall=float(metrics.recall_score(churned, predicted)),
        f1=float(metrics.f1_score(churned, predicted)),
        roc_auc=float(metrics.roc_auc_score(churned, scores)),
        false_positive_rate=false_positives,
        true_positive_rate=true_positives,
    )
