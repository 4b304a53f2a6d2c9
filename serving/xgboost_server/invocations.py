"""``POST /invocations``: checks in SageMaker's order, then small requests to the batcher, large ones to a thread.

204 empty body; 415 content type or payload; 400 the model cannot predict from it; 406 Accept. (413 comes from
the HTTP server, before the handler.)
"""

import asyncio
import functools
import logging
from collections.abc import Callable, Iterable
from concurrent import futures

from http_protocol import heads, server
from xgboost_server import batching, dataplane, errors, matrix, metrics
from xgboost_server.codecs import registry

_logger = logging.getLogger(__name__)

TEXT = heads.render([("Content-Type", "text/plain; charset=utf-8")])
INLINE_BODY = 32 * 1024
"""Bytes that are parsed in the event loop; it takes half a millisecond at most."""
SHARED_ROWS = 128
"""Rows up to which a request shares its prediction with others."""
MAX_WAITING_BYTES = 128 * 1024 * 1024
"""Bodies of large requests that may wait for a thread together."""

_ANSWER_HEADS = {
    writer.content_type: heads.render([("Content-Type", writer.content_type)])
    for writer in registry.WRITERS.values()
}


class Invocation:
    """One small request on its way through the batcher."""

    __slots__ = ("_answer", "_exchange", "rows")

    def __init__(
        self,
        exchange: server.Exchange,
        rows: matrix.Matrix,
        answer: "Callable[[server.Exchange, matrix.Matrix | Exception], None]",
    ) -> None:
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


class Invocations:
    """The handler of prediction requests. ``default_accept`` is empty or the type of answers to ``*/*``."""

    __slots__ = (
        "_batcher",
        "_counts",
        "_dataplane",
        "_default_accept",
        "_loop",
        "_waiting_bytes",
        "_workers",
    )

    def __init__(
        self,
        plane: dataplane.Dataplane,
        batcher: batching.Batcher,
        workers: futures.Executor,
        *,
        counts: metrics.Metrics,
        default_accept: str,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._dataplane = plane
        self._batcher = batcher
        self._workers = workers
        self._counts = counts
        self._default_accept = default_accept
        self._loop = loop
        self._waiting_bytes = 0

    def handle(self, exchange: server.Exchange) -> None:
        """Answer ``exchange``, now or when its prediction is there."""
        request = exchange.request
        body = request.body
        if not body:
            self._send(exchange, 204, b"", b"")
            return
        try:
            reader = registry.reader(request.headers.get(b"content-type", b""))
            if len(body) > INLINE_BODY:
                self._begin_large(exchange, lambda: reader.decode(body))
                return
            blocks = list(reader.decode(body))
            if len(blocks) > 1 or len(blocks[0]) > SHARED_ROWS:
                self._begin_large(exchange, lambda: blocks)
                return
            rows = matrix.widen(blocks[0], self._dataplane.features)
        except errors.RequestError as exc:
            self._answer(exchange, exc)
        else:
            self._batcher.add(Invocation(exchange, rows, self._answer))

    def _begin_large(self, exchange: server.Exchange, blocks: Callable[[], Iterable[matrix.Matrix]]) -> None:
        """Parse and predict in a worker thread. Raises BusyError when too much waits for one."""
        size = len(exchange.request.body)
        if self._waiting_bytes + size > MAX_WAITING_BYTES:
            raise errors.BusyError("too many large requests are waiting; try again later")
        self._waiting_bytes += size
        running = self._loop.run_in_executor(
            self._workers, lambda: self._dataplane.predict_blocks(blocks(), lambda: not exchange.is_over)
        )
        running.add_done_callback(functools.partial(self._end_large, exchange, size))

    def _end_large(
        self, exchange: server.Exchange, size: int, done: "asyncio.Future[matrix.Matrix | None]"
    ) -> None:
        self._waiting_bytes -= size
        error = done.exception()
        if isinstance(error, Exception):
            self._answer(exchange, error)
            return
        predictions = done.result()
        if predictions is not None:
            self._counts.predicted(len(predictions))
            self._answer(exchange, predictions)

    def _answer(self, exchange: server.Exchange, result: matrix.Matrix | Exception) -> None:
        if isinstance(result, Exception):
            self._refuse(exchange, result)
            return
        try:
            writer = self._writer(exchange.request)
            body = writer.encode(result)
        except Exception as exc:  # noqa: BLE001 - its neighbours in the batch must not feel it
            self._refuse(exchange, exc)
        else:
            self._send(exchange, 200, _ANSWER_HEADS[writer.content_type], body)

    def _refuse(self, exchange: server.Exchange, error: Exception) -> None:
        if isinstance(error, errors.RequestError):
            self._send(exchange, error.status, TEXT, str(error).encode("utf-8", "replace"))
        else:
            _logger.error("a prediction failed", exc_info=error)
            self._send(exchange, 500, TEXT, b"internal error; the server's log has the details")

    def _writer(self, request: server.Request) -> registry.Writer:
        headers = request.headers
        default = self._default_accept or registry.reader(headers[b"content-type"]).usual_answer
        return registry.writer(headers.get(b"accept", b""), default)

    def _send(self, exchange: server.Exchange, status: int, head: bytes, body: bytes) -> None:
        self._counts.answered(status, self._loop.time() - exchange.received_at)
        exchange.respond(status, head, body)
