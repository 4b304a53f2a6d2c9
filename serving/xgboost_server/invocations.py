"""``POST /invocations``: SageMaker's container contract, with its checks in its order.

204 empty body; 415 content type or payload; 400 the model cannot predict from it; 406 Accept; 500 selectable
output that the model does not have. (413 comes from the HTTP server, before the handler.)
"""

import asyncio
import logging

from http_protocol import heads, server
from xgboost_server import errors, matrix, metrics, pipeline
from xgboost_server.codecs import registry

_logger = logging.getLogger(__name__)

TEXT = heads.render([("Content-Type", "text/plain; charset=utf-8")])
INLINE_BODY = 64 * 1024
"""Bytes that are parsed in the event loop; it takes half a millisecond for the usual formats."""

_ANSWER_HEADS = {
    writer.content_type: heads.render([("Content-Type", writer.content_type)])
    for writer in registry.WRITERS.values()
}


class Invocations:
    """The handler of SageMaker's prediction requests."""

    __slots__ = ("_counts", "_loop", "_pipeline", "_writers")

    def __init__(
        self,
        predictions: pipeline.Pipeline,
        writers: registry.Writers,
        *,
        counts: metrics.Metrics,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._pipeline = predictions
        self._writers = writers
        self._counts = counts
        self._loop = loop

    def handle(self, exchange: server.Exchange) -> None:
        """Answer ``exchange``, now or when its prediction is there."""
        request = exchange.request
        body = exchange.body
        if not body:
            self._send(exchange, 204, b"", b"")
            return
        try:
            reader = registry.reader(request.headers.get(b"content-type", b""))
            if len(body) > INLINE_BODY:
                self._pipeline.predict_large(exchange, lambda: reader.decode(body), self._answer)
            else:
                self._pipeline.predict(exchange, reader.decode(body), self._answer)
        except errors.RequestError as exc:
            self._answer(exchange, exc)

    def _answer(self, exchange: server.Exchange, result: matrix.Matrix | Exception) -> None:
        if isinstance(result, Exception):
            self._refuse(exchange, result)
            return
        headers = exchange.request.headers
        try:
            writer = self._writers.find(headers.get(b"accept", b""), headers.get(b"content-type", b""))
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

    def _send(self, exchange: server.Exchange, status: int, head: bytes, body: bytes) -> None:
        self._counts.answered(status, self._loop.time() - exchange.received_at)
        exchange.respond(status, head, body)
