"""Answers of any size, worked out piece by piece: Python objects for all rows of one would fill memory."""

from collections.abc import Iterator

from xgboost_server import matrix

ROWS = 4096


def of(predictions: matrix.Matrix) -> Iterator[matrix.Matrix]:
    """``predictions``, in order, ROWS of them at a time."""
    if len(predictions) <= ROWS:
        yield predictions
        return
    for start in range(0, len(predictions), ROWS):
        yield predictions[start : start + ROWS]
