"""``/v2/…``: the paths and statuses of the Open Inference Protocol; errors are ``{"error": …}``.

A server has one model and does not know what callers name it (the endpoint's name, whatever the variant is called),
so any name is the model's, and answers echo it. There are no versions to choose from.
"""

import functools
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote

import orjson

from http_protocol import heads, server
from xgboost_server import booster, errors, matrix, pipeline
from xgboost_server.codecs import open_inference

_JSON = heads.render([("Content-Type", "application/json")])
_INLINE_BYTES = 32 * 1024
_METHODS = {"infer": "POST"}
_LENGTH = open_inference.LENGTH_HEADER.lower().encode()
_NO_BODY_CODING = (b"", b"identity")


class OpenInference:
    """The handler of all paths below ``/v2``. ``outputs`` is the shape of one row's prediction: () or (n,)."""

    __slots__ = ("_features", "_outputs", "_pipeline")

    def __init__(
        self,
        predictions: pipeline.Pipeline,
        *,
        features: int,
        outputs: Sequence[int],
    ) -> None:
        self._pipeline = predictions
        self._features = features
        self._outputs = outputs

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
            inference = _Inference(model)
            self._pipeline.begin(
                exchange, inference, lambda: inference.blocks(exchange), inline_bytes=_INLINE_BYTES
            )
        else:
            exchange.respond(200, _JSON, orjson.dumps(self._document(kind, model)))

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
    """One inference request on its way, and how its answer is written."""

    __slots__ = ("_model", "_request")

    def __init__(self, model: str) -> None:
        self._model = model
        self._request: open_inference.Inference | None = None

    def blocks(self, exchange: server.Exchange) -> Iterator[matrix.Matrix]:
        """The rows that are asked for. Raises PayloadError."""
        headers = exchange.request.headers
        coding = headers.get(b"content-encoding", b"")
        if coding not in _NO_BODY_CODING:
            raise errors.PayloadError(f"Content-Encoding {coding.decode('latin-1')} is not supported")
        self._request = open_inference.decode(exchange.body, headers.get(_LENGTH))
        yield from self._request.blocks()

    def render(self, exchange: server.Exchange, predictions: matrix.Matrix) -> pipeline.Reply:
        """The predictions, as JSON or as binary data after it."""
        del exchange
        if self._request is None:
            raise TypeError("predictions for a request that was not read")
        body, length = open_inference.encode(self._model, self._request, predictions)
        return 200, _JSON if length is None else _binary_head(length), body

    def refuse(self, exchange: server.Exchange, error: Exception) -> pipeline.Reply:
        """The reason; to this protocol a payload that cannot be read is a bad request like any other."""
        del exchange
        if not isinstance(error, errors.RequestError):
            return 500, _JSON, _error("internal error; the server's log has the details")
        status = 400 if error.status == errors.PayloadError.status else error.status
        return status, _JSON, _error(str(error))


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


def refusal(reason: str) -> tuple[bytes, bytes]:
    """Header lines and body of an error."""
    return _JSON, _error(reason)


def _error(reason: str) -> bytes:
    return orjson.dumps({"error": reason})


def _refuse(exchange: server.Exchange, status: int, reason: str) -> None:
    exchange.respond(status, _JSON, _error(reason))
