"""Natural micro-batching: the rows that wait when a prediction ends form the next one.

1. Order of arrival is kept, a batch is bounded in rows and requests, and an idle server predicts at once.
   Rows are widened when their batch is predicted: what waits takes no more memory than what was sent.
2. Nothing waits for company: the first request of an idle server is predicted in the next turn of the event
   loop, together with what arrived in this one.
3. A batch that fails is predicted again one request at a time, so that a bad request fails alone.
4. Requests whose client has left are dropped when their turn comes.
"""

import asyncio
import collections
from collections.abc import Callable, Sequence
from concurrent import futures
from typing import Protocol

from xgboost_server import matrix

MAX_ROWS = 1024
MAX_REQUESTS = 256


class Waiting(Protocol):
    """A request in the queue."""

    @property
    def rows(self) -> matrix.Rows:
        """Its rows, not wider than the model, at most as many as a batch may have."""

    @property
    def is_abandoned(self) -> bool:
        """Whether nobody waits for the answer any more."""

    def succeed(self, predictions: matrix.Matrix) -> None:
        """Take the predictions for the rows."""

    def fail(self, error: Exception) -> None:
        """Take the reason why there are none."""


Predict = Callable[[Sequence[matrix.Rows]], matrix.Matrix]
"""Predictions for the rows of all requests of a batch."""
Outcome = list[matrix.Matrix | Exception]


class Batcher:
    """The queue of one event loop. Batches over ``inline_rows`` are predicted on ``executor``, others in the loop.

    A batch has at most ``max_rows`` and never more than MAX_ROWS.
    """

    __slots__ = (
        "_executor",
        "_inline_rows",
        "_is_busy",
        "_loop",
        "_max_rows",
        "_observe",
        "_predict",
        "_queue",
    )

    def __init__(
        self,
        predict: Predict,
        *,
        inline_rows: int,
        max_rows: int,
        executor: futures.Executor,
        observe: Callable[[int], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._predict = predict
        self._inline_rows = inline_rows
        self._max_rows = min(MAX_ROWS, max_rows)
        self._executor = executor
        self._observe = observe
        self._loop = loop
        self._queue: collections.deque[Waiting] = collections.deque()
        self._is_busy = False

    def __repr__(self) -> str:
        return f"<Batcher waiting={len(self._queue)} busy={self._is_busy}>"

    def add(self, waiting: Waiting) -> None:
        """Queue a request; one of its two methods will be called, never from here."""
        self._queue.append(waiting)
        if not self._is_busy:
            self._is_busy = True
            self._loop.call_soon(self._next)

    def _next(self) -> None:
        batch, count = self._take()
        if not batch:
            self._is_busy = False
        elif count <= self._inline_rows:
            self._finish(batch, count, _outcome(self._predict, batch))
        else:
            running = self._loop.run_in_executor(self._executor, _outcome, self._predict, batch)
            running.add_done_callback(lambda done: self._finish(batch, count, done.result()))

    def _take(self) -> tuple[list[Waiting], int]:
        batch: list[Waiting] = []
        count = 0
        queue = self._queue
        while queue and len(batch) < MAX_REQUESTS:
            waiting = queue[0]
            if not waiting.is_abandoned:
                size = len(waiting.rows)
                if batch and count + size > self._max_rows:
                    break
                batch.append(waiting)
                count += size
            queue.popleft()
        return batch, count

    def _finish(self, batch: list[Waiting], count: int, outcome: Outcome) -> None:
        # Asked for before the answers are written: what arrives meanwhile belongs to the next batch.
        self._loop.call_soon(self._next)
        self._observe(count)
        for waiting, result in zip(batch, outcome, strict=True):
            if isinstance(result, Exception):
                waiting.fail(result)
            else:
                waiting.succeed(result)


def _outcome(predict: Predict, batch: list[Waiting]) -> Outcome:
    """A result for each request of the batch, in order. Raises nothing."""
    try:
        predictions = predict([waiting.rows for waiting in batch])
    except Exception as exc:  # noqa: BLE001 - whatever it is, its request gets it
        if len(batch) == 1:
            return [exc]
        return [result for waiting in batch for result in _outcome(predict, [waiting])]
    if len(batch) == 1:
        return [predictions]
    results: Outcome = []
    start = 0
    for waiting in batch:
        end = start + len(waiting.rows)
        results.append(predictions[start:end])
        start = end
    return results
