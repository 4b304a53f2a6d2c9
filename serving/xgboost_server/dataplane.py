"""Rows in, predictions out: what a prediction costs, and how large ones are spread over threads."""

from collections.abc import Callable, Iterable, Sequence
from concurrent import futures
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from xgboost_server import booster, errors, matrix

_CHUNK_BYTES = 4 * 1024 * 1024
"""Widened rows that are held at a time: a body of 6 MiB can stand for gigabytes of them, one of 256 bytes for 25 MB."""
_CHUNK_ROWS = 4096
_SPREAD_SECONDS = 0.005
"""A piece that takes longer on one thread is worth the hand-over to several."""
_INLINE_SECONDS = 0.002
"""For how long a prediction may hold up the event loop."""
_INLINE_ROWS = 1024


class Predictor(Protocol):
    """A `booster.Model` or an `ensemble.Ensemble`."""

    @property
    def features(self) -> int:
        """The model's width."""

    @property
    def summary(self) -> booster.Summary:
        """What the model says of itself."""

    @property
    def is_concurrent(self) -> bool:
        """Whether predictions in several threads really run at the same time."""

    @property
    def predict(self) -> Callable[[matrix.Matrix], matrix.Matrix]:
        """From n_rows × features to n_rows (× n_outputs)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of a prediction: ``call_seconds + rows × row_seconds``, on one thread."""

    call_seconds: float
    row_seconds: float

    def rows_within(self, seconds: float) -> int:
        """How many rows fit into that time; 0 when not even one does."""
        if self.call_seconds + self.row_seconds > seconds:
            return 0
        return int((seconds - self.call_seconds) / max(self.row_seconds, 1e-9))


def measure(predictor: Predictor, clock: Callable[[], float]) -> Cost:
    """What ``predictor`` costs, the best of three; this is the warm-up too: its first call configures XGBoost."""

    def best(rows: int) -> float:
        data = np.full((rows, predictor.features), np.nan, dtype=np.float32)
        times = []
        for _ in range(3):
            start = clock()
            predictor.predict(data)
            times.append(clock() - start)
        return min(times)

    one, many = best(1), best(65)
    return Cost(call_seconds=one, row_seconds=max(0.0, many - one) / 64)


class Dataplane:
    """Predicts small batches at once and large requests in pieces, spread over ``threads``.

    ``chunk_rows`` is how many rows of the model's width may be held at a time.
    """

    __slots__ = ("_pool", "_predict", "_spread_rows", "_threads", "chunk_rows", "features", "inline_rows")

    def __init__(self, predictor: Predictor, cost: Cost, threads: int) -> None:
        self.features = predictor.features
        self._predict = predictor.predict
        self._threads = threads
        self._pool = futures.ThreadPoolExecutor(threads, "spread") if threads > 1 else None
        self.chunk_rows = max(1, min(_CHUNK_ROWS, _CHUNK_BYTES // (4 * max(1, self.features))))
        if predictor.is_concurrent:
            self._spread_rows = max(threads, cost.rows_within(_SPREAD_SECONDS))
            self.inline_rows = min(_INLINE_ROWS, cost.rows_within(_INLINE_SECONDS))
        else:
            # It takes turns under a lock, on which the event loop must never wait, and has threads of its own.
            self._spread_rows = self.chunk_rows
            self.inline_rows = 0

    def predict(self, parts: Sequence[matrix.Rows]) -> matrix.Matrix:
        """Predictions for the rows of several requests, whatever their width. Raises EvaluationError."""
        features = self.features
        if len(parts) == 1:
            rows = matrix.widen(parts[0], features)
        else:
            rows = np.concatenate([matrix.widen(part, features) for part in parts])
        try:
            return self._predict(rows)
        except booster.PREDICTION_ERRORS as exc:
            raise errors.EvaluationError(next(iter(str(exc).splitlines()), "")) from exc

    def predict_blocks(
        self, blocks: Iterable[matrix.Rows], is_wanted: Callable[[], bool]
    ) -> matrix.Matrix | None:
        """Predictions for all blocks of a large request, whatever their width; None when no longer wanted.

        Takes long: for a worker thread. Raises PayloadError, EvaluationError.
        """
        parts = []
        for block in blocks:
            for start in range(0, len(block), self.chunk_rows):
                if not is_wanted():
                    return None
                piece = matrix.widen(block[start : start + self.chunk_rows], self.features)
                parts.append(self._predict_spread(piece))
        return np.concatenate(parts)

    def close(self) -> None:
        """Let the threads end."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _predict_spread(self, rows: matrix.Matrix) -> matrix.Matrix:
        if self._pool is None or len(rows) <= self._spread_rows:
            return self.predict([rows])
        parts = ([part] for part in np.array_split(rows, self._threads))
        return np.concatenate(list(self._pool.map(self.predict, parts)))
