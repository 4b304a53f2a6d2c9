"""From rows to predictions: small requests go to the batcher, large ones to a thread, whatever protocol they speak."""

import asyncio
import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures

from http_protocol import server
from xgboost_server import batching, dataplane, errors, matrix, metrics

SHARED_ROWS = 128
"""Rows up to which a request shares its prediction with others."""
MAX_WAITING_BYTES = 128 * 1024 * 1024
"""Bodies of large requests that may wait for a thread together."""

Answer = Callable[[server.Exchange, matrix.Matrix | Exception], None]
"""Sends the predictions for an exchange, or the reason why there are none."""


class SmallRequest:
    """A request on its way through the batcher."""

    __slots__ = ("_answer", "_exchange", "rows")

    def __init__(self, exchange: server.Exchange, rows: matrix.Matrix, answer: Answer) -> None:
        self._exchange = exchange
        self._answer = answer
        self.rows = rows

    @property
    def is_abandoned(self) -> bool:
        """Whether the client has left."""
        return self._exchange.is_over

    def succeed(self, predictions: matrix.Matrix) -> None:
        """Send the predictions."""
        self._answer(self._exchange, predictions)

    def fail(self, error: Exception) -> None:
        """Send the reason why there are none."""
        self._answer(self._exchange, error)


class Pipeline:
    """The way of all requests of one event loop."""

    __slots__ = ("_batcher", "_counts", "_dataplane", "_loop", "_waiting_bytes", "_workers")

    def __init__(
        self,
        plane: dataplane.Dataplane,
        batcher: batching.Batcher,
        workers: futures.Executor,
        *,
        counts: metrics.Metrics,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._dataplane = plane
        self._batcher = batcher
        self._workers = workers
        self._counts = counts
        self._loop = loop
        self._waiting_bytes = 0

    def predict(self, exchange: server.Exchange, blocks: Iterator[matrix.Rows], answer: Answer) -> None:
        """Answer with the predictions for ``blocks``, one at least, of which the first is worked out here and now.

        Raises PayloadError, EvaluationError and BusyError.
        """
        first = next(blocks)
        second = next(blocks, None)
        if second is None and len(first) <= SHARED_ROWS:
            rows = matrix.widen(first, self._dataplane.features)
            self._batcher.add(SmallRequest(exchange, rows, answer))
        else:
            begun = (first,) if second is None else (first, second)
            self.predict_large(exchange, lambda: itertools.chain(begun, blocks), answer)

    def predict_large(
        self, exchange: server.Exchange, blocks: Callable[[], Iterable[matrix.Rows]], answer: Answer
    ) -> None:
        """The same for ``blocks()``, in a worker thread. Raises BusyError when too much waits for one."""
        size = len(exchange.body)
        if self._waiting_bytes + size > MAX_WAITING_BYTES:
            raise errors.BusyError("too many large requests are waiting; try again later")
        self._waiting_bytes += size
        running = self._loop.run_in_executor(
            self._workers, lambda: self._dataplane.predict_blocks(blocks(), lambda: not exchange.is_over)
        )
        running.add_done_callback(functools.partial(self._end_large, exchange, size, answer))

    def _end_large(
        self,
        exchange: server.Exchange,
        size: int,
        answer: Answer,
        done: "asyncio.Future[matrix.Matrix | None]",
    ) -> None:
        self._waiting_bytes -= size
        error = done.exception()
        if isinstance(error, Exception):
            answer(exchange, error)
            return
        predictions = done.result()
        if predictions is not None:
            self._counts.predicted(len(predictions))
            answer(exchange, predictions)
