"""From rows to predictions: small requests go to the batcher, large ones to a thread, whatever protocol they speak."""

import asyncio
import functools
import itertools
import logging
import time
import typing
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures

from http_protocol import server
from xgboost_server import batching, dataplane, errors, matrix, metrics

_logger = logging.getLogger(__name__)

_clock = time.monotonic  # that of `received_at`; uvloop's counts whole milliseconds

SHARED_ROWS = 128
"""Rows up to which a request shares its prediction with others, if the model is not a very wide one."""
MAX_WAITING_BYTES = 128 * 1024 * 1024
"""Bodies of large requests that may wait for a thread together."""

Reply = tuple[int, bytes, bytes]
"""Status, header lines and body."""


class Protocol(typing.Protocol):
    """How predictions are asked for, seen from here: how they are written. Also called in worker threads."""

    def render(self, exchange: server.Exchange, predictions: matrix.Matrix) -> Reply:
        """The answer that holds the predictions. Raises RequestError."""

    def refuse(self, exchange: server.Exchange, error: Exception) -> Reply:
        """The answer that says why there are none; what is no RequestError is not told."""


class SmallRequest:
    """A request on its way through the batcher."""

    __slots__ = ("_exchange", "_pipeline", "_protocol", "rows")

    def __init__(
        self, pipeline: "Pipeline", exchange: server.Exchange, protocol: Protocol, rows: matrix.Rows
    ) -> None:
        self._pipeline = pipeline
        self._exchange = exchange
        self._protocol = protocol
        self.rows = rows

    @property
    def is_abandoned(self) -> bool:
        """Whether the client has left."""
        return self._exchange.is_over

    def succeed(self, predictions: matrix.Matrix) -> None:
        """Send the predictions."""
        self._pipeline.send(self._exchange, _reply(self._protocol, self._exchange, predictions))

    def fail(self, error: Exception) -> None:
        """Send the reason why there are none."""
        self._pipeline.send(self._exchange, _reply(self._protocol, self._exchange, error))


class Pipeline:
    """The way of all requests of the running event loop: small ones in batches on ``batch_thread``, large ones each
    on one of ``large_threads``."""

    __slots__ = ("_batcher", "_counts", "_dataplane", "_loop", "_shared_rows", "_waiting_bytes", "_workers")

    def __init__(
        self,
        plane: dataplane.Dataplane,
        counts: metrics.Metrics,
        *,
        batch_thread: futures.Executor,
        large_threads: futures.Executor,
    ) -> None:
        self._dataplane = plane
        self._workers = large_threads
        self._counts = counts
        self._loop = asyncio.get_running_loop()
        self._batcher = batching.Batcher(
            plane.predict,
            inline_rows=plane.inline_rows,
            max_rows=plane.chunk_rows,
            executor=batch_thread,
            observe=counts.predicted,
            loop=self._loop,
        )
        self._shared_rows = min(SHARED_ROWS, plane.chunk_rows)
        self._waiting_bytes = 0

    def begin(
        self,
        exchange: server.Exchange,
        protocol: Protocol,
        blocks: Callable[[], Iterator[matrix.Rows]],
        *,
        inline_bytes: int,
    ) -> None:
        """Answer ``exchange`` with the predictions for ``blocks()``, one at least, or with why there are none.

        Bodies up to ``inline_bytes`` are read in the event loop.
        """
        try:
            if len(exchange.body) > inline_bytes:
                self._predict_large(exchange, protocol, blocks)
            else:
                self._predict(exchange, protocol, blocks())
        except errors.RequestError as exc:
            self.send(exchange, protocol.refuse(exchange, exc))

    def send(self, exchange: server.Exchange, reply: Reply) -> None:
        """Send and count an answer."""
        self._counts.answered(reply[0], _clock() - exchange.received_at)
        exchange.respond(*reply)

    def _predict(self, exchange: server.Exchange, protocol: Protocol, blocks: Iterator[matrix.Rows]) -> None:
        first = next(blocks)
        second = next(blocks, None)
        rows, columns = first.shape
        if second is None and rows <= self._shared_rows:
            if columns > self._dataplane.features:  # here, so that it does not spoil a batch
                raise matrix.too_wide(columns, self._dataplane.features)
            self._batcher.add(SmallRequest(self, exchange, protocol, first))
        else:
            begun = (first,) if second is None else (first, second)
            self._predict_large(exchange, protocol, lambda: itertools.chain(begun, blocks))

    def _predict_large(
        self,
        exchange: server.Exchange,
        protocol: Protocol,
        blocks: Callable[[], Iterable[matrix.Rows]],
    ) -> None:
        """Read, predict and write in a worker thread. Raises BusyError when too much waits for one."""
        size = len(exchange.body)
        if self._waiting_bytes + size > MAX_WAITING_BYTES:
            raise errors.BusyError("too many large requests are waiting; try again later")
        self._waiting_bytes += size
        running = self._loop.run_in_executor(self._workers, self._work, exchange, protocol, blocks)
        running.add_done_callback(functools.partial(self._end_large, exchange, size))

    def _work(
        self,
        exchange: server.Exchange,
        protocol: Protocol,
        blocks: Callable[[], Iterable[matrix.Rows]],
    ) -> tuple[int, Reply] | None:
        """In a worker thread: rows predicted and the answer; None when nobody waits for it. Raises nothing."""
        try:
            predictions = self._dataplane.predict_blocks(blocks(), lambda: not exchange.is_over)
        except Exception as exc:  # noqa: BLE001 - whatever it is, its request gets it
            return 0, _reply(protocol, exchange, exc)
        return None if predictions is None else (len(predictions), _reply(protocol, exchange, predictions))

    def _end_large(
        self, exchange: server.Exchange, size: int, done: "asyncio.Future[tuple[int, Reply] | None]"
    ) -> None:
        self._waiting_bytes -= size
        result = done.result()
        if result is not None:
            rows, reply = result
            if rows:
                self._counts.predicted(rows)
            self.send(exchange, reply)


def _reply(protocol: Protocol, exchange: server.Exchange, result: matrix.Matrix | Exception) -> Reply:
    """The answer to ``exchange``. Raises nothing: its neighbours in a batch must not feel what goes wrong."""
    error = result
    if not isinstance(error, Exception):
        try:
            return protocol.render(exchange, error)
        except Exception as exc:  # noqa: BLE001 - see above
            error = exc
    if not isinstance(error, errors.RequestError):
        _logger.error("a prediction failed", exc_info=error)
    return protocol.refuse(exchange, error)
