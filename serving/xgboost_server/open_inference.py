"""``/v2/…``: the paths and statuses of the Open Inference Protocol; errors are ``{"error": …}``.

A server has one model and does not know what callers name it (the endpoint's name, whatever the variant is called),
so any name is the model's, and answers echo it. There are no versions to choose from.
"""

import asyncio
import functools
import logging
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

import orjson

from http_protocol import heads, server
from xgboost_server import booster, errors, invocations, matrix, metrics, pipeline
from xgboost_server.codecs import open_inference

_logger = logging.getLogger(__name__)

_JSON = heads.render([("Content-Type", "application/json")])
_METHODS = {"infer": "POST"}
_LENGTH = open_inference.LENGTH_HEADER.lower().encode()
_NO_BODY_CODING = (b"", b"identity")


class OpenInference:
    """The handler of all paths below ``/v2``. ``outputs`` is the shape of one row's prediction: () or (n,)."""

    __slots__ = ("_counts", "_features", "_loop", "_outputs", "_pipeline")

    def __init__(
        self,
        predictions: pipeline.Pipeline,
        *,
        features: int,
        outputs: Sequence[int],
        counts: metrics.Metrics,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._pipeline = predictions
        self._features = features
        self._outputs = outputs
        self._counts = counts
        self._loop = loop

    def handle(self, exchange: server.Exchange) -> None:
        """Answer ``exchange``, now or when its prediction is there."""
        request = exchange.request
        kind, model = _resource(request.path)
        method = _METHODS.get(kind, "GET")
        if not kind:
            _refuse(exchange, 404, f"there is nothing at {request.path}")
        elif request.method != method and not (request.method == "HEAD" and method == "GET"):
            allow = heads.render([("Content-Type", "application/json"), ("Allow", method)])
            exchange.respond(405, allow, _error(f"only {method} is possible here"))
        elif kind == "infer":
            _Inference(self, exchange, model).begin(self._pipeline)
        else:
            exchange.respond(200, _JSON, orjson.dumps(self._document(kind, model)))

    def answer(self, exchange: server.Exchange, status: int, head: bytes, body: bytes) -> None:
        """Send and count the answer to an inference request."""
        self._counts.answered(status, self._loop.time() - exchange.received_at)
        exchange.respond(status, head, body)

    def _document(self, kind: str, model: str) -> dict[str, Any]:
        if kind == "server":
            version = ".".join(map(str, booster.RUNNING_VERSION))
            return {
                "name": "xgboost-server",
                "version": f"xgboost-{version}",
                "extensions": list(open_inference.EXTENSIONS),
            }
        if kind == "live":
            return {"live": True}
        if kind == "ready":
            return {"name": model, "ready": True} if model else {"ready": True}
        kept = {
            "name": open_inference.INPUT,
            "datatype": open_inference.DATATYPE,
            "shape": [-1, self._features],
        }
        given = {
            "name": open_inference.OUTPUT,
            "datatype": open_inference.DATATYPE,
            "shape": [-1, *self._outputs],
        }
        return {"name": model, "platform": "xgboost", "inputs": [kept], "outputs": [given]}


class _Inference:
    """One inference request on its way."""

    __slots__ = ("_api", "_exchange", "_model", "_request")

    def __init__(self, api: OpenInference, exchange: server.Exchange, model: str) -> None:
        self._api = api
        self._exchange = exchange
        self._model = model
        self._request: open_inference.Inference | None = None

    def begin(self, predictions: pipeline.Pipeline) -> None:
        exchange = self._exchange
        try:
            if len(exchange.body) > invocations.INLINE_BODY:
                predictions.predict_large(exchange, self._blocks, self._answer)
            else:
                predictions.predict(exchange, self._blocks(), self._answer)
        except errors.RequestError as exc:
            self._answer(exchange, exc)

    def _blocks(self) -> Iterator[matrix.Matrix]:
        request = self._exchange.request
        coding = request.headers.get(b"content-encoding", b"")
        if coding not in _NO_BODY_CODING:
            raise errors.PayloadError(f"Content-Encoding {coding.decode('latin-1')} is not supported")
        self._request = open_inference.decode(self._exchange.body, request.headers.get(_LENGTH))
        yield from self._request.blocks()

    def _answer(self, exchange: server.Exchange, result: matrix.Matrix | Exception) -> None:
        if isinstance(result, errors.RequestError):
            # To this protocol a payload that cannot be read is a bad request like any other.
            status = 400 if result.status == errors.PayloadError.status else result.status
            self._api.answer(exchange, status, _JSON, _error(str(result)))
        elif isinstance(result, Exception) or self._request is None:
            _logger.error("a prediction failed", exc_info=result if isinstance(result, Exception) else None)
            self._api.answer(exchange, 500, _JSON, _error("internal error; the server's log has the details"))
        else:
            body, length = open_inference.encode(self._model, self._request, result)
            self._api.answer(exchange, 200, _JSON if length is None else _binary_head(length), body)


@functools.lru_cache(maxsize=256)
def _resource(path: str) -> tuple[str, str]:
    """What a path names, and the model's name in it: ("", "") for nothing that is here."""
    segments = path.removesuffix("/").split("/")[2:]
    match segments:
        case []:
            return "server", ""
        case ["health", ("live" | "ready") as kind]:
            return kind, ""
        case ["models", str(name)] if name:
            return "model", unquote(name)
        case ["models", str(name), ("ready" | "infer") as kind] if name:
            return kind, unquote(name)
    return "", ""


def _binary_head(length: int) -> bytes:
    kind = [("Content-Type", "application/octet-stream"), (open_inference.LENGTH_HEADER, str(length))]
    return heads.render(kind)


def _error(reason: str) -> bytes:
    return orjson.dumps({"error": reason})


def _refuse(exchange: server.Exchange, status: int, reason: str) -> None:
    exchange.respond(status, _JSON, _error(reason))
