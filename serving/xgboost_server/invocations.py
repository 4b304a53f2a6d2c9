"""``POST /invocations``: SageMaker's container contract, with its checks in its order.

204 empty body; 415 content type or payload; 400 the model cannot predict from it; 406 Accept; 500 selectable
output that the model does not have. (413 comes from the HTTP server, before the handler.)
"""

from http_protocol import heads, server
from xgboost_server import errors, matrix, pipeline
from xgboost_server.codecs import registry

TEXT = heads.render([("Content-Type", "text/plain; charset=utf-8")])

_ANSWER_HEADS = {
    writer.content_type: heads.render([("Content-Type", writer.content_type)])
    for writer in registry.WRITERS.values()
}
_NOTHING: pipeline.Reply = (204, b"", b"")


class Invocations:
    """The handler of SageMaker's prediction requests, and how their answers are written."""

    __slots__ = ("_pipeline", "_writers")

    def __init__(self, predictions: pipeline.Pipeline, writers: registry.Writers) -> None:
        self._pipeline = predictions
        self._writers = writers

    def handle(self, exchange: server.Exchange) -> None:
        """Answer ``exchange``, now or when its prediction is there."""
        body = exchange.body
        if not body:
            self._pipeline.send(exchange, _NOTHING)
            return
        try:
            reader = registry.reader(exchange.request.headers.get(b"content-type", b""))
        except errors.RequestError as exc:
            self._pipeline.send(exchange, self.refuse(exchange, exc))
            return
        self._pipeline.begin(exchange, self, lambda: reader.decode(body), inline_bytes=reader.inline_bytes)

    def render(self, exchange: server.Exchange, predictions: matrix.Matrix) -> pipeline.Reply:
        """The predictions as the client accepts them. Raises AcceptError, SelectionError."""
        headers = exchange.request.headers
        writer = self._writers.find(headers.get(b"accept", b""), headers.get(b"content-type", b""))
        return 200, _ANSWER_HEADS[writer.content_type], writer.encode(predictions)

    def refuse(self, exchange: server.Exchange, error: Exception) -> pipeline.Reply:
        """The reason as text."""
        del exchange
        if isinstance(error, errors.RequestError):
            return error.status, TEXT, str(error).encode("utf-8", "replace")
        return 500, TEXT, b"internal error; the server's log has the details"
